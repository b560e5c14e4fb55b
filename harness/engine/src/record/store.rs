//! A run on its way to disk: one recorded image or file of samples a look, then the findings and the manifest.

use std::path::{Path, PathBuf};

use bloathound_detect::Finding;
use bloathound_memory::{Effort, RecordError, SealedError, SymbolTable};
use bloathound_profile::Profile;
use bloathound_vocabulary::json::to_json;

use super::file::{FileError, write_whole};
use super::read::{FINDINGS, MANIFEST, RecordedLook, RecordedMoment, RecordedRun};
use super::samples::{SamplesManifest, record_samples};
use super::write::{RecordOptions, record};
use crate::TOOL;
use crate::interrupt::Interrupt;
use crate::moment::Look;
use crate::source::{Examined, LiveProcess};

/// How a run is recorded.
#[derive(Clone, Copy, Debug)]
pub struct HowRecorded {
    /// Replace what strings say.
    pub redact: bool,
    /// How hard to compress.
    pub effort: Effort,
}

/// Writes a run's looks into its folder.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    how: HowRecorded,
    looks: Vec<RecordedLook>,
    /// The last image: the next one builds on it.
    last_image: Option<PathBuf>,
    finished: bool,
}

/// A recording that was not finished is none: without its manifest nothing reads it, and on a full disk its place is
/// wanted.
impl Drop for Recorder {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let kept = self.looks.iter().filter_map(|look| look.file.as_deref());
        for name in kept.chain([FINDINGS]) {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        // Only where nothing else is in it.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

impl Recorder {
    /// Makes the folder `SCENARIO-VARIANT` in `dir`; what an earlier run left in it goes first, its manifest before all.
    ///
    /// # Errors
    /// [`FileError`] for what can't be made or removed.
    pub fn create(dir: &Path, scenario: &str, variant: &str, how: HowRecorded) -> Result<Self, FileError> {
        let folder = dir.join(format!("{scenario}-{variant}"));
        std::fs::create_dir_all(&folder).map_err(|error| FileError::new(&folder, error))?;
        let remove = |path: &Path| match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FileError::new(path, error)),
            _ => Ok(()),
        };
        for name in [MANIFEST, FINDINGS] {
            remove(&folder.join(name))?;
        }
        let entries = std::fs::read_dir(&folder).map_err(|error| FileError::new(&folder, error))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.extension().is_some_and(|kind| kind == "bhi" || kind == "bhs") {
                remove(&path)?;
            }
        }
        Ok(Self { folder, how, looks: Vec::new(), last_image: None, finished: false })
    }

    /// Notes a look and writes its image.
    ///
    /// # Errors
    /// [`RecordError`] when it can't be written.
    pub fn keep(
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
            interrupt: Interrupt::default(),
        };
        record(&path, examined, symbols, &options)?;
        self.last_image = Some(path);
        self.note(look, moment);
        Ok(())
    }

    /// Notes a look and writes its samples.
    ///
    /// # Errors
    /// [`SealedError`] when they can't be written.
    pub fn keep_samples(&mut self, look: &Look, target: &LiveProcess, profile: &Profile) -> Result<(), SealedError> {
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
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// True where contents of strings are replaced.
    #[must_use]
    pub fn redacts(&self) -> bool {
        self.how.redact
    }

    /// Writes the findings, then the manifest that makes the folder a recording.
    ///
    /// # Errors
    /// [`FileError`] for what can't be written.
    pub fn finish(mut self, mut run: RecordedRun, findings: &[Finding]) -> Result<(), FileError> {
        run.looks.clone_from(&self.looks);
        run.redacted = self.how.redact;
        write_whole(&self.folder.join(FINDINGS), findings_json(findings)?.as_bytes())?;
        let path = self.folder.join(MANIFEST);
        let text = to_json(&run).map_err(|error| FileError::new(&path, error))?;
        write_whole(&path, text.as_bytes())?;
        self.finished = true;
        Ok(())
    }
}

/// The findings as they are written.
///
/// # Errors
/// [`FileError`] for a number that JSON has no words for.
pub fn findings_json(findings: &[Finding]) -> Result<String, FileError> {
    to_json(&findings).map_err(|error| FileError::new(Path::new(FINDINGS), error))
}
