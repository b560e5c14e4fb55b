//! The heap snapshot and graph algorithms on it. Pure: no I/O, nothing of CPython's layouts.
//!
//! A [`HeapSnapshot`] comes out of a [`SnapshotBuilder`]; everything else asks it questions. Ids, types and names in a
//! snapshot are in range once it is built, so no algorithm can fail; each is iterative and linear in objects and
//! references (dominators and components nearly so), whatever the shape of the graph.

mod agreement;
mod analysis;
mod bitset;
mod builder;
mod census;
mod columns;
mod components;
mod dominators;
mod gc_replay;
mod inventory;
mod label;
mod naming;
mod newcomers;
mod object;
mod paths;
mod reverse;
mod shape_maker;
mod shapes;
mod snapshot;
#[cfg(test)]
mod testing;

pub use bloathound_vocabulary::{Label, RootKind};

pub use agreement::{Agreement, AgreementRow};
pub use analysis::Analysis;
pub use bitset::BitSet;
pub use builder::{REFERENCES_MAX, SnapshotBuilder};
pub use census::{Census, CensusDelta, CensusRow};
pub use columns::{Records, RecordsIter};
pub use components::{Components, shortest_cycle, strongly_connected};
pub use dominators::{Dominator, DominatorChildren, Dominators};
pub use gc_replay::{GcReplay, Tally};
pub use inventory::Inventory;
pub use label::{ReferenceKind, ReferenceLabel};
pub use naming::{GenericLabel, Names};
pub use newcomers::{Holder, Newcomers, Referrers, ReferrersRow};
pub use object::{
    FinalizerSite, NameId, ObjectFlags, ObjectId, ObjectRecord, Quality, Root, Tracking, Trust, TypeId, TypeInfo,
};
pub use paths::{Arrival, Path, PathFinder, PathTree, Step};
pub use reverse::{Direction, Neighbourhood, NeighbourhoodLimits, Reverse, neighbourhood};
pub use shapes::{ShapeColumn, ShapeKey, ShapeLimits, ShapeNode, ShapeTree};
pub use snapshot::HeapSnapshot;
