//! Terminal output: lines of at most 80 cells, colour only when asked for.
//!
//! Every function takes `color`; whether there is a terminal and what `NO_COLOR` says is the caller's to know.

mod inspect;
mod looks;
mod memory;
mod newcomers;
mod run;
mod setup;
mod style;
mod table;

pub use inspect::{InspectView, inspect};
pub use looks::{diff, hot, watch, why};
pub use run::{Layout, failure, merge_warnings, run, run_line, shell_word, summary};
pub use setup::{Check, CheckStatus, ListRow, doctor, list};
pub(crate) use style::Style;

/// Cells of a line.
pub const WIDTH: usize = 80;
