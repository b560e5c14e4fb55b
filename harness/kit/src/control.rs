//! The control socket: one command, one answer; a reactor that does not answer is nudged by signal.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket, sockopt::PeerCredentials,
};
use serde_json::{Map, Value};

use crate::error::KitError;
use crate::locate::{KitTarget, trusted};

/// How long the reactor may take before the signal is tried.
const PATIENCE: Duration = Duration::from_millis(1000);
/// The same for what the signal handler can only refuse, since it needs the reactor: one that is merely slow will do it.
const PATIENCE_WITH_MANHOLE: Duration = Duration::from_secs(10);
/// Signals that may go unanswered on one connection.
const NUDGES_BEFORE_ANEW: u32 = 4;
const RETRY: Duration = Duration::from_millis(20);
const ANSWER_BYTES_MAX: u64 = 1 << 20;
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
        peer_of(&self.connect("status", stop)?)
    }

    /// Sends one command and returns its answer. Where the reactor gives none within a second, the service is asked
    /// by signal to answer at once; that works in the middle of a loop, though not inside C code.
    pub fn request(&self, command: &str) -> Result<Reply, KitError> {
        if command.len() >= LINE_BYTES_MAX || command.contains('\n') {
            return Err(KitError::Refused { command: shortened(command), reason: "no single short line".into() });
        }
        let began = Instant::now();
        let stop = began + self.deadline;
        let mut channel = self.send(command, stop)?;
        let peer = peer_of(&channel)?;
        let mut answer = Vec::new();
        let mut nudged = false;
        let mut in_vain = 0;
        loop {
            // A reactor that blocks between taking a connection and reading it keeps it from the signal handler, which
            // sees new ones only. A dump is the one command that must not happen twice.
            if in_vain == NUDGES_BEFORE_ANEW && answer.is_empty() && !command.starts_with("dump") {
                in_vain = 0;
                channel = self.send(command, stop)?;
            }
            let wait = PATIENCE.min(stop.saturating_duration_since(Instant::now())).max(Duration::from_millis(1));
            channel.set_read_timeout(Some(wait)).map_err(|source| KitError::io("waiting", source))?;
            match (&channel).take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
                Ok(_) => return parse(command, &answer, began.elapsed()),
                Err(error)
                    if is_timeout(&error)
                        && command.starts_with("manhole")
                        && began.elapsed() < PATIENCE_WITH_MANHOLE.min(self.deadline) => {}
                Err(error) if is_timeout(&error) && Instant::now() < stop => {
                    nudged |= self.target.nudge(peer);
                    in_vain += 1;
                }
                Err(error) if is_timeout(&error) => return Err(self.timed_out(command, nudged)),
                Err(source) => return Err(KitError::io(format!("reading the answer to `{command}`"), source)),
            }
        }
    }

    fn timed_out(&self, command: &str, nudged: bool) -> KitError {
        let hint = if nudged {
            ": neither the reactor nor the signal handler ran; it may be inside one long C call"
        } else {
            ": the reactor is blocked and the service offers no signal"
        };
        KitError::TimedOut { command: command.into(), waited: self.deadline, hint }
    }

    fn send(&self, command: &str, stop: Instant) -> Result<UnixStream, KitError> {
        let mut channel = self.connect(command, stop)?;
        channel.write_all(format!("{command}\n").as_bytes()).map_err(|source| KitError::io("sending", source))?;
        Ok(channel)
    }

    /// Connects without ever blocking: behind a blocked reactor the queue of connections may be full, and the signal
    /// handler is what empties it.
    fn connect(&self, command: &str, stop: Instant) -> Result<UnixStream, KitError> {
        let path = self.target.socket();
        let failed = |error: Errno| KitError::NoAnswerer { path: path.to_owned(), source: error.into() };
        let address = UnixAddr::new(path).map_err(failed)?;
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let mut last_nudge = Instant::now();
        loop {
            let channel: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(failed)?;
            match connect(channel.as_raw_fd(), &address) {
                Ok(()) => {
                    let channel = UnixStream::from(channel);
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
                Err(Errno::EAGAIN) => return Err(self.timed_out(command, false)),
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

fn peer_of(channel: &UnixStream) -> Result<i32, KitError> {
    let peer = getsockopt(channel, PeerCredentials)
        .map_err(|error| KitError::io("asking who listens", io::Error::from(error)))?;
    if !trusted(peer.uid()) {
        return Err(KitError::Manhole("another user listens on this socket".into()));
    }
    Ok(peer.pid())
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn parse(command: &str, answer: &[u8], took: Duration) -> Result<Reply, KitError> {
    let bad = |reason: &str| KitError::BadAnswer { command: shortened(command), reason: reason.into() };
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
