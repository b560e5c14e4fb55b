//! Collects what is wrong with a file, and checks what several of its sections have: conditions of a ledger.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{ScenarioError, ScenarioProblem};
use crate::locate::{NodePath, Part, locate};
use crate::matcher::Matcher;
use crate::model::LedgerConditions;

/// Collects what is wrong, so that one reading tells everything.
pub(crate) struct Checker<'s> {
    file: &'s Path,
    yaml: &'s str,
    errors: Vec<ScenarioError>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(file: &'s Path, yaml: &'s str) -> Self {
        Self { file, yaml, errors: Vec::new() }
    }

    /// Notes a value that can't be meant.
    pub(crate) fn wrong(&mut self, node: &NodePath, found: impl Into<String>, wanted: impl Into<String>) {
        let problem = ScenarioProblem::Wrong { found: found.into(), wanted: wanted.into() };
        self.refuse(node, Part::Value, problem);
    }

    /// Notes a problem at the node or at its key.
    pub(crate) fn refuse(&mut self, node: &NodePath, part: Part, problem: ScenarioProblem) {
        self.errors.push(ScenarioError {
            file: self.file.to_owned(),
            place: locate(self.yaml, node, part),
            node: node.to_string(),
            problem,
        });
    }

    pub(crate) fn into_errors(mut self) -> Vec<ScenarioError> {
        self.errors.sort_by_key(|error| error.place);
        self.errors
    }
}

/// Checks that each condition can be met.
pub(crate) fn check_ledger(
    conditions: BTreeMap<String, Matcher>,
    node: &NodePath,
    checker: &mut Checker<'_>,
) -> LedgerConditions {
    for (name, matcher) in &conditions {
        if let Some(why) = matcher.impossible() {
            let wanted = "a condition that some value meets";
            checker.wrong(&node.key(name.clone()), why, wanted);
        }
    }
    LedgerConditions(conditions)
}
