//! A run in the making: its service, what was asked of it so far, and the single steps that a run is made of.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bloathound_engine::{Look, Moment};
use bloathound_scenario::{LedgerConditions, Load, Method, Request, Scenario, Unmet};
use serde_json::{Map, Value};

use super::error::RunError;
use super::event::{Events, RunEvent};
use super::launch::Limits;
use super::observer::Observer;
use crate::http;
use crate::ledger::Ledger;
use crate::load::{self, LoadReport, Trigger};
use crate::service::Service;

/// What every step of a run needs.
pub(super) struct Running<'s> {
    pub(super) service: Service,
    pub(super) ledger: Ledger,
    pub(super) scenario: &'s Scenario,
    pub(super) limits: &'s Limits,
    pub(super) observer: &'s mut dyn Observer,
    pub(super) events: Events<'s>,
    pub(super) started: Instant,
    pub(super) requests: u64,
    pub(super) requests_at_look: u64,
    /// Numbers of the planned requests that are still to be made, the next one first.
    pub(super) numbers: VecDeque<u64>,
    /// The totals when the service last answered for them.
    pub(super) totals: Map<String, Value>,
    /// What the service said of its last full collection; null before one.
    pub(super) collected: Value,
    pub(super) load: Option<LoadReport>,
    pub(super) pauses: Vec<Duration>,
    /// A trigger was sent and not answered: the service can't be asked anything any more.
    pub(super) stuck: bool,
}

impl Running<'_> {
    pub(super) fn make_requests(&mut self, load: &Load, requests: u64) -> Result<LoadReport, RunError> {
        let progress = load::Progress::default();
        let within = self.limits.answer_within;
        let wanted = usize::try_from(requests).unwrap_or(usize::MAX).min(self.numbers.len());
        let numbers: Vec<u64> = self.numbers.drain(..wanted).collect();
        let report = load::run_numbered(self.service.port(), load, requests, &numbers, within, &progress)?;
        self.requests += report.requests;
        Ok(report)
    }

    /// Brings the service to the state that is to be looked at.
    pub(super) fn settle(&mut self) -> Result<Vec<Unmet>, RunError> {
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

    pub(super) fn wait(&mut self, conditions: &LedgerConditions, within: Duration) -> Result<Vec<Unmet>, RunError> {
        let words = |(name, matcher): (&String, _)| format!("{name}: {matcher}");
        (self.events)(RunEvent::Waiting { conditions: conditions.0.iter().map(words).collect() });
        Ok(self.ledger.wait(conditions, within, &self.limits.interrupt)?)
    }

    pub(super) fn collect(&mut self) -> Result<(), RunError> {
        if self.scenario.collect {
            let body = self.ask(Method::Post, "/collect")?;
            self.collected = serde_json::from_slice(&body).unwrap_or(Value::Null);
        }
        Ok(())
    }

    pub(super) fn ask(&mut self, method: Method, path: &str) -> Result<Vec<u8>, RunError> {
        let request = Request::plain(method, path);
        http::exchange(self.service.port(), &request, self.limits.answer_within)
            .map_err(|source| RunError::NoAnswer { path: path.to_owned(), source })
    }

    pub(super) fn look(&mut self, moment: Moment) -> Result<(), RunError> {
        let pauses = self.observe(moment)?;
        self.pauses.extend(pauses);
        Ok(())
    }

    /// Calls the observer and passes on its pauses.
    pub(super) fn observe(&mut self, moment: Moment) -> Result<Vec<Duration>, RunError> {
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

    /// How long the trigger may take to have its effect.
    pub(super) fn patience(&self) -> Duration {
        self.scenario.wait.as_ref().map_or(Duration::ZERO, |wait| wait.within)
    }

    /// Sends the trigger and waits for its effect. The connection stays open for as long as anybody looks, which takes
    /// `looking`; the service counts as stuck from here on.
    pub(super) fn fire_trigger(&mut self, looking: Duration) -> Result<(Trigger, Vec<Unmet>), RunError> {
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
}
