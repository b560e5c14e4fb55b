//! Values of the variables of those frames whose loops may be judged.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::{Callee, CalleeKind, Code, Frame, FrameDetail, LoopInput, Stack, ValueHash, Variable};

use super::memory::{Memory, word_at, words};
use super::paths::Storage;
use super::stack::RawFrame;
use super::types::Kind;
use super::values::Values;
use crate::layouts::frameobject_h as frame;

/// Variables of one frame that are read.
const VARIABLES_MAX: usize = 48;
/// Words of a frame behind its head that are read.
const SLOTS_MAX: usize = 512;
/// Attempts to read a variable that is assigned while we look.
const ATTEMPTS: u32 = 3;

/// The frames with lines and values; `raw` is outermost first.
pub(super) fn describe(memory: &Memory<'_>, codes: &[Code], values: &mut Values, raw: Vec<RawFrame>) -> Stack {
    let in_loop: Vec<bool> = raw
        .iter()
        .map(|frame| {
            let code = codes.get(frame.code.id.0 as usize);
            frame.lasti.zip(code).is_some_and(|(lasti, code)| code.innermost_loop(lasti).is_some())
        })
        .collect();
    let last = raw.len().saturating_sub(1);
    let wanted = |index: usize| {
        let called_from_loop = index.checked_sub(1).and_then(|caller| in_loop.get(caller)) == Some(&true);
        in_loop.get(index) == Some(&true) || called_from_loop || index == last
    };
    // Inner frames first: should the budget run out, the outer ones go without.
    let mut frames: Vec<Frame> = raw
        .into_iter()
        .enumerate()
        .rev()
        .filter_map(|(index, raw)| {
            let code = codes.get(raw.code.id.0 as usize)?;
            Some(one(memory, code, values, &raw, wanted(index)))
        })
        .collect();
    frames.reverse();
    Stack(frames)
}

fn one(memory: &Memory<'_>, code: &Code, values: &mut Values, raw: &RawFrame, with_detail: bool) -> Frame {
    let slots = slots(memory, raw);
    let variables = slots.get(..raw.code.variable_slots()).unwrap_or(&slots);
    let identity = variables.iter().fold(ValueHash::default(), |hash, at| hash.number(at.0));
    let detail = with_detail.then(|| Arc::new(detail(memory, code, values, raw, &slots)));
    Frame {
        address: raw.address.0,
        code: raw.code.id,
        lasti: raw.lasti,
        line: code.lines.line_at(raw.lasti.unwrap_or(0)).unwrap_or(code.line_first),
        identity,
        detail,
    }
}

/// Locals, cells, free variables and the value stack, as they are now.
fn slots(memory: &Memory<'_>, raw: &RawFrame) -> Vec<Address> {
    let count = (raw.code.variable_slots() + raw.code.stack_slots).min(SLOTS_MAX) as u64;
    let at = raw.address.offset(frame::F_LOCALSPLUS);
    let bytes = memory.bytes(at, 8 * count, 8 * SLOTS_MAX).unwrap_or_default();
    words(&bytes).map(Address).collect()
}

fn detail(memory: &Memory<'_>, code: &Code, values: &mut Values, raw: &RawFrame, slots: &[Address]) -> FrameDetail {
    let entry = &raw.code;
    let storage = Storage { head: &raw.head, slots };
    let slot_at = |index: usize| raw.address.offset(frame::F_LOCALSPLUS + 8 * index as u64);
    let mut detail = FrameDetail::default();
    let locals = entry.names.locals.iter().take(entry.local_count);
    for (index, name) in locals.chain(&entry.names.cells).enumerate().take(VARIABLES_MAX) {
        let value = slots.get(index).and_then(|at| steady(memory, values, slot_at(index), *at));
        detail.variables.push(Variable { name: Arc::clone(name), value });
    }
    // Module level code keeps its variables in a dictionary.
    if word_at(&raw.head, frame::F_LOCALS) != 0 {
        for name in entry.loop_names.iter().take(VARIABLES_MAX) {
            let value = storage.name(memory, entry, name, false).and_then(|at| values.shallow(memory, at));
            detail.variables.push(Variable { name: Arc::clone(name), value });
        }
    }
    let Some(lasti) = raw.lasti else {
        return detail;
    };
    let around: Vec<usize> = (0..code.loops.len())
        .filter(|index| code.loops.get(*index).is_some_and(|around| around.contains(lasti)))
        .collect();
    for input in inputs(code, &around) {
        let name = input.to_string().into();
        let value = storage.input(memory, values, entry, input);
        detail.inputs.push(Variable { name, value });
    }
    let stack = slots.get(entry.variable_slots()..).unwrap_or_default();
    for (of_loop, slot) in &entry.iterator_slots {
        if around.contains(&(*of_loop as usize))
            && let Some(at) = stack.get(*slot as usize)
            && let Some(value) = values.deep(memory, *at)
        {
            detail.iterators.push((*of_loop, value));
        }
    }
    detail.callee = entry
        .callee_slots
        .get(&lasti)
        .and_then(|slot| stack.get(*slot as usize))
        .and_then(|at| callee(memory, values, *at));
    detail
}

/// What the exits of these loops depend on, each once.
fn inputs<'a>(code: &'a Code, around: &[usize]) -> Vec<&'a LoopInput> {
    let mut inputs: Vec<&LoopInput> = around
        .iter()
        .filter_map(|index| code.loops.get(*index))
        .flat_map(|around| &around.exits)
        .flat_map(|exit| exit.inputs.iter().chain(&exit.guards))
        .collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs.truncate(VARIABLES_MAX);
    inputs
}

/// The value of a variable that may be assigned while we look: kept only when it was still bound to it afterwards.
fn steady(memory: &Memory<'_>, values: &mut Values, slot: Address, seen: Address) -> Option<bloathound_profile::Value> {
    let mut at = seen;
    for _ in 0..ATTEMPTS {
        let value = (!at.is_null()).then(|| values.shallow(memory, at)).flatten();
        let now = memory.pointer(slot)?;
        if now == at {
            return value;
        }
        at = now;
    }
    None
}

fn callee(memory: &Memory<'_>, values: &mut Values, at: Address) -> Option<Callee> {
    let (kind, name) = values.callable(memory, at)?;
    let kind = match kind {
        Kind::Builtin | Kind::MethodDescriptor => CalleeKind::C,
        Kind::Function => CalleeKind::Python,
        Kind::Fixed => CalleeKind::Class,
        _ => CalleeKind::Other,
    };
    Some(Callee { kind, name })
}
