//! The phases in which a diagnostic is switched, and what became of each.

use std::fmt;

use bloathound_scenario::{Toggle, ToggleFact};
use serde_json::{Map, Value, json};

use crate::load::LoadReport;

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
    pub(super) fn new(toggle: Toggle) -> Self {
        Self { toggle, phases: Vec::new(), facts: Map::new(), broken: Vec::new() }
    }

    pub(super) fn fact(&mut self, fact: ToggleFact, value: impl Into<Value>) {
        self.facts.insert(fact.as_str().to_owned(), value.into());
    }

    /// Notes what must be so and is not.
    pub(super) fn require(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.broken.push(otherwise.into());
        }
    }

    pub(super) fn add_phase(&mut self, report: PhaseReport, first_loss: Option<String>) {
        if report.answered != report.requests {
            let why = first_loss.unwrap_or_else(|| "no reason is known".to_owned());
            let (phase, answered, requests) = (report.phase, report.answered, report.requests);
            self.broken
                .push(format!("{phase}: {answered} of {requests} requests were answered; the first lost: {why}"));
        }
        self.phases.push(report);
    }

    /// Throughput and p99 of the later phases as shares of the first one's.
    pub(super) fn add_ratios(&mut self) {
        let figures = |phase: TogglePhase| {
            let report = self.phases.iter().find(|report| report.phase == phase)?.load.as_ref()?;
            Some((report.throughput_per_second(), report.latency_ms(0.99)))
        };
        let Some(off) = figures(TogglePhase::Off) else { return };
        let mut ratios = Vec::new();
        for (phase, throughput, p99) in [
            (TogglePhase::On, ToggleFact::OnThroughputRatio, ToggleFact::OnP99Ratio),
            (TogglePhase::OffAgain, ToggleFact::OffAgainThroughputRatio, ToggleFact::OffAgainP99Ratio),
        ] {
            if let Some(then) = figures(phase) {
                ratios.push((throughput, then.0 / off.0));
                ratios.push((p99, then.1 / off.1));
            }
        }
        for (fact, ratio) in ratios {
            self.fact(fact, json!((ratio * 1000.0).round() / 1000.0));
        }
    }
}
