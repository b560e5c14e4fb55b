//! Recorded images read back and decoded.

use std::path::Path;

use bloathound_cpython::Interpreter;
use bloathound_live::Mapping;
use bloathound_memory::{Manifest, MemorySource, ReadRecording, read_recording};

use super::error::OpenFileError;
use super::examined::{CountedTold, Examined, examine_telling, room_to_analyse};

/// A recorded image, decoded again.
#[derive(Debug)]
pub struct Reopened {
    /// What is in it; damage is among its problems.
    pub examined: Examined,
    /// What it is of.
    pub manifest: Manifest,
}

/// Reads a recorded image of at most `limit` bytes of memory and decodes it.
///
/// # Errors
/// [`OpenFileError`] when nothing can be made of it. Damage that leaves the rest usable is a problem in the result.
pub fn open_recording(path: &Path, limit: u64) -> Result<Reopened, OpenFileError> {
    open_telling(path, limit, None)
}

/// The same, and tells what the heap consists of as soon as that is known.
pub(super) fn open_telling(path: &Path, limit: u64, told: Option<CountedTold>) -> Result<Reopened, OpenFileError> {
    reopen_telling(read_recording(path, limit)?, path, told)
}

/// Decodes a recorded image that was read already; `path` is for messages.
///
/// # Errors
/// [`OpenFileError::NoFacts`].
pub fn reopen(read: ReadRecording, path: &Path) -> Result<Reopened, OpenFileError> {
    reopen_telling(read, path, None)
}

fn reopen_telling(read: ReadRecording, path: &Path, told: Option<CountedTold>) -> Result<Reopened, OpenFileError> {
    let recording = read.recording;
    let interpreter = Interpreter::from_facts(&recording.manifest.interpreter)
        .ok_or_else(|| OpenFileError::NoFacts { path: path.display().to_string() })?;
    let mappings = recording.image.regions().iter().cloned().map(Mapping::new).collect();
    room_to_analyse(&recording.image, &interpreter).map_err(|(needed, room)| OpenFileError::NoRoom {
        path: path.display().to_string(),
        needed,
        room,
    })?;
    let mut examined = examine_telling(recording.image, interpreter, &recording.symbols.data_ranges, told);
    examined.mappings = mappings;
    examined.page_runs = recording.page_runs;
    examined.executable.clone_from(&recording.manifest.executable);
    examined.build_id = recording.symbols.build_id;
    examined.problems.extend(read.problems.iter().map(ToString::to_string));
    examined.is_redacted = recording.manifest.redacted;
    if examined.is_redacted {
        examined.problems.push("the image is redacted: contents of strings were replaced".into());
    }
    Ok(Reopened { examined, manifest: recording.manifest })
}
