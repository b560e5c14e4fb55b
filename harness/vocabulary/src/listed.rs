//! What `list` tells: the scenarios there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FindingClass, ToolRecord, Variant};

/// A scenario that can be run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListedScenario {
    /// Its name, as `run` takes it.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The CPython that its service needs: `2.7`, `3`, or `3.13+` for that or a later one.
    pub needs: String,
    /// The release that it would run on here; null where none is here.
    pub python: Option<String>,
    /// Variants it has.
    pub variants: Vec<Variant>,
    /// Classes of finding it looks for.
    pub classes: Vec<FindingClass>,
    /// The diagnostic of the service's own that it switches; null where it switches none.
    pub toggle: Option<String>,
}

/// What `list --json` writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// By name.
    pub scenarios: Vec<ListedScenario>,
}
