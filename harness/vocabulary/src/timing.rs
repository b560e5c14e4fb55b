//! How long a look took, and what the target noticed of it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// A duration as milliseconds, to the microsecond: more digits would be noise.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
