//! What keeps objects alive from outside the heap, and finalizers.

use std::collections::HashSet;

use bloathound_heap::{
    FinalizerSite, HeapSnapshot, NameId, ObjectId, ReferenceKind, Root, RootKind, TypeId, TypeInfo, TypeRole,
};
use bloathound_memory::{Address, MemorySource};

use super::Decoder;
use super::types::TypeLayout;
use crate::dialect::{Collection, Core, Frames, SingledOut};

/// Bases of a class before we take it for damage.
const CLASS_BASES_MAX: usize = 200;
/// What was met on the way along the lists of interpreters, threads and frames.
#[derive(Default)]
struct Seen {
    states: HashSet<Address>,
    threads: HashSet<Address>,
    frames: HashSet<Address>,
}

impl Decoder<'_> {
    pub(crate) fn add_roots(&mut self) {
        let d = self.interpreter.dialect;
        let mut state = self.interpreter.interpreter_state.unwrap_or_default();
        if state.is_null() {
            self.problem("the interpreter state was not found: modules and threads are no roots here".into());
        }
        // A list that comes back on itself ends where it does.
        let mut seen = Seen::default();
        while !state.is_null() && seen.states.insert(state) {
            self.add_interpreter_roots(state, &mut seen);
            state = self.image.pointer_at(state.offset(d.interpreter_state.next)).unwrap_or_default();
        }
        self.add_call_roots();
        self.add_garbage_root();
        if let Some(id) = self.interned_dict.and_then(|at| self.id_of(at)) {
            self.builder.add_root(Root { object: id, kind: RootKind::Interned, name: None });
        }
        for layout in self.types.all().to_vec() {
            if !layout.is_heap
                && let Some(id) = self.id_of(layout.address)
            {
                let name = Some(self.builder.name(&layout.name));
                self.builder.add_root(Root { object: id, kind: RootKind::StaticType, name });
            }
        }
    }

    fn add_root_at(&mut self, variable: Address, kind: RootKind, name: &str) {
        let target = self.image.pointer_at(variable).unwrap_or_default();
        if !target.is_null()
            && let Some(object) = self.id_of(target)
        {
            let name = Some(self.builder.name(name));
            self.builder.add_root(Root { object, kind, name });
        }
    }

    fn lookup(&self, namespace: Address, key: &str) -> Option<Address> {
        self.objects().lookup(namespace, key, self.types.budget())
    }

    fn add_interpreter_roots(&mut self, state: Address, seen: &mut Seen) {
        let d = self.interpreter.dialect;
        for (offset, name) in d.interpreter_state.fields {
            self.add_root_at(state.offset(*offset), RootKind::Interpreter, name);
        }
        self.add_type_cache_roots(state);
        let modules = self.image.pointer_at(state.offset(d.interpreter_state.modules)).unwrap_or_default();
        let entries = self.dict_entries(modules);
        let entries = if self.budget.take(entries.len() as u64) { entries } else { Vec::new() };
        for (key, value) in entries {
            if let Some(object) = self.id_of(value)
                && self.is_module(value)
            {
                let name = self.name_of(key);
                self.note_module(value, object);
                self.builder.add_root(Root { object, kind: RootKind::Module, name });
            }
        }
        let mut thread = self.image.pointer_at(state.offset(d.interpreter_state.tstate_head)).unwrap_or_default();
        while !thread.is_null() && seen.threads.insert(thread) {
            self.add_thread_roots(thread, seen);
            thread = self.image.pointer_at(thread.offset(d.thread_state.next)).unwrap_or_default();
        }
    }

    /// Names that the interpreter keeps of attributes it looked up: a root for each count. Where one is no text, the cache is
    /// somewhere else.
    fn add_type_cache_roots(&mut self, state: Address) {
        let Some(cache) = self.interpreter.dialect.runtime.map(|runtime| runtime.type_cache) else { return };
        let name_at = |index| state.offset(cache.at + index * cache.entry_bytes + cache.name);
        let names: Vec<Address> =
            (0..cache.entries).filter_map(|index| self.image.pointer_at(name_at(index))).collect();
        let is = |at: Address, what: SingledOut| {
            let type_at = self.objects().type_of(at).unwrap_or_default();
            self.types.known(type_at).is_some_and(|index| self.types.layout(index).singled_out == Some(what))
        };
        let (texts, others): (Vec<Address>, Vec<Address>) =
            names.into_iter().filter(|at| !at.is_null()).partition(|at| is(*at, SingledOut::Unicode));
        // Entries that were never used say so by the value that says nothing.
        if !others.iter().all(|at| is(*at, SingledOut::Nothing)) {
            return;
        }
        for at in texts {
            if let Some(object) = self.id_of(at) {
                self.builder.add_root(Root { object, kind: RootKind::TypeCache, name: None });
            }
        }
    }

    fn add_thread_roots(&mut self, thread: Address, seen: &mut Seen) {
        let d = self.interpreter.dialect;
        for (offset, name) in d.thread_state.fields {
            self.add_root_at(thread.offset(*offset), RootKind::ThreadState, name);
        }
        match d.frames {
            Frames::Objects => self.add_frame_roots(thread, seen),
            // Added with their objects.
            Frames::InterpreterFrames { .. } => {}
        }
    }

    fn add_frame_roots(&mut self, thread: Address, seen: &mut Seen) {
        let d = self.interpreter.dialect;
        let mut at = self.image.pointer_at(thread.offset(d.thread_state.frame)).unwrap_or_default();
        // A frame is on one thread's stack only.
        while !at.is_null() && seen.frames.insert(at) {
            let Some(object) = self.id_of(at) else { break };
            let code_at = self.image.pointer_at(at.offset(d.frame.f_code)).unwrap_or_default();
            let name_at = self.image.pointer_at(code_at.offset(d.code.co_name)).unwrap_or_default();
            let name = self.name_of(name_at);
            self.builder.add_root(Root { object, kind: RootKind::ThreadFrame, name });
            at = self.image.pointer_at(at.offset(d.frame.f_back)).unwrap_or_default();
        }
    }

    fn is_module(&self, at: Address) -> bool {
        let d = self.interpreter.dialect;
        let type_at = self.image.pointer_at(at.offset(d.object.ob_type)).unwrap_or_default();
        self.types.known(type_at).is_some_and(|index| self.types.layout(index).singled_out == Some(SingledOut::Module))
    }

    /// `gc.garbage`: by symbol, or through the `gc` module where it was imported.
    fn add_garbage_root(&mut self) {
        let d = self.interpreter.dialect;
        let by_symbol = self.interpreter.garbage.and_then(|variable| self.image.pointer_at(variable));
        let list = by_symbol.filter(|at| !at.is_null()).or_else(|| {
            let state = self.interpreter.interpreter_state?;
            let modules = self.image.pointer_at(state.offset(d.interpreter_state.modules))?;
            let module = self.lookup(modules, "gc")?;
            self.lookup(self.image.pointer_at(module.offset(self.interpreter.dialect.module.md_dict))?, "garbage")
        });
        if let Some(object) = list.and_then(|at| self.id_of(at)) {
            let name = Some(self.builder.name("gc.garbage"));
            self.builder.add_root(Root { object, kind: RootKind::GcGarbage, name });
        }
    }

    pub(super) fn dict_entries(&self, at: Address) -> Vec<(Address, Address)> {
        let objects = self.objects();
        // What refers to nothing that is read was refused by then.
        let Ok(table) = objects.dict(at) else { return Vec::new() };
        objects
            .table_bytes(&table)
            .unwrap_or_default()
            .chunks_exact(table.entry_bytes)
            .map(|entry| table.entry(entry))
            .enumerate()
            .map(|(index, entry)| match table.values.is_null() {
                true => (entry.key, entry.value),
                false => (entry.key, objects.split_value(&table, index as u64)),
            })
            .filter(|(_, value)| !value.is_null())
            .collect()
    }

    /// An old-style instance's class as a type of its own: `instance` says nothing.
    pub(crate) fn old_instance_type(&mut self, at: Address) -> Option<TypeId> {
        let d = self.interpreter.dialect;
        let class = self.image.pointer_at(at.offset(d.instance.in_class))?;
        if let Some(id) = self.classes.get(&class.0) {
            return Some(*id);
        }
        let name_at = self.image.pointer_at(class.offset(d.class.cl_name))?;
        let namespace = self.image.pointer_at(class.offset(d.class.cl_dict))?;
        let module = self.lookup(namespace, "__module__").and_then(|at| self.objects().name(at, 200));
        let info = TypeInfo {
            name: self.objects().name(name_at, 200)?,
            module: module.filter(|module| module != d.types.builtin_module),
            object: None,
            is_heap_type: true,
            has_finalizer: false,
            finalizer: None,
        };
        let finalizer = self.old_class_finalizer(class, 0);
        let id = self.builder.add_type(TypeInfo { has_finalizer: finalizer.is_some(), finalizer, ..info });
        self.classes.insert(class.0, id);
        self.note_own_type(at);
        Some(id)
    }

    fn old_class_finalizer(&self, class: Address, depth: usize) -> Option<FinalizerSite> {
        let d = self.interpreter.dialect;
        let namespace = self.image.pointer_at(class.offset(d.class.cl_dict))?;
        let name_at = self.image.pointer_at(class.offset(d.class.cl_name))?;
        if let Some(method) = self.lookup(namespace, "__del__") {
            return Some(self.finalizer_site(method, self.objects().name(name_at, 200)?));
        }
        let bases = self.objects().tuple_items(self.image.pointer_at(class.offset(d.class.cl_bases))?);
        // Each level takes its share of the budget: classes that are each other's bases don't make this exponential.
        let more = depth < 8 && self.types.budget().take(bases.len() as u64);
        bases.into_iter().take(16).filter(|_| more).find_map(|base| self.old_class_finalizer(base, depth + 1))
    }

    fn finalizer_site(&self, method: Address, class: String) -> FinalizerSite {
        let d = self.interpreter.dialect;
        let read = || {
            let code_at = self.image.pointer_at(method.offset(d.function.func_code))?;
            let file_at = self.image.pointer_at(code_at.offset(d.code.co_filename))?;
            let file = self.objects().name(file_at, 4096)?;
            Some((file, self.image.u32_at(code_at.offset(d.code.co_firstlineno))?))
        };
        let (file, line) = read().unwrap_or_default();
        FinalizerSite { class, file, line }
    }

    /// Looks up where the `__del__` of each class with a finalizer is written.
    pub(crate) fn name_finalizers(&mut self) {
        let d = self.interpreter.dialect;
        for layout in self.types.all().to_vec() {
            let slot = match d.collection {
                Collection::LeavesFinalizers => d.type_object.tp_del,
                Collection::RunsFinalizers => d.type_object.tp_finalize,
            };
            let has = self.image.u64_at(layout.address.offset(slot)).is_some_and(|finalizer| finalizer != 0);
            if !has || !layout.is_class {
                continue;
            }
            let site = self.new_class_finalizer(&layout);
            if let Some(info) = self.builder.type_mut(layout.id) {
                info.finalizer = site;
            }
        }
    }

    fn new_class_finalizer(&self, layout: &TypeLayout) -> Option<FinalizerSite> {
        let d = self.interpreter.dialect;
        let mro = self.objects().tuple_items(self.image.pointer_at(layout.address.offset(d.type_object.tp_mro))?);
        mro.into_iter().take(CLASS_BASES_MAX).find_map(|class| {
            let namespace = self.image.pointer_at(class.offset(d.type_object.tp_dict))?;
            let method = self.lookup(namespace, "__del__")?;
            let name_at = self.image.pointer_at(class.offset(d.type_object.tp_name))?;
            let name = self.image.read_c_string(name_at, 200).ok()?;
            Some(self.finalizer_site(method, name))
        })
    }

    /// `PyGen_NeedsFinalizing`: suspended inside `try` or `with`.
    pub(crate) fn generator_needs_finalizing(&self, at: Address) -> bool {
        match self.interpreter.dialect.collection {
            Collection::LeavesFinalizers => {}
            // They are closed, which runs their `finally`, and go.
            Collection::RunsFinalizers => return false,
        }
        let d = self.interpreter.dialect;
        let check = || -> Option<bool> {
            let frame_at = self.image.pointer_at(at.offset(d.generator.gi_frame))?;
            if frame_at.is_null() || self.image.pointer_at(frame_at.offset(d.frame.f_stacktop))?.is_null() {
                return None;
            }
            let blocks = self.image.u32_at(frame_at.offset(d.frame.f_iblock))?.min(d.frame.blocks_max);
            let kind = |n: u32| {
                self.image.u32_at(frame_at.offset(d.frame.f_blockstack + u64::from(n) * d.frame.try_block_bytes))
            };
            Some((0..blocks).any(|n| kind(n).is_some_and(|kind| kind != d.frame.block_loop)))
        };
        check().unwrap_or(false)
    }

    pub(crate) fn finalizing_generator_type(&mut self, at: Address, layout: &TypeLayout) -> TypeId {
        if let Some(id) = self.generator_finalizing {
            return id;
        }
        debug_assert!(layout.core == Core::Plain);
        let info = TypeInfo {
            name: "generator".into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: true,
            finalizer: None,
        };
        let id = self.builder.add_type(info);
        self.generator_finalizing = Some(id);
        self.note_own_type(at);
        id
    }
}

/// Makes a root of every object with more counts than references found; returns how many have fewer.
///
/// A conservative reference may be borrowed, so it accounts for a count but never makes a surplus.
pub(crate) fn add_unaccounted_roots(snapshot: &mut HeapSnapshot) -> u64 {
    let mut exact = vec![0_u32; snapshot.len()];
    let mut guessed: std::collections::HashMap<ObjectId, u32> = std::collections::HashMap::new();
    for (target, label) in snapshot.targets().iter().zip(snapshot.labels()) {
        match label.kind() {
            ReferenceKind::Weak => {}
            ReferenceKind::Conservative => *guessed.entry(*target).or_default() += 1,
            _ => exact[target.index()] = exact[target.index()].saturating_add(1),
        }
    }
    for root in snapshot.roots() {
        // Fields of interpreter and thread states own a reference, and so do entries of the types' cache; frames are
        // counted through `f_back` or by the thread state; modules are counted by `sys.modules`; static types own
        // themselves.
        if matches!(root.kind, RootKind::Interpreter | RootKind::ThreadState | RootKind::TypeCache) {
            exact[root.object.index()] = exact[root.object.index()].saturating_add(1);
        }
    }
    // A static type is never freed and not every reference to it is counted.
    let mut is_static = vec![false; snapshot.len()];
    for root in snapshot.roots().iter().filter(|root| root.kind == RootKind::StaticType) {
        is_static[root.object.index()] = true;
    }
    let suspended = SuspendedCalls::of(snapshot);
    let mut unaccounted = Vec::new();
    let mut surplus = 0;
    for id in snapshot.ids() {
        let count = snapshot.object(id).refcount;
        let found = exact[id.index()];
        if is_static[id.index()] {
            continue;
        }
        if found > count {
            surplus += 1;
        } else if count > found && count - found > guessed.get(&id).copied().unwrap_or(0) {
            let root = suspended.root(id);
            unaccounted.push(root.unwrap_or(Root { object: id, kind: RootKind::Unaccounted, name: None }));
        }
    }
    snapshot.add_late_roots(unaccounted, surplus);
    surplus
}

/// Frames that a stack of their own holds, such as a greenlet's: no thread runs them now.
struct SuspendedCalls<'a> {
    snapshot: &'a HeapSnapshot,
    code: Option<NameId>,
    code_name: Option<NameId>,
}

impl<'a> SuspendedCalls<'a> {
    fn of(snapshot: &'a HeapSnapshot) -> Self {
        let words = snapshot.words();
        let (code, code_name) = (snapshot.find_name(words.function.frame_code), snapshot.find_name(words.code.name));
        Self { snapshot, code, code_name }
    }

    /// The root of a frame with a count that no reference explains; threads' own frames are roots already.
    fn root(&self, id: ObjectId) -> Option<Root> {
        let snapshot = self.snapshot;
        (snapshot.role(id) == TypeRole::Frame).then(|| {
            let name = snapshot.field(id, self.code).and_then(|code| snapshot.field(code, self.code_name));
            let name = name.and_then(|name| snapshot.text_name(name));
            Root { object: id, kind: RootKind::SuspendedFrame, name }
        })
    }
}
