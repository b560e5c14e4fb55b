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
    /// Names and kinds of variables in one tuple; all 0 where there are several.
    pub variables: CodeVariables,
    /// Tables in memory of their own; all 0 where there are none.
    pub caches: CodeCaches,
}

/// What a code object keeps outside itself that is counted as its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeCaches {
    /// `co_cell2arg`: a word for each variable in `co_cellvars`.
    pub arguments: u64,
    /// `co_opcache_map`: a byte for each instruction.
    pub map: u64,
    /// `co_opcache`.
    pub entries: u64,
    /// `co_opcache_size`, a byte: how many entries.
    pub count: u64,
    /// `sizeof(_PyOpcache)`.
    pub entry_bytes: u64,
}

impl CodeCaches {
    /// Of a series that has none.
    pub const NONE: Self = Self { arguments: 0, map: 0, entries: 0, count: 0, entry_bytes: 0 };
}

/// What a code object says of the variables of its calls, where all of them stand in one row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeVariables {
    /// `co_nlocalsplus`, an `int`.
    pub count: u64,
    /// `co_localsplusnames`.
    pub names: u64,
    /// `co_framesize`, an `int`: words of a frame, its head included; 0 where variables and `co_stacksize` tell.
    pub frame_words: u64,
}

impl CodeVariables {
    /// Of a series that has none.
    pub const NONE: Self = Self { count: 0, names: 0, frame_words: 0 };
}

/// `_PyInterpreterFrame` (`Include/internal/pycore_frame.h`); all 0 where calls are objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InterpreterFrame {
    /// `f_executable`: the code.
    pub executable: u64,
    /// `previous`: the calling frame.
    pub previous: u64,
    /// `f_locals`: the dict of module level and class level code.
    pub locals: u64,
    /// `frame_obj`.
    pub frame_obj: u64,
    /// `instr_ptr`.
    pub instruction: u64,
    /// `stacktop`, an `int`: words of `localsplus` in use; below zero while the frame runs.
    pub stacktop: u64,
    /// `owner`, a byte.
    pub owner: u64,
    /// `FRAME_OWNED_BY_THREAD`.
    pub owned_by_thread: u8,
    /// `FRAME_OWNED_BY_FRAME_OBJECT`.
    pub owned_by_object: u8,
    /// `FRAME_OWNED_BY_CSTACK`: between two of the interpreter's own calls; nothing of it is read.
    pub owned_by_c: u8,
    /// `localsplus`.
    pub variables: u64,
    /// References of the head that it owns beside its code, visited by the collector.
    pub fields: &'static [(u64, &'static str)],
    /// What the reference to its code is called.
    pub code_field: &'static str,
}

impl InterpreterFrame {
    /// Of a series that has none.
    pub const NONE: Self = Self {
        executable: 0,
        previous: 0,
        locals: 0,
        frame_obj: 0,
        instruction: 0,
        stacktop: 0,
        owner: 0,
        owned_by_thread: 0,
        owned_by_object: 0,
        owned_by_c: 0,
        variables: 0,
        fields: &[],
        code_field: "",
    };
}

/// `_PyRuntimeState`, and what of an interpreter's state is found by it (`Include/internal/pycore_runtime.h`,
/// `pycore_interp.h`). Offsets in the interpreter's state, unless something else is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Runtime {
    /// `sizeof(_PyRuntimeState)`.
    pub bytes: u64,
    /// `sizeof(PyInterpreterState)`.
    pub interpreter_bytes: u64,
    /// In the runtime: `interpreters.head`.
    pub head: u64,
    /// In the runtime: `interpreters.main`.
    pub main: u64,
    /// `gc`.
    pub gc: u64,
    /// Behind `gc`: `generations`.
    pub generations: u64,
    /// Behind `gc`: `enabled`, an `int`.
    pub enabled: u64,
    /// Behind `gc`: `collecting`, an `int`.
    pub collecting: u64,
    /// Behind `gc`: `garbage`.
    pub garbage: u64,
    /// Behind `gc`: `long_lived_total` and `long_lived_pending`.
    pub long_lived: (u64, u64),
    /// `ceval.gil`; 0 where the runtime has the thread that runs.
    pub gil: u64,
    /// Behind that pointer: `last_holder`.
    pub gil_holder: u64,
    /// In the runtime: `gilstate.tstate_current`. `None` from 3.12.
    pub current_thread: Option<u64>,
    /// `cached_objects.interned_strings`; `None` where it is a file-local variable.
    pub interned: Option<u64>,
    /// `types.type_cache`, or `type_cache`: what was found of attributes of types.
    pub type_cache: TypeCache,
    /// Rows of what interpreters keep of static types, built-in ones and those of extensions: first row and how many; none
    /// where types have it all themselves.
    pub static_types: [(u64, u64); 2],
    /// A row of these.
    pub static_type: StaticTypeRow,
    /// Behind pymalloc's state: `mgmt.arenas` and `mgmt.maxarenas`.
    pub arenas: (u64, u64),
    /// What the interpreter tells of itself to debuggers; `None` up to 3.12.
    pub debug_offsets: Option<DebugOffsets>,
}

/// `struct type_cache` (`Include/internal/pycore_typeobject.h`). It owns the names and borrows the values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeCache {
    /// Where it is, in the interpreter's state.
    pub at: u64,
    /// `1 << MCACHE_SIZE_EXP`.
    pub entries: u64,
    /// `sizeof(struct type_cache_entry)`.
    pub entry_bytes: u64,
    /// `name`, in an entry.
    pub name: u64,
}

/// `managed_static_type_state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StaticTypeRow {
    /// `sizeof`.
    pub bytes: u64,
    /// `type`.
    pub type_at: u64,
    /// `tp_dict`.
    pub tp_dict: u64,
    /// `tp_subclasses`.
    pub tp_subclasses: u64,
}

/// `_Py_DebugOffsets`: where its own numbers stand, and what each must be or replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DebugOffsets {
    /// `cookie`, at the very beginning.
    pub cookie: &'static [u8],
    /// `version`: the word that `Py_Version` has.
    pub version: u64,
    /// `free_threaded`, a word.
    pub free_threaded: u64,
    /// Where a number stands, and which field it is.
    pub rows: &'static [(u64, DebugField)],
}

/// A field of which an interpreter tells where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DebugField {
    /// `interpreter_state.gc`, as the interpreter's sources call it.
    pub name: &'static str,
    /// What is laid out as the dialect has it, unless the interpreter tells another offset: which of the dialect's fields.
    pub which: Told,
    /// What the dialect has.
    pub expected: u64,
}

/// Which offsets a running interpreter may tell otherwise than the dialect does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// None: another number is another structure, which is refused.
    Fixed,
    /// `PyInterpreterState.next`.
    InterpreterNext,
    /// `PyInterpreterState.threads.head`.
    ThreadsHead,
    /// `PyInterpreterState.gc`.
    Collector,
    /// `PyInterpreterState.imports.modules`.
    Modules,
    /// `PyInterpreterState.ceval.gil`.
    Gil,
    /// `PyThreadState.next`.
    ThreadNext,
    /// `PyThreadState.interp`.
    ThreadInterpreter,
    /// `PyThreadState.current_frame`.
    ThreadFrame,
    /// `PyThreadState.thread_id`.
    ThreadId,
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
    /// `f_stacktop`: null while the frame runs; 0 where a depth is told.
    pub f_stacktop: u64,
    /// `f_stackdepth`, an `int`: below zero while the frame runs; 0 where the top is told.
    pub f_stackdepth: u64,
    /// `f_state`, a byte; 0 where the series has none.
    pub f_state: u64,
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
    /// Where the innermost frame is behind the pointer at `frame`, which is `cframe` then; `None` where `frame` is it.
    pub frame_behind: Option<u64>,
    /// `PyThreadState.exc_type`: the class of the exception that was handled last; `exc_value` and `exc_traceback` stand
    /// behind it.
    pub exc_type: u64,
    /// `PyThreadState.use_tracing`, an `int`: not zero while a trace or profile function is set.
    pub use_tracing: u64,
    /// `PyThreadState.thread_id`: `pthread_self()` of the thread.
    pub thread_id: u64,
    /// Objects that a thread state owns, beside its frame.
    pub fields: &'static [(u64, &'static str)],
    /// `datastack_chunk`: the chunk that calls are in; 0 where they are objects.
    pub data_chunk: u64,
    /// `_PyStackChunk`: `previous` and `size`.
    pub chunk: (u64, u64),
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
