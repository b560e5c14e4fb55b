//! What a process has to do with the outside: its descriptors, and what went through them while it was sampled.

use serde::{Deserialize, Serialize};

use crate::exact;

/// What sort of thing a descriptor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum DescriptorKind {
    /// A socket that takes connections.
    Listening,
    /// Any other socket.
    Socket,
    /// One end of a pipe.
    Pipe,
    /// A regular file.
    File,
    /// What waits for others: `epoll`.
    Poller,
    /// Anything else.
    #[default]
    Other,
}

/// A descriptor as it was at the end.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Descriptor {
    /// Its number.
    pub number: u32,
    /// What sort of thing.
    pub kind: DescriptorKind,
    /// For people: `socket 127.0.0.1:80, listening`.
    pub what: String,
    /// The other side has closed it.
    pub is_at_end: bool,
    /// It has another side that data can come from.
    pub is_connected: bool,
    /// Bytes that wait to be received; of a listening socket, connections that wait to be accepted.
    pub waiting: Option<u64>,
    /// It is another one than at the beginning.
    pub is_new: bool,
    /// Bytes that went over it, or how far a file moved; `None` where that is not counted.
    pub moved: Option<u64>,
}

/// Traffic with the outside while the process was sampled.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outside {
    /// For how long.
    #[serde(with = "exact")]
    pub seconds: f64,
    /// Bytes read by `read` and its like: not by a socket's own calls.
    pub read_bytes: Option<u64>,
    /// Calls that read them.
    pub reads: Option<u64>,
    /// Nothing but regular files was open that `read` and its like could have brought data from, and that is not counted
    /// for itself: `read_bytes` is of files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_files_are_read: bool,
    /// Bytes written by `write` and its like.
    pub written_bytes: Option<u64>,
    /// What goes over TCP connections was counted, where there are any.
    pub tcp_is_counted: bool,
    /// By number.
    pub descriptors: Vec<Descriptor>,
    /// Descriptors of the beginning that were gone, or had become others.
    pub gone: u64,
    /// As many descriptors as the process may have open: its limit, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors_max: Option<u64>,
}

impl Descriptor {
    /// Replaces what says who the peers are, and the folders of files.
    pub fn redact(&mut self, without_folders: impl Fn(&str) -> String) {
        let end = self.what.rsplit_once(", ").map(|(_, end)| format!(", {end}")).unwrap_or_default();
        match self.kind {
            DescriptorKind::Listening | DescriptorKind::Socket => self.what = format!("socket{end}"),
            DescriptorKind::File => self.what = without_folders(&self.what),
            DescriptorKind::Pipe | DescriptorKind::Poller | DescriptorKind::Other => {}
        }
    }
}

impl Outside {
    /// Bytes that went over sockets whose bytes the kernel counts.
    #[must_use]
    pub fn socket_bytes(&self) -> u64 {
        let sockets = self.descriptors.iter().filter(|one| one.kind == DescriptorKind::Socket);
        sockets.filter_map(|one| one.moved).fold(0, u64::saturating_add)
    }

    /// The limit of open descriptors, where it is reached: nothing more can be opened or accepted.
    #[must_use]
    pub fn limit_reached(&self) -> Option<u64> {
        self.descriptors_max.filter(|most| self.descriptors.len() as u64 >= *most)
    }

    /// The descriptor of this number.
    #[must_use]
    pub fn descriptor(&self, number: u32) -> Option<&Descriptor> {
        self.descriptors.iter().find(|one| one.number == number)
    }
}
