//! Small records that several documents share: tool, host, partition, timing, disturbance.

use std::time::Duration;

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

    pub(crate) fn display(&self) -> String {
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
}

/// How long the steps of a look took, milliseconds; null where there was no such step (nothing is paused to read a core).
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TimingRecord {
    /// The target stood still for this long.
    pub pause_ms: Option<f64>,
    /// Copying its memory.
    pub copy_ms: Option<f64>,
    /// Bytes to objects.
    pub decode_ms: Option<f64>,
    /// Everything after.
    pub analyse_ms: Option<f64>,
}

/// What the target noticed of us.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct DisturbanceRecord {
    /// Every pause, milliseconds.
    pub pauses_ms: Vec<f64>,
    /// The longest of them.
    pub longest_pause_ms: Option<f64>,
    /// 99th percentile of the latency while we looked, milliseconds.
    pub latency_p99_ms: Option<f64>,
    /// 99th percentile of the latency while nobody looked, milliseconds.
    pub baseline_latency_p99_ms: Option<f64>,
    /// Requests answered a second while we looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_per_second: Option<f64>,
    /// Requests answered a second while nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_throughput_per_second: Option<f64>,
}

impl DisturbanceRecord {
    /// From the pauses; the longest is theirs.
    #[must_use]
    pub fn from_pauses(pauses: &[Duration]) -> Self {
        Self {
            pauses_ms: pauses.iter().copied().map(milliseconds).collect(),
            longest_pause_ms: pauses.iter().max().copied().map(milliseconds),
            ..Self::default()
        }
    }
}

/// A duration as milliseconds, to the microsecond: more digits would be noise.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
