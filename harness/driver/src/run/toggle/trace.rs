//! Tracing switched on under load: what is seen of it, and that nothing of it is left.

use std::thread;
use std::time::{Duration, Instant};

use bloathound_scenario::{Toggle, ToggleFact, TraceReader};
use serde_json::Value;

use super::Switch;
use super::subject::Subject;
use crate::load::Progress;
use crate::run::phase::ToggleOutcome;
use crate::service::POLL_EVERY;
use bloathound_kit::{Blindness, KitError, TraceSession, TraceStep, TraceSummary, TraceTally};

const PIPE: &str = "trace.fifo";
/// How long to wait for the next events.
const STEP: Duration = Duration::from_millis(20);
/// What a reader has seen before it leaves.
const EVENTS_BEFORE_LEAVING: u64 = 1000;
/// How long events, or the count of those dropped, may take to come. No verdict hangs on it.
const COMES_WITHIN: Duration = Duration::from_secs(20);

/// Tracing, with one of the readers there are.
#[derive(Debug)]
pub(super) struct Trace {
    reader: TraceReader,
    full: bool,
    session: Option<TraceSession>,
    tally: TraceTally,
    threads_traced: u64,
    readers: u64,
}

impl Trace {
    pub(super) fn new(toggle: Toggle) -> Self {
        Self {
            reader: toggle.reader,
            full: toggle.full,
            session: None,
            tally: TraceTally::default(),
            threads_traced: 0,
            readers: 0,
        }
    }

    fn begin_reading(&mut self, subject: &Subject) -> Result<(), KitError> {
        self.session = Some(TraceSession::start(subject.control.clone(), self.full)?);
        subject.wait_for_trace("tracing")
    }

    /// Reads what is there and looks from outside at who is traced.
    fn step(&mut self, subject: &mut Subject) -> Result<(), KitError> {
        self.threads_traced = self.threads_traced.max(subject.threads_traced().unwrap_or(0));
        match &mut self.session {
            Some(session) => match session.step(&mut self.tally, STEP, None)? {
                TraceStep::Lines(_) | TraceStep::Quiet | TraceStep::Interrupted => Ok(()),
                TraceStep::Ended => Err(KitError::BadAnswer {
                    command: "trace on".into(),
                    reason: "the service closed the pipe while it was being read".into(),
                }),
            },
            None => {
                thread::sleep(POLL_EVERY);
                Ok(())
            }
        }
    }

    /// Reads until there were so many events; a reader that gets them is counted.
    fn read_some(&mut self, subject: &mut Subject) -> Result<(), KitError> {
        let stop = Instant::now() + COMES_WITHIN;
        let before = self.tally.events();
        while self.tally.events() < before + EVENTS_BEFORE_LEAVING {
            if Instant::now() >= stop {
                return Err(KitError::BadAnswer { command: "trace on".into(), reason: "too few events came".into() });
            }
            self.step(subject)?;
        }
        self.readers += 1;
        Ok(())
    }

    fn leave_and_come_again(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        self.read_some(subject)?;
        // As if killed: nothing is said to the service.
        self.session = None;
        subject.wait_for_trace("waiting")?;
        let traced = subject.threads_traced();
        told.require(traced == Some(0), format!("threads traced after the reader has gone: {traced:?}"));
        self.begin_reading(subject)?;
        self.read_some(subject)
    }

    /// The one that reads too late: what it missed has to be told to it.
    fn read_too_late(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let status = subject.status()?;
        let dropped = status.value(&["trace", "dropped"]).and_then(Value::as_u64);
        told.require(dropped.is_some_and(|count| count > 0), "nobody read and no event was dropped, by `status`");
        let stop = Instant::now() + COMES_WITHIN;
        while self.tally.dropped() == 0 && Instant::now() < stop {
            self.step(subject)?;
        }
        self.readers += 1;
        Ok(())
    }
}

impl Switch for Trace {
    fn on(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let traced = subject.threads_traced();
        told.require(traced == Some(0), format!("threads traced before tracing was switched on: {traced:?}"));
        if self.reader != TraceReader::None {
            return self.begin_reading(subject);
        }
        subject.control.request(if self.full { "trace on full" } else { "trace on" })?;
        subject.wait_for_trace("waiting")
    }

    fn meanwhile(
        &mut self,
        subject: &mut Subject,
        progress: &Progress,
        told: &mut ToggleOutcome,
    ) -> Result<(), KitError> {
        match self.reader {
            TraceReader::Leaves => self.leave_and_come_again(subject, told)?,
            TraceReader::Steady => self.read_some(subject)?,
            TraceReader::None | TraceReader::Slow => {}
        }
        while !progress.is_over() {
            if self.reader == TraceReader::Slow {
                self.threads_traced = self.threads_traced.max(subject.threads_traced().unwrap_or(0));
                thread::sleep(POLL_EVERY);
            } else {
                self.step(subject)?;
            }
        }
        let wanted = if self.reader == TraceReader::None { "waiting" } else { "tracing" };
        let state = subject.status()?;
        let state = state.text(&["trace", "state"]).unwrap_or("unknown");
        told.require(state == wanted, format!("tracing is {state}, by `status`, and not {wanted}"));
        if self.reader == TraceReader::Slow {
            self.read_too_late(subject, told)?;
        }
        Ok(())
    }

    fn off(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        let events = subject.status()?.value(&["trace", "events"]).and_then(Value::as_u64);
        match self.session.take() {
            Some(session) => session.finish()?,
            None => drop(subject.control.request("trace off")?),
        }
        if self.reader == TraceReader::None {
            told.require(self.threads_traced == 0, format!("{} threads traced with no reader", self.threads_traced));
            told.require(events == Some(0), format!("events with no reader, by `status`: {events:?}"));
        }
        told.fact(ToggleFact::Readers, self.readers);
        told.fact(ToggleFact::ThreadsTraced, self.threads_traced);
        told.fact(ToggleFact::EventsRead, self.tally.events());
        told.fact(ToggleFact::EventsDropped, self.tally.dropped());
        let summary = self.tally.summarise(1);
        told.fact(ToggleFact::UntracedThreads, summary.blindness.untraced_threads);
        told.fact(ToggleFact::NotSeen, not_seen(&summary));
        Ok(())
    }

    fn afterwards(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError> {
        is_gone(subject, told);
        Ok(())
    }
}

/// Requires that nothing of tracing is left.
pub(super) fn is_gone(subject: &mut Subject, told: &mut ToggleOutcome) {
    let traced = subject.threads_traced();
    told.require(traced == Some(0), format!("threads traced after tracing was switched off: {traced:?}"));
    told.require(!subject.path(PIPE).exists(), "the trace pipe is left");
    told.require(!subject.holds_open(PIPE), "the trace pipe is still open");
}

/// What the trace could not see, a word each.
pub(super) fn not_seen(summary: &TraceSummary) -> Vec<&'static str> {
    let Blindness { dropped, untraced_threads, silent, only_lines, .. } = summary.blindness;
    let rested = summary.seconds > summary.traced_seconds;
    [
        ("anything", silent),
        ("c-code", true),
        ("calls", only_lines),
        ("dropped", dropped > 0),
        ("rests", rested),
        ("threads", untraced_threads > 0),
    ]
    .into_iter()
    .filter_map(|(word, holds)| holds.then_some(word))
    .collect()
}
