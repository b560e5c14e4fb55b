//! Who is at the other end of a socket, by the kernel's word, before a password is sent there.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::geteuid;

use crate::error::KitError;

/// Who has to be at the other end of a manhole's connection before anything is sent there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PeerTrust {
    /// The process that is meant; where none is named, one of the user's own.
    #[default]
    Checked,
    /// Whoever listens: the user knows who it is (`--trust-peer`).
    Anyone,
}

/// What has to listen on a Unix socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// This process, as far as ids of processes mean the same there as here.
    Process(i32),
    /// Any process of the user's own.
    OwnUser,
}

/// Ours, or the super-user's, whom no file mode keeps out anyway.
pub(crate) fn trusted(uid: u32) -> bool {
    let own = geteuid();
    uid == own.as_raw() || uid == 0 || own.is_root()
}

/// The process that the kernel says listens on a Unix socket, and its user.
pub(crate) fn of_unix(channel: &impl AsFd) -> Result<(i32, u32), KitError> {
    let peer = getsockopt(&channel.as_fd(), PeerCredentials)
        .map_err(|error| KitError::io("asking who listens", io::Error::from(error)))?;
    Ok((peer.pid(), peer.uid()))
}

/// An error unless the one that listens on a Unix socket is the expected one.
pub(crate) fn check_unix(channel: &impl AsFd, at: &Path, expected: Expected) -> Result<(), KitError> {
    let (pid, uid) = of_unix(channel)?;
    let stranger = |meant: String| {
        Err(KitError::Stranger {
            at: at.display().to_string(),
            found: format!("process {pid} of user {uid} listens there"),
            meant,
        })
    };
    match expected {
        Expected::Process(wanted) if pid != wanted => stranger(format!("process {wanted}")),
        Expected::Process(wanted) if !trusted(uid) => stranger(format!("process {wanted} as user {}", geteuid())),
        Expected::OwnUser if uid != geteuid().as_raw() => {
            stranger(format!("a process of your own (user {})", geteuid()))
        }
        _ => Ok(()),
    }
}

/// An error unless every socket that takes connections for this address belongs to a process of the user's own.
pub(crate) fn check_listener(address: SocketAddr) -> Result<(), KitError> {
    let takes = |row: &TcpRow| {
        row.state == LISTENS
            && row.local.port() == address.port()
            && (row.local.ip() == address.ip() || row.local.ip().is_unspecified())
    };
    let rows: Vec<TcpRow> = tcp_table()?.into_iter().filter(takes).collect();
    if rows.is_empty() {
        return Err(stranger_at(address, "no process here is known to listen there".into()));
    }
    rows.iter().try_for_each(|row| check_owner(address, row))
}

/// An error unless the far end of this very connection is held by a process of the user's own. To be asked once it has
/// said something: the kernel knows nobody's socket before the connection is taken.
pub(crate) fn check_connection(address: SocketAddr, own_end: SocketAddr) -> Result<(), KitError> {
    let far_end = |row: &TcpRow| row.local == address && row.remote == own_end;
    let rows = tcp_table()?;
    let row = rows.iter().find(|row| far_end(row)).ok_or_else(|| {
        stranger_at(address, "the other end of the connection is in no list of this network namespace".into())
    })?;
    check_owner(address, row)
}

fn check_owner(address: SocketAddr, row: &TcpRow) -> Result<(), KitError> {
    if row.inode != 0 && own_process_with(row.inode) {
        return Ok(());
    }
    let found = format!("the socket there is user {}'s and no process of yours holds it", row.uid);
    Err(stranger_at(address, found))
}

fn stranger_at(address: SocketAddr, found: String) -> KitError {
    KitError::Stranger { at: address.to_string(), found, meant: format!("a process of your own (user {})", geteuid()) }
}

/// True when a process of the user's own has this socket open. The user noted at a socket alone proves nothing: it is
/// the one who made it, and a service that began as root gives its rights up afterwards.
fn own_process_with(inode: u64) -> bool {
    let own = geteuid().as_raw();
    fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| {
        let is_process = entry.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        is_process
            && entry.metadata().is_ok_and(|state| state.uid() == own)
            && socket_inodes(&entry.path().join("fd")).is_ok_and(|inodes| inodes.contains(&inode))
    })
}

/// The sockets among a process's open files (`/proc/PID/fd`), by number.
pub(crate) fn socket_inodes(directory: &Path) -> io::Result<HashSet<u64>> {
    let mut inodes = HashSet::new();
    for entry in fs::read_dir(directory)? {
        let Ok(target) = fs::read_link(entry?.path()) else { continue };
        let inode = |text: &str| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok();
        inodes.extend(target.to_str().and_then(inode));
    }
    Ok(inodes)
}

/// A Unix socket in the kernel's table that has a name in a file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnixRow {
    /// It takes connections.
    pub listens: bool,
    /// Its number, as it stands in `/proc/PID/fd`.
    pub inode: u64,
    /// The name it was given.
    pub path: PathBuf,
}

/// The Unix sockets that a process has open and that have a name in a file system.
///
/// # Errors
/// The process can't be looked at.
pub fn unix_sockets_of(pid: u32) -> io::Result<Vec<UnixRow>> {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let inodes = socket_inodes(&process.join("fd"))?;
    let mut rows = unix_rows(&fs::read(process.join("net/unix"))?);
    rows.retain(|row| inodes.contains(&row.inode));
    Ok(rows)
}

/// `/proc/PID/net/unix` (columns: `Num RefCount Protocol Flags Type St Inode Path`, the first six of a fixed width).
///
/// The kernel writes names as they are: one with a line break makes a line that looks like any other. So a row proves
/// nothing, and who listens on a path has to be asked of the socket itself.
fn unix_rows(table: &[u8]) -> Vec<UnixRow> {
    const ACCEPTS: u32 = 1 << 16; // __SO_ACCEPTCON, linux/net.h
    let row = |line: &[u8]| {
        let mut rest = line;
        let mut field = |width: Option<usize>| {
            let text = rest.trim_ascii_start();
            let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
            let (text, behind) = text.split_at_checked(end)?;
            rest = behind;
            str::from_utf8(text).ok().filter(|text| width.is_none_or(|width| text.len() == width))
        };
        field(None)?.strip_suffix(':').filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        field(Some(8))?;
        field(Some(8))?;
        let flags = u32::from_str_radix(field(Some(8))?, 16).ok()?;
        field(Some(4))?;
        field(Some(2))?;
        let inode = field(None)?.parse().ok()?;
        // One blank, and then the name to its last byte. An abstract one begins with `@` and is none of a file.
        let name = rest.strip_prefix(b" ").filter(|name| name.starts_with(b"/"))?;
        Some(UnixRow { listens: flags & ACCEPTS != 0, inode, path: OsStr::from_bytes(name).into() })
    };
    table.split(|byte| *byte == b'\n').skip(1).filter_map(row).collect()
}

/// `TCP_LISTEN` (`net/tcp_states.h`).
const LISTENS: u8 = 0x0a;

#[derive(Clone, PartialEq, Eq, Debug)]
struct TcpRow {
    local: SocketAddr,
    remote: SocketAddr,
    state: u8,
    uid: u32,
    inode: u64,
}

/// Every TCP socket of our own network namespace, the one in which we connect.
fn tcp_table() -> Result<Vec<TcpRow>, KitError> {
    let read = |name: &str| fs::read_to_string(format!("/proc/thread-self/net/{name}"));
    let table = read("tcp").map_err(|source| KitError::io("reading who listens (/proc/net/tcp)", source))?;
    // A kernel without IPv6 has no such file.
    let table = table + &read("tcp6").unwrap_or_default();
    Ok(table.lines().filter_map(tcp_row).collect())
}

/// Columns: `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`.
fn tcp_row(line: &str) -> Option<TcpRow> {
    let mut columns = line.split_ascii_whitespace();
    columns.next()?.strip_suffix(':')?;
    let local = tcp_end(columns.next()?)?;
    let remote = tcp_end(columns.next()?)?;
    let state = u8::from_str_radix(columns.next()?, 16).ok()?;
    let uid = columns.nth(3)?.parse().ok()?;
    let inode = columns.nth(1)?.parse().ok()?;
    Some(TcpRow { local, remote, state, uid, inode })
}

/// `0100007F:1F90`: words of 32 bits in this machine's order, each eight digits. An IPv4 address in IPv6's clothes comes
/// out as itself.
fn tcp_end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (index, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(index)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    const TABLE: &str = "Num       RefCount Protocol Flags    Type St Inode Path\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 100 /run/a/control.sock\n\
        0000000000000000: 00000003 00000000 00000000 0001 03 200 /run/b/control.sock\n\
        0000000000000000: 00000002 00000000 00010000 0001 01   300 /run/with blank/control.sock\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 400 @/abstract/control.sock\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 500\n\
        0000000000000000: 00000002 00000000 00010000 0001 01 600 x\n\
        600 7 8 9 /forged/control.sock\n\
        0000000000000000: 00000002 00000000 10000 0001 01 700 /narrow/control.sock\n";

    #[test]
    fn a_row_has_its_fields_at_fixed_places() {
        let rows = unix_rows(TABLE.as_bytes());
        let found: Vec<_> = rows.iter().map(|row| (row.inode, row.listens, row.path.to_str().unwrap())).collect();
        assert_eq!(
            found,
            [
                (100, true, "/run/a/control.sock"),
                (200, false, "/run/b/control.sock"),
                (300, true, "/run/with blank/control.sock"),
            ]
        );
    }

    #[test]
    fn ends_are_read_as_the_kernel_writes_them() {
        let line =
            "   0: 0100007F:1F90 0200007F:0050 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0 ";
        let row = tcp_row(line).unwrap();
        assert_eq!((row.local, row.remote), (([127, 0, 0, 1], 8080).into(), ([127, 0, 0, 2], 80).into()));
        assert_eq!((row.state, row.uid, row.inode), (LISTENS, 1000, 12345));
        let mapped = tcp_end("0000000000000000FFFF00000100007F:1F90").unwrap();
        assert_eq!(mapped, ([127, 0, 0, 1], 8080).into());
        assert_eq!(tcp_end("00000000000000000000000001000000:1F90").unwrap(), "[::1]:8080".parse().unwrap());
        assert!(tcp_end("zz:1").is_none() && tcp_row("  sl  local_address rem_address").is_none());
    }

    #[test]
    fn our_own_listener_is_known_and_a_port_without_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        check_listener(address).unwrap();
        let near = TcpStream::connect(address).unwrap();
        let own_end = near.local_addr().unwrap();
        // Nobody has taken it yet: it is nobody's.
        assert!(matches!(check_connection(address, own_end), Err(KitError::Stranger { .. })));
        let far = listener.accept().unwrap();
        check_connection(address, own_end).unwrap();
        drop((near, far, listener));
        assert!(matches!(check_listener(address), Err(KitError::Stranger { .. })));
    }

    #[test]
    fn a_unix_socket_is_the_process_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        let channel = UnixStream::connect(&path).unwrap();
        let pid = std::process::id() as i32;
        check_unix(&channel, &path, Expected::OwnUser).unwrap();
        check_unix(&channel, &path, Expected::Process(pid)).unwrap();
        let other = check_unix(&channel, &path, Expected::Process(1));
        assert!(matches!(&other, Err(KitError::Stranger { meant, .. }) if meant == "process 1"), "{other:?}");
    }
}
