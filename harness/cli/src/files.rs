//! Which names on a command line are files of scenarios.

use std::path::Path;

use bloathound_report::typing;
use bloathound_scenario::{Scenario, load_file};

use crate::error::CliError;
use crate::home::Home;

/// Whether a name is that of a file, not of a scenario.
pub(crate) fn is_file(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

/// The scenarios of these files. Commands to type next name the files, too.
///
/// # Errors
/// One is refused.
pub(crate) fn load(names: &[&String], home: &Home) -> Result<Vec<Scenario>, CliError> {
    let services = home.services();
    let load = |name: &&String| Ok(load_file(Path::new(name), &services)?);
    let scenarios: Vec<Scenario> = names.iter().map(load).collect::<Result<_, CliError>>()?;
    let named = scenarios.iter().zip(names).filter(|(scenario, _)| scenario.own.is_some());
    typing::of_files(named.map(|(scenario, name)| (scenario.name.clone(), (**name).clone())).collect());
    Ok(scenarios)
}
