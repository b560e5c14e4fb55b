//! Services that a seed makes: each with one bug, a twin without it, and what has to be found; or with no bug at all.
//!
//! What they are made of is data, in `data/`: shapes of bugs by class, things that are kept, what else a service does,
//! words for names. This crate draws from it and fills the templates in. It reads no clock, no disk and no network: the same
//! seed makes the same bytes anywhere. Who wrote the shapes knew no rule of the detectors.

mod case;
mod context;
mod data;
mod error;
mod names;
mod python;
mod templates;

pub use case::{Case, CaseFile, CaseId, Generator};
pub use data::CaseClass;
pub use error::GenerateError;
