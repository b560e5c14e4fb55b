//! The heap snapshot and graph algorithms on it. Pure: no I/O, nothing of CPython's layouts.

mod label;
mod snapshot;

pub use label::{ReferenceKind, ReferenceLabel};
pub use snapshot::{
    FinalizerSite, HeapSnapshot, NameId, ObjectFlags, ObjectId, ObjectRecord, Quality, Root,
    RootKind, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};
