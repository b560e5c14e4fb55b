//! Files that are there wholly or not at all.

use std::fmt::Display;
use std::path::Path;

use bloathound_memory::output::{self, Readers};

/// A file can't be written or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct FileError {
    /// Which file.
    pub path: String,
    /// Why.
    pub cause: String,
}

impl FileError {
    /// For this file and this reason.
    pub fn new(path: &Path, cause: impl Display) -> Self {
        Self { path: path.display().to_string(), cause: cause.to_string() }
    }
}

/// Writes a file by the one writer ([`output`]): a regular one is replaced whole, its folder made where that is missing.
///
/// # Errors
/// [`FileError`] when it can't be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    output::write_whole(path, bytes, Readers::AsBefore).map_err(|error| FileError::new(path, error))
}
