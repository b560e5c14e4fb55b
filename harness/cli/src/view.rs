//! What the commands work on: a heap, and the memory it was decoded from where there is a copy of that.

use std::time::Duration;

use bloathound_cpython::describe;
use bloathound_engine::examine::Examined;
use bloathound_heap::{HeapSnapshot, ObjectId, RootKind};
use bloathound_memory::Address;

/// Where a heap came from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A copy of the process's memory, decoded.
    Memory(Box<Examined>),
    /// The process's own account: a dump, read from a file or through a manhole.
    Inside(Box<Inside>),
}

/// A heap as the process itself told it.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) snapshot: HeapSnapshot,
    pub(crate) problems: Vec<String>,
    /// Reading and decoding it.
    pub(crate) took: Duration,
}

impl Source {
    /// What commands see of it.
    pub(crate) fn view(&self) -> HeapView<'_> {
        match self {
            Self::Memory(examined) => HeapView::from(&**examined),
            Self::Inside(inside) => {
                HeapView { snapshot: &inside.snapshot, problems: &inside.problems, decode: inside.took, memory: None }
            }
        }
    }
}

/// A heap, whatever it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeapView<'a> {
    pub(crate) snapshot: &'a HeapSnapshot,
    /// What could not be read or does not agree.
    pub(crate) problems: &'a [String],
    pub(crate) decode: Duration,
    /// The copied memory; `None` where nobody looked from outside.
    pub(crate) memory: Option<&'a Examined>,
}

impl<'a> From<&'a Examined> for HeapView<'a> {
    fn from(examined: &'a Examined) -> Self {
        Self {
            snapshot: &examined.snapshot,
            problems: &examined.problems,
            decode: examined.timings.decode,
            memory: Some(examined),
        }
    }
}

impl HeapView<'_> {
    /// A string's content in quotes, a number's digits, the name of a class, function or module.
    pub(crate) fn text(&self, id: ObjectId, max: usize) -> Option<String> {
        let snapshot = self.snapshot;
        if let Some(memory) = self.memory {
            return describe(&memory.image, &memory.interpreter, Address(snapshot.object(id).address), max);
        }
        let name = match snapshot.type_of(id).name.as_str() {
            "type" | "classobj" => snapshot.types().iter().find(|info| info.object == Some(id)).map(|info| &*info.name),
            "module" => {
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
