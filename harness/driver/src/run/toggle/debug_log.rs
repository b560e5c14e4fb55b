//! A debug log switched on: what comes into its file, and that nothing comes after.

use std::fs;
use std::thread;

use bloathound_scenario::{Load, ToggleFact};

use super::Switch;
use super::subject::Subject;
use crate::load::Progress;
use crate::run::phase::ToggleOutcome;
use crate::service::POLL_EVERY;
use bloathound_kit::KitError;

const FILE: &str = "debug.log";

/// Debug logging of all loggers.
#[derive(Debug)]
pub(super) struct DebugLog {
    /// The query of the load's requests: a text from outside, which must not get into the log.
    query: Option<String>,
    bytes_when_off: u64,
}

impl DebugLog {
    pub(super) fn new(load: &Load) -> Self {
        let query = load.request.path.split_once('?').map(|(_, query)| query.to_owned());
        Self { query, bytes_when_off: 0 }
    }
}

impl Switch for DebugLog {
    fn on(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        told.require(!subject.path(FILE).exists(), "there is a debug log before it was switched on");
        subject.control.request("log on").map(|_| ())
    }

    fn meanwhile(
        &mut self,
        subject: &mut Subject,
        progress: &Progress,
        told: &mut ToggleOutcome,
    ) -> Result<(), KitError> {
        while !progress.is_over() {
            thread::sleep(POLL_EVERY);
        }
        let status = subject.status()?;
        told.require(status.value(&["log", "on"]) == Some(&true.into()), "the debug log is not on, by `status`");
        let lost = status.value(&["log", "lost"]).and_then(serde_json::Value::as_u64);
        told.require(lost == Some(0), format!("lines of the debug log were lost: {lost:?}"));
        Ok(())
    }

    fn off(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        subject.control.request("log off")?;
        let text = fs::read_to_string(subject.path(FILE)).map_err(|source| KitError::io("reading the log", source))?;
        self.bytes_when_off = text.len() as u64;
        told.fact(ToggleFact::LinesWritten, text.lines().count());
        if let Some(query) = &self.query {
            told.fact(ToggleFact::QueryLogged, text.contains(query.as_str()));
        }
        Ok(())
    }

    fn afterwards(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let bytes = fs::metadata(subject.path(FILE)).map(|file| file.len()).unwrap_or(0);
        let more = bytes.saturating_sub(self.bytes_when_off);
        told.require(more == 0, format!("the debug log grew by {more} bytes after it was switched off"));
        told.require(!subject.holds_open(FILE), "the debug log is still open");
        Ok(())
    }
}
