//! A recorded run through the same rules again.

use std::path::Path;

use bloathound_detect::{Rule, rule};
use bloathound_memory::SealedError;

use super::run::{RunFindings, RunJudge};
use crate::moment::Look;
use crate::record::{FileError, MANIFEST, RecordedRun, open_samples};
use crate::source::{OpenFileError, memory_limit, open_recording};

/// Why a recorded run can't be judged.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// An image can't be read.
    #[error(transparent)]
    Image(#[from] OpenFileError),
    /// Samples can't be read.
    #[error(transparent)]
    Samples(#[from] SealedError),
    /// The manifest names what it may not.
    #[error(transparent)]
    File(#[from] FileError),
}

/// All images and samples of a recorded run through the rules, in the order of the looks; `illustrate` keeps pictures and
/// the last look for a report.
///
/// # Errors
/// [`ReplayError`] for the first file that can't be read.
pub fn replay(folder: &Path, run: &RecordedRun, illustrate: bool) -> Result<RunFindings, ReplayError> {
    // A detector we don't know was off then and would be on now: the findings would be others.
    let unknown = |name: &String| FileError::new(&folder.join(MANIFEST), format!("no detector is called {name:?}"));
    let known = |name: &String| rule(name).map(Rule::name).ok_or_else(|| unknown(name));
    let without: Vec<&'static str> = run.without.iter().map(known).collect::<Result<_, _>>()?;
    let mut judge = RunJudge::new(&without, illustrate);
    for recorded in &run.looks {
        let Some(name) = &recorded.file else { continue };
        // The manifest may come from anywhere: only files beside it are read.
        if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
            return Err(FileError::new(&folder.join(MANIFEST), format!("{name:?} is no file in this folder")).into());
        }
        let Some(moment) = recorded.moment.to_moment() else {
            let samples = open_samples(&folder.join(name))?;
            judge.judge_samples(&samples.profile);
            continue;
        };
        let reopened = open_recording(&folder.join(name), memory_limit())?;
        let look = Look { moment, requests: recorded.requests, requests_since: recorded.requests_since };
        judge.judge(reopened.manifest.pid, &look, &reopened.examined);
    }
    Ok(judge.finish())
}
