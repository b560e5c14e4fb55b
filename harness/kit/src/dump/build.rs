//! From a dump's records to a heap snapshot.

use std::collections::HashMap;

use bloathound_heap::{
    FinalizerSite, HeapSnapshot, ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Root, RootKind,
    SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};

use super::read::{Dump, DumpedType};

/// The collector inside a process doesn't say on which of its lists an object is; the oldest is the likeliest.
const GENERATION: u8 = 2;

impl Dump {
    /// The heap as one more source for everything that works on a [`HeapSnapshot`]: census, diff, growth, paths.
    ///
    /// What differs from the view from outside: referents come without names, so besides dicts, sequences and the
    /// fields whose order the interpreter fixes a reference is named by its target's type; objects that only C code
    /// refers to are missing; pools, arenas and generations are unknown.
    #[must_use]
    pub fn snapshot(&self) -> HeapSnapshot {
        let mut build = Build::new(self);
        build.add_objects();
        build.add_references();
        build.add_roots();
        build.builder.finish()
    }
}

struct Build<'a> {
    dump: &'a Dump,
    builder: SnapshotBuilder,
    types: HashMap<u64, TypeId>,
    kinds: Vec<Kind>,
    /// References found into each object.
    found: Vec<u32>,
    /// References to addresses that no record stands for.
    unknown: u64,
}

/// What a built-in type's traversal order means (`tp_traverse` in CPython 2.7's `Objects/*.c`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Key, value, key, value.
    Dict,
    /// Last item first.
    Backwards,
    /// First item first.
    Forwards,
    Set,
    /// Old-style: class, then `__dict__`.
    Instance,
    /// `__dict__`, then what there is of a cache (another dict), `__mro__`, `__bases__`, `__base__`.
    Type,
    /// Its dict is `__dict__`.
    Namespace,
    /// Code, globals, then what there is of module, defaults, doc, name, dict and closure.
    Function,
    /// Function, self, class.
    Method,
    Cell,
    Other,
}

fn kind_of(info: &DumpedType) -> Kind {
    if info.heap {
        return Kind::Namespace;
    }
    match (info.module.as_deref(), info.name.as_str()) {
        (Some("__builtin__"), "dict") => Kind::Dict,
        (Some("__builtin__"), "list" | "tuple") => Kind::Backwards,
        (Some("collections"), "deque") => Kind::Forwards,
        (Some("__builtin__"), "set" | "frozenset") => Kind::Set,
        (Some("__builtin__"), "instance") => Kind::Instance,
        (Some("__builtin__"), "type") => Kind::Type,
        (Some("__builtin__"), "module" | "classobj") => Kind::Namespace,
        (Some("__builtin__"), "function") => Kind::Function,
        (Some("__builtin__"), "instancemethod") => Kind::Method,
        (Some("__builtin__"), "cell") => Kind::Cell,
        _ => Kind::Other,
    }
}

impl<'a> Build<'a> {
    fn new(dump: &'a Dump) -> Self {
        Self {
            dump,
            builder: SnapshotBuilder::new(),
            types: HashMap::new(),
            kinds: Vec::new(),
            found: vec![0; dump.len()],
            unknown: 0,
        }
    }

    fn add_objects(&mut self) {
        // In order of address, so that the same dump gives the same ids on any machine.
        let mut known: Vec<(&u64, &DumpedType)> = self.dump.types.iter().collect();
        known.sort_by_key(|(address, _)| **address);
        for (address, info) in known {
            self.add_type(*address, info);
        }
        let unknown_type = DumpedType { name: "?".into(), module: None, heap: false, finalizer: None };
        for object in &self.dump.objects {
            let type_id = match self.types.get(&object.type_address) {
                Some(id) => *id,
                None => self.add_type(object.type_address, &unknown_type),
            };
            let (tracking, trust) = if object.tracked {
                (Tracking::Tracked(GENERATION), Trust::OnGcList)
            } else {
                (Tracking::Untracked, Trust::Referenced)
            };
            self.builder.add_object(ObjectRecord {
                address: object.address,
                type_id,
                shallow_size: object.size,
                refcount: u32::try_from(object.refcount.max(0)).unwrap_or(u32::MAX),
                flags: ObjectFlags::new(tracking, trust),
            });
        }
        // In order, so that equal dumps give equal snapshots.
        let mut texts: Vec<(&u64, &String)> = self.dump.texts.iter().collect();
        texts.sort_unstable();
        for (address, text) in texts {
            if let Some(id) = self.id(*address) {
                self.builder.set_text(id, text);
            }
        }
        self.add_old_classes();
    }

    fn add_type(&mut self, address: u64, info: &DumpedType) -> TypeId {
        let id = self.builder.add_type(type_info(info, self.id(address)));
        self.types.insert(address, id);
        self.kinds.push(kind_of(info));
        id
    }

    fn add_old_classes(&mut self) {
        let mut classes: Vec<(&u64, &DumpedType)> = self.dump.old_classes.iter().collect();
        classes.sort_by_key(|(address, _)| **address);
        let ids: HashMap<u64, (TypeId, bool)> = classes
            .into_iter()
            .map(|(address, class)| {
                let id = self.builder.add_type(type_info(class, self.id(*address)));
                (*address, (id, class.finalizer.is_some()))
            })
            .collect();
        for index in 0..self.dump.len() {
            if self.kind(index) != Kind::Instance {
                continue;
            }
            let class = self.dump.referents_of(index).first().and_then(|address| ids.get(address));
            if let Some((type_id, has_finalizer)) = class {
                let id = ObjectId(index as u32);
                self.builder.set_class(id, *type_id);
                if *has_finalizer {
                    self.builder.mark_finalizer(id);
                }
            }
        }
    }

    fn add_references(&mut self) {
        for index in 0..self.dump.len() {
            let object = self.dump.objects[index];
            let kind = self.kind(index);
            let referents = self.dump.referents_of(index);
            let mut type_seen = false;
            for (position, address) in referents.iter().enumerate() {
                let Some(target) = self.id(*address) else {
                    self.unknown += 1;
                    continue;
                };
                self.found[target.index()] += 1;
                let is_type = *address == object.type_address;
                type_seen |= is_type;
                let label = if is_type {
                    ReferenceLabel::new(ReferenceKind::Type, 0, true)
                } else {
                    self.label(kind, position, referents, target)
                };
                self.builder.add_reference(target, label);
            }
            // The collector doesn't follow a reference to a static type; it is one all the same.
            if let Some(target) = self.id(object.type_address).filter(|_| !type_seen) {
                self.builder.add_reference(target, ReferenceLabel::new(ReferenceKind::Type, 0, false));
            }
            self.builder.finish_references();
        }
        self.builder.quality_mut().unmapped_pointers = self.unknown;
    }

    fn label(&mut self, kind: Kind, position: usize, referents: &[u64], target: ObjectId) -> ReferenceLabel {
        let item =
            |index: usize| ReferenceLabel::new(ReferenceKind::Item, u32::try_from(index).unwrap_or(u32::MAX), true);
        match kind {
            Kind::Dict if position.is_multiple_of(2) => ReferenceLabel::new(ReferenceKind::Key, target.0, true),
            Kind::Dict => match self.id(referents[position - 1]) {
                Some(key) => ReferenceLabel::new(ReferenceKind::Value, key.0, true),
                None => self.by_target(target),
            },
            Kind::Backwards => item(referents.len() - 1 - position),
            Kind::Forwards => item(position),
            Kind::Set => ReferenceLabel::new(ReferenceKind::Member, 0, true),
            Kind::Instance if position == 0 => self.field("__class__"),
            Kind::Type => self.field(self.type_field(position, referents, target)),
            Kind::Instance | Kind::Namespace if self.kind(target.index()) == Kind::Dict => self.field("__dict__"),
            Kind::Function if position == 0 => self.field("func_code"),
            Kind::Function if position == 1 => self.field("func_globals"),
            Kind::Method if referents.len() == 3 => self.field(["im_func", "im_self", "im_class"][position]),
            Kind::Cell => self.field("cell_contents"),
            _ => self.by_target(target),
        }
    }

    fn type_field(&self, position: usize, referents: &[u64], target: ObjectId) -> &'static str {
        let is_tuple = |address: &u64| self.id(*address).is_some_and(|id| self.kind(id.index()) == Kind::Backwards);
        match self.kind(target.index()) {
            Kind::Dict if position == 0 => "__dict__",
            Kind::Dict => "tp_cache",
            Kind::Backwards if referents[..position].iter().any(is_tuple) => "__bases__",
            Kind::Backwards => "__mro__",
            _ => "__base__",
        }
    }

    /// `(tuple)`: the reference that leads to a tuple. Honest, and the same in every dump.
    fn by_target(&mut self, target: ObjectId) -> ReferenceLabel {
        let address = self.dump.objects[target.index()].type_address;
        let name = self.dump.types.get(&address).map_or("?", |info| &info.name);
        self.field(&format!("({name})"))
    }

    fn field(&mut self, name: &str) -> ReferenceLabel {
        let name = self.builder.name(name);
        ReferenceLabel::new(ReferenceKind::Field, name.0, true)
    }

    fn add_roots(&mut self) {
        for (address, name) in &self.dump.modules {
            self.add_root(*address, RootKind::Module, Some(name));
        }
        for (address, function) in &self.dump.frames {
            self.add_root(*address, RootKind::ThreadFrame, Some(function));
        }
        for address in &self.dump.garbage {
            self.add_root(*address, RootKind::GcGarbage, None);
        }
        let mut static_types: Vec<u64> =
            self.dump.types.iter().filter(|(_, info)| !info.heap).map(|(address, _)| *address).collect();
        static_types.sort_unstable();
        for address in static_types {
            self.add_root(address, RootKind::StaticType, None);
        }
        let mut surplus = 0;
        for (index, found) in self.found.iter().enumerate() {
            let refcount = self.dump.objects[index].refcount;
            if i64::from(*found) < refcount {
                let object = ObjectId(index as u32);
                self.builder.add_root(Root { object, kind: RootKind::Unaccounted, name: None });
            }
            surplus += u64::from(i64::from(*found) > refcount);
        }
        self.builder.quality_mut().surplus_references = surplus;
    }

    fn add_root(&mut self, address: u64, kind: RootKind, name: Option<&str>) {
        if let Some(object) = self.id(address) {
            let name = name.map(|name| self.builder.name(name));
            self.builder.add_root(Root { object, kind, name });
        }
    }

    fn id(&self, address: u64) -> Option<ObjectId> {
        self.dump.by_address.get(&address).map(|index| ObjectId(*index))
    }

    fn kind(&self, index: usize) -> Kind {
        let type_id = self.types.get(&self.dump.objects[index].type_address);
        type_id.and_then(|id| self.kinds.get(id.0 as usize)).copied().unwrap_or(Kind::Other)
    }
}

fn type_info(info: &DumpedType, object: Option<ObjectId>) -> TypeInfo {
    TypeInfo {
        name: info.name.clone(),
        module: info.module.clone().filter(|module| module != "__builtin__"),
        object,
        is_heap_type: info.heap,
        has_finalizer: info.finalizer.is_some(),
        finalizer: info.finalizer.as_ref().and_then(|finalizer| {
            let (file, line) = finalizer.site.clone()?;
            Some(FinalizerSite { class: finalizer.class.clone(), file, line })
        }),
    }
}
