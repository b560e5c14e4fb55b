//! `bloathound ctl` and `bloathound trace`: the commands of the in-process kit, writing to whatever they are given.

mod ctl;
mod render;
mod trace;

use std::path::Path;

use bloathound_kit::{KitError, KitTarget};

pub(crate) use ctl::{CtlOptions, ctl};
pub(crate) use trace::{TraceOptions, trace};

/// A process id, or the path of a control socket.
pub(crate) fn target(text: &str) -> Result<KitTarget, KitError> {
    match text.parse() {
        Ok(pid) => KitTarget::of_process(pid),
        Err(_) => KitTarget::of_socket(Path::new(text)),
    }
}
