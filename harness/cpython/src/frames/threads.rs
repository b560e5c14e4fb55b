//! Thread states, and which thread of the kernel each belongs to. `Include/pystate.h`.

use std::collections::BTreeSet;

use bloathound_memory::{Address, MemorySource};

use super::memory::Memory;
use super::{FrameTarget, FramesError};

/// The largest thread id that Linux gives on 64 bits: `PID_MAX_LIMIT` of its `include/linux/threads.h`.
const TID_MAX: u32 = 4 << 20;
/// Threads before the list counts as damaged.
const THREADS_MAX: usize = 4096;
/// Where glibc's `struct pthread` keeps the thread id: x86-64, then AArch64. A guess, checked against the kernel's list.
const TID_OFFSETS: [u64; 2] = [720, 208];
/// Bytes of `struct pthread` searched for the thread id when the guesses fail.
const PTHREAD_SEARCHED: u64 = 1024;

/// A thread as the interpreter knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PythonThread {
    /// Its `PyThreadState`.
    pub state: Address,
    /// `thread_id`: `pthread_self()`, with glibc the address of `struct pthread`.
    pub python_id: u64,
}

pub(super) fn list(memory: &Memory<'_>, target: &FrameTarget) -> Result<Vec<PythonThread>, FramesError> {
    let d = memory.d;
    let interpreter = target.interpreter_state.or_else(|| {
        let current = memory.pointer(target.current_thread)?;
        memory.pointer(current.offset(d.thread_state.interp))
    });
    let interpreter = interpreter.filter(|at| !at.is_null()).ok_or(FramesError::NoThreads)?;
    let head = interpreter.offset(d.interpreter_state.tstate_head);
    let damaged = |at, what| FramesError::Damaged { at, what };
    let mut at = memory.pointer(head).ok_or(damaged(head, "it can't be read"))?;
    let mut threads = Vec::new();
    while !at.is_null() {
        if threads.len() >= THREADS_MAX {
            return Err(damaged(at, "it has no end"));
        }
        let owner = memory.pointer(at.offset(d.thread_state.interp));
        if owner != Some(interpreter) {
            // A thread that just ended: what follows it is lost until the next look.
            if threads.is_empty() {
                return Err(damaged(at, "its first entry belongs to no interpreter"));
            }
            break;
        }
        let python_id = memory.word(at.offset(d.thread_state.thread_id)).unwrap_or_default();
        threads.push(PythonThread { state: at, python_id });
        at = memory.pointer(at.offset(d.thread_state.next)).unwrap_or_default();
    }
    // New threads are put in front.
    threads.reverse();
    Ok(threads)
}

/// The kernel's id of each of `threads` where nobody can be asked which there are, as in a copy: what stands where glibc keeps
/// it, if that can be the ids of so many threads.
#[must_use]
pub fn kernel_ids_of(source: &dyn MemorySource, threads: &[PythonThread]) -> Vec<Option<u32>> {
    let at_offset = |offset: u64| -> Option<Vec<u32>> {
        let mut seen = BTreeSet::new();
        let read = |thread: &PythonThread| source.read_u32(Address(thread.python_id).offset(offset)).ok();
        threads
            .iter()
            .map(|thread| read(thread).filter(|tid| (1..=TID_MAX).contains(tid) && seen.insert(*tid)))
            .collect()
    };
    let found = TID_OFFSETS.into_iter().find_map(at_offset);
    found.map_or_else(|| vec![None; threads.len()], |tids| tids.into_iter().map(Some).collect())
}

/// Which of `tids` each of `threads` is, where it can be told. The first of `tids` is the process's first thread.
#[must_use]
pub fn kernel_ids(source: &dyn MemorySource, threads: &[PythonThread], tids: &[u32]) -> Vec<Option<u32>> {
    let known: BTreeSet<u32> = tids.iter().copied().collect();
    let at_offset = |offset: u64| -> Option<Vec<u32>> {
        let mut seen = BTreeSet::new();
        threads
            .iter()
            .map(|thread| {
                let tid = source.read_u32(Address(thread.python_id).offset(offset)).ok()?;
                (known.contains(&tid) && seen.insert(tid)).then_some(tid)
            })
            .collect()
    };
    let searched = (0..PTHREAD_SEARCHED).step_by(4);
    let found = TID_OFFSETS.into_iter().chain(searched).find_map(at_offset);
    match found {
        Some(tids) => tids.into_iter().map(Some).collect(),
        // A single thread needs no telling apart; of several, the oldest is the process's first as a rule.
        None => {
            let first = tids.iter().min().copied();
            (0..threads.len()).map(|index| first.filter(|_| index == 0)).collect()
        }
    }
}
