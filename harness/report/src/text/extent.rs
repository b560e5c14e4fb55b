//! How much of an answer is shown.

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InspectView {
    /// Rows of a table; the rest is summed up in one row.
    pub rows: usize,
    /// Frames of a thread.
    pub frames: usize,
    /// Escape sequences for colour.
    pub color: bool,
}

impl Default for InspectView {
    fn default() -> Self {
        Self { rows: 20, frames: 12, color: false }
    }
}
