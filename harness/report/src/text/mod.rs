//! Terminal output: lines no wider than the [`Page`], colour only when asked for.
//!
//! Every function takes `color`; whether there is a terminal and what `NO_COLOR` says is the caller's to know.

mod answers;
mod check;
mod doctor;
mod extent;
mod follow;
mod holders;
mod inspect;
mod list;
mod memory;
mod newcomers;
pub(crate) mod page;
mod run;
mod source;
mod stack;
mod style;
mod table;
mod tasks;

pub use crate::sanitize::shell_word;
pub(crate) use crate::typing::again;
pub use answers::{diff, hot, watch, why};
pub use check::{PROCESS, check};
pub use doctor::doctor;
pub use extent::InspectView;
pub use follow::{FollowOrder, FollowView, follow, follow_line, follow_rows};
pub use inspect::inspect;
pub use list::list;
pub use page::{Page, beside, ending, prose, set_page};
pub use run::{Layout, failure, merge_warnings, run, run_line, summary};
pub(crate) use style::Style;

/// Cells of a command to type next.
const NEXT_MAX: usize = 400;
