//! What can be looked at, behind one opening: a running process, a recorded image, an ELF core, a memory dump or a
//! manhole.

mod core;
mod dump;
mod error;
mod examined;
mod interrupting;
mod kind;
mod live;
mod manhole;
mod recording;
mod traced;

use std::path::Path;
use std::time::Duration;

use bloathound_bounds::Room;
use bloathound_cpython::{Interpreter, describe};
use bloathound_heap::{HeapSnapshot, ObjectId, RootKind, TypeRole};
use bloathound_live::{children, command_line};
use bloathound_memory::Address;
use bloathound_vocabulary::{ChildRecord, TargetKind, TargetRecord};

pub use self::core::{ExaminedCore, open_core, open_core_with};
pub use self::dump::Inside;
pub use self::error::{OpenFileError, SourceError};
pub use self::examined::{CountedTold, ExamineTimings, Examined, examine_image};
use self::kind::{FileKind, kind_of};
pub use self::kind::{SAMPLES, is_inside, is_manhole};
pub use self::live::{ExamineError, ExamineOptions, LiveProcess};
pub use self::manhole::through_manhole;
pub use self::recording::{Reopened, open_recording, reopen};
pub use self::traced::TraceWatch;

/// Something opened: a heap, the memory it was decoded from where there is a copy of that, and what it is of.
#[derive(Debug)]
pub struct Source {
    heap: Heap,
    target: TargetRecord,
}

#[derive(Debug)]
enum Heap {
    /// A copy of the process's memory, decoded.
    Memory(Box<Examined>),
    /// The process's own account: a dump, read from a file or through a manhole.
    Inside(Box<Inside>),
}

impl Source {
    /// Looks at a process, reads a file by what it begins with, or collects through a manhole.
    ///
    /// # Errors
    /// [`SourceError`] for what is none of these, can't be read, or is damaged beyond use.
    pub fn open(target: &str, options: &ExamineOptions) -> Result<Self, SourceError> {
        if let Ok(pid) = target.parse::<u32>() {
            let examined = LiveProcess::open(pid, options.clone())?.examine()?;
            let record = process_record(pid, &examined.interpreter, examined.build_id.clone());
            return Ok(Self::of_memory(examined, record));
        }
        if is_manhole(target) {
            return manhole::open(target, options.peer_trust, memory_limit()).map(Self::of_inside);
        }
        let path = Path::new(target);
        match kind_of(path)? {
            FileKind::Image => {
                let reopened = recording::open_telling(path, memory_limit(), options.counted)?;
                has_heap(target, &reopened.examined)?;
                let record = file_record(TargetKind::Image, target, &reopened.examined);
                let command = Some(reopened.manifest.executable).filter(|name| !name.is_empty());
                let record = TargetRecord { pid: Some(reopened.manifest.pid), command, ..record };
                Ok(Self::of_memory(reopened.examined, record))
            }
            FileKind::Core => {
                let core = open_core(path, memory_limit(), options.exported_symbols_only)?;
                has_heap(target, &core.examined)?;
                let record = file_record(TargetKind::Core, target, &core.examined);
                let command = Some(core.command.trim().to_owned()).filter(|command| !command.is_empty());
                Ok(Self::of_memory(core.examined, TargetRecord { pid: core.pid, command, ..record }))
            }
            FileKind::Dump => dump::open(target, memory_limit()).map(Self::of_inside),
        }
    }

    /// A copy that was decoded already.
    #[must_use]
    pub fn of_memory(examined: Examined, target: TargetRecord) -> Self {
        Self { heap: Heap::Memory(Box::new(examined)), target }
    }

    fn of_inside((inside, target): (Inside, TargetRecord)) -> Self {
        Self { heap: Heap::Inside(Box::new(inside)), target }
    }

    /// What it is of.
    #[must_use]
    pub fn target(&self) -> &TargetRecord {
        &self.target
    }

    /// True for a heap as the process itself told it.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        matches!(self.heap, Heap::Inside(_))
    }

    /// The heap of it, without what it is of.
    #[must_use]
    pub fn heap(&self) -> HeapSource<'_> {
        match &self.heap {
            Heap::Memory(examined) => HeapSource::from(&**examined),
            Heap::Inside(inside) => {
                HeapSource { snapshot: &inside.snapshot, problems: &inside.problems, decode: inside.took, memory: None }
            }
        }
    }
}

/// A heap, whatever it came from.
#[derive(Clone, Copy, Debug)]
pub struct HeapSource<'a> {
    /// The heap.
    pub snapshot: &'a HeapSnapshot,
    /// What could not be read or does not agree.
    pub problems: &'a [String],
    /// How long decoding took.
    pub decode: Duration,
    /// The copied memory; `None` where nobody looked from outside.
    pub memory: Option<&'a Examined>,
}

impl<'a> From<&'a Examined> for HeapSource<'a> {
    fn from(examined: &'a Examined) -> Self {
        Self {
            snapshot: &examined.snapshot,
            problems: &examined.problems,
            decode: examined.timings.decode,
            memory: Some(examined),
        }
    }
}

impl HeapSource<'_> {
    /// A string's content in quotes, a number's digits, the name of a class, function or module; at most `max`
    /// characters of it.
    #[must_use]
    pub fn text(&self, id: ObjectId, max: usize) -> Option<String> {
        let snapshot = self.snapshot;
        if let Some(memory) = self.memory {
            return describe(&memory.image, &memory.interpreter, Address(snapshot.object(id).address), max);
        }
        let name = match snapshot.role(id) {
            TypeRole::Class | TypeRole::OldClass => {
                snapshot.types().iter().find(|info| info.object == Some(id)).map(|info| &*info.name)
            }
            TypeRole::Module => {
                let is_it = |root: &&bloathound_heap::Root| root.object == id && root.kind == RootKind::Module;
                snapshot.roots().iter().find(is_it).and_then(|root| Some(snapshot.name(root.name?)))
            }
            _ => snapshot.text(id),
        };
        let text = name?;
        let cut: String = text.chars().take(max).collect();
        let end = if cut.len() < text.len() { "…" } else { "" };
        Some(match snapshot.type_of(id).name.as_str() {
            "str" => format!("'{cut}{end}'"),
            "unicode" => format!("u'{cut}{end}'"),
            _ => format!("{cut}{end}"),
        })
    }
}

/// A process, as records name it.
#[must_use]
pub fn process_record(pid: u32, interpreter: &Interpreter, build_id: Option<String>) -> TargetRecord {
    let command = command_line(pid);
    TargetRecord {
        kind: TargetKind::Process,
        pid: Some(pid),
        file: None,
        command,
        python: Some(interpreter.version().to_owned()),
        unicode: interpreter.text_width(),
        build_id,
        children: children(pid).into_iter().map(|(pid, command)| ChildRecord { pid, command }).collect(),
        not_seen: Vec::new(),
    }
}

pub(crate) fn file_record(kind: TargetKind, file: &str, examined: &Examined) -> TargetRecord {
    TargetRecord {
        kind,
        pid: None,
        file: Some(file.to_owned()),
        command: None,
        python: Some(examined.interpreter.version().to_owned()),
        unicode: examined.interpreter.text_width(),
        build_id: examined.build_id.clone(),
        children: Vec::new(),
        not_seen: Vec::new(),
    }
}

/// A file may lack so much that nothing is left to be told.
fn has_heap(target: &str, examined: &Examined) -> Result<(), SourceError> {
    if !examined.snapshot.is_empty() {
        return Ok(());
    }
    Err(SourceError::NoHeap { target: target.to_owned(), problems: examined.problems.clone() })
}

/// Bytes of memory that may still be used, on this machine and in our memory group: a file may not make us use more.
#[must_use]
pub fn memory_limit() -> u64 {
    Room::now().usable()
}
