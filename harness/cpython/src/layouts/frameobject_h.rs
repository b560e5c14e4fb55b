//! `Include/frameobject.h`.

/// `f_back`: the calling frame. The free list of frames links through it too.
pub const F_BACK: u64 = 24;
/// `f_code`.
pub const F_CODE: u64 = 32;
/// `f_builtins`.
pub const F_BUILTINS: u64 = 40;
/// `f_globals`.
pub const F_GLOBALS: u64 = 48;
/// `f_locals`: the dictionary of module level and class level code, else null.
pub const F_LOCALS: u64 = 56;
/// `f_valuestack`: after the locals, cells and free variables.
pub const F_VALUESTACK: u64 = 64;
/// `f_stacktop`: null while the frame runs.
pub const F_STACKTOP: u64 = 72;
/// `f_trace`.
pub const F_TRACE: u64 = 80;
/// `f_exc_type`.
pub const F_EXC_TYPE: u64 = 88;
/// `f_exc_value`.
pub const F_EXC_VALUE: u64 = 96;
/// `f_exc_traceback`.
pub const F_EXC_TRACEBACK: u64 = 104;
/// `f_lasti`, an `int`: bytecode offset of the last instruction begun, -1 before the first.
pub const F_LASTI: u64 = 120;
/// `f_iblock`, an `int`: entries of the block stack in use.
pub const F_IBLOCK: u64 = 128;
/// `f_blockstack`.
pub const F_BLOCKSTACK: u64 = 132;
/// `sizeof(PyTryBlock)`: `b_type`, `b_handler`, `b_level`, three `int`s.
pub const TRYBLOCK_BYTES: u64 = 12;
/// `CO_MAXBLOCKS`.
pub const BLOCKS_MAX: u32 = 20;
/// `f_localsplus`: locals, cells and free variables, then the value stack.
pub const F_LOCALSPLUS: u64 = 376;
