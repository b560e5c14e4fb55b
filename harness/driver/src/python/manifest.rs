//! What was installed, by hash: nothing of an environment is run that is not as it was.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;

use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};

use super::trust::{OTHERS_WRITE, foreign, keep_from_others};

/// In the environment's folder; `sha256sum --check` reads it too.
const NAME: &str = "installed.sha256";
const READ_BYTES: usize = 128 << 10;

/// What stands where an environment should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Missing,
    /// What was installed, to the last byte.
    Whole,
    /// Something else.
    Changed(String),
}

/// Writes down what is in the folder, and takes it from other users' hands.
pub(super) fn write(dir: &Path) -> io::Result<()> {
    let paths = files(dir, &mut |path, state| keep_from_others(path, state))?;
    let mut text = String::new();
    for (name, hash) in hashes(dir, &paths)? {
        text.push_str(&format!("{hash}  {name}\n"));
    }
    fs::write(dir.join(NAME), text)?;
    keep_from_others(&dir.join(NAME), &fs::metadata(dir.join(NAME))?)
}

/// Compares the folder with what was installed: every file and no other, of our own or root's, by its hash.
pub(super) fn state(dir: &Path) -> State {
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Missing,
        Err(error) => State::Changed(error.to_string()),
        Ok(_) => compare(dir).map_or_else(|error| State::Changed(error.to_string()), |()| State::Whole),
    }
}

fn compare(dir: &Path) -> io::Result<()> {
    let paths = files(dir, &mut |path, state| {
        if let Some(why) = foreign(state) {
            return Err(io::Error::other(format!("{}: {why}", path.display())));
        }
        if state.mode() & OTHERS_WRITE != 0 {
            return Err(io::Error::other(format!("{}: other users may write to it", path.display())));
        }
        Ok(())
    })?;
    let text = fs::read_to_string(dir.join(NAME)).map_err(|error| io::Error::other(format!("{NAME}: {error}")))?;
    let mut installed: BTreeMap<&str, &str> = BTreeMap::new();
    for line in text.lines() {
        let (hash, name) =
            line.split_once("  ").ok_or_else(|| io::Error::other(format!("{NAME}: no list of files")))?;
        installed.insert(name, hash);
    }
    for (name, hash) in hashes(dir, &paths)? {
        match installed.remove(name.as_str()) {
            Some(known) if known == hash => {}
            Some(_) => return Err(io::Error::other(format!("{name} was changed"))),
            None => return Err(io::Error::other(format!("{name} was added"))),
        }
    }
    installed.into_keys().next().map_or(Ok(()), |name| Err(io::Error::other(format!("{name} is missing"))))
}

/// Every file below the folder but the list itself, in order. Anything that is neither file nor folder is an error: a
/// link leads to what no list describes.
fn files(dir: &Path, judge: &mut dyn FnMut(&Path, &fs::Metadata) -> io::Result<()>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        let state = fs::symlink_metadata(&path)?;
        if state.is_dir() {
            judge(&path, &state)?;
            for entry in fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else if state.is_file() {
            judge(&path, &state)?;
            found.push(path);
        } else {
            return Err(io::Error::other(format!("{}: neither a file nor a folder", path.display())));
        }
    }
    found.retain(|path| path.strip_prefix(dir) != Ok(Path::new(NAME)));
    found.sort();
    Ok(found)
}

/// Name and hash of each file. Several threads read: two thousand files take one of them over a tenth of a second.
fn hashes(dir: &Path, paths: &[PathBuf]) -> io::Result<Vec<(String, String)>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = paths.len().div_ceil(threads).max(1);
    let parts: Vec<io::Result<Vec<(String, String)>>> = thread::scope(|scope| {
        let workers: Vec<_> = paths
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(|path| hashed(dir, path)).collect()))
            .collect();
        let broken = || Err(io::Error::other("reading the packages broke off"));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| broken())).collect()
    });
    let mut all = Vec::with_capacity(paths.len());
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}

fn hashed(dir: &Path, path: &Path) -> io::Result<(String, String)> {
    let name = path.strip_prefix(dir).ok().and_then(Path::to_str).filter(|name| !name.contains(['\n', '\r', '\\']));
    let name = name.ok_or_else(|| io::Error::other(format!("{}: a name that no list can hold", path.display())))?;
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut file = File::options().read(true).custom_flags(flags.bits()).open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; READ_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => hash.update(chunk.get(..length).unwrap_or_default()),
        }
    }
    let text = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((name.to_owned(), text))
}
