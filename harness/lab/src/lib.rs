//! The labs of a workshop: each is a folder of data, drawn for one learner by a seed.
//!
//! A lab becomes a service to hunt in ([`Drawn::service`]), questions whose answers are compared with what was drawn
//! ([`judge`]), and a scenario that a cure has to pass ([`Drawn::scenario`]). What a learner has done stands in one plain
//! text file ([`Diary`]). Nothing here starts a process or looks at one: this room is the same on every system.

mod answer;
mod archive;
mod data;
mod drawn;
mod error;
mod lacks;
mod pages;
mod progress;
mod results;
mod shelf;
mod template;

pub use answer::{Judged, judge};
pub use data::{ClassWords, Hint, Kind, Lab, Question, Wrong};
pub use drawn::{Drawn, Version, seed_of};
pub use error::LabError;
pub use lacks::lacks;
pub use pages::{Sheet, pages};
pub use progress::Diary;
pub use results::{LabRow, Results, gather};
pub use shelf::Shelf;
