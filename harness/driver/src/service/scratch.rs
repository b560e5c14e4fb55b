//! The folder that a service has for itself: its standard error, its ledger, for nobody but us.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bloathound_engine::record::temporary_folder;
use nix::fcntl::{FallocateFlags, fallocate};
use tempfile::TempDir;

/// Lines of standard error that an error shows.
const LAST_LINES: usize = 12;
/// Characters of such a line; a traceback's are shorter.
const LINE_CHARACTERS_MAX: usize = 300;
/// Bytes of standard error that are looked at for its last lines.
const LAST_BYTES: u64 = 64 << 10;

/// Bytes of standard error that may be on disk, and how often that is looked at: a service in trouble can write a gigabyte a
/// second, and the disk is everybody's.
const DISK_BYTES_MAX: u64 = 32 << 20;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What `stat` counts the space of a file in.
const BLOCK_BYTES: u64 = 512;

/// Gives back the space of all but the end of the standard error, from a thread that ends with the service.
pub(super) fn keep_small(scratch: &Path, reaped: &Arc<Mutex<bool>>) {
    let (path, reaped) = (stderr_file(scratch), Arc::clone(reaped));
    let keep = move || {
        while !*reaped.lock().unwrap_or_else(PoisonError::into_inner) {
            std::thread::sleep(LOOK_EVERY);
            // It may be gone together with its folder.
            let _ = cut(&path);
        }
    };
    // Without it the disk has what the service writes.
    let _ = std::thread::Builder::new().spawn(keep);
}

fn cut(path: &Path) -> io::Result<()> {
    let state = std::fs::metadata(path)?;
    if state.blocks().saturating_mul(BLOCK_BYTES) <= DISK_BYTES_MAX {
        return Ok(());
    }
    let file = File::options().write(true).open(path)?;
    // A hole in place of what nobody will read: the writer goes on where it was.
    let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    let end = i64::try_from(state.len().saturating_sub(LAST_BYTES)).unwrap_or(i64::MAX);
    // A file system without holes: all of it goes, and the writer, who only appends, begins anew.
    fallocate(&file, hole, 0, end).or_else(|_| file.set_len(0).map_err(|_| nix::errno::Errno::EIO))?;
    Ok(())
}

/// The last lines that a service wrote to standard error.
pub(super) fn last_lines(scratch: &Path) -> Vec<String> {
    let bytes = last_bytes(&stderr_file(scratch)).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let start = lines.len().saturating_sub(LAST_LINES);
    let last = lines.get(start..).unwrap_or_default();
    last.iter().map(|line| line.chars().take(LINE_CHARACTERS_MAX).collect()).collect()
}

/// The last of what a service wrote, as text.
pub(super) fn all_output(scratch: &Path) -> String {
    String::from_utf8_lossy(&last_bytes(&stderr_file(scratch)).unwrap_or_default()).into_owned()
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
    let stderr = File::options().append(true).create_new(true).mode(0o600).open(stderr_file(scratch.path()))?;
    Ok((scratch, stderr))
}

fn stderr_file(scratch: &Path) -> PathBuf {
    scratch.join("stderr.log")
}

pub(super) fn ledger_file(scratch: &Path) -> PathBuf {
    scratch.join("ledger.jsonl")
}
