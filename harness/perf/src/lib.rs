//! What measurements of speed are worth. Pure: it takes rows and gives judgements.
//!
//! Instructions are gated, because the same build counts the same to a thousandth; wall time is told with its interval,
//! because on a shared machine it can't be gated.

mod change;
mod gate;
mod pairs;
mod series;
mod spread;

pub use change::{ChangePoint, change_points};
pub use gate::{Judgement, Outcome, SHIFT_MIN, StageFigure, judge};
pub use pairs::{Ratio, ratio};
pub use series::{Key, Series, series};
pub use spread::{Quartiles, median, quartiles};

/// The stages that are measured one by one, in the order in which a look goes through them.
pub const STAGES: [&str; 11] = [
    "read",
    "copy",
    "decode",
    "arenas",
    "collector",
    "components",
    "paths",
    "dominators",
    "shapes",
    "judging",
    "write",
];

/// The whole command.
pub const WHOLE: &str = "inspect";
