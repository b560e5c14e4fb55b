//! TARGET on the command line: a process id, a recorded image, an ELF core, a memory dump or a manhole.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use bloathound_driver::examine::{Examined, Target};
use bloathound_driver::kit::{Dump, ManholeAddress, ManholeSession};
use bloathound_driver::recording::{OpenFileError, open_core, open_recording};
use bloathound_driver::samples::SAMPLES;
use bloathound_memory::{CoreError, ElfError, RecordError, SealedError};
use bloathound_report::json::{TargetKind, TargetRecord};

use crate::args::LookArguments;
use crate::commands::inspect;
use crate::error::CliError;
use crate::view::{Inside, Source};

/// What a file begins with.
enum FileKind {
    Image,
    Core,
    Dump,
}

/// What stands before the address of a manhole.
const MANHOLE: &str = "manhole:";
/// Longest wait for a manhole's next bytes.
const MANHOLE_PATIENCE: Duration = Duration::from_secs(60);

/// Looks at a process, reads a file by what it begins with, or collects through a manhole.
///
/// # Errors
/// With exit code 2 for a file that is none of these or damaged beyond use, 3 for what this machine or tool can't read.
pub(crate) fn open(target: &str, look: &LookArguments) -> Result<(Source, TargetRecord), CliError> {
    if let Ok(pid) = target.parse::<u32>() {
        let mut live = Target::open(pid, inspect::options(look))?;
        let examined = live.examine()?;
        let record = inspect::target_record(pid, &examined.interpreter, examined.build_id.clone());
        return Ok((memory(examined), record));
    }
    if is_manhole(target) {
        let started = Instant::now();
        let (dump, pid) = through_manhole(target, None)?;
        return inside(target, TargetKind::Manhole, pid, &dump, started);
    }
    let path = Path::new(target);
    match kind_of(path)? {
        FileKind::Image => {
            let reopened = open_recording(path, memory_limit()).map_err(explain)?;
            has_heap(target, &reopened.examined)?;
            let record = file_record(TargetKind::Image, target, &reopened.examined);
            let command = Some(reopened.manifest.executable).filter(|name| !name.is_empty());
            Ok((memory(reopened.examined), TargetRecord { pid: Some(reopened.manifest.pid), command, ..record }))
        }
        FileKind::Core => {
            let core = open_core(path, memory_limit(), look.exported_symbols_only).map_err(explain)?;
            has_heap(target, &core.examined)?;
            let record = file_record(TargetKind::Core, target, &core.examined);
            let command = Some(core.command.trim().to_owned()).filter(|command| !command.is_empty());
            Ok((memory(core.examined), TargetRecord { pid: core.pid, command, ..record }))
        }
        FileKind::Dump => {
            let started = Instant::now();
            let dump = Dump::open(path, memory_limit())?;
            inside(target, TargetKind::Dump, None, &dump, started)
        }
    }
}

fn memory(examined: Examined) -> Source {
    Source::Memory(Box::new(examined))
}

/// True for `manhole:…`.
pub(crate) fn is_manhole(target: &str) -> bool {
    target.starts_with(MANHOLE)
}

/// True for what a process tells of itself: a manhole, or a dump's file.
pub(crate) fn is_inside(target: &str) -> bool {
    is_manhole(target) || matches!(kind_of(Path::new(target)), Ok(FileKind::Dump))
}

/// Logs in, collects, and leaves the manhole as it was. `copy` gets the dump's text as it comes. With the process at
/// the other end, as far as the kernel says.
pub(crate) fn through_manhole(
    target: &str,
    copy: Option<&mut dyn std::io::Write>,
) -> Result<(Dump, Option<u32>), CliError> {
    let address = ManholeAddress::parse(target.strip_prefix(MANHOLE).unwrap_or(target))?;
    let mut session = ManholeSession::open(&address, MANHOLE_PATIENCE)?;
    let dump = session.client().collect_to(copy, memory_limit())?;
    let pid = session.client().peer().and_then(|pid| u32::try_from(pid).ok());
    session.close()?;
    Ok((dump, pid))
}

/// A dump as a source. `pid` where something better than the dump's own word is known.
fn inside(
    target: &str,
    kind: TargetKind,
    pid: Option<u32>,
    dump: &Dump,
    started: Instant,
) -> Result<(Source, TargetRecord), CliError> {
    if dump.is_empty() {
        return Err(CliError::Usage(format!("{target}: no object is in this dump")));
    }
    let mut problems = Vec::new();
    if dump.torn {
        problems.push(
            "the dump is torn: its last line is missing, because the process ended or the disk was full; what came \
             before is taken for the whole"
                .to_owned(),
        );
    }
    let record = TargetRecord {
        kind,
        pid: pid.or(u32::try_from(dump.facts.pid).ok()),
        file: Some(target.to_owned()),
        command: Some(dump.facts.service.clone()).filter(|name| !name.is_empty()),
        python: dump.facts.python.clone(),
        unicode: None,
        build_id: None,
        not_seen: NOT_SEEN.map(str::to_owned).to_vec(),
    };
    let snapshot = dump.snapshot();
    Ok((Source::Inside(Box::new(Inside { snapshot, problems, took: started.elapsed() })), record))
}

/// What a process can't tell of itself by `gc` and `sys`.
const NOT_SEEN: [&str; 5] = [
    "resident memory, arenas and the C heap, so no fragmentation",
    "stacks",
    "what only C code refers to",
    "names of fields of C types (`(tuple)` is a reference to a tuple)",
    "texts of strings, unless the dump was asked for `reprs`",
];

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
        not_seen: Vec::new(),
    }
}

/// What a dump begins with (`reference-services/diagnostics/collector.py`).
const DUMP: &[u8] = b"[\"bloathound-dump\"";

fn kind_of(path: &Path) -> Result<FileKind, CliError> {
    let neither = |what: &str| {
        CliError::Usage(format!(
            "{}: {what}; meant a process id, a recorded image, an ELF core, a memory dump or manhole:ADDRESS",
            path.display()
        ))
    };
    let facts = std::fs::metadata(path).map_err(|error| neither(&error.to_string()))?;
    // A pipe or a device would be waited for.
    if !facts.is_file() {
        return Err(neither("not a regular file"));
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(DUMP.len() as u64).read_to_end(&mut start))
        .map_err(|error| neither(&error.to_string()))?;
    match start.as_slice() {
        [b'B', b'L', b'T', b'H', b'O', b'U', b'N', b'D', ..] => Ok(FileKind::Image),
        DUMP => Ok(FileKind::Dump),
        [0x7f, b'E', b'L', b'F', ..] => Ok(FileKind::Core),
        start if start.starts_with(&SAMPLES.magic) => {
            let path = path.display();
            Err(CliError::Usage(format!(
                "{path}: these are samples, no memory: judge them with `bloathound hot {path}`"
            )))
        }
        _ => Err(neither("none of these by what it begins with")),
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
