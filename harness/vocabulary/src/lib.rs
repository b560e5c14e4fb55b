//! What is found and what is told of it, as records with serde: findings, looks, runs, scores. The one room whose types
//! are written and read back. It decides nothing and knows no other room.
//!
//! Fields come in the order of the declarations, maps in the order of their keys, so the same values give the same bytes.

mod class;
mod diff;
mod doctor;
mod evidence;
mod field;
mod finding;
mod frame;
mod garbage;
mod heat;
mod hot;
mod inspect;
pub mod json;
mod label;
mod listed;
mod observation;
mod origin;
mod performance;
mod pin;
mod population;
mod results;
mod retained;
pub mod schema;
mod score;
mod tasks;
mod timing;
mod toggle;
mod watch;
mod why;
mod words;

pub use class::{Evidence, FindingClass};
pub use diff::{
    AgreementTypeRow, CrossCheckRecord, DiffReport, DiffRow, HolderRow, NewObjectsRecord, NewTypeRow, ReferrerRow,
    delta,
};
pub use doctor::{Check, CheckStatus, DoctorReport};
pub use evidence::{
    CycleEvidence, FragmentationEvidence, GarbageEvidence, HotLoopEvidence, LeakEvidence, NativeMemoryEvidence,
    SpinEvidence,
};
pub use field::{AsFigure, Field, Figure, Repeats, Unit};
pub use finding::{Confidence, Finding, Location, Partial, PlaceKind, Problem};
pub use frame::FrameRecord;
pub use garbage::{CollectorRecord, GarbageRecord, GenerationRecord, NextFull};
pub use heat::{CELL_BYTES, CELLS_PER_ROW, GROUPS_MAX, HeatCell, HeatMap, HeatPanel, HeatRow, HeatRowKind, HeatShare};
pub use hot::{HotReport, SourceLine, SourceRecord, StackRecord};
pub use inspect::{
    ArenasRecord, ChildRecord, ContainerRecord, DuplicateRecord, HeapRecord, InspectReport, KindRow, QualityRecord,
    RetainedRecord, RssRecord, SizeClassRecord, TargetKind, TargetRecord, ThreadRecord,
};
pub use label::{Label, RootKind};
pub use listed::{ListReport, ListedScenario};
pub use observation::{ObservationClass, ObservationRecord};
pub use origin::{HostRecord, PartitionRecord, ToolRecord};
pub use performance::{Acceptance, HistoryLine, MachineKind, Measurement};
pub use pin::Pin;
pub use population::{Population, TypeRow};
pub use results::{
    ExpectedRecord, MismatchRecord, PhaseRecord, RunErrorRecord, RunRecord, RunResults, ToggleRecord, ToldRecord,
    name_under,
};
pub use retained::RetainedTile;
pub use score::{Baseline, BaselineRecord, BaselineScore, DosePoint, DoseRecord, LookRecord, ScoreRecord};
pub use tasks::{TaskGroup, TaskState, TasksRecord};
pub use timing::{DisturbanceRecord, TimingRecord, milliseconds};
pub use toggle::{ToggleFact, Toggled};
pub use watch::{CountedWork, GrowthRow, WatchReport, WatchRound};
pub use why::{KindOfHolder, ObjectRecord, PathStep, WhyReport};
pub use words::{Grade, Outcome, RunSource, Traffic, Variant, Verdict};

/// Version of every JSON document here; a change of meaning bumps it, an addition doesn't.
pub const SCHEMA_VERSION: u32 = 2;
