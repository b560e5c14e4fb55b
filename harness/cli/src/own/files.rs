//! Which names on a command line are files of scenarios, and what these need.

use std::path::{Path, PathBuf};

use bloathound_driver::Search;
use bloathound_scenario::{PYTHON, Scenario, load_file};

use crate::error::CliError;
use crate::home::Home;
use crate::plan::Planned;

/// Whether a name is that of a file, not of a scenario.
pub(crate) fn is_file(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|ending| name.ends_with(ending))
}

/// The scenarios of these files.
///
/// # Errors
/// One is refused.
pub(crate) fn load<'n>(names: impl Iterator<Item = &'n String>, home: &Home) -> Result<Vec<Scenario>, CliError> {
    let services = home.services();
    names.map(|name| Ok(load_file(Path::new(name), &services)?)).collect()
}

/// The interpreter that commands ask for and no file names.
///
/// # Errors
/// There is none.
pub(crate) fn python(planned: &[Planned<'_>]) -> Result<Option<PathBuf>, CliError> {
    let asks = |(scenario, variant): &Planned<'_>| {
        let own = scenario.own.as_ref().filter(|own| own.python.is_none());
        let of_variant = scenario.variants.get(variant).and_then(|plan| plan.command.as_ref());
        own.is_some_and(|own| of_variant.unwrap_or(&own.command).iter().any(|word| word.contains(PYTHON)))
    };
    if !planned.iter().any(asks) {
        return Ok(None);
    }
    Ok(Some(Search::from_env().find()?.interpreter.executable))
}
