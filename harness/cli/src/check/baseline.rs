//! The baseline of a check: findings that somebody has accepted, read beforehand, held against what was found, written.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_score::Accepted;
use bloathound_vocabulary::{FindingClass, Location, RunRecord};

use super::recorded::outcome;
use crate::error::CliError;
use crate::{host, output};

/// Longest file of accepted findings; one has some hundred bytes for each.
const BASELINE_BYTES_MAX: u64 = 4 << 20;

/// Reads it, where there is one.
pub(crate) fn read(path: Option<&PathBuf>) -> Result<Option<Accepted>, CliError> {
    let read = |path: &PathBuf| {
        let text = read_regular_text(path, BASELINE_BYTES_MAX).map_err(|error| CliError::file(path, error))?;
        Accepted::read(&path.display().to_string(), &text).map_err(|error| CliError::Usage(error.to_string()))
    };
    path.map(read).transpose()
}

/// What is accepted fails nothing: it is told beside what is worth knowing. What is over, and what was not found, is said.
pub(crate) fn hold(accepted: &Accepted, runs: &mut [RunRecord], fail_on: &[FindingClass]) {
    let today = host::today();
    let mut met = Vec::new();
    for run in runs.iter_mut() {
        let sorted = accepted.sort(std::mem::take(&mut run.findings), today);
        run.findings = sorted.findings;
        run.observations.splice(0..0, sorted.accepted);
        sorted.over.iter().for_each(|over| output::message(over));
        met.extend(sorted.met);
        run.outcome = outcome(run, fail_on);
    }
    accepted.unmet(&met).iter().for_each(|unmet| output::message(unmet));
}

/// Writes all that was found as accepted.
pub(crate) fn write(path: &Path, runs: &[RunRecord]) -> Result<(), CliError> {
    let findings = runs.iter().flat_map(|run| &run.findings);
    let accepted = Accepted::of(findings, |finding| place(&finding.location));
    let yaml = accepted.to_yaml().map_err(|error| CliError::output(path, error))?;
    output::file(path, yaml.as_bytes())
}

/// Where it is, as short as a person says it.
fn place(location: &Location) -> String {
    let words = [&location.module, &location.class, &location.function, &location.attribute];
    let place = words.into_iter().flatten().cloned().collect::<Vec<_>>().join(".");
    // A function's name alone is found in many files; folders differ from host to host.
    let file = location.file.as_ref().filter(|_| location.class.is_none());
    match file.map(|file| file.rsplit('/').next().unwrap_or(file)) {
        Some(file) if place.is_empty() => file.to_owned(),
        Some(file) => format!("{place} ({file})"),
        None => place,
    }
}
