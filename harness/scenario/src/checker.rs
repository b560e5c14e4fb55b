//! Collects what is wrong with a file, and checks what several of its sections have: numbers, seconds, paths, conditions of
//! a ledger.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::error::{ScenarioError, ScenarioProblem};
use crate::locate::{NodePath, Part, locate};
use crate::matcher::Matcher;
use crate::model::LedgerConditions;
use crate::vocabulary::SECONDS_MAX;

/// Collects what is wrong, so that one reading tells everything.
pub(crate) struct Checker<'s> {
    file: &'s Path,
    yaml: &'s str,
    /// Whether the files that it names are to be there: to be judged again, a recorded run needs none of them.
    with_files: bool,
    errors: Vec<ScenarioError>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(file: &'s Path, yaml: &'s str) -> Self {
        Self { file, yaml, with_files: true, errors: Vec::new() }
    }

    /// For a scenario as a recording has it.
    pub(crate) fn of_a_recording(file: &'s Path, yaml: &'s str) -> Self {
        Self { with_files: false, ..Self::new(file, yaml) }
    }

    /// Whether something that is named in the file is missing, and is needed.
    pub(crate) fn lacks(&self, is_there: bool) -> bool {
        self.with_files && !is_there
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

/// Notes a number outside the bounds, and says whether it was inside.
pub(crate) fn bounded(checker: &mut Checker<'_>, node: &NodePath, found: u64, least: u64, most: u64) -> bool {
    let inside = (least..=most).contains(&found);
    if !inside {
        checker.wrong(node, found.to_string(), format!("{least} to {most}"));
    }
    inside
}

/// A duration of the file's seconds; zero where the checker noted something.
pub(crate) fn seconds(checker: &mut Checker<'_>, node: &NodePath, found: f64) -> Duration {
    if found > 0.0 && found <= SECONDS_MAX {
        Duration::from_secs_f64(found)
    } else {
        checker.wrong(node, found.to_string(), format!("seconds above 0, {SECONDS_MAX} at most"));
        Duration::ZERO
    }
}

pub(crate) fn check_request_path(checker: &mut Checker<'_>, node: &NodePath, path: &str) {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if !path.starts_with('/') || !plain {
        checker.wrong(node, format!("{path:?}"), "a path from the slash on, without spaces, such as `/attendees`");
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
