//! What has to be there before a run: the packages that services import.

use std::path::PathBuf;

use bloathound_driver::{Cache, Environment, Launcher, PythonProgram, Search};
use bloathound_scenario::{PythonSeries, Scenario, load_dir};

use crate::choices::PythonChoice;
use crate::error::CliError;
use crate::home::Home;
use crate::progress::Packages;
use crate::pythons::Pythons;

/// The environment of the user's cache, made where it isn't there yet.
pub(crate) fn environment(home: &Home, interpreter: &PythonProgram) -> Result<Environment, CliError> {
    environment_of(&Cache::of_user()?, home, interpreter)
}

/// The same, of a cache that says where packages come from.
pub(crate) fn environment_of(cache: &Cache, home: &Home, interpreter: &PythonProgram) -> Result<Environment, CliError> {
    let mut packages = Packages::default();
    Ok(cache.prepare(interpreter, &home.lock_file(), &mut |event| packages.tell(&event))?)
}

/// A Python 2.7 and the packages of the services, installed where they aren't there yet.
///
/// # Errors
/// This machine lacks one of them.
pub(crate) fn launcher(home: &Home) -> Result<Launcher, CliError> {
    launcher_27(home, Search::from_env().find()?.interpreter)
}

/// The same on this Python 2.7.
///
/// # Errors
/// The packages can't be installed.
pub(crate) fn launcher_27(home: &Home, interpreter: PythonProgram) -> Result<Launcher, CliError> {
    let environment = Some(environment(home, &interpreter)?);
    Ok(Launcher { interpreter, environment, services_dir: home.services() })
}

/// What starts services of CPython 3, which share no packages.
pub(crate) fn launcher_3(home: &Home, interpreter: PythonProgram) -> Launcher {
    Launcher { interpreter, environment: None, services_dir: home.services() }
}

/// What starts a scenario's service, on the interpreter that is chosen or on the one that it would run on.
///
/// # Errors
/// This machine lacks something of it.
pub(crate) fn launcher_of(
    home: &Home,
    scenario: &Scenario,
    choice: Option<&PythonChoice>,
) -> Result<Launcher, CliError> {
    let pythons = Pythons::find(choice, std::slice::from_ref(scenario));
    let interpreter = pythons.the_one(scenario)?;
    match scenario.series {
        PythonSeries::Python27 => launcher_27(home, interpreter),
        PythonSeries::Python3 { .. } => Ok(launcher_3(home, interpreter)),
    }
}

/// The lists of packages that scenarios of CPython 3 have for themselves, each with the interpreter that they would run on;
/// none where no such interpreter is here.
///
/// # Errors
/// A scenario's file is refused.
pub(crate) fn lists_of_3(home: &Home) -> Result<Vec<(PythonProgram, PathBuf)>, CliError> {
    let mut scenarios = load_dir(&home.scenarios(), &home.services())?;
    scenarios.retain(|scenario| scenario.series != PythonSeries::Python27);
    let pythons = Pythons::find(None, &scenarios);
    let mut lists: Vec<(PythonProgram, PathBuf)> = Vec::new();
    for scenario in &scenarios {
        let Ok(interpreter) = pythons.the_one(scenario) else { continue };
        for list in scenario.variants.values().filter_map(|plan| plan.packages.clone()) {
            if !lists.iter().any(|(_, known)| *known == list) {
                lists.push((interpreter.clone(), list));
            }
        }
    }
    Ok(lists)
}
