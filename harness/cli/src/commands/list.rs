//! `bloathound list`.

use bloathound_engine::tool;
use bloathound_report::text;
use bloathound_scenario::Scenario;
use bloathound_vocabulary::{ListReport, ListedScenario, SCHEMA_VERSION};

use crate::args::ListArguments;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::{self, Unwritten};

/// `bloathound list`.
pub(crate) fn list(arguments: &ListArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref()])?;
    let home = Home::find(arguments.home.as_deref())?;
    let scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    let report =
        ListReport { schema_version: SCHEMA_VERSION, tool: tool(), scenarios: scenarios.iter().map(row).collect() };
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &report));
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(&text::list(&report.scenarios, output::color()));
    }
    Ok(unwritten.exit(Exit::AsExpected).number())
}

fn row(scenario: &Scenario) -> ListedScenario {
    ListedScenario {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        variants: scenario.variants.keys().copied().collect(),
        classes: scenario.observe.classes(),
        toggle: scenario.observe.toggle.map(|toggle| toggle.what.as_str().to_owned()),
    }
}
