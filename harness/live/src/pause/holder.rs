//! The asking side of a pause that a process of its own holds.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::message::{Failure, GO, LetGo, READY, STOP, parse_answer, parse_gone};
use super::{HOLD, PauseOptions, Stopped};

/// A process that has just been started says so within this, on a busy machine too.
const START_WITHIN: Duration = Duration::from_secs(20);
/// A holder that does not answer within this after it must is killed: then the kernel lets go.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// What it is called in a list of processes.
const NAME: &str = "bloathound";

/// A holder that was started.
#[derive(Debug)]
pub(super) struct Holder {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Read and not yet a whole line.
    heard: Vec<u8>,
    /// When it lets go by itself.
    until: Instant,
}

impl Holder {
    /// Starts `program` as a holder and waits until it is ready.
    pub(super) fn start(program: &Path, pid: u32, options: &PauseOptions) -> io::Result<Self> {
        let numbers = [u128::from(pid), options.stop_within.as_micros(), options.longest.as_micros()];
        let mut child = Command::new(program)
            .arg0(NAME)
            .arg(HOLD)
            .args(numbers.map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let now = Instant::now();
        let mut holder = Self { child, input: Some(input), output, heard: Vec::new(), until: now };
        match holder.line(now + START_WITHIN)?.as_str() {
            READY => Ok(holder),
            other => Err(io::Error::other(format!("not a holder: it says {other:?}"))),
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Has it stop the target.
    pub(super) fn stop(&mut self, options: &PauseOptions) -> Result<Stopped, Failure> {
        let since = Instant::now();
        self.until = since + options.longest;
        let answer = self.say(STOP).and_then(|()| self.line(since + options.stop_within + ANSWER_WITHIN));
        let answer = answer.ok().and_then(|line| parse_answer(&line));
        if answer.is_none() {
            let _ = self.child.kill();
        }
        answer.unwrap_or(Err(Failure::HolderLost)).map(|all| Stopped::of(since, all))
    }

    /// Has it let go, unless it has: how long it held, and why it let go. `None` when it is gone, and so is its answer.
    pub(super) fn release(&mut self) -> Option<(Duration, LetGo)> {
        // What it said at its deadline is there to be read although it listens no more.
        let _ = self.say(GO);
        let answer = self.line(self.until.max(Instant::now()) + ANSWER_WITHIN);
        let answer = answer.ok().and_then(|line| parse_gone(&line));
        if answer.is_none() {
            let _ = self.child.kill();
        }
        answer
    }

    fn say(&mut self, word: &str) -> io::Result<()> {
        match &mut self.input {
            Some(input) => input.write_all(format!("{word}\n").as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// The next line, without its end.
    fn line(&mut self, until: Instant) -> io::Result<String> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            let remaining = until.saturating_duration_since(Instant::now());
            if remaining.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut wanted = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
            match ppoll(&mut wanted, Some(TimeSpec::from_duration(remaining)), None) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(errno.into()),
            }
            let mut buffer = [0; 256];
            match self.output.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.heard.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            }
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // It ends when nobody is there to ask any more; a holder that is itself stopped does not, and is killed.
        self.input = None;
        let until = Instant::now() + ANSWER_WITHIN;
        while self.line(until).is_ok() {}
        if Instant::now() >= until {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
