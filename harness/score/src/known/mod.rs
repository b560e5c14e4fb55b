//! Findings that somebody knows and lets be: told and counted in every run, with why and until when, and failing none. They
//! count again when their day is over, or when a figure has passed its bound.

mod accepted;
mod ignored;

use std::collections::BTreeMap;

use bloathound_scenario::lookup;
use bloathound_vocabulary::{Finding, ObservationRecord};
use chrono::NaiveDate;

pub use accepted::Accepted;
pub use ignored::let_be;

/// What holding findings against such entries came to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sorted {
    /// Findings that nobody has accepted, or no longer.
    pub findings: Vec<Finding>,
    /// What is told of those that are.
    pub accepted: Vec<ObservationRecord>,
    /// Entries that were met.
    pub met: Vec<usize>,
    /// In sentences: what is over, and what has passed its bound.
    pub over: Vec<String>,
}

/// What every entry has beside the way in which its findings are known.
struct Terms<'e> {
    reason: &'e str,
    until: Option<NaiveDate>,
    bound: &'e BTreeMap<String, f64>,
}

impl Terms<'_> {
    /// Why the finding counts all the same; `None` where it is let be. Without a day nothing is over.
    fn over(&self, shown: &str, finding: &Finding, today: Option<NaiveDate>) -> Option<String> {
        if let (Some(day), Some(today)) = (self.until, today)
            && today > day
        {
            return Some(format!("{shown} was accepted until {day}: it counts again"));
        }
        let seen = serde_json::to_value(finding).unwrap_or_default();
        self.bound.iter().find_map(|(name, most)| {
            let figure = lookup(seen.get("evidence")?, name)?.as_f64()?;
            let passed = || format!("{shown} was accepted up to {name} {most}, and has {figure}: it counts again");
            (figure > *most).then(passed)
        })
    }

    /// The finding, told with why it fails nothing.
    fn told(&self, finding: &Finding) -> ObservationRecord {
        let until = self.until.map_or_else(String::new, |day| format!(" until {day}"));
        let summary = format!("accepted{until} ({}): {}", self.reason, finding.summary);
        ObservationRecord::in_words(ObservationRecord::ACCEPTED, summary)
            .at(finding.location.clone())
            .with("fingerprint", finding.fingerprint.clone())
    }
}
