//! Text, JSON, JUnit, HTML and pictures from findings; its own serde types.
//!
//! Pure: everything here takes records and gives strings or values back. Nothing is printed, no file is written.
//!
//! Names and texts in the records come from the process that was looked at, so they are hostile until proven otherwise:
//! whatever leaves this crate for a terminal, a page or a picture has passed through [`sanitize`].

mod describe;
mod describe_toggle;
mod error;
pub mod graph;
pub mod heatmap;
mod heatmap_font;
mod heatmap_layout;
mod heatmap_png;
mod heatmap_svg;
#[cfg(test)]
mod heatmap_tests;
pub mod html;
pub mod json;
pub mod junit;
pub mod redact;
pub mod sanitize;
pub mod schema;
pub mod snapshot;
pub mod text;
pub mod units;

#[cfg(test)]
mod samples;

pub use error::ReportError;
