//! A service's own diagnostics, switched on and off again while counted load is made.
//!
//! Three phases of the same load: off, on, off again. Required of every toggle, whatever a scenario asks for beyond
//! that: no request is lost in any phase; it was on, and is off again, by the service's own account; and after it
//! nothing of it can be seen from outside. What is not so stands in [`ToggleOutcome`].

mod debug_log;
mod dump;
mod manhole;
mod stuck;
mod subject;
mod trace;

use std::thread;

use bloathound_kit::KitError;
use bloathound_scenario::{Load, Toggle, Toggled, Unmet};

use self::subject::{ANSWER_WITHIN, Subject};
use super::disturbance::FinishOnDrop;
use super::error::RunError;
use super::event::RunEvent;
use super::phase::{PhaseReport, ToggleOutcome, TogglePhase};
use super::running::Running;
use crate::load::{self, LoadError, Progress, TriggerState};
use crate::service::POLL_EVERY;

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
pub(crate) fn run(running: &mut Running<'_>, load: &Load, toggle: Toggle) -> Result<Toggling, RunError> {
    let mut told = ToggleOutcome::new(toggle);
    let toggling = |outcome| Ok(Toggling { outcome, trigger: None, unmet: Vec::new() });
    let mut subject = match Subject::find(running.service.pid()) {
        Ok(subject) => subject,
        Err(error) => {
            told.broken.push(error.to_string());
            return toggling(told);
        }
    };
    told.require(subject.all_off(), "something is on already in a service that has just started");
    if running.scenario.trigger.is_some() {
        return stuck::run(running, load, subject, told);
    }
    let mut switch: Box<dyn Switch> = match toggle.what {
        Toggled::DebugLog => Box::new(debug_log::DebugLog::new(load)),
        Toggled::Manhole => Box::new(manhole::Manhole::default()),
        Toggled::Trace => Box::new(trace::Trace::new(toggle)),
        Toggled::Dump => Box::new(dump::MemoryDump::default()),
    };
    phase(running, load, TogglePhase::Off, &mut told, &mut |_, _| Ok(()))?;
    if let Err(error) = switch.on(&mut subject, &mut told) {
        told.broken.push(format!("switching on: {error}"));
        return toggling(told);
    }
    phase(running, load, TogglePhase::On, &mut told, &mut |progress, told| {
        switch.meanwhile(&mut subject, progress, told)
    })?;
    if let Err(error) = switch.off(&mut subject, &mut told) {
        told.broken.push(format!("switching off: {error}"));
    }
    phase(running, load, TogglePhase::OffAgain, &mut told, &mut |_, _| Ok(()))?;
    if let Err(error) = switch.afterwards(&mut subject, &mut told) {
        told.broken.push(format!("afterwards: {error}"));
    }
    told.require(subject.all_off(), "not everything is off again, by the service's own account");
    told.add_ratios();
    toggling(told)
}

/// One round of the load by another thread, and beside it whatever `meanwhile` does.
fn phase(
    running: &mut Running<'_>,
    load: &Load,
    phase: TogglePhase,
    told: &mut ToggleOutcome,
    meanwhile: &mut dyn FnMut(&Progress, &mut ToggleOutcome) -> Result<(), KitError>,
) -> Result<(), RunError> {
    (running.events)(RunEvent::TogglePhaseStarted { phase });
    let (port, within) = (running.service.port(), running.limits.answer_within.min(ANSWER_WITHIN));
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
        Ok::<_, LoadError>((done, load::joined(worker)?))
    })?;
    if let Err(error) = done {
        told.broken.push(format!("{phase}: {error}"));
    }
    running.service.check_alive()?;
    let answered = progress.answered();
    running.requests += answered;
    let (load_report, lost, first) = match loaded {
        Ok(report) => (Some(report), 0, None),
        Err(LoadError::RequestsFailed { failed, first, .. }) => (None, failed, Some(first.to_string())),
        Err(other) => return Err(other.into()),
    };
    let report = PhaseReport { phase, requests: load.requests, answered, lost, load: load_report };
    (running.events)(RunEvent::TogglePhaseDone { report: report.clone() });
    told.add_phase(report, first);
    Ok(())
}
