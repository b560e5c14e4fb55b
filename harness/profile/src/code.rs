//! Code objects: their lines, and the loops of their bytecode with what decides their ends.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Index of a [`Code`] in [`crate::Profile::codes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CodeId(pub u32);

/// A code object: what all its frames have in common.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Code {
    /// Address in the target.
    pub address: u64,
    /// `co_name`.
    pub function: Arc<str>,
    /// `co_filename`, as the code object has it.
    pub file: Arc<str>,
    /// `co_firstlineno`.
    pub line_first: u32,
    /// Bytecode offsets and their lines.
    pub lines: LineTable,
    /// Its frames are suspended and resumed: a generator.
    pub is_generator: bool,
    /// Loops of the bytecode, outer ones before those inside them.
    pub loops: Vec<Loop>,
    /// Bytecode offsets of instructions that call something.
    pub calls: Vec<u32>,
    /// What the returned value depends on.
    pub returns: Returns,
    /// Length of the bytecode.
    pub bytecode_bytes: u32,
    /// Its `try` statements with `except`, outer ones before those inside them. Files of before have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
}

impl Code {
    /// The innermost loop whose range contains `offset`.
    #[must_use]
    pub fn innermost_loop(&self, offset: u32) -> Option<usize> {
        self.loops
            .iter()
            .enumerate()
            .filter(|(_, candidate)| candidate.contains(offset))
            .max_by_key(|(_, candidate)| candidate.first)
            .map(|(index, _)| index)
    }
}

/// Which bytecode offset belongs to which line: starts of runs, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LineTable(Vec<(u32, u32)>);

impl LineTable {
    /// A table from `(first offset, line)` pairs with ascending offsets.
    #[must_use]
    pub fn new(runs: Vec<(u32, u32)>) -> Self {
        Self(runs)
    }

    /// The pairs it was made from.
    #[must_use]
    pub fn runs(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// The line of the instruction at `offset`; `None` for an empty table.
    #[must_use]
    pub fn line_at(&self, offset: u32) -> Option<u32> {
        let after = self.0.partition_point(|(start, _)| *start <= offset);
        self.0.get(after.saturating_sub(1)).or(self.0.first()).map(|(_, line)| *line)
    }
}

/// Where a loop's iteration comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopKind {
    /// An iterator decides: `for`, and comprehensions.
    Iterator,
    /// Conditions decide, or nothing: `while`.
    Condition,
}

/// A loop's kind as JSON: whether an iterator decides.
mod as_flag {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::LoopKind;

    pub(super) fn serialize<S: Serializer>(kind: &LoopKind, serializer: S) -> Result<S::Ok, S::Error> {
        (*kind == LoopKind::Iterator).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LoopKind, D::Error> {
        let by_iterator = bool::deserialize(deserializer)?;
        Ok(if by_iterator { LoopKind::Iterator } else { LoopKind::Condition })
    }
}

/// A back-jump range of bytecode.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loop {
    /// Target of the back jumps: bytecode offset of the first instruction.
    pub first: u32,
    /// Bytecode offset of the last instruction that jumps back.
    pub last: u32,
    /// First line.
    pub line_first: u32,
    /// Last line.
    pub line_last: u32,
    /// `for` or `while`.
    #[serde(rename = "by_iterator", with = "as_flag")]
    pub kind: LoopKind,
    /// The branches that can leave it; empty for a loop that only an uncaught exception ends. `while True` is no branch.
    pub exits: Vec<LoopExit>,
    /// What the loop assigns.
    pub writes: Vec<Write>,
    /// Anything in the loop may run other code: a call or an iteration.
    pub has_calls: bool,
    /// Bytecode between `first` and `last` that is no part of it, for handlers stand behind what they handle: offsets from
    /// and up to before. Files of before have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<(u32, u32)>,
    /// Nothing in the loop has an effect but on local variables: it calls, stores and takes away nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_pure: bool,
}

impl Loop {
    /// True for offsets of its instructions, inner loops' included.
    #[must_use]
    pub fn contains(&self, offset: u32) -> bool {
        let is_apart = |(from, to): &(u32, u32)| (*from..*to).contains(&offset);
        self.first <= offset && offset <= self.last && !self.apart.iter().any(is_apart)
    }
}

/// A branch that can leave a loop.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LoopExit {
    /// Bytecode offsets of the first instruction of the condition's block and of the branch itself: a frame seen
    /// there evaluates the condition.
    pub condition: (u32, u32),
    /// What the condition depends on, directly or through what the loop itself computes.
    pub inputs: Vec<LoopInput>,
    /// What decides whether the branch is come to at all, where something does.
    pub guards: Vec<LoopInput>,
    /// Bytecode offsets of the calls whose results the condition depends on.
    pub calls: Vec<u32>,
    /// Which of `inputs`, by index, are functions or methods that it calls: what counts is their answer. Files of before have
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<usize>,
    /// The condition depends on more than can be seen: an exception, an item of another iterator.
    pub is_opaque: bool,
    /// The loop's own iterator decides.
    pub by_iterator: bool,
    /// Where the condition is just the truth of one of `inputs`: its index, and the truth that leaves the loop.
    pub leaves_when: Option<(usize, bool)>,
}

/// What the value that a function returns depends on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Returns {
    /// Names of the function, and attribute paths from them.
    pub inputs: Vec<LoopInput>,
    /// It depends on more: results of other calls, items of iterators, exceptions; or nothing is known.
    pub is_opaque: bool,
}

/// A name, or a path of attributes from one, that a loop reads or writes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct LoopInput {
    /// Name of the local, cell or global.
    pub name: Arc<str>,
    /// Looked up outside the frame's own variables.
    pub is_global: bool,
    /// Attributes from there.
    pub attributes: Vec<Arc<str>>,
}

impl LoopInput {
    /// True when one is the other or an attribute of it: a change of one may be a change of the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.name == other.name
            && self.is_global == other.is_global
            && self.attributes.iter().zip(&other.attributes).all(|(mine, theirs)| mine == theirs)
    }
}

impl fmt::Display for LoopInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.attributes.iter().try_for_each(|attribute| {
            f.write_str(".")?;
            f.write_str(attribute)
        })
    }
}

/// A `try` statement by its bytecode: with `except`, or with `finally`, which `with` is too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Try {
    /// Bytecode offset of the first instruction that is tried.
    pub first: u32,
    /// Where the handlers begin: what is tried ends before.
    pub handler: u32,
    /// Where what runs after no exception goes on: the handlers end before.
    pub otherwise: u32,
    /// Where the statement ends: an `else` ends before.
    pub end: u32,
    /// Where the handlers don't stand between what is tried and what comes after it: where what is tried ends, and where
    /// the handlers end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<(u32, u32)>,
    /// What handles runs whatever happens, and handing on what was raised is its end: `finally`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
}

impl Try {
    /// True for an instruction that comes after the one at `raised` only where that raised nothing, by all statements of a
    /// code. A `finally` runs after both, though an `except` around it tries it as well.
    #[must_use]
    pub fn any_is_past(all: &[Self], raised: u32, offset: u32) -> bool {
        let around = || all.iter().filter(|one| one.tries(raised));
        around().any(|one| one.is_past(raised, offset)) && !around().any(|one| one.always && one.handles(offset))
    }

    /// True for an instruction that comes after the one at `raised` only where that raised nothing: the rest of what is
    /// tried, and the `else`.
    #[must_use]
    pub fn is_past(&self, raised: u32, offset: u32) -> bool {
        let is_behind = !self.always && self.otherwise <= offset && offset < self.end;
        self.tries(raised) && (is_behind || (offset > raised && self.tries(offset)))
    }

    /// True for an instruction that is tried.
    #[must_use]
    pub fn tries(&self, offset: u32) -> bool {
        self.first <= offset && offset < self.apart.map_or(self.handler, |(tried_to, _)| tried_to)
    }

    /// True for an instruction of the handlers.
    #[must_use]
    pub fn handles(&self, offset: u32) -> bool {
        self.handler <= offset && offset < self.apart.map_or(self.otherwise, |(_, handled_to)| handled_to)
    }
}

/// An assignment inside a loop.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Write {
    /// What is assigned.
    pub target: LoopInput,
    /// The value comes out of a call or an iteration: from outside, not from the loop's own arithmetic.
    pub from_call: bool,
    /// Each turn of the loop computes it anew out of itself and something else, by an operator in place: `n -= k`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub each_turn_in_place: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, attributes: &[&str]) -> LoopInput {
        LoopInput { name: name.into(), is_global: false, attributes: attributes.iter().map(|&a| a.into()).collect() }
    }

    #[test]
    fn lines() {
        let table = LineTable::new(vec![(0, 10), (6, 12), (9, 11)]);
        assert_eq!(table.line_at(0), Some(10));
        assert_eq!(table.line_at(8), Some(12));
        assert_eq!(table.line_at(900), Some(11));
        assert_eq!(LineTable::default().line_at(3), None);
    }

    #[test]
    fn overlapping_paths() {
        assert!(input("x", &[]).overlaps(&input("x", &["n"])));
        assert!(input("x", &["n", "m"]).overlaps(&input("x", &["n"])));
        assert!(!input("x", &["n"]).overlaps(&input("x", &["m"])));
        assert!(!input("x", &[]).overlaps(&input("y", &[])));
        assert_eq!(input("x", &["n", "m"]).to_string(), "x.n.m");
    }
}
