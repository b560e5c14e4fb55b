//! The files that a check was asked for, but for its page.

use std::path::PathBuf;

use bloathound_report::{ci, junit};
use bloathound_vocabulary::RunResults;

use super::arguments::CheckArguments;
use super::baseline;
use crate::error::CliError;
use crate::output::{self, Unwritten};

/// All of them, the page included: whether they can be written is known before the work begins.
pub(crate) fn outputs(arguments: &CheckArguments) -> [Option<&PathBuf>; 5] {
    let CheckArguments { json, junit, accept, summary, page, .. } = arguments;
    [json.as_ref(), junit.as_ref(), accept.as_ref(), summary.as_ref(), page.file()]
}

/// Writes what was asked for, and says once more what a CI shows beside the lines.
pub(crate) fn write(arguments: &CheckArguments, results: &RunResults, unwritten: &mut Unwritten) {
    if let Some(path) = &arguments.accept {
        unwritten.note(baseline::write(path, &results.runs));
    }
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, results));
    }
    if let Some(path) = &arguments.junit {
        let xml = junit::junit(results).map_err(|error| CliError::output(path, error));
        unwritten.note(xml.and_then(|xml| output::file(path, xml.as_bytes())));
    }
    if let Some(path) = &arguments.summary {
        unwritten.note(output::file(path, ci::check_summary(results).as_bytes()));
    }
    if arguments.annotate {
        let here = std::env::current_dir().unwrap_or_default();
        output::message(&ci::check_annotations(results, &here));
    }
}
