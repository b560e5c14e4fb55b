//! `bloathound merge`.

use std::collections::BTreeMap;

use bloathound_bounds::read_regular_text;
use bloathound_report::text;

use crate::error::CliError;
use crate::exit::Exit;
use crate::gate::MergeArguments;
use crate::output::{self, Unwritten};

/// Longest results of one partition: a thousand runs have 20 MB.
const RESULTS_BYTES_MAX: u64 = 256 << 20;

/// `bloathound merge`: joins the results of partitions.
pub(crate) fn merge(arguments: &MergeArguments) -> Result<u8, CliError> {
    let gate = arguments.gate.open(false)?;
    let _held = output::check([arguments.json.as_ref()].into_iter().chain(arguments.gate.outputs()))?;
    let mut parts = Vec::new();
    for path in &arguments.files {
        let text = read_regular_text(path, RESULTS_BYTES_MAX).map_err(|error| CliError::file(path, error))?;
        let name = path.display().to_string();
        let results =
            bloathound_score::read_results(&name, &text).map_err(|error| CliError::Usage(error.to_string()))?;
        parts.push((name, results));
    }
    let merged = bloathound_score::merge(parts).map_err(|error| CliError::Usage(error.to_string()))?;
    output::message(&text::merge_warnings(&merged.warnings));
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &merged.results));
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(&text::run(&merged.results, output::color()));
    }
    let mut exit = Exit::of_results(&merged.results);
    if let Some(partial) = &merged.results.partial {
        // Runs that were not made: what there is may all be as expected, and must not look like the whole.
        output::message(&format!("not all runs were made: {}", partial.why));
        exit = exit.or_worse(Exit::NoRun);
    }
    let (held, lost) = gate.close(&merged.results, &BTreeMap::new());
    lost.into_iter().for_each(|error| unwritten.note(Err(error)));
    Ok(unwritten.exit(exit.or_worse(held)).number())
}
