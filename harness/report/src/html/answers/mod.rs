//! A page for each command that looks.

mod diff;
mod history;
mod hot;
mod inspect;
mod lead;
mod watch;
mod why;

pub use diff::diff;
pub use history::history;
pub use hot::hot;
pub use inspect::{InspectPictures, inspect};
pub use watch::watch;
pub use why::why;
