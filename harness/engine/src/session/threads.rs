//! The interpreter's threads: which the kernel knows them as, what the program calls them, where they are.

use std::collections::{BTreeMap, BTreeSet};

use bloathound_cpython::dialect::ThreadNames;
use bloathound_cpython::frames::{FrameReader, FrameTarget, PythonThread, StackRead, kernel_ids_of};
use bloathound_heap::{HeapSnapshot, Names, ObjectId, ReferenceKind, ReferenceLabel, RootKind};
use bloathound_vocabulary::{FrameRecord, ThreadRecord};

use crate::source::{Examined, HeapSource};

/// Characters of a thread's name that are told.
const NAME_MAX: usize = 60;

/// The threads with their stacks, from the copy; `None` where they were not found.
pub(super) fn threads(heap: &HeapSource<'_>, examined: &Examined, names: &Names<'_>) -> Option<Vec<ThreadRecord>> {
    let interpreter = &examined.interpreter;
    let mut reader = FrameReader::new(FrameTarget::from(interpreter));
    let holder = examined.image.pointer_at(interpreter.current_thread).unwrap_or_default();
    let threads = reader.threads(&examined.image).ok()?;
    // What stands in place of a redacted name is none.
    let known = interpreter.dialect.thread_names;
    let called = if examined.is_redacted { BTreeMap::new() } else { called(heap, names, known) };
    let ids = kernel_ids_of(&examined.image, &threads);
    let mut record = |(thread, tid): (&PythonThread, Option<u32>)| {
        let stack = match reader.stack(&examined.image, thread, None) {
            StackRead::Whole(stack) => stack.0,
            StackRead::Torn => Vec::new(),
        };
        let frames = stack.iter().rev().map(|frame| {
            let code = reader.codes().get(frame.code.0 as usize);
            FrameRecord {
                function: code.map_or_else(|| "?".into(), |code| code.function.to_string()),
                file: code.map_or_else(|| "?".into(), |code| code.file.to_string()),
                line: Some(frame.line),
            }
        });
        ThreadRecord {
            id: thread.python_id,
            tid,
            name: called.get(&thread.python_id).cloned(),
            holds_gil: thread.state == holder,
            frames: frames.collect(),
        }
    };
    Some(threads.iter().zip(ids).map(&mut record).collect())
}

/// What the program calls its threads, by the interpreter's number of each: those that were started by `threading`, and the
/// first one once that module was imported.
fn called(heap: &HeapSource<'_>, names: &Names<'_>, known: ThreadNames) -> BTreeMap<u64, String> {
    let snapshot = heap.snapshot;
    let is_module = |found: &str| found == known.module;
    let roots = snapshot.roots().iter().filter(|root| root.kind == RootKind::Module);
    let found = roots.filter(|root| root.name.is_some_and(|name| is_module(snapshot.name(name))));
    let modules: BTreeSet<ObjectId> = found.map(|root| root.object).collect();
    let all = modules.iter().filter_map(|module| attribute(snapshot, names, *module, known.running));
    let named = all.flat_map(|running| entries(snapshot, running)).filter_map(|(number, thread)| {
        // Printed as a signed number, as `thread.get_ident()` gives it.
        let number = snapshot.text(number)?.parse::<i64>().ok()?.cast_unsigned();
        let name = heap.text(attribute(snapshot, names, thread, known.name)?, NAME_MAX)?;
        // Without the quotes, and the `u` that a name of `unicode` has before them.
        Some((number, name.trim_start_matches('u').trim_matches('\'').to_owned()))
    });
    named.collect()
}

/// The attribute of that name, in an object's `__dict__` or of its own.
fn attribute(snapshot: &HeapSnapshot, names: &Names<'_>, of: ObjectId, name: &str) -> Option<ObjectId> {
    let is_it = |label: &ReferenceLabel| {
        label.kind() == ReferenceKind::Slot && label.name().is_some_and(|known| snapshot.name(known) == name)
    };
    if let Some((own, _)) = snapshot.references_of(of).find(|(_, label)| is_it(label)) {
        return Some(own);
    }
    let own = snapshot.references_of(of).find(|(_, label)| names.is_dict_field(*label)).map(|(own, _)| own)?;
    entries(snapshot, own).find(|(key, _)| snapshot.text(*key) == Some(name)).map(|(_, value)| value)
}

/// Keys and values of a dict.
fn entries(snapshot: &HeapSnapshot, dict: ObjectId) -> impl Iterator<Item = (ObjectId, ObjectId)> {
    let values = snapshot.references_of(dict).filter(|(_, label)| label.kind() == ReferenceKind::Value);
    values.filter_map(|(value, label)| Some((label.key().filter(|key| key.index() < snapshot.len())?, value)))
}
