//! `Include/code.h`.

/// `co_nlocals`, an `int`.
pub const CO_NLOCALS: u64 = 20;
/// `co_stacksize`, an `int`.
pub const CO_STACKSIZE: u64 = 24;
/// `co_flags`, an `int`.
pub const CO_FLAGS: u64 = 28;
/// `co_code`: a `str`.
pub const CO_CODE: u64 = 32;
/// `co_names`.
pub const CO_NAMES: u64 = 48;
/// `co_varnames`.
pub const CO_VARNAMES: u64 = 56;
/// `co_freevars`.
pub const CO_FREEVARS: u64 = 64;
/// `co_cellvars`.
pub const CO_CELLVARS: u64 = 72;
/// `co_filename`.
pub const CO_FILENAME: u64 = 80;
/// `co_name`.
pub const CO_NAME: u64 = 88;
/// `co_firstlineno`, an `int`.
pub const CO_FIRSTLINENO: u64 = 96;
/// `co_lnotab`: a `str` of (bytecode, line) increments.
pub const CO_LNOTAB: u64 = 104;
/// From `co_argcount` to before `co_zombieframe`: what never changes while a code object lives.
pub const CO_CONSTANT: std::ops::Range<u64> = 16..112;
/// `CO_GENERATOR`.
pub const CO_GENERATOR: u32 = 0x20;
