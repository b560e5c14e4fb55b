//! `bloathound run`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bloathound_driver::{Launcher, Limits, Search};
use bloathound_engine::{Interrupt, tool};
use bloathound_report::html::{self, HtmlReport, RunKey};
use bloathound_report::json::PartitionRecord;
use bloathound_report::{junit, text};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{host, output, preparation, twin};

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
    let page = arguments.report.as_ref().map(|folder| folder.join("index.html"));
    let _held = output::check([arguments.json.as_ref(), arguments.junit.as_ref(), page.as_ref()])?;
    output::check_folder(arguments.record.as_ref())?;
    let found = Search::from_env().find()?;
    let environment = preparation::environment(&home, &found.interpreter)?;
    let host = host::facts(Some(&found.interpreter.version));
    let launcher = Launcher { interpreter: found.interpreter, environment, services_dir: home.services() };
    let color = output::color();
    let layout = text::Layout::for_names(planned.iter().map(|(scenario, _)| scenario.name.as_str()));
    // With the JSON on stdout nothing else may be there.
    let quiet = output::is_stdout(arguments.json.as_deref());
    let show = |text: &str| {
        if !quiet {
            output::result(text);
        }
    };
    // Services begin here, and with them what is to be kept and cleaned up.
    let limits = Limits { interrupt: Interrupt::take()?, ..Limits::default() };
    show(&layout.header(color));
    let mut runs = Vec::new();
    let mut extras = BTreeMap::new();
    // What can't be written keeps nothing else from being run, written and said.
    let mut unwritten = Vec::new();
    let mut stopped = None;
    for (scenario, variant) in &planned {
        let made = twin::run(scenario, *variant, (&launcher, &limits), arguments, &mut unwritten);
        if let (Err(_), Some(stop)) = (&made, limits.interrupt.came()) {
            let during = format!("during {}, {}", scenario.name, variant.as_str());
            let far = format!("{} of {} runs were made", runs.len(), planned.len());
            stopped = Some((stop, format!("ended by {} {during}; {far}", stop.as_str())));
            break;
        }
        let (record, result) = made?;
        if let Some(folder) = &arguments.report {
            match super::report::extras(folder, scenario, &record, &result) {
                Ok(more) => drop(extras.insert(RunKey::from(&record), more)),
                Err(error) => unwritten.push(error),
            }
        }
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        runs.push(record);
    }
    let partition = arguments.partition.map(|(part, of)| PartitionRecord { part, of });
    let mut results = bloathound_report::json::results(tool(), host, partition, runs);
    results.partial = stopped.as_ref().map(|(_, why)| why.clone().into());
    show(&text::summary(&results, color));
    unwritten.extend(write_files(arguments, &HtmlReport { results: &results, extras: &extras }));
    let mut exit = Exit::of_results(&results);
    if let Some((stop, why)) = stopped {
        output::message(&why);
        exit = exit.or_worse(Exit::of_stop(stop));
    }
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
