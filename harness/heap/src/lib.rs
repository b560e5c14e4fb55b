//! The heap snapshot and graph algorithms on it. Pure: no I/O, nothing of CPython's layouts, and no name of a series' own:
//! these come with the snapshot, as [`SeriesWords`].
//!
//! A [`HeapSnapshot`] comes out of a [`SnapshotBuilder`]; everything else asks it questions. Ids, types and names in a
//! snapshot are in range once it is built, so no algorithm can fail; each is iterative and linear in objects and
//! references (dominators and components nearly so), whatever the shape of the graph.

mod analysis;
mod census;
mod compare;
mod graph;
mod model;
mod paths;
#[cfg(test)]
mod testing;

pub use bloathound_vocabulary::{Label, RootKind};

pub use analysis::Analysis;
pub use census::{Census, CensusDelta, CensusRow};
pub use compare::{
    Agreement, AgreementRow, Holder, Inventory, MOVED_MODULES_ONE_IN, Newcomers, Referrers, ReferrersRow,
    SAME_MODULES_MIN,
};
pub use graph::{
    Components, Direction, Dominator, DominatorChildren, Dominators, GcReplay, Neighbourhood, NeighbourhoodLimits,
    Reverse, Tally, neighbourhood, shortest_cycle, strongly_connected,
};
pub use model::{
    BitSet, Carrier, ClassFields, CodeFields, FinalizerSite, Finalizing, FunctionFields, GenericLabel, HeapSnapshot,
    NameId, Names, ObjectFlags, ObjectId, ObjectRecord, PartPlaces, PartStart, Passage, Path, Quality, REFERENCES_MAX,
    Records, RecordsIter, ReferenceKind, ReferenceLabel, Root, SeriesWords, Site, SnapshotBuilder, Step, Tracking,
    Traversal, Trust, TypeId, TypeInfo, TypeRole,
};
pub use paths::costs as path_costs;
pub use paths::rules as shape_rules;
pub use paths::rules::CallWords;
pub use paths::{
    Arrival, Callee, PathFinder, PathTree, ShapeColumn, ShapeKey, ShapeLimits, ShapeNode, ShapeTree, Source, Written,
};
