//! What a CI goes by beside the outcome of each run: floors of the scores, a summary, and annotations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_report::{ci, curve};
use bloathound_scenario::{Scenario, Variant};
use bloathound_score::Floors;
use bloathound_vocabulary::RunResults;
use clap::Args;

use crate::error::CliError;
use crate::exit::Exit;
use crate::{exports, output};

/// Longest file of floors; one has some hundred bytes a class.
const FLOORS_BYTES_MAX: u64 = 1 << 20;

/// Options of whatever has scores.
#[derive(Args, Debug)]
pub(crate) struct GateArguments {
    /// Write a summary in Markdown to FILE, such as the one that `$GITHUB_STEP_SUMMARY` names
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Draw dose and response to FILE (SVG): the share of leaks found against what the heap grows by a request
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
    /// Write what failed and what was found to FILE as SARIF, which code hosts show beside the lines
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Say what failed once more as workflow commands (`::error …`), for a CI that shows them beside the files
    #[arg(long)]
    annotate: bool,
    /// Hold the scores against the floors in FILE: one below its floor is a failure
    #[arg(long, value_name = "FILE")]
    floors: Option<PathBuf>,
    /// Write the scores to FILE as floors
    #[arg(long, value_name = "FILE", conflicts_with = "floors")]
    write_floors: Option<PathBuf>,
}

/// Results that are joined.
#[derive(Args, Debug)]
pub(crate) struct MergeArguments {
    /// Results of `run --partition K/N --json FILE`
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the joined results to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
}

/// The gate as it was asked for, before anything runs.
#[derive(Debug)]
pub(crate) struct Gate<'a> {
    arguments: &'a GateArguments,
    floors: Option<Floors>,
}

impl GateArguments {
    /// Files that will be written.
    pub(crate) fn outputs(&self) -> [Option<&PathBuf>; 4] {
        [self.summary.as_ref(), self.curve.as_ref(), self.sarif.as_ref(), self.write_floors.as_ref()]
    }

    /// The options given of those that a CI goes by.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            (self.summary.is_some(), "--summary"),
            (self.curve.is_some(), "--curve"),
            (self.sarif.is_some(), "--sarif"),
            (self.annotate, "--annotate"),
            (self.floors.is_some(), "--floors"),
            (self.write_floors.is_some(), "--write-floors"),
        ];
        given.into_iter().filter_map(|(is, name)| is.then_some(name))
    }

    /// Reads the floors; what is wrong with them is said before work begins that would be lost. `is_part` where the
    /// results are not the whole.
    pub(crate) fn open(&self, is_part: bool) -> Result<Gate<'_>, CliError> {
        if is_part && (self.floors.is_some() || self.write_floors.is_some()) {
            return Err(CliError::Usage(
                "floors are held against the whole, and this is a part of it: `bloathound merge --floors FILE` joins \
                 the parts and does it"
                    .into(),
            ));
        }
        let read = |path: &PathBuf| {
            let text = read_regular_text(path, FLOORS_BYTES_MAX).map_err(|error| CliError::file(path, error))?;
            let name = path.display().to_string();
            Floors::read(&name, &text).map_err(|error| CliError::Usage(error.to_string()))
        };
        Ok(Gate { arguments: self, floors: self.floors.as_ref().map(read).transpose()? })
    }
}

impl Gate<'_> {
    /// Holds the scores against the floors, tells, and writes what was asked for. `files` has the file of each scenario,
    /// for annotations. The exit code, and what could not be written.
    pub(crate) fn close(&self, results: &RunResults, files: &BTreeMap<String, String>) -> (Exit, Vec<CliError>) {
        let below = self.floors.as_ref().map(|floors| floors.below(results)).unwrap_or_default();
        let below: Vec<String> = below.into_iter().map(|one| one.message).collect();
        for line in &below {
            output::message(&format!("below its floor: {line}"));
        }
        if let (true, Some(floors)) = (below.is_empty(), &self.floors) {
            output::message(&format!("floors hold: {} classes", floors.classes.len()));
        }
        if self.arguments.annotate {
            output::message(&ci::annotations(results, &below, files));
        }
        let summary = |path: &PathBuf| output::file(path, ci::summary(results, &below).as_bytes());
        let floors = |path: &PathBuf| write_floors(path, results);
        let curve = |path: &PathBuf| output::file(path, curve::dose_response(&results.dose).as_bytes());
        let sarif = |path: &PathBuf| exports::sarif(path, results, files);
        let written = [
            self.arguments.sarif.as_ref().map(sarif),
            self.arguments.summary.as_ref().map(summary),
            self.arguments.curve.as_ref().map(curve),
            self.arguments.write_floors.as_ref().map(floors),
        ];
        let exit = if below.is_empty() { Exit::AsExpected } else { Exit::ExpectationFailed };
        (exit, written.into_iter().flatten().filter_map(Result::err).collect())
    }
}

fn write_floors(path: &Path, results: &RunResults) -> Result<(), CliError> {
    let text = Floors::of(results).to_yaml().map_err(|error| CliError::Usage(error.to_string()))?;
    output::file(path, text.as_bytes())
}

/// Where each scenario is written down, from the repository on.
pub(crate) fn scenario_files(scenarios: &Path, planned: &[(&Scenario, Variant)]) -> BTreeMap<String, String> {
    let of = |scenario: &Scenario| {
        let inside = scenario.file.strip_prefix(scenarios.parent()?).ok()?;
        Some((scenario.name.clone(), inside.display().to_string()))
    };
    planned.iter().filter_map(|(scenario, _)| of(scenario)).collect()
}
