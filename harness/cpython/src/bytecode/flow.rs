//! Symbolic execution: control flow and what each stack item depends on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bloathound_profile::{Loop, LoopInput};

use super::instructions::Instruction;
use super::origin::Origin;
use super::{CallSite, Names};
use crate::dialect::{Dialect, Operation as Op};

/// What the stacks of all instructions together may weigh, in items that depend on nothing: some 25 MB. A literal list
/// of 700 constants fits.
const STACKS_WEIGHT_MAX: usize = 1 << 18;
/// Times an instruction is visited at most before its stack is taken as it is.
const VISITS_MAX: u32 = 12;

/// An assignment somewhere in the code.
#[derive(Clone, Debug)]
pub struct Store {
    /// Index of the instruction.
    pub at: usize,
    /// What is assigned.
    pub target: LoopInput,
    /// What the value depends on.
    pub value: Origin,
}

/// Control flow and dependencies of one code object.
#[derive(Debug)]
pub struct Flow {
    /// The series that it is of.
    pub d: &'static Dialect,
    /// The instructions, in order.
    pub instructions: Vec<Instruction>,
    /// Indices of the instructions that may come next.
    pub successors: Vec<Vec<usize>>,
    /// For conditional jumps and `FOR_ITER`: what they decide on.
    pub decides_on: BTreeMap<usize, Origin>,
    /// What is returned, by `RETURN_VALUE` instruction.
    pub returned: BTreeMap<usize, Origin>,
    /// Assignments.
    pub stores: Vec<Store>,
    stacks: Vec<Option<Vec<Origin>>>,
    /// What may still be put on stacks.
    weight_left: usize,
    /// No stack of real code is so deep; what was said after that is wrong.
    is_too_deep: bool,
    /// Enclosing loop's end for each `BREAK_LOOP`, by index.
    index_of: BTreeMap<u32, usize>,
}

impl Flow {
    /// The instructions with nothing known of them but their order.
    pub fn unknown(d: &'static Dialect, instructions: Vec<Instruction>) -> Self {
        Self {
            d,
            index_of: index(&instructions),
            instructions,
            successors: Vec::new(),
            decides_on: BTreeMap::new(),
            returned: BTreeMap::new(),
            stores: Vec::new(),
            stacks: Vec::new(),
            weight_left: STACKS_WEIGHT_MAX,
            is_too_deep: false,
        }
    }

    /// Follows every way through the code; gives the instructions back where the stacks get deeper than is sensible.
    ///
    /// # Errors
    /// The instructions, as they came.
    pub fn follow(
        d: &'static Dialect,
        instructions: Vec<Instruction>,
        names: &Names,
    ) -> Result<Self, Vec<Instruction>> {
        let count = instructions.len();
        let mut flow =
            Self { successors: vec![Vec::new(); count], stacks: vec![None; count], ..Self::unknown(d, instructions) };
        if count == 0 {
            return Ok(flow);
        }
        if let Some(entry) = flow.stacks.first_mut() {
            *entry = Some(Vec::new());
        }
        let mut visits = vec![0_u32; count];
        // Ordinary ways first: a `finally` block is entered by both, and its ordinary entry is the one to follow.
        let mut ordinary = VecDeque::from([0_usize]);
        let mut handlers = VecDeque::new();
        loop {
            let Some(at) = ordinary.pop_front() else {
                let Some((from, next, stack)) = handlers.pop_front() else {
                    break;
                };
                if flow.arrive(from, next, stack) {
                    ordinary.push_back(next);
                }
                continue;
            };
            if let Some(count) = visits.get_mut(at) {
                *count += 1;
                if *count > VISITS_MAX {
                    continue;
                }
            }
            for (next, stack, is_handler) in flow.step(at, names) {
                if flow.is_too_deep {
                    return Err(flow.instructions);
                }
                if is_handler {
                    flow.keep(&stack);
                    handlers.push_back((at, next, stack));
                } else if flow.arrive(at, next, stack) {
                    ordinary.push_back(next);
                }
            }
        }
        if flow.is_too_deep { Err(flow.instructions) } else { Ok(flow) }
    }

    /// Takes note of a stack that is remembered; too much in all is too deep.
    fn keep(&mut self, stack: &[Origin]) {
        match self.weight_left.checked_sub(stack.iter().map(Origin::weight).sum()) {
            Some(left) => self.weight_left = left,
            None => self.is_too_deep = true,
        }
    }

    /// True when `count` items like this one may be put on a stack.
    fn allows(&mut self, item: &Origin, count: usize) -> bool {
        self.is_too_deep |= item.weight().saturating_mul(count) > self.weight_left;
        !self.is_too_deep
    }

    /// Index of the instruction at `offset`.
    pub fn index_at(&self, offset: u32) -> Option<usize> {
        self.index_of.get(&offset).copied()
    }

    /// Joins `stack` into what is known before instruction `next`; true when that changed anything.
    fn arrive(&mut self, from: usize, next: usize, stack: Vec<Origin>) -> bool {
        if let Some(successors) = self.successors.get_mut(from)
            && !successors.contains(&next)
        {
            successors.push(next);
        }
        match self.stacks.get_mut(next) {
            Some(None) => {
                // What is joined into it later adds little: what an item remembers is bounded.
                self.keep(&stack);
                if let Some(slot) = self.stacks.get_mut(next) {
                    *slot = Some(stack);
                }
                true
            }
            Some(Some(known)) if known.len() == stack.len() => {
                let mut changed = false;
                for (mine, theirs) in known.iter_mut().zip(&stack) {
                    let before = mine.clone();
                    mine.absorb(theirs);
                    changed |= before != *mine;
                }
                changed
            }
            // Another depth: a handler's way into a `finally`. The first way stands.
            _ => false,
        }
    }

    /// Runs one instruction; the instructions that may follow, with their stacks, and whether as an exception handler.
    fn step(&mut self, at: usize, names: &Names) -> Vec<(usize, Vec<Origin>, bool)> {
        let (Some(&instruction), Some(Some(stack))) = (self.instructions.get(at), self.stacks.get(at)) else {
            return Vec::new();
        };
        let mut stack = stack.clone();
        let mut next = Vec::new();
        let Instruction { operation, argument, .. } = instruction;
        let target = instruction.target().and_then(|t| self.index_at(t));
        let after = Some(at + 1).filter(|next| *next < self.instructions.len());
        match operation {
            Op::ReturnValue => {
                self.returned.insert(at, stack.pop().unwrap_or_default());
            }
            Op::RaiseVarargs | Op::Reraise => {}
            Op::EndFinally => {
                let reraises = stack.last().is_some_and(|top| top.is_exception);
                stack.pop();
                if !reraises {
                    next.extend(after.map(|n| (n, stack, false)));
                }
            }
            Op::BreakLoop => {
                if let Some((end, depth)) = self.enclosing_loop(at) {
                    stack.truncate(depth);
                    next.push((end, stack, false));
                }
            }
            Op::JumpForward | Op::JumpAbsolute | Op::ContinueLoop | Op::JumpBackward | Op::JumpBack => {
                if let Some(target) = target {
                    if let Some(Some(known)) = self.stacks.get(target) {
                        stack.truncate(known.len());
                    }
                    next.push((target, stack, false));
                }
            }
            Op::ForIter => {
                let mut item = stack.last().cloned().unwrap_or_default();
                self.decides_on.insert(at, item.clone());
                item.is_opaque = true;
                item.exactly = None;
                let mut done = stack.clone();
                done.pop();
                let left = self.d.instructions.words.map_or(0, |words| words.exhausted_items);
                done.extend(std::iter::repeat_n(Origin::default(), left));
                stack.push(item);
                next.extend(after.map(|n| (n, stack, false)));
                next.extend(target.map(|t| (t, done, false)));
            }
            _ if operation.is_conditional() => {
                let condition = stack.pop().unwrap_or_default();
                self.decides_on.insert(at, condition.clone());
                let mut jumped = stack.clone();
                if matches!(operation, Op::JumpIfFalseOrPop | Op::JumpIfTrueOrPop) {
                    jumped.push(condition);
                }
                next.extend(after.map(|n| (n, stack, false)));
                next.extend(target.map(|t| (t, jumped, false)));
            }
            Op::Send => {
                stack.pop();
                let left = self.d.instructions.words.map_or(0, |words| words.answer_items);
                let mut answered = stack.clone();
                answered.truncate((stack.len() + left).saturating_sub(2));
                answered.push(Origin::unknown());
                stack.push(Origin::unknown());
                next.extend(target.map(|t| (t, answered, false)));
                next.extend(after.map(|n| (n, stack, false)));
            }
            Op::SetupExcept | Op::SetupFinally if self.d.instructions.words.is_some() => {
                let (depth, puts_place) = ((argument >> 1) as usize, argument & 1 == 1);
                if self.allows(&Origin::default(), depth) {
                    let mut raised = stack.clone();
                    raised.resize(depth, Origin::default());
                    raised.extend(puts_place.then(Origin::default));
                    raised.push(Origin::exception());
                    next.extend(target.map(|t| (t, raised, true)));
                }
                next.extend(after.map(|n| (n, stack, false)));
            }
            Op::SetupExcept | Op::SetupFinally | Op::SetupWith => {
                if operation == Op::SetupWith {
                    let mut manager = stack.pop().unwrap_or_default();
                    manager.is_opaque = true;
                    manager.exactly = None;
                    stack.push(manager.clone());
                    let mut raised = stack.clone();
                    raised.extend(std::iter::repeat_n(Origin::exception(), self.d.instructions.exception_values));
                    next.extend(target.map(|t| (t, raised, true)));
                    stack.push(manager);
                } else {
                    let mut raised = stack.clone();
                    // What an asynchronous `with` gave is not there any more.
                    raised.truncate(raised.len().saturating_sub(instruction.effect.items(argument).0));
                    raised.extend(std::iter::repeat_n(Origin::exception(), self.d.instructions.exception_values));
                    next.extend(target.map(|t| (t, raised, true)));
                }
                next.extend(after.map(|n| (n, stack, false)));
            }
            _ => {
                self.compute(at, instruction, argument, &mut stack, names);
                next.extend(after.map(|n| (n, stack, false)));
            }
        }
        next
    }

    /// Instructions that only work on the stack and on variables.
    fn compute(&mut self, at: usize, instruction: Instruction, argument: u32, stack: &mut Vec<Origin>, names: &Names) {
        let height = stack.len();
        let operation = instruction.operation;
        match operation {
            Op::RotTwo if height >= 2 => stack.swap(height - 1, height - 2),
            Op::RotThree if height >= 3 => stack[height - 3..].rotate_right(1),
            Op::RotFour if height >= 4 => stack[height - 4..].rotate_right(1),
            Op::DupTop if height >= 1 => stack.extend_from_within(height - 1..),
            Op::CopyItem if (1..=height).contains(&(argument as usize)) => {
                stack.extend_from_within(height - argument as usize..=height - argument as usize);
            }
            Op::SwapItems if (1..=height).contains(&(argument as usize)) => {
                stack.swap(height - 1, height - argument as usize);
            }
            Op::DupTopx => {
                let copied = (argument as usize).min(height);
                if self.allows(&Origin::default(), 2 * copied) {
                    stack.extend_from_within(height - copied..);
                }
            }
            Op::LoadFast | Op::LoadDeref | Op::LoadName | Op::LoadGlobal => stack.push(
                variable(operation, argument, names)
                    .filter(|path| !self.d.instructions.constant_names.contains(&&*path.name))
                    .map_or_else(Origin::default, Origin::path),
            ),
            Op::LoadAttr => {
                let object = stack.pop().unwrap_or_default();
                let name = names.names.get(argument as usize);
                stack.push(name.map_or_else(Origin::default, |name| object.attribute(name)));
            }
            Op::StoreFast | Op::StoreDeref | Op::StoreName | Op::StoreGlobal => {
                let value = stack.pop().unwrap_or_default();
                if let Some(target) = variable(operation, argument, names) {
                    self.store(at, target, value);
                }
            }
            Op::StoreAttr => {
                let object = stack.pop().unwrap_or_default();
                let value = stack.pop().unwrap_or_default();
                if let Some(name) = names.names.get(argument as usize)
                    && let Some(target) = object.attribute(name).exactly
                {
                    self.store(at, target, value);
                }
            }
            _ => self.compute_generic(at, instruction, stack),
        }
    }

    fn compute_generic(&mut self, at: usize, instruction: Instruction, stack: &mut Vec<Origin>) {
        let Instruction { operation, effect, argument, .. } = instruction;
        let (taken, put) = effect.items(argument);
        let height = stack.len();
        let inputs = stack.split_off(height.saturating_sub(taken));
        // STORE_SUBSCR, STORE_SLICE: the container changes.
        if operation == Op::StoreItem
            && let Some(container) = inputs.get(1)
            && let Some(target) = container.exactly.clone()
        {
            let value = inputs.first().cloned().unwrap_or_default();
            self.store(at, target, value);
        }
        if put == 0 {
            return;
        }
        let mut result = Origin::default();
        for input in &inputs {
            result.absorb(input);
        }
        result.exactly = None;
        result.is_opaque |= matches!(operation, Op::YieldValue | Op::EnterWith);
        // It stands behind nothing where it is called on nothing, in some series.
        let callee = inputs.iter().take(1 + effect.receivers()).find(|item| item.exactly.is_some());
        if operation == Op::Call && !callee.is_some_and(|callee| self.is_pure(callee)) {
            result.calls.extend(self.instructions.get(at).map(|call| call.offset));
        }
        if self.allows(&result, put) {
            stack.extend(std::iter::repeat_n(result, put));
        }
    }

    /// True for a builtin function whose result depends on its arguments alone.
    fn is_pure(&self, callee: &Origin) -> bool {
        let pure = self.d.instructions.pure_builtins;
        callee.exactly.as_ref().is_some_and(|path| path.attributes.is_empty() && pure.contains(&&*path.name))
    }

    fn store(&mut self, at: usize, target: LoopInput, value: Origin) {
        // An instruction is visited again when more becomes known; the last visit knows most.
        match self.stores.iter_mut().find(|known| known.at == at) {
            Some(known) => *known = Store { at, target, value },
            None => self.stores.push(Store { at, target, value }),
        }
    }

    /// Index of the instruction after the innermost `SETUP_LOOP` block around `at`, and the stack's depth there.
    fn enclosing_loop(&self, at: usize) -> Option<(usize, usize)> {
        let offset = self.instructions.get(at)?.offset;
        let (setup, block) = self.instructions.iter().enumerate().rev().find(|(_, block)| {
            block.operation == Op::SetupLoop && block.offset < offset && block.target().is_some_and(|end| end > offset)
        })?;
        let depth = self.stacks.get(setup)?.as_ref()?.len();
        Some((self.index_at(block.target()?)?, depth))
    }

    /// Slot of the iterator on the value stack, for a loop that begins with a `FOR_ITER` at `offset`.
    pub fn iterator_slot(&self, offset: u32) -> Option<u32> {
        let at = self.index_at(offset)?;
        (self.instructions.get(at)?.operation == Op::ForIter).then_some(())?;
        let depth = self.stacks.get(at)?.as_ref()?.len();
        u32::try_from(depth.checked_sub(1)?).ok()
    }

    /// All call instructions.
    pub fn call_sites(&self) -> Vec<CallSite> {
        let calls = self.instructions.iter().enumerate();
        calls
            .filter(|(_, instruction)| instruction.operation == Op::Call)
            .map(|(at, instruction)| {
                let depth = self.stacks.get(at).and_then(Option::as_ref).map(Vec::len);
                let behind = instruction.effect.call_arguments(instruction.argument);
                let positional = instruction.effect.only_positional(instruction.argument);
                CallSite {
                    offset: instruction.offset,
                    callee_slot: depth.and_then(|d| u32::try_from(d.checked_sub(behind + 1)?).ok()),
                    receivers: instruction.effect.receivers() as u32,
                    positional: positional.unwrap_or(behind as u32),
                }
            })
            .collect()
    }

    /// The path of what the call at `offset` calls, where it is one.
    pub fn callee(&self, offset: u32) -> Option<&LoopInput> {
        let at = self.index_at(offset)?;
        let (call, stack) = (self.instructions.get(at)?, self.stacks.get(at)?.as_ref()?);
        let first = stack.len().checked_sub(call.effect.call_arguments(call.argument) + 1)?;
        stack.get(first..=first + call.effect.receivers())?.iter().find_map(Origin::exactly)
    }

    /// Names looked up by name (module level code) inside any of `loops`.
    pub fn names_within(&self, loops: &[Loop], names: &Names) -> Vec<Arc<str>> {
        let inside = self.instructions.iter().filter(|instruction| {
            matches!(instruction.operation, Op::LoadName | Op::StoreName)
                && loops.iter().any(|l| l.contains(instruction.offset))
        });
        let used: BTreeSet<&Arc<str>> =
            inside.filter_map(|instruction| names.names.get(instruction.argument as usize)).collect();
        used.into_iter().cloned().collect()
    }

    /// True for an instruction that some way through the code reaches.
    pub fn is_reached(&self, at: usize) -> bool {
        self.stacks.is_empty() || self.stacks.get(at).is_some_and(Option::is_some)
    }
}

fn index(instructions: &[Instruction]) -> BTreeMap<u32, usize> {
    let mut map = BTreeMap::new();
    let mut begin = 0;
    for (at, instruction) in instructions.iter().enumerate() {
        // A jump to an EXTENDED_ARG is a jump to the instruction it belongs to.
        if begin <= instruction.offset {
            map.entry(begin).or_insert(at);
        }
        // The first of several that one instruction became, or that were put in front of it.
        map.entry(instruction.offset).or_insert(at);
        begin = instruction.next;
    }
    map
}

fn variable(operation: Op, argument: u32, names: &Names) -> Option<LoopInput> {
    let argument = argument as usize;
    let name = match operation {
        Op::LoadFast | Op::StoreFast => names.locals.get(argument),
        Op::LoadDeref | Op::StoreDeref => names.cells.get(argument),
        _ => names.names.get(argument),
    }?;
    Some(LoopInput {
        name: Arc::clone(name),
        is_global: matches!(operation, Op::LoadGlobal | Op::StoreGlobal),
        attributes: Vec::new(),
    })
}
