//! Which process a started lab is: told by a file in the learner's folder, believed only where the process is that one.

use std::path::Path;

use bloathound_bounds::read_regular_text;
use bloathound_lab::Diary;
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

use super::desk::{Desk, write};
use crate::error::CliError;

/// The file, there as long as the service runs.
const FILE: &str = "running.txt";
/// Its longest.
const BYTES_MAX: u64 = 4096;

/// A service that runs.
#[derive(Clone, Copy)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) port: u16,
}

/// Writes it; gone when dropped.
pub(crate) struct Told<'d>(&'d Path);

impl<'d> Told<'d> {
    pub(crate) fn new(folder: &'d Path, running: Running) -> Result<Self, CliError> {
        let mut told = Diary::default();
        told.set("pid", running.pid.to_string());
        told.set("port", running.port.to_string());
        told.set("began", began(running.pid).unwrap_or_default().to_string());
        write(&folder.join(FILE), &told.to_text())?;
        Ok(Self(folder))
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        // Where it stays, nobody believes it: its process is gone.
        let _ = std::fs::remove_file(self.0.join(FILE));
    }
}

/// The one that runs now.
pub(crate) fn of(desk: &Desk) -> Option<Running> {
    let text = read_regular_text(&desk.folder.join(FILE), BYTES_MAX).ok()?;
    let told = Diary::of_text(&text);
    let running = Running { pid: told.get("pid").parse().ok()?, port: told.get("port").parse().ok()? };
    (began(running.pid)?.to_string() == told.get("began")).then_some(running)
}

/// When a process was started, seconds since 1970.
fn began(pid: u32) -> Option<u64> {
    let pid = Pid::from_u32(pid);
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing());
    // One that has ended and is not buried yet serves nobody.
    let lives = |process: &&sysinfo::Process| process.status() != ProcessStatus::Zombie;
    system.process(pid).filter(lives).map(sysinfo::Process::start_time)
}
