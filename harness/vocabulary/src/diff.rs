//! What `diff` tells: two heaps by type, and which objects are new where both are of one run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Partial, Population, Problem, TargetRecord, ToolRecord};

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

/// `after` less `before`, kept within the range of the number.
#[must_use]
pub fn delta(before: u64, after: u64) -> i64 {
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
    pub path: Vec<crate::Label>,
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
    pub path: Vec<crate::Label>,
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
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
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
            schema_version: crate::SCHEMA_VERSION,
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
            partial: None,
        }
    }
}
