//! A path through the heap: references one after the other, from a root.

use crate::{ObjectId, ReferenceLabel, Root};

/// One reference on a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Who refers.
    pub from: ObjectId,
    /// What is referred to.
    pub to: ObjectId,
    /// By which name.
    pub label: ReferenceLabel,
}

/// A way from a root to an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// From the root's object to the object asked for; empty when that is the root's own.
    pub steps: Vec<Step>,
}

impl Path {
    /// The object it leads to.
    #[must_use]
    pub fn end(&self) -> ObjectId {
        self.steps.last().map_or(self.root.object, |step| step.to)
    }
}
