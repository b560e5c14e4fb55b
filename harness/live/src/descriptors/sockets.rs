//! Sockets by their inode, from the tables of the target's network namespace: `/proc/PID/net/tcp` and its like.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Bytes of one table that are read: a hundred thousand connections.
const TABLE_BYTES_MAX: u64 = 16 << 20;
/// States of TCP (`include/net/tcp_states.h`).
const ESTABLISHED: u8 = 1;
const CLOSE_WAIT: u8 = 8;
const LISTEN: u8 = 10;
/// `SS_CONNECTED` (`include/uapi/linux/net.h`).
const UNIX_CONNECTED: u8 = 3;

/// What a table says of one socket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct SocketInfo {
    pub what: String,
    pub is_tcp: bool,
    pub is_listening: bool,
    pub is_at_end: bool,
    pub is_connected: bool,
    pub listening_port: Option<u16>,
    pub waiting: Option<u64>,
}

/// What the tables say of the sockets with these inodes.
pub(super) fn of(directory: &Path, inodes: &BTreeSet<u64>) -> HashMap<u64, SocketInfo> {
    let mut found = HashMap::new();
    let table = |name: &str| {
        let mut bytes = Vec::new();
        let read = File::open(directory.join("net").join(name)).map(|file| file.take(TABLE_BYTES_MAX));
        let _ = read.and_then(|mut file| file.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    };
    for (name, is_tcp) in [("tcp", true), ("tcp6", true), ("udp", false), ("udp6", false)] {
        let text = table(name);
        found.extend(
            text.lines().skip(1).filter_map(|line| internet(line, is_tcp)).filter(|(of, _)| inodes.contains(of)),
        );
    }
    let text = table("unix");
    found.extend(text.lines().skip(1).filter_map(unix).filter(|(of, _)| inodes.contains(of)));
    found
}

/// A line of `tcp`, `tcp6`, `udp` or `udp6`: the inode and what it is.
fn internet(line: &str, is_tcp: bool) -> Option<(u64, SocketInfo)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (here, there) = (address(fields.get(1)?)?, address(fields.get(2)?)?);
    let state = u8::from_str_radix(fields.get(3)?, 16).ok()?;
    let waiting = u64::from_str_radix(fields.get(4)?.split_once(':')?.1, 16).ok();
    let inode = fields.get(9)?.parse().ok()?;
    let is_listening = is_tcp && state == LISTEN;
    let is_at_end = is_tcp && state == CLOSE_WAIT;
    let to = if there.port() == 0 { String::new() } else { format!(" to {there}") };
    let more = match (is_listening, is_at_end) {
        (true, _) => ", listening",
        (_, true) => ", closed by its peer",
        _ => "",
    };
    let name = if is_tcp { "socket" } else { "UDP socket" };
    let what = format!("{name} {here}{to}{more}");
    let is_connected = state == ESTABLISHED || is_at_end;
    let listening_port = is_listening.then_some(here.port());
    Some((inode, SocketInfo { what, is_tcp, is_listening, is_at_end, is_connected, listening_port, waiting }))
}

/// `0100007F:1F90`: words of the address in the machine's order, the port in hexadecimal.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(ip.get(8 * at..8 * at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = if ip.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let mut bytes = [0; 16];
        for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
            four.copy_from_slice(&word(at)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes))
    };
    Some(SocketAddr::new(ip, port))
}

/// A line of `unix`.
fn unix(line: &str) -> Option<(u64, SocketInfo)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    // `__SO_ACCEPTCON` of include/linux/net.h.
    let is_listening = u64::from_str_radix(fields.get(3)?, 16).ok()? & (1 << 16) != 0;
    let inode = fields.get(6)?.parse().ok()?;
    let path = fields.get(7).map(|path| format!(" {path}")).unwrap_or_default();
    let is_connected = u8::from_str_radix(fields.get(5)?, 16).ok()? == UNIX_CONNECTED;
    let more = if is_listening { ", listening" } else { "" };
    let what = format!("Unix socket{path}{more}");
    Some((inode, SocketInfo { what, is_listening, is_connected, ..SocketInfo::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_of_the_tables() {
        let line = "   0: 0100007F:1F90 0100007F:C350 08 00000000:0000000A 00:00000000 00000000 1000 0 4711 1 0 20";
        let (inode, info) = internet(line, true).unwrap();
        assert_eq!((inode, info.is_at_end, info.waiting), (4711, true, Some(10)));
        assert_eq!(info.what, "socket 127.0.0.1:8080 to 127.0.0.1:50000, closed by its peer");
        let six = "00000000000000000000000001000000:0050";
        assert_eq!(address(six).unwrap().to_string(), "[::1]:80");
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 99 /run/x.sock";
        let (inode, info) = unix(line).unwrap();
        assert_eq!((inode, info.what.as_str()), (99, "Unix socket /run/x.sock, listening"));
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "(?s).{0,200}") {
            let _ = internet(&line, true);
            let _ = unix(&line);
        }
    }
}
