//! `bloathound list`.

use bloathound_engine::tool;
use bloathound_report::text;
use bloathound_scenario::{PythonSeries, Scenario};
use bloathound_vocabulary::{ListReport, ListedScenario, SCHEMA_VERSION};

use crate::args::ListArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::{self, Unwritten};
use crate::pythons::Pythons;

/// `bloathound list`.
pub(crate) fn list(arguments: &ListArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref()])?;
    let home = Home::find(arguments.home.as_deref())?;
    let scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    let pythons = Pythons::find(None, &scenarios);
    let rows = scenarios.iter().map(|scenario| row(scenario, &pythons)).collect();
    let report = ListReport { schema_version: SCHEMA_VERSION, tool: tool(), scenarios: rows };
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        // Of those for 2.7 there are recorded runs, so one of them works on every machine.
        let first = scenarios.iter().find(|scenario| scenario.series == PythonSeries::Python27).or(scenarios.first());
        let first = first.map_or("", |scenario| scenario.name.as_str());
        output::result(&text::list(&report.scenarios, first, output::color()));
    }
    Ok(unwritten.exit(Exit::AsExpected).number())
}

fn row(scenario: &Scenario, pythons: &Pythons) -> ListedScenario {
    ListedScenario {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        needs: scenario.series.to_string(),
        python: pythons.the_one(scenario).ok().map(|python| python.version),
        variants: scenario.variants.keys().copied().collect(),
        classes: scenario.observe.classes(),
        toggle: scenario.observe.toggle.map(|toggle| toggle.what.as_str().to_owned()),
    }
}
