//! One twin of one scenario: run, looked at, recorded where that is wanted, and scored.

use bloathound_driver::{EngineObserver, Launcher, Limits, Recorded, run as drive};
use bloathound_engine::looks::RunFindings;
use bloathound_engine::record::{HowRecorded, Recorder};
use bloathound_report::json::RunRecord;
use bloathound_scenario::{Scenario, Variant};

use crate::args::{RunArguments, effort};
use crate::error::CliError;
use crate::{progress, score};

/// Its record, and everything that was found. What could not be recorded goes to `unwritten` and loses nothing.
pub(crate) fn run(
    scenario: &Scenario,
    variant: Variant,
    (launcher, limits): (&Launcher, &Limits),
    arguments: &RunArguments,
    unwritten: &mut Vec<CliError>,
) -> Result<(RunRecord, RunFindings), CliError> {
    let without: Vec<_> = arguments.without.iter().map(|detector| detector.0).collect();
    let mut observer = EngineObserver::new(&without, arguments.report.is_some());
    if let Some(folder) = &arguments.record {
        let how = HowRecorded { redact: arguments.redact, effort: effort(arguments.small) };
        observer
            .record_to(Recorder::create(folder, &scenario.name, variant.as_str(), how).map_err(CliError::unwritten)?);
    }
    let mut tell = |event| progress::run(&event);
    let driven = drive(scenario, variant, launcher, limits, &mut observer, &mut tell).map_err(|source| {
        CliError::Run { scenario: scenario.name.clone(), variant: variant.as_str().into(), source: Box::new(source) }
    })?;
    let (found, kept) = observer.finish(Recorded { scenario, variant }, &driven);
    let mut record = score::record(scenario, variant, &driven, &found);
    match kept {
        Some(Ok(folder)) => record.recording = Some(folder.display().to_string()),
        Some(Err(error)) => unwritten.push(CliError::unwritten(error)),
        None => {}
    }
    Ok((record, found))
}
