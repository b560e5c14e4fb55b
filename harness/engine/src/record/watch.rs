//! The looks of a watch on disk: an image each, and what the process had done by then.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_bounds::read_regular_text;
use bloathound_detect::Work;
use bloathound_memory::{Effort, RecordError, SymbolTable};
use bloathound_vocabulary::ToolRecord;
use bloathound_vocabulary::json::to_json;
use serde::{Deserialize, Serialize};

use super::file::{FileError, write_whole};
use super::write::{RecordOptions, record};
use crate::interrupt::Interrupt;
use crate::source::Examined;
use crate::{TOOL, tool};

/// Says that a folder holds a watch.
pub const WATCH: &str = "watch.json";
/// Version of `watch.json`.
const FORMAT: u32 = 1;
/// Longest `watch.json`: a thousand looks have some 200 kB.
const WATCH_BYTES_MAX: u64 = 16 << 20;

/// `watch.json`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RecordedWatch {
    /// Version of the file.
    pub format: u32,
    /// Who recorded it.
    pub tool: ToolRecord,
    /// The process.
    pub pid: u32,
    /// In their order.
    pub looks: Vec<WatchedLook>,
}

/// One look.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WatchedLook {
    /// Its number, from 0.
    pub round: u32,
    /// Since the watch began.
    pub seconds: f64,
    /// Its image, in the same folder.
    pub file: String,
    /// Processor seconds of the process by then.
    pub processor_seconds: Option<f64>,
    /// Context switches that its threads had asked for.
    pub switches: Option<u64>,
    /// Bytes that it had read and written.
    pub moved_bytes: Option<u64>,
    /// How old it was.
    pub age_seconds: Option<f64>,
}

impl WatchedLook {
    /// What the process had done by then.
    #[must_use]
    pub fn work(&self) -> Work {
        Work {
            requests: None,
            seconds: Some(self.seconds),
            processor_seconds: self.processor_seconds,
            switches: self.switches,
            moved_bytes: self.moved_bytes,
            age_seconds: self.age_seconds,
        }
    }
}

/// Writes the looks of a watch into a folder. Without [`WatchRecorder::finish`] nothing of it stays.
#[derive(Debug)]
pub struct WatchRecorder {
    folder: PathBuf,
    pid: u32,
    looks: Vec<WatchedLook>,
    /// The next image builds on the last one.
    last_image: Option<PathBuf>,
    finished: bool,
}

impl Drop for WatchRecorder {
    fn drop(&mut self) {
        if !self.finished {
            for look in &self.looks {
                let _ = std::fs::remove_file(self.folder.join(&look.file));
            }
            // Only where nothing else is in it.
            let _ = std::fs::remove_dir(&self.folder);
        }
    }
}

impl WatchRecorder {
    /// Makes the folder. One that holds a watch already is not written over.
    ///
    /// # Errors
    /// [`FileError`] where it can't be made, or holds a watch.
    pub fn create(folder: &Path, pid: u32) -> Result<Self, FileError> {
        std::fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
        let manifest = folder.join(WATCH);
        if manifest.exists() {
            return Err(FileError::new(&manifest, "a watch is recorded here already: name another folder"));
        }
        Ok(Self { folder: folder.to_owned(), pid, looks: Vec::new(), last_image: None, finished: false })
    }

    /// Writes the image of a look.
    ///
    /// # Errors
    /// [`RecordError`] when it can't be written.
    pub fn keep(
        &mut self,
        round: u32,
        elapsed: Duration,
        work: &Work,
        examined: &mut Examined,
        symbols: &SymbolTable,
    ) -> Result<(), RecordError> {
        let file = format!("look-{round:03}.bhi");
        let path = self.folder.join(&file);
        let options = RecordOptions {
            tool: TOOL.into(),
            pid: self.pid,
            redact: false,
            effort: Effort::Quick,
            base: self.last_image.take(),
            interrupt: Interrupt::default(),
        };
        record(&path, examined, symbols, &options)?;
        self.last_image = Some(path);
        self.looks.push(WatchedLook {
            round,
            seconds: elapsed.as_secs_f64(),
            file,
            processor_seconds: work.processor_seconds,
            switches: work.switches,
            moved_bytes: work.moved_bytes,
            age_seconds: work.age_seconds,
        });
        Ok(())
    }

    /// Writes what makes the folder a recorded watch.
    ///
    /// # Errors
    /// [`FileError`] when it can't be written.
    pub fn finish(mut self) -> Result<(), FileError> {
        let watch = RecordedWatch { format: FORMAT, tool: tool(), pid: self.pid, looks: self.looks.clone() };
        let path = self.folder.join(WATCH);
        let text = to_json(&watch).map_err(|error| FileError::new(&path, error))?;
        write_whole(&path, text.as_bytes())?;
        self.finished = true;
        Ok(())
    }
}

/// What a folder says of the watch in it.
///
/// # Errors
/// [`FileError`] for one that holds none, is of another release, or names files elsewhere.
pub fn read_watch(folder: &Path) -> Result<RecordedWatch, FileError> {
    let path = folder.join(WATCH);
    let text = read_regular_text(&path, WATCH_BYTES_MAX).map_err(|error| FileError::new(&path, error))?;
    let watch: RecordedWatch = serde_json::from_str(&text).map_err(|error| FileError::new(&path, error))?;
    if watch.format != FORMAT {
        let message = format!("format {} of another release of bloathound; this one reads {FORMAT}", watch.format);
        return Err(FileError::new(&path, message));
    }
    // The file may come from anywhere: only files beside it are read.
    let elsewhere =
        |look: &&WatchedLook| Path::new(&look.file).file_name().is_none_or(|file| file != look.file.as_str());
    match watch.looks.iter().find(elsewhere) {
        Some(look) => Err(FileError::new(&path, format!("{:?} is no file in this folder", look.file))),
        None => Ok(watch),
    }
}
