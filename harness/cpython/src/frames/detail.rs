//! Values of the variables of those frames whose loops may be judged.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::{
    Callee, CalleeKind, Code, Frame, FrameDetail, LoopInput, QUOTED_CHARACTERS, Stack, ValueHash, ValueKind, Variable,
};

use super::call::CallLayout;
use super::memory::Memory;
use super::paths::Storage;
use super::raw::RawFrame;
use super::types::Kind;
use super::values::Values;
use crate::dialect::TextStorage;
use crate::objects::{word_at, words};

/// Variables of one frame that are read.
const VARIABLES_MAX: usize = 48;
/// Words of a frame behind its head that are read.
const SLOTS_MAX: usize = 512;
/// Samples that values are kept for while a frame waits in a call; more while what it called waits too.
const AGE_MAX: u32 = 3;
const AGE_MAX_BELOW: u32 = 25;
/// Reads for the values of one stack.
const READS_FOR_VALUES_MAX: u32 = 6000;
/// Calls below an event loop's innermost frame whose values are read: what it calls back, and what that calls.
const BELOW_EVENT_LOOP: usize = 4;
/// Innermost calls whose objects are read before anything else is done.
const LOOKED_AHEAD: usize = 3;
/// Arguments of a call that are read.
const ARGUMENTS_MAX: usize = 4;
/// Attempts to read a variable that is assigned while we look.
const ATTEMPTS: u32 = 3;

/// Reads what the innermost of these calls have in their hands, before anything else is done.
pub(super) fn look_ahead(memory: &Memory<'_>, values: &mut Values, raw: &[RawFrame]) {
    for raw in raw.iter().rev().take(LOOKED_AHEAD).filter(|raw| !raw.is_over) {
        let slots = slots(memory, raw);
        values.look_ahead(memory, in_use(raw, &slots));
    }
}

/// The frames with lines and values; `raw` is outermost first, `previous` the thread's stack of the sample before.
pub(super) fn describe(
    memory: &Memory<'_>,
    codes: &[Code],
    values: &mut Values,
    raw: &[RawFrame],
    previous: Option<&Stack>,
) -> Stack {
    let mut frames: Vec<Frame> = Vec::with_capacity(raw.len());
    let mut storage: Vec<Vec<Address>> = Vec::with_capacity(raw.len());
    for raw in raw {
        let slots = slots(memory, raw);
        let variables = slots.get(..raw.code.variable_slots()).unwrap_or(&slots);
        let identity = variables.iter().fold(ValueHash::default(), |hash, at| hash.number(at.0));
        let line = codes
            .get(raw.code.id.0 as usize)
            .map_or(0, |code| code.lines.line_at(raw.lasti.unwrap_or(0)).unwrap_or(code.line_first));
        let (code, lasti) = (raw.code.id, raw.lasti);
        frames.push(Frame { address: raw.address.0, code, lasti, line, identity, detail: None, detail_age: 0 });
        storage.push(slots);
    }
    memory.set_budget(READS_FOR_VALUES_MAX);
    let mut stack = Stack(frames);
    let event_loop = raw.iter().rposition(|frame| frame.code.is_event_loop);
    // Inner frames first: should the budget run out, the outer ones go without.
    for (index, (raw, slots)) in raw.iter().zip(&storage).enumerate().rev() {
        let is_called_back = event_loop.is_some_and(|at| (at..=at + BELOW_EVENT_LOOP).contains(&index));
        if raw.is_over || (!is_called_back && !is_wanted(codes, &stack, index)) {
            continue;
        }
        let known = previous.and_then(|previous| still_valid(previous, &stack, index));
        let (read, age) = match known {
            Some((known, age)) => (Some(known), age),
            None => {
                let read =
                    codes.get(raw.code.id.0 as usize).map(|code| Arc::new(detail(memory, code, values, raw, slots)));
                // Half a value is no value: it would look like a change.
                (read.filter(|_| !memory.is_exhausted()), 0)
            }
        };
        if let Some(frame) = stack.0.get_mut(index) {
            frame.detail = read;
            frame.detail_age = age;
        }
    }
    stack
}

/// True for frames inside a loop, for what they call, and for the innermost frame.
fn is_wanted(codes: &[Code], stack: &Stack, index: usize) -> bool {
    let in_loop = |index: usize| {
        stack.0.get(index).is_some_and(|frame| {
            let code = codes.get(frame.code.0 as usize);
            frame.lasti.zip(code).is_some_and(|(lasti, code)| code.innermost_loop(lasti).is_some())
        })
    };
    in_loop(index) || index.checked_sub(1).is_some_and(in_loop) || index + 1 == stack.0.len()
}

/// The values read in an earlier sample, and how many samples ago, for a frame that waits in the same call since: it
/// does not change them. The call may have come again unseen, so they are not kept for long.
fn still_valid(previous: &Stack, stack: &Stack, index: usize) -> Option<(Arc<FrameDetail>, u32)> {
    let (before, now) = (previous.0.get(index)?, stack.0.get(index)?);
    let (child_before, child_now) = (previous.0.get(index + 1)?, stack.0.get(index + 1)?);
    let same_call = |a: &Frame, b: &Frame| (a.address, a.code) == (b.address, b.code);
    let same_place = |a: &Frame, b: &Frame| same_call(a, b) && (a.lasti, a.identity) == (b.lasti, b.identity);
    let longest = if same_place(child_before, child_now) { AGE_MAX_BELOW } else { AGE_MAX };
    (same_place(before, now) && same_call(child_before, child_now) && before.detail_age < longest)
        .then(|| Some((Arc::clone(before.detail.as_ref()?), before.detail_age + 1)))?
}

/// Locals, cells, free variables and the value stack, as they are now.
fn slots(memory: &Memory<'_>, raw: &RawFrame) -> Vec<Address> {
    let d = memory.d;
    let count = (raw.code.variable_slots() + raw.code.stack_slots).min(SLOTS_MAX) as u64;
    if count <= raw.slots_read as u64 || raw.is_over {
        let with_head = raw.head.get(CallLayout::of(d).slots as usize..).unwrap_or_default();
        return words(with_head).take(count as usize).map(Address).collect();
    }
    slots_again(memory, raw)
}

/// Of the slots the variables, and what is on the value stack of the call that the frame is at. What is above is left from
/// before.
fn in_use<'a>(raw: &RawFrame, slots: &'a [Address]) -> &'a [Address] {
    let called = raw.lasti.and_then(|lasti| raw.code.callee_slots.get(&lasti));
    let on_stack = called.map_or(0, |(slot, receivers, count)| (*slot + 1 + *receivers + *count) as usize);
    slots.get(..(raw.code.variable_slots() + on_stack).min(slots.len())).unwrap_or_default()
}

fn detail(memory: &Memory<'_>, code: &Code, values: &mut Values, raw: &RawFrame, slots: &[Address]) -> FrameDetail {
    let layout = CallLayout::of(memory.d);
    let entry = &raw.code;
    let storage = Storage { head: &raw.head, slots };
    let slot_at = |index: usize| raw.address.offset(layout.slots + 8 * index as u64);
    let mut detail = FrameDetail::default();
    let locals = entry.names.locals.iter().take(entry.local_count);
    for (index, name) in locals.chain(&entry.names.cells).enumerate().take(VARIABLES_MAX) {
        let value = slots.get(index).and_then(|at| steady(memory, values, slot_at(index), *at));
        detail.variables.push(Variable { name: Arc::clone(name), value });
    }
    // Module level code keeps its variables in a dictionary.
    if word_at(&raw.head, layout.locals) != 0 {
        for name in entry.loop_names.iter().take(VARIABLES_MAX) {
            let value = storage.name(memory, values, entry, name, false).and_then(|at| values.shallow(memory, at));
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
        let value = steady_input(memory, values, raw, &storage, input);
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
    detail.callee = entry.callee_slots.get(&lasti).and_then(|(slot, receivers, count)| {
        let first = (*slot + 1 + *receivers) as usize;
        let arguments = stack.get(first..first + (*count as usize).min(ARGUMENTS_MAX)).unwrap_or_default();
        // In some series what is called on nothing stands behind nothing.
        let mut called = stack.get(*slot as usize..first)?.iter().copied().skip_while(|at| at.is_null());
        callee(memory, values, called.next()?, called.next(), arguments)
    });
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

/// The value of a variable that may be assigned while we look: kept only when it was still bound to it afterwards. Short
/// text and plain numbers are read in one piece: where the variable has gone on, or the call is over, it is what it said a
/// moment ago.
fn steady(memory: &Memory<'_>, values: &mut Values, slot: Address, seen: Address) -> Option<bloathound_profile::Value> {
    let mut at = seen;
    let mut said = None;
    for _ in 0..ATTEMPTS {
        let value = (!at.is_null()).then(|| values.shallow(memory, at)).flatten();
        let now = memory.pointer(slot)?;
        if now == at {
            return value.or(said);
        }
        let is_one_piece = |value: &bloathound_profile::Value| match value.kind {
            ValueKind::Str => value.length.is_some_and(|length| length <= QUOTED_CHARACTERS),
            ValueKind::Unicode => {
                memory.d.text == TextStorage::Compact && value.length.is_some_and(|length| length <= QUOTED_CHARACTERS)
            }
            ValueKind::Int | ValueKind::Float => true,
            _ => false,
        };
        said = value.filter(is_one_piece).or(said);
        at = now;
    }
    said
}

/// The value, in depth, of what an exit depends on. It may be assigned while we look: then it is read again, but not for
/// ever, since a walk from object to object may well be faster than we are.
fn steady_input(
    memory: &Memory<'_>,
    values: &mut Values,
    raw: &RawFrame,
    storage: &Storage<'_>,
    input: &LoopInput,
) -> Option<bloathound_profile::Value> {
    let mut at = storage.locate(memory, values, &raw.code, input)?;
    let mut value = None;
    for _ in 0..ATTEMPTS {
        value = values.deep(memory, at).or(value);
        let slots = slots_again(memory, raw);
        let now = Storage { head: storage.head, slots: &slots }.locate(memory, values, &raw.code, input)?;
        if now == at {
            return value;
        }
        at = now;
    }
    value.map(unsteady)
}

/// What is left of a value whose object may have been freed while it was read: atoms are read in one piece, of anything
/// else no more than the type and which object it was.
fn unsteady(value: bloathound_profile::Value) -> bloathound_profile::Value {
    use bloathound_profile::ValueKind;
    if value.number.is_some() || value.kind.is_text() || value.kind == ValueKind::None {
        return value;
    }
    let hash = ValueHash::default().text(&value.type_name);
    bloathound_profile::Value { shallow: hash, deep: hash, attributes: Vec::new(), ..value }
}

/// The slots as they are by now, not as they were when the frame was read.
fn slots_again(memory: &Memory<'_>, raw: &RawFrame) -> Vec<Address> {
    let d = memory.d;
    let count = (raw.code.variable_slots() + raw.code.stack_slots).min(SLOTS_MAX) as u64;
    let bytes = memory.bytes(raw.address.offset(CallLayout::of(d).slots), 8 * count, 8 * SLOTS_MAX).unwrap_or_default();
    words(&bytes).map(Address).collect()
}

/// What the call of `at` calls, on `receiver` where it is called on anything.
fn callee(
    memory: &Memory<'_>,
    values: &mut Values,
    at: Address,
    receiver: Option<Address>,
    arguments: &[Address],
) -> Option<Callee> {
    let (kind, name) = values.callable(memory, at)?;
    let kind = match kind {
        Kind::Builtin | Kind::MethodDescriptor => CalleeKind::C,
        Kind::Function => CalleeKind::Python,
        Kind::Fixed => CalleeKind::Class,
        _ => CalleeKind::Other,
    };
    if kind != CalleeKind::C {
        return Some(Callee { kind, name, arguments: Vec::new(), receiver: None, pattern: None });
    }
    // The call took the references and left the words where they were: the objects live as long as it lasts.
    let plain = |value: &bloathound_profile::Value| value.kind.is_atom() || value.kind.is_container();
    let argument = |at: &Address| match values.shallow(memory, *at).filter(plain)? {
        // An address is a tuple: which one, its parts say.
        whole if whole.kind == bloathound_profile::ValueKind::Tuple => values.deep(memory, *at),
        other => Some(other),
    };
    let told: Vec<bloathound_profile::Value> = arguments.iter().map_while(argument).collect();
    let are_plain = told.len() == arguments.len() && told.iter().all(|value| value.kind.is_atom());
    let of = are_plain.then(|| values.bound_to(memory, at, receiver)).flatten();
    let text = of.and_then(|of| values.shallow(memory, of)).filter(|of| of.kind.is_text());
    Some(Callee { kind, name, arguments: told, receiver: text, pattern: values.pattern(memory, at, receiver) })
}
