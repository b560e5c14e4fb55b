//! An ELF core file as a source: what gcore or the kernel wrote of a process.
//!
//! A core holds the memory that the process changed. Constants of modules are mostly left out, because they are in
//! files; they are read from there, if the files are at hand and are the same ones.

mod files;
mod notes;
mod read;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bloathound_bounds::in_words;

use crate::modules::ElfError;
use crate::modules::Headers;
use crate::{Address, MemoryImage, PageRun, Region};

pub use read::read_core;

/// End of the user half of the address space; what the kernel maps beyond is not the program's.
const ADDRESS_END: u64 = 1 << 47;

/// A thread in a core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoreThread {
    /// Thread id.
    pub tid: u32,
    /// Its stack pointer.
    pub stack_pointer: Address,
}

/// A flaw of a core that leaves the rest usable.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CoreProblem {
    /// The file ends before its last segment does.
    #[error("the core is cut off: {missing_bytes} bytes of memory are missing")]
    CutOff {
        /// Bytes the headers promise beyond the end of the file.
        missing_bytes: u64,
    },
    /// Writable memory was left out of the core; objects in it can't be seen.
    #[error("{missing_bytes} bytes of writable memory were left out of the core")]
    WritableLeftOut {
        /// Bytes.
        missing_bytes: u64,
    },
    /// Segments that overlap, are not in user memory, or use the same bytes of the file again.
    #[error("{count} segments of the core make no sense and were left out")]
    BadSegments {
        /// How many.
        count: u64,
    },
    /// Notes that are cut short or contradict themselves.
    #[error("the core's list of {what} is damaged")]
    BadNote {
        /// Which.
        what: &'static str,
    },
    /// Constants are missing, because a file they are in could not be opened.
    #[error("{path} could not be read ({cause}); names of types in it are missing")]
    FileMissing {
        /// The file.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Constants are missing, because the file at that path is another one now.
    #[error("{path} is another build than the one in the core; names of types in it are missing")]
    FileDiffers {
        /// The file.
        path: String,
    },
    /// A core does not say what was resident; sizes of its segments stand in for that.
    #[error("a core does not say what was resident: sizes of its segments stand in for that")]
    ResidentUnknown,
}

/// Why a core could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The system refused.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Not an ELF file of this machine, or damaged beyond use.
    #[error("{path} {cause}")]
    Elf {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: ElfError,
    },
    /// An ELF file of another kind.
    #[error("{path} is an ELF file, but not a core")]
    NotACore {
        /// The file.
        path: PathBuf,
    },
    /// More memory than the limit given.
    #[error("{path} holds {} of memory; {} of it may be used for what is not zero", in_words(*.bytes), in_words(*.limit))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes in it.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

/// A core as it could be read.
#[derive(Debug)]
pub struct Core {
    /// The bytes. Regions have the sizes of their segments as resident bytes.
    pub image: MemoryImage,
    /// Which pages of writable memory are there.
    pub page_runs: Vec<PageRun>,
    /// Process id.
    pub pid: Option<u32>,
    /// Its threads; the first one is the one that caused the core.
    pub threads: Vec<CoreThread>,
    /// Path of the executable, where the core tells.
    pub executable: Option<String>,
    /// Command line, at most 80 bytes.
    pub command: String,
    /// What is not as it should be.
    pub problems: Vec<CoreProblem>,
}

impl Core {
    /// The modules that were mapped in it.
    #[must_use]
    pub fn modules(&self) -> CoreModules<'_> {
        CoreModules { headers: Headers::new(&self.image) }
    }
}

/// A core's modules: which file is of the build that the core was made of.
pub struct CoreModules<'a> {
    headers: Headers<'a>,
}

impl CoreModules<'_> {
    /// The file behind a mapping.
    ///
    /// # Errors
    /// What `open` says, and [`io::ErrorKind::NotFound`] when the file is another build than the one in the core.
    pub fn open(&self, region: &Region, open: &mut dyn FnMut(&str) -> io::Result<File>) -> io::Result<File> {
        let path = region.path().unwrap_or_default();
        let file = open(path)?;
        if files::is_same_build(&file, &self.headers, path) {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "it is another build than the one in the core"))
        }
    }
}

/// Opens a mapped file by the path it had in the process, for [`read_core`]: a core comes from anywhere, and the paths in
/// it must not make us open a pipe or a device.
///
/// # Errors
/// What the system says, and for everything that is not a regular file.
pub fn open_mapped_file(path: &str) -> io::Result<File> {
    bloathound_bounds::open_regular(Path::new(path))
}

#[cfg(test)]
mod tests;
