//! `bloathound completions` and `bloathound man`: the same arguments once more, for shells and for `man`.

use std::fs;

use crate::args::{CompletionsArguments, ManArguments};
use crate::error::CliError;
use crate::manual::{NAME, pages, told};
use crate::output;

/// `bloathound completions`: a script for the shell, to stdout.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut told(), NAME, &mut script);
    output::result(&String::from_utf8_lossy(&script));
    Ok(0)
}

/// `bloathound man`: a page for every command.
pub(crate) fn man(arguments: &ManArguments) -> Result<u8, CliError> {
    let folder = &arguments.dir;
    output::check_folder(Some(folder))?;
    fs::create_dir_all(folder).map_err(|error| CliError::output(folder, error))?;
    let mut root = told();
    root.build();
    let written = pages(&root, folder)?;
    output::message(&format!("{written} pages; to read one: man -l {}", folder.join("bloathound.1").display()));
    Ok(0)
}
