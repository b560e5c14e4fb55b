//! A service's control socket, found by its process and checked before anything is sent.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::error::KitError;
use crate::peer::{self, Expected, PeerTrust, UnixRow, trusted, unix_sockets_of};

const SOCKET: &str = "control.sock";
const CARD: &str = "kit.json";
const CARD_BYTES_MAX: u64 = 4096;
/// `sun_path` of `sockaddr_un` without its closing zero (`sys/un.h`).
const SOCKET_PATH_MAX: usize = 107;

/// What the kit leaves beside its socket for clients: `kit.json`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Card {
    /// The process that the kit is in.
    pub pid: i32,
    /// Signals it took.
    pub signals: CardSignals,
}

/// Numbers of the signals that the kit took; one it didn't take may end the service and is never sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct CardSignals {
    /// Toggles tracing.
    pub toggle: Option<i32>,
    /// Answers the control socket without the reactor.
    pub attend: Option<i32>,
}

/// A service's control socket, found and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KitTarget {
    socket: PathBuf,
    card: Option<Card>,
    /// The process that has to listen, where one was named.
    process: Option<i32>,
}

impl KitTarget {
    /// Finds the control socket of a process among its open sockets; no path has to be known.
    pub fn of_process(pid: i32) -> Result<Self, KitError> {
        let process = PathBuf::from(format!("/proc/{pid}"));
        if !process.exists() {
            return Err(KitError::NoProcess { pid });
        }
        let sockets = unix_sockets_of(pid.unsigned_abs()).map_err(|source| KitError::NotPermitted { pid, source })?;
        let control = |row: &&UnixRow| row.listens && row.path.file_name().is_some_and(|name| name == SOCKET);
        let mut found: Vec<_> = sockets.iter().filter(control).map(|row| Self::seen_by(&process, &row.path)).collect();
        if found.len() > 1 {
            // A socket's name may forge a row of the kernel's table, with any path: the sockets themselves are asked.
            found.retain(Result::is_ok);
            found.sort_by_key(|target| target.as_ref().map_or(u8::MAX, |target| likeness(&target.socket, pid)));
        }
        let target = found.into_iter().next().ok_or(KitError::NoDiagnostics { pid })??;
        Ok(Self { process: Some(pid), ..target })
    }

    /// The path is as the process sees it; in a container that is another root.
    fn seen_by(process: &Path, path: &Path) -> Result<Self, KitError> {
        let rooted = process.join("root").join(path.strip_prefix("/").unwrap_or(path));
        let same_root = fs::read_link(process.join("root")).is_ok_and(|root| root == Path::new("/"));
        let fits = rooted.as_os_str().len() <= SOCKET_PATH_MAX;
        Self::of_socket(if same_root || !fits { path } else { &rooted })
    }

    /// A control socket by its path.
    pub fn of_socket(path: &Path) -> Result<Self, KitError> {
        let state =
            fs::symlink_metadata(path).map_err(|source| KitError::NoAnswerer { path: path.to_owned(), source })?;
        if !state.file_type().is_socket() {
            return Err(KitError::unsafe_path(path, "not a socket"));
        }
        let directory = path.parent().unwrap_or(Path::new("."));
        let private = fs::symlink_metadata(directory)
            .is_ok_and(|state| state.is_dir() && state.mode() & 0o077 == 0 && trusted(state.uid()));
        if !private || !trusted(state.uid()) {
            return Err(KitError::unsafe_path(path, "not in a private directory (mode 0700) of yours"));
        }
        Ok(Self { socket: path.to_owned(), card: read_card(&directory.join(CARD)), process: None })
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The same with whoever listens, where the user says so.
    pub(crate) fn trusting(self, trust: PeerTrust) -> Self {
        let process = self.process.filter(|_| trust == PeerTrust::Checked);
        Self { process, ..self }
    }

    /// The process at the other end of a connection to it. An error where another one was named, or where it is another
    /// user's.
    pub(crate) fn check(&self, channel: &UnixStream) -> Result<i32, KitError> {
        let (pid, uid) = peer::of_unix(channel)?;
        match self.process {
            Some(named) => peer::check_unix(channel, &self.socket, Expected::Process(named))?,
            None if !trusted(uid) => peer::check_unix(channel, &self.socket, Expected::OwnUser)?,
            None => {}
        }
        Ok(pid)
    }

    /// What the kit says of itself; `None` where it couldn't write it down.
    #[must_use]
    pub fn card(&self) -> Option<&Card> {
        self.card.as_ref()
    }

    /// Makes the kit answer from its signal handler, for a reactor that is blocked. `peer` is the process that the
    /// kernel says is behind the socket. False when that signal is not the kit's to receive: nothing was sent.
    pub(crate) fn nudge(&self, peer: i32) -> bool {
        let Some(card) = &self.card else { return false };
        let Some(number) = card.signals.attend.filter(|_| card.pid == peer) else { return false };
        let Ok(signal) = Signal::try_from(number) else { return false };
        handles_signal(peer, number) && kill(Pid::from_raw(peer), signal).is_ok()
    }
}

/// 0 for a socket on which this process listens, 1 where nobody can be asked now, 2 for anything else. Says nothing to it.
fn likeness(path: &Path, pid: i32) -> u8 {
    match connect_at_once(path) {
        Ok(channel) if peer::of_unix(&channel).is_ok_and(|(listener, _)| listener == pid) => 0,
        Err(Errno::EAGAIN) => 1,
        _ => 2,
    }
}

/// Connects or fails, and never waits.
pub(crate) fn connect_at_once(path: &Path) -> Result<UnixStream, Errno> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let channel: OwnedFd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(channel.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(UnixStream::from(channel))
}

/// What a service names, as seen from here: it stands beside the socket, also where the service has another root.
pub(crate) fn beside(socket: &Path, named: &Path) -> PathBuf {
    socket.with_file_name(named.file_name().unwrap_or_default())
}

fn read_card(path: &Path) -> Option<Card> {
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
        .ok()?;
    let state = file.metadata().ok()?;
    if !state.is_file() || !trusted(state.uid()) {
        return None;
    }
    serde_json::from_reader(io::Read::take(file, CARD_BYTES_MAX)).ok()
}

/// True when the process catches the signal: the default action of the kit's signals would end it.
fn handles_signal(pid: i32, number: i32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { return false };
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| (1..=64).contains(&number) && mask & (1 << (number - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_a_handler_gets_no_signal() {
        // The test process itself catches no SIGUSR2: to send it would end this test run.
        let pid = std::process::id() as i32;
        assert!(!handles_signal(pid, 12));
        let card = Card { pid, signals: CardSignals { toggle: None, attend: Some(12) } };
        let target = KitTarget { socket: "/nowhere".into(), card: Some(card), process: None };
        assert!(!target.nudge(pid));
    }

    #[test]
    fn a_process_without_the_kit_is_told_apart_from_none() {
        let pid = std::process::id() as i32;
        assert!(matches!(KitTarget::of_process(pid), Err(KitError::NoDiagnostics { .. })));
        assert!(matches!(KitTarget::of_process(i32::MAX), Err(KitError::NoProcess { .. })));
    }
}
