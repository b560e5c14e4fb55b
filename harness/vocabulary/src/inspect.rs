//! What `inspect` tells: the heap, memory, threads and findings of one look.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Finding, FrameRecord, GarbageRecord, ObservationRecord, Partial, Pin, Problem, TasksRecord, TimingRecord,
    ToolRecord, TypeRow,
};

/// What was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A running process.
    Process,
    /// A recorded image.
    Image,
    /// An ELF core.
    Core,
    /// A memory dump that the process wrote of itself.
    Dump,
    /// A login to the process's manhole.
    Manhole,
}

/// What was looked at, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TargetRecord {
    /// What it is.
    pub kind: TargetKind,
    /// Process id, of the process the image, core or dump was taken of too; that of a dump is as the process saw it.
    pub pid: Option<u32>,
    /// The file, or the manhole, as the user named it.
    pub file: Option<String>,
    /// Command line, joined with spaces; of a dump the name that the service gave itself.
    pub command: Option<String>,
    /// Interpreter version: `2.7.18`.
    pub python: Option<String>,
    /// `UCS2` or `UCS4`.
    pub unicode: Option<String>,
    /// Build id of the interpreter, hexadecimal.
    pub build_id: Option<String>,
    /// Processes that it started and that still run: each is looked at by its own id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildRecord>,
    /// What can't be seen by this way of looking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_seen: Vec<String>,
}

/// A process that the target started.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChildRecord {
    /// Its id.
    pub pid: u32,
    /// Command line, joined with spaces.
    pub command: String,
}

/// As [`TypeRow`], but dicts are told apart by their owner's type: `dict of model.Attendee`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KindRow {
    /// A qualified type or `dict of X`.
    pub kind: String,
    /// Objects.
    pub count: u64,
    /// Their own bytes.
    pub bytes: u64,
}

/// How far the snapshot can be trusted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct QualityRecord {
    /// A collection was in progress: lists are incomplete.
    pub collection_in_progress: bool,
    /// Links of the collector's lists whose neighbour did not point back.
    pub broken_links: u64,
    /// Pointers that led to memory that was not copied.
    pub unmapped_pointers: u64,
    /// Objects with more references found than their count allows.
    pub surplus_references: u64,
    /// Allocated pool blocks that are no object we know.
    pub unidentified_blocks: u64,
    /// Objects of extension types, read conservatively.
    pub conservative_objects: u64,
    /// Checks of the layout that passed, by name.
    #[serde(default)]
    pub layout_checks: Vec<String>,
}

/// The decoded heap in figures.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct HeapRecord {
    /// Objects.
    pub objects: u64,
    /// Their own bytes.
    pub bytes: u64,
    /// Objects on the collector's lists.
    pub tracked: Option<u64>,
    /// References between objects.
    pub references: Option<u64>,
    /// By type, most bytes first.
    pub by_type: Vec<TypeRow>,
    /// By type, and dicts by owner, most bytes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_kind: Vec<KindRow>,
    /// How far it can be trusted.
    pub quality: QualityRecord,
}

/// Resident memory explained, bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RssRecord {
    /// The kernel's figure.
    pub total: u64,
    /// By category: `live_objects`, `garbage_awaiting_collection`, `free_blocks`, …
    pub categories: BTreeMap<String, u64>,
    /// The kernel's figure less the sum of the categories.
    pub unexplained: i64,
}

impl RssRecord {
    /// From the kernel's figure and the categories; the rest is unexplained.
    #[must_use]
    pub fn new(total: u64, categories: BTreeMap<String, u64>) -> Self {
        let sum: i128 = categories.values().map(|bytes| i128::from(*bytes)).sum();
        let rest = i128::from(total) - sum;
        Self { total, categories, unexplained: rest.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64 }
    }
}

/// Pools of one block size.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SizeClassRecord {
    /// Bytes of a block.
    pub block_bytes: u64,
    /// Pools.
    pub pools: u64,
    /// Blocks in use.
    pub blocks_used: u64,
    /// Blocks free, the untouched tail included.
    pub blocks_free: u64,
}

/// pymalloc's arenas.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ArenasRecord {
    /// Arenas held.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of blocks that hold live objects.
    pub live_bytes: u64,
    /// Bytes of blocks that hold garbage awaiting collection.
    pub garbage_bytes: Option<u64>,
    /// `live_bytes / bytes`; null without arenas.
    pub utilisation: Option<f64>,
    /// Bytes of wholly free pools.
    pub free_pool_bytes: Option<u64>,
    /// Bytes of free blocks in pools that are in use.
    pub free_block_bytes: Option<u64>,
    /// Reserved, not live, and pinned by live objects.
    pub stranded_bytes: Option<u64>,
    /// Arenas that are nearly empty.
    pub sparse_arenas: Option<u64>,
    /// By block size.
    #[serde(default)]
    pub size_classes: Vec<SizeClassRecord>,
    /// Who keeps the emptiest arenas, most arenas first.
    #[serde(default)]
    pub pinned_by: Vec<Pin>,
}

/// A thread with its stack.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ThreadRecord {
    /// `thread_id` of the thread state.
    pub id: u64,
    /// The kernel's id of it, as `hot` and `top -H` have it; null where it can't be told.
    #[serde(default)]
    pub tid: Option<u32>,
    /// What the program calls it (`threading.Thread.name`); null where it gives it no name.
    #[serde(default)]
    pub name: Option<String>,
    /// It holds the interpreter lock.
    pub holds_gil: bool,
    /// Innermost first.
    pub frames: Vec<FrameRecord>,
}

/// An object that keeps much alive.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RetainedRecord {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Shortest path from a root, by names; empty where none is known.
    pub path: Vec<crate::Label>,
    /// Own bytes.
    pub shallow_bytes: u64,
    /// Bytes freed if it went away.
    pub retained_bytes: u64,
    /// Address, hexadecimal with `0x`.
    pub address: Option<String>,
}

/// Equal strings that are there several times.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DuplicateRecord {
    /// The text, perhaps cut; null where strings are redacted.
    pub text: Option<String>,
    /// Copies.
    pub copies: u64,
    /// Bytes of all but one.
    pub wasted_bytes: u64,
}

/// A container with many items.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContainerRecord {
    /// Qualified type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Items.
    pub length: u64,
    /// Own bytes.
    pub bytes: u64,
    /// Shortest path from a root, by names.
    pub path: Vec<crate::Label>,
}

/// Everything one look can tell. What wasn't looked at is null.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InspectReport {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// What was looked at.
    pub target: TargetRecord,
    /// The heap.
    pub heap: HeapRecord,
    /// Resident memory.
    pub rss: Option<RssRecord>,
    /// Arenas.
    pub arenas: Option<ArenasRecord>,
    /// Garbage.
    pub garbage: Option<GarbageRecord>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Worth knowing, and no bug by itself.
    #[serde(default)]
    pub observations: Vec<ObservationRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
    /// How long it took.
    pub timing: TimingRecord,
    /// Threads with stacks.
    #[serde(default)]
    pub threads: Option<Vec<ThreadRecord>>,
    /// Tasks of event loops that are not done; null where the series has none.
    #[serde(default)]
    pub tasks: Option<TasksRecord>,
    /// What keeps most alive, most first.
    #[serde(default)]
    pub top_retained: Option<Vec<RetainedRecord>>,
    /// Strings that are there several times, most wasted bytes first.
    #[serde(default)]
    pub duplicate_strings: Option<Vec<DuplicateRecord>>,
    /// Largest containers first.
    #[serde(default)]
    pub largest_containers: Option<Vec<ContainerRecord>>,
}

impl InspectReport {
    /// A look that saw the heap and nothing else yet.
    #[must_use]
    pub fn new(tool: ToolRecord, target: TargetRecord, heap: HeapRecord) -> Self {
        Self {
            schema_version: crate::SCHEMA_VERSION,
            tool,
            target,
            heap,
            rss: None,
            arenas: None,
            garbage: None,
            findings: Vec::new(),
            observations: Vec::new(),
            problems: Vec::new(),
            partial: None,
            timing: TimingRecord::default(),
            threads: None,
            tasks: None,
            top_retained: None,
            duplicate_strings: None,
            largest_containers: None,
        }
    }
}
