//! A service's control socket, found by its process and checked before anything is sent.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde::Deserialize;

use crate::error::KitError;

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
}

impl KitTarget {
    /// Finds the control socket of a process among its open sockets; no path has to be known.
    pub fn of_process(pid: i32) -> Result<Self, KitError> {
        let process = PathBuf::from(format!("/proc/{pid}"));
        if !process.exists() {
            return Err(KitError::NoProcess { pid });
        }
        let not_permitted = |source| KitError::NotPermitted { pid, source };
        let inodes = socket_inodes(&process.join("fd")).map_err(not_permitted)?;
        let sockets = fs::read_to_string(process.join("net/unix")).map_err(not_permitted)?;
        let path = listening_path(&sockets, &inodes).ok_or(KitError::NoDiagnostics { pid })?;
        // The path is as the process sees it; in a container that is another root.
        let rooted = process.join("root").join(path.strip_prefix("/").unwrap_or(&path));
        let same_root = fs::read_link(process.join("root")).is_ok_and(|root| root == Path::new("/"));
        let fits = rooted.as_os_str().len() <= SOCKET_PATH_MAX;
        Self::of_socket(if same_root || !fits { &path } else { &rooted })
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
        Ok(Self { socket: path.to_owned(), card: read_card(&directory.join(CARD)) })
    }

    /// The socket's path.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
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

/// Ours, or the super-user's, whom no file mode keeps out anyway.
pub(crate) fn trusted(uid: u32) -> bool {
    let own = geteuid();
    uid == own.as_raw() || uid == 0 || own.is_root()
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

fn socket_inodes(directory: &Path) -> io::Result<HashSet<u64>> {
    let mut inodes = HashSet::new();
    for entry in fs::read_dir(directory)? {
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        let inode = |text: &str| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok();
        inodes.extend(target.to_str().and_then(inode));
    }
    Ok(inodes)
}

/// The path of a listening Unix socket named `control.sock` in `/proc/PID/net/unix`
/// (columns: `Num RefCount Protocol Flags Type St Inode Path`).
fn listening_path(table: &str, inodes: &HashSet<u64>) -> Option<PathBuf> {
    const ACCEPTS: u32 = 1 << 16; // __SO_ACCEPTCON, linux/net.h
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let flags = u32::from_str_radix(columns.nth(3)?, 16).ok()?;
        let inode: u64 = columns.nth(2)?.parse().ok()?;
        // A path may hold blanks: it is everything from its first slash.
        let path = Path::new(&line[line.find('/')?..]);
        let named = path.file_name().is_some_and(|name| name == SOCKET);
        (flags & ACCEPTS != 0 && named && inodes.contains(&inode)).then(|| path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Num       RefCount Protocol Flags    Type St Inode Path\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 100 /run/a/control.sock\n\
        0000000000000000: 00000003 00000000 00000000 0001 03 200 /run/b/control.sock\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 300 /run/with blank/control.sock\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 400 @/abstract\n";

    #[test]
    fn the_listening_socket_of_the_process_is_found() {
        let path = |inode| listening_path(TABLE, &HashSet::from([inode]));
        assert_eq!(path(100), Some("/run/a/control.sock".into()));
        assert_eq!(path(200), None, "connected, not listening");
        assert_eq!(path(300), Some("/run/with blank/control.sock".into()));
        assert_eq!(path(400), None);
        assert_eq!(path(500), None, "another process's");
    }

    #[test]
    fn a_process_without_a_handler_gets_no_signal() {
        // The test process itself catches no SIGUSR2: to send it would end this test run.
        let pid = std::process::id() as i32;
        assert!(!handles_signal(pid, 12));
        let card = Card { pid, signals: CardSignals { toggle: None, attend: Some(12) } };
        let target = KitTarget { socket: "/nowhere".into(), card: Some(card) };
        assert!(!target.nudge(pid));
    }

    #[test]
    fn a_process_without_the_kit_is_told_apart_from_none() {
        let pid = std::process::id() as i32;
        assert!(matches!(KitTarget::of_process(pid), Err(KitError::NoDiagnostics { .. })));
        assert!(matches!(KitTarget::of_process(i32::MAX), Err(KitError::NoProcess { .. })));
    }
}
