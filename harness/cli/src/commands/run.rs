//! `bloathound run`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bloathound_driver::{Launcher, Search};
use bloathound_engine::tool;
use bloathound_report::html::{self, HtmlReport, RunKey};
use bloathound_report::{junit, text};
use bloathound_vocabulary::PartitionRecord;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::twin::Twin;
use crate::{host, output, preparation, suite};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let mut scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    if let Some(seed) = arguments.seed {
        // From here on it is the scenario's own, for whatever varies by it.
        scenarios.iter_mut().for_each(|scenario| scenario.seed = seed);
    }
    let chosen = bloathound_scenario::select(&scenarios, &arguments.names)?;
    let planned = preparation::plan(&chosen, arguments)?;
    if let (Some((part, of)), true) = (arguments.partition, planned.is_empty()) {
        output::message(&format!("part {part} of {of} has no run: there are fewer; its results are empty and whole"));
    }
    let found = Search::from_env().find()?;
    let environment = preparation::environment(&home, &found.interpreter)?;
    let host = host::facts(Some(&found.interpreter.version));
    let launcher = Launcher { interpreter: found.interpreter, environment, services_dir: home.services() };
    let color = output::color();
    let layout = text::Layout::for_names(planned.iter().map(|(scenario, _)| scenario.name.as_str()));
    // With the JSON on stdout nothing else may be there.
    let quiet = arguments.json.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let show = |text: &str| {
        if !quiet {
            output::result(text);
        }
    };
    show(&layout.header(color));
    let mut runs = Vec::new();
    let mut extras = BTreeMap::new();
    // What can't be written keeps nothing else from being run, written and said.
    let mut unwritten = Vec::new();
    let not_made = suite::run(&planned, &launcher, arguments, &mut |(scenario, _), twin| {
        let Twin { record, found, unwritten: lost } = twin;
        unwritten.extend(lost);
        if let (Some(folder), Some(found)) = (&arguments.report, &found) {
            match super::report::extras(folder, scenario, &record, found) {
                Ok(more) => drop(extras.insert(RunKey::from(&record), more)),
                Err(error) => unwritten.push(error),
            }
        }
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        runs.push(record);
    });
    if not_made > 0 {
        output::message(&format!("--fail-fast: {not_made} of {} runs were not made", planned.len()));
    }
    let partition = arguments.partition.map(|(part, of)| PartitionRecord { part, of });
    let results = bloathound_score::results(tool(), host, partition, runs);
    show(&text::summary(&results, color));
    unwritten.extend(write_files(arguments, &HtmlReport { results: &results, extras: &extras }));
    let mut exit = Exit::of_results(&results);
    for error in &unwritten {
        let failed = Exit::of_error(error);
        if failed != Exit::AsExpected {
            output::message(&error.to_string());
        }
        exit = exit.or_worse(failed);
    }
    Ok(exit.number())
}

/// Every file that was asked for; what could not be written comes back.
fn write_files(arguments: &RunArguments, report: &HtmlReport<'_>) -> Vec<CliError> {
    let json = |path: &PathBuf| output::json(path, report.results);
    let junit = |path: &PathBuf| {
        let xml = junit::junit(report.results).map_err(|error| CliError::output(path, error))?;
        output::file(path, xml.as_bytes())
    };
    let page = |folder: &PathBuf| output::file(&folder.join("index.html"), html::index(report).as_bytes());
    let written =
        [arguments.json.as_ref().map(json), arguments.junit.as_ref().map(junit), arguments.report.as_ref().map(page)];
    written.into_iter().flatten().filter_map(Result::err).collect()
}
