//! Scenario files: raw YAML to a validated scenario, and the JSON schema of the files.
//!
//! The road: text → `RawScenario` (types and keys) → [`Scenario`] (every other check). Whatever is
//! refused is refused with file, line, column, what was found and what was meant.

mod checker;
mod command;
mod depth;
mod draw;
mod error;
pub mod evidence;
mod expectations;
mod explain;
mod files;
mod ledger;
mod locate;
mod matcher;
mod model;
mod pattern;
mod raw;
mod schema;
mod traffic;
mod unique_map;
mod validate;
mod vocabulary;

pub use bloathound_vocabulary::{FindingClass, ToggleFact, Toggled, Traffic, Variant};
pub use draw::Draw;
pub use error::{ScenarioError, ScenarioErrors, ScenarioProblem};
pub use files::{UnknownScenario, load_dir, load_file, parse, parse_recorded, select};
pub use ledger::Unmet;
pub use locate::Place;
pub use matcher::{Matcher, Scalar, lookup};
pub use model::{
    Expectation, Growth, Hot, Ignore, Inspect, LedgerConditions, Load, Method, Mixed, NUMBER, Observe, OptionValue,
    Own, PORT, PORT_GROUP, PYTHON, PythonSeries, Ready, Request, Scenario, Toggle, Told, TraceReader, VariantPlan,
    Wait,
};
pub use schema::schema;
