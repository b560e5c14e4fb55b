//! The real binary killed at any moment: the target goes on answering, and no file is half-written under its final name.
//! `BLOATHOUND_TEST_KILLS=200` for the whole treatment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_memory::read_recording;
use bloathound_testkit::Owned;
use support::{bloathound, live, python, stat, wait_until};

/// Answers each line on a socket of its own; a thread keeps busy, so that looking takes a pause. Ends with its input.
const SERVER: &str = "
import socket, sys, threading
rows = [{'n': i, 'text': 'row %d' % i} for i in xrange(60000)]
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(16)
def count():
    n = 0
    while True:
        n += len(rows)
def answer(peer):
    for line in iter(peer.makefile().readline, ''):
        peer.sendall('heard %s' % line)
def serve():
    while True:
        thread = threading.Thread(target=answer, args=(listener.accept()[0],))
        thread.setDaemon(True)
        thread.start()
for work in (count, serve):
    thread = threading.Thread(target=work)
    thread.setDaemon(True)
    thread.start()
print listener.getsockname()[1]
sys.stdout.flush()
sys.stdin.read()
";

/// What each command writes its result to.
const RESULT: &str = "result";
/// Longest time for an answer, on a busy machine.
const ANSWER: Duration = Duration::from_secs(30);

struct Server {
    child: Owned,
    _input: ChildStdin,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let python = python();
        let mut command = Command::new(python);
        command.args(["-c", SERVER]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Owned::from(command.spawn().unwrap());
        let input = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, _input: input, port: line.trim().parse().unwrap() }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks on a new connection and on an old one.
    fn answers(&self, old: &mut TcpStream, question: u32) {
        let mut new = self.connect();
        for connection in [&mut new, old] {
            connection.write_all(format!("{question}\n").as_bytes()).unwrap();
            let mut line = String::new();
            BufReader::new(&*connection).read_line(&mut line).unwrap();
            assert_eq!(line, format!("heard {question}\n"));
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        stream
    }

    /// Nobody traces it and no thread of it stands still for that.
    fn is_free(&self) -> bool {
        let pid = self.pid();
        let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        threads.flatten().all(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            field("TracerPid:").is_none_or(|tracer| tracer == "0")
                && field("State:").is_none_or(|state| !state.starts_with(['T', 't']))
        })
    }
}

/// A command that looks at the process and writes to [`RESULT`].
fn command(kind: usize, pid: u32) -> Vec<String> {
    let words = match kind {
        0 => format!("capture {pid} -o {RESULT}"),
        1 => format!("inspect {pid} --json {RESULT}"),
        2 => format!("watch {pid} --rounds 2 --interval 0.1 --json {RESULT}"),
        _ => format!("hot {pid} --seconds 0.3 --json {RESULT}"),
    };
    words.split(' ').map(str::to_owned).collect()
}

/// A whole result, or none.
fn check_result(kind: usize, folder: &Path) -> bool {
    let path = folder.join(RESULT);
    if !path.exists() {
        return false;
    }
    if kind == 0 {
        assert_eq!(read_recording(&path, 1 << 30).unwrap().problems, []);
    } else {
        let report: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert!(report["schema_version"].is_number());
    }
    true
}

/// What was left beside the result: at most one file, hidden, said to be partial, and nobody else's to read.
fn check_rest(folder: &Path) -> u32 {
    let mut rest = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name != RESULT {
            assert!(name.starts_with(&format!(".{RESULT}.")) && name.ends_with(".partial"), "{name} was left behind");
            let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "{name}");
            rest += 1;
        }
    }
    assert!(rest <= 1, "{rest} files were left behind");
    rest
}

#[test]
fn killed_at_any_moment() {
    if !live() {
        return;
    }
    let kills: u32 = std::env::var("BLOATHOUND_TEST_KILLS").map_or(10, |text| text.parse().unwrap());
    let server = Server::start();
    let mut old = server.connect();
    // How long each command takes when nobody kills it.
    let whole: Vec<Duration> = (0..4)
        .map(|kind| {
            let folder = tempfile::tempdir().unwrap();
            let started = Instant::now();
            bloathound().current_dir(folder.path()).args(command(kind, server.pid())).assert().success();
            assert!(check_result(kind, folder.path()));
            assert_eq!(check_rest(folder.path()), 0);
            started.elapsed()
        })
        .collect();
    let (mut held, mut killed, mut finished, mut left) = (0, 0, 0, 0);
    while killed < kills {
        let kill = killed + finished;
        assert!(finished < 10 + 3 * kills, "{killed} of {kills} kills came in time");
        let folder = tempfile::tempdir().unwrap();
        let kind = kill as usize % whole.len();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bloathound"))
            .args(command(kind, server.pid()))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Moments spread over the time it takes; each fifth as soon as the target is held, or has been missed.
        let moment = whole[kind].mul_f64(f64::from(kill.wrapping_mul(2_654_435_761) >> 8 & 0xffff) / 65_536.0);
        let started = Instant::now();
        wait_until("the moment to kill", Duration::from_secs(60), || {
            let is_due = if kill % 5 == 0 { !server.is_free() } else { started.elapsed() >= moment };
            (is_due || child.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = child.kill();
        held += u32::from(!server.is_free());
        match child.wait().unwrap().code() {
            None => killed += 1,
            Some(0) => finished += 1,
            Some(code) => panic!("{:?} ended by itself with code {code}", command(kind, server.pid())),
        }
        wait_until("the target is let go", ANSWER, || server.is_free().then_some(()));
        server.answers(&mut old, kill);
        check_result(kind, folder.path());
        left += check_rest(folder.path());
    }
    assert!(stat(server.pid()).is_some_and(|fields| fields[0] != "Z"));
    eprintln!("{kills} kills: {held} within a pause, {finished} too late, {left} with a partial file left");
}
