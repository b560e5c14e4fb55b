//! Who keeps memory from being returned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Label;

/// What keeps sparse arenas from being returned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// Qualified type of the survivors.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Owner path by names.
    pub owner: Vec<Label>,
    /// How many of them there are in sparse arenas.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sparse arenas with at least one of them.
    pub arenas: u64,
}
