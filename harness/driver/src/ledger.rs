//! The service's own account: its totals over HTTP, its events from the file.
//!
//! What conditions see is one object: the totals by their names, `events.NAME` with the number of events
//! of a name, and `last.NAME` with the facts of the last one. Events are in the file even when the
//! reactor is blocked and nobody answers.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_bounds::read_regular;
use bloathound_engine::Interrupt;
use bloathound_scenario::{LedgerConditions, Method, Request, Unmet};
use serde_json::{Map, Value, json};

use crate::http::{self, HttpError};
use crate::service::POLL_EVERY;

/// How often a service is asked for its totals while waiting: each question costs it some work.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// The longest file of events: each of some hundred bytes, and one of a run for a few thousand requests.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Why the ledger can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The service doesn't tell its totals.
    #[error("the service doesn't answer GET /ledger: {0}")]
    Totals(#[source] HttpError),
    /// What it tells isn't a JSON object.
    #[error("the service's ledger is not a JSON object: {0}")]
    NotAnObject(String),
    /// The file can't be read.
    #[error("can't read the ledger's file: {0}")]
    File(#[source] io::Error),
    /// A line of the file isn't a JSON object with an `event`.
    #[error("line {line} of the ledger's file is not an event: {text}")]
    BadLine {
        /// From 1.
        line: usize,
        /// The start of the line.
        text: String,
    },
}

/// A service's ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    port: u16,
    file: PathBuf,
}

impl Ledger {
    /// The ledger of the service at this port, whose events go to this file.
    #[must_use]
    pub fn new(port: u16, file: PathBuf) -> Self {
        Self { port, file }
    }

    /// The totals that the service tells.
    ///
    /// # Errors
    /// It doesn't answer, or not with an object.
    pub fn totals(&self, within: Duration) -> Result<Map<String, Value>, LedgerError> {
        let request = Request::plain(Method::Get, "/ledger");
        let body = http::exchange(self.port, &request, within).map_err(LedgerError::Totals)?;
        match serde_json::from_slice(&body) {
            Ok(Value::Object(totals)) => Ok(totals),
            Ok(other) => Err(LedgerError::NotAnObject(other.to_string())),
            Err(error) => Err(LedgerError::NotAnObject(error.to_string())),
        }
    }

    /// The events so far, in the order of their lines. A last line without its end is still being written
    /// and left out.
    ///
    /// # Errors
    /// The file can't be read, or a line isn't an event.
    pub fn events(&self) -> Result<Vec<Map<String, Value>>, LedgerError> {
        let bytes = match read_regular(&self.file, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(LedgerError::File(error)),
        };
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        lines.pop();
        let event = |(index, line): (usize, &&[u8])| match serde_json::from_slice(line) {
            Ok(Value::Object(event)) if event.get("event").is_some_and(Value::is_string) => Ok(event),
            _ => Err(LedgerError::BadLine {
                line: index + 1,
                text: String::from_utf8_lossy(line).chars().take(100).collect(),
            }),
        };
        lines.iter().enumerate().map(event).collect()
    }

    /// What conditions see: these totals, and the events by now.
    ///
    /// # Errors
    /// The file can't be read, or a line isn't an event.
    pub fn facts(&self, totals: &Map<String, Value>) -> Result<Value, LedgerError> {
        let (mut counts, mut last) = (Map::new(), Map::new());
        for event in self.events()? {
            let name = event.get("event").and_then(Value::as_str);
            let name = name.unwrap_or_default().to_owned();
            let before = counts.get(&name).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(name.clone(), json!(before + 1));
            last.insert(name, Value::Object(event));
        }
        let mut facts = totals.clone();
        facts.insert("events".to_owned(), Value::Object(counts));
        facts.insert("last".to_owned(), Value::Object(last));
        Ok(Value::Object(facts))
    }

    /// Waits until the conditions are met; what is still unmet at the deadline is returned.
    ///
    /// Conditions on events alone are read from the file and need no answer of the service. When the interrupt comes, it
    /// is the deadline.
    ///
    /// # Errors
    /// The ledger can't be read.
    pub fn wait(
        &self,
        conditions: &LedgerConditions,
        within: Duration,
        interrupt: &Interrupt,
    ) -> Result<Vec<Unmet>, LedgerError> {
        let deadline = Instant::now() + within;
        let needs_answer = conditions.0.keys().any(|name| !name.starts_with("events.") && !name.starts_with("last."));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let totals = if needs_answer {
                match self.totals(left.max(POLL_EVERY)) {
                    // A service too busy to answer in time hasn't met the condition in time.
                    Err(LedgerError::Totals(HttpError::TimedOut { .. })) => Map::new(),
                    other => other?,
                }
            } else {
                Map::new()
            };
            let unmet = conditions.unmet(&self.facts(&totals)?);
            if unmet.is_empty() || Instant::now() >= deadline || interrupt.came().is_some() {
                return Ok(unmet);
            }
            let pause = if needs_answer { ASK_EVERY } else { POLL_EVERY };
            interrupt.sleep(pause.min(left));
        }
    }
}
