//! What has to be there before a run: the packages that services import.

use bloathound_driver::{Cache, Environment, PythonProgram};

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
