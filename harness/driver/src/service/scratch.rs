//! The folder that a service has for itself: its standard error, its ledger, for nobody but us.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bloathound_engine::record::temporary_folder;
use tempfile::TempDir;

/// Lines of standard error that an error shows.
const LAST_LINES: usize = 12;
/// Characters of such a line; a traceback's are shorter.
const LINE_CHARACTERS_MAX: usize = 300;
/// Bytes of standard error that are looked at for its last lines.
const LAST_BYTES: u64 = 64 << 10;

/// The last lines that a service wrote to standard error.
pub(super) fn last_lines(scratch: &Path) -> Vec<String> {
    let bytes = last_bytes(&stderr_file(scratch)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let start = lines.len().saturating_sub(LAST_LINES);
    let last = lines.get(start..).unwrap_or_default();
    last.iter().map(|line| line.chars().take(LINE_CHARACTERS_MAX).collect()).collect()
}

/// The last [`LAST_BYTES`] of a file.
fn last_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LAST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A folder, and the file for standard error in it, for nobody but us: whatever the mask says, and from their first moment.
pub(super) fn owners_only() -> io::Result<(TempDir, File)> {
    let scratch = temporary_folder()?;
    let stderr = File::options().write(true).create_new(true).mode(0o600).open(stderr_file(scratch.path()))?;
    Ok((scratch, stderr))
}

fn stderr_file(scratch: &Path) -> PathBuf {
    scratch.join("stderr.log")
}

pub(super) fn ledger_file(scratch: &Path) -> PathBuf {
    scratch.join("ledger.jsonl")
}
