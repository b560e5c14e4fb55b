//! The heap at one moment: objects, types, references with their labels, roots, and the words for them.

mod bitset;
mod builder;
mod columns;
mod fields;
mod label;
mod naming;
mod object;
mod part;
mod passage;
mod path;
mod series;
mod snapshot;

pub use bitset::BitSet;
pub use builder::{REFERENCES_MAX, SnapshotBuilder};
pub use columns::{Records, RecordsIter};
pub use label::{GenericLabel, ReferenceKind, ReferenceLabel};
pub use naming::Names;
pub use object::{
    FinalizerSite, NameId, ObjectFlags, ObjectId, ObjectRecord, PartStart, Quality, Root, Site, Tracking, Trust,
    TypeId, TypeInfo,
};
pub use part::PartPlaces;
pub use passage::{Carrier, Passage};
pub use path::{Path, Step};
pub use series::{ClassFields, CodeFields, Finalizing, FunctionFields, SeriesWords, Traversal, TypeRole};
pub use snapshot::HeapSnapshot;
pub(crate) use snapshot::IdHasher;
