//! A run on disk, as its manifest tells of it: which looks there are, and what is needed to judge them again.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_vocabulary::{ToolRecord, Traffic, Variant};
use serde::{Deserialize, Serialize};

use super::file::FileError;
use crate::moment::Moment;

/// Version of `run.json` that is written.
pub const FORMAT: u32 = 2;
/// Versions that are read. In 1 samples of hot loops were not recorded: the rest of such a run is judged.
pub const FORMATS_READ: RangeInclusive<u32> = 1..=FORMAT;
/// Says what a folder holds.
pub const MANIFEST: &str = "run.json";
/// What the run found.
pub const FINDINGS: &str = "findings.json";

/// When a recorded look was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "moment")]
pub enum RecordedMoment {
    /// Before any load.
    Fresh,
    /// After the warm-up (0) and each round of load.
    Round {
        /// Which.
        round: u64,
        /// Of how many.
        of: u64,
    },
    /// After the load.
    Inspect,
    /// Sampled while it worked.
    Hot,
}

impl RecordedMoment {
    pub(super) fn of(moment: Moment) -> Option<Self> {
        match moment {
            Moment::Fresh => Some(Self::Fresh),
            Moment::Round { round, of } => Some(Self::Round { round, of }),
            Moment::Inspect => Some(Self::Inspect),
            Moment::Hot { .. } => Some(Self::Hot),
            // Its findings don't count.
            Moment::UnderLoad => None,
        }
    }

    /// As a moment of a run; `None` for samples.
    #[must_use]
    pub fn to_moment(self) -> Option<Moment> {
        match self {
            Self::Fresh => Some(Moment::Fresh),
            Self::Round { round, of } => Some(Moment::Round { round, of }),
            Self::Inspect => Some(Moment::Inspect),
            Self::Hot => None,
        }
    }

    pub(super) fn file(self) -> String {
        match self {
            Self::Fresh => "fresh.bhi".into(),
            Self::Round { round, .. } => format!("round-{round:02}.bhi"),
            Self::Inspect => "inspect.bhi".into(),
            Self::Hot => "hot.bhs".into(),
        }
    }
}

/// One look of a recorded run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedLook {
    /// When.
    #[serde(flatten)]
    pub moment: RecordedMoment,
    /// Requests since the service started.
    pub requests: u64,
    /// Requests since the look before.
    pub requests_since: u64,
    /// Its image or samples, in the same folder; null where nothing was recorded.
    pub file: Option<String>,
}

/// Longest `run.json`; one has some kB, and the scenario in it.
const RUN_BYTES_MAX: u64 = 16 << 20;

/// `run.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RecordedRun {
    /// See [`FORMAT`].
    pub format: u32,
    /// Who recorded it.
    pub tool: ToolRecord,
    /// Name of the scenario.
    pub scenario: String,
    /// Which twin.
    pub variant: Variant,
    /// Seed of the run.
    pub seed: u64,
    /// The series of CPython 3 that its service ran on; null for 2.7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// How its requests were spread over the rounds; null for steady traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// The service's name.
    pub service: String,
    /// Requests that were answered.
    pub requests: u64,
    /// Why the run was INVALID.
    pub invalid_because: Option<String>,
    /// Detectors that were switched off.
    pub without: Vec<String>,
    /// Contents of strings were replaced.
    pub redacted: bool,
    /// Looks in their order.
    pub looks: Vec<RecordedLook>,
    /// The scenario file, for what has to be found.
    pub scenario_yaml: String,
}

impl RecordedRun {
    /// True when hot loops were looked for and no samples were kept.
    #[must_use]
    pub fn lacks_samples(&self) -> bool {
        self.looks.iter().any(|look| look.moment == RecordedMoment::Hot && look.file.is_none())
    }
}

/// Why there is no recorded run to read.
#[derive(Debug, thiserror::Error)]
pub enum ReadRunError {
    /// No recorded run is here.
    #[error("{}: no recorded run here; `bloathound run --record DIR` makes one", dir.display())]
    NoRun {
        /// The folder.
        dir: PathBuf,
    },
    /// A file can't be read, or is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The folder itself, or those in it that hold a recorded run; in order of their names.
///
/// # Errors
/// [`ReadRunError`] when there is none.
pub fn folders(dir: &Path) -> Result<Vec<PathBuf>, ReadRunError> {
    if dir.join(MANIFEST).is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let entries = std::fs::read_dir(dir).map_err(|error| FileError::new(dir, error))?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.join(MANIFEST).is_file()).collect();
    found.sort();
    if found.is_empty() {
        return Err(ReadRunError::NoRun { dir: dir.to_owned() });
    }
    Ok(found)
}

/// What a folder's manifest says of its run.
///
/// # Errors
/// [`FileError`] for one that can't be read, or is of another release.
pub fn read_run(folder: &Path) -> Result<RecordedRun, FileError> {
    let path = folder.join(MANIFEST);
    let text = read_regular_text(&path, RUN_BYTES_MAX).map_err(|error| FileError::new(&path, error))?;
    let run: RecordedRun = serde_json::from_str(&text).map_err(|error| FileError::new(&path, error))?;
    if !FORMATS_READ.contains(&run.format) {
        let message = format!("format {} of another release of bloathound; this one reads 1 to {FORMAT}", run.format);
        return Err(FileError::new(&path, message));
    }
    Ok(run)
}
