//! Where a path leads, and what is there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Symbolic links followed one after the other, as the kernel does.
const LINKS_MAX: usize = 40;
/// How long a FIFO may be without a reader.
const READER_WITHIN: Duration = Duration::from_secs(10);
/// How often a FIFO is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(5);
/// `O_NONBLOCK` of Linux on x86-64, the one machine this runs on: a FIFO is not waited for by the kernel.
const O_NONBLOCK: i32 = 0o4000;
/// The bits of a descriptor's flags that say what it may be used for; none is "to read" (`O_ACCMODE`, `O_RDONLY`).
const ACCESS_MODE: u32 = 0o3;
/// No such device or address: a FIFO without a reader.
const ENXIO: i32 = 6;

/// What a path is, every link followed.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A regular file, or nothing yet.
    File(PathBuf),
    /// A FIFO.
    Fifo(PathBuf),
    /// A device, or a name that `/proc` made up.
    Device(PathBuf),
    /// Our own descriptor of that number.
    Descriptor(PathBuf, u32),
}

pub(super) fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Place {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(refused("the name of a folder; meant that of a file"));
        }
        let mut at = path.to_owned();
        for _ in 0..LINKS_MAX {
            let name = at.file_name().ok_or_else(|| refused("no name of a file"))?.to_owned();
            let folder = match fs::canonicalize(folder_of(&at)) {
                Ok(folder) => folder,
                // It is made when the file is.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::File(at)),
                Err(error) => return Err(error),
            };
            at = folder.join(&name);
            if folder == Path::new(&format!("/proc/{}/fd", std::process::id())) {
                let number =
                    name.to_str().and_then(|name| name.parse().ok()).ok_or_else(|| refused("no descriptor"))?;
                // Opened anew by its name it could be written to, and that is not what it was opened for.
                if is_read_only(number) {
                    return Err(refused("a descriptor that was opened for reading"));
                }
                return Ok(Self::Descriptor(at, number));
            }
            // What looks like links there are none that could be followed by name.
            if folder.starts_with("/proc") {
                return Ok(Self::Device(at));
            }
            let kind = match fs::symlink_metadata(&at) {
                Ok(state) => state.file_type(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::File(at)),
                Err(error) => return Err(error),
            };
            if kind.is_symlink() {
                at = folder.join(fs::read_link(&at)?);
                continue;
            }
            return match () {
                // Docker's `-v FILE:FILE`: no other file can get that name, and written through it would be half a file.
                () if kind.is_file() && is_mounted(&at) => {
                    Err(refused("a file that is mounted by itself, so it can't be replaced whole: mount its folder"))
                }
                () if kind.is_file() => Ok(Self::File(at)),
                () if kind.is_fifo() => Ok(Self::Fifo(at)),
                () if kind.is_char_device() => Ok(Self::Device(at)),
                () if kind.is_dir() => Err(refused("a folder; meant a file")),
                () if kind.is_block_device() => Err(refused("a block device: what is on it would be destroyed")),
                () => Err(refused("a socket; meant a file")),
            };
        }
        Err(refused("too many symbolic links, one leading to the next"))
    }

    /// Opens what is no regular file.
    pub(super) fn open_through(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // Never truncated: what is behind a descriptor is for whoever opened it to say.
        options.append(true);
        match self {
            Self::Descriptor(_, 1) => Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
            Self::Descriptor(_, 2) => Ok(File::from(io::stderr().as_fd().try_clone_to_owned()?)),
            Self::File(path) | Self::Device(path) | Self::Descriptor(path, _) => options.open(path),
            Self::Fifo(path) => {
                // The kernel would wait for a reader for ever.
                options.custom_flags(O_NONBLOCK);
                let deadline = Instant::now() + READER_WITHIN;
                loop {
                    match options.open(path) {
                        Err(error) if error.raw_os_error() == Some(ENXIO) => {
                            if Instant::now() >= deadline {
                                return Err(refused("a FIFO that nobody reads: start its reader first"));
                            }
                            std::thread::sleep(LOOK_EVERY);
                        }
                        other => return other,
                    }
                }
            }
        }
    }
}

/// Whether a descriptor of ours was opened for reading only.
fn is_read_only(number: u32) -> bool {
    let told = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = told.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
    flags.is_some_and(|flags| flags & ACCESS_MODE == 0)
}

/// Whether something is mounted at exactly this path, every link followed.
fn is_mounted(path: &Path) -> bool {
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let wanted = path.as_os_str().as_encoded_bytes();
    // `36 35 98:0 /root /mount/point options …`, where blanks and the like stand as `\040`.
    let mut points = mounts.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    points.any(|point| plain(point) == wanted)
}

/// A field of `mountinfo` with its `\ooo` read.
fn plain(field: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'\\').then(|| behind.split_at_checked(3)).flatten();
        let code = code.and_then(|(digits, behind)| {
            Some((u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?, behind))
        });
        let (byte, behind) = code.unwrap_or((*first, behind));
        read.push(byte);
        rest = behind;
    }
    read
}
