//! A frame of a stack, as records name it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A frame of a thread.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FrameRecord {
    /// Function.
    pub function: String,
    /// File as the code object names it.
    pub file: String,
    /// Current line; null where the line table can't be read.
    pub line: Option<u32>,
}
