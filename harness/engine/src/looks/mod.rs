//! One question a file: a function that takes options and returns a record.

mod diff;
mod figures;
mod growth;
mod heat;
mod hot;
mod inspect;
mod replay;
mod retained;
mod run;
mod series;
mod tasks;
mod watch;
mod why;

/// How long and how often a hot process is sampled.
pub use bloathound_cpython::frames::SamplerOptions;

pub use self::diff::{Compared, diff};
pub use self::figures::{Detected, LookFigures};
pub use self::heat::heat;
pub use self::hot::{HotOptions, SampleError, Sampled, Samples, Sampling, hot, sample_process, source_lines};
pub use self::inspect::{inspect, judge_look, pause_ms};
pub use self::replay::{KeptRun, ReplayError, replay};
pub use self::retained::retained;
pub use self::run::{RunFindings, RunJudge};
pub use self::watch::{
    KeptWatch, Sureness, Told, Unkept, WatchError, WatchEvent, WatchOptions, Watching, watch, watch_again,
};
pub use self::why::{Asked, Before, Why, WhyError, steps_to, why, why_object};
