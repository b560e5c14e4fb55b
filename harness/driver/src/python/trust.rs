//! Whether a folder may hold code that we run: nobody but the user and root can change it, or what stands above it.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use nix::unistd::geteuid;

use super::error::EnvironmentError;

/// Write permission for the group and for all.
pub(super) const OTHERS_WRITE: u32 = 0o022;
/// In such a folder only the owner of an entry takes it away, as in `/tmp`.
const STICKY: u32 = 0o1000;
/// Links followed one after the other, as the kernel does.
const LINKS_MAX: usize = 40;

/// Makes the folder where it is missing, for its owner only, and judges it and every folder above it.
pub(super) fn make_folder(dir: &Path) -> Result<(), EnvironmentError> {
    let failed = |source| EnvironmentError::Cache { path: dir.to_owned(), source };
    let dir = std::path::absolute(dir).map_err(failed)?;
    // First what is there: nothing is made in a folder that somebody else can turn into another one.
    check(&dir)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
    check(&dir)
}

/// An error where another user can change the folder, or has put something in its way: every folder on the way, and every
/// link with the folders on its way, which whoever may change them could lead elsewhere. Missing parts are no error.
pub(super) fn check(dir: &Path) -> Result<(), EnvironmentError> {
    let mut path = PathBuf::from("/");
    let mut ahead = parts(dir);
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            // What was gone by so far has no link in it.
            path.pop();
            continue;
        }
        let next = path.join(part);
        let failed = |source| EnvironmentError::Cache { path: next.clone(), source };
        let state = match fs::symlink_metadata(&next) {
            Ok(state) => state,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(failed(source)),
        };
        if let Some(why) = distrust(&state) {
            return Err(EnvironmentError::Untrusted { path: next, why });
        }
        if !state.is_symlink() {
            path = next;
            continue;
        }
        links += 1;
        if links > LINKS_MAX {
            return Err(failed(io::Error::other("too many symbolic links, one leading to the next")));
        }
        let target = fs::read_link(&next).map_err(failed)?;
        if target.is_absolute() {
            path = PathBuf::from("/");
        }
        ahead.extend(parts(&target));
    }
    let state = fs::symlink_metadata(&path).map_err(|source| EnvironmentError::Cache { path: path.clone(), source })?;
    if state.is_dir() && state.mode() & OTHERS_WRITE != 0 {
        return Err(EnvironmentError::Untrusted { path, why: "other users may write in it".to_owned() });
    }
    Ok(())
}

/// The parts of a path from its end on; `/` itself is nobody's part.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    named.map(|part| part.as_os_str().to_owned()).rev().collect()
}

/// Why an entry above the cache, or the cache itself, is not to be relied on.
fn distrust(state: &Metadata) -> Option<String> {
    if let Some(why) = foreign(state) {
        return Some(why);
    }
    let shared = state.is_dir() && state.mode() & OTHERS_WRITE != 0 && state.mode() & STICKY == 0;
    shared.then(|| "other users may write in it".to_owned())
}

/// Why an entry is another user's.
pub(super) fn foreign(state: &Metadata) -> Option<String> {
    let uid = state.uid();
    // Whoever owns `/` owns the machine; in a namespace of users he has another number than 0.
    let owner_of_all = || fs::metadata("/").is_ok_and(|root| root.uid() == uid);
    let known = uid == geteuid().as_raw() || uid == 0 || owner_of_all();
    (!known).then(|| format!("it belongs to user {uid}, and not to you (user {}) or root", geteuid()))
}

/// Takes write permission from all but the owner: an installation goes by the user's mask.
pub(super) fn keep_from_others(path: &Path, state: &Metadata) -> io::Result<()> {
    if state.mode() & OTHERS_WRITE == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(state.mode() & 0o7777 & !OTHERS_WRITE))
}
