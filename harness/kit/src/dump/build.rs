//! From a dump's records to a heap snapshot.

use std::collections::HashMap;

use bloathound_heap::{
    FinalizerSite, HeapSnapshot, ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Root, RootKind,
    SeriesWords, SnapshotBuilder, Tracking, Traversal, Trust, TypeId, TypeInfo,
};

use super::read::{Dump, DumpedType};

/// The collector inside a process doesn't say on which of its lists an object is; the oldest is the likeliest.
const GENERATION: u8 = 2;

impl Dump {
    /// The heap as one more source for everything that works on a [`HeapSnapshot`]: census, diff, growth, paths. `words`
    /// are those of the series that wrote the dump.
    ///
    /// What differs from the view from outside: referents come without names, so besides dicts, sequences and the
    /// fields whose order the interpreter fixes a reference is named by its target's type; objects that only C code
    /// refers to are missing; pools, arenas and generations are unknown.
    #[must_use]
    pub fn snapshot(&self, words: SeriesWords) -> HeapSnapshot {
        let mut build = Build::new(self, words);
        build.add_objects();
        build.add_references();
        build.add_roots();
        build.builder.finish()
    }
}

struct Build<'a> {
    dump: &'a Dump,
    words: SeriesWords,
    builder: SnapshotBuilder,
    types: HashMap<u64, TypeId>,
    traversals: Vec<Option<Traversal>>,
    /// References found into each object.
    found: Vec<u32>,
    /// References to addresses that no record stands for.
    unknown: u64,
}

/// How a type tells what its objects refer to; `None` for one of which nobody knows.
fn traversal_of(info: &DumpedType, words: &SeriesWords) -> Option<Traversal> {
    if info.heap {
        return Some(Traversal::Namespace(&[]));
    }
    words.traversal(info.module.as_deref()?, &info.name)
}

impl<'a> Build<'a> {
    fn new(dump: &'a Dump, words: SeriesWords) -> Self {
        Self {
            dump,
            words,
            builder: SnapshotBuilder::new(words),
            types: HashMap::new(),
            traversals: Vec::new(),
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
        let id = self.builder.add_type(self.type_info(info, address));
        self.types.insert(address, id);
        self.traversals.push(traversal_of(info, &self.words));
        id
    }

    fn add_old_classes(&mut self) {
        let mut classes: Vec<(&u64, &DumpedType)> = self.dump.old_classes.iter().collect();
        classes.sort_by_key(|(address, _)| **address);
        let ids: HashMap<u64, (TypeId, bool)> = classes
            .into_iter()
            .map(|(address, class)| {
                let id = self.builder.add_type(self.type_info(class, *address));
                (*address, (id, class.finalizer.is_some()))
            })
            .collect();
        for index in 0..self.dump.len() {
            if !self.begins_with_its_class(index) {
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
            let traversal = self.traversal(index);
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
                    self.label(traversal, position, referents, target)
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

    fn label(
        &mut self,
        traversal: Option<Traversal>,
        position: usize,
        referents: &[u64],
        target: ObjectId,
    ) -> ReferenceLabel {
        let item =
            |index: usize| ReferenceLabel::new(ReferenceKind::Item, u32::try_from(index).unwrap_or(u32::MAX), true);
        let Some(traversal) = traversal else { return self.by_target(target) };
        match traversal {
            Traversal::Pairs if position.is_multiple_of(2) => ReferenceLabel::new(ReferenceKind::Key, target.0, true),
            Traversal::Pairs => match self.id(referents[position - 1]) {
                Some(key) => ReferenceLabel::new(ReferenceKind::Value, key.0, true),
                None => self.by_target(target),
            },
            Traversal::Backwards => item(referents.len() - 1 - position),
            Traversal::Forwards => item(position),
            Traversal::Members => ReferenceLabel::new(ReferenceKind::Member, 0, true),
            Traversal::Class => self.field(self.class_field(position, referents, target)),
            Traversal::AllFields(fields) if referents.len() != fields.len() => self.by_target(target),
            Traversal::Fields(fields) | Traversal::AllFields(fields) | Traversal::Namespace(fields) => {
                let is_own_dict = matches!(traversal, Traversal::Namespace(_)) && self.is(target, Traversal::Pairs);
                match fields.get(position) {
                    Some(field) => self.field(field),
                    None if is_own_dict => self.field(self.words.own_dict),
                    None => self.by_target(target),
                }
            }
        }
    }

    fn class_field(&self, position: usize, referents: &[u64], target: ObjectId) -> &'static str {
        let is_tuple = |address: &u64| self.id(*address).is_some_and(|id| self.is(id, Traversal::Backwards));
        let fields = &self.words.class_fields;
        match self.traversal(target.index()) {
            Some(Traversal::Pairs) if position == 0 => self.words.own_dict,
            Some(Traversal::Pairs) => fields.cache,
            Some(Traversal::Backwards) if referents[..position].iter().any(is_tuple) => fields.bases,
            Some(Traversal::Backwards) => fields.order,
            _ => fields.base,
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

    fn traversal(&self, index: usize) -> Option<Traversal> {
        let type_id = self.types.get(&self.dump.objects[index].type_address);
        type_id.and_then(|id| self.traversals.get(id.0 as usize)).copied().flatten()
    }

    fn is(&self, id: ObjectId, traversal: Traversal) -> bool {
        self.traversal(id.index()) == Some(traversal)
    }

    /// True for an instance of a class of the old sort: all of them are of one type, and their class comes first.
    fn begins_with_its_class(&self, index: usize) -> bool {
        matches!(self.traversal(index), Some(Traversal::Namespace(fields)) if fields.first() == Some(&self.words.class))
    }

    fn type_info(&self, info: &DumpedType, address: u64) -> TypeInfo {
        TypeInfo {
            name: info.name.clone(),
            module: info.module.clone().filter(|module| module != self.words.builtin_module),
            object: self.id(address),
            is_heap_type: info.heap,
            has_finalizer: info.finalizer.is_some(),
            finalizer: info.finalizer.as_ref().and_then(|finalizer| {
                let (file, line) = finalizer.site.clone()?;
                Some(FinalizerSite { class: finalizer.class.clone(), file, line })
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bloathound_heap::{ClassFields, NameId};

    use super::*;

    /// Of a series that there is not.
    const WORDS: SeriesWords = SeriesWords {
        roles: &[],
        own_dict: "its_dict",
        class: "its_class",
        class_name: "",
        thread_dicts: "",
        locals: "",
        function: bloathound_heap::FunctionFields {
            code: "",
            closure: "",
            defaults: "",
            contents: "",
            function: "",
            receiver: "",
            called: "",
            generator_code: "",
            generator_frame: "",
            frame_code: "",
            caller: "",
        },
        code: bloathound_heap::CodeFields { name: "", constants: "", free_variables: "", variables: "", of_module: "" },
        bookkeeping: &[],
        builtin_module: "inside",
        traversals: &[
            ("inside", "dict", Traversal::Pairs),
            ("inside", "tuple", Traversal::Backwards),
            ("inside", "object of old", Traversal::Namespace(&["its_class"])),
            ("inside", "callable", Traversal::Fields(&["its_program"])),
            ("inside", "bound", Traversal::AllFields(&["its_callable", "its_receiver"])),
            ("inside", "type", Traversal::Class),
        ],
        class_fields: ClassFields { cache: "its_cache", order: "its_order", bases: "its_bases", base: "its_base" },
        finalizing: bloathound_heap::Finalizing::KeepsCycles,
    };

    const DUMP: &str = r#"["bloathound-dump", 1, {"pid": 7, "service": "made up"}]
["t", 1, "dict", "inside", 0, null]
["t", 2, "object of old", "inside", 0, null]
["t", 3, "callable", "inside", 0, null]
["t", 4, "bound", "inside", 0, null]
["t", 5, "type", "inside", 0, null]
["t", 6, "tuple", "inside", 0, null]
["o", 100, 1, 280, 2, 1, []]
["o", 200, 2, 40, 1, 1, [500, 100]]
["o", 300, 3, 88, 1, 1, [200, 100]]
["o", 400, 4, 48, 1, 1, [300, 200]]
["o", 410, 4, 48, 1, 1, [300]]
["o", 500, 5, 904, 1, 1, [100, 100, 600, 600, 500]]
["o", 600, 6, 64, 1, 1, []]
["c", 500, "Old", "app", null]
["end", 7, 0]
"#;

    fn fields(snapshot: &HeapSnapshot, object: u32) -> Vec<&str> {
        let labels = snapshot.labels_of(ObjectId(object)).iter();
        let fields = labels.filter(|label| label.kind() == ReferenceKind::Field);
        fields.map(|label| snapshot.name(NameId(label.payload()))).collect()
    }

    #[test]
    fn fields_are_called_as_the_series_calls_them() {
        let dump = Dump::read(DUMP.as_bytes(), Path::new("x.jsonl"), 1 << 20).unwrap();
        let told = dump.snapshot(WORDS);
        assert_eq!(fields(&told, 1), ["its_class", "its_dict"]);
        assert_eq!(told.type_of(ObjectId(1)).qualified_name(), "app.Old");
        assert_eq!(fields(&told, 2), ["its_program", "(dict)"]);
        assert_eq!(fields(&told, 3), ["its_callable", "its_receiver"]);
        // Which of the two is missing nobody knows.
        assert_eq!(fields(&told, 4), ["(callable)"]);
        assert_eq!(fields(&told, 5), ["its_dict", "its_cache", "its_order", "its_bases", "its_base"]);
        assert_eq!(told.type_of(ObjectId(0)).qualified_name(), "dict");

        let untold = dump.snapshot(SeriesWords::default());
        assert_eq!(fields(&untold, 1), ["(type)", "(dict)"]);
        assert_eq!(untold.type_of(ObjectId(0)).qualified_name(), "inside.dict");
    }
}
