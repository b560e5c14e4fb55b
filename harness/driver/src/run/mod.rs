//! One variant of one scenario, from the service's start to its end.
//!
//! The road is always the same: start → look at the fresh process, if wanted → warm-up → rounds of load
//! with a look after each → one more look, if wanted → trigger and sampling, if wanted, or phases with one
//! of the service's own diagnostics switched on → judge the ledger → measure the disturbance → stop. The engine does the looking ([`EngineObserver`]), or
//! whoever else is an [`Observer`].

mod disturbance;
mod engine;
mod error;
mod event;
mod launch;
mod observer;
mod phase;
mod running;
mod toggle;

use std::time::{Duration, Instant};

use bloathound_engine::Moment;
use bloathound_engine::looks::SamplerOptions;
use bloathound_scenario::{Load, Scenario, Unmet, Variant, VariantPlan};
use serde_json::{Map, Value};

pub use self::disturbance::Disturbance;
pub(crate) use self::disturbance::FinishOnDrop;
pub use self::engine::{EngineObserver, Recorded};
pub use self::error::{BrokenRun, RunError};
pub use self::event::{Events, RunEvent};
pub use self::launch::{Launcher, Limits};
pub use self::observer::{Looked, Observer};
pub use self::phase::{PhaseReport, ToggleOutcome, TogglePhase};
use self::running::Running;
use crate::ledger::Ledger;
use crate::load::{LoadReport, TriggerState};
use crate::service::{Service, StopHow};

/// How long the end of a service may take to show after something failed because of it.
const END_SHOWS_WITHIN: Duration = Duration::from_millis(500);

/// What is known of a run afterwards, apart from what the observer saw.
#[derive(Debug, Clone)]
pub struct DrivenRun {
    /// The variant.
    pub variant: Variant,
    /// Requests of warm-up and load answered, those of the disturbance's round not counted.
    pub requests: u64,
    /// From the handshake to the end.
    pub elapsed: Duration,
    /// What the ledger said last: totals, `events`, `last`, and `collected` (the answer of `/collect`).
    pub ledger: Value,
    /// What of the variant's conditions, or of what was waited for, was not met; a run is valid exactly
    /// when this is empty.
    pub unmet: Vec<Unmet>,
    /// The load's figures over all counted rounds; none without load.
    pub load: Option<LoadReport>,
    /// What became of the trigger.
    pub trigger: Option<TriggerState>,
    /// What switching a diagnostic came to.
    pub toggle: Option<ToggleOutcome>,
    /// What the looks cost.
    pub disturbance: Disturbance,
    /// How the service ended.
    pub stopped: StopHow,
}

/// Runs one variant of a scenario.
///
/// The calling thread must live until this returns: the service dies with it.
///
/// # Errors
/// The service can't be started or ends by itself, a request fails, the ledger can't be read, the observer
/// fails. The service is gone in every case.
pub fn run(
    scenario: &Scenario,
    variant: Variant,
    launcher: &Launcher,
    limits: &Limits,
    observer: &mut dyn Observer,
    events: Events<'_>,
) -> Result<DrivenRun, BrokenRun> {
    let Some(plan) = scenario.variants.get(&variant) else {
        let error = RunError::NoSuchVariant { scenario: scenario.name.clone(), variant };
        return Err(BrokenRun { error, stderr_tail: Vec::new() });
    };
    events(RunEvent::RunStarted { scenario: scenario.name.clone(), variant });
    let stopped = || {
        let error = RunError::Stopped { stop: limits.interrupt.came()? };
        Some(BrokenRun { error, stderr_tail: Vec::new() })
    };
    let environment = launcher
        .environment_of(scenario, variant, &mut |event| events(RunEvent::Packages(event)))
        .map_err(|error| BrokenRun { error: error.into(), stderr_tail: Vec::new() })?;
    let launch = launcher.launch_on(environment.as_ref(), scenario, variant, limits);
    let service =
        Service::start_unless(&launch, &limits.interrupt).map_err(|error| stopped().unwrap_or_else(|| error.into()))?;
    // Whatever waits for the service, a request of minutes even, waits no longer then.
    let _ends = service.end_by(&limits.interrupt);
    events(RunEvent::ServiceReady { pid: service.pid(), port: service.port() });
    let mut running = Running {
        ledger: Ledger::new(service.port(), service.ledger_file()),
        service,
        scenario,
        limits,
        observer,
        events,
        started: Instant::now(),
        requests: 0,
        requests_at_look: 0,
        numbers: scenario.request_numbers().into(),
        totals: Map::new(),
        collected: Value::Null,
        load: None,
        pauses: Vec::new(),
        stuck: false,
    };
    let outcome = running.run(plan);
    // What looks like an outcome may be that of a service we have ended.
    if let Some(stopped) = stopped() {
        return Err(stopped);
    }
    match outcome {
        Ok(outcome) => Ok(running.close(variant, outcome)),
        // A service that died is the better explanation of whatever failed because of it.
        Err(error) => match running.service.check_stays_alive(END_SHOWS_WITHIN) {
            Err(died) => Err(died.into()),
            Ok(()) => Err(BrokenRun { error, stderr_tail: running.service.last_stderr() }),
        },
    }
}

struct Ended {
    ledger: Value,
    unmet: Vec<Unmet>,
    trigger: Option<TriggerState>,
    toggle: Option<ToggleOutcome>,
    disturbance: Disturbance,
}

impl Running<'_> {
    fn run(&mut self, plan: &VariantPlan) -> Result<Ended, RunError> {
        let scenario = self.scenario;
        let observe = &scenario.observe;
        if observe.inspect.as_ref().is_some_and(|look| look.baseline) {
            self.collect()?;
            self.look(Moment::Fresh)?;
        }
        let mut unmet = self.load_and_look()?;
        if unmet.is_empty() && observe.inspect.is_some() {
            // After growth the last round's state is looked at again, by the other detectors.
            unmet = self.settle()?;
            if unmet.is_empty() {
                self.look(Moment::Inspect)?;
            }
        }
        let mut trigger = None;
        if unmet.is_empty()
            && let Some(hot) = &observe.hot
        {
            let moment = Moment::Hot { duration: hot.duration };
            (trigger, unmet) = self.look_while_working(moment, hot.under_load)?;
        }
        let mut toggled = None;
        if unmet.is_empty()
            && let (Some(toggle), Some(load)) = (observe.toggle, &scenario.load)
        {
            let toggling = toggle::run(self, load, toggle)?;
            (trigger, unmet) = (toggling.trigger, toggling.unmet);
            toggled = Some(toggling.outcome);
        }
        let ledger = self.read_ledger()?;
        // What was waited for in vain comes first: it explains the rest.
        unmet.extend(plan.ledger.unmet(&ledger));
        let mut disturbance = Disturbance::of_pauses(&self.pauses, self.load.as_ref());
        if unmet.is_empty()
            && !self.stuck
            && self.limits.measure_disturbance
            && let Some(load) = &scenario.load
            && observe.hot.is_none()
            && observe.toggle.is_none()
        {
            (self.events)(RunEvent::MeasuringDisturbance);
            disturbance::measure(self, load, &mut disturbance)?;
        }
        Ok(Ended { ledger, unmet, trigger, toggle: toggled, disturbance })
    }

    fn close(self, variant: Variant, ended: Ended) -> DrivenRun {
        let grace = if self.stuck { Duration::ZERO } else { self.limits.stop_grace };
        let stopped = self.service.stop(grace);
        (self.events)(RunEvent::ServiceStopped { how: stopped });
        DrivenRun {
            variant,
            requests: self.requests,
            elapsed: self.started.elapsed(),
            ledger: ended.ledger,
            unmet: ended.unmet,
            load: self.load,
            trigger: ended.trigger,
            toggle: ended.toggle,
            disturbance: ended.disturbance,
            stopped,
        }
    }

    /// Warm-up and the rounds, with looks where growth is observed.
    fn load_and_look(&mut self) -> Result<Vec<Unmet>, RunError> {
        let scenario = self.scenario;
        let observe = &scenario.observe;
        let Some(load) = &scenario.load else {
            return Ok(Vec::new());
        };
        if scenario.warm_up > 0 {
            (self.events)(RunEvent::WarmingUp { requests: scenario.warm_up });
            self.make_requests(load, scenario.warm_up)?;
        }
        let growth = observe.growth.is_some();
        let rounds = scenario.round_requests();
        let of = rounds.len() as u64;
        for (round, requests) in (0..=of).zip([0].into_iter().chain(rounds)) {
            if round > 0 {
                (self.events)(RunEvent::RoundStarted { round, of });
                let report = self.make_requests(load, requests)?;
                (self.events)(RunEvent::RoundDone { round, load: report.clone() });
                match &mut self.load {
                    Some(sum) => sum.add(&report),
                    None => self.load = Some(report),
                }
            }
            if growth {
                let unmet = self.settle()?;
                if !unmet.is_empty() {
                    return Ok(unmet);
                }
                self.look(Moment::Round { round, of })?;
            }
        }
        Ok(Vec::new())
    }

    /// Samples a service that a trigger has sent off, or that load keeps busy, or an idle one.
    fn look_while_working(
        &mut self,
        moment: Moment,
        under_load: bool,
    ) -> Result<(Option<TriggerState>, Vec<Unmet>), RunError> {
        let scenario = self.scenario;
        if scenario.trigger.is_none() {
            self.totals = self.ledger.totals(self.limits.answer_within)?;
            let unmet = self.settle()?;
            if unmet.is_empty() {
                match &scenario.load {
                    Some(load) if under_load => self.look_under_load(moment, load)?,
                    _ => self.look(moment)?,
                }
            }
            return Ok((None, unmet));
        }
        let sampling = scenario.observe.hot.as_ref().map_or(Duration::ZERO, |hot| {
            SamplerOptions { seconds: hot.duration.as_secs_f64(), ..SamplerOptions::default() }.longest()
        });
        let (mut trigger, unmet) = self.fire_trigger(sampling)?;
        if unmet.is_empty() {
            self.look(moment)?;
        }
        let state = trigger.state();
        self.stuck = state == TriggerState::Unanswered;
        Ok((Some(state), unmet))
    }

    /// Rounds of load until the look is over; the last one is finished.
    fn look_under_load(&mut self, moment: Moment, load: &Load) -> Result<(), RunError> {
        let (looked, report) = disturbance::look_during(self, load, moment, true)?;
        self.pauses.extend(looked);
        self.requests += report.requests;
        self.load = Some(report);
        Ok(())
    }

    /// The totals by now where the service can answer, else the last it gave, with the events by now.
    fn read_ledger(&mut self) -> Result<Value, RunError> {
        if !self.stuck {
            self.totals = self.ledger.totals(self.limits.answer_within)?;
        }
        let mut facts = self.ledger.facts(&self.totals)?;
        if let Value::Object(facts) = &mut facts {
            facts.insert("collected".to_owned(), self.collected.clone());
        }
        Ok(facts)
    }
}
