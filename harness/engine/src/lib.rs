//! Opens what can be looked at, decodes it, judges it and makes records of what was found.
//!
//! From a process id to findings: [`examine`] copies and decodes, [`memory_view`] tells where the memory goes, [`hot`]
//! samples, [`recording`] and [`samples`] keep what was seen. Nothing here prints.

pub mod examine;
pub mod hot;
pub mod memory_view;
pub mod recording;
mod redaction;
pub mod samples;
