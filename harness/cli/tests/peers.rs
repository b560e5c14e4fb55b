//! Who gets a manhole's password: the process that is meant, and no other user's listener in its place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; the listener tells what it got"
)]

#[path = "support/kit.rs"]
mod kit;
mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bloathound_testkit::Owned;
use kit::{Diagnosed, text};
use support::bloathound;

const FOREIGN: u32 = 65_534;
const ORDINARY: u32 = 65_533;
const LISTENS: &str = "BLOATHOUND_TEST_LISTENS";
/// What it has to learn of each connection.
const NAME_AND_PASSWORD: &str = "admin|sesame|";

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// A program run as a user; its file may lie where that user can't go.
fn as_user(uid: u32, program: &Path) -> Command {
    let id = uid.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--", "/proc/self/fd/0"]);
    command.stdin(File::open(program).unwrap()).current_dir("/");
    command
}

/// The other side of the tests: asks for name and password like a manhole, and tells what it got of each connection.
/// Does nothing when run by itself.
#[test]
fn listener() {
    let Ok(place) = std::env::var(LISTENS) else { return };
    if place == "tcp" {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("\nat {}", listener.local_addr().unwrap());
        listener.incoming().flatten().for_each(|channel| ask(&channel, &channel));
    } else {
        let listener = UnixListener::bind(&place).unwrap();
        fs::set_permissions(&place, PermissionsExt::from_mode(0o666)).unwrap();
        println!("\nat {place}");
        listener.incoming().flatten().for_each(|channel| ask(&channel, &channel));
    }
}

fn ask(input: impl Read, mut output: impl Write) {
    let mut lines = BufReader::new(input).split(b'\n');
    let mut got = String::new();
    for question in ["Username: ", "Password: ", "Authentication failed"] {
        if output.write_all(question.as_bytes()).is_err() {
            break;
        }
        let Some(Ok(line)) = lines.next() else { break };
        got.push_str(String::from_utf8_lossy(&line).trim_end());
        got.push('|');
    }
    println!("got {got:?}");
}

/// Somebody who listens, as a user of ours or not.
struct Listener {
    _child: Owned,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    at: String,
    folder: tempfile::TempDir,
}

impl Listener {
    fn start(uid: u32, way: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let place = if way == "tcp" { way.to_owned() } else { text(&folder.path().join("own.sock")) };
        let child = as_user(uid, &std::env::current_exe().unwrap())
            .args(["listener", "--exact", "--nocapture"])
            .env(LISTENS, place)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Owned::from(child.unwrap());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let at = lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.strip_prefix("at ")?.to_owned()));
        Self { _child: child, lines, at: at.expect("it listens"), folder }
    }

    /// What came over each connection so far, our own last one apart.
    fn got(&mut self) -> Vec<String> {
        let probe = b"probe\nprobe\nprobe\n";
        // Open until it was heard: who finds it closed is done with it before reading what it says.
        let (mut local, mut loopback);
        let stream: &mut dyn Write = if self.at.starts_with('/') {
            local = UnixStream::connect(&self.at).unwrap();
            &mut local
        } else {
            loopback = TcpStream::connect(&self.at).unwrap();
            &mut loopback
        };
        stream.write_all(probe).unwrap();
        let told = self.lines.by_ref().map_while(Result::ok);
        let told = told.filter_map(|line| Some(line.split_once("got ")?.1.trim_matches('"').to_owned()));
        told.take_while(|line| !line.starts_with("probe")).collect()
    }
}

fn look(uid: u32, listener: &Listener, more: &[&str]) -> Output {
    as_user(uid, Path::new(env!("CARGO_BIN_EXE_bloathound")))
        .args(["inspect", &format!("manhole:{}", listener.at)])
        .args(more)
        .env("BLOATHOUND_MANHOLE_USER", "admin")
        .env("BLOATHOUND_MANHOLE_PASSWORD", "sesame")
        .output()
        .unwrap()
}

/// As root and as an ordinary user, on the loopback and on a Unix socket.
#[test]
fn another_users_listener_gets_no_byte_and_ones_own_gets_the_password() {
    if !is_root() {
        bloathound_testkit::cannot("no right to become another user (setpriv); run the tests as root");
        return;
    }
    for (uid, way) in [(0, "tcp"), (0, "unix"), (ORDINARY, "tcp"), (ORDINARY, "unix")] {
        let mut foreign = Listener::start(FOREIGN, way);
        let output = look(uid, &foreign, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{uid} {way}: {said}");
        assert!(said.contains(&format!("user {FOREIGN}")) && said.contains("--trust-peer"), "{uid} {way}: {said}");
        assert!(foreign.got().iter().all(String::is_empty), "{uid} {way}");
        // Whoever knows better says so.
        let output = look(uid, &foreign, &["--trust-peer"]);
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&output.stderr).contains("wrong name or password"));
        assert_eq!(foreign.got(), [NAME_AND_PASSWORD], "{uid} {way}");
        let mut own = Listener::start(uid, way);
        let output = look(uid, &own, &[]);
        assert!(String::from_utf8_lossy(&output.stderr).contains("wrong name or password"), "{uid} {way}: {output:?}");
        assert_eq!(own.got(), [NAME_AND_PASSWORD], "{uid} {way}");
        assert!(own.folder.path().exists());
    }
}

/// The kernel writes a socket's name as it is: one with a line break makes a row of its own in `/proc/net/unix`.
#[test]
fn a_forged_row_leads_nowhere_and_keeps_nobody_out() {
    let Some(leak) = Diagnosed::start("leak", &["--rows", "50"]) else { return };
    let control = leak.directory.path().join("kit/control.sock");
    assert!(fs::symlink_metadata(&control).unwrap().file_type().is_socket());
    let table = fs::read_to_string("/proc/net/unix").unwrap();
    let row = table.lines().find(|line| line.ends_with(&text(&control))).unwrap();
    let inode = row.split_ascii_whitespace().nth(6).unwrap();
    // A private folder of the same user, so that nothing but the process at the other end is wrong.
    let mut folder = tempfile::Builder::new();
    let private = PermissionsExt::from_mode(0o700);
    let folder = folder.prefix("b").rand_bytes(4).permissions(private).tempdir_in("/tmp").unwrap();
    let elsewhere: PathBuf = folder.path().join("control.sock");
    let stranger = UnixListener::bind(&elsewhere).unwrap();
    // The table is ordered by numbers that nobody chooses: of this many, some stand before the true row.
    let forged: Vec<UnixListener> = (0..250)
        .map(|count| {
            let row = format!("\n0000000000000000: {count:08x} 00000000 00010000 0001 01 {inode} ");
            let inner = folder.path().join(row).join(folder.path().strip_prefix("/").unwrap());
            fs::create_dir_all(&inner).unwrap();
            UnixListener::bind(inner.join("control.sock")).unwrap()
        })
        .collect();
    assert_eq!(leak.ctl(&["status"])["service"], "leak");
    let dump = text(&leak.directory.path().join("dump.jsonl"));
    bloathound().args(["capture", &format!("manhole:{}", leak.pid()), "-o", &dump]).assert().success();
    drop((leak, forged));
    stranger.set_nonblocking(true).unwrap();
    let mut heard = Vec::new();
    while let Ok((mut channel, _)) = stranger.accept() {
        channel.read_to_end(&mut heard).unwrap();
    }
    assert!(heard.is_empty(), "{}", String::from_utf8_lossy(&heard));
}
