//! Finding an interpreter in a target: which module it is, and where its own data is.

mod code_search;
mod locate;
mod shape_search;
