//! How sure a watch is by now, of what it found or of nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use bloathound_detect::thresholds::fixed::{
    WATCH_LOOKS_AGREEING as AGREEING, WATCH_LOOKS_MIN as LOOKS_MIN, WATCH_LOOKS_MIN_OF_NOTHING as LOOKS_MIN_OF_NOTHING,
    WATCH_SECONDS_MIN_OF_NOTHING as SECONDS_MIN_OF_NOTHING,
};
use bloathound_vocabulary::Grade;

use super::series::Looks;

/// How sure a watch is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sureness {
    /// More looks would hardly change it.
    pub is_sure: bool,
    /// In a sentence.
    pub why: String,
}

/// What was found after each look.
#[derive(Debug, Default)]
pub(super) struct History(Vec<BTreeSet<String>>);

impl History {
    /// Notes what was found after one more look.
    pub(super) fn note(&mut self, looks: &Looks, elapsed: Duration) -> Option<Sureness> {
        let found: BTreeSet<String> = looks.findings().iter().map(|finding| finding.fingerprint.clone()).collect();
        self.0.push(found.clone());
        let count = looks.rounds.len();
        if count < AGREEING {
            return None;
        }
        let agreeing = self.0.iter().rev().take_while(|before| **before == found).count();
        let low = looks
            .findings()
            .iter()
            .filter(|finding| finding.confidence.as_ref().is_some_and(|sure| sure.grade == Grade::Low))
            .count();
        if found.is_empty() {
            let is_sure = agreeing >= AGREEING
                && count >= LOOKS_MIN_OF_NOTHING
                && elapsed.as_secs_f64() >= SECONDS_MIN_OF_NOTHING;
            let why = format!("nothing found in {count} looks over {:.0} s", elapsed.as_secs_f64());
            return Some(Sureness { is_sure, why });
        }
        let is_sure = agreeing >= AGREEING && count >= LOOKS_MIN && low == 0;
        let doubt = if low > 0 { format!(", {low} of low confidence") } else { String::new() };
        let why = format!("{} found{doubt}; the last {agreeing} looks agree", found.len());
        Some(Sureness { is_sure, why })
    }
}
