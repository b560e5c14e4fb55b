//! `bloathound list`.

use bloathound_report::text::{self, ListRow};
use bloathound_scenario::Scenario;

use crate::args::ListArguments;
use crate::error::CliError;
use crate::home::Home;

use crate::output;

/// `bloathound list`.
pub(crate) fn list(arguments: &ListArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    let rows: Vec<ListRow> = scenarios.iter().map(row).collect();
    output::result(&text::list(&rows, output::color()));
    Ok(0)
}

fn row(scenario: &Scenario) -> ListRow {
    ListRow {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        variants: scenario.variants.keys().copied().collect(),
        classes: scenario.observe.classes(),
        toggle: scenario.observe.toggle.map(|toggle| toggle.what.as_str().to_owned()),
    }
}
