//! Which recorded runs stand for those that were to be made.

use std::path::PathBuf;

use bloathound_engine::record::{self, RecordedRun};
use bloathound_scenario::Traffic;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::home::Home;
use crate::output;
use crate::plan::{self, Planned};

/// Missing runs that are named; of more the number is enough.
const NAMED_MAX: usize = 8;

/// The checkout's recordings of the planned runs, in their order. What is asked for by name and not recorded is no run left
/// out but an error, unless recorded runs are what was asked for.
///
/// # Errors
/// None is recorded, one that was named isn't, or a recording can't be read.
pub(crate) fn matching(
    home: &Home,
    planned: &[Planned<'_>],
    arguments: &RunArguments,
    asked_for: bool,
) -> Result<Vec<(PathBuf, RecordedRun)>, CliError> {
    let there = all(home)?;
    let stands_for = |(scenario, variant): &Planned<'_>, run: &RecordedRun| {
        (&run.scenario, run.variant) == (&scenario.name, *variant)
            && run.traffic.unwrap_or(Traffic::Steady) == scenario.traffic
            && scenario.on.as_ref().is_none_or(|series| run.series.as_ref() == Some(series))
            // A scenario's own seed is as good as any other; one that is asked for is meant.
            && arguments.seed.is_none_or(|seed| seed == run.seed)
    };
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for one in planned {
        match there.iter().find(|(_, run)| stands_for(one, run)) {
            Some((folder, run)) => found.push((folder.clone(), without(run, arguments))),
            None => missing.push(format!("{}, {}", plan::name(one.0), one.1.as_str())),
        }
    }
    let named = if missing.len() > NAMED_MAX { String::new() } else { format!(": {}", missing.join("; ")) };
    let told = format!("{} of {} runs are not recorded{named}", missing.len(), planned.len());
    let nothing = found.is_empty() && !planned.is_empty() && arguments.partition.is_none();
    if nothing || (!missing.is_empty() && !arguments.names.is_empty() && !asked_for) {
        let there = if found.is_empty() { "" } else { "; --recorded judges those that are" };
        return Err(CliError::NotHere(format!(
            "{told}{there}; they need a Python 2.7: `bloathound doctor` says how to get one"
        )));
    }
    if !missing.is_empty() {
        output::message(&told);
    }
    Ok(found)
}

/// Every recorded run of the checkout; none where it has no such folder.
fn all(home: &Home) -> Result<Vec<(PathBuf, RecordedRun)>, CliError> {
    let dir = home.recorded();
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let read = |folder: PathBuf| Ok((folder.clone(), record::read_run(&folder)?));
    record::folders(&dir)?.into_iter().map(read).collect()
}

/// The same run, judged without these detectors too.
fn without(run: &RecordedRun, arguments: &RunArguments) -> RecordedRun {
    let mut run = run.clone();
    run.without.extend(arguments.without.iter().map(|detector| detector.0.name().to_owned()));
    run
}
