//! Processes of a service that left its group: a daemon makes a session of its own, and a signal to the group does not
//! reach it. Each has the service's mark in its environment, as every process that it starts.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Names the service's own folder to everything that the service starts.
pub(super) const MARK: &str = "BLOATHOUND_SERVICE";

/// Passes over all processes: one that was begun during a pass is met by the next.
const PASSES_MAX: usize = 20;

/// Kills all that has the mark of this folder; until nobody has it, or nobody can be killed.
pub(super) fn end(scratch: &Path) {
    let mark = [OsStr::new(MARK).as_encoded_bytes(), b"=", scratch.as_os_str().as_encoded_bytes()].concat();
    for _ in 0..PASSES_MAX {
        let killed = marked(&mark).filter(|pid| kill(*pid, Signal::SIGKILL).is_ok()).count();
        if killed == 0 {
            return;
        }
    }
}

/// Processes that have this in their environment. One that has ended has none, to be buried or not; that of another user
/// can't be read.
fn marked(mark: &[u8]) -> impl Iterator<Item = Pid> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(move |entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        environment.split(|byte| *byte == 0).any(|variable| variable == mark).then_some(Pid::from_raw(pid))
    })
}
