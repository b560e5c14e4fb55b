//! Scenarios of services of one's own: found by their file, and run as `check` runs a command.

pub(crate) mod files;
pub(crate) mod init;
pub(crate) mod run;
mod template;
