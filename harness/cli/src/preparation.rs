//! What has to be there before a run: the packages that services import.

use bloathound_driver::{Cache, Environment, Launcher, PythonProgram, Search};

use crate::error::CliError;
use crate::home::Home;
use crate::progress::Packages;

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
    let interpreter = Search::from_env().find()?.interpreter;
    let environment = environment(home, &interpreter)?;
    Ok(Launcher { interpreter, environment, services_dir: home.services() })
}
