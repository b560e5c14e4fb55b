//! Tasks of event loops that are not done: what each runs, and where that waits.

use std::sync::Arc;

use bloathound_heap::{HeapSnapshot, ObjectId};
use bloathound_memory::{Address, MemoryImage};
use bloathound_profile::{Code, CodeId, ValueKind};
use bloathound_vocabulary::TaskState;

use super::dicts::Dict;
use super::memory::Memory;
use super::types::TypeInfo;
use super::values::Values;
use super::{FrameReader, FrameTarget, READS_PER_WALK_MAX};
use crate::Interpreter;
use crate::dialect::{TaskClass, TaskObject, Tasks as Layouts};

/// Bytes of a name that are read.
const NAME_BYTES_MAX: usize = 400;
/// Classes from a task's own to the one of the standard library.
const BASES_MAX: usize = 64;
/// Entries of a class's dict that are looked at for its module.
const CLASS_ENTRIES_MAX: usize = 512;

/// A task that is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// The task.
    pub object: ObjectId,
    /// What it is called; `None` where that can't be read.
    pub name: Option<String>,
    /// Its coroutine's qualified name, or the type of what it runs in place of one.
    pub coroutine: String,
    /// What it does.
    pub state: TaskState,
    /// Code and line of each call that waits, the one that was begun first in front.
    pub calls: Vec<(CodeId, u32)>,
    /// The type of what it waits for in the end; `None` where it waits for nothing.
    pub waits_for: Option<String>,
}

/// All of a heap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tasks {
    /// In the order of the heap's objects.
    pub tasks: Vec<Task>,
    /// What [`Task::calls`] refer to.
    pub codes: Vec<Code>,
}

impl Tasks {
    /// Those of a copy; `None` for a series without such tasks, or whose calls can't be read.
    #[must_use]
    pub fn of(image: &MemoryImage, interpreter: &Interpreter, snapshot: &HeapSnapshot) -> Option<Self> {
        let layouts = interpreter.dialect.tasks?;
        super::can_be_read(interpreter.dialect).ok()?;
        let mut reader = FrameReader::new(FrameTarget::from(interpreter));
        let kept: Vec<Option<Kept>> = snapshot
            .types()
            .iter()
            .map(|info| {
                let type_at = Address(snapshot.object(info.object?).address);
                Kept::by(&Memory::new(image, interpreter.dialect), &mut reader.values, type_at, &layouts)
            })
            .collect();
        let mut found = Self::default();
        if kept.iter().all(Option::is_none) {
            return Some(found);
        }
        // A coroutine is waited for by one other: in a sound heap no more calls wait than there are objects.
        let mut calls_left = snapshot.len();
        for id in snapshot.ids() {
            let Some(kept) = kept.get(snapshot.type_id(id).0 as usize).copied().flatten() else { continue };
            let at = Address(snapshot.object(id).address);
            if let Some(task) = reader.task(image, (id, at), kept, &layouts, calls_left > 0) {
                calls_left = calls_left.saturating_sub(task.calls.len());
                found.tasks.push(task);
            }
        }
        found.codes = reader.codes.described;
        Some(found)
    }
}

/// How tasks of a type keep what is told of them.
#[derive(Clone, Copy, Debug)]
enum Kept {
    InC(&'static TaskObject),
    InPython(TaskClass),
}

/// Where the parts of one task are.
struct Parts {
    is_pending: bool,
    coroutine: Address,
    called: Option<Address>,
    waits_for: Option<Address>,
}

impl Kept {
    /// Of a type whose objects are tasks: by itself, or by the class that it derives from.
    fn by(memory: &Memory<'_>, values: &mut Values, type_at: Address, layouts: &Layouts) -> Option<Self> {
        let d = memory.d;
        let mut at = type_at;
        for _ in 0..BASES_MAX {
            let info = values.types.get(memory, at)?;
            let is_it = |row: &&TaskObject| row.name == &*info.name && row.bytes == info.c_bytes && !info.is_class;
            if let Some(row) = layouts.of_c.iter().find(is_it) {
                return Some(Self::InC(row));
            }
            if is_class_of(memory, &info, &layouts.class) {
                return Some(Self::InPython(layouts.class));
            }
            at = memory.pointer(at.offset(d.type_object.tp_base)).filter(|base| !base.is_null())?;
        }
        None
    }

    fn parts(self, memory: &Memory<'_>, values: &mut Values, at: Address) -> Option<Parts> {
        match self {
            Self::InC(row) => {
                let state = memory.block(at.offset(row.state)).map(u32::from_le_bytes)?;
                let part = |offset| memory.pointer(at.offset(offset)).filter(|part| !part.is_null());
                Some(Parts {
                    is_pending: state == row.state_pending,
                    coroutine: part(row.coroutine)?,
                    called: part(row.called),
                    waits_for: part(row.waits_for),
                })
            }
            Self::InPython(class) => {
                // Its own only once it is another than that of its class.
                let state = values.attribute_named(memory, at, class.state);
                let is_pending = |at| memory.text(at, NAME_BYTES_MAX).as_deref() == Some(class.state_pending);
                Some(Parts {
                    is_pending: state.is_none_or(is_pending),
                    coroutine: values.attribute_named(memory, at, class.coroutine)?,
                    called: values.attribute_named(memory, at, class.called),
                    waits_for: values.attribute_named(memory, at, class.waits_for),
                })
            }
        }
    }
}

/// True for the class in Python: others may have its name.
fn is_class_of(memory: &Memory<'_>, info: &TypeInfo, class: &TaskClass) -> bool {
    let module = || {
        let dict = Dict::read(memory, memory.pointer(info.at.offset(memory.d.type_object.tp_dict))?)?;
        let is_it = |key: &Address| memory.text(*key, NAME_BYTES_MAX).as_deref() == Some(class.module_key);
        let (_, module) = dict.entries(memory, CLASS_ENTRIES_MAX).into_iter().find(|(key, _)| is_it(key))?;
        memory.text(module, NAME_BYTES_MAX)
    };
    info.is_class && &*info.name == class.name && module().as_deref() == Some(class.module)
}

impl FrameReader {
    /// The task at an address, where it is not done. `with_calls` is false where enough were followed.
    fn task(
        &mut self,
        image: &MemoryImage,
        (object, at): (ObjectId, Address),
        kept: Kept,
        layouts: &Layouts,
        with_calls: bool,
    ) -> Option<Task> {
        let d = self.target.dialect;
        let memory = Memory::new(image, d);
        memory.set_budget(READS_PER_WALK_MAX);
        let parts = kept.parts(&memory, &mut self.values, at).filter(|parts| parts.is_pending)?;
        let is_call = |values: &mut Values| {
            values.object(&memory, parts.coroutine).filter(|found| found.info.kind == super::types::Kind::Generator)
        };
        let qualified = is_call(&mut self.values).and_then(|_| {
            let name = memory.pointer(parts.coroutine.offset(d.generator.gi_qualname))?;
            memory.text(name, NAME_BYTES_MAX)
        });
        let coroutine = qualified.or_else(|| self.type_of(&memory, parts.coroutine)).unwrap_or_else(|| "?".into());
        let name = parts.called.and_then(|called| self.called(&memory, called, layouts));
        let waits_for = parts.waits_for.and_then(|future| self.type_of(&memory, future));
        let waits_for = waits_for.filter(|name| d.types.singled_out(name).is_none());
        let chain = if with_calls { self.suspended(image, parts.coroutine) } else { None };
        let state = match &chain {
            Some(chain) if !chain.is_begun => TaskState::NotBegun,
            Some(chain) if chain.is_running => TaskState::Runs,
            _ => TaskState::Waits,
        };
        let calls = chain.map(|chain| chain.calls).unwrap_or_default();
        Some(Task { object, name, coroutine, state, calls, waits_for })
    }

    /// What a task is called: text, or its number.
    fn called(&mut self, memory: &Memory<'_>, at: Address, layouts: &Layouts) -> Option<String> {
        let value = self.values.shallow(memory, at)?;
        match value.kind {
            ValueKind::Int | ValueKind::Long => value.number.map(|number| format!("{}{number:.0}", layouts.unnamed)),
            _ => memory.text(at, NAME_BYTES_MAX),
        }
    }

    fn type_of(&mut self, memory: &Memory<'_>, at: Address) -> Option<String> {
        let info: Arc<TypeInfo> = self.values.object(memory, at)?.info;
        Some(info.name.to_string())
    }
}
