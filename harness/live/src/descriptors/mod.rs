//! What a process has open, and what went through it so far: `/proc/PID/fd`, `fdinfo`, `net` and `io`, and the kernel's
//! own counts of its TCP connections.

mod counters;
mod sockets;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use crate::process::Process;
use bloathound_profile::DescriptorKind;
use sockets::SocketInfo;

/// Descriptors that are looked at: a process with more is told of these.
const DESCRIPTORS_MAX: usize = 65_536;

/// One descriptor.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenDescriptor {
    /// Its number.
    pub number: u32,
    /// What the kernel calls it: tells one socket from another that gets the same number.
    pub identity: String,
    /// What sort of thing.
    pub kind: DescriptorKind,
    /// For people: `socket 127.0.0.1:80, listening`, `pipe`, `file /var/log/x`.
    pub what: String,
    /// The other side has closed it: nothing more will come.
    pub is_at_end: bool,
    /// It has another side that data can come from.
    pub is_connected: bool,
    /// Of a TCP socket that listens, its port.
    pub listening_port: Option<u16>,
    /// It was opened to write only.
    pub is_write_only: bool,
    /// Bytes that wait to be received; of a listening socket, connections that wait to be accepted.
    pub waiting: Option<u64>,
    /// Bytes received and acknowledged so far, of a TCP connection; of a file, how far it is.
    pub passed: Option<u64>,
}

/// What went through read and write calls of a process so far; receiving and sending by a socket's own calls is not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IoCounts {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Calls that read.
    pub reads: u64,
    /// Calls that wrote.
    pub writes: u64,
}

/// All of that at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenDescriptors {
    /// By number.
    pub list: Vec<OpenDescriptor>,
    /// `None` where the kernel does not count.
    pub io: Option<IoCounts>,
    /// The kernel's counts of TCP connections could be had.
    pub tcp_is_counted: bool,
    /// As many as the process may have open; `None` where that can't be read, or there is no limit.
    pub most: Option<u64>,
}

/// Devices that bring nothing from anybody: CPython 2.7 keeps the one it seeds by open.
const BRING_NOTHING: &[&str] = &["/dev/null", "/dev/full", "/dev/zero", "/dev/random", "/dev/urandom"];
/// Bits of `open`'s flags that say what for, and what they are where that is to write only (`fcntl.h`).
const ACCESS_BITS: u32 = 3;
const WRITE_ONLY: u32 = 1;

impl OpenDescriptors {
    /// True where `read` and its like can bring nothing but what regular files hold: what else there is is counted for
    /// itself, is never read, or is only written to.
    #[must_use]
    pub fn only_files_are_read(&self) -> bool {
        self.list.iter().all(|one| match one.kind {
            DescriptorKind::File | DescriptorKind::Listening | DescriptorKind::Poller => true,
            DescriptorKind::Socket => one.passed.is_some(),
            DescriptorKind::Pipe | DescriptorKind::Other => {
                one.is_write_only || BRING_NOTHING.contains(&one.identity.as_str())
            }
        })
    }
}

impl Process {
    /// What it has open, now. What can't be read is left out.
    #[must_use]
    pub fn descriptors(&self) -> OpenDescriptors {
        let directory = self.directory();
        let links = links(directory);
        let inodes: BTreeSet<u64> = links.iter().filter_map(|(_, link)| socket_inode(link)).collect();
        let sockets = if inodes.is_empty() { HashMap::new() } else { sockets::of(directory, &inodes) };
        let has_tcp = sockets.values().any(|socket| socket.is_tcp);
        let counted = if has_tcp { counters::tcp(directory, &inodes) } else { Some(HashMap::new()) };
        let list = links
            .into_iter()
            .map(|(number, link)| {
                let socket = socket_inode(&link).and_then(|inode| Some((inode, sockets.get(&inode)?)));
                let passed = socket.and_then(|(inode, _)| counted.as_ref()?.get(&inode).copied());
                describe(directory, number, link, socket.map(|(_, socket)| socket), passed)
            })
            .collect();
        let io = fs::read_to_string(directory.join("io")).ok().map(|text| parse_io(&text));
        let most = fs::read_to_string(directory.join("limits")).ok().and_then(|text| most_open(&text));
        OpenDescriptors { list, io, tcp_is_counted: counted.is_some(), most }
    }
}

/// The soft limit of open files, by `/proc/PID/limits` (`proc_pid_limits(5)`).
fn most_open(limits: &str) -> Option<u64> {
    let row = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    row.split_whitespace().next()?.parse().ok()
}

/// Numbers and what they lead to, by number.
fn links(directory: &Path) -> Vec<(u32, String)> {
    let Ok(entries) = fs::read_dir(directory.join("fd")) else {
        return Vec::new();
    };
    let link = |entry: fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        Some((number, fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()))
    };
    let mut links: Vec<(u32, String)> = entries.flatten().take(DESCRIPTORS_MAX).filter_map(link).collect();
    links.sort();
    links
}

fn socket_inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn describe(
    directory: &Path,
    number: u32,
    link: String,
    socket: Option<&SocketInfo>,
    passed: Option<u64>,
) -> OpenDescriptor {
    let plain = |kind, what: String| OpenDescriptor { number, kind, what, ..OpenDescriptor::default() };
    let mut found = match socket {
        Some(socket) => OpenDescriptor {
            is_at_end: socket.is_at_end,
            is_connected: socket.is_connected,
            listening_port: socket.listening_port,
            waiting: socket.waiting,
            passed,
            ..plain(
                if socket.is_listening { DescriptorKind::Listening } else { DescriptorKind::Socket },
                socket.what.clone(),
            )
        },
        None if link.starts_with("socket:") => plain(DescriptorKind::Socket, "socket".to_owned()),
        None if link.starts_with("pipe:") => plain(DescriptorKind::Pipe, "pipe".to_owned()),
        None if link == "anon_inode:[eventpoll]" => plain(DescriptorKind::Poller, "epoll".to_owned()),
        None if link.starts_with("anon_inode:") => plain(DescriptorKind::Other, link.clone()),
        None if link.starts_with("/dev/") => plain(DescriptorKind::Other, link.clone()),
        None => plain(DescriptorKind::File, format!("file {link}")),
    };
    match found.kind {
        DescriptorKind::File => found.passed = of_kernel(directory, number, "pos:", 10),
        DescriptorKind::Pipe | DescriptorKind::Other => {
            let access = of_kernel(directory, number, "flags:", 8).map(|flags| flags as u32 & ACCESS_BITS);
            found.is_write_only = access == Some(WRITE_ONLY);
        }
        DescriptorKind::Listening | DescriptorKind::Socket | DescriptorKind::Poller => {}
    }
    found.identity = link;
    found
}

/// A number that the kernel tells of a descriptor: how far a file is, or with which flags it was opened.
fn of_kernel(directory: &Path, number: u32, name: &str, radix: u32) -> Option<u64> {
    let text = fs::read_to_string(directory.join(format!("fdinfo/{number}"))).ok()?;
    let said = text.lines().find_map(|line| line.strip_prefix(name))?;
    u64::from_str_radix(said.trim(), radix).ok()
}

fn parse_io(text: &str) -> IoCounts {
    let count = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    };
    IoCounts {
        read_bytes: count("rchar"),
        written_bytes: count("wchar"),
        reads: count("syscr"),
        writes: count("syscw"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    fn own(number: u32) -> OpenDescriptor {
        let own = Process::open(std::process::id()).unwrap().descriptors();
        own.list.into_iter().find(|one| one.number == number).unwrap()
    }

    fn number(of: &impl std::os::fd::AsRawFd) -> u32 {
        of.as_raw_fd().cast_unsigned()
    }

    #[test]
    fn a_connection_is_told_with_its_peer_what_passed_and_that_it_was_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let mut here = TcpStream::connect(at).unwrap();
        let listening = own(number(&listener));
        assert_eq!((listening.kind, listening.waiting), (DescriptorKind::Listening, Some(1)));
        assert_eq!(listening.listening_port, Some(at.port()));
        assert_eq!(listening.what, format!("socket {at}, listening"));
        let (mut there, _) = listener.accept().unwrap();
        there.write_all(&[7; 1000]).unwrap();
        here.read_exact(&mut [0; 1000]).unwrap();
        let open = own(number(&here));
        assert!(!open.is_at_end && open.what.ends_with(&format!("to {at}")), "{open:?}");
        if let Some(passed) = open.passed {
            // The kernel counts the opening of a connection as one more, once it is acknowledged.
            assert!((1000..=1001).contains(&passed), "{passed}");
        }
        there.shutdown(Shutdown::Both).unwrap();
        here.read_to_end(&mut Vec::new()).unwrap();
        let closed = own(number(&here));
        assert!(closed.is_at_end && closed.what.ends_with(", closed by its peer"), "{closed:?}");
    }

    #[test]
    fn files_and_counts() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"12345").unwrap();
        let seen = own(number(&file));
        assert_eq!((seen.kind, seen.passed), (DescriptorKind::File, Some(5)));
        let opened = |file: fs::File| own(number(&file)).is_write_only;
        assert!(opened(fs::OpenOptions::new().write(true).open("/dev/null").unwrap()));
        assert!(!opened(fs::File::open("/dev/zero").unwrap()));
        let counts = parse_io("rchar: 12\nwchar: 7\nsyscr: 3\nsyscw: 1\nread_bytes: 0\n");
        assert_eq!(counts, IoCounts { read_bytes: 12, written_bytes: 7, reads: 3, writes: 1 });
        assert_eq!(parse_io(""), IoCounts::default());
    }
}
