//! Bytes that went over TCP connections so far, as the kernel counts them itself: asked by netlink's `sock_diag`
//! (`linux/inet_diag.h`). Nothing else counts them, `/proc/PID/io` least of all.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, connect, recv, send, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// `SOCK_DIAG_BY_FAMILY`, and messages that end an answer.
const BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const TCP: u8 = 6;
/// `INET_DIAG_INFO`: the attribute, and the bit that asks for it.
const INFO: u16 = 2;
const ASK_INFO: u8 = 1 << (INFO - 1);
/// `struct nlmsghdr`, `struct inet_diag_req_v2`, `struct inet_diag_msg`.
const HEADER_BYTES: usize = 16;
const REQUEST_BYTES: usize = 56;
const MESSAGE_BYTES: usize = 72;
/// `idiag_inode` in `struct inet_diag_msg`.
const INODE_AT: usize = 68;
/// `tcpi_bytes_acked` and `tcpi_bytes_received` in `struct tcp_info`: there since Linux 4.1.
const ACKED_AT: usize = 120;
const RECEIVED_AT: usize = 128;
/// Parts of an answer that are read: a kernel that never ends one is left.
const PARTS_MAX: usize = 4096;

/// Bytes received and acknowledged, by the socket's inode; `None` where the kernel doesn't say, or the target's network is
/// another than ours.
pub(super) fn tcp(directory: &Path, inodes: &BTreeSet<u64>) -> Option<HashMap<u64, u64>> {
    let ours = fs::read_link("/proc/self/ns/net").ok()?;
    if fs::read_link(directory.join("ns/net")).ok()? != ours {
        return None;
    }
    let kernel =
        socket(AddressFamily::Netlink, SockType::Datagram, SockFlag::SOCK_CLOEXEC, Some(SockProtocol::NetlinkSockDiag))
            .ok()?;
    setsockopt(&kernel, sockopt::ReceiveTimeout, &TimeVal::milliseconds(500)).ok()?;
    connect(kernel.as_raw_fd(), &NetlinkAddr::new(0, 0)).ok()?;
    let mut found = HashMap::new();
    for family in [nix::libc::AF_INET, nix::libc::AF_INET6] {
        dump(&kernel, family as u8, inodes, &mut found)?;
    }
    Some(found)
}

fn dump(kernel: &OwnedFd, family: u8, inodes: &BTreeSet<u64>, found: &mut HashMap<u64, u64>) -> Option<()> {
    let mut request = Vec::with_capacity(HEADER_BYTES + REQUEST_BYTES);
    request.extend(((HEADER_BYTES + REQUEST_BYTES) as u32).to_ne_bytes());
    request.extend(BY_FAMILY.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    request.extend([0; 8]);
    request.extend([family, TCP, ASK_INFO, 0]);
    // All states.
    request.extend(u32::MAX.to_ne_bytes());
    request.resize(HEADER_BYTES + REQUEST_BYTES, 0);
    send(kernel.as_raw_fd(), &request, MsgFlags::empty()).ok()?;
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..PARTS_MAX {
        let len = recv(kernel.as_raw_fd(), &mut buffer, MsgFlags::empty()).ok()?;
        if take(buffer.get(..len)?, inodes, found)? {
            return Some(());
        }
    }
    None
}

/// Takes one part of an answer; true when it was the last, `None` for an error.
fn take(mut part: &[u8], inodes: &BTreeSet<u64>, found: &mut HashMap<u64, u64>) -> Option<bool> {
    while part.len() >= HEADER_BYTES {
        let len = (word(part, 0)? as usize).max(HEADER_BYTES);
        let message = part.get(..len)?;
        match half(message, 4)? {
            NLMSG_DONE => return Some(true),
            NLMSG_ERROR => return None,
            _ => {}
        }
        let body = message.get(HEADER_BYTES..)?;
        if let Some((inode, passed)) = connection(body)
            && inodes.contains(&inode)
        {
            found.insert(inode, passed);
        }
        part = part.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(false)
}

/// The inode of a connection and the bytes that went over it.
fn connection(body: &[u8]) -> Option<(u64, u64)> {
    let inode = u64::from(word(body, INODE_AT)?);
    let mut attributes = body.get(MESSAGE_BYTES..)?;
    while attributes.len() >= 4 {
        let len = usize::from(half(attributes, 0)?).max(4);
        if half(attributes, 2)? == INFO {
            let info = attributes.get(4..len)?;
            return Some((inode, long(info, ACKED_AT)?.saturating_add(long(info, RECEIVED_AT)?)));
        }
        attributes = attributes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_answer_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut found = HashMap::new();
            let _ = take(&bytes, &BTreeSet::from([0, 1]), &mut found);
            let _ = connection(&bytes);
        }
    }
}
