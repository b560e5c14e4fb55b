//! The Pythons that services run on: found, asked what it is, and given the packages they import.

mod builder;
mod environment;
mod error;
mod event;
mod interpreter;
mod made;
mod manifest;
mod pip;
mod search;
mod search_3;
mod trust;

pub use builder::{BuildError, Builder};
pub use environment::{Cache, Downloaded, Environment};
pub use error::EnvironmentError;
pub use event::{EnvironmentEvent, EnvironmentEvents};
pub use interpreter::{PythonProgram, Rejection};
pub(crate) use pip::python_variables;
pub use search::{
    FoundPython, HOW_TO_GET_A_3, HOW_TO_GET_ONE, Origin, PythonError, Search, Tried, VARIABLE, VARIABLE_3,
};
