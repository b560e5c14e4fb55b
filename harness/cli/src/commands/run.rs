//! `bloathound run`.

use std::collections::BTreeMap;

use bloathound_driver::{Launcher, Search};
use bloathound_engine::tool;
use bloathound_report::html::{self, HtmlReport, RunKey};
use bloathound_report::json::{PartitionRecord, RunResults};
use bloathound_report::{junit, text};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::home::Home;
use crate::{host, output, preparation, twin};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    let chosen = bloathound_scenario::select(&scenarios, &arguments.names)?;
    let planned = preparation::plan(&chosen, arguments)?;
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
    for (scenario, variant) in &planned {
        let (record, result) = twin::run(scenario, *variant, &launcher, arguments)?;
        if let Some(folder) = &arguments.report {
            extras.insert(RunKey::from(&record), super::report::extras(folder, scenario, &record, &result)?);
        }
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        runs.push(record);
    }
    let partition = arguments.partition.map(|(part, of)| PartitionRecord { part, of });
    let results = RunResults::new(tool(), host, partition, runs);
    show(&text::summary(&results, color));
    write_files(arguments, &results)?;
    if let Some(folder) = &arguments.report {
        let page = html::index(&HtmlReport { results: &results, extras: &extras });
        output::file(&folder.join("index.html"), page.as_bytes())?;
    }
    Ok(results.exit_code())
}

fn write_files(arguments: &RunArguments, results: &RunResults) -> Result<(), CliError> {
    if let Some(path) = &arguments.json {
        output::json(path, results)?;
    }
    if let Some(path) = &arguments.junit {
        let xml = junit::junit(results).map_err(|error| CliError::file(path, error))?;
        output::file(path, xml.as_bytes())?;
    }
    Ok(())
}
