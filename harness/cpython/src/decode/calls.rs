//! Calls that run, where a series keeps them in chunks of a thread's own memory and not as objects: each becomes an object
//! of the snapshot, at its address, so that its variables are told as those of a frame. And suspended calls, which their
//! generators contain.

use std::collections::HashSet;

use bloathound_heap::{
    ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Root, RootKind, Tracking, Trust, TypeId,
    TypeInfo,
};
use bloathound_memory::Address;

use super::Decoder;
use crate::dialect::Frames;

/// Variables of a call before we take its code for damage.
const VARIABLES_MAX: u64 = 1 << 16;
/// Where types without a type object are kept under a number that is no address.
const CALL_TYPE: u64 = 1;

/// A call that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) id: ObjectId,
    at: Address,
    caller: Option<ObjectId>,
}

impl Decoder<'_> {
    /// Makes an object of each call that runs, the outermost of each thread first.
    pub(super) fn add_calls(&mut self) {
        let d = self.interpreter.dialect;
        match d.frames {
            Frames::Objects => return,
            Frames::InterpreterFrames { .. } => {}
        }
        let mut states = HashSet::new();
        let mut seen = HashSet::new();
        let mut state = self.interpreter.interpreter_state.unwrap_or_default();
        while !state.is_null() && states.insert(state) {
            let mut thread = self.image.pointer_at(state.offset(d.interpreter_state.tstate_head)).unwrap_or_default();
            while !thread.is_null() && states.insert(thread) {
                self.add_calls_of(thread, &mut seen);
                thread = self.image.pointer_at(thread.offset(d.thread_state.next)).unwrap_or_default();
            }
            state = self.image.pointer_at(state.offset(d.interpreter_state.next)).unwrap_or_default();
        }
    }

    fn add_calls_of(&mut self, thread: Address, seen: &mut HashSet<Address>) {
        let d = self.interpreter.dialect;
        let f = &d.interpreter_frame;
        let mut calls = Vec::new();
        let mut at = self.objects().innermost_call(thread);
        while at.is_aligned(8) && !at.is_null() && seen.insert(at) {
            // Those of generators are their generator's, and between two of the interpreter's own there is one of C's.
            if self.byte(at, f.owner) == f.owned_by_thread {
                calls.push(at);
            }
            at = self.image.pointer_at(at.offset(f.previous)).unwrap_or_default();
        }
        let innermost = calls.first().copied();
        let mut caller = None;
        for at in calls.into_iter().rev() {
            let type_id = self.call_type();
            let code_at = self.image.pointer_at(at.offset(f.executable)).unwrap_or_default();
            let record = ObjectRecord {
                address: at.0,
                type_id,
                shallow_size: self.objects().call_bytes(code_at),
                refcount: u32::from(Some(at) != innermost),
                flags: ObjectFlags::new(Tracking::Untracked, Trust::Referenced),
            };
            let id = self.builder.add_object(record);
            self.calls_at.insert(at.0, id.0);
            self.late_addresses.push(at);
            self.calls.push(Call { id, at, caller });
            caller = Some(id);
        }
    }

    /// Roots of the calls: each thread holds its own.
    pub(super) fn add_call_roots(&mut self) {
        let d = self.interpreter.dialect;
        for call in self.calls.clone() {
            let code_at = self.image.pointer_at(call.at.offset(d.interpreter_frame.executable)).unwrap_or_default();
            let name_at = self.image.pointer_at(code_at.offset(d.code.co_name)).unwrap_or_default();
            let name = self.name_of(name_at);
            self.builder.add_root(Root { object: call.id, kind: RootKind::ThreadFrame, name });
        }
    }

    pub(super) fn call_references(&mut self, call: Call) {
        let d = self.interpreter.dialect;
        if let Some(caller) = call.caller {
            let name = self.builder.name(d.words.function.caller);
            self.builder.add_reference(caller, ReferenceLabel::new(ReferenceKind::Field, name.0, false));
        }
        let code_at = Address(self.word(call.at, d.interpreter_frame.executable));
        self.note_frame(call.at, code_at);
        self.field(call.at, d.interpreter_frame.executable, d.interpreter_frame.code_field, true);
        self.frame_parts(call.at, false);
    }

    /// What a call refers to: its head and its variables, wherever it is. `is_at_rest` says that its stack is what it says.
    pub(super) fn frame_parts(&mut self, at: Address, is_at_rest: bool) {
        let d = self.interpreter.dialect;
        let f = &d.interpreter_frame;
        for (offset, name) in f.fields {
            self.field(at, *offset, name, true);
        }
        let code_at = Address(self.word(at, f.executable));
        let v = &d.code.variables;
        let count = u64::from(self.image.u32_at(code_at.offset(v.count)).unwrap_or(0)).min(VARIABLES_MAX);
        let top = self.image.u32_at(at.offset(f.stacktop)).unwrap_or(0).cast_signed();
        // A call that runs says nothing, or what was so when it called another.
        let in_use = u64::try_from(top).ok().filter(|top| *top <= VARIABLES_MAX);
        let in_use = if is_at_rest { in_use.unwrap_or(count) } else { in_use.unwrap_or(count).max(count) };
        if !self.budget.take(in_use) {
            return;
        }
        let names = self.objects().tuple_items(Address(self.word(code_at, v.names)));
        for index in 0..in_use.min(count) {
            let name = names.get(index as usize).and_then(|name| self.objects().name(*name, 200)).unwrap_or_default();
            let name = self.builder.name(&name);
            let label = ReferenceLabel::new(ReferenceKind::Local, name.0, true);
            self.reference_at(at.offset(f.variables + index * 8), label);
        }
        for depth in count..in_use {
            let label = ReferenceLabel::new(ReferenceKind::Stack, (depth - count) as u32, true);
            self.reference_at(at.offset(f.variables + depth * 8), label);
        }
    }

    /// What a generator refers to beside its fixed fields.
    pub(super) fn generator_references(&mut self, at: Address) {
        let d = self.interpreter.dialect;
        for (offset, name, traversed) in d.types.generator_fields {
            self.field(at, *offset, name, *traversed);
        }
        let frame = at.offset(d.generator.gi_frame);
        let state = self.byte(at, d.generator.frame_state).cast_signed();
        let code_at = Address(self.word(at, d.generator.gi_code));
        if state < d.generator.state_cleared {
            self.note_frame(frame, code_at);
            self.frame_parts(frame, state != d.generator.state_executing);
        }
        let (executable, code_name) = (d.interpreter_frame.executable, d.words.function.generator_code);
        let has_call = state < d.generator.state_cleared;
        match d.generator.gi_code == d.generator.gi_frame + executable {
            true => self.field(frame, executable, code_name, has_call),
            false => {
                self.field(at, d.generator.gi_code, code_name, true);
                if has_call {
                    self.field(frame, executable, d.interpreter_frame.code_field, true);
                }
            }
        }
    }

    /// True for a generator that its finalizer ends: one that waits.
    pub(super) fn is_to_be_ended(&self, at: Address) -> bool {
        let d = self.interpreter.dialect;
        let state = match d.frames {
            Frames::Objects => {
                let frame = Address(self.word(at, d.generator.gi_frame));
                if frame.is_null() {
                    return false;
                }
                self.byte(frame, d.frame.f_state)
            }
            Frames::InterpreterFrames { .. } => self.byte(at, d.generator.frame_state),
        };
        d.generator.states_ended.contains(&state.cast_signed())
    }

    /// What a frame object refers to: what it has of its own, and its call where that is over and moved into it.
    pub(super) fn frame_object_references(&mut self, at: Address) {
        let d = self.interpreter.dialect;
        for (offset, name) in d.types.frame_fields {
            self.field(at, *offset, name, true);
        }
        let frame = Address(self.word(at, d.frame.f_code));
        let f = &d.interpreter_frame;
        if frame.is_aligned(8) && self.byte(frame, f.owner) == f.owned_by_object {
            self.note_frame(frame, Address(self.word(frame, f.executable)));
            self.field(frame, f.executable, f.code_field, true);
            self.frame_parts(frame, true);
        }
    }

    fn call_type(&mut self) -> TypeId {
        let name = self.interpreter.dialect.types.call_name;
        let info = TypeInfo {
            name: name.into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        };
        *self.classes.entry(CALL_TYPE).or_insert_with(|| self.builder.add_type(info))
    }

    fn byte(&self, at: Address, offset: u64) -> u8 {
        self.image.bytes(at.offset(offset), 1).and_then(|byte| byte.first().copied()).unwrap_or(0)
    }
}
