//! A run on disk: one recorded image or file of samples a look, and what is needed to judge them again.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use bloathound_driver::{Look, Moment};
use bloathound_engine::examine::{Examined, Target};
use bloathound_engine::recording::{RecordOptions, record};
use bloathound_engine::samples::{SamplesManifest, record_samples};
use bloathound_memory::{Effort, RecordError, SealedError, SymbolTable};
use bloathound_profile::Profile;
use bloathound_report::json::{Finding, ToolRecord, Variant};
use serde::{Deserialize, Serialize};

use crate::commands::capture::TOOL;
use crate::error::CliError;
use crate::output;

/// Version of `run.json` that is written.
pub(crate) const FORMAT: u32 = 2;
/// Versions that are read. In 1 samples of hot loops were not recorded: the rest of such a run is judged.
pub(crate) const FORMATS_READ: RangeInclusive<u32> = 1..=FORMAT;
/// Says what a folder holds.
pub(crate) const MANIFEST: &str = "run.json";
/// What the run found.
pub(crate) const FINDINGS: &str = "findings.json";

/// When a recorded look was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "moment")]
pub(crate) enum RecordedMoment {
    /// Before any load.
    Fresh,
    /// After the warm-up (0) and each round of load.
    Round { round: u64, of: u64 },
    /// After the load.
    Inspect,
    /// Sampled while it worked.
    Hot,
}

impl RecordedMoment {
    fn of(moment: Moment) -> Option<Self> {
        match moment {
            Moment::Fresh => Some(Self::Fresh),
            Moment::Round { round, of } => Some(Self::Round { round, of }),
            Moment::Inspect => Some(Self::Inspect),
            Moment::Hot { .. } => Some(Self::Hot),
            // Its findings don't count.
            Moment::UnderLoad => None,
        }
    }

    /// The driver's word for it; `None` for samples.
    pub(crate) fn to_moment(self) -> Option<Moment> {
        match self {
            Self::Fresh => Some(Moment::Fresh),
            Self::Round { round, of } => Some(Moment::Round { round, of }),
            Self::Inspect => Some(Moment::Inspect),
            Self::Hot => None,
        }
    }

    fn file(self) -> String {
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
pub(crate) struct RecordedLook {
    /// When.
    #[serde(flatten)]
    pub(crate) moment: RecordedMoment,
    /// Requests since the service started.
    pub(crate) requests: u64,
    /// Requests since the look before.
    pub(crate) requests_since: u64,
    /// Its image or samples, in the same folder; null where nothing was recorded.
    pub(crate) file: Option<String>,
}

/// `run.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct RecordedRun {
    /// See [`FORMAT`].
    pub(crate) format: u32,
    pub(crate) tool: ToolRecord,
    pub(crate) scenario: String,
    pub(crate) variant: Variant,
    pub(crate) seed: u64,
    /// The service's name.
    pub(crate) service: String,
    pub(crate) requests: u64,
    /// Why the run was INVALID.
    pub(crate) invalid_because: Option<String>,
    /// Detectors that were switched off.
    pub(crate) without: Vec<String>,
    /// Contents of strings were replaced.
    pub(crate) redacted: bool,
    /// Looks in their order.
    pub(crate) looks: Vec<RecordedLook>,
    /// The scenario file, for what has to be found.
    pub(crate) scenario_yaml: String,
}

impl RecordedRun {
    /// True when hot loops were looked for and no samples were kept.
    pub(crate) fn lacks_samples(&self) -> bool {
        self.looks.iter().any(|look| look.moment == RecordedMoment::Hot && look.file.is_none())
    }
}

/// How a run is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HowRecorded {
    /// Replace what strings say.
    pub(crate) redact: bool,
    /// How hard to compress.
    pub(crate) effort: Effort,
}

/// Writes a run's looks into its folder.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    how: HowRecorded,
    looks: Vec<RecordedLook>,
    /// The last image: the next one builds on it.
    last_image: Option<PathBuf>,
}

impl Recorder {
    /// Makes the folder `SCENARIO-VARIANT` in `dir`; what an earlier run left in it goes first, its manifest before all.
    pub(crate) fn create(dir: &Path, scenario: &str, variant: &str, how: HowRecorded) -> Result<Self, CliError> {
        let folder = dir.join(format!("{scenario}-{variant}"));
        std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, error))?;
        let remove = |path: &Path| match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CliError::file(path, error)),
            _ => Ok(()),
        };
        for name in [MANIFEST, FINDINGS] {
            remove(&folder.join(name))?;
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| CliError::file(&folder, error))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|kind| kind == "bhi" || kind == "bhs") {
                remove(&path)?;
            }
        }
        Ok(Self { folder, how, looks: Vec::new(), last_image: None })
    }

    /// Notes a look and writes its image.
    pub(crate) fn keep(
        &mut self,
        look: &Look,
        pid: u32,
        examined: &mut Examined,
        symbols: &SymbolTable,
    ) -> Result<(), RecordError> {
        let Some(moment) = RecordedMoment::of(look.moment) else { return Ok(()) };
        let path = self.folder.join(moment.file());
        let options = RecordOptions {
            tool: TOOL.into(),
            pid,
            redact: self.how.redact,
            effort: self.how.effort,
            base: self.last_image.take(),
        };
        record(&path, examined, symbols, &options)?;
        self.last_image = Some(path);
        self.note(look, moment);
        Ok(())
    }

    /// Notes a look and writes its samples.
    pub(crate) fn keep_samples(&mut self, look: &Look, target: &Target, profile: &Profile) -> Result<(), SealedError> {
        let Some(moment) = RecordedMoment::of(look.moment) else { return Ok(()) };
        let HowRecorded { redact, effort } = self.how;
        let manifest = SamplesManifest::of(target, TOOL);
        record_samples(&self.folder.join(moment.file()), manifest, profile, redact, effort)?;
        self.note(look, moment);
        Ok(())
    }

    fn note(&mut self, look: &Look, moment: RecordedMoment) {
        let (requests, requests_since, file) = (look.requests, look.requests_since, Some(moment.file()));
        self.looks.push(RecordedLook { moment, requests, requests_since, file });
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the findings, then the manifest that makes the folder a recording.
    pub(crate) fn finish(self, mut run: RecordedRun, findings: &[Finding]) -> Result<(), CliError> {
        run.looks = self.looks;
        run.redacted = self.how.redact;
        output::file(&self.folder.join(FINDINGS), findings_json(findings)?.as_bytes())?;
        output::json(&self.folder.join(MANIFEST), &run)
    }
}

/// The findings as they are written.
pub(crate) fn findings_json(findings: &[Finding]) -> Result<String, CliError> {
    bloathound_report::json::to_json(&findings).map_err(|error| CliError::file(Path::new(FINDINGS), error))
}
