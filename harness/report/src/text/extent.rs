//! How much of an answer is shown.

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InspectView<'a> {
    /// Rows of a table; the rest is summed up in one row.
    pub rows: usize,
    /// Frames of a thread.
    pub frames: usize,
    /// Escape sequences for colour.
    pub color: bool,
    /// Every table and what is fine as well.
    pub verbose: bool,
    /// What was looked at, as it was typed: the next command names it. Empty where it is not known.
    pub typed: &'a str,
}

impl Default for InspectView<'_> {
    fn default() -> Self {
        Self { rows: 20, frames: 12, color: false, verbose: false, typed: "" }
    }
}
