//! Which call of a thread is the innermost: the thread's state says so, or what its state points at on the thread's stack.

use bloathound_memory::Address;

use super::memory::Memory;

/// The word that names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Innermost {
    /// Where the word is.
    pub at: Address,
    /// Where a pointer to what holds the word is, and what it was.
    pub through: Option<(Address, Address)>,
}

impl Innermost {
    /// Where the word is now for the thread at `state`; `None` where it can't be told.
    pub(super) fn of(memory: &Memory<'_>, state: Address) -> Option<Self> {
        let t = &memory.d.thread_state;
        let variable = state.offset(t.frame);
        let Some(behind) = t.frame_behind else {
            return Some(Self { at: variable, through: None });
        };
        let holder = memory.pointer(variable).filter(|holder| holder.is_aligned(8) && !holder.is_null())?;
        Some(Self { at: holder.offset(behind), through: Some((variable, holder)) })
    }

    /// The innermost call of the thread at `state` now; null where there is none.
    pub(super) fn now(memory: &Memory<'_>, state: Address) -> Option<Address> {
        memory.pointer(Self::of(memory, state)?.at)
    }
}
