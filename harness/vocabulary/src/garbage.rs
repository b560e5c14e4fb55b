//! What is not reachable, and what the collector will do about it when.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Label, Population, TypeRow};

/// What isn't reachable, by the replayed collector.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GarbageRecord {
    /// The next full collection frees these.
    pub awaiting_collection: Population,
    /// No collection ever frees these.
    pub uncollectable: Population,
    /// Entries of `gc.garbage`.
    pub in_gc_garbage: u64,
    /// By type, most bytes first.
    #[serde(default)]
    pub by_type: Vec<TypeRow>,
    /// A cycle of those that wait, as an example: one of the type with most bytes, if that is in any. Empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cycle: Vec<Label>,
    /// What `gc.freeze()` took out of the collector's sight; null where a series can't.
    #[serde(default)]
    pub frozen: Option<Population>,
    /// What is held by nothing but garbage that was frozen, and that itself: no collection looks at it. Null where not enough
    /// is frozen to look for it.
    #[serde(default)]
    pub frozen_garbage: Option<Population>,
    /// When it will come; null where its settings are not known.
    #[serde(default)]
    pub collector: Option<CollectorRecord>,
}

words! {
    /// Whether a full collection will come.
    NextFull {
        /// None: `gc.disable()` was called.
        Off = "off";
        /// None: the threshold of the youngest generation is 0.
        ThresholdZero = "threshold-zero";
        /// With the next collection.
        Due = "due";
        /// When enough was allocated and enough objects grew old.
        Later = "later";
        /// Nobody knows.
        Unknown = "unknown";
    }
}

/// A generation's threshold and count, as `gc.get_threshold()` and `gc.get_count()` tell them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GenerationRecord {
    /// Above it the generation is collected.
    pub threshold: i64,
    /// Allocations less deallocations, or collections of the generation below.
    pub count: i64,
}

/// The collector's settings, and what has to happen before its next full collection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectorRecord {
    /// What `gc.isenabled()` tells; null where it was not found.
    pub enabled: Option<bool>,
    /// The youngest first.
    pub generations: Vec<GenerationRecord>,
    /// Old objects that the last full collection left; null where that is not found.
    pub long_lived_total: Option<u64>,
    /// Objects that grew old since. Until they are a quarter of the others a full collection is put off.
    pub long_lived_pending: Option<u64>,
    /// Whether a full collection will come.
    pub next_full: NextFull,
    /// Collections of the generation below the oldest that come first; null where none will, or nobody knows.
    pub collections_left: Option<u64>,
    /// Objects that have to grow old first; null where that is not found.
    pub objects_left: Option<u64>,
    /// Allocations beyond deallocations that come first, at the least.
    pub allocations_left: Option<u64>,
}
