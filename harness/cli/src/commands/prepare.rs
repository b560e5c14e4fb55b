//! `bloathound prepare`.

use bloathound_driver::{Builder, Cache, FoundPython, HOW_TO_GET_ONE, PythonError, Search};
use bloathound_engine::Interrupt;

use crate::args::PrepareArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{output, preparation, progress, typed};

/// `bloathound prepare`: what takes long the first time is done now.
pub(crate) fn prepare(arguments: &PrepareArguments) -> Result<u8, CliError> {
    if arguments.python {
        return python();
    }
    let home = Home::find(arguments.home.as_deref())?;
    let found = Search::from_env().find()?;
    tell(&found);
    let environment = preparation::environment(&home, &found.interpreter)?;
    output::result(&format!("packages of the services: {}\n", environment.dir.display()));
    Ok(Exit::AsExpected.number())
}

/// A Python 2.7, made where none is found.
fn python() -> Result<u8, CliError> {
    let search = Search::from_env();
    match search.find() {
        Ok(found) => {
            tell(&found);
            return Ok(Exit::AsExpected.number());
        }
        // What the variable says is meant; another Python would not be used.
        Err(error @ PythonError::Configured { .. }) => return Err(error.into()),
        Err(PythonError::NoPython27 { .. }) => {}
    }
    let Some(builder) = Builder::find(&search) else {
        return Err(CliError::NotHere(format!(
            "neither pyenv nor conda is here, which could make one\n{HOW_TO_GET_ONE}"
        )));
    };
    let cache = Cache::of_user()?;
    let interrupt = Interrupt::take()?;
    output::message(&format!(
        "making Python 2.7.18 with {}, in bloathound's own cache (nothing else on this machine changes); some minutes",
        builder.program().display()
    ));
    let made = builder.build(&cache, &interrupt, &mut |event| progress::python(&event))?;
    output::result(&format!("Python {}: {}\n", made.version, made.executable.display()));
    output::message(&format!("now `{}` runs live", typed::command("run")));
    Ok(Exit::AsExpected.number())
}

fn tell(found: &FoundPython) {
    let python = &found.interpreter;
    output::result(&format!("Python {} ({}): {}\n", python.version, found.origin, python.executable.display()));
}
