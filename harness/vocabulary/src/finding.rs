//! One thing found: its class, where it is and what it rests on.

use std::fmt;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A class of finding by the contract's word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClassName {
    /// Something grows with every request and stays.
    Leak,
    /// Cycles the collector will never take.
    Cycle,
    /// Memory reserved, not live, and not returnable.
    Fragmentation,
    /// A loop that keeps a thread busy.
    HotLoop,
}

impl ClassName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Leak, Self::Cycle, Self::Fragmentation, Self::HotLoop];

    /// `leak`, `cycle`, `fragmentation`, `hot-loop`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Cycle => "cycle",
            Self::Fragmentation => "fragmentation",
            Self::HotLoop => "hot-loop",
        }
    }
}

impl fmt::Display for ClassName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the bug is; null where it isn't known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WhereRecord {
    /// Python module.
    pub module: Option<String>,
    /// Class that holds or defines.
    pub class: Option<String>,
    /// Attribute that holds.
    pub attribute: Option<String>,
    /// Source file as the code object names it.
    pub file: Option<String>,
    /// Function.
    pub function: Option<String>,
    /// First line.
    pub line_first: Option<u32>,
    /// Last line.
    pub line_last: Option<u32>,
    /// Labels from the root down.
    pub path: Vec<String>,
}

/// Evidence of a leak.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LeakRecord {
    /// Objects of the growing path that stay, per request.
    pub objects_per_request: u64,
    /// Own bytes of these, per request.
    pub bytes_per_request: u64,
    /// Bytes that would be freed if what grows went away, per request.
    pub retained_bytes_per_request: u64,
    /// Bytes that would be freed in all, in the last round.
    pub retained_bytes: u64,
    /// Qualified type of what grows.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects on the path, round by round.
    pub rounds: Vec<u64>,
}

/// Evidence of cycles the collector won't take.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CycleRecord {
    /// Objects in the cycles of this shape.
    pub objects: u64,
    /// Types in the cycle, qualified, sorted.
    pub types: Vec<String>,
    /// `Class.__del__ (file:line)`.
    pub finalizers: Vec<String>,
    /// Objects of this shape that sit in `gc.garbage`.
    pub in_gc_garbage: u64,
    /// Objects that no collection will ever free, parked or not.
    pub uncollectable: u64,
    /// The cycle by names.
    pub cycle: Vec<String>,
    /// The reference that closes it.
    pub closing_reference: String,
}

/// What keeps sparse arenas from being returned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PinRecord {
    /// Qualified type of the survivors.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Owner path by names.
    pub owner: Vec<String>,
    /// How many of them there are in sparse arenas.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Sparse arenas with at least one of them.
    pub arenas: u64,
}

/// Evidence of fragmentation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FragmentationRecord {
    /// Arenas held.
    pub arenas: u64,
    /// Their bytes.
    pub arena_bytes: u64,
    /// Bytes of live objects in them.
    pub live_bytes: u64,
    /// `live_bytes / arena_bytes`; null without arenas.
    pub utilisation: Option<f64>,
    /// Reserved, not live, and pinned by live objects.
    pub stranded_bytes: u64,
    /// Who pins, most arenas first.
    pub pinned_by: Vec<PinRecord>,
}

/// Evidence of a hot loop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HotLoopRecord {
    /// Samples that support the verdict.
    pub samples: u64,
    /// CPU time of the thread over the time it could have had; null where it can't be told.
    pub cpu_fraction: Option<f64>,
    /// First and last bytecode offset of the loop.
    pub loop_bytecode: Option<[u32; 2]>,
    /// Distinct states of the locals seen.
    pub distinct_states: u64,
    /// Locals that never changed.
    pub unchanging: Vec<String>,
    /// Seconds the event loop's poll was not reached; null where it was, or there is none.
    pub starved_seconds: Option<f64>,
    /// Voluntary context switches during the observation.
    pub voluntary_switches: u64,
    /// All verdicts that hold, the weakest first.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// The kernel's thread id.
    #[serde(default)]
    pub thread: Option<u32>,
    /// The function in C that did not return.
    #[serde(default)]
    pub inside: Option<String>,
    /// What the loop's exits depend on, with its value: `done = False`.
    #[serde(default)]
    pub exit_values: Vec<String>,
}

/// What a finding rests on, by its class.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum EvidenceRecord {
    /// Of a `leak`.
    Leak(LeakRecord),
    /// Of a `cycle`.
    Cycle(CycleRecord),
    /// Of a `fragmentation`.
    Fragmentation(FragmentationRecord),
    /// Of a `hot-loop`.
    HotLoop(HotLoopRecord),
}

/// One thing found.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct FindingRecord {
    /// Kind of bug.
    pub class: ClassName,
    /// Graded statement: `grows-with-requests`, `uncollectable`, …
    pub verdict: String,
    /// Equal for the same bug on any machine: free of addresses, counts and times.
    pub fingerprint: String,
    /// Where.
    #[serde(rename = "where")]
    pub location: WhereRecord,
    /// Why we say so.
    pub evidence: EvidenceRecord,
}

#[derive(Deserialize)]
struct RawFinding {
    class: ClassName,
    verdict: String,
    fingerprint: String,
    #[serde(rename = "where")]
    location: WhereRecord,
    evidence: serde_json::Value,
}

// By hand, so that the class decides what the evidence is and a missing key is named.
impl<'de> Deserialize<'de> for FindingRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawFinding::deserialize(deserializer)?;
        let evidence = match raw.class {
            ClassName::Leak => serde_json::from_value(raw.evidence).map(EvidenceRecord::Leak),
            ClassName::Cycle => serde_json::from_value(raw.evidence).map(EvidenceRecord::Cycle),
            ClassName::Fragmentation => serde_json::from_value(raw.evidence).map(EvidenceRecord::Fragmentation),
            ClassName::HotLoop => serde_json::from_value(raw.evidence).map(EvidenceRecord::HotLoop),
        };
        Ok(Self {
            class: raw.class,
            verdict: raw.verdict,
            fingerprint: raw.fingerprint,
            location: raw.location,
            evidence: evidence.map_err(|error| D::Error::custom(format!("evidence of a {}: {error}", raw.class)))?,
        })
    }
}

/// Something a rule or stage could not do or does not trust.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProblemRecord {
    /// Which rule or stage.
    pub stage: String,
    /// What is wrong, and what it means for the result.
    pub message: String,
}
