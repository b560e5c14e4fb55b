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

/// Objects of what was asked for that hang at one place.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KindOfHolder {
    /// Who holds them, as a person types it: `model.DBModel._field_cache`.
    pub place: String,
    /// How many hang there.
    pub objects: u64,
    /// Their own bytes, and the memory of C code that belongs to them.
    pub bytes: u64,
    /// Their part of all that fit, by objects or by bytes, whichever is more; of all new objects where there was a look
    /// before.
    pub share: f64,
    /// Those that a look before has not; null where there was none.
    #[serde(default)]
    pub new_objects: Option<u64>,
    /// Address of one of them, hexadecimal with `0x`.
    pub example: Option<String>,
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
    /// The objects that fit by who holds them: those that grew since a look before, most first, or all, the largest
    /// share first and what the interpreter keeps by itself last. Not more than 100.
    #[serde(default)]
    pub kinds: Vec<KindOfHolder>,
    /// How many kinds there are.
    #[serde(default)]
    pub kinds_in_all: Option<u64>,
    /// Of which of these the one explained is, from 1 on.
    #[serde(default)]
    pub kind: Option<u64>,
    /// The command that explains one of another kind.
    #[serde(default)]
    pub next: Option<String>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}
