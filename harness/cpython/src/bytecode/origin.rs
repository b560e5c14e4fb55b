//! What a stack item depends on.

use std::collections::BTreeSet;
use std::sync::Arc;

use bloathound_profile::LoopInput;

/// Paths a stack item remembers at most; more make it depend on "calls", which means: on more than is known.
const PATHS_MAX: usize = 24;
/// Calls a stack item remembers at most; likewise.
const CALLS_MAX: usize = 64;
/// Attributes of a path at most.
const PATH_ATTRIBUTES_MAX: usize = 4;

/// What a value depends on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// Names and attribute paths.
    pub paths: BTreeSet<LoopInput>,
    /// Offsets of calls that had a part in it.
    pub calls: BTreeSet<u32>,
    /// Something that can't be followed had a part in it: an iteration, an exception, a value sent to a generator.
    pub is_opaque: bool,
    /// Set where the value *is* that path, unchanged.
    pub(super) exactly: Option<LoopInput>,
    /// Put there by the interpreter when it enters an exception handler.
    pub(super) is_exception: bool,
}

impl Origin {
    pub(super) fn path(path: LoopInput) -> Self {
        Self { paths: BTreeSet::from([path.clone()]), exactly: Some(path), ..Self::default() }
    }

    pub(super) fn exception() -> Self {
        Self { is_opaque: true, is_exception: true, ..Self::default() }
    }

    pub(super) fn unknown() -> Self {
        Self { is_opaque: true, ..Self::default() }
    }

    /// How much memory it takes, in items that depend on nothing: a set has a node for each eleven of its members.
    pub(super) fn weight(&self) -> usize {
        let nodes = |members: usize| members.div_ceil(11);
        1 + 5 * nodes(self.paths.len()) + nodes(self.calls.len())
    }

    /// Adds what `other` depends on.
    pub fn absorb(&mut self, other: &Self) {
        if self.exactly != other.exactly {
            self.exactly = None;
        }
        self.paths.extend(other.paths.iter().cloned());
        self.calls.extend(&other.calls);
        self.is_opaque |= other.is_opaque;
        self.is_exception |= other.is_exception;
        if self.paths.len() > PATHS_MAX {
            self.is_opaque = true;
            while self.paths.len() > PATHS_MAX {
                self.paths.pop_last();
            }
        }
        if self.calls.len() > CALLS_MAX {
            self.is_opaque = true;
            while self.calls.len() > CALLS_MAX {
                self.calls.pop_last();
            }
        }
    }

    pub(super) fn attribute(&self, name: &Arc<str>) -> Self {
        match &self.exactly {
            Some(path) if path.attributes.len() < PATH_ATTRIBUTES_MAX => {
                let mut path = path.clone();
                path.attributes.push(Arc::clone(name));
                Self::path(path)
            }
            _ => Self { exactly: None, ..self.clone() },
        }
    }

    /// True when it comes from outside the code that was looked at.
    pub fn is_from_outside(&self) -> bool {
        self.is_opaque || !self.calls.is_empty()
    }

    /// The path the value is, where it is one.
    pub fn exactly(&self) -> Option<&LoopInput> {
        self.exactly.as_ref()
    }
}
