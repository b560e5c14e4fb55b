//! A recorded run through the same rules again.

use std::path::Path;

use bloathound_detect::{Finding, Rule, Thresholds, rule};
use bloathound_memory::SealedError;
use bloathound_profile::Profile;

use super::run::{RunFindings, RunJudge};
use crate::moment::Look;
use crate::record::{FileError, MANIFEST, RecordedRun, open_samples, read_run};
use crate::source::{Examined, OpenFileError, memory_limit, open_recording};

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

/// One look of a recorded run, read.
#[derive(Debug)]
enum Kept {
    Heap { pid: u32, look: Look, examined: Box<Examined> },
    Samples(Box<Profile>),
}

impl Kept {
    fn judge_by(&self, judge: &mut RunJudge) {
        match self {
            Self::Heap { pid, look, examined } => judge.judge(*pid, look, examined),
            Self::Samples(profile) => judge.judge_samples(profile),
        }
    }
}

/// All images and samples of a recorded run through the rules, in the order of the looks; `illustrate` keeps pictures and
/// the last look for a report.
///
/// # Errors
/// [`ReplayError`] for the first file that can't be read.
pub fn replay(folder: &Path, run: &RecordedRun, illustrate: bool) -> Result<RunFindings, ReplayError> {
    let without = switched_off(folder, run)?;
    let mut judge = RunJudge::new(&without, illustrate);
    // One at a time: all looks together may need more memory than there is.
    read_each(folder, run, |kept| kept.judge_by(&mut judge))?;
    Ok(judge.finish())
}

/// A recorded run that was read: to be judged by several limits without reading it again.
#[derive(Debug)]
pub struct KeptRun {
    without: Vec<&'static str>,
    looks: Vec<Kept>,
}

impl KeptRun {
    /// Reads a recorded run.
    ///
    /// # Errors
    /// [`ReplayError`] for the first file that can't be read.
    pub fn open(folder: &Path) -> Result<Self, ReplayError> {
        let run = read_run(folder)?;
        let mut looks = Vec::new();
        read_each(folder, &run, |kept| looks.push(kept))?;
        Ok(Self { without: switched_off(folder, &run)?, looks })
    }

    /// What is found by these limits.
    #[must_use]
    pub fn judge(&self, thresholds: &Thresholds) -> Vec<Finding> {
        let mut judge = RunJudge::by(*thresholds, &self.without);
        for kept in &self.looks {
            kept.judge_by(&mut judge);
        }
        judge.finish().findings
    }
}

/// The detectors that were off. One that we don't know would be on now: the findings would be others.
fn switched_off(folder: &Path, run: &RecordedRun) -> Result<Vec<&'static str>, FileError> {
    let unknown = |name: &String| FileError::new(&folder.join(MANIFEST), format!("no detector is called {name:?}"));
    let known = |name: &String| rule(name).map(Rule::name).ok_or_else(|| unknown(name));
    run.without.iter().map(known).collect()
}

fn read_each(folder: &Path, run: &RecordedRun, mut take: impl FnMut(Kept)) -> Result<(), ReplayError> {
    for recorded in &run.looks {
        let Some(name) = &recorded.file else { continue };
        // The manifest may come from anywhere: only files beside it are read.
        if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
            return Err(FileError::new(&folder.join(MANIFEST), format!("{name:?} is no file in this folder")).into());
        }
        let Some(moment) = recorded.moment.to_moment() else {
            take(Kept::Samples(Box::new(open_samples(&folder.join(name))?.profile)));
            continue;
        };
        let reopened = open_recording(&folder.join(name), memory_limit())?;
        let look = Look { moment, requests: recorded.requests, requests_since: recorded.requests_since };
        take(Kept::Heap { pid: reopened.manifest.pid, look, examined: Box::new(reopened.examined) });
    }
    Ok(())
}
