//! How many objects there are, and of which types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many objects and how many bytes of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Population {
    /// Objects.
    pub objects: u64,
    /// Their own bytes.
    pub bytes: u64,
}

/// All objects of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TypeRow {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects.
    pub count: u64,
    /// Their own bytes.
    pub bytes: u64,
}
