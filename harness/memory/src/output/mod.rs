//! The one writer of files. A regular file is replaced whole, by way of another name beside it; what is none is written
//! through, or refused by name: never is a name of the system's own renamed over.

mod place;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use self::place::{LOOK_EVERY, Place, folder_of, refused};
use crate::leftovers::{Mark, begun, finished, sweep};

/// Bytes of a file's name that its temporary name repeats: with the mark both fit a folder's 255.
const NAME_MAX: usize = 160;
/// What the temporary name ends with.
const SUFFIX: &str = ".partial";

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// Its owner only, whatever was there before: images, samples, dumps.
    Owner,
    /// Those of the file that it replaces; of a new one its owner only.
    AsBefore,
}

/// What was found to be writable; a FIFO's reader sees no end while this is there.
#[derive(Debug)]
pub struct Held {
    _open: Option<File>,
    file: Option<PathBuf>,
}

impl Held {
    /// The regular file that is going to be replaced, every link followed; none for what is written through.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Whether something can be written to `path`, without writing anything: asked before work begins that would be lost.
///
/// # Errors
/// It can't, and why.
pub fn check(path: &Path) -> io::Result<Held> {
    match Place::of(path)? {
        Place::File(at) => {
            // Not to append: one that takes nothing else can't be replaced either.
            let before = match OpenOptions::new().write(true).open(&at) {
                Ok(file) => Some(file.metadata()?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            check_folder(folder_of(&at))?;
            match before {
                Some(before) if stays_its_owners(folder_of(&at), &before)? => Err(refused(
                    "another user's file in a folder where everybody may write (sticky): only its owner can replace it",
                )),
                _ => Ok(Held { _open: None, file: Some(at) }),
            }
        }
        // Opening it anew may be refused where writing to it is not.
        Place::Descriptor(at, 1 | 2) => fs::symlink_metadata(at).map(|_| Held { _open: None, file: None }),
        place => place.open_through().map(|file| Held { _open: Some(file), file: None }),
    }
}

/// Whether the system keeps this file's name for its owner: who may write to it may not put another in its place.
fn stays_its_owners(folder: &Path, file: &fs::Metadata) -> io::Result<bool> {
    const STICKY: u32 = 0o1000;
    let state = fs::metadata(folder)?;
    if state.mode() & STICKY == 0 {
        return Ok(false);
    }
    let own = tempfile::tempfile_in(folder)?.metadata()?.uid();
    Ok(own != 0 && own != file.uid() && own != state.uid())
}

/// Whether files can be made in a folder, or the folder itself, without making it.
///
/// # Errors
/// They can't, and why.
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().map(|one| if one.as_os_str().is_empty() { Path::new(".") } else { one });
    for ancestor in there {
        match fs::metadata(ancestor) {
            Ok(state) if !state.is_dir() => {
                return Err(io::Error::new(
                    io::ErrorKind::NotADirectory,
                    format!("{} is a file; meant a folder", ancestor.display()),
                ));
            }
            // One without a name: nothing is left of it, whatever becomes of us.
            Ok(_) => {
                let explain = |error: io::Error| {
                    io::Error::new(error.kind(), format!("the folder {} can't be written: {error}", ancestor.display()))
                };
                return tempfile::tempfile_in(ancestor).map(drop).map_err(|error| explain(inner(error)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// What the system said, without the name of a file that is ours alone.
fn inner(error: io::Error) -> io::Error {
    error.raw_os_error().map_or(error, io::Error::from_raw_os_error)
}

/// A file on its way. A regular one stands under another name until [`Output::finish`], and is removed when dropped before.
#[derive(Debug)]
pub struct Output {
    file: File,
    beside: Option<Beside>,
}

#[derive(Debug)]
struct Beside {
    partial: PathBuf,
    target: PathBuf,
    readers: Readers,
    finished: bool,
}

impl Output {
    /// Opens what `path` leads to; the folder of a regular file is made where it is missing.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn create(path: &Path, readers: Readers) -> io::Result<Self> {
        match Place::of(path)? {
            Place::File(target) => {
                fs::create_dir_all(folder_of(&target))?;
                let (file, partial) = make_partial(&target)?;
                Ok(Self { file, beside: Some(Beside { partial, target, readers, finished: false }) })
            }
            place => Ok(Self { file: place.open_through()?, beside: None }),
        }
    }

    /// Gives a regular file its name, now that it is whole.
    ///
    /// # Errors
    /// The system refuses; nothing is left then, and what was there before still is.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(beside) = &mut self.beside else { return (&self.file).flush() };
        if beside.readers == Readers::AsBefore
            && let Ok(before) = fs::metadata(&beside.target)
        {
            // Only an administrator can give a file away; for others it is theirs, as a new one is.
            let _ = fchown(&self.file, Some(before.uid()), Some(before.gid()));
            self.file.set_permissions(fs::Permissions::from_mode(before.mode() & 0o777))?;
        }
        self.file.sync_data()?;
        fs::rename(&beside.partial, &beside.target)?;
        beside.finished = true;
        Ok(())
    }
}

impl Write for &Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match (&self.file).write(bytes) {
                // A FIFO that is full: its reader is slow.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(LOOK_EVERY),
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.file).flush()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.partial);
        }
        finished(&self.partial);
    }
}

/// A file beside the target that says what it is and whose, readable by its owner only. Those of killed processes go.
fn make_partial(target: &Path) -> io::Result<(File, PathBuf)> {
    let name = target.file_name().ok_or_else(|| refused("no name of a file"))?;
    let mut prefix = OsString::from(".");
    if name.len() <= NAME_MAX {
        prefix.push(name);
    } else {
        // Cut at a character; what is no text is shown as such.
        let text = name.to_string_lossy();
        let end = (0..=NAME_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        prefix.push(text.get(..end).unwrap_or_default());
    }
    prefix.push(".");
    let mark = Mark::ours();
    let whose = mark.map_or_else(|| std::process::id().to_string(), |mark| mark.to_string());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    for attempt in 0.. {
        let mut partial = prefix.clone();
        partial.push(format!("{whose}-{attempt}{SUFFIX}"));
        let partial = target.with_file_name(partial);
        match options.open(&partial) {
            Ok(file) => {
                begun(&partial);
                if let (Some(mark), Ok(state)) = (mark, file.metadata()) {
                    sweep(folder_of(target), &prefix, OsStr::new(SUFFIX), (mark, state.uid()));
                }
                return Ok((file, partial));
            }
            // Another thread of ours.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Writes all of a file.
///
/// # Errors
/// It can't be written; nothing is left of it then, and what was there before still is.
pub fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let output = Output::create(path, readers)?;
    (&output).write_all(bytes)?;
    output.finish()
}

#[cfg(test)]
mod tests;
