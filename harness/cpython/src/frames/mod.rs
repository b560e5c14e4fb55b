//! Frames of an interpreter, read while it runs.
//!
//! A [`FrameReader`] walks the threads' frames in any [`MemorySource`]: live and not paused, or a copy. What it reads
//! may change under its hands, so every stack is checked after it was read, read again where the check fails, and
//! given up as *torn* where it fails every time. [`sample`] does that at a steady rate and makes a
//! [`bloathound_profile::Profile`] of it.

mod atoms;
mod batch;
mod c_call;
mod c_values;
mod call;
mod caught;
mod clock;
mod code;
mod detail;
mod dicts;
mod event_loop;
mod functions;
mod innermost;
mod look;
mod memory;
mod paths;
mod raw;
mod ready;
mod sampler;
mod stack;
mod suspended;
mod tasks;
mod text;
mod threads;
mod types;
mod values;

use bloathound_memory::{Address, MemorySource};
use bloathound_profile::{Caught, Code, Stack};

pub use code::{can_be_read, line_ranges, line_table, locations};
pub use sampler::{OwnWaits, SamplerOptions, ThreadProbe, sample};
pub use suspended::Suspended;
pub use tasks::{Task, Tasks};
pub use threads::{PythonThread, kernel_ids, kernel_ids_of};

use crate::Interpreter;
use crate::dialect::{Dialect, NotYetRead};
use call::CallLayout;
use code::Codes;
use innermost::Innermost;
use memory::Memory;
use values::Values;

/// Where to begin in a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameTarget {
    /// How its data is laid out.
    pub dialect: &'static Dialect,
    /// The first `PyInterpreterState`, where known.
    pub interpreter_state: Option<Address>,
    /// The variable `_PyThreadState_Current`: the holder of the interpreter lock, null while nobody holds it.
    pub current_thread: Address,
    /// `sizeof(Py_UNICODE)`: 2 or 4.
    pub unicode_bytes: u64,
}

/// Why frames can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    /// Neither the interpreter state nor a running thread leads to the list of threads.
    #[error(
        "the list of Python threads was not found: no interpreter state is known and no thread holds the interpreter lock"
    )]
    NoThreads,
    /// What should be the list of threads is none.
    #[error("the list of Python threads at {at} is damaged: {what}")]
    Damaged {
        /// Where.
        at: Address,
        /// What is wrong.
        what: &'static str,
    },
    /// Nobody wrote a reader for the frames of this series, or for what they need.
    #[error(transparent)]
    NotYetRead(#[from] NotYetRead),
}

impl FramesError {
    /// True where no process of this series can be sampled yet, whatever its state.
    #[must_use]
    pub fn is_of_a_series(&self) -> bool {
        matches!(self, Self::NotYetRead(_))
    }
}

/// A stack that was read.
#[derive(Clone, PartialEq, Debug)]
pub enum StackRead {
    /// As it was at one moment.
    Whole(Stack),
    /// Every attempt was inconsistent.
    Torn,
}

/// Reads frames; remembers the code objects and types it met.
#[derive(Debug)]
pub struct FrameReader {
    target: FrameTarget,
    codes: Codes,
    values: Values,
    known: stack::Known,
    /// Read requests made to the target so far.
    pub reads: u64,
}

/// Reads that walking one stack may take, new code objects included.
const READS_PER_WALK_MAX: u32 = 200_000;

impl From<&Interpreter> for FrameTarget {
    fn from(interpreter: &Interpreter) -> Self {
        Self {
            dialect: interpreter.dialect,
            interpreter_state: interpreter.interpreter_state,
            current_thread: interpreter.current_thread,
            unicode_bytes: interpreter.unicode.bytes(),
        }
    }
}

impl FrameReader {
    /// A reader that has met nothing yet.
    #[must_use]
    pub fn new(target: FrameTarget) -> Self {
        Self {
            target,
            codes: Codes::default(),
            values: Values::new(target.unicode_bytes.clamp(1, 4)),
            known: stack::Known::default(),
            reads: 0,
        }
    }

    /// The code objects met so far; frames refer to them by index.
    #[must_use]
    pub fn codes(&self) -> &[Code] {
        &self.codes.described
    }

    /// Stacks read again because the first attempt was inconsistent.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.known.retries
    }

    /// The interpreter's threads, oldest first.
    ///
    /// # Errors
    /// [`FramesError`] when the list can't be found or is damaged, or the threads' frames would be misread.
    pub fn threads(&mut self, source: &dyn MemorySource) -> Result<Vec<PythonThread>, FramesError> {
        code::can_be_read(self.target.dialect)?;
        let memory = Memory::new(source, self.target.dialect);
        let threads = threads::list(&memory, &self.target);
        self.reads += memory.reads();
        threads
    }

    /// Threads in which a trace or profile function is set: what a debugger, a coverage tool or a tracer leaves behind
    /// when it forgets to go.
    ///
    /// # Errors
    /// [`FramesError`] when the list of threads can't be found or is damaged.
    pub fn threads_traced(&mut self, source: &dyn MemorySource) -> Result<usize, FramesError> {
        let d = self.target.dialect;
        let threads = self.threads(source)?;
        self.reads += threads.len() as u64;
        let traced = |thread: &&PythonThread| {
            source.read_u32(thread.state.offset(d.thread_state.use_tracing)).is_ok_and(|tracing| tracing != 0)
        };
        Ok(threads.iter().filter(traced).count())
    }

    /// True when the innermost frame of `thread` is where it was in `stack`: two or three reads instead of all.
    pub(crate) fn is_at(&mut self, source: &dyn MemorySource, thread: &PythonThread, stack: &Stack) -> bool {
        let d = self.target.dialect;
        let memory = Memory::new(source, d);
        let innermost = Innermost::now(&memory, thread.state);
        self.reads += memory.reads() + 1;
        match stack.0.last() {
            None => innermost == Some(Address::NULL),
            Some(last) => {
                let code = self.codes.described.get(last.code.0 as usize);
                let stands_at = |code: &Code| {
                    let layout = CallLayout::of(d);
                    let mut head = vec![0; layout.slots as usize];
                    source.read(Address(last.address), &mut head).ok()?;
                    let at = call::instruction(d, &head, Address(code.address), code.bytecode_bytes)?;
                    Some(at.map(|at| self.codes.place(Address(code.address), at)))
                };
                innermost == Some(Address(last.address)) && code.and_then(stands_at) == Some(last.lasti)
            }
        }
    }

    /// The stack of `thread`, with values of the variables where they matter for judging loops. `previous` is the
    /// thread's stack a moment ago, where there is one: what waits in a call since is not read again each time.
    pub fn stack(&mut self, source: &dyn MemorySource, thread: &PythonThread, previous: Option<&Stack>) -> StackRead {
        self.stack_and_caught(source, thread, previous).0
    }

    /// The same, with the exception that the thread handled last.
    pub(crate) fn stack_and_caught(
        &mut self,
        source: &dyn MemorySource,
        thread: &PythonThread,
        previous: Option<&Stack>,
    ) -> (StackRead, Option<Caught>) {
        let memory = Memory::new(source, self.target.dialect);
        memory.set_budget(READS_PER_WALK_MAX);
        let read = match stack::walk(&memory, &mut self.codes, &mut self.known, thread.state) {
            Some(raw) => {
                let codes = self.codes.described.as_slice();
                self.values.next_round();
                detail::look_ahead(&memory, &mut self.values, &raw);
                // Before the values, which take long: who is handling it may be done by then.
                let caught = caught::read(&memory, &mut self.values, thread.state).map(|caught| {
                    let of = raw.iter().find(|frame| frame.address.0 == caught.frame);
                    Caught { lasti: of.map_or(caught.lasti, |of| of.code.place(caught.lasti)), ..caught }
                });
                (StackRead::Whole(detail::describe(&memory, codes, &mut self.values, &raw, previous)), caught)
            }
            None => (StackRead::Torn, None),
        };
        self.reads += memory.reads();
        read
    }
}

#[cfg(test)]
mod tests;
