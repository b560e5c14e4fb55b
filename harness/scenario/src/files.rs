//! Reads scenario files.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;

use crate::checker::Checker;
use crate::depth::{BYTES_MAX, too_deep};
use crate::error::{ScenarioError, ScenarioErrors, ScenarioProblem};
use crate::explain::explain;
use crate::locate::locate;
use crate::model::Scenario;
use crate::pattern::{is_pattern, matches};
use crate::raw::RawScenario;
use crate::validate::validate;
use crate::vocabulary::nearest;

/// Reads and checks one file.
///
/// # Errors
/// Everything that is wrong with it, at least one thing.
pub fn load_file(file: &Path, services_dir: &Path) -> Result<Scenario, ScenarioErrors> {
    match read_regular_text(file, BYTES_MAX) {
        Ok(yaml) => parse(&yaml, file, services_dir),
        Err(source) => Err(unreadable(file, source)),
    }
}

/// Checks a text as if it stood in the file.
///
/// # Errors
/// Everything that is wrong with it, at least one thing.
pub fn parse(yaml: &str, file: &Path, services_dir: &Path) -> Result<Scenario, ScenarioErrors> {
    checked(yaml, file, services_dir, Checker::new(file, yaml))
}

/// Checks the text of a scenario that was recorded: to be judged again, its service, packages and folders need not be there.
///
/// # Errors
/// Everything else that is wrong with it, at least one thing.
pub fn parse_recorded(yaml: &str, file: &Path) -> Result<Scenario, ScenarioErrors> {
    checked(yaml, file, Path::new(""), Checker::of_a_recording(file, yaml))
}

fn checked(yaml: &str, file: &Path, services_dir: &Path, mut checker: Checker<'_>) -> Result<Scenario, ScenarioErrors> {
    if let Some((place, problem)) = too_deep(yaml) {
        let error = ScenarioError { file: file.to_owned(), place: Some(place), node: String::new(), problem };
        return Err(ScenarioErrors(vec![error]));
    }
    let raw: RawScenario = serde_yaml::from_str(yaml).map_err(|error| {
        let refusal = explain(yaml, &error);
        // An error without a place is one of the whole document.
        let place =
            refusal.place.or_else(|| locate(yaml, &crate::locate::NodePath::default(), crate::locate::Part::Value));
        ScenarioErrors(vec![ScenarioError {
            file: file.to_owned(),
            place,
            node: refusal.node,
            problem: refusal.problem,
        }])
    })?;
    let scenario = validate(raw, file, services_dir, &mut checker);
    let errors = checker.into_errors();
    if errors.is_empty() { Ok(scenario) } else { Err(ScenarioErrors(errors)) }
}

/// Reads and checks every `*.yaml` of a folder (not of folders in it), in the order of their names.
///
/// # Errors
/// Everything that is wrong with any of them. A folder without a scenario is an error too: running
/// nothing would look like success.
pub fn load_dir(scenarios_dir: &Path, services_dir: &Path) -> Result<Vec<Scenario>, ScenarioErrors> {
    let files = yaml_files(scenarios_dir).map_err(|source| unreadable(scenarios_dir, source))?;
    if files.is_empty() {
        let none = std::io::Error::other("no scenario in this folder");
        return Err(unreadable(scenarios_dir, none));
    }
    let mut scenarios = Vec::new();
    let mut errors = Vec::new();
    for file in files {
        match load_file(&file, services_dir) {
            Ok(scenario) => scenarios.push(scenario),
            Err(more) => errors.extend(more.0),
        }
    }
    if errors.is_empty() { Ok(scenarios) } else { Err(ScenarioErrors(errors)) }
}

fn yaml_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        // What is no regular file either is told of, not passed over.
        if !path.is_dir() && path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(file: &Path, source: std::io::Error) -> ScenarioErrors {
    ScenarioErrors(vec![ScenarioError {
        file: file.to_owned(),
        place: None,
        node: String::new(),
        problem: ScenarioProblem::Unreadable(source),
    }])
}

/// A name on the command line that no scenario has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scenario `{name}`{}; there are: {}", suggestion.as_ref().map(|word| format!(", did you mean `{word}`?")).unwrap_or_default(), names.join(", "))]
pub struct UnknownScenario {
    /// The name given.
    pub name: String,
    /// The scenario that was probably meant.
    pub suggestion: Option<String>,
    /// The scenarios there are.
    pub names: Vec<String>,
}

/// The scenarios of these names or patterns (`tightloop*`) in the order given, each once; all of them for no names.
///
/// # Errors
/// The first name that no scenario has, or pattern that none matches.
pub fn select<'s>(scenarios: &'s [Scenario], names: &[String]) -> Result<Vec<&'s Scenario>, UnknownScenario> {
    if names.is_empty() {
        return Ok(scenarios.iter().collect());
    }
    let mut selected: Vec<&Scenario> = Vec::new();
    for name in names {
        let is_meant = |scenario: &&Scenario| scenario.name == *name || matches(name, &scenario.name);
        let meant: Vec<&Scenario> = scenarios.iter().filter(is_meant).collect();
        if meant.is_empty() {
            let known = || scenarios.iter().map(|scenario| scenario.name.as_str());
            return Err(UnknownScenario {
                name: name.clone(),
                suggestion: suggestion(name, known()),
                names: known().map(str::to_owned).collect(),
            });
        }
        for scenario in meant {
            if !selected.iter().any(|other| other.name == scenario.name) {
                selected.push(scenario);
            }
        }
    }
    Ok(selected)
}

/// The name that was probably meant; for a pattern the one nearest to its letters.
fn suggestion<'s>(name: &str, known: impl Iterator<Item = &'s str>) -> Option<String> {
    let letters = if is_pattern(name) { name.replace(['*', '?'], "") } else { name.to_owned() };
    nearest(&letters, known).map(str::to_owned)
}
