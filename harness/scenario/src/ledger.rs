//! Judges a service's ledger: did the bug happen, so that a run counts at all?

use serde_json::{Value, json};

use crate::matcher::lookup;
use crate::model::LedgerConditions;

/// A condition that the ledger doesn't meet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the ledger's `{name}` is {}; required: {required}", found.as_ref().map_or_else(|| "absent".to_owned(), Value::to_string))]
pub struct Unmet {
    /// The total's dotted name.
    pub name: String,
    /// What was required, in words.
    pub required: String,
    /// What the ledger says; none if it has no such total.
    pub found: Option<Value>,
}

impl LedgerConditions {
    /// The conditions that these totals don't meet, in the order of their names.
    #[must_use]
    pub fn unmet(&self, totals: &Value) -> Vec<Unmet> {
        self.0
            .iter()
            .filter_map(|(name, matcher)| {
                // An event that never happened was counted zero times.
                let never = json!(0);
                let is_count = name.starts_with("events.");
                let found = lookup(totals, name).or(is_count.then_some(&never));
                if found.is_some_and(|found| matcher.matches(found)) {
                    return None;
                }
                Some(Unmet { name: name.clone(), required: matcher.to_string(), found: found.cloned() })
            })
            .collect()
    }
}
