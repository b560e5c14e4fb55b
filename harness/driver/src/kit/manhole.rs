use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

use super::terminal::Terminal;
use super::{Dump, KitError};

/// Walks the heap with `gc` and `sys` alone; the same file that writes the kit's own dumps.
const COLLECTOR: &str = include_str!("../../../../reference-services/diagnostics/collector.py");
const COLLECT: &str = include_str!("manhole_collect.py");
const CENSUS: &str = include_str!("manhole_census.py");
/// Text kept while waiting for a marker.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Objects of one type, as the collector inside the process lists them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CensusRow {
    /// `module.Name`, or `Name` for built-in types.
    pub type_name: String,
    /// How many the collector tracks.
    pub count: u64,
}

/// Logged in to a manhole (telnet on a Unix socket): a source for places where reading another process is not
/// permitted. It is Twisted's own, so the kit need not be there. What is sent runs in the service, blocks it while it
/// runs, uses the standard library alone, and takes itself away again.
#[derive(Debug)]
pub struct ManholeClient {
    channel: UnixStream,
    terminal: Terminal,
    text: Vec<u8>,
    nonce: String,
    commands: u32,
    deadline: Duration,
}

impl ManholeClient {
    /// Connects and logs in. `deadline` bounds each wait.
    pub fn login(socket: &Path, user: &str, password: &str, deadline: Duration) -> Result<Self, KitError> {
        let channel =
            UnixStream::connect(socket).map_err(|source| KitError::NoAnswerer { path: socket.to_owned(), source })?;
        let nonce = nonce().map_err(|source| KitError::io("getting random bytes", source))?;
        let mut client =
            Self { channel, terminal: Terminal::default(), text: Vec::new(), nonce, commands: 0, deadline };
        client.wait_for(&["sername: "])?;
        client.send(format!("{user}\r\n").as_bytes())?;
        client.wait_for(&["assword: "])?;
        client.send(format!("{password}\r\n").as_bytes())?;
        match client.wait_for(&[">>> ", "Authentication failed", "sername: "])? {
            (0, _) => Ok(client),
            _ => Err(KitError::Manhole("wrong name or password".into())),
        }
    }

    /// The process at the other end, as the kernel says.
    pub fn peer(&self) -> Result<i32, KitError> {
        getsockopt(&self.channel, PeerCredentials)
            .map(|peer| peer.pid())
            .map_err(|error| KitError::io("asking who listens", io::Error::from(error)))
    }

    /// What the collector tracks, by type; the text comes through the manhole itself, so it works over any distance.
    pub fn census(&mut self) -> Result<Vec<CensusRow>, KitError> {
        let answer = self.run(CENSUS)?;
        let row = |line: &str| {
            let (count, name) = line.split_once(' ')?;
            Some(CensusRow { type_name: name.into(), count: count.parse().ok()? })
        };
        answer
            .lines()
            .map(|line| row(line.trim()).ok_or_else(|| KitError::Manhole(format!("census line {line:?}"))))
            .collect()
    }

    /// A memory dump, sent over a socket of ours: the process must be on this machine and see our temporary directory.
    pub fn collect(&mut self) -> Result<Dump, KitError> {
        let failed = |source| KitError::io("preparing to receive the dump", source);
        let directory = tempfile::Builder::new()
            .prefix("bloathound-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(failed)?;
        let path = directory.path().join("dump.sock");
        let listener = UnixListener::bind(&path).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let pid = self.peer()?;
        let head = format!(
            "BLOATHOUND_PATH = {}\nBLOATHOUND_FACTS = {}\n",
            literal(&path.to_string_lossy()),
            literal(&format!("{{\"pid\": {pid}}}")),
        );
        self.type_in(&format!("{head}{COLLECTOR}\n{COLLECT}"))?;
        let channel = self.accept(&listener, pid)?;
        channel.set_read_timeout(Some(self.deadline)).map_err(failed)?;
        let dump = Dump::read(io::BufReader::with_capacity(1 << 20, channel), &path)?;
        match self.answer()?.trim() {
            "sent" => Ok(dump),
            other => Err(KitError::Manhole(format!("collecting: {other}"))),
        }
    }

    /// Waits for the collector to connect, watching the manhole for what else it may say.
    fn accept(&mut self, listener: &UnixListener, pid: i32) -> Result<UnixStream, KitError> {
        let stop = Instant::now() + self.deadline;
        while Instant::now() < stop {
            match listener.accept() {
                Ok((channel, _)) => {
                    let peer = getsockopt(&channel, PeerCredentials).map(|peer| peer.pid());
                    if peer == Ok(pid) {
                        channel.set_nonblocking(false).map_err(|source| KitError::io("receiving", source))?;
                        return Ok(channel);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.receive(Duration::from_millis(20))?;
                    if let Some(answer) = self.finished_answer() {
                        return Err(KitError::Manhole(format!("collecting: {}", answer.trim())));
                    }
                }
                Err(source) => return Err(KitError::io("receiving", source)),
            }
        }
        Err(KitError::Manhole("the service sent no dump in time".into()))
    }

    fn run(&mut self, source: &str) -> Result<String, KitError> {
        self.type_in(source)?;
        self.answer()
    }

    /// Types a line that runs `_send` of `source` in a namespace of its own, prints what it returns between two
    /// markers, and takes the namespace away. Classes are cycles with themselves, so what was just made is collected.
    fn type_in(&mut self, source: &str) -> Result<(), KitError> {
        self.commands += 1;
        self.text.clear();
        // Put together when it runs, so that the line's echo doesn't hold the markers.
        let tail = format!(
            "print '%s%s%d' % ('BEGIN', '{nonce}', {n}); print _send(); print '%s%s%d' % ('END', '{nonce}', {n})",
            nonce = self.nonce,
            n = self.commands,
        );
        let line = format!(
            "_b = {{}}; exec {} in _b; _b.clear(); del _b; exec 'import gc; gc.collect(0)' in {{}}\r\n",
            literal(&format!("{source}\n{tail}\n")),
        );
        self.send(line.as_bytes())
    }

    fn answer(&mut self) -> Result<String, KitError> {
        let stop = Instant::now() + self.deadline;
        loop {
            if let Some(answer) = self.finished_answer() {
                return Ok(answer);
            }
            let left = stop.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(KitError::Manhole(format!("no answer; it said {:?}", self.last_words())));
            }
            self.receive(left)?;
        }
    }

    fn finished_answer(&mut self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.text);
        let begin = format!("BEGIN{}{}\n", self.nonce, self.commands);
        let end = format!("END{}{}", self.nonce, self.commands);
        let (_, rest) = text.split_once(&begin)?;
        rest.split_once(&end).map(|(answer, _)| answer.to_owned())
    }

    fn wait_for(&mut self, any_of: &[&str]) -> Result<(usize, ()), KitError> {
        let stop = Instant::now() + self.deadline;
        loop {
            let text = String::from_utf8_lossy(&self.text).into_owned();
            if let Some(which) = any_of.iter().position(|wanted| text.contains(wanted)) {
                self.text.clear();
                return Ok((which, ()));
            }
            let left = stop.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(KitError::Manhole(format!("no prompt; it said {:?}", self.last_words())));
            }
            self.receive(left)?;
        }
    }

    fn receive(&mut self, wait: Duration) -> Result<(), KitError> {
        let failed = |source| KitError::io("the manhole's connection", source);
        self.channel.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).map_err(failed)?;
        let mut buffer = [0; 16 * 1024];
        let length = match self.channel.read(&mut buffer) {
            Ok(0) => return Err(KitError::Manhole(format!("it closed; it said {:?}", self.last_words()))),
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(()),
            Err(source) => return Err(failed(source)),
        };
        let mut answers = Vec::new();
        self.terminal.feed(&buffer[..length], &mut self.text, &mut answers);
        if self.text.len() > TEXT_BYTES_MAX {
            let surplus = self.text.len() - TEXT_BYTES_MAX;
            self.text.drain(..surplus);
        }
        if answers.is_empty() { Ok(()) } else { self.send(&answers) }
    }

    fn send(&mut self, data: &[u8]) -> Result<(), KitError> {
        // Telnet's escape byte would have to be doubled; nothing we type holds it, our answers are made of it.
        self.channel.write_all(data).map_err(|source| KitError::io("the manhole's connection", source))
    }

    fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        let mut last: Vec<char> = text.chars().rev().take(200).collect();
        last.reverse();
        last.into_iter().collect()
    }
}

/// A Python string literal, plain ASCII.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for byte in text.bytes() {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\\' | b'\'' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('\'');
    out
}

fn nonce() -> io::Result<String> {
    let mut bytes = [0_u8; 12];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_plain_ascii_on_one_line() {
        assert_eq!(literal("a'b\\c\nd\u{e9}"), r"'a\'b\\c\nd\xc3\xa9'");
    }

    #[test]
    fn what_is_sent_imports_nothing_but_the_standard_library() {
        for source in [COLLECTOR, COLLECT, CENSUS] {
            for line in source.lines().map(str::trim).filter(|line| line.starts_with("import ")) {
                let names = line.trim_start_matches("import ").split(", ");
                assert!(names.clone().all(|name| ["gc", "sys", "socket"].contains(&name)), "{line}");
            }
        }
    }
}
