//! What a step of a path costs: the cheapest path is the one that is told, so these decide in which words an object is
//! named. They stand in the table of thresholds too; which fields cost what is a word of the series
//! ([`SeriesWords`](crate::SeriesWords)).

use crate::RootKind;

/// What an attribute, an item or a key costs.
pub const PLAIN_COST: u8 = 2;
/// What the step from an object to its own dict costs: nobody writes it.
pub const OWN_DICT_COST: u8 = 1;
/// What a reference that was guessed costs.
pub const GUESSED_COST: u8 = 3;
/// What a closure's cells cost.
pub const CLOSURE_COST: u8 = 4;
/// What a place on a frame's value stack costs.
pub const STACK_COST: u8 = 6;
/// What a step costs that no person would write.
pub const BOOKKEEPING_COST: u8 = 8;

/// What starting from a root costs beyond starting from a module.
#[must_use]
pub const fn root_cost(kind: RootKind) -> u8 {
    match kind {
        RootKind::Module => 0,
        RootKind::Interpreter => 4,
        RootKind::ThreadFrame => 6,
        RootKind::ThreadState => 8,
        RootKind::SuspendedFrame => 12,
        RootKind::StaticType => 16,
        RootKind::GcGarbage => 20,
        // Both keep names for the interpreter's own sake.
        RootKind::Interned | RootKind::TypeCache => 32,
        RootKind::Unaccounted => 48,
    }
}
