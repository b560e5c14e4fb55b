//! Samples: a thread's stack at one moment, what the kernel counted by then, and all of a run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Code, CodeId, Outside, Value, ValueHash, Variable};

/// One call on a stack, at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    /// Address in the target. The interpreter gives a returned call's address to the next call of the same function.
    pub address: u64,
    /// Which code it runs.
    pub code: CodeId,
    /// Bytecode offset of the instruction it is at; `None` before the first.
    pub lasti: Option<u32>,
    /// Line of that instruction.
    pub line: u32,
    /// Hash of the *identities* of its variables. A frame that waits in a call can't change them.
    pub identity: ValueHash,
    /// Values, where they were read: for frames inside a loop, what they call, and the innermost frame.
    pub detail: Option<Arc<FrameDetail>>,
    /// How many samples ago `detail` was read. What waits in a call is not read again each time.
    pub detail_age: u32,
}

/// Values of a frame's variables.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FrameDetail {
    /// Arguments and locals in the order of the code object, then cells; of module level code the names its loops use.
    pub variables: Vec<Variable>,
    /// What the exits of the loops around `lasti` depend on, named as [`crate::LoopInput`] prints.
    pub inputs: Vec<Variable>,
    /// Iterators of the loops around `lasti`: index into [`Code::loops`] and value.
    pub iterators: Vec<(u32, Value)>,
    /// What the instruction at `lasti` calls.
    pub callee: Option<Callee>,
}

/// What kind of thing is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CalleeKind {
    /// A function or method written in C.
    C,
    /// A function or method written in Python.
    Python,
    /// A class: what runs is its `__new__` and `__init__`.
    Class,
    /// An instance or anything else that can be called.
    Other,
}

/// The callee of a call instruction, read from the value stack.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Callee {
    /// Kind.
    pub kind: CalleeKind,
    /// Name: `SRE_Pattern.match`, `sorted`.
    pub name: String,
    /// What it was called with, in order, where these are plain: text, numbers, containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Value>,
    /// The text that it is a method of, where it was called with nothing but plain text and numbers: its answer follows
    /// from these alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Value>,
    /// The pattern of the regular expression that it is a method of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Value>,
}

/// Calls in progress, outermost first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Stack(pub Vec<Frame>);

/// What the kernel counts of a thread, so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ThreadFacts {
    /// Processor time.
    pub cpu_ns: u64,
    /// Time it was ready to run but had no processor; 0 where the kernel does not count it.
    pub wait_ns: u64,
    /// Times it gave the processor up.
    pub voluntary_switches: u64,
    /// Times the processor was taken from it.
    pub involuntary_switches: u64,
}

/// The exception that a thread handled last, in a call that still runs or in one that runs it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Caught {
    /// Address of the frame that caught it.
    pub frame: u64,
    /// Bytecode offset, in that frame, of what raised it or called what did.
    pub lasti: u32,
    /// Its class, with the module where that is known.
    pub type_name: Arc<str>,
    /// What it says, for people: `[Errno 24] Too many open files`. Files of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it says, by value; `None` where it was gone before it was read.
    pub value: Option<ValueHash>,
    /// Address of its traceback: the next exception has another one, since the last is freed only then.
    pub identity: u64,
}

/// One thread at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// When, on a clock that never steps back.
    pub monotonic_ns: u64,
    /// The kernel's counts at that moment.
    pub facts: ThreadFacts,
    /// Its stack; empty when it runs no Python.
    pub stack: Stack,
    /// The thread ran while we read and every attempt was inconsistent: `stack` is empty and counts for nothing.
    pub torn: bool,
    /// The exception it handled last.
    pub caught: Option<Caught>,
}

/// The samples of one thread, in order of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ThreadProfile {
    /// The kernel's thread id, where it could be told.
    pub tid: Option<u32>,
    /// The interpreter's `thread_id` (`pthread_self`).
    pub python_id: u64,
    /// The process's first thread.
    pub is_main: bool,
    /// What was seen.
    pub samples: Vec<Sample>,
    /// Iterators that moved on although the innermost frame did not, seen at the end: a call into C that consumes one.
    pub moving_iterators: Vec<String>,
    /// That none moved says nothing: the thread got too little processor while they were watched.
    pub iterators_unsure: bool,
    /// Seconds that a timed call of the event loop was overdue at the end: it did not run for at least as long.
    pub overdue_seconds: Option<f64>,
}

/// What sampling cost us and, by the reads, the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SamplingCost {
    /// Looks at the process.
    pub rounds: u64,
    /// Looks that came so late that the next was skipped.
    pub rounds_missed: u64,
    /// Stacks that were read again because the first attempt was inconsistent.
    pub retries: u64,
    /// Samples given up as torn.
    pub torn: u64,
    /// Read requests made to the target's memory.
    pub reads: u64,
    /// Time spent looking, not waiting.
    pub busy_ns: u64,
    /// For how long sampling was asked for; 0 where a file does not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asked_ns: u64,
    /// For how long it went on, until sampler and target had had enough processor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub took_ns: u64,
    /// Time that the sampler was ready to run and had no processor.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub own_wait_ns: u64,
    /// Time that the machine below took away, a processor's share of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stolen_ns: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Everything a sampling run saw.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Profile {
    /// Code objects that occur.
    pub codes: Vec<Code>,
    /// Threads, the main one first.
    pub threads: Vec<ThreadProfile>,
    /// Samples asked for, per second.
    pub rate_hz: f64,
    /// Effort.
    pub cost: SamplingCost,
    /// What went wrong, in sentences.
    pub problems: Vec<String>,
    /// What went in and out meanwhile; `None` where nobody looked.
    pub outside: Option<Outside>,
}

impl Profile {
    /// The code of a frame; `None` for an index that is not there.
    #[must_use]
    pub fn code(&self, id: CodeId) -> Option<&Code> {
        self.codes.get(id.0 as usize)
    }
}
