//! What other programs read: the contract's JSON, as records that can be written and read back.
//!
//! Fields come in the order of the declarations, maps in the order of their keys, so the same values give the same bytes.

mod compare;
mod finding;
mod inspect;
mod looks;
mod merge;
mod parts;
mod results;
mod scores;
mod write;

pub use compare::{compare, outcome_of, outcome_with_toggle};
pub use finding::{
    ClassName, CycleRecord, EvidenceRecord, FindingRecord, FragmentationRecord, HotLoopRecord, LeakRecord, PinRecord,
    ProblemRecord, WhereRecord,
};
pub use inspect::{
    ArenasRecord, ContainerRecord, DuplicateRecord, FrameRecord, GarbageRecord, HeapRecord, InspectReport, KindRow,
    ObservationRecord, Population, QualityRecord, RetainedRecord, RssRecord, SizeClassRecord, TargetKind, TargetRecord,
    ThreadRecord, TypeRow,
};
pub(crate) use looks::delta;
pub use looks::{
    AgreementTypeRow, CrossCheckRecord, DiffReport, DiffRow, GrowthRow, HolderRow, HotReport, NewObjectsRecord,
    NewTypeRow, ObjectRecord, PathStep, ReferrerRow, StackRecord, WatchReport, WatchRound, WhyReport,
};
pub use merge::{Merged, merge, read_results};
pub use parts::{DisturbanceRecord, HostRecord, PartitionRecord, TimingRecord, ToolRecord, milliseconds};
pub use results::{
    ExpectedRecord, MismatchRecord, Outcome, PhaseRecord, RunRecord, RunResults, ToggleRecord, VariantName,
};
pub use scores::{ScoreRecord, scores, wilson};
pub use write::to_json;

/// Version of every JSON document here; a change of meaning bumps it, an addition doesn't.
pub const SCHEMA_VERSION: u32 = 1;
