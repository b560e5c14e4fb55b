//! Somebody logged in to a manhole: types programs in, reads what they print, and fetches a memory dump through it.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::door::{Channel, Credentials};
use super::stream::{Stream, Wire};
use super::terminal::Terminal;
use crate::dump::Dump;
use crate::error::KitError;
use crate::peer::Expected;
use crate::stop::StopSignals;

/// Walks the heap with `gc` and `sys` alone; the same file that writes the kit's own dumps.
const COLLECTOR: &str = include_str!("../../../../reference-services/diagnostics/collector.py");
const COLLECT: &str = include_str!("collect.py");
const CENSUS: &str = include_str!("census.py");
/// Text kept while waiting for a marker.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Of a program, typed on a line.
const PIECE_CHARS: usize = 200;
const READ_BYTES: usize = 64 * 1024;

/// Objects of one type, as the collector inside the process lists them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManholeCensusRow {
    /// `module.Name`, or `Name` for built-in types.
    pub type_name: String,
    /// How many the collector tracks.
    pub count: u64,
}

/// Logged in to a manhole (telnet on a Unix socket or the loopback): a source for places where reading another process
/// is not permitted. It is Twisted's own, so the kit need not be there. What is sent runs in the service, blocks it while
/// it runs, uses the standard library alone, and takes itself away again.
#[derive(Debug)]
pub struct ManholeClient {
    channel: Channel,
    terminal: Terminal,
    text: Vec<u8>,
    nonce: String,
    commands: u32,
    deadline: Duration,
    stop: Option<StopSignals>,
}

impl ManholeClient {
    /// Connects to a Unix socket, on which a process of the user's own has to listen, and logs in. `deadline` bounds each
    /// wait.
    pub fn login(socket: &Path, user: &str, password: &str, deadline: Duration) -> Result<Self, KitError> {
        Self::login_by(Channel::unix(socket, Some(Expected::OwnUser))?, &Credentials::new(user, password)?, deadline)
    }

    pub(super) fn login_by(channel: Channel, by: &Credentials, deadline: Duration) -> Result<Self, KitError> {
        let nonce = nonce().map_err(|source| KitError::io("getting random bytes", source))?;
        let mut client =
            Self { channel, terminal: Terminal::default(), text: Vec::new(), nonce, commands: 0, deadline, stop: None };
        // Nothing is said before it is known to whom, telnet's own answers least of all.
        client.hear_first()?;
        client.channel.check_far_end()?;
        client.wait_for(&["sername: "])?;
        client.send(format!("{}\r\n", by.user()).as_bytes())?;
        client.wait_for(&["assword: "])?;
        client.send(format!("{}\r\n", by.password()).as_bytes())?;
        match client.wait_for(&[">>> ", "Authentication failed", "sername: "])? {
            0 => Ok(client),
            _ => Err(KitError::Manhole("wrong name or password".into())),
        }
    }

    /// Ends the connection, in the middle of whatever comes.
    pub(super) fn hang_up(&mut self) {
        self.channel.shut();
    }

    /// From now on gives up when one of these signals comes.
    pub(super) fn heed(&mut self, stop: StopSignals) {
        self.stop = Some(stop);
    }

    /// The process at the other end, as the kernel says; `None` over TCP, and where it is in another world of process
    /// ids.
    #[must_use]
    pub fn peer(&self) -> Option<i32> {
        self.channel.peer()
    }

    /// What the collector tracks, by type; the text comes through the manhole itself, so it works over any distance.
    pub fn census(&mut self) -> Result<Vec<ManholeCensusRow>, KitError> {
        let answer = self.run(CENSUS)?;
        let row = |line: &str| {
            let (count, name) = line.split_once(' ')?;
            Some(ManholeCensusRow { type_name: name.into(), count: count.parse().ok()? })
        };
        answer
            .lines()
            .map(|line| row(line.trim()).ok_or_else(|| KitError::Manhole(format!("census line {line:?}"))))
            .collect()
    }

    /// A memory dump. It comes over the same connection, so it works over any distance and out of any container.
    /// `memory_bytes` is how much of ours it and its analysis may take.
    pub fn collect(&mut self, memory_bytes: u64) -> Result<Dump, KitError> {
        self.collect_to(None, memory_bytes)
    }

    /// The same, and writes the dump's text as it comes.
    pub fn collect_to(&mut self, copy: Option<&mut dyn Write>, memory_bytes: u64) -> Result<Dump, KitError> {
        let head = format!("BLOATHOUND_NONCE = '{}'\n", self.nonce);
        self.type_in(&format!("{head}{COLLECTOR}\n{COLLECT}"))?;
        let first = self.begin_stream()?;
        let mut stream = Stream::new(self, first, copy);
        let read = Dump::read(&mut stream, Path::new("the manhole's dump"), memory_bytes);
        if let Some(failure) = stream.finish() {
            return Err(failure);
        }
        let dump = read?;
        match self.answer()?.trim() {
            "sent" => Ok(dump),
            other => Err(KitError::Manhole(format!("collecting {other}"))),
        }
    }

    /// Reads up to the marker that the collector writes past Twisted's buffers, and returns what came behind it. What is
    /// still in those buffers comes after the dump.
    fn begin_stream(&mut self) -> Result<Vec<u8>, KitError> {
        let marker = format!("STREAM{}\n", self.nonce).into_bytes();
        let stop = Instant::now() + self.deadline;
        let (mut window, mut chunk) = (Vec::new(), Vec::new());
        while Instant::now() < stop {
            chunk.clear();
            self.read_bytes(&mut chunk)?;
            window.extend_from_slice(&chunk);
            if let Some(at) = window.windows(marker.len()).position(|bytes| bytes == marker) {
                return Ok(window.split_off(at + marker.len()));
            }
            self.take_text(&chunk);
            if let Some(answer) = self.finished_answer() {
                return Err(KitError::Manhole(format!("collecting {}", answer.trim())));
            }
            let surplus = window.len().saturating_sub(marker.len());
            window.drain(..surplus);
        }
        Err(KitError::Manhole(format!("it sent no dump in time; it said {:?}", self.last_words())))
    }

    fn run(&mut self, source: &str) -> Result<String, KitError> {
        self.type_in(source)?;
        self.answer()
    }

    /// Types lines that run `_send` of `source` in a namespace of its own, print what it returns between two markers, and
    /// take the namespace away. Classes are cycles with themselves, so what was just made is collected.
    ///
    /// A manhole in colour looks through its whole line again at every character, so the lines are short ones.
    fn type_in(&mut self, source: &str) -> Result<(), KitError> {
        self.commands += 1;
        self.text.clear();
        // Put together when it runs, so that the line's echo doesn't hold the markers.
        let tail = format!(
            "print '%s%s%d' % ('BEGIN', '{nonce}', {n}); print _send(); print '%s%s%d' % ('END', '{nonce}', {n})",
            nonce = self.nonce,
            n = self.commands,
        );
        let run = "import gc\nb = {}\ntry:\n exec s in b\nfinally:\n b.clear()\n del b, s\n gc.collect(0)\n";
        let program: Vec<char> = format!("{source}\n{tail}\n").chars().collect();
        for (index, piece) in program.chunks(PIECE_CHARS).enumerate() {
            let sign = if index == 0 { "=" } else { "+=" };
            self.send(format!("_b {sign} {}\r\n", literal(&piece.iter().collect::<String>())).as_bytes())?;
            // Between two lines the service has its turn.
            self.wait_for(&[">>> "])?;
        }
        self.send(format!("exec {} in {{'s': _b}}; del _b\r\n", literal(run)).as_bytes())
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

    fn wait_for(&mut self, any_of: &[&str]) -> Result<usize, KitError> {
        let stop = Instant::now() + self.deadline;
        loop {
            let text = String::from_utf8_lossy(&self.text).into_owned();
            if let Some(which) = any_of.iter().position(|wanted| text.contains(wanted)) {
                self.text.clear();
                return Ok(which);
            }
            let left = stop.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(KitError::Manhole(format!("no prompt; it said {:?}", self.last_words())));
            }
            self.receive(left)?;
        }
    }

    /// Waits until there is something to read; false when there is nothing in time.
    fn wait(&self, wait: Duration) -> Result<bool, KitError> {
        let wait = PollTimeout::try_from(wait.max(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX);
        let mut ready = vec![PollFd::new(self.channel.as_fd(), PollFlags::POLLIN)];
        ready.extend(self.stop.iter().map(|stop| PollFd::new(stop.as_fd(), PollFlags::POLLIN)));
        match poll(&mut ready, wait) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => Ok(false),
            Ok(_) if ready.get(1).is_some_and(|stop| stop.any() == Some(true)) => Err(KitError::Interrupted),
            Ok(_) => Ok(true),
            Err(error) => Err(KitError::io("waiting for the manhole", error.into())),
        }
    }

    /// Waits until the other end has something to say, and leaves it there.
    fn hear_first(&mut self) -> Result<(), KitError> {
        let stop = Instant::now() + self.deadline;
        loop {
            let left = stop.saturating_duration_since(Instant::now());
            if self.wait(left)? {
                return Ok(());
            }
            if left.is_zero() {
                return Err(KitError::Manhole("no prompt; it said \"\"".into()));
            }
        }
    }

    fn receive(&mut self, wait: Duration) -> Result<(), KitError> {
        if !self.wait(wait)? {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.read_bytes(&mut bytes)?;
        let mut answers = Vec::new();
        self.terminal.feed(&bytes, &mut self.text, &mut answers);
        self.shorten();
        if answers.is_empty() { Ok(()) } else { self.send(&answers) }
    }

    fn shorten(&mut self) {
        if self.text.len() > TEXT_BYTES_MAX {
            let surplus = self.text.len() - TEXT_BYTES_MAX;
            self.text.drain(..surplus);
        }
    }

    fn send(&mut self, data: &[u8]) -> Result<(), KitError> {
        let failed = |source| KitError::io("the manhole's connection", source);
        self.channel.set_timeout(self.deadline).map_err(failed)?;
        // Telnet's escape byte would have to be doubled; nothing we type holds it, our answers are made of it.
        self.channel.write_all(data).map_err(failed)
    }

    fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        let mut last: Vec<char> = text.chars().rev().take(200).collect();
        last.reverse();
        last.into_iter().collect()
    }
}

impl Wire for ManholeClient {
    fn read_bytes(&mut self, bytes: &mut Vec<u8>) -> Result<(), KitError> {
        let failed = |source| KitError::io("the manhole's connection", source);
        if !self.wait(self.deadline)? {
            return Err(KitError::Manhole(format!("it says nothing; the last was {:?}", self.last_words())));
        }
        self.channel.set_timeout(self.deadline).map_err(failed)?;
        let start = bytes.len();
        bytes.resize(start + READ_BYTES, 0);
        let outcome = self.channel.read(&mut bytes[start..]);
        bytes.truncate(start + outcome.as_ref().copied().unwrap_or(0));
        match outcome {
            Ok(0) => Err(KitError::Manhole(format!("it closed; it said {:?}", self.last_words()))),
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(KitError::Manhole("it says nothing".into()))
            }
            Err(source) => Err(failed(source)),
        }
    }

    /// Telnet's questions in them stay without an answer, which it can do without.
    fn take_text(&mut self, bytes: &[u8]) {
        self.terminal.feed(bytes, &mut self.text, &mut Vec::new());
        self.shorten();
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
                let known = ["gc", "os", "socket", "sys", "time"];
                assert!(names.clone().all(|name| known.contains(&name)), "{line}");
            }
        }
    }
}
