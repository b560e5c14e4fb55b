//! `bloathound prepare`.

use bloathound_driver::{Cache, Search};

use crate::args::PrepareArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::prepared::{download, python, tell};
use crate::progress::Packages;
use crate::{output, preparation};

/// `bloathound prepare`: what takes long the first time is done now.
pub(crate) fn prepare(arguments: &PrepareArguments) -> Result<u8, CliError> {
    if arguments.python {
        return python();
    }
    let home = Home::find(arguments.home.as_deref())?;
    let found = Search::from_env().find()?;
    tell(&found);
    if let Some(folder) = &arguments.to {
        return download(folder, &home, &found);
    }
    let cache = match &arguments.from {
        Some(folder) if !folder.is_dir() => {
            return Err(CliError::file(folder, "no folder; `bloathound prepare --to DIR` fills one"));
        }
        Some(folder) => Cache::of_user()?.from_folder(folder.clone()),
        None => Cache::of_user()?,
    };
    let environment = preparation::environment_of(&cache, &home, &found.interpreter)?;
    output::result(&format!("packages of the services: {}\n", environment.dir.display()));
    for (python, list) in preparation::lists_of_3(&home)? {
        let mut told = Packages::default();
        let environment = cache.prepare_packages(&python, &list, &mut |event| told.tell(&event))?;
        drop(told);
        let (version, name) = (&python.version, list.file_stem().unwrap_or_default().to_string_lossy());
        output::result(&format!("packages for {version}, {name}: {}\n", environment.dir.display()));
    }
    Ok(Exit::AsExpected.number())
}
