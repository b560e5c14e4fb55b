//! What `bloathound prepare` makes or carries: a Python, and packages as files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use bloathound_bounds::read_regular;
use bloathound_driver::{Builder, Cache, FoundPython, HOW_TO_GET_ONE, PythonError, Search};
use bloathound_engine::Interrupt;
use bloathound_report::text::shell_word;

use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::preparation::lists_of_3;
use crate::progress::{self, Packages};
use crate::{output, typed};

/// The largest package that is copied; Twisted has 3 MB.
const PACKAGE_BYTES_MAX: u64 = 256 << 20;
/// Its owner writes it, everybody reads it.
const SHARED: u32 = 0o644;

/// The pinned packages as files, for machines that have no network.
pub(crate) fn download(folder: &PathBuf, home: &Home, found: &FoundPython) -> Result<u8, CliError> {
    output::check_folder(Some(folder))?;
    let cache = Cache::of_user()?;
    let mut told = Packages::default();
    let mut packages = vec![cache.download(&found.interpreter, &home.lock_file(), &mut |event| told.tell(&event))?];
    for (python, list) in lists_of_3(home)? {
        packages.push(cache.download(&python, &list, &mut |event| told.tell(&event))?);
    }
    drop(told);
    // Lists may share a package.
    let files: BTreeMap<&OsStr, &PathBuf> =
        packages.iter().flat_map(|some| &some.files).filter_map(|file| Some((file.file_name()?, file))).collect();
    for (name, file) in &files {
        let bytes = read_regular(file, PACKAGE_BYTES_MAX).map_err(|error| CliError::file(file, error))?;
        let path = folder.join(name);
        output::file(&path, &bytes)?;
        // What is published is no secret, and the folder is there to be shared.
        fs::set_permissions(&path, fs::Permissions::from_mode(SHARED))
            .map_err(|error| CliError::output(&path, error))?;
    }
    output::result(&format!("{} packages: {}\n", files.len(), folder.display()));
    let prepare = typed::command(&format!("prepare --from {}", shell_word(&folder.display().to_string())));
    output::message(&format!("install them anywhere, without a network: {prepare}"));
    Ok(Exit::AsExpected.number())
}

/// A Python 2.7, made where none is found.
pub(crate) fn python() -> Result<u8, CliError> {
    let search = Search::from_env();
    match search.find() {
        Ok(found) => {
            tell(&found);
            return Ok(Exit::AsExpected.number());
        }
        // What the variable says is meant; another Python would not be used.
        Err(error @ PythonError::Configured { .. }) => return Err(error.into()),
        // Of the others none is what this search ends with.
        Err(_) => {}
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

pub(crate) fn tell(found: &FoundPython) {
    let python = &found.interpreter;
    output::result(&format!("Python {} ({}): {}\n", python.version, found.origin, python.executable.display()));
}
