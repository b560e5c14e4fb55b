//! Scenarios of services of one's own: run as `check` runs a command, and written by `init`.

pub(crate) mod init;
pub(crate) mod run;
mod template;
