//! A service's own diagnostics, switched on and off again while counted load is made.
//!
//! Three phases of the same load: off, on, off again. Required of every toggle, whatever a scenario asks for beyond
//! that: no request is lost in any phase; it was on, and is off again, by the service's own account; and after it
//! nothing of it can be seen from outside. What is not so stands in [`ToggleOutcome::broken`].

mod debug_log;
mod dump;
mod manhole;
mod stuck;
mod subject;
mod trace;

use std::fmt;
use std::thread;

use bloathound_scenario::{Load, Toggle, Toggled, Unmet};
use serde_json::{Map, Value, json};

use crate::disturbance::FinishOnDrop;
use crate::error::RunError;
use crate::event::RunEvent;
use crate::load::{self, LoadError, LoadReport, Progress, TriggerState};
use crate::service::POLL_EVERY;
use crate::session::Session;
use bloathound_kit::KitError;
use subject::{ANSWER_WITHIN, Subject};

/// A phase of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TogglePhase {
    /// Nothing is switched on, nor was it ever.
    Off,
    /// The diagnostic is on.
    On,
    /// It was on and is off.
    OffAgain,
}

impl TogglePhase {
    /// `off`, `on`, `off again`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::OffAgain => "off again",
        }
    }
}

impl fmt::Display for TogglePhase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What became of one phase's requests.
#[derive(Debug, Clone)]
pub struct PhaseReport {
    /// Which.
    pub phase: TogglePhase,
    /// Requests to be made.
    pub requests: u64,
    /// Requests answered in whole, with status 200.
    pub answered: u64,
    /// Requests that were not; after the first one no more are begun.
    pub lost: u64,
    /// The figures; none where a request was lost.
    pub load: Option<LoadReport>,
}

/// What switching came to.
#[derive(Debug, Clone)]
pub struct ToggleOutcome {
    /// What was switched.
    pub toggle: Toggle,
    /// The phases in their order.
    pub phases: Vec<PhaseReport>,
    /// What a scenario can ask for, by name.
    pub facts: Map<String, Value>,
    /// What must never be, a line each; empty in a good run.
    pub broken: Vec<String>,
}

impl ToggleOutcome {
    fn new(toggle: Toggle) -> Self {
        Self { toggle, phases: Vec::new(), facts: Map::new(), broken: Vec::new() }
    }

    fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// Notes what must be so and is not.
    fn require(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.broken.push(otherwise.into());
        }
    }

    fn add_phase(&mut self, report: PhaseReport, first_loss: Option<String>) {
        if report.answered != report.requests {
            let why = first_loss.unwrap_or_else(|| "no reason is known".to_owned());
            let (phase, answered, requests) = (report.phase, report.answered, report.requests);
            self.broken
                .push(format!("{phase}: {answered} of {requests} requests were answered; the first lost: {why}"));
        }
        self.phases.push(report);
    }

    /// Throughput and p99 of the later phases as shares of the first one's.
    fn add_ratios(&mut self) {
        let figures = |phase: TogglePhase| {
            let report = self.phases.iter().find(|report| report.phase == phase)?.load.as_ref()?;
            Some((report.throughput_per_second(), report.latency_ms(0.99)))
        };
        let Some(off) = figures(TogglePhase::Off) else { return };
        let mut ratios = Vec::new();
        for (phase, name) in [(TogglePhase::On, "on"), (TogglePhase::OffAgain, "off_again")] {
            if let Some(then) = figures(phase) {
                ratios.push((format!("{name}_throughput_ratio"), then.0 / off.0));
                ratios.push((format!("{name}_p99_ratio"), then.1 / off.1));
            }
        }
        for (name, ratio) in ratios {
            self.fact(&name, json!((ratio * 1000.0).round() / 1000.0));
        }
    }
}

/// One of the diagnostics, as it is switched. What it finds out goes into the outcome.
trait Switch {
    /// Switches it on; with an error there is nothing to switch off.
    fn on(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError>;
    /// Uses it while the load is made, from the first answer on. Needs not wait for the load's end.
    fn meanwhile(
        &mut self,
        subject: &mut Subject,
        progress: &Progress,
        told: &mut ToggleOutcome,
    ) -> Result<(), KitError>;
    /// Switches it off.
    fn off(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError>;
    /// Looks for what is left of it, after the last phase.
    fn afterwards(&mut self, subject: &mut Subject, told: &mut ToggleOutcome) -> Result<(), KitError>;
}

/// What a toggle and its trigger came to.
pub(crate) struct Toggling {
    pub(crate) outcome: ToggleOutcome,
    pub(crate) trigger: Option<TriggerState>,
    pub(crate) unmet: Vec<Unmet>,
}

/// Runs the phases. What goes wrong with the kit is in the outcome; errors are those of every run.
pub(crate) fn run(session: &mut Session<'_>, load: &Load, toggle: Toggle) -> Result<Toggling, RunError> {
    let mut told = ToggleOutcome::new(toggle);
    let toggling = |outcome| Ok(Toggling { outcome, trigger: None, unmet: Vec::new() });
    let mut subject = match Subject::find(session.service.pid()) {
        Ok(subject) => subject,
        Err(error) => {
            told.broken.push(error.to_string());
            return toggling(told);
        }
    };
    told.require(subject.all_off(), "something is on already in a service that has just started");
    if session.scenario.trigger.is_some() {
        return stuck::run(session, load, subject, told);
    }
    let mut switch: Box<dyn Switch> = match toggle.what {
        Toggled::DebugLog => Box::new(debug_log::DebugLog::new(load)),
        Toggled::Manhole => Box::new(manhole::Manhole::default()),
        Toggled::Trace => Box::new(trace::Trace::new(toggle)),
        Toggled::Dump => Box::new(dump::MemoryDump::default()),
    };
    phase(session, load, TogglePhase::Off, &mut told, &mut |_, _| Ok(()))?;
    if let Err(error) = switch.on(&mut subject, &mut told) {
        told.broken.push(format!("switching on: {error}"));
        return toggling(told);
    }
    phase(session, load, TogglePhase::On, &mut told, &mut |progress, told| {
        switch.meanwhile(&mut subject, progress, told)
    })?;
    if let Err(error) = switch.off(&mut subject, &mut told) {
        told.broken.push(format!("switching off: {error}"));
    }
    phase(session, load, TogglePhase::OffAgain, &mut told, &mut |_, _| Ok(()))?;
    if let Err(error) = switch.afterwards(&mut subject, &mut told) {
        told.broken.push(format!("afterwards: {error}"));
    }
    told.require(subject.all_off(), "not everything is off again, by the service's own account");
    told.add_ratios();
    toggling(told)
}

/// One round of the load by another thread, and beside it whatever `meanwhile` does.
fn phase(
    session: &mut Session<'_>,
    load: &Load,
    phase: TogglePhase,
    told: &mut ToggleOutcome,
    meanwhile: &mut dyn FnMut(&Progress, &mut ToggleOutcome) -> Result<(), KitError>,
) -> Result<(), RunError> {
    (session.events)(RunEvent::TogglePhaseStarted { phase });
    let (port, within) = (session.service.port(), session.limits.answer_within.min(ANSWER_WITHIN));
    let progress = Progress::default();
    let (done, loaded) = thread::scope(|scope| {
        let round = || {
            let _over = FinishOnDrop(&progress);
            load::run_counted(port, load, load.requests, within, &progress)
        };
        let worker = thread::Builder::new().spawn_scoped(scope, round).map_err(LoadError::Thread)?;
        // Bounded by the deadline that every request has.
        while progress.answered() == 0 && !progress.is_over() {
            thread::sleep(POLL_EVERY);
        }
        let done = meanwhile(&progress, told);
        Ok::<_, LoadError>((done, worker.join().map_err(|_| LoadError::Histogram)?))
    })?;
    if let Err(error) = done {
        told.broken.push(format!("{phase}: {error}"));
    }
    session.service.check_alive()?;
    let answered = progress.answered();
    session.requests += answered;
    let (load_report, lost, first) = match loaded {
        Ok(report) => (Some(report), 0, None),
        Err(LoadError::RequestsFailed { failed, first, .. }) => (None, failed, Some(first.to_string())),
        Err(other) => return Err(other.into()),
    };
    let report = PhaseReport { phase, requests: load.requests, answered, lost, load: load_report };
    (session.events)(RunEvent::TogglePhaseDone { report: report.clone() });
    told.add_phase(report, first);
    Ok(())
}
