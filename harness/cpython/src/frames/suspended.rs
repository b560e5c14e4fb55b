//! Calls that wait: where a coroutine or a generator stands, and what it waits for, from one to the next.

use std::collections::HashSet;

use bloathound_memory::{Address, MemorySource};
use bloathound_profile::CodeId;

use super::call::{self, CallLayout};
use super::memory::Memory;
use super::types::Kind;
use super::{FrameReader, READS_PER_WALK_MAX, code};
use crate::dialect::Frames;
use crate::objects::{half_at, word_at};

/// Calls of one chain; a coroutine that awaits another makes one more.
const CHAIN_MAX: usize = 1000;
/// Bytes in front of the variables of a call, at most.
const HEAD_BYTES_MAX: usize = 512;

/// A chain of calls that wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspended {
    /// Code and line of each, the one that was begun first in front.
    pub calls: Vec<(CodeId, u32)>,
    /// The last of them runs: what it called stands on the stack of a thread.
    pub is_running: bool,
    /// Something of the first ran already.
    pub is_begun: bool,
}

impl FrameReader {
    /// Where the coroutine or generator at `of` stands, and whom it waits for; `None` where it has ended, can't be read, or is
    /// of 2.7, which has no coroutines.
    pub fn suspended(&mut self, source: &dyn MemorySource, of: Address) -> Option<Suspended> {
        let d = self.target.dialect;
        code::can_be_read(d).ok()?;
        if d.frames == Frames::Objects && d.frame.f_state == 0 {
            return None;
        }
        let memory = Memory::new(source, d);
        memory.set_budget(READS_PER_WALK_MAX);
        let mut found = Suspended { calls: Vec::new(), is_running: false, is_begun: true };
        let mut seen = HashSet::new();
        let mut next = Some(of);
        while let Some(at) = next.filter(|at| found.calls.len() < CHAIN_MAX && seen.insert(*at)) {
            next = self.step(&memory, at, &mut found);
        }
        self.reads += memory.reads();
        (!found.calls.is_empty()).then_some(found)
    }

    /// Adds the call of the object at `at`, and says whom it waits for.
    fn step(&mut self, memory: &Memory<'_>, at: Address, found: &mut Suspended) -> Option<Address> {
        let d = memory.d;
        let object = self.values.object(memory, at)?;
        if object.info.kind != Kind::Generator {
            let (_, offset) = d.types.hand_on.iter().find(|(name, _)| *name == &*object.info.name)?;
            return memory.pointer(at.offset(*offset));
        }
        let (frame, state_at) = match d.frames {
            Frames::Objects => {
                let frame = memory.pointer(at.offset(d.generator.gi_frame)).filter(|frame| !frame.is_null())?;
                (frame, frame.offset(d.frame.f_state))
            }
            Frames::InterpreterFrames { .. } => (at.offset(d.generator.gi_frame), at.offset(d.generator.frame_state)),
        };
        let [state] = memory.block::<1>(state_at)?;
        if state.cast_signed() >= d.generator.state_cleared {
            return None;
        }
        let layout = CallLayout::of(d);
        let head = memory.bytes(frame, layout.slots, HEAD_BYTES_MAX)?;
        let code_at = Address(word_at(&head, layout.code));
        let entry = self.codes.get(memory, code_at)?;
        let stands_at = call::instruction(d, &head, code_at, entry.bytecode_bytes)?.map(|place| entry.place(place));
        let code = self.codes.described.get(entry.id.0 as usize)?;
        let line = stands_at.and_then(|place| code.lines.line_at(place)).unwrap_or(code.line_first);
        if found.calls.is_empty() {
            found.is_begun = state.cast_signed() != d.generator.state_created;
        }
        found.calls.push((entry.id, line));
        if state.cast_signed() == d.generator.state_executing {
            found.is_running = true;
            return None;
        }
        // Whom it waits for is on top of what it has on its stack.
        let in_use = |offset| usize::try_from(half_at(&head, offset).cast_signed()).ok();
        let on_stack = match d.frames {
            Frames::Objects => in_use(d.frame.f_stackdepth)?,
            Frames::InterpreterFrames { .. } => {
                in_use(d.interpreter_frame.stacktop)?.checked_sub(entry.variable_slots())?
            }
        };
        let on_stack = Some(on_stack).filter(|count| (1..=entry.stack_slots).contains(count));
        let top = (on_stack? + entry.variable_slots() - 1) as u64;
        memory.pointer(frame.offset(layout.slots + 8 * top)).filter(|top| !top.is_null())
    }
}
