//! The control socket: one command, one answer; a reactor that does not answer is nudged by signal.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use serde_json::{Map, Value};

use crate::error::KitError;
use crate::locate::{KitTarget, connect_at_once};

/// How long the reactor may take before the signal is tried.
const PATIENCE: Duration = Duration::from_millis(1000);
/// The same for what the signal handler can only refuse, since it needs the reactor: one that is merely slow will do it.
const PATIENCE_WITH_MANHOLE: Duration = Duration::from_secs(10);
/// Signals that may go unanswered on one connection.
const NUDGES_BEFORE_ANEW: u32 = 4;
const RETRY: Duration = Duration::from_millis(20);
const ANSWER_BYTES_MAX: usize = 1 << 20;
const LINE_BYTES_MAX: usize = 1024;

/// A service's answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The answer's fields, `ok` left out.
    pub fields: Map<String, Value>,
    /// The reactor didn't answer: the signal handler did.
    pub by_signal: bool,
    /// How long it took.
    pub took: Duration,
}

impl Reply {
    /// A text somewhere in the answer, by the names that lead to it.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.value(path)?.as_str()
    }

    /// A value somewhere in the answer.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.fields.get(*first)?, |value, name| value.get(name))
    }
}

/// Sends commands to a control socket, one connection each.
#[derive(Clone, Debug)]
pub struct ControlClient {
    target: KitTarget,
    deadline: Duration,
}

impl ControlClient {
    /// A client that waits up to `deadline` for an answer (a dump of a large heap takes its time).
    #[must_use]
    pub fn new(target: KitTarget, deadline: Duration) -> Self {
        Self { target, deadline }
    }

    /// Where the commands go.
    #[must_use]
    pub fn target(&self) -> &KitTarget {
        &self.target
    }

    /// The process that the kernel says listens, asked of the socket itself.
    pub fn peer(&self) -> Result<i32, KitError> {
        let stop = Instant::now() + self.deadline;
        self.target.check(&self.connect("status", stop)?)
    }

    /// Sends one command and returns its answer. Where the reactor gives none within a second, the service is asked
    /// by signal to answer at once; that works in the middle of a loop, though not inside C code.
    pub fn request(&self, command: &str) -> Result<Reply, KitError> {
        if command.len() >= LINE_BYTES_MAX || command.contains('\n') {
            return Err(KitError::Refused { command: shortened(command), reason: "no single short line".into() });
        }
        let began = Instant::now();
        let stop = began + self.deadline;
        let (mut channel, peer) = self.send(command, stop)?;
        let mut answer = Answer::default();
        let mut nudged = false;
        let mut in_vain = 0;
        loop {
            // A reactor that blocks between taking a connection and reading it keeps it from the signal handler, which
            // sees new ones only. A dump is the one command that must not happen twice.
            if in_vain == NUDGES_BEFORE_ANEW && answer.0.is_empty() && !command.starts_with("dump") {
                in_vain = 0;
                (channel, _) = self.send(command, stop)?;
            }
            let failed = |source| KitError::io(format!("reading the answer to `{command}`"), source);
            match answer.read(&channel, stop.min(Instant::now() + PATIENCE)).map_err(failed)? {
                Came::All => return parse(command, &answer.0, began.elapsed()),
                _ if Instant::now() >= stop => return Err(self.timed_out(command, nudged, answer.0.len())),
                Came::Some => {}
                Came::Nothing
                    if command.starts_with("manhole") && began.elapsed() < PATIENCE_WITH_MANHOLE.min(self.deadline) => {
                }
                Came::Nothing => {
                    nudged |= self.target.nudge(peer);
                    in_vain += 1;
                }
            }
        }
    }

    /// Sends one command and waits up to `within` for its answer. The service is not nudged: nothing of what it is at
    /// is disturbed.
    pub(crate) fn ask(&self, command: &str, within: Duration) -> Result<Reply, KitError> {
        let began = Instant::now();
        let stop = began + within;
        let failed = |source| KitError::io(format!("reading the answer to `{command}`"), source);
        let channel = match connect_at_once(self.target.socket()) {
            Ok(channel) => channel,
            Err(error) => return Err(failed(error.into())),
        };
        self.target.check(&channel)?;
        channel.set_nonblocking(false).map_err(failed)?;
        (&channel).write_all(format!("{command}\n").as_bytes()).map_err(failed)?;
        let mut answer = Answer::default();
        while Instant::now() < stop {
            if answer.read(&channel, stop).map_err(failed)? == Came::All {
                return parse(command, &answer.0, began.elapsed());
            }
        }
        Err(self.timed_out(command, false, answer.0.len()))
    }

    fn timed_out(&self, command: &str, nudged: bool, bytes: usize) -> KitError {
        let hint = match (bytes, nudged) {
            (1.., _) => ": a part of it came, and its end did not",
            (0, true) => ": neither the reactor nor the signal handler ran; it may be inside one long C call",
            (0, false) => ": the reactor is blocked and the service offers no signal",
        };
        KitError::TimedOut { command: command.into(), waited: self.deadline, hint }
    }

    /// The process at the other end is known before it is told anything.
    fn send(&self, command: &str, stop: Instant) -> Result<(UnixStream, i32), KitError> {
        let failed = |source| KitError::io("sending", source);
        let mut channel = self.connect(command, stop)?;
        let peer = self.target.check(&channel)?;
        let left = stop.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        channel.set_write_timeout(Some(left)).map_err(failed)?;
        channel.write_all(format!("{command}\n").as_bytes()).map_err(failed)?;
        Ok((channel, peer))
    }

    /// Connects without ever blocking: behind a blocked reactor the queue of connections may be full, and the signal
    /// handler is what empties it.
    fn connect(&self, command: &str, stop: Instant) -> Result<UnixStream, KitError> {
        let path = self.target.socket();
        let failed = |error: Errno| KitError::NoAnswerer { path: path.to_owned(), source: error.into() };
        let mut last_nudge = Instant::now();
        loop {
            match connect_at_once(path) {
                Ok(channel) => {
                    channel.set_nonblocking(false).map_err(|source| KitError::io("connecting", source))?;
                    return Ok(channel);
                }
                Err(Errno::EAGAIN) if Instant::now() < stop => {
                    if last_nudge.elapsed() > PATIENCE {
                        last_nudge = Instant::now();
                        if let Some(card) = self.target.card() {
                            self.target.nudge(card.pid);
                        }
                    }
                    thread::sleep(RETRY);
                }
                Err(Errno::EAGAIN) => return Err(self.timed_out(command, false, 0)),
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

/// An answer as it comes.
#[derive(Default)]
struct Answer(Vec<u8>);

#[derive(PartialEq, Eq)]
enum Came {
    /// Nothing before the wait was over.
    Nothing,
    /// A part of the answer.
    Some,
    /// The end of it, or more than any answer has.
    All,
}

impl Answer {
    /// Reads once, and waits no longer than until `stop`: who sends a byte a second gets no more time than others.
    fn read(&mut self, mut channel: &UnixStream, stop: Instant) -> io::Result<Came> {
        let left = stop.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        channel.set_read_timeout(Some(left))?;
        let mut chunk = [0; 16 << 10];
        match channel.read(&mut chunk) {
            Ok(0) => Ok(Came::All),
            Ok(length) => {
                self.0.extend_from_slice(chunk.get(..length).unwrap_or_default());
                Ok(if self.0.len() > ANSWER_BYTES_MAX { Came::All } else { Came::Some })
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Came::Some),
            Err(error) if is_timeout(&error) => Ok(Came::Nothing),
            Err(error) => Err(error),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn parse(command: &str, answer: &[u8], took: Duration) -> Result<Reply, KitError> {
    let bad = |reason: &str| KitError::BadAnswer { command: shortened(command), reason: reason.into() };
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(bad("it is longer than any answer"));
    }
    if answer.is_empty() {
        return Err(bad("the connection was closed without one"));
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(answer) else {
        return Err(bad("it is no JSON object"));
    };
    let by_signal = fields.remove("urgent") == Some(Value::Bool(true));
    match fields.remove("ok") {
        Some(Value::Bool(true)) => Ok(Reply { fields, by_signal, took }),
        Some(Value::Bool(false)) => {
            let reason = fields.get("error").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
            Err(KitError::Refused { command: shortened(command), reason })
        }
        _ => Err(bad("it has no `ok`")),
    }
}

fn shortened(command: &str) -> String {
    command.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let took = Duration::ZERO;
        let reply = parse("status", br#"{"ok": true, "urgent": true, "trace": {"state": "off"}}"#, took).unwrap();
        assert!(reply.by_signal);
        assert_eq!(reply.text(&["trace", "state"]), Some("off"));
        assert_eq!(reply.text(&["trace", "nothing"]), None);
        let refused = parse("x", br#"{"ok": false, "error": "no such command"}"#, took);
        assert!(matches!(refused, Err(KitError::Refused { reason, .. }) if reason == "no such command"));
        for bad in [&b""[..], b"[]", b"{}", b"\xff", br#"{"ok": 1}"#] {
            assert!(matches!(parse("x", bad, took), Err(KitError::BadAnswer { .. })), "{bad:?}");
        }
    }
}
