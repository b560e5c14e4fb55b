//! What a run's page shows beside its figures: heat maps, the last look, the fix.

use std::path::Path;

use bloathound_engine::looks::RunFindings;
use bloathound_report::html::RunExtras;
use bloathound_scenario::Scenario;
use bloathound_vocabulary::RunRecord;

use crate::error::CliError;
use crate::{pages, picture};

/// What belongs to a run.
pub(crate) fn extras(scenario: &Scenario, result: &RunFindings) -> RunExtras {
    RunExtras {
        inspect: result.last_look.clone(),
        heat: result.heat_map.clone(),
        fix_diff: scenario.own.is_none().then(|| fix_diff(&scenario.service_dir)).flatten(),
    }
}

/// Writes a run's heat map into the page's folder, for those who want it apart; a page of one file has it inside only.
pub(crate) fn pictures(page: &Path, run: &RunRecord, result: &RunFindings) -> Result<(), CliError> {
    let Some(map) = result.heat_map.as_ref().filter(|_| !pages::is_file(page)) else { return Ok(()) };
    ["png", "svg"].into_iter().try_for_each(|ending| {
        let name = format!("{}-{}-heatmap.{ending}", run.name().replace(' ', "-"), run.variant.as_str());
        picture::write(&page.join(name), map)
    })
}

/// The fix as a unified diff, by the system's `diff` where it has one.
fn fix_diff(service: &Path) -> Option<String> {
    let mut diffs = String::new();
    let mut names: Vec<_> = std::fs::read_dir(service.join("fix")).ok()?.flatten().map(|e| e.file_name()).collect();
    names.sort();
    for name in names.iter().filter(|name| name.to_string_lossy().ends_with(".py")) {
        let fixed = Path::new("fix").join(name);
        let output =
            std::process::Command::new("diff").arg("-u").arg(name).arg(fixed).current_dir(service).output().ok()?;
        diffs.push_str(&String::from_utf8_lossy(&output.stdout));
    }
    (!diffs.is_empty()).then_some(diffs)
}
