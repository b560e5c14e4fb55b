//! One twin of one scenario: run, looked at, recorded where that is wanted, and scored.

use std::time::Instant;

use bloathound_driver::{BrokenRun, EngineObserver, Recorded, RunError, run as drive};
use bloathound_engine::Stop;
use bloathound_engine::looks::RunFindings;
use bloathound_engine::record::{HowRecorded, Recorder};
use bloathound_scenario::{Scenario, Variant};
use bloathound_vocabulary::{Outcome, RunRecord};

use crate::args::{RunArguments, effort};
use crate::error::CliError;
use crate::exit::Exit;
use crate::ground::On;
use crate::looking::OURSELVES;
use crate::progress::{self, Packages};
use crate::{own, plan, score};

/// What became of it.
pub(crate) struct Twin {
    /// Its record; one of outcome `error` where the run could not be made.
    pub(crate) record: RunRecord,
    /// Everything that was found; nothing where the run could not be made.
    pub(crate) found: Option<RunFindings>,
    /// What could not be recorded; that loses nothing else.
    pub(crate) unwritten: Vec<CliError>,
}

/// Runs it. Whatever happens to its service is told in the record, and keeps no other run from being made.
///
/// # Errors
/// Somebody wanted us to end before it was made: that says nothing of its service, and there is no record of it.
pub(crate) fn run(scenario: &Scenario, variant: Variant, on: On<'_>, arguments: &RunArguments) -> Result<Twin, Stop> {
    let limits = on.limits;
    if let Some(stop) = limits.interrupt.came() {
        return Err(stop);
    }
    let Some(launcher) = on.launchers.of(scenario) else {
        let without = arguments.without.iter().map(|detector| detector.0.name()).collect();
        let looked = own::run::Looked { without, illustrate: arguments.report.is_some() };
        let (record, found) = own::run::run(scenario, variant, (on.python, limits), looked)?;
        return Ok(Twin { record, found, unwritten: Vec::new() });
    };
    let mut unwritten = Vec::new();
    let without: Vec<_> = arguments.without.iter().map(|detector| detector.0.name()).collect();
    let mut observer = EngineObserver::new(&without, arguments.report.is_some());
    observer.held_by(OURSELVES.into());
    if let Some(folder) = &arguments.record {
        let how = HowRecorded { redact: arguments.redact, effort: effort(arguments.small) };
        let name = plan::name(scenario).replace(' ', "-");
        match Recorder::create(folder, &name, variant.as_str(), how) {
            Ok(recorder) => observer.record_to(recorder),
            Err(error) => unwritten.push(CliError::unwritten(error)),
        }
    }
    let mut packages = Packages::default();
    let mut tell = |event| progress::run(&event, &mut packages);
    let begun = Instant::now();
    let driven = match drive(scenario, variant, launcher, limits, &mut observer, &mut tell) {
        Ok(driven) => driven,
        Err(BrokenRun { error: RunError::Stopped { stop }, .. }) => return Err(stop),
        Err(broken) => {
            let record = score::broken(scenario, variant, &broken, begun.elapsed());
            unwritten.extend(observer.unrecorded().map(CliError::unwritten));
            unwritten.extend(not_recorded(scenario, variant, broken));
            return Ok(Twin { record, found: None, unwritten });
        }
    };
    let (found, kept) = observer.finish(Recorded { scenario, variant }, &driven);
    let mut record = score::record(scenario, variant, &driven, &found);
    match kept {
        Some(Ok(folder)) if arguments.only_failed && record.outcome == Outcome::Pass => {
            unwritten.extend(std::fs::remove_dir_all(&folder).err().map(|error| CliError::output(&folder, error)));
        }
        Some(Ok(folder)) => record.recording = Some(folder.display().to_string()),
        Some(Err(error)) => unwritten.push(CliError::unwritten(error)),
        None => {}
    }
    Ok(Twin { record, found: Some(found), unwritten })
}

/// Where a look could not be kept: that is an output like any other.
fn not_recorded(scenario: &Scenario, variant: Variant, broken: BrokenRun) -> Option<CliError> {
    let error = CliError::Run {
        scenario: scenario.name.clone(),
        variant: variant.as_str().into(),
        source: Box::new(broken.error),
    };
    (Exit::of_error(&error) == Exit::NotWritten).then_some(error)
}
