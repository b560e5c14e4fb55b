//! What `why` tells: how one object is held.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Partial, Problem, TargetRecord, ToolRecord};

/// An object for people.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ObjectRecord {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// A string's content, a number's digits, a class's name.
    pub text: Option<String>,
    /// Address, hexadecimal with `0x`.
    pub address: Option<String>,
    /// Own bytes.
    pub shallow_bytes: u64,
    /// Bytes freed if it went away.
    pub retained_bytes: Option<u64>,
    /// `ob_refcnt`.
    pub refcount: Option<u64>,
}

/// One step of a path: the reference taken and the object it leads to. The first step's label is the root's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PathStep {
    /// `module model`, `.DBModel`, `['key']`, `[3]`, `.keys()[1999]`.
    pub label: String,
    /// What it leads to.
    pub object: ObjectRecord,
}

/// What `why --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WhyReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// What was asked for: a type name or an address.
    pub what: String,
    /// Objects that fit.
    pub matches: u64,
    /// The one explained; null where none fits.
    pub object: Option<ObjectRecord>,
    /// Shortest path from a root; empty where the object isn't reachable.
    pub path: Vec<PathStep>,
    /// The path as one expression that can be typed in, where there is one.
    pub expression: Option<String>,
    /// Objects without which it would go away, nearest first.
    pub dominators: Vec<ObjectRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}
