//! The files that `bloathound run` was asked for: results, JUnit and the page.

use std::path::PathBuf;

use bloathound_memory::output::Held;
use bloathound_report::junit;
use bloathound_vocabulary::RunResults;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::pages::Extras;
use crate::{output, pages};

/// Whether all that was asked for can be written, before work begins that would be lost; to be held until it is.
pub(crate) fn check(arguments: &RunArguments) -> Result<Vec<Held>, CliError> {
    let page = arguments.report.as_ref().map(|path| pages::of_run(path));
    let files = [arguments.json.as_ref(), arguments.junit.as_ref(), page.as_ref()];
    let held = output::check(files.into_iter().chain(arguments.gate.outputs()))?;
    output::check_folder(arguments.record.as_ref())?;
    Ok(held)
}

/// Every file that was asked for; what could not be written comes back.
pub(crate) fn run(arguments: &RunArguments, results: &RunResults, extras: &Extras) -> Vec<CliError> {
    let json = |path: &PathBuf| output::json(path, results);
    let junit = |path: &PathBuf| {
        let xml = junit::junit(results).map_err(|error| CliError::output(path, error))?;
        output::file(path, xml.as_bytes())
    };
    let page = |path: &PathBuf| output::file(&pages::of_run(path), pages::runs(results, extras).as_bytes());
    let written =
        [arguments.json.as_ref().map(json), arguments.junit.as_ref().map(junit), arguments.report.as_ref().map(page)];
    written.into_iter().flatten().filter_map(Result::err).collect()
}
