//! A process to a file that can be analysed anywhere: its memory as an image, or its own account as a dump.

use std::io::BufWriter;
use std::path::Path;

use bloathound_kit::{KitError, PeerTrust};
use bloathound_memory::{RecordError, WrittenRecording};

use super::file::FileError;
use super::write::{RecordOptions, record};
use crate::source::{ExamineError, ExamineOptions, Examined, LiveProcess, memory_limit, through_manhole};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The process can't be examined.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The image can't be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The manhole gives no dump.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The dump can't be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An image that was written.
#[derive(Debug)]
pub struct Captured {
    /// What is in it.
    pub examined: Examined,
    /// How large it is.
    pub written: WrittenRecording,
}

/// Looks at the process that `how` names and writes its image to `path`.
///
/// # Errors
/// [`CaptureError`] when the process can't be examined or the image not be written.
pub fn capture(path: &Path, look: ExamineOptions, how: &RecordOptions) -> Result<Captured, CaptureError> {
    let mut process = LiveProcess::open(how.pid, look)?;
    let mut examined = process.examine()?;
    let written = record(path, &mut examined, process.symbols(), how)?;
    Ok(Captured { examined, written })
}

/// Through a manhole there is no image, but a dump; it takes its name when it is whole. How many objects it has, and
/// how many bytes. `trust` says whom the manhole's password may be told.
///
/// # Errors
/// [`CaptureError`] when no dump comes, or it can't be written.
pub fn capture_dump(path: &Path, target: &str, trust: PeerTrust) -> Result<(usize, u64), CaptureError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable by its owner only, as temporary files are.
    let temporary = tempfile::NamedTempFile::new_in(folder).map_err(|error| FileError::new(path, error))?;
    let mut out = BufWriter::new(temporary);
    let (dump, _) = through_manhole(target, trust, Some(&mut out), memory_limit())?;
    let temporary = out.into_inner().map_err(|error| FileError::new(path, error))?;
    let bytes = temporary.as_file().metadata().map(|state| state.len()).unwrap_or(0);
    temporary.persist(path).map_err(|error| FileError::new(path, error.error))?;
    Ok((dump.len(), bytes))
}
