//! One file a command.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod hot;
pub(crate) mod inspect;
pub(crate) mod kit;
pub(crate) mod lab;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod perf;
pub(crate) mod prepare;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod watch;
pub(crate) mod why;
