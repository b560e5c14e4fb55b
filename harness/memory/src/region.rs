//! A mapping of the target: where it is, what may be done with it, and what it maps.

use crate::Address;

/// Access rights of a mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Permissions {
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// May be executed.
    pub execute: bool,
    /// Shared with other processes (`s`), not private (`p`).
    pub shared: bool,
}

/// What a mapping is, as far as the kernel tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegionKind {
    /// `[heap]`: the brk heap.
    Heap,
    /// `[stack]`: the main thread's stack.
    Stack,
    /// No name: arenas, large malloc chunks, thread stacks, bss.
    Anonymous,
    /// A file; the path as the target sees it, without a ` (deleted)` suffix.
    File {
        /// Path in the target's mount namespace.
        path: String,
        /// The file has been unlinked since.
        deleted: bool,
    },
    /// `[vdso]`, `[vvar]`, `[vsyscall]` and other names in brackets.
    Special(String),
}

/// One mapping of the target's address space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// First address.
    pub start: Address,
    /// One past the last address.
    pub end: Address,
    /// Access rights.
    pub permissions: Permissions,
    /// Offset in the file, bytes.
    pub file_offset: u64,
    /// What it is.
    pub kind: RegionKind,
    /// Resident bytes as the kernel's `smaps` had them at the moment of the copy; `None` where not known.
    pub rss_bytes: Option<u64>,
}

impl Region {
    /// Length in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.end.since(self.start)
    }

    /// True when `address` is inside.
    #[must_use]
    pub fn contains(&self, address: Address) -> bool {
        self.start <= address && address < self.end
    }

    /// The path of the mapped file, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.kind {
            RegionKind::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// True for memory only this process writes: the places a program's objects can be.
    #[must_use]
    pub fn is_private_writable(&self) -> bool {
        self.permissions.read && self.permissions.write && !self.permissions.shared
    }
}
