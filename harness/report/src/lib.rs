//! Text, JUnit, HTML, pictures and other people's formats from findings. It renders and decides nothing.
//!
//! Pure: everything here takes records and gives strings or values back. Nothing is printed, no file is written.
//!
//! Names and texts in the records come from the process that was looked at, so they are hostile until proven otherwise:
//! whatever leaves this crate for a terminal, a page or a picture has passed through [`sanitize`].

pub mod ci;
pub mod curve;
mod describe;
mod error;
pub mod export;
pub mod glossary;
pub mod graph;
pub mod heatmap;
pub mod html;
pub mod junit;
pub mod redact;
pub mod sanitize;
pub mod snapshot;
pub mod text;
pub mod typing;
pub mod units;

#[cfg(test)]
mod samples;

pub use describe::paragraph::{tell, tell_run};
pub use error::ReportError;
