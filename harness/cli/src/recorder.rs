//! A run on disk: one recorded image a look, and what is needed to judge them again.

use std::path::{Path, PathBuf};

use bloathound_detect::{Finding, FindingClass};
use bloathound_driver::examine::Examined;
use bloathound_driver::recording::{RecordOptions, record};
use bloathound_driver::{Look, Moment};
use bloathound_memory::{RecordError, SymbolTable};
use bloathound_report::json::{FindingRecord, ToolRecord, VariantName};
use serde::{Deserialize, Serialize};

use crate::commands::capture::TOOL;
use crate::error::CliError;
use crate::output;

/// Version of `run.json`.
pub(crate) const FORMAT: u32 = 1;
/// Says what a folder holds.
pub(crate) const MANIFEST: &str = "run.json";
/// What the run found, without what is not recorded.
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
    /// Sampled while it worked; there is no image of that.
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

    /// The driver's word for it; `None` for what has no image.
    pub(crate) fn to_moment(self) -> Option<Moment> {
        match self {
            Self::Fresh => Some(Moment::Fresh),
            Self::Round { round, of } => Some(Moment::Round { round, of }),
            Self::Inspect => Some(Moment::Inspect),
            Self::Hot => None,
        }
    }

    fn file(self) -> Option<String> {
        match self {
            Self::Fresh => Some("fresh.bhi".into()),
            Self::Round { round, .. } => Some(format!("round-{round:02}.bhi")),
            Self::Inspect => Some("inspect.bhi".into()),
            Self::Hot => None,
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
    /// Its image, in the same folder; null where nothing was recorded.
    pub(crate) file: Option<String>,
}

/// `run.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct RecordedRun {
    /// See [`FORMAT`].
    pub(crate) format: u32,
    pub(crate) tool: ToolRecord,
    pub(crate) scenario: String,
    pub(crate) variant: VariantName,
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
    /// True when hot loops were looked for: samples are not recorded.
    pub(crate) fn lacks_samples(&self) -> bool {
        self.looks.iter().any(|look| look.moment == RecordedMoment::Hot)
    }
}

/// Writes a run's looks into its folder.
#[derive(Debug)]
pub(crate) struct Recorder {
    folder: PathBuf,
    redact: bool,
    looks: Vec<RecordedLook>,
}

impl Recorder {
    /// Makes the folder `SCENARIO-VARIANT` in `dir`; what it says of an earlier run goes first.
    pub(crate) fn create(dir: &Path, scenario: &str, variant: &str, redact: bool) -> Result<Self, CliError> {
        let folder = dir.join(format!("{scenario}-{variant}"));
        std::fs::create_dir_all(&folder).map_err(|error| CliError::file(&folder, error))?;
        for name in [MANIFEST, FINDINGS] {
            let path = folder.join(name);
            if path.exists() {
                std::fs::remove_file(&path).map_err(|error| CliError::file(&path, error))?;
            }
        }
        Ok(Self { folder, redact, looks: Vec::new() })
    }

    /// Notes a look and writes its image, where there is one.
    pub(crate) fn keep(
        &mut self,
        look: &Look,
        pid: u32,
        image: Option<(&mut Examined, &SymbolTable)>,
    ) -> Result<(), RecordError> {
        let Some(moment) = RecordedMoment::of(look.moment) else { return Ok(()) };
        let file = moment.file().filter(|_| image.is_some());
        if let (Some(name), Some((examined, symbols))) = (&file, image) {
            let options = RecordOptions { tool: TOOL.into(), pid, redact: self.redact };
            record(&self.folder.join(name), examined, symbols, &options)?;
        }
        let (requests, requests_since) = (look.requests, look.requests_since);
        self.looks.push(RecordedLook { moment, requests, requests_since, file });
        Ok(())
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the findings, then the manifest that makes the folder a recording.
    pub(crate) fn finish(self, mut run: RecordedRun, findings: &[Finding]) -> Result<(), CliError> {
        run.looks = self.looks;
        run.redacted = self.redact;
        output::file(&self.folder.join(FINDINGS), findings_json(findings)?.as_bytes())?;
        output::json(&self.folder.join(MANIFEST), &run)
    }
}

/// The findings that images can give again, as they are written.
pub(crate) fn findings_json(findings: &[Finding]) -> Result<String, CliError> {
    let from_images = findings.iter().filter(|finding| finding.class != FindingClass::HotLoop);
    let records: Vec<FindingRecord> = from_images.map(FindingRecord::from).collect();
    bloathound_report::json::to_json(&records).map_err(|error| CliError::file(Path::new(FINDINGS), error))
}
