//! ELF cores read and decoded.

use std::fs::File;
use std::io;
use std::path::Path;

use bloathound_cpython::{Interpreter, exported_only, find_interpreter_in_core};
use bloathound_live::Mapping;
use bloathound_memory::{Core, CoreProblem, MemorySource, open_mapped_file, read_core};

use super::error::OpenFileError;
use super::examined::{Examined, examine_image, room_to_analyse};

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
    room_to_analyse(&core.image, &interpreter).map_err(|(needed, room)| OpenFileError::NoRoom {
        path: name(),
        needed,
        room,
    })?;
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
