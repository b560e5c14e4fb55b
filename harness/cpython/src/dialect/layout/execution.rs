//! Where code, frames and threads keep what runs.

/// `PyCodeObject` (`Include/code.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeObject {
    /// `co_argcount`, an `int`.
    pub co_argcount: u64,
    /// `co_nlocals`, an `int`.
    pub co_nlocals: u64,
    /// `co_stacksize`, an `int`.
    pub co_stacksize: u64,
    /// `co_flags`, an `int`.
    pub co_flags: u64,
    /// `co_code`: a `str`.
    pub co_code: u64,
    /// `co_names`.
    pub co_names: u64,
    /// `co_varnames`.
    pub co_varnames: u64,
    /// `co_freevars`.
    pub co_freevars: u64,
    /// `co_cellvars`.
    pub co_cellvars: u64,
    /// `co_filename`.
    pub co_filename: u64,
    /// `co_name`.
    pub co_name: u64,
    /// `co_firstlineno`, an `int`.
    pub co_firstlineno: u64,
    /// `co_lnotab`: a `str` of (bytecode, line) increments.
    pub co_lnotab: u64,
    /// From `co_argcount` to before `co_zombieframe`: what never changes while a code object lives.
    pub constant: (u64, u64),
    /// `CO_GENERATOR`.
    pub flag_generator: u32,
    /// `co_zombieframe`: the frame of the last call, kept for the next one.
    pub co_zombieframe: u64,
}

/// `PyFrameObject` (`Include/frameobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameObject {
    /// `f_back`: the calling frame. The free list of frames links through it too.
    pub f_back: u64,
    /// `f_code`.
    pub f_code: u64,
    /// `f_builtins`.
    pub f_builtins: u64,
    /// `f_globals`.
    pub f_globals: u64,
    /// `f_locals`: the dictionary of module level and class level code, else null.
    pub f_locals: u64,
    /// `f_valuestack`: after the locals, cells and free variables.
    pub f_valuestack: u64,
    /// `f_stacktop`: null while the frame runs.
    pub f_stacktop: u64,
    /// `f_trace`.
    pub f_trace: u64,
    /// `f_exc_type`.
    pub f_exc_type: u64,
    /// `f_exc_value`.
    pub f_exc_value: u64,
    /// `f_exc_traceback`.
    pub f_exc_traceback: u64,
    /// `f_lasti`, an `int`: bytecode offset of the last instruction begun, -1 before the first.
    pub f_lasti: u64,
    /// `f_iblock`, an `int`: entries of the block stack in use.
    pub f_iblock: u64,
    /// `f_blockstack`.
    pub f_blockstack: u64,
    /// `sizeof(PyTryBlock)`: `b_type`, `b_handler`, `b_level`, three `int`s.
    pub try_block_bytes: u64,
    /// `CO_MAXBLOCKS`.
    pub blocks_max: u32,
    /// `b_type` of a loop's block: the only one that a generator may be suspended in and still need no finalizing.
    pub block_loop: u32,
    /// `f_localsplus`: locals, cells and free variables, then the value stack.
    pub f_localsplus: u64,
}

/// `PyTracebackObject` (`Include/traceback.h`) and `PyBaseExceptionObject` (`Include/pyerrors.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExceptionObjects {
    /// `tb_frame`: the frame that the exception came through.
    pub tb_frame: u64,
    /// `tb_lasti`, an `int`: bytecode offset there.
    pub tb_lasti: u64,
    /// Bytes of a traceback that are read.
    pub tb_bytes: u64,
    /// `args` of the exception: a tuple.
    pub args: u64,
    /// Bytes of the structure that all exceptions share; what a C type adds stands behind.
    pub base_bytes: u64,
}

/// `PyThreadState` (`Include/pystate.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ThreadState {
    /// Bytes of it that are read: all but its last fields.
    pub read_bytes: u64,
    /// `PyThreadState.next`.
    pub next: u64,
    /// `PyThreadState.interp`.
    pub interp: u64,
    /// `PyThreadState.frame`: the innermost frame; null when the thread runs no Python code.
    pub frame: u64,
    /// `PyThreadState.exc_type`: the class of the exception that was handled last; `exc_value` and `exc_traceback` stand
    /// behind it.
    pub exc_type: u64,
    /// `PyThreadState.use_tracing`, an `int`: not zero while a trace or profile function is set.
    pub use_tracing: u64,
    /// `PyThreadState.thread_id`: `pthread_self()` of the thread.
    pub thread_id: u64,
    /// Objects that a thread state owns, beside its frame.
    pub fields: &'static [(u64, &'static str)],
}

/// `PyInterpreterState` (`Include/pystate.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterpreterState {
    /// Bytes of it that are read: all but its last fields.
    pub read_bytes: u64,
    /// `PyInterpreterState.next`.
    pub next: u64,
    /// `PyInterpreterState.tstate_head`: the newest thread's state first.
    pub tstate_head: u64,
    /// `PyInterpreterState.modules`.
    pub modules: u64,
    /// Objects that an interpreter state owns.
    pub fields: &'static [(u64, &'static str)],
}
