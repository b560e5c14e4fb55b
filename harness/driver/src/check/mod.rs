//! A service of the user's own, checked: started or taken as it runs, loaded, looked at, and judged by all rules.
//!
//! Nothing is known of it but its process: it has no handshake, no ledger and no twin. With load, its looks follow rounds of
//! counted requests, as a scenario's do; without, they follow time, as those of a watch do.

mod found;
mod loaded;
mod loader;
mod processes;
mod request;
mod sampled;
mod scenario;
mod timed;

use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{RunFindings, SampleError, WatchError};
use bloathound_engine::source::{ExamineError, ExamineOptions};
use bloathound_live::{Forecast, LiveError, Process};
use bloathound_scenario::LedgerConditions;

use crate::ledger::Ledger;
use crate::load::{LoadError, LoadReport};
use crate::service::{OwnCommand, OwnService, ServiceError};

pub use found::{FoundService, find_service};
pub use request::{OwnRequest, RequestError};
pub use scenario::of_scenario;

/// What is to be checked.
#[derive(Debug, Clone)]
pub enum CheckTarget {
    /// A command, started for this and ended afterwards.
    Command(OwnCommand),
    /// A process that runs already, and goes on.
    Running {
        /// Its id.
        pid: u32,
        /// Where it serves, for requests that don't say.
        port: Option<u16>,
    },
}

/// What keeps a service at work.
#[derive(Debug, Clone)]
pub enum CheckLoad {
    /// These requests, in turn.
    Requests(Vec<OwnRequest>),
    /// A command line for the shell, once a round. `{port}` in it is the service's port.
    Command(String),
}

/// How to check.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// What keeps it at work; without, looks follow time.
    pub load: Option<CheckLoad>,
    /// Requests made before the first look.
    pub warm_up: u64,
    /// Requests of a round; of a load command, how many it makes.
    pub requests: u64,
    /// Requests of each round, where they are not the same in all; empty where they are.
    pub spread: Vec<u64>,
    /// What stands for `{n}` in the paths of requests, the first one first; where they end, each has its place from 1 on.
    pub numbers: Vec<u64>,
    /// What the service itself, asked for `/ledger` at the end, must say for all of this to count; mostly nothing.
    pub ledger: LedgerConditions,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Rounds of load; without load, looks after the first one. Without a number: 6 rounds of load, or until it is sure.
    pub rounds: Option<u32>,
    /// From one look to the next, without load.
    pub interval: Duration,
    /// The longest that it goes on without load and a number of looks.
    pub max_time: Duration,
    /// How long a request, or a load command, may take.
    pub answer_within: Duration,
    /// How long to sample for loops; zero: not.
    pub sample: Duration,
    /// Look at the processes that it started, too.
    pub children: bool,
    /// Rules that are switched off.
    pub without: Vec<&'static str>,
    /// Keep pictures for a page.
    pub illustrate: bool,
    /// How to look.
    pub look: ExamineOptions,
}

/// Rounds of load where nobody says.
const ROUNDS: u32 = 6;

impl CheckPlan {
    /// Requests of each round of load.
    fn of_rounds(&self) -> Vec<u64> {
        if !self.spread.is_empty() {
            return self.spread.clone();
        }
        (0..self.rounds.unwrap_or(ROUNDS)).map(|_| self.requests).collect()
    }
}

/// What was seen of one process.
#[derive(Debug)]
pub struct CheckedProcess {
    /// Its id.
    pub pid: u32,
    /// What all rules have to say.
    pub found: RunFindings,
    /// Pauses that looking cost it.
    pub pauses: Vec<Duration>,
}

/// What came of a check.
#[derive(Debug)]
pub struct Checked {
    /// Each process that was looked at, that which was named or started first.
    pub processes: Vec<CheckedProcess>,
    /// Requests answered.
    pub requests: u64,
    /// The load's figures.
    pub load: Option<LoadReport>,
    /// From its being ready to the end.
    pub elapsed: Duration,
    /// Why this is not all that was asked for.
    pub cut_short: Option<String>,
    /// What the service did not say as it had to, or was not asked.
    pub unmet: Vec<String>,
    /// What it said.
    pub ledger: serde_json::Value,
    /// The end of what a started command wrote.
    pub output: Vec<String>,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The command can't be started, or is not ready.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The process can't be looked at.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The same while watching.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The same while sampling.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The load can't be made at all.
    #[error("the load failed before the first look: {0}")]
    Load(#[from] LoadError),
    /// No interpreter is there to be read.
    #[error("{command} runs no CPython that can be read, and started none: {why}")]
    NoPython {
        /// The command line.
        command: String,
        /// Why the first of its processes can't be read.
        why: String,
    },
    /// Requests that don't say where to.
    #[error("a request without a port: write http://127.0.0.1:PORT/…, or give --port")]
    NoPort,
}

/// What happens meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckEvent {
    /// It is ready, or there.
    Ready {
        /// The processes that will be looked at.
        pids: Vec<u32>,
    },
    /// A round of load, or of waiting, is over and was looked at.
    Looked {
        /// Which, from 0.
        round: u32,
        /// Of how many; unknown where it goes on until it is sure.
        of: Option<u32>,
        /// Requests answered so far.
        requests: u64,
    },
    /// Nothing was answered for a while: it is sampled.
    Stalled,
    /// It is being sampled.
    Sampling,
}

/// Checks a service.
///
/// The calling thread must live until this returns: a command started here ends with it.
///
/// # Errors
/// It can't be started or looked at. What happens later cuts the check short, and what there is by then is judged.
pub fn check(
    target: &CheckTarget,
    plan: &CheckPlan,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(CheckEvent),
) -> Result<Checked, CheckError> {
    let (mut service, pids, port) = begin(target, plan, interrupt)?;
    // Whatever waits for it, a request of minutes even, waits no longer then.
    let _ends = service.as_ref().map(|service| service.end_by(interrupt));
    events(CheckEvent::Ready { pids: pids.clone() });
    let begun = Instant::now();
    let checked = match &plan.load {
        Some(load) => loaded::check(&pids, loader::Loader::new(load, plan, port)?, plan, interrupt, events),
        None => timed::check(&pids, plan, interrupt, events),
    };
    let mut checked = match (checked, &mut service) {
        (Ok(checked), _) => checked,
        (Err(error), None) => return Err(error),
        // A service that ended is the better explanation of whatever failed because of it.
        (Err(error), Some(service)) => return Err(service.check_alive().err().map_or(error, CheckError::Service)),
    };
    checked.elapsed = begun.elapsed();
    ask_ledger(plan, port, &mut checked);
    if let Some(service) = &mut service {
        // That it ended explains whatever failed because of it, unless we ended it.
        if interrupt.came().is_none()
            && let Err(ended) = service.check_alive()
        {
            checked.cut_short = Some(ended.why());
        }
        checked.output = service.last_output();
    }
    Ok(checked)
}

/// What a look at each of a service's processes would cost it. Nobody is stopped.
///
/// # Errors
/// It can't be started or looked at.
pub fn check_forecasts(
    target: &CheckTarget,
    plan: &CheckPlan,
    interrupt: &Interrupt,
) -> Result<Vec<(u32, Forecast)>, CheckError> {
    let (_service, pids, _) = begin(target, plan, interrupt)?;
    let foretold = |pid: u32| Ok((pid, Process::open(pid).and_then(|process| process.forecast())?));
    let foretold: Result<_, LiveError> = pids.into_iter().map(foretold).collect();
    foretold.map_err(|error| ExamineError::from(error).into())
}

/// The service, where it was started for this, the processes to look at, and its port.
type Begun = (Option<OwnService>, Vec<u32>, Option<u16>);

/// Starts it, where it has to be started, and finds the processes that can be looked at.
fn begin(target: &CheckTarget, plan: &CheckPlan, interrupt: &Interrupt) -> Result<Begun, CheckError> {
    let (mut service, pid, port, within) = match target {
        CheckTarget::Running { pid, port } => (None, *pid, *port, Duration::ZERO),
        CheckTarget::Command(command) => {
            let service = OwnService::start(command, interrupt)?;
            let (pid, port) = (service.pid(), service.port());
            (Some(service), pid, port, command.ready_within)
        }
    };
    let ends = service.as_ref().map(|service| service.end_by(interrupt));
    let mut alive = || service.as_mut().map_or(Ok(()), OwnService::check_alive);
    let pids = processes::find(pid, plan, within, &mut alive)?;
    drop(ends);
    Ok((service, pids, port))
}

/// Asks the service for its own account, where one is wanted.
fn ask_ledger(plan: &CheckPlan, port: Option<u16>, checked: &mut Checked) {
    let (false, Some(port)) = (plan.ledger.0.is_empty(), port) else { return };
    // It has no file of events beside its totals.
    let ledger = Ledger::new(port, std::path::PathBuf::new());
    match ledger.totals(plan.answer_within).and_then(|totals| ledger.facts(&totals)) {
        Ok(facts) => {
            checked.unmet = plan.ledger.unmet(&facts).iter().map(ToString::to_string).collect();
            checked.ledger = facts;
        }
        Err(error) => checked.unmet = vec![error.to_string()],
    }
}
