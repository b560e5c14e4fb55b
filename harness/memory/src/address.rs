//! An address in the target.

use std::fmt;

/// Size of a page of the target, in bytes. Only x86-64 and AArch64 with 4 KiB pages are supported.
pub const PAGE_BYTES: u64 = 4096;

/// An address in the target. Never a pointer of ours, never a `usize`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address(pub u64);

impl Address {
    /// The null pointer.
    pub const NULL: Self = Self(0);

    /// True for the null pointer.
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The address `bytes` further on; wraps, because target memory may hold any number.
    #[must_use]
    pub const fn offset(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// The address `bytes` before; wraps.
    #[must_use]
    pub const fn back(self, bytes: u64) -> Self {
        Self(self.0.wrapping_sub(bytes))
    }

    /// Bytes from `start` to this address, wrapping.
    #[must_use]
    pub const fn since(self, start: Self) -> u64 {
        self.0.wrapping_sub(start.0)
    }

    /// The start of the page this address is in.
    #[must_use]
    pub const fn page_start(self) -> Self {
        Self(self.0 & !(PAGE_BYTES - 1))
    }

    /// True when the address is a multiple of `bytes` (a power of two).
    #[must_use]
    pub const fn is_aligned(self, bytes: u64) -> bool {
        self.0 & (bytes - 1) == 0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
