//! One variant of one scenario, from the service's start to its end.
//!
//! The road is always the same: start → look at the fresh process, if wanted → warm-up → rounds of load
//! with a look after each → one more look, if wanted → trigger and sampling, if wanted, or phases with one
//! of the service's own diagnostics switched on → judge the ledger → measure the disturbance → stop. Whoever calls supplies the looking ([`Observer`]).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_scenario::{LedgerConditions, Load, Method, Request, Scenario, Unmet, Variant, VariantPlan};
use serde_json::{Map, Value};

use crate::disturbance::{self, Disturbance};
use crate::environment::Environment;
use crate::error::RunError;
use crate::event::{Events, RunEvent};
use crate::http;
use crate::interpreter::Interpreter;
use crate::ledger::Ledger;
use crate::load::{self, LoadReport, Trigger, TriggerState};
use crate::service::{Launch, Service, StopHow};
use crate::toggle::{self, ToggleOutcome};

/// How long the end of a service may take to show after something failed because of it.
const END_SHOWS_WITHIN: Duration = Duration::from_millis(500);

/// The private directory of a service's diagnostics, where a scenario switches them.
const DIAGNOSTICS: &str = "diagnostics";

/// When a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The fresh process, before any request of the load.
    Fresh,
    /// After the warm-up (`round` 0) and after each round of load.
    Round {
        /// 0 to `of`.
        round: u64,
        /// Rounds there will be.
        of: u64,
    },
    /// One look after the load.
    Inspect,
    /// Sample for this long; the service is working meanwhile, or stuck.
    Hot {
        /// How long.
        duration: Duration,
    },
    /// The same work as at the last look, while load is running; its findings don't count.
    UnderLoad,
}

/// What an observer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub moment: Moment,
    /// Requests of warm-up and load answered since the service started.
    pub requests: u64,
    /// Those of them since the look before, or since the start.
    pub requests_since: u64,
}

/// What an observer tells of a look; the findings it keeps to itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Each time the target was stopped.
    pub pauses: Vec<Duration>,
}

/// Looks at the running service from outside.
pub trait Observer {
    /// Takes a look. Always called on the thread that runs the session.
    ///
    /// # Errors
    /// Whatever keeps it from looking ends the run.
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Box<dyn std::error::Error + Send + Sync>>;
}

/// What a service runs on.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// The packages.
    pub environment: Environment,
    /// The folder `reference-services`.
    pub services_dir: PathBuf,
}

impl Launcher {
    /// How to start a scenario's service in a variant.
    #[must_use]
    pub fn launch(&self, scenario: &Scenario, variant: Variant, limits: &Limits) -> Launch {
        let mut python_path = vec![self.environment.dir.clone(), self.services_dir.join("common")];
        let fix = scenario.service_dir.join("fix");
        if variant == Variant::Fixed && fix.is_dir() {
            python_path.push(fix);
        }
        python_path.push(scenario.service_dir.clone());
        // The service runs in a folder of its own, where a relative path would lead nowhere.
        let python_path = python_path.into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)).collect();
        let fixed = ["-u", "-B", "-s", "-m", "service", "--port", "0"];
        let mut arguments: Vec<String> = fixed.map(str::to_owned).to_vec();
        if scenario.observe.toggle.is_some() {
            // Relative to the folder of its own that the service runs in.
            arguments.extend(["--diagnostics", DIAGNOSTICS].map(str::to_owned));
        }
        arguments.extend(scenario.option_arguments());
        Launch {
            name: scenario.service.clone(),
            program: self.interpreter.executable.clone(),
            arguments,
            python_path,
            seed: scenario.seed,
            ready_within: limits.ready_within,
        }
    }
}

/// Deadlines. None of them decides a verdict; each keeps a broken service from holding us up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the start to the handshake.
    pub ready_within: Duration,
    /// From a request to the end of its answer. Fifty at once of `fragmentation` take 11 s each on an idle machine.
    pub answer_within: Duration,
    /// From the request to stop to the kill.
    pub stop_grace: Duration,
    /// Whether to measure the disturbance, which takes one more round of load and one more look.
    pub measure_disturbance: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ready_within: Duration::from_secs(30),
            answer_within: Duration::from_secs(240),
            stop_grace: Duration::from_secs(3),
            measure_disturbance: true,
        }
    }
}

/// What is known of a run afterwards, apart from what the observer saw.
#[derive(Debug, Clone)]
pub struct RunRecord {
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
) -> Result<RunRecord, RunError> {
    let Some(plan) = scenario.variants.get(&variant) else {
        return Err(RunError::NoSuchVariant { scenario: scenario.name.clone(), variant });
    };
    events(RunEvent::RunStarted { scenario: scenario.name.clone(), variant });
    let service = Service::start(&launcher.launch(scenario, variant, limits))?;
    events(RunEvent::ServiceReady { pid: service.pid(), port: service.port() });
    let mut session = Session {
        ledger: Ledger::new(service.port(), service.ledger_file()),
        service,
        scenario,
        limits,
        observer,
        events,
        started: Instant::now(),
        requests: 0,
        requests_at_look: 0,
        totals: Map::new(),
        collected: Value::Null,
        load: None,
        pauses: Vec::new(),
        stuck: false,
    };
    match session.run(plan) {
        Ok(outcome) => Ok(session.close(variant, outcome)),
        // A service that died is the better explanation of whatever failed because of it.
        Err(error) => match session.service.check_stays_alive(END_SHOWS_WITHIN) {
            Err(died) => Err(RunError::Service(died)),
            Ok(()) => Err(error),
        },
    }
}

pub(crate) struct Session<'s> {
    pub(crate) service: Service,
    ledger: Ledger,
    pub(crate) scenario: &'s Scenario,
    pub(crate) limits: &'s Limits,
    pub(crate) observer: &'s mut dyn Observer,
    pub(crate) events: Events<'s>,
    started: Instant,
    pub(crate) requests: u64,
    requests_at_look: u64,
    /// The totals when the service last answered for them.
    totals: Map<String, Value>,
    /// What the service said of its last full collection; null before one.
    collected: Value,
    load: Option<LoadReport>,
    pauses: Vec<Duration>,
    /// A trigger was sent and not answered: the service can't be asked anything any more.
    pub(crate) stuck: bool,
}

struct Ended {
    ledger: Value,
    unmet: Vec<Unmet>,
    trigger: Option<TriggerState>,
    toggle: Option<ToggleOutcome>,
    disturbance: Disturbance,
}

impl Session<'_> {
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

    fn close(self, variant: Variant, ended: Ended) -> RunRecord {
        let grace = if self.stuck { Duration::ZERO } else { self.limits.stop_grace };
        let stopped = self.service.stop(grace);
        (self.events)(RunEvent::ServiceStopped { how: stopped });
        RunRecord {
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
        let of = observe.rounds();
        for round in 0..=of {
            if round > 0 {
                (self.events)(RunEvent::RoundStarted { round, of });
                let report = self.make_requests(load, load.requests)?;
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

    fn make_requests(&mut self, load: &Load, requests: u64) -> Result<LoadReport, RunError> {
        let progress = load::Progress::default();
        let within = self.limits.answer_within;
        let report = load::run_counted(self.service.port(), load, requests, within, &progress)?;
        self.requests += report.requests;
        Ok(report)
    }

    /// Brings the service to the state that is to be looked at.
    fn settle(&mut self) -> Result<Vec<Unmet>, RunError> {
        if let Some(wait) = &self.scenario.wait {
            let unmet = self.wait(&wait.ledger, wait.within)?;
            if !unmet.is_empty() {
                return Ok(unmet);
            }
        }
        self.collect()?;
        // One more turn of the reactor, so that what the last answers left to be closed is closed.
        self.ask(Method::Get, "/health")?;
        Ok(Vec::new())
    }

    fn wait(&mut self, conditions: &LedgerConditions, within: Duration) -> Result<Vec<Unmet>, RunError> {
        let words = |(name, matcher): (&String, _)| format!("{name}: {matcher}");
        (self.events)(RunEvent::Waiting { conditions: conditions.0.iter().map(words).collect() });
        Ok(self.ledger.wait(conditions, within)?)
    }

    fn collect(&mut self) -> Result<(), RunError> {
        if self.scenario.collect {
            let body = self.ask(Method::Post, "/collect")?;
            self.collected = serde_json::from_slice(&body).unwrap_or(Value::Null);
        }
        Ok(())
    }

    fn ask(&mut self, method: Method, path: &str) -> Result<Vec<u8>, RunError> {
        let request = Request { method, path: path.to_owned() };
        http::exchange(self.service.port(), &request, self.limits.answer_within)
            .map_err(|source| RunError::NoAnswer { path: path.to_owned(), source })
    }

    fn look(&mut self, moment: Moment) -> Result<(), RunError> {
        let pauses = self.observe(moment)?;
        self.pauses.extend(pauses);
        Ok(())
    }

    /// Calls the observer and passes on its pauses.
    pub(crate) fn observe(&mut self, moment: Moment) -> Result<Vec<Duration>, RunError> {
        self.service.check_alive()?;
        (self.events)(RunEvent::Looking { moment });
        let begun = Instant::now();
        let look = Look { moment, requests: self.requests, requests_since: self.requests - self.requests_at_look };
        let looked =
            self.observer.observe(self.service.pid(), &look).map_err(|source| RunError::Observer { source })?;
        self.requests_at_look = self.requests;
        (self.events)(RunEvent::Looked { moment, took: begun.elapsed(), pauses: looked.pauses.clone() });
        Ok(looked.pauses)
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
        let sampling = scenario.observe.hot.as_ref().map_or(Duration::ZERO, |hot| hot.duration);
        let (mut trigger, unmet) = self.fire_trigger(sampling)?;
        if unmet.is_empty() {
            self.look(moment)?;
        }
        let state = trigger.state();
        self.stuck = state == TriggerState::Unanswered;
        Ok((Some(state), unmet))
    }

    /// How long the trigger may take to have its effect.
    pub(crate) fn patience(&self) -> Duration {
        self.scenario.wait.as_ref().map_or(Duration::ZERO, |wait| wait.within)
    }

    /// Sends the trigger and waits for its effect. The connection stays open for as long as anybody looks, which takes
    /// `looking`; the service counts as stuck from here on.
    pub(crate) fn fire_trigger(&mut self, looking: Duration) -> Result<(Trigger, Vec<Unmet>), RunError> {
        let scenario = self.scenario;
        self.totals = self.ledger.totals(self.limits.answer_within)?;
        let Some(request) = &scenario.trigger else {
            return Err(RunError::NoTrigger);
        };
        (self.events)(RunEvent::Triggered { path: request.path.clone() });
        let give_up_after = self.limits.answer_within + self.patience() + looking;
        let trigger = Trigger::fire(self.service.port(), request, give_up_after)
            .map_err(|source| RunError::NoAnswer { path: request.path.clone(), source })?;
        self.stuck = true;
        let unmet = match &scenario.wait {
            Some(wait) => self.wait(&wait.ledger, wait.within)?,
            None => Vec::new(),
        };
        Ok((trigger, unmet))
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
