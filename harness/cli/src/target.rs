//! TARGET on the command line: a process id, a recorded image or an ELF core.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bloathound_driver::examine::{Examined, Target};
use bloathound_driver::recording::{OpenFileError, open_core, open_recording};
use bloathound_driver::samples::SAMPLES;
use bloathound_memory::{CoreError, ElfError, RecordError, SealedError};
use bloathound_report::json::{TargetKind, TargetRecord};

use crate::args::LookArguments;
use crate::commands::inspect;
use crate::error::CliError;

/// What a file begins with.
enum FileKind {
    Image,
    Core,
}

/// Looks at a process, or reads a file by what it begins with.
///
/// # Errors
/// With exit code 2 for a file that is neither or damaged beyond use, 3 for what this machine or tool can't read.
pub(crate) fn open(target: &str, look: &LookArguments) -> Result<(Examined, TargetRecord), CliError> {
    if let Ok(pid) = target.parse::<u32>() {
        let mut live = Target::open(pid, inspect::options(look))?;
        let examined = live.examine()?;
        let record = inspect::target_record(pid, &examined.interpreter, examined.build_id.clone());
        return Ok((examined, record));
    }
    let path = Path::new(target);
    match kind_of(path)? {
        FileKind::Image => {
            let reopened = open_recording(path, memory_limit()).map_err(explain)?;
            has_heap(target, &reopened.examined)?;
            let record = file_record(TargetKind::Image, target, &reopened.examined);
            let command = Some(reopened.manifest.executable).filter(|name| !name.is_empty());
            Ok((reopened.examined, TargetRecord { pid: Some(reopened.manifest.pid), command, ..record }))
        }
        FileKind::Core => {
            let core = open_core(path, memory_limit(), look.exported_symbols_only).map_err(explain)?;
            has_heap(target, &core.examined)?;
            let record = file_record(TargetKind::Core, target, &core.examined);
            let command = Some(core.command.trim().to_owned()).filter(|command| !command.is_empty());
            Ok((core.examined, TargetRecord { pid: core.pid, command, ..record }))
        }
    }
}

/// A file may lack so much that nothing is left to be told.
fn has_heap(target: &str, examined: &Examined) -> Result<(), CliError> {
    if !examined.snapshot.is_empty() {
        return Ok(());
    }
    let why = examined.problems.join("\n  ");
    Err(CliError::Usage(format!("{target}: nothing of the heap is in this file\n  {why}")))
}

fn file_record(kind: TargetKind, file: &str, examined: &Examined) -> TargetRecord {
    TargetRecord {
        kind,
        pid: None,
        file: Some(file.to_owned()),
        command: None,
        python: Some("2.7".into()),
        unicode: Some(format!("UCS{}", examined.interpreter.unicode.bytes())),
        build_id: examined.build_id.clone(),
    }
}

fn kind_of(path: &Path) -> Result<FileKind, CliError> {
    let neither = |what: &str| {
        CliError::Usage(format!("{}: {what}; meant a process id, a recorded image or an ELF core", path.display()))
    };
    let facts = std::fs::metadata(path).map_err(|error| neither(&error.to_string()))?;
    // A pipe or a device would be waited for.
    if !facts.is_file() {
        return Err(neither("not a regular file"));
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(8).read_to_end(&mut start))
        .map_err(|error| neither(&error.to_string()))?;
    match start.as_slice() {
        b"BLTHOUND" => Ok(FileKind::Image),
        [0x7f, b'E', b'L', b'F', ..] => Ok(FileKind::Core),
        start if start == SAMPLES.magic => {
            let path = path.display();
            Err(CliError::Usage(format!(
                "{path}: these are samples, no memory: judge them with `bloathound hot {path}`"
            )))
        }
        _ => Err(neither("neither of these by what it begins with")),
    }
}

/// A file may not make us use more memory than there is.
pub(crate) fn memory_limit() -> u64 {
    let memory = sysinfo::MemoryRefreshKind::nothing().with_ram();
    let system = sysinfo::System::new_with_specifics(sysinfo::RefreshKind::nothing().with_memory(memory));
    system.map_or(8 << 30, |system| system.total_memory())
}

/// The error of a file of samples, and what the user can do about it.
pub(crate) fn explain_samples(error: SealedError) -> CliError {
    let text = error.to_string();
    match error {
        SealedError::OtherVersion { .. } => {
            CliError::NotHere(format!("{text}\n  use the release of bloathound that wrote it"))
        }
        SealedError::Damaged { .. } => {
            CliError::Usage(format!("{text}\n  take it again with `bloathound hot PID --record FILE`"))
        }
        SealedError::OtherKind { .. } => {
            CliError::Usage(format!("{text}\n  `bloathound inspect` reads recorded images and ELF cores"))
        }
        SealedError::Io { .. } => CliError::Usage(text),
    }
}

/// The error, and what the user can do about it.
pub(crate) fn explain(error: OpenFileError) -> CliError {
    let text = error.to_string();
    match &error {
        OpenFileError::Recording(RecordError::TooLarge { .. }) | OpenFileError::Core(CoreError::TooLarge { .. }) => {
            CliError::NotHere(format!("{text}\n  read it on a machine with more memory"))
        }
        OpenFileError::Recording(RecordError::OtherVersion { .. }) => {
            CliError::NotHere(format!("{text}\n  use the release of bloathound that wrote it"))
        }
        OpenFileError::Recording(RecordError::BadBase { .. }) => CliError::Usage(format!(
            "{text}\n  images of one run belong together in one folder: put them side by side, as `run --record` wrote them"
        )),
        OpenFileError::Recording(_) | OpenFileError::NoFacts { .. } => CliError::Usage(format!(
            "{text}\n  the file is damaged: take it again with `bloathound capture PID -o FILE`"
        )),
        OpenFileError::Core(CoreError::Elf { cause: ElfError::OtherMachine(_), .. }) => {
            CliError::NotHere(format!("{text}\n  bloathound reads CPython 2.7 (64-bit x86, release builds)"))
        }
        OpenFileError::Core(_) => {
            CliError::Usage(format!("{text}\n  the file is damaged or no core: take it again with `gcore PID`"))
        }
        OpenFileError::Interpreter { .. } => CliError::NotHere(format!(
            "{text}\n  bloathound reads cores of CPython 2.7 (64-bit, release builds); the interpreter's own files must be\n  on this machine at the paths they had, and of the same build"
        )),
        OpenFileError::Layout { problems, .. } => {
            let lacks: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            CliError::NotHere(format!(
                "{text}{lacks}\n  the core may lack memory: take it with `gcore PID`, or write 0x3f to /proc/PID/coredump_filter and\n  lift `ulimit -c` before the crash"
            ))
        }
    }
}
