//! Opens what can be looked at, decodes it, judges it and makes records of what was found.
//!
//! [`source`] is one opening for everything that has a heap. A [`session`] is a source with what was computed of it, each
//! thing once. The functions of [`looks`] answer one question each and return a record. [`record`] keeps what was seen in
//! files. Nothing here prints. An [`Interrupt`] ends long looks early, with what they have.

mod census;
mod interrupt;
pub mod looks;
mod moment;
pub mod record;
pub mod session;
pub mod source;
mod workers;

pub use interrupt::{Asked, Interrupt, Stop};
pub use moment::{Look, Moment};

/// Which interpreter is read, for messages.
pub use bloathound_cpython::dialect::SUPPORTED;

use bloathound_cpython::dialect::refused;
use bloathound_vocabulary::ToolRecord;

/// What stands in recordings as their tool.
pub const TOOL: &str = concat!("bloathound ", env!("CARGO_PKG_VERSION"));

/// Why a release of CPython, such as `3.9.18`, is not read, in words that follow its name; none for one that is.
#[must_use]
pub fn not_read(version: &str) -> Option<&'static str> {
    refused(version).map(|refused| refused.why())
}

/// What stands in records as their tool.
#[must_use]
pub fn tool() -> ToolRecord {
    ToolRecord::bloathound(env!("CARGO_PKG_VERSION"))
}
