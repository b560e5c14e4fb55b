//! Examined processes to recorded images and back, and ELF cores to examined processes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bloathound_cpython::allocator::MemoryLayout;
use bloathound_cpython::{
    Interpreter, InterpreterError, LocateError, Needed, Redaction, exported_only, find_interpreter_in_core,
};
use bloathound_detect::telling_path_bytes;
use bloathound_live::Mapping;
use bloathound_memory::{
    Address, Base, Core, CoreError, CoreProblem, Effort, Manifest, MemorySource, ReadRecording, RecordError, Recording,
    Region, RegionKind, SymbolTable, WriteOptions, WrittenRecording, open_mapped_file, read_core, read_recording,
    write_recording,
};

use crate::examine::{Examined, examine_image, facts};

/// What a recording's manifest says beyond what the copy itself tells.
#[derive(Clone, Debug, Default)]
pub struct RecordOptions {
    /// Name and version of the tool.
    pub tool: String,
    /// The process.
    pub pid: u32,
    /// Replace the contents of strings and the folders of paths.
    pub redact: bool,
    /// How hard to compress.
    pub effort: Effort,
    /// An image of the same process in the same folder that this one may build on.
    pub base: Option<PathBuf>,
}

/// Why a file could not be turned into an examined process.
#[derive(Debug, thiserror::Error)]
pub enum OpenFileError {
    /// It is no recorded image, or damaged beyond use.
    #[error(transparent)]
    Recording(#[from] RecordError),
    /// A recorded image whose manifest lacks what the decoder needs.
    #[error("{path}: the manifest does not say where the interpreter's data is")]
    NoFacts {
        /// The file.
        path: String,
    },
    /// It is no core, or damaged beyond use.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// No CPython 2.7 in the core.
    #[error("{path}: {source}")]
    Interpreter {
        /// The core.
        path: String,
        /// What was found instead.
        #[source]
        source: InterpreterError,
    },
    /// An interpreter whose data is not as it must be, or not in the core.
    #[error("{path}: {source}")]
    Layout {
        /// The core.
        path: String,
        /// What is not as it must be.
        #[source]
        source: LocateError,
        /// What the core lacks.
        problems: Vec<CoreProblem>,
    },
}

/// A recorded image, decoded again.
#[derive(Debug)]
pub struct Reopened {
    /// What is in it; damage is among its problems.
    pub examined: Examined,
    /// What it is of.
    pub manifest: Manifest,
}

/// An ELF core, decoded.
#[derive(Debug)]
pub struct ExaminedCore {
    /// What is in it; what is missing is among its problems.
    pub examined: Examined,
    /// The process it was.
    pub pid: Option<u32>,
    /// Its command line, at most 80 bytes.
    pub command: String,
    /// Release of the interpreter, where it could be read.
    pub version: Option<String>,
}

/// Writes what was examined to `path`, whole or not at all, readable by its owner only. Words that no analysis reads are
/// zero in it ([`Needed`]).
///
/// # Errors
/// [`RecordError::Io`].
pub fn record(
    path: &Path,
    examined: &mut Examined,
    symbols: &SymbolTable,
    options: &RecordOptions,
) -> Result<WrittenRecording, RecordError> {
    let mut redaction = options
        .redact
        .then(|| Redaction::plan(&examined.image, &examined.interpreter, &examined.snapshot, &telling_path_bytes));
    let needed = needed(examined, &symbols.data_ranges);
    let manifest = Manifest {
        tool: options.tool.clone(),
        kernel: kernel_release(),
        // The folders are nobody's business, and nothing needs them.
        executable: base_name(&examined.executable).to_owned(),
        pid: options.pid,
        redacted: options.redact,
        interpreter: facts(examined),
        facts: BTreeMap::from([("needed_bytes".to_owned(), needed.bytes().to_string())]),
    };
    let symbols = SymbolTable {
        path: base_name(&symbols.path).to_owned(),
        build_id: examined.build_id.clone().or_else(|| symbols.build_id.clone()),
        version: symbols.version.clone(),
        load_bias: symbols.load_bias,
        has_local_symbols: symbols.has_local_symbols,
        data_ranges: symbols.data_ranges.clone(),
        // The facts say where everything is that was looked for by name.
        ..SymbolTable::default()
    };
    let mut image = std::mem::take(&mut examined.image);
    if options.redact {
        image.map_regions(without_folders);
    }
    let mut recording = Recording { manifest, symbols, page_runs: std::mem::take(&mut examined.page_runs), image };
    let mut scrub = |place: usize, bytes: &mut [u8]| {
        needed.clear_rest(place, bytes);
        if let Some(redaction) = &mut redaction {
            redaction.apply(place, bytes);
        }
    };
    // One that can't be read is not built on: the image then stands alone.
    let base = options.base.as_ref().and_then(|base| Base::read(base, u64::MAX).ok());
    let how = WriteOptions { transform: Some(&mut scrub), base: base.as_ref(), effort: options.effort };
    let written = write_recording(path, &recording, how);
    examined.image = std::mem::take(&mut recording.image);
    examined.page_runs = recording.page_runs;
    written
}

fn needed(examined: &Examined, data_ranges: &[Range<Address>]) -> Needed {
    let Examined { image, interpreter, snapshot, .. } = examined;
    let layout = examined.pools.clone().map(|pools| MemoryLayout::new(image, interpreter, snapshot, pools, Vec::new()));
    Needed::of(image, interpreter, snapshot, layout.as_ref(), data_ranges)
}

/// Reads a recorded image of at most `limit` bytes of memory and decodes it.
///
/// # Errors
/// [`OpenFileError`] when nothing can be made of it. Damage that leaves the rest usable is a problem in the result.
pub fn open_recording(path: &Path, limit: u64) -> Result<Reopened, OpenFileError> {
    reopen(read_recording(path, limit)?, path)
}

/// Decodes a recorded image that was read already; `path` is for messages.
///
/// # Errors
/// [`OpenFileError::NoFacts`].
pub fn reopen(read: ReadRecording, path: &Path) -> Result<Reopened, OpenFileError> {
    let recording = read.recording;
    let interpreter = Interpreter::from_facts(&recording.manifest.interpreter)
        .ok_or_else(|| OpenFileError::NoFacts { path: path.display().to_string() })?;
    let mappings = recording.image.regions().iter().cloned().map(Mapping::new).collect();
    let mut examined = examine_image(recording.image, interpreter, &recording.symbols.data_ranges);
    examined.mappings = mappings;
    examined.page_runs = recording.page_runs;
    examined.executable.clone_from(&recording.manifest.executable);
    examined.build_id = recording.symbols.build_id;
    examined.problems.extend(read.problems.iter().map(ToString::to_string));
    if recording.manifest.redacted {
        examined.problems.push("the image is redacted: contents of strings were replaced".into());
    }
    Ok(Reopened { examined, manifest: recording.manifest })
}

/// Reads an ELF core of at most `limit` bytes of memory and decodes it.
///
/// # Errors
/// [`OpenFileError`] when nothing can be made of it. Missing parts that leave the rest usable are problems in the result.
pub fn open_core(path: &Path, limit: u64, exported_symbols_only: bool) -> Result<ExaminedCore, OpenFileError> {
    open_core_with(path, limit, exported_symbols_only, &mut open_mapped_file)
}

/// The same; `open` opens the files that were mapped, by the paths they had.
///
/// # Errors
/// As [`open_core`].
pub fn open_core_with(
    path: &Path,
    limit: u64,
    exported_symbols_only: bool,
    open: &mut dyn FnMut(&str) -> io::Result<File>,
) -> Result<ExaminedCore, OpenFileError> {
    let name = || path.display().to_string();
    let core: Core = read_core(path, limit, open)?;
    let mut symbols =
        find_interpreter_in_core(&core, open).map_err(|source| OpenFileError::Interpreter { path: name(), source })?;
    if exported_symbols_only {
        symbols = exported_only(symbols);
    }
    let interpreter = Interpreter::locate(&core.image, &symbols).map_err(|source| {
        let lacks = |problem: &&CoreProblem| **problem != CoreProblem::ResidentUnknown;
        let problems = core.problems.iter().filter(lacks).cloned().collect();
        OpenFileError::Layout { path: name(), source, problems }
    })?;
    let mappings = core.image.regions().iter().cloned().map(Mapping::new).collect();
    let is_collecting = interpreter.is_collecting(&core.image);
    let mut examined = examine_image(core.image, interpreter, &symbols.data_ranges);
    examined.mappings = mappings;
    examined.page_runs = core.page_runs;
    examined.executable = core.executable.unwrap_or_default();
    examined.build_id = symbols.build_id;
    examined.problems.extend(core.problems.iter().map(ToString::to_string));
    if is_collecting {
        examined.problems.push("a collection was running: its lists are incomplete".into());
    }
    Ok(ExaminedCore { examined, pid: core.pid, command: core.command, version: symbols.version })
}

/// Release of the kernel that runs here.
pub(crate) fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn without_folders(region: &mut Region) {
    if let RegionKind::File { path, .. } = &mut region.kind {
        *path = base_name(path).to_owned();
    }
}
