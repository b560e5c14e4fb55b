//! `Include/pystate.h`: `PyInterpreterState`, `PyThreadState`.

/// `PyInterpreterState.next`.
pub const INTERP_NEXT: u64 = 0;
/// `PyInterpreterState.tstate_head`: the newest thread's state first.
pub const INTERP_TSTATE_HEAD: u64 = 8;
/// `PyInterpreterState.modules`.
pub const INTERP_MODULES: u64 = 16;
/// Objects that an interpreter state owns.
pub const INTERP_FIELDS: &[(u64, &str)] = &[
    (16, "modules"),
    (24, "sysdict"),
    (32, "builtins"),
    (40, "modules_reloading"),
    (48, "codec_search_path"),
    (56, "codec_search_cache"),
    (64, "codec_error_registry"),
];

/// `PyThreadState.next`.
pub const TSTATE_NEXT: u64 = 0;
/// `PyThreadState.interp`.
pub const TSTATE_INTERP: u64 = 8;
/// `PyThreadState.frame`: the innermost frame; null when the thread runs no Python code.
pub const TSTATE_FRAME: u64 = 16;
/// `PyThreadState.use_tracing`, an `int`: not zero while a trace or profile function is set.
pub const TSTATE_USE_TRACING: u64 = 32;
/// `PyThreadState.thread_id`: `pthread_self()` of the thread.
pub const TSTATE_THREAD_ID: u64 = 144;
/// Objects that a thread state owns, beside its frame.
pub const TSTATE_FIELDS: &[(u64, &str)] = &[
    (56, "c_profileobj"),
    (64, "c_traceobj"),
    (72, "curexc_type"),
    (80, "curexc_value"),
    (88, "curexc_traceback"),
    (96, "exc_type"),
    (104, "exc_value"),
    (112, "exc_traceback"),
    (120, "dict"),
    (136, "async_exc"),
];
