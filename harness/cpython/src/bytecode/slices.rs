//! What a loop's exits depend on: a backward slice through the loop's own assignments and their conditions.

use std::collections::{BTreeSet, VecDeque};

use bloathound_profile::{Loop, LoopExit, LoopInput, Returns, Write};

use super::flow::Flow;
use super::origin::Origin;
use crate::dialect::Operation as Op;

/// Exits of a loop that are described.
const EXITS_MAX: usize = 32;
/// Inputs of an exit that are kept; with more it counts as opaque.
const INPUTS_MAX: usize = 32;
/// Instructions of a function whose result is followed.
const FUNCTION_MAX: usize = 1500;
/// Instructions of a loop whose exits are followed.
const BODY_MAX: usize = 3000;

/// Fills in exits and writes of `found`.
pub fn describe(flow: &Flow, found: &mut Loop) {
    if flow.successors.is_empty() {
        return;
    }
    let Some(head) = flow.index_at(found.first) else {
        return;
    };
    let body = Body::new(flow, head, found);
    if body.nodes.len() > BODY_MAX {
        return describe_unknown(found);
    }
    found.writes = body.writes();
    let exits: Vec<LoopExit> = body.nodes.iter().filter_map(|&at| body.exit_at(at)).take(EXITS_MAX).collect();
    found.exits = exits;
}

/// An exit that may depend on anything, for a loop that was not looked into.
pub fn describe_unknown(found: &mut Loop) {
    found.exits = vec![LoopExit { condition: (found.first, found.last), is_opaque: true, ..LoopExit::default() }];
}

/// What the function's result depends on.
pub fn returns(flow: &Flow) -> Returns {
    let unknown = Returns { is_opaque: true, ..Returns::default() };
    if flow.successors.is_empty() || flow.instructions.len() > FUNCTION_MAX {
        return unknown;
    }
    let all = (0..flow.instructions.len()).filter(|at| flow.is_reached(*at)).collect();
    let body = Body { flow, head: None, nodes: all };
    let mut origin = Origin::default();
    for (&at, returned) in &flow.returned {
        origin.absorb(returned);
        body.add_conditions(at, &mut origin);
    }
    let closure = body.closure(&origin);
    Returns {
        is_opaque: closure.is_opaque || !closure.calls.is_empty() || closure.inputs.len() > INPUTS_MAX,
        inputs: closure.inputs.into_iter().take(INPUTS_MAX).collect(),
    }
}

/// What something depends on, directly or through assignments.
#[derive(Default)]
struct Closure {
    inputs: BTreeSet<LoopInput>,
    calls: BTreeSet<u32>,
    is_opaque: bool,
}

/// The instructions of a loop from which its begin can be reached again; or all of a function.
struct Body<'a> {
    flow: &'a Flow,
    head: Option<usize>,
    nodes: BTreeSet<usize>,
}

impl<'a> Body<'a> {
    fn new(flow: &'a Flow, head: usize, found: &Loop) -> Self {
        let inside =
            |at: usize| flow.instructions.get(at).is_some_and(|instruction| found.contains(instruction.offset));
        let successors = |at: usize| flow.successors.get(at).map_or(&[][..], Vec::as_slice);
        let mut reached = BTreeSet::from([head]);
        let mut queue = VecDeque::from([head]);
        while let Some(at) = queue.pop_front() {
            for &next in successors(at) {
                if inside(next) && reached.insert(next) {
                    queue.push_back(next);
                }
            }
        }
        let mut nodes: BTreeSet<usize> = BTreeSet::new();
        // Few passes: code is laid out forwards, so going backwards finds nearly all at once.
        loop {
            let before = nodes.len();
            for &at in reached.iter().rev() {
                if successors(at).iter().any(|next| *next == head || nodes.contains(next)) {
                    nodes.insert(at);
                }
            }
            if nodes.len() == before {
                break;
            }
        }
        Self { flow, head: Some(head), nodes }
    }

    fn successors(&self, at: usize) -> &[usize] {
        self.flow.successors.get(at).map_or(&[], Vec::as_slice)
    }

    fn stores(&self) -> impl Iterator<Item = &super::flow::Store> {
        self.flow.stores.iter().filter(|store| self.nodes.contains(&store.at))
    }

    fn exit_at(&self, at: usize) -> Option<LoopExit> {
        let instruction = self.flow.instructions.get(at)?;
        let leaves = self.successors(at).iter().any(|next| !self.nodes.contains(next) && !self.raises_again(*next));
        if !leaves {
            return None;
        }
        let by_iterator = instruction.operation == Op::ForIter;
        let (mut origin, from) = match self.flow.decides_on.get(&at) {
            Some(origin) => {
                // `while True` and the like decide nothing.
                if origin.paths.is_empty() && !origin.is_from_outside() && !by_iterator {
                    return None;
                }
                (origin.clone(), self.block_start(at))
            }
            // A handler outside the loop: whatever the block calls may lead there.
            None if instruction.operation == Op::SetupExcept => (self.tried(at), at),
            None => return None,
        };
        let of_own_iterator = by_iterator && Some(at) == self.head;
        if of_own_iterator {
            // Its state is read from the target; what it was made of tells less.
            origin = Origin::default();
        }
        let closure = self.closure(&origin);
        let mut guard = Origin::default();
        self.add_conditions(at, &mut guard);
        let guards = self.closure(&guard).inputs;
        let offset_of = |index: usize| self.flow.instructions.get(index).map_or(0, |i| i.offset);
        Some(LoopExit {
            condition: (offset_of(from), instruction.offset),
            is_opaque: closure.is_opaque || closure.inputs.len() > INPUTS_MAX,
            called: self.called(&closure),
            calls: closure.calls.into_iter().collect(),
            leaves_when: self.leaves_when(at, &origin, &closure.inputs),
            inputs: closure.inputs.into_iter().take(INPUTS_MAX).collect(),
            guards: guards.into_iter().take(INPUTS_MAX).collect(),
            by_iterator: of_own_iterator,
        })
    }

    /// Where the branch at `at` only asks whether one path is true: which of `inputs`, and the answer that leaves.
    fn leaves_when(&self, at: usize, origin: &Origin, inputs: &BTreeSet<LoopInput>) -> Option<(usize, bool)> {
        let path = origin.exactly()?;
        let instruction = self.flow.instructions.get(at)?;
        let jump_leaves = !self.nodes.contains(&self.flow.index_at(instruction.target()?)?);
        let jumps_when = match instruction.operation {
            Op::PopJumpIfTrue | Op::JumpIfTrueOrPop => true,
            Op::PopJumpIfFalse | Op::JumpIfFalseOrPop => false,
            _ => return None,
        };
        let index = inputs.iter().take(INPUTS_MAX).position(|input| input == path)?;
        Some((index, jump_leaves == jumps_when))
    }

    /// Which of the inputs are what its calls call.
    fn called(&self, closure: &Closure) -> Vec<usize> {
        let callees: BTreeSet<&LoopInput> = closure.calls.iter().filter_map(|call| self.flow.callee(*call)).collect();
        let inputs = closure.inputs.iter().take(INPUTS_MAX).enumerate();
        inputs.filter(|(_, input)| callees.contains(input)).map(|(index, _)| index).collect()
    }

    /// The end of a list of `except` clauses none of which matched: an uncaught exception is no exit.
    fn raises_again(&self, at: usize) -> bool {
        let opcode = self.flow.instructions.get(at).map(|i| i.operation);
        matches!(opcode, Some(Op::EndFinally | Op::Reraise)) && self.successors(at).is_empty()
    }

    /// Index of the first instruction that always leads straight to `at`.
    fn block_start(&self, at: usize) -> usize {
        let mut start = at;
        while self.head.is_some_and(|head| start > head) {
            let before = start - 1;
            let straight = self.successors(before) == [start]
                && !self.flow.successors.iter().enumerate().any(|(from, to)| from != before && to.contains(&start));
            if !straight {
                break;
            }
            start = before;
        }
        start
    }

    /// Everything that the block guarded by the `SETUP_EXCEPT` at `setup` reads and assigns.
    fn tried(&self, setup: usize) -> Origin {
        let mut origin = Origin { is_opaque: true, ..Origin::default() };
        let end = self
            .flow
            .instructions
            .get(setup)
            .and_then(|instruction| self.flow.index_at(instruction.target()?))
            .map_or(setup, |handler| handler.max(setup));
        for store in self.stores().filter(|s| setup < s.at && s.at < end) {
            origin.paths.insert(store.target.clone());
            origin.paths.extend(store.value.paths.iter().cloned());
        }
        for (_, decided) in self.flow.decides_on.range(setup..end) {
            origin.paths.extend(decided.paths.iter().cloned());
        }
        origin
    }

    /// Everything `origin` depends on inside the loop.
    fn closure(&self, origin: &Origin) -> Closure {
        let mut closure = Closure { calls: origin.calls.clone(), is_opaque: origin.is_opaque, ..Closure::default() };
        let mut queue: VecDeque<LoopInput> = origin.paths.iter().cloned().collect();
        while let Some(input) = queue.pop_front() {
            if closure.inputs.len() > INPUTS_MAX || !closure.inputs.insert(input.clone()) {
                continue;
            }
            for store in self.stores().filter(|s| s.target.overlaps(&input)) {
                let mut needed = store.value.clone();
                self.add_conditions(store.at, &mut needed);
                closure.is_opaque |= needed.is_opaque;
                closure.calls.extend(&needed.calls);
                queue.extend(needed.paths);
            }
        }
        closure
    }

    /// Adds what decides, inside one round of the loop, whether instruction `at` is come to.
    fn add_conditions(&self, at: usize, origin: &mut Origin) {
        // What can reach `at` without beginning another round.
        let mut leads = BTreeSet::from([at]);
        loop {
            let before = leads.len();
            for &node in self.nodes.iter().rev() {
                if self.successors(node).iter().any(|next| Some(*next) != self.head && leads.contains(next)) {
                    leads.insert(node);
                }
            }
            if leads.len() == before {
                break;
            }
        }
        for &node in leads.iter().filter(|node| **node != at) {
            let decides = self.successors(node).iter().any(|next| {
                // A way out of the loop is not a way past `at`: that exit has an entry of its own.
                self.nodes.contains(next) && (Some(*next) == self.head || !leads.contains(next))
            });
            if let Some(condition) = self.flow.decides_on.get(&node).filter(|_| decides) {
                origin.paths.extend(condition.paths.iter().cloned());
                origin.calls.extend(&condition.calls);
                origin.is_opaque |= condition.is_opaque;
            }
        }
    }

    fn writes(&self) -> Vec<Write> {
        let mut tainted: BTreeSet<LoopInput> =
            self.stores().filter(|store| store.value.is_from_outside()).map(|store| store.target.clone()).collect();
        loop {
            let before = tainted.len();
            for store in self.stores() {
                let fed = store.value.paths.iter().any(|path| tainted.iter().any(|t| t.overlaps(path)));
                if fed {
                    tainted.insert(store.target.clone());
                }
            }
            if tainted.len() == before {
                break;
            }
        }
        let targets: BTreeSet<&LoopInput> = self.stores().map(|store| &store.target).collect();
        targets
            .into_iter()
            .map(|target| Write {
                target: target.clone(),
                from_call: tainted.iter().any(|t| t.overlaps(target)),
                each_turn_in_place: self.each_turn_in_place(target),
            })
            .collect()
    }

    /// True where each assignment to `target` is one of its own value by an operator in place, and no turn goes past all.
    fn each_turn_in_place(&self, target: &LoopInput) -> bool {
        let operation = |at: Option<usize>| Some(self.flow.instructions.get(at?)?.operation);
        let in_place = |store: &super::flow::Store| {
            // An attribute's object comes in between, and so do an item's container and key.
            let turns = |at: &usize| matches!(operation(Some(*at)), Some(Op::RotTwo | Op::RotThree | Op::SwapItems));
            let before = (0..store.at).rev().find(|at| !turns(at));
            operation(before) == Some(Op::InPlace) && store.value.paths.contains(target)
        };
        let always = |store: &super::flow::Store| {
            let mut conditions = Origin::default();
            self.add_conditions(store.at, &mut conditions);
            conditions.paths.is_empty() && !conditions.is_from_outside()
        };
        let mut stores = self.stores().filter(|store| store.target.overlaps(target)).peekable();
        stores.peek().is_some() && stores.all(|store| store.target == *target && in_place(store) && always(store))
    }
}
