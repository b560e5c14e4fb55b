//! What a killed process leaves: temporary names say whose they are, and the next run removes those of processes that
//! are gone. Nothing else is touched: not what another user, machine or container made, nor what a living process uses.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// What our folders in the temporary directory begin with.
const FOLDER_PREFIX: &str = "bloathound-";

/// Who made something: a process, told apart from later ones with its number by when it started, and from those of other
/// machines and containers by a sum over the boot and the namespaces that both figures are of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pid: u32,
    start: u64,
    place: u32,
}

impl Mark {
    /// This process; `None` where there is no `/proc` to tell.
    pub(crate) fn ours() -> Option<Self> {
        let pid = std::process::id();
        Some(Self { pid, start: start_of(pid).ok()?, place: place()? })
    }

    /// Whether the process that this is of is known to be gone.
    fn is_gone(self, ours: Self) -> bool {
        self.place == ours.place
            && match start_of(self.pid) {
                Ok(start) => start != self.start,
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}-{:08x}", self.pid, self.start, self.place)
    }
}

impl FromStr for Mark {
    type Err = ();

    /// From the beginning of a text; something after a third `-` is not the mark's.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(());
        let pid = next()?.parse().map_err(|_| ())?;
        let start = u64::from_str_radix(next()?, 16).map_err(|_| ())?;
        let place = next()?;
        let place = (place.len() == 8).then(|| u32::from_str_radix(place, 16)).ok_or(())?.map_err(|_| ())?;
        Ok(Self { pid, start, place })
    }
}

/// When a process started, in the kernel's ticks (field 22 of `/proc/PID/stat`).
fn start_of(pid: u32) -> io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before it may hold anything, brackets too.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_ascii_whitespace());
    let start = fields.and_then(|mut fields| fields.nth(19)?.parse().ok());
    start.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no start time"))
}

/// A sum over what makes process numbers and start times mean something else: another boot, another namespace.
fn place() -> Option<u32> {
    let boot = fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    let pids = fs::read_link("/proc/self/ns/pid").ok()?;
    // Older kernels have no namespaces of time.
    let times = fs::read_link("/proc/self/ns/time").unwrap_or_default();
    let mut sum = crc32fast::Hasher::new();
    for part in [boot.as_slice(), pids.as_os_str().as_encoded_bytes(), times.as_os_str().as_encoded_bytes()] {
        sum.update(part);
    }
    Some(sum.finalize())
}

/// What is begun here and not finished: to be removed where the process is ended in between.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Remembers a file or folder that is to go if the process is ended before [`finished`].
pub(crate) fn begun(path: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
}

/// The file has its name, or is gone.
pub(crate) fn finished(path: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
}

/// Removes what is begun and not finished, for who ends the process now. Until the answer is dropped, nothing else is begun.
pub fn remove_unfinished() -> impl Drop {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in unfinished.iter() {
        // One of the two; what can't be removed is removed by the next run.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    unfinished
}

/// A folder in the temporary directory, its owner's only whatever the mask says; gone when dropped. What killed runs of ours left there goes
/// first.
///
/// # Errors
/// It can't be made.
pub fn temporary_folder() -> io::Result<TempDir> {
    let mark = Mark::ours();
    let prefix = mark.map_or_else(|| FOLDER_PREFIX.to_owned(), |mark| format!("{FOLDER_PREFIX}{mark}-"));
    let made = tempfile::Builder::new().prefix(&prefix).permissions(fs::Permissions::from_mode(0o700)).tempdir()?;
    begun(made.path());
    if let (Some(mark), Some(parent)) = (mark, made.path().parent()) {
        let uid = fs::symlink_metadata(made.path())?.uid();
        sweep(parent, OsStr::new(FOLDER_PREFIX), OsStr::new(""), (mark, uid));
    }
    Ok(made)
}

/// Removes from `folder` what has a name of ours with the mark of a process that is gone, and is of this user. What can't
/// be removed stays: it costs disk and nothing else.
pub(crate) fn sweep(folder: &Path, prefix: &OsStr, suffix: &OsStr, (ours, uid): (Mark, u32)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let middle = name
            .strip_prefix(prefix.as_encoded_bytes())
            .and_then(|rest| rest.strip_suffix(suffix.as_encoded_bytes()))
            .and_then(|middle| std::str::from_utf8(middle).ok());
        let Some(mark) = middle.and_then(|middle| middle.parse::<Mark>().ok()) else { continue };
        let Ok(state) = fs::symlink_metadata(entry.path()) else { continue };
        if !mark.is_gone(ours) || state.uid() != uid {
            continue;
        }
        let _ = match () {
            () if state.is_dir() => fs::remove_dir_all(entry.path()),
            () if state.is_file() => fs::remove_file(entry.path()),
            () => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_process_that_is_gone_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Mark::ours().unwrap();
        assert_eq!(format!("{ours}-Xy1").parse(), Ok(ours));
        let uid = fs::metadata(folder.path()).unwrap().uid();
        let earlier = Mark { start: ours.start - 1, ..ours };
        // Beyond any process number.
        let gone = Mark { pid: 1 << 23, ..ours };
        let elsewhere = Mark { place: !ours.place, ..gone };
        let made = |name: String| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("ledger"), "x").unwrap();
            path
        };
        let go = [made(format!("bloathound-{earlier}-a")), made(format!("bloathound-{gone}-b"))];
        let stay = [
            made(format!("bloathound-{ours}-c")),
            made(format!("bloathound-{elsewhere}-d")),
            made(format!("other-{gone}-e")),
            made("bloathound-f".to_owned()),
        ];
        let link = folder.path().join(format!("bloathound-{gone}-g"));
        std::os::unix::fs::symlink(&stay[2], &link).unwrap();
        sweep(folder.path(), OsStr::new(FOLDER_PREFIX), OsStr::new(""), (ours, uid + 1));
        assert!(go.iter().all(|path| path.exists()), "another user's");
        sweep(folder.path(), OsStr::new(FOLDER_PREFIX), OsStr::new(""), (ours, uid));
        assert!(!go.iter().any(|path| path.exists()));
        assert!(stay.iter().all(|path| path.join("ledger").exists()));
        assert!(fs::symlink_metadata(&link).is_ok());
    }
}
