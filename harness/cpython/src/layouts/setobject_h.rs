//! `Include/setobject.h`.

/// `used`.
pub const SET_USED: u64 = 24;
/// `mask`: slots minus one.
pub const SET_MASK: u64 = 32;
/// `table`: may point at `smalltable`.
pub const SET_TABLE: u64 = 40;
/// `smalltable`.
pub const SET_SMALLTABLE: u64 = 56;
/// `sizeof(setentry)`.
pub const ENTRY_BYTES: usize = 16;
/// `setentry.key`.
pub const ENTRY_KEY: usize = 8;
