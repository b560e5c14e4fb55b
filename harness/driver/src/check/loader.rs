//! Makes the load of a check: requests of the user's own, or a command of theirs.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bloathound_scenario::PORT;

use super::request::OwnRequest;
use super::{CheckError, CheckLoad, CheckPlan};
use crate::http;
use crate::load::{self, LoadError, LoadReport, Progress};
use crate::service::Group;

/// Who makes the load.
pub(super) struct Loader<'p> {
    load: &'p CheckLoad,
    plan: &'p CheckPlan,
    port: Option<u16>,
    /// Requests begun so far, which gives each its number.
    begun: AtomicU64,
    /// Nobody waits for the rest any more.
    given_up: AtomicBool,
}

impl<'p> Loader<'p> {
    /// # Errors
    /// A request does not say where to.
    pub(super) fn new(load: &'p CheckLoad, plan: &'p CheckPlan, port: Option<u16>) -> Result<Self, CheckError> {
        if let CheckLoad::Requests(requests) = load
            && requests.iter().any(|request| request.address(port).is_none())
        {
            return Err(CheckError::NoPort);
        }
        Ok(Self { load, plan, port, begun: AtomicU64::new(0), given_up: AtomicBool::new(false) })
    }

    /// Ends a load command, and begins no more requests.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    /// One round.
    pub(super) fn round(&self, requests: u64, progress: &Progress) -> Result<LoadReport, LoadError> {
        match self.load {
            CheckLoad::Requests(mix) => self.make(mix, requests, progress),
            CheckLoad::Command(line) => self.run(line, requests, progress),
        }
    }

    fn make(&self, mix: &[OwnRequest], requests: u64, progress: &Progress) -> Result<LoadReport, LoadError> {
        let named = "the service";
        load::run_any(named, self.plan.concurrency, requests, progress, |_| {
            let number = self.begun.fetch_add(1, Ordering::AcqRel);
            let turn = usize::try_from(number).unwrap_or(0) % mix.len().max(1);
            let drawn = usize::try_from(number).ok().and_then(|place| self.plan.numbers.get(place).copied());
            let place = mix.get(turn).and_then(|request| Some((request, request.address(self.port)?)));
            let Some((request, address)) = place.filter(|_| !self.given_up.load(Ordering::Acquire)) else {
                return Err(http::HttpError::TimedOut { seconds: 0.0 });
            };
            http::exchange_with(address, &request.bytes(address, drawn.unwrap_or(number + 1)), self.plan.answer_within)
                .map(drop)
        })
    }

    fn run(&self, line: &str, requests: u64, progress: &Progress) -> Result<LoadReport, LoadError> {
        let port = self.port.map(|port| port.to_string()).unwrap_or_default();
        let begun = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", &line.replace(PORT, &port)]).env("PORT", &port).stdin(Stdio::null()).stdout(Stdio::null());
        let failed = |why: String| LoadError::Command { line: line.to_owned(), why };
        let mut group = Group::start(&mut command).map_err(|error| failed(error.to_string()))?;
        let given_up = || self.given_up.load(Ordering::Acquire);
        let ended = group.wait_until(begun + self.plan.answer_within, &given_up);
        let status = group.end(None);
        match status.filter(|_| ended) {
            Some(status) if status.success() => {
                progress.count(requests);
                LoadReport::counted(requests, begun.elapsed())
            }
            Some(status) => Err(failed(status.to_string())),
            None => Err(failed(format!("it did not end in {:.0} s", begun.elapsed().as_secs_f64()))),
        }
    }
}

/// How long nothing may be answered until a service is looked at for that.
pub(super) const STALLED: Duration = Duration::from_secs(5);
