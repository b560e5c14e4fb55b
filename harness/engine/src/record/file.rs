//! Files that are there wholly or not at all.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

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

/// Writes a file by way of a temporary one beside it; makes its folder where that is missing.
///
/// # Errors
/// [`FileError`] when it can't be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
    // A name that tells what it is, should we be killed.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let write = || {
        let mut temporary =
            tempfile::Builder::new().prefix(&format!(".{name}.")).suffix(".partial").tempfile_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.persist(path).map(|_| ()).map_err(|error| error.error)
    };
    write().map_err(|error: std::io::Error| FileError::new(path, error))
}
