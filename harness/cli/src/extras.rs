//! What a run's page shows beside its figures: heat maps, the last look, the fix.

use std::path::Path;

use bloathound_engine::looks::RunFindings;
use bloathound_report::html::{Image, RunExtras};
use bloathound_scenario::Scenario;
use bloathound_vocabulary::RunRecord;

use crate::error::CliError;
use crate::picture;

/// Writes a run's pictures into `folder` and tells what belongs to it.
pub(crate) fn extras(
    folder: &Path,
    scenario: &Scenario,
    run: &RunRecord,
    result: &RunFindings,
) -> Result<RunExtras, CliError> {
    let mut extras = RunExtras { inspect: result.last_look.clone(), ..RunExtras::default() };
    if let Some(map) = &result.heat_map {
        for ending in ["png", "svg"] {
            let name = format!("{}-{}-heatmap.{ending}", run.name().replace(' ', "-"), run.variant.as_str());
            picture::write(&folder.join(&name), map)?;
            if ending == "svg" {
                extras.images.push(Image {
                    file: name,
                    alt: format!("Heat map of the memory of {}", run.title()),
                    caption: "Each cell is 1 KiB; a row is an arena or 256 KiB of the C heap.".into(),
                });
            }
        }
    }
    extras.fix_diff = fix_diff(&scenario.service_dir);
    Ok(extras)
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
