//! What keeps objects alive from outside the heap, and finalizers.

use std::collections::HashSet;

use bloathound_heap::{FinalizerSite, HeapSnapshot, ObjectId, ReferenceKind, Root, RootKind, TypeId, TypeInfo};
use bloathound_memory::{Address, MemorySource};

use super::Decoder;
use super::types::{self, Core, TypeLayout};
use crate::layouts::dictobject_h as dict;
use crate::layouts::object_h as object;
use crate::layouts::{code_h as code, frameobject_h as frame, pystate_h as pystate};

/// Bases of a class before we take it for damage.
const CLASS_BASES_MAX: usize = 200;
/// `SETUP_LOOP`: the only block that a generator may be suspended in and still need no finalizing.
const SETUP_LOOP: u32 = 120;
/// `func_code` of a function, `im_func` of a method.
const FUNC_CODE: u64 = 16;
/// `in_class` of an old-style instance; `cl_bases`, `cl_dict`, `cl_name` of its class.
const IN_CLASS: u64 = 16;
const CL_BASES: u64 = 16;
const CL_DICT: u64 = 24;
const CL_NAME: u64 = 32;

/// What was met on the way along the lists of interpreters, threads and frames.
#[derive(Default)]
struct Seen {
    states: HashSet<Address>,
    threads: HashSet<Address>,
    frames: HashSet<Address>,
}

impl Decoder<'_> {
    pub(crate) fn add_roots(&mut self) {
        let mut state = self.interpreter.interpreter_state.unwrap_or_default();
        if state.is_null() {
            self.problem("the interpreter state was not found: modules and threads are no roots here".into());
        }
        // A list that comes back on itself ends where it does.
        let mut seen = Seen::default();
        while !state.is_null() && seen.states.insert(state) {
            self.add_interpreter_roots(state, &mut seen);
            state = self.image.pointer_at(state.offset(pystate::INTERP_NEXT)).unwrap_or_default();
        }
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
        types::lookup(self.image, namespace, key, self.types.budget())
    }

    fn add_interpreter_roots(&mut self, state: Address, seen: &mut Seen) {
        for (offset, name) in pystate::INTERP_FIELDS {
            self.add_root_at(state.offset(*offset), RootKind::Interpreter, name);
        }
        let modules = self.image.pointer_at(state.offset(pystate::INTERP_MODULES)).unwrap_or_default();
        let entries = self.dict_entries(modules);
        let entries = if self.budget.take(entries.len() as u64) { entries } else { Vec::new() };
        for (key, value) in entries {
            if let Some(object) = self.id_of(value)
                && self.is_module(value)
            {
                let name = self.name_of(key);
                self.builder.add_root(Root { object, kind: RootKind::Module, name });
            }
        }
        let mut thread = self.image.pointer_at(state.offset(pystate::INTERP_TSTATE_HEAD)).unwrap_or_default();
        while !thread.is_null() && seen.threads.insert(thread) {
            self.add_thread_roots(thread, seen);
            thread = self.image.pointer_at(thread.offset(pystate::TSTATE_NEXT)).unwrap_or_default();
        }
    }

    fn add_thread_roots(&mut self, thread: Address, seen: &mut Seen) {
        for (offset, name) in pystate::TSTATE_FIELDS {
            self.add_root_at(thread.offset(*offset), RootKind::ThreadState, name);
        }
        let mut at = self.image.pointer_at(thread.offset(pystate::TSTATE_FRAME)).unwrap_or_default();
        // A frame is on one thread's stack only.
        while !at.is_null() && seen.frames.insert(at) {
            let Some(object) = self.id_of(at) else { break };
            let code_at = self.image.pointer_at(at.offset(frame::F_CODE)).unwrap_or_default();
            let name_at = self.image.pointer_at(code_at.offset(code::CO_NAME)).unwrap_or_default();
            let name = self.name_of(name_at);
            self.builder.add_root(Root { object, kind: RootKind::ThreadFrame, name });
            at = self.image.pointer_at(at.offset(frame::F_BACK)).unwrap_or_default();
        }
    }

    fn is_module(&self, at: Address) -> bool {
        let type_at = self.image.pointer_at(at.offset(object::OB_TYPE)).unwrap_or_default();
        self.types.known(type_at).is_some_and(|index| self.types.layout(index).name == "module")
    }

    /// `gc.garbage`: by symbol, or through the `gc` module where it was imported.
    fn add_garbage_root(&mut self) {
        let by_symbol = self.interpreter.garbage.and_then(|variable| self.image.pointer_at(variable));
        let list = by_symbol.filter(|at| !at.is_null()).or_else(|| {
            let state = self.interpreter.interpreter_state?;
            let modules = self.image.pointer_at(state.offset(pystate::INTERP_MODULES))?;
            let module = self.lookup(modules, "gc")?;
            self.lookup(self.image.pointer_at(module.offset(16))?, "garbage")
        });
        if let Some(object) = list.and_then(|at| self.id_of(at)) {
            let name = Some(self.builder.name("gc.garbage"));
            self.builder.add_root(Root { object, kind: RootKind::GcGarbage, name });
        }
    }

    fn dict_entries(&self, at: Address) -> Vec<(Address, Address)> {
        let read = || {
            let slots = usize::try_from(self.image.u64_at(at.offset(dict::MA_MASK))?).ok()?.checked_add(1)?;
            let table = self.image.pointer_at(at.offset(dict::MA_TABLE))?;
            self.image.bytes(table, slots.checked_mul(dict::ENTRY_BYTES)?)
        };
        let word = super::discover::read_word;
        read()
            .unwrap_or_default()
            .chunks_exact(dict::ENTRY_BYTES)
            .map(|entry| (Address(word(entry, dict::ME_KEY)), Address(word(entry, dict::ME_VALUE))))
            .filter(|(_, value)| !value.is_null())
            .collect()
    }

    /// An old-style instance's class as a type of its own: `instance` says nothing.
    pub(crate) fn old_instance_type(&mut self, at: Address) -> Option<TypeId> {
        let class = self.image.pointer_at(at.offset(IN_CLASS))?;
        if let Some(id) = self.classes.get(&class.0) {
            return Some(*id);
        }
        let name_at = self.image.pointer_at(class.offset(CL_NAME))?;
        let namespace = self.image.pointer_at(class.offset(CL_DICT))?;
        let info = TypeInfo {
            name: types::string_text(self.image, name_at, 200)?,
            module: self.lookup(namespace, "__module__").and_then(|at| types::string_text(self.image, at, 200)),
            object: None,
            is_heap_type: true,
            has_finalizer: false,
            finalizer: None,
        };
        let finalizer = self.old_class_finalizer(class, 0);
        let id = self.builder.add_type(TypeInfo { has_finalizer: finalizer.is_some(), finalizer, ..info });
        self.classes.insert(class.0, id);
        Some(id)
    }

    fn old_class_finalizer(&self, class: Address, depth: usize) -> Option<FinalizerSite> {
        let namespace = self.image.pointer_at(class.offset(CL_DICT))?;
        let name_at = self.image.pointer_at(class.offset(CL_NAME))?;
        if let Some(method) = self.lookup(namespace, "__del__") {
            return Some(self.finalizer_site(method, types::string_text(self.image, name_at, 200)?));
        }
        let bases = self.tuple_items(self.image.pointer_at(class.offset(CL_BASES))?);
        // Each level takes its share of the budget: classes that are each other's bases don't make this exponential.
        let more = depth < 8 && self.types.budget().take(bases.len() as u64);
        bases.into_iter().take(16).filter(|_| more).find_map(|base| self.old_class_finalizer(base, depth + 1))
    }

    fn finalizer_site(&self, method: Address, class: String) -> FinalizerSite {
        let read = || {
            let code_at = self.image.pointer_at(method.offset(FUNC_CODE))?;
            let file_at = self.image.pointer_at(code_at.offset(code::CO_FILENAME))?;
            let file = types::string_text(self.image, file_at, 4096)?;
            Some((file, self.image.u32_at(code_at.offset(code::CO_FIRSTLINENO))?))
        };
        let (file, line) = read().unwrap_or_default();
        FinalizerSite { class, file, line }
    }

    /// Looks up where the `__del__` of each class with a finalizer is written.
    pub(crate) fn name_finalizers(&mut self) {
        for layout in self.types.all().to_vec() {
            let has = self.image.u64_at(layout.address.offset(object::TP_DEL)).is_some_and(|del| del != 0);
            if !has || !layout.is_heap {
                continue;
            }
            let site = self.new_class_finalizer(&layout);
            if let Some(info) = self.builder.type_mut(layout.id) {
                info.finalizer = site;
            }
        }
    }

    fn new_class_finalizer(&self, layout: &TypeLayout) -> Option<FinalizerSite> {
        let mro = self.tuple_items(self.image.pointer_at(layout.address.offset(object::TP_MRO))?);
        mro.into_iter().take(CLASS_BASES_MAX).find_map(|class| {
            let namespace = self.image.pointer_at(class.offset(object::TP_DICT))?;
            let method = self.lookup(namespace, "__del__")?;
            let name_at = self.image.pointer_at(class.offset(object::TP_NAME))?;
            let name = self.image.read_c_string(name_at, 200).ok()?;
            Some(self.finalizer_site(method, name))
        })
    }

    /// `PyGen_NeedsFinalizing`: suspended inside `try` or `with`.
    pub(crate) fn generator_needs_finalizing(&self, at: Address) -> bool {
        let check = || -> Option<bool> {
            let frame_at = self.image.pointer_at(at.offset(16))?;
            if frame_at.is_null() || self.image.pointer_at(frame_at.offset(frame::F_STACKTOP))?.is_null() {
                return None;
            }
            let blocks = self.image.u32_at(frame_at.offset(frame::F_IBLOCK))?.min(frame::BLOCKS_MAX);
            let kind =
                |n: u32| self.image.u32_at(frame_at.offset(frame::F_BLOCKSTACK + u64::from(n) * frame::TRYBLOCK_BYTES));
            Some((0..blocks).any(|n| kind(n).is_some_and(|kind| kind != SETUP_LOOP)))
        };
        check().unwrap_or(false)
    }

    pub(crate) fn finalizing_generator_type(&mut self, layout: &TypeLayout) -> TypeId {
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
        // Fields of interpreter and thread states own a reference; frames are counted through `f_back` or by the
        // thread state; modules are counted by `sys.modules`; static types own themselves.
        if matches!(root.kind, RootKind::Interpreter | RootKind::ThreadState) {
            exact[root.object.index()] = exact[root.object.index()].saturating_add(1);
        }
    }
    // A static type is never freed and not every reference to it is counted.
    let mut is_static = vec![false; snapshot.len()];
    for root in snapshot.roots().iter().filter(|root| root.kind == RootKind::StaticType) {
        is_static[root.object.index()] = true;
    }
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
        } else if count - found > guessed.get(&id).copied().unwrap_or(0) {
            unaccounted.push(Root { object: id, kind: RootKind::Unaccounted, name: None });
        }
    }
    snapshot.add_late_roots(unaccounted, surplus);
    surplus
}
