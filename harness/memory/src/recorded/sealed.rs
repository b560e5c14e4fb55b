//! Small files in the same container: one piece of text under a checksum.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use bloathound_bounds::open_regular;

use super::frames::{DATA_TAG, DONE_TAG, FrameHeader, FrameWriter, read_up_to};
use super::write::Effort;
use crate::output::{Output, Readers};

/// Bytes of a DATA frame.
const PIECE_BYTES: usize = 4 << 20;

/// A kind of file that is whole or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SealedKind {
    /// What it begins with.
    pub magic: [u8; 8],
    /// The version written, and the only one read.
    pub version: u32,
    /// What to call it.
    pub name: &'static str,
}

/// Why such a file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The system refused.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is some other file.
    #[error("{path}: not {name}")]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What it was taken for.
        name: &'static str,
    },
    /// Written by another version of the format.
    #[error("{path} has format version {found}; this program reads version {read}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that can be read.
        read: u32,
    },
    /// Cut off, or its checksums are wrong.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Writes `bytes` to `path` as a file of that kind: magic and version, DATA frames of 4 MiB, DONE, as a recorded image has
/// them. Under another name beside it first, readable by its owner only, then renamed. The bytes of the file.
///
/// # Errors
/// [`SealedError::Io`]; nothing is left behind then.
pub fn write_sealed(path: &Path, kind: SealedKind, bytes: &[u8], effort: Effort) -> Result<u64, SealedError> {
    let io_error = |cause| SealedError::Io { path: path.to_owned(), cause };
    let output = Output::create(path, Readers::Owner).map_err(io_error)?;
    let write = || {
        let mut frames = FrameWriter::new(&output, &kind.magic, kind.version, effort.level())?;
        let mut count = 0;
        for piece in bytes.chunks(PIECE_BYTES) {
            frames.frame(DATA_TAG, count, piece)?;
            count += 1;
        }
        frames.finish(count)
    };
    let written = write().map_err(io_error)?;
    output.finish().map_err(io_error)?;
    Ok(written)
}

/// Reads back what [`write_sealed`] wrote, of at most `limit` bytes.
///
/// # Errors
/// [`SealedError`] for anything but the whole content.
pub fn read_sealed(path: &Path, kind: SealedKind, limit: u64) -> Result<Vec<u8>, SealedError> {
    let io_error = |cause| SealedError::Io { path: path.to_owned(), cause };
    let damaged = |what: &str| SealedError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let mut source = BufReader::new(open_regular(path).map_err(io_error)?);
    let mut start = [0; 12];
    let read = read_up_to(&mut source, &mut start).map_err(io_error)?;
    if read < start.len() || start[..8] != kind.magic {
        return Err(SealedError::OtherKind { path: path.to_owned(), name: kind.name });
    }
    let found = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if found != kind.version {
        return Err(SealedError::OtherVersion { path: path.to_owned(), found, read: kind.version });
    }
    let mut bytes = Vec::new();
    for index in 0.. {
        let header = FrameHeader::next(&mut source).ok_or_else(|| damaged("it is cut off"))?;
        if header.tag == DONE_TAG && header.index == index {
            break;
        }
        if header.tag != DATA_TAG || header.index != index {
            return Err(damaged("its pieces are out of order"));
        }
        if bytes.len() as u64 + u64::from(header.raw_bytes) > limit {
            return Err(damaged("it is too long"));
        }
        let stored = header.stored(&mut source).map_err(io_error)?;
        bytes.extend(header.unpack(stored.as_deref(), PIECE_BYTES).map_err(damaged)?);
    }
    let mut rest = [0];
    if source.read(&mut rest).map_err(io_error)? != 0 {
        return Err(damaged("something follows its end"));
    }
    Ok(bytes)
}
