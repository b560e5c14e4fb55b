//! A recorded image: what was copied of a process, in a file that can be analysed anywhere.
//!
//! ```text
//! "BLTHOUND" u32 version                                     12 bytes
//! frame: tag[4] u32 index u32 stored u32 raw u32 crc u32 hcrc 24 bytes, then `stored` bytes of zstd
//!   MANI  the manifest, JSON: what it is, regions, runs, page presence, symbols, the image it builds on
//!   DATA  4 MiB of the flat buffer, index 0, 1, 2, ...
//!   DONE  nothing; index is the number of DATA frames
//! ```
//! All numbers little-endian. `crc` is of the stored bytes, `hcrc` of the 20 bytes before it (CRC-32 both). A file
//! without DONE was cut off; a DATA frame whose checksum is wrong costs its 4 MiB and no more.
//!
//! **Images of one run.** The manifest may name a `base`: an image in the same folder, and the CRC-32 of its whole memory.
//! A page that the base has at the same address is then stored as the exclusive or of both. Such a file is read with its
//! base beside it (and that with its own), or not at all: [`RecordError::BadBase`] says which file is missing.
//!
//! **Versions.** 2 is written. 1 is the same without a base, and is read too; others are refused by their number.
//!
//! Samples of a thread's stacks are in files of the same make ([`write_sealed`]).

mod delta;
mod frames;
mod manifest;
mod read;
mod sealed;
mod write;

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use bloathound_bounds::in_words;

#[cfg(test)]
use crate::FlatOffset;
use crate::{MemoryImage, PageRun, SymbolTable};

pub use read::{read_recording, read_recording_from};
pub use sealed::{SealedError, SealedKind, read_sealed, write_sealed};
pub use write::{Effort, Transform, WriteOptions, write_recording};

/// Version of the file format written.
pub const RECORDING_VERSION: u32 = 2;
/// Versions read.
const VERSIONS_READ: RangeInclusive<u32> = 1..=RECORDING_VERSION;

pub(crate) const MAGIC: &[u8; 8] = b"BLTHOUND";
/// Bytes of the flat buffer in a DATA frame; whole pages.
const CHUNK_BYTES: usize = 4 << 20;

/// What a recording is of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    /// Name and version of the tool that wrote it.
    pub tool: String,
    /// Kernel release of the machine it was taken on.
    pub kernel: String,
    /// Path of the executable as the target saw it.
    pub executable: String,
    /// Process id it had.
    pub pid: u32,
    /// String contents were replaced before writing.
    pub redacted: bool,
    /// What the decoder needs to know of the interpreter and cannot find again.
    pub interpreter: BTreeMap<String, String>,
    /// Anything else worth keeping.
    pub facts: BTreeMap<String, String>,
}

/// A recorded process.
#[derive(Debug, Default)]
pub struct Recording {
    /// What it is of.
    pub manifest: Manifest,
    /// Symbols of the interpreter.
    pub symbols: SymbolTable,
    /// Page presence of all private writable memory.
    pub page_runs: Vec<PageRun>,
    /// The bytes, with the regions and their resident bytes.
    pub image: MemoryImage,
}

/// An image that another one in the same folder builds on.
#[derive(Debug)]
pub struct Base {
    /// Its name.
    pub file: String,
    recording: Recording,
}

/// A recording as it could be read.
#[derive(Debug)]
pub struct ReadRecording {
    /// What was there.
    pub recording: Recording,
    /// What was not.
    pub problems: Vec<RecordProblem>,
}

/// What a written recording came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrittenRecording {
    /// Bytes of the image.
    pub raw_bytes: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// A flaw of a recording that leaves the rest usable.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordProblem {
    /// The file ends before its end mark.
    #[error("the recording is cut off: {present_bytes} of {expected_bytes} bytes of memory are there")]
    CutOff {
        /// Bytes of memory read.
        present_bytes: u64,
        /// Bytes of memory the manifest promises.
        expected_bytes: u64,
    },
    /// A piece of memory is unusable.
    #[error("piece {index} of the recorded memory is damaged: {what}")]
    DamagedChunk {
        /// Number of the 4 MiB piece.
        index: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A list in the manifest has entries that make no sense.
    #[error("{count} entries of the recording's {list} make no sense and were left out")]
    BadEntries {
        /// Which list.
        list: &'static str,
        /// How many.
        count: u64,
    },
}

/// Why a recording could not be written or read at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The system refused.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is some other file.
    #[error("{path} is not a recorded image")]
    NotARecording {
        /// The file.
        path: PathBuf,
    },
    /// Written by another version of the format.
    #[error("{path} has format version {found}; this program reads 1 to {RECORDING_VERSION}")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// Without a manifest nothing can be made of the rest.
    #[error("{path}: the manifest is unusable: {what}")]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The image that this one builds on.
    #[error("{path} builds on {base}: {what}")]
    BadBase {
        /// The file.
        path: PathBuf,
        /// What it builds on.
        base: PathBuf,
        /// What is wrong with that.
        what: String,
    },
    /// More memory than the limit given, or than there are addresses for.
    #[error("{path} holds {} of memory; {} of it may be used for what is not zero", in_words(*.bytes), in_words(*.limit))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes it promises.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

#[cfg(test)]
mod tests;
