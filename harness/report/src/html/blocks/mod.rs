//! The pieces that several pages are put together from.

mod badge;
mod figures;
mod memory;
mod notes;
mod target;

pub(crate) use badge::badge;
pub(crate) use figures::{bar, facts, more, table};
pub(crate) use memory::{account, arenas, census, garbage, pins};
pub(crate) use notes::{observations, partial, problems};
pub(crate) use target::{stack, target, target_facts, tool};
