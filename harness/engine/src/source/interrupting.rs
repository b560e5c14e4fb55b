//! Whether a thread that waits in a call which shows a stop (`EINTR`) knows how to take that: by the Python function it
//! waits in.

use bloathound_cpython::Interpreter;
use bloathound_cpython::frames::{FrameReader, FrameTarget, StackRead, kernel_ids};
use bloathound_live::{Interruptible, Process};
use bloathound_memory::MemorySource;
use bloathound_profile::frameworks::takes_interruption;

/// Nothing for a thread that may be stopped; else where it waits, as a part of a sentence.
pub(super) fn may_interrupt(
    process: &Process,
    interpreter: &Interpreter,
    source: &dyn MemorySource,
    thread: Interruptible,
) -> Result<(), String> {
    if interpreter.dialect.repeats_interrupted_calls {
        return Ok(());
    }
    let unknown = || "in a Python function that can't be told now".to_owned();
    let mut reader = FrameReader::new(FrameTarget::from(interpreter));
    let threads = reader.threads(source).map_err(|_| unknown())?;
    let tids = process.thread_ids().map_err(|_| unknown())?;
    let ids = kernel_ids(source, &threads, &tids);
    let at = match ids.iter().position(|tid| *tid == Some(thread.tid)) {
        Some(at) => threads.get(at).ok_or_else(unknown)?,
        // No Python waits in a thread that the interpreter does not know: C libraries go on after EINTR by themselves.
        None if ids.iter().all(Option::is_some) => return Ok(()),
        None => return Err(unknown()),
    };
    let StackRead::Whole(stack) = reader.stack(source, at, None) else {
        return Err(unknown());
    };
    // A thread of C code that has called into Python and returned has no frame.
    let Some(frame) = stack.0.last() else {
        return Ok(());
    };
    let code = reader.codes().get(frame.code.0 as usize).ok_or_else(unknown)?;
    if takes_interruption(code) {
        return Ok(());
    }
    Err(format!("at {}:{} {}", code.file, frame.line, code.function))
}
