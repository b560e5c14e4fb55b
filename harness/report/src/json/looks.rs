use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FindingRecord, FrameRecord, Population, ProblemRecord, TargetRecord, ToolRecord};

/// One round of `watch`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WatchRound {
    /// From 1.
    pub round: u64,
    /// Since the first look.
    pub seconds: f64,
    /// Objects.
    pub objects: u64,
    /// Their own bytes.
    pub bytes: u64,
    /// Resident memory.
    pub rss_bytes: Option<u64>,
    /// The target stood still for this long.
    pub pause_ms: Option<f64>,
}

/// A type that grew, round by round.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GrowthRow {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects in each round.
    pub counts: Vec<u64>,
    /// Own bytes in each round.
    pub bytes: Vec<u64>,
    /// It grew in every round.
    pub every_round: bool,
}

/// What `watch --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WatchReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// Every look.
    pub rounds: Vec<WatchRound>,
    /// Types that grew, most bytes first.
    pub growth: Vec<GrowthRow>,
    /// What was found.
    pub findings: Vec<FindingRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<ProblemRecord>,
}

/// A stack that was seen in this many samples.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StackRecord {
    /// Samples.
    pub samples: u64,
    /// Innermost first.
    pub frames: Vec<FrameRecord>,
}

/// What `hot --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HotReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// Observed for this long.
    pub seconds: f64,
    /// Samples taken.
    pub samples: u64,
    /// Samples that were torn and thrown away.
    pub torn_samples: u64,
    /// CPU time over wall time.
    pub cpu_fraction: Option<f64>,
    /// Voluntary context switches meanwhile.
    pub voluntary_switches: Option<u64>,
    /// In a word or two: `event-loop-starved`, `busy`, `idle`, …
    pub verdict: String,
    /// Stacks, most samples first.
    pub stacks: Vec<StackRecord>,
    /// What was found.
    pub findings: Vec<FindingRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<ProblemRecord>,
}

/// A type in two heaps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffRow {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects before.
    pub count_before: u64,
    /// Objects after.
    pub count_after: u64,
    /// Own bytes before.
    pub bytes_before: u64,
    /// Own bytes after.
    pub bytes_after: u64,
}

impl DiffRow {
    /// Objects more (or fewer).
    #[must_use]
    pub fn count_delta(&self) -> i64 {
        delta(self.count_before, self.count_after)
    }

    /// Bytes more (or fewer).
    #[must_use]
    pub fn bytes_delta(&self) -> i64 {
        delta(self.bytes_before, self.bytes_after)
    }
}

pub(crate) fn delta(before: u64, after: u64) -> i64 {
    let difference = i128::from(after) - i128::from(before);
    difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// Who refers to the new objects of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferrerRow {
    /// Qualified type of the referrers, or `dict of X`.
    pub kind: String,
    /// They are new themselves.
    pub new: bool,
    /// How many of them.
    pub objects: u64,
    /// Their references.
    pub references: u64,
    /// Path to the one with most references, by names; empty where none is known.
    pub path: Vec<String>,
    /// References of that one.
    pub path_references: u64,
    /// Its address, hexadecimal with `0x`.
    pub address: Option<String>,
}

/// The new objects of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewTypeRow {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// How many are new.
    pub new: Population,
    /// Who refers to them: what is not new first, then by references.
    pub referrers: Vec<ReferrerRow>,
}

/// Where something old holds something new.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HolderRow {
    /// Path to the new objects, by names without what varies: `module model`, `DBModel`, `_field_cache`, `key`.
    pub path: Vec<String>,
    /// Their qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The new objects there.
    pub held: Population,
    /// They, and what is new and hangs on them.
    pub with_below: Population,
    /// Address of one of them, hexadecimal with `0x`.
    pub example: Option<String>,
}

/// What the second has and the first has not, where both are of one run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewObjectsRecord {
    /// New and there to stay.
    pub staying: Population,
    /// New, and freed by the next full collection.
    pub awaiting_collection: Population,
    /// New and staying, though no root is known that leads to them.
    pub unrooted: Population,
    /// Who holds those that stay, most bytes first.
    pub holders: Vec<HolderRow>,
    /// By type, most bytes first, and who refers to them.
    pub by_type: Vec<NewTypeRow>,
}

/// How two views of one process agree on objects of a type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgreementTypeRow {
    /// Qualified type; `all` for the sum.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Objects on the collector's lists in the first.
    pub before: u64,
    /// In the second.
    pub after: u64,
    /// Objects at one address in both.
    pub both: u64,
    /// Of these, those whose sizes differ.
    pub sizes_differ: u64,
    /// Those whose reference counts differ.
    pub counts_differ: u64,
    /// Those whose references differ.
    pub references_differ: u64,
}

/// A view from inside the process against one from outside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CrossCheckRecord {
    /// All types together.
    pub all: AgreementTypeRow,
    /// Types on which they disagree, most first.
    pub by_type: Vec<AgreementTypeRow>,
}

/// What `diff --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DiffReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// The first.
    pub before: TargetRecord,
    /// The second.
    pub after: TargetRecord,
    /// All objects of the first.
    pub total_before: Population,
    /// All objects of the second.
    pub total_after: Population,
    /// Types whose figures differ, largest difference in bytes first.
    pub by_type: Vec<DiffRow>,
    /// Which objects are new and who holds them; null unless both are looks of one kind at one run.
    #[serde(default)]
    pub new_objects: Option<NewObjectsRecord>,
    /// Set where one looks from inside the process and the other from outside, at one run.
    #[serde(default)]
    pub cross_check: Option<CrossCheckRecord>,
    /// The command that explains what is new.
    #[serde(default)]
    pub next: Option<String>,
    /// What could not be done or is not trusted.
    pub problems: Vec<ProblemRecord>,
}

impl DiffReport {
    /// Sorts the rows and drops those that did not change.
    #[must_use]
    pub fn new(
        tool: ToolRecord,
        targets: (TargetRecord, TargetRecord),
        totals: (Population, Population),
        mut by_type: Vec<DiffRow>,
    ) -> Self {
        by_type.retain(|row| row.count_delta() != 0 || row.bytes_delta() != 0);
        by_type.sort_by(|one, other| {
            let key = |row: &DiffRow| (row.bytes_delta().unsigned_abs(), row.count_delta());
            key(other).cmp(&key(one)).then_with(|| one.type_name.cmp(&other.type_name))
        });
        Self {
            schema_version: super::SCHEMA_VERSION,
            tool,
            before: targets.0,
            after: targets.1,
            total_before: totals.0,
            total_after: totals.1,
            by_type,
            new_objects: None,
            cross_check: None,
            next: None,
            problems: Vec::new(),
        }
    }
}

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
    pub problems: Vec<ProblemRecord>,
}
