//! Where a document comes from: the program, the machine, the part of a partitioned run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The program that wrote a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToolRecord {
    /// `bloathound`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl ToolRecord {
    /// `bloathound` of this version.
    #[must_use]
    pub fn bloathound(version: &str) -> Self {
        Self { name: "bloathound".to_owned(), version: version.to_owned() }
    }

    /// `bloathound 0.1.0`.
    #[must_use]
    pub fn display(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// The machine. What isn't known is null.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct HostRecord {
    /// `linux`.
    pub os: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// `x86_64`.
    pub architecture: Option<String>,
    /// Processors usable.
    pub cpus: Option<u64>,
    /// Main memory, bytes.
    pub memory_bytes: Option<u64>,
    /// The target's interpreter: `2.7.18`.
    pub python: Option<String>,
    /// The machines of the parts, where results of several were joined and they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<HostRecord>,
}

/// Which part of a run this is, of `--partition K/N`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PartitionRecord {
    /// K, from 1.
    pub part: u32,
    /// N.
    pub of: u32,
    /// A sum of all runs of which this is a part (scenarios, variants, seeds): parts of one run have the same. Absent in
    /// results of before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<u32>,
}
