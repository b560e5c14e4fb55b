//! `Include/dictobject.h`.

/// `ma_fill`: slots in use, dummies included.
pub const MA_FILL: u64 = 16;
/// `ma_used`: live entries.
pub const MA_USED: u64 = 24;
/// `ma_mask`: slots minus one.
pub const MA_MASK: u64 = 32;
/// `ma_table`: may point at `ma_smalltable`.
pub const MA_TABLE: u64 = 40;
/// `ma_smalltable`.
pub const MA_SMALLTABLE: u64 = 56;
/// `sizeof(PyDictObject)`.
pub const PYDICTOBJECT_BYTES: u64 = 248;
/// `sizeof(PyDictEntry)`.
pub const ENTRY_BYTES: usize = 24;
/// `me_key`.
pub const ME_KEY: usize = 8;
/// `me_value`: null where the key is a dummy or null.
pub const ME_VALUE: usize = 16;
