//! The service as both sides know it: by its control socket, and from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::service::POLL_EVERY;
use bloathound_engine::source::TraceWatch;
use bloathound_kit::{ControlClient, KitError, KitTarget, Reply};

/// How long an answer may take, a dump's included. No verdict hangs on it.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How long a state may take to come about.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

pub(super) struct Subject {
    pub(super) pid: u32,
    pub(super) control: ControlClient,
    /// The private directory.
    pub(super) directory: PathBuf,
    from_outside: Option<TraceWatch>,
}

impl Subject {
    pub(super) fn find(pid: u32) -> Result<Self, KitError> {
        let target = KitTarget::of_process(i32::try_from(pid).unwrap_or(i32::MAX))?;
        let directory = target.socket().parent().unwrap_or(Path::new("/")).to_owned();
        let from_outside = TraceWatch::open(pid).ok();
        Ok(Self { pid, control: ControlClient::new(target, ANSWER_WITHIN), directory, from_outside })
    }

    /// The path of something in the private directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(super) fn status(&self) -> Result<Reply, KitError> {
        self.control.request("status")
    }

    /// Whether everything is off, by the service's own account. A service that doesn't say is none that is off.
    pub(super) fn all_off(&self) -> bool {
        self.status().is_ok_and(|status| {
            let is = |path: [&str; 2], wanted: Value| status.value(&path) == Some(&wanted);
            is(["log", "on"], false.into())
                && is(["manhole", "on"], false.into())
                && is(["trace", "state"], "off".into())
        })
    }

    /// Asks until tracing is in this state; the state at the deadline otherwise.
    pub(super) fn wait_for_trace(&self, wanted: &str) -> Result<(), KitError> {
        let stop = Instant::now() + SETTLES_WITHIN;
        loop {
            let status = self.status()?;
            let state = status.text(&["trace", "state"]).unwrap_or("unknown");
            if state == wanted {
                return Ok(());
            }
            if Instant::now() >= stop {
                let reason = format!("tracing is {state} and not {wanted}");
                return Err(KitError::BadAnswer { command: "status".into(), reason });
            }
            thread::sleep(POLL_EVERY);
        }
    }

    /// Threads in which a trace function is set, read from outside; `None` where that can't be read.
    pub(super) fn threads_traced(&mut self) -> Option<u64> {
        self.from_outside.as_mut()?.threads_traced()
    }

    /// Whether the service holds a file of this name in the private directory open.
    pub(super) fn holds_open(&self, name: &str) -> bool {
        let wanted = self.path(name);
        let entries = fs::read_dir(format!("/proc/{}/fd", self.pid)).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == wanted)
    }

    /// Whether the service has a socket of this name in the private directory open, unlinked or not.
    pub(super) fn has_socket(&self, name: &str) -> bool {
        let wanted = self.path(name);
        bloathound_kit::unix_sockets_of(self.pid).is_ok_and(|sockets| sockets.iter().any(|row| row.path == wanted))
    }

    /// The audit log's entries.
    pub(super) fn audit(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("audit.log")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
