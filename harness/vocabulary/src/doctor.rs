//! What `doctor` tells: what of a machine was checked, and what to do where something is missing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HostRecord, ToolRecord};

/// How a check of the machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStatus {
    /// Fine.
    Ok,
    /// Works, but less well than it could.
    Warning,
    /// Something can't be done here.
    No,
}

/// One check of the machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was checked: `Python 2.7`.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// What to do, a line each; lines to type stand alone.
    pub hints: Vec<String>,
}

/// What `doctor --json` writes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoctorReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// The machine.
    pub host: HostRecord,
    /// No check ended with `no`.
    pub works: bool,
    /// All checks, in the order in which a run needs them.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Of these checks; whether all works follows from them.
    #[must_use]
    pub fn new(tool: ToolRecord, host: HostRecord, checks: Vec<Check>) -> Self {
        let works = checks.iter().all(|check| check.status != CheckStatus::No);
        Self { schema_version: crate::SCHEMA_VERSION, tool, host, works, checks }
    }
}
