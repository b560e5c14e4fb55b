//! The one opener: regular files only, and no more of them than was asked for.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;

/// Why what has that name is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something that has no end, or that would be waited for.
    #[error("{what}, no regular file")]
    NotRegular {
        /// What it is.
        what: &'static str,
    },
    /// More than anything of its kind can have.
    #[error("{bytes} bytes or more; at most {most} are read")]
    TooLong {
        /// Bytes it has.
        bytes: u64,
        /// Bytes that are read.
        most: u64,
    },
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(io::ErrorKind::InvalidInput, refusal)
    }
}

/// Opens a regular file for reading; a symbolic link to one will do. Nothing else is opened for longer than it takes to see
/// what it is, and nothing is ever waited for.
///
/// # Errors
/// What the system says, and [`Refusal::NotRegular`] (inside the error) for everything that is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Asked for before opening: to open a device may do something. And again after it, as the name may lead to something else
    // by then; without O_NONBLOCK the opening of a FIFO would wait for a writer.
    check(std::fs::metadata(path)?.file_type())?;
    let file = OpenOptions::new().read(true).custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits()).open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// All of a regular file, where it has at most `most` bytes.
///
/// # Errors
/// As [`open_regular`], and [`Refusal::TooLong`] inside the error.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let claimed = file.metadata()?.len();
    if claimed > most {
        return Err(Refusal::TooLong { bytes: claimed, most }.into());
    }
    let mut bytes = Vec::new();
    // It may grow while it is read; some files of /proc have no length at all.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Refusal::TooLong { bytes: bytes.len() as u64, most }.into());
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As [`read_regular`]; also for what is not UTF-8.
pub fn read_regular_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read_regular(path, most)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn check(kind: FileType) -> Result<(), Refusal> {
    let what = match kind {
        _ if kind.is_file() => return Ok(()),
        _ if kind.is_dir() => "it is a folder",
        _ if kind.is_fifo() => "it is a FIFO (a pipe with a name)",
        _ if kind.is_socket() => "it is a socket",
        _ if kind.is_char_device() || kind.is_block_device() => "it is a device",
        _ => "it is no file",
    };
    Err(Refusal::NotRegular { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(error: &io::Error) -> Option<Refusal> {
        error.get_ref()?.downcast_ref::<Refusal>().cloned()
    }

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "text").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_regular_text(&link, 4).unwrap(), "text");
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let to_fifo = folder.path().join("to_fifo");
        std::os::unix::fs::symlink(&fifo, &to_fifo).unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (fifo.as_path(), "FIFO"),
            (&to_fifo, "FIFO"),
            (&socket, "socket"),
            (folder.path(), "folder"),
            (Path::new("/dev/zero"), "device"),
        ] {
            let error = open_regular(path).unwrap_err();
            assert!(matches!(refusal(&error), Some(Refusal::NotRegular { .. })), "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    #[test]
    fn no_more_is_read_than_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "twelve bytes").unwrap();
        assert_eq!(read_regular(&file, 12).unwrap().len(), 12);
        let error = read_regular(&file, 11).unwrap_err();
        assert_eq!(refusal(&error), Some(Refusal::TooLong { bytes: 12, most: 11 }));
        // It says that it has no bytes, and has some.
        let error = read_regular(Path::new("/proc/self/status"), 10).unwrap_err();
        assert!(matches!(refusal(&error), Some(Refusal::TooLong { most: 10, .. })), "{error}");
    }
}
