//! What is taken away while something is judged, to find out what hangs on it: a word list, a predicate, or what one
//! keeper keeps. For the ablation only; where nothing is taken away, all of this says so and costs a look at a cell.

use std::cell::Cell;

/// What is taken away: the name of a row, and of one of its entries, or of none where all of them are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Away {
    /// Of a word list, of a predicate, or `KEEPERS`.
    pub row: &'static str,
    /// The keeper's module and attribute.
    pub entry: Option<(&'static str, &'static str)>,
}

thread_local! {
    /// While a judgement lasts: rules ask for words in places that no threshold reaches.
    static AWAY: Cell<Option<Away>> = const { Cell::new(None) };
}

/// Takes something away until it is dropped.
#[derive(Debug)]
pub(crate) struct Scope(Option<Away>);

impl Scope {
    /// From now on, in this thread.
    pub(crate) fn new(away: Option<Away>) -> Self {
        Self(AWAY.replace(away))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        AWAY.set(self.0);
    }
}

/// Whether all of this row is taken away.
pub(super) fn is_row(name: &str) -> bool {
    AWAY.get().is_some_and(|away| away.entry.is_none() && away.row == name)
}

/// Whether this entry of a row is taken away, or all of them.
pub(super) fn is_entry(row: &str, entry: (&str, &str)) -> bool {
    AWAY.get().is_some_and(|away| away.row == row && away.entry.is_none_or(|gone| gone == entry))
}
