//! Small random heaps for comparing the algorithms with naive ones.

use proptest::prelude::*;

use crate::*;

/// Words of a series that there is not: what is told by a word of a real one fails here.
pub(crate) const WORDS: SeriesWords = SeriesWords {
    roles: &[
        ("str", TypeRole::Text),
        ("int", TypeRole::Integer),
        ("dict", TypeRole::Dict),
        ("list", TypeRole::List),
        ("tuple", TypeRole::Tuple),
        ("module", TypeRole::Module),
        ("type", TypeRole::Class),
        ("oldtype", TypeRole::OldClass),
        ("callable", TypeRole::Function),
        ("bound", TypeRole::Method),
        ("prefilled", TypeRole::Partial),
        ("waiting", TypeRole::Generator),
        ("box", TypeRole::Cell),
        ("program", TypeRole::Code),
        ("wrapping", TypeRole::Wrapper("its_wrapped")),
    ],
    own_dict: "its_dict",
    class: "its_class",
    class_name: "its_name",
    thread_dicts: "its_threads",
    locals: "its_locals",
    function: FunctionFields {
        code: "its_program",
        closure: "its_boxes",
        defaults: "its_defaults",
        contents: "its_value",
        function: "its_callable",
        receiver: "its_receiver",
        called: "its_called",
        generator_code: "its_waiting_program",
        generator_frame: "its_waiting_call",
        frame_code: "its_call_code",
        caller: "its_caller",
    },
    code: CodeFields {
        name: "its_own_name",
        constants: "its_constants",
        free_variables: "its_outer_names",
        variables: "its_names",
        of_module: "(module)",
    },
    bookkeeping: &["its_order", "its_class"],
    builtin_module: "builtin",
    traversals: &[],
    class_fields: ClassFields { cache: "", order: "its_order", bases: "", base: "" },
    finalizing: crate::Finalizing::KeepsCycles,
};

/// A heap before it is built.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    /// Tracked, finalizer, counts held from outside, own bytes.
    pub(crate) objects: Vec<(bool, bool, u32, u64)>,
    /// From, to, label.
    pub(crate) references: Vec<(usize, usize, ReferenceLabel)>,
    pub(crate) roots: Vec<(usize, RootKind)>,
}

impl Sketch {
    pub(crate) fn build(&self) -> HeapSnapshot {
        self.build_frozen(|_| false)
    }

    /// The same with these of its tracked objects frozen.
    pub(crate) fn build_frozen(&self, is_frozen: impl Fn(usize) -> bool) -> HeapSnapshot {
        let mut builder = SnapshotBuilder::new(WORDS);
        let type_id = add_type(&mut builder, "thing");
        builder.name(WORDS.own_dict);
        for (index, (tracked, finalizer, extra, size)) in self.objects.iter().enumerate() {
            let held = self.references.iter().filter(|(_, to, label)| *to == index && label.is_strong()).count();
            let tracking = match (*tracked, is_frozen(index)) {
                (true, true) => Tracking::Frozen,
                (true, false) => Tracking::Tracked(2),
                (false, _) => Tracking::Untracked,
            };
            let id = builder.add_object(ObjectRecord {
                address: 0x1000 + index as u64 * 64,
                type_id,
                shallow_size: *size,
                refcount: held as u32 + extra,
                flags: ObjectFlags::new(tracking, Trust::OnGcList),
            });
            if *finalizer {
                builder.mark_finalizer(id);
            }
        }
        for index in 0..self.objects.len() {
            for (_, to, label) in self.references.iter().filter(|(from, ..)| *from == index) {
                builder.add_reference(ObjectId(*to as u32), *label);
            }
            builder.finish_references();
        }
        for (object, kind) in &self.roots {
            builder.add_root(Root { object: ObjectId(*object as u32), kind: *kind, name: None });
        }
        builder.finish()
    }

    /// Which objects `start` leads to, itself included, along references that `follow` takes.
    pub(crate) fn reach(&self, start: &[usize], follow: impl Fn(usize, usize, ReferenceLabel) -> bool) -> Vec<bool> {
        let mut seen = vec![false; self.objects.len()];
        start.iter().for_each(|index| seen[*index] = true);
        loop {
            let before = seen.clone();
            for (from, to, label) in &self.references {
                if seen[*from] && follow(*from, *to, *label) {
                    seen[*to] = true;
                }
            }
            if seen == before {
                return seen;
            }
        }
    }
}

pub(crate) fn add_type(builder: &mut SnapshotBuilder, name: &str) -> TypeId {
    builder.add_type(TypeInfo {
        name: name.into(),
        module: None,
        object: None,
        is_heap_type: false,
        has_finalizer: false,
        finalizer: None,
    })
}

fn label() -> impl Strategy<Value = ReferenceLabel> {
    use ReferenceKind::{Item, Key, Type, Value, Weak};
    let kind = prop::sample::select(vec![Item, Item, Item, Key, Value, Type, Weak]);
    (kind, 0_u32..3, prop::bool::weighted(0.8))
        .prop_map(|(kind, payload, traversed)| ReferenceLabel::new(kind, payload, traversed && kind != Weak))
}

fn root_kind() -> impl Strategy<Value = RootKind> {
    use RootKind::{GcGarbage, Module, ThreadFrame, Unaccounted};
    prop::sample::select(vec![Module, ThreadFrame, GcGarbage, Unaccounted])
}

/// Heaps of up to `objects` objects.
pub(crate) fn sketches(objects: usize) -> impl Strategy<Value = Sketch> {
    (1..=objects).prop_flat_map(|n| {
        let extra = prop::sample::select(vec![0_u32, 0, 0, 1]);
        let object = (prop::bool::weighted(0.7), prop::bool::weighted(0.15), extra, 1_u64..100);
        (
            prop::collection::vec(object, n),
            prop::collection::vec((0..n, 0..n, label()), 0..n * 3),
            prop::collection::vec((0..n, root_kind()), 0..4),
        )
            .prop_map(|(objects, references, roots)| Sketch { objects, references, roots })
    })
}

/// A ring of `n` tracked objects, the first held by a module.
pub(crate) fn ring(n: usize) -> HeapSnapshot {
    heap_of(n, (0..n as u32).map(|index| (index, (index + 1) % n as u32)))
}

/// `n` tracked objects of one byte with these references, the first held by a module.
pub(crate) fn heap_of(n: usize, references: impl IntoIterator<Item = (u32, u32)>) -> HeapSnapshot {
    let mut builder = SnapshotBuilder::new(WORDS);
    let type_id = add_type(&mut builder, "thing");
    for index in 0..n as u64 {
        builder.add_object(ObjectRecord {
            address: 0x1000 + index * 64,
            type_id,
            shallow_size: 1,
            refcount: 1,
            flags: ObjectFlags::new(Tracking::Tracked(2), Trust::OnGcList),
        });
    }
    let mut references: Vec<(u32, u32)> = references.into_iter().collect();
    references.sort_by_key(|(from, _)| *from);
    let mut references = references.into_iter().peekable();
    for index in 0..n as u32 {
        while let Some((_, to)) = references.next_if(|(from, _)| *from == index) {
            builder.add_reference(ObjectId(to), ReferenceLabel::new(ReferenceKind::Item, 0, true));
        }
        builder.finish_references();
    }
    builder.add_root(Root { object: ObjectId(0), kind: RootKind::Module, name: None });
    builder.finish()
}

/// A heap by names, for tests that look at words.
pub(crate) struct Scene {
    builder: SnapshotBuilder,
    types: std::collections::BTreeMap<String, TypeId>,
    pub(crate) ids: std::collections::BTreeMap<String, ObjectId>,
    references: Vec<(ObjectId, ObjectId, ReferenceLabel)>,
    held: Vec<u32>,
    base: u64,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::at(0x1000)
    }

    /// With the first object at an address, and the others behind it.
    pub(crate) fn at(base: u64) -> Self {
        let (builder, types) = (SnapshotBuilder::new(WORDS), Default::default());
        Self { builder, types, ids: Default::default(), references: Vec::new(), held: Vec::new(), base }
    }

    pub(crate) fn object(&mut self, name: &str, type_name: &str, size: u64) -> ObjectId {
        let builder = &mut self.builder;
        let type_id = *self.types.entry(type_name.into()).or_insert_with(|| add_type(builder, type_name));
        let atom = matches!(type_name, "str" | "int");
        let tracking = if atom { Tracking::Untracked } else { Tracking::Tracked(2) };
        let id = builder.add_object(ObjectRecord {
            address: self.base + builder.len() as u64 * 64,
            type_id,
            shallow_size: size,
            refcount: 0,
            flags: ObjectFlags::new(tracking, Trust::OnGcList),
        });
        self.held.push(0);
        self.ids.insert(name.into(), id);
        id
    }

    pub(crate) fn refer(&mut self, from: ObjectId, to: ObjectId, kind: ReferenceKind, payload: u32) {
        self.references.push((from, to, ReferenceLabel::new(kind, payload, kind != ReferenceKind::Weak)));
        self.held[to.index()] += u32::from(kind != ReferenceKind::Weak);
    }

    pub(crate) fn field(&mut self, from: ObjectId, name: &str, to: ObjectId) {
        let name = self.builder.name(name);
        self.refer(from, to, ReferenceKind::Field, name.0);
    }

    /// Where the code object `id` is written, and how many arguments it has.
    pub(crate) fn site(&mut self, id: ObjectId, (file, line): (&str, u32), arguments: u16) {
        let file = self.builder.name(file);
        self.builder.set_site(id, Site { file, line, arguments });
    }

    /// A tuple of texts.
    pub(crate) fn words(&mut self, name: &str, words: &[&str]) -> ObjectId {
        let tuple = self.object(name, "tuple", 56);
        for (index, word) in words.iter().enumerate() {
            let word = self.string(word);
            self.refer(tuple, word, ReferenceKind::Item, index as u32);
        }
        tuple
    }

    pub(crate) fn string(&mut self, text: &str) -> ObjectId {
        let name = format!("'{text}'");
        if let Some(id) = self.ids.get(&name) {
            return *id;
        }
        let id = self.object(&name, "str", 37 + text.len() as u64);
        self.builder.set_text(id, text);
        id
    }

    pub(crate) fn entry(&mut self, dict: ObjectId, key: ObjectId, value: ObjectId) {
        self.refer(dict, key, ReferenceKind::Key, key.0);
        self.refer(dict, value, ReferenceKind::Value, key.0);
    }

    /// Sets an attribute in the own dict of `owner`, made where there is none.
    pub(crate) fn attribute(&mut self, owner: ObjectId, name: &str, value: ObjectId) {
        let dict_of = format!("dict of {}", owner.0);
        let dict = match self.ids.get(&dict_of) {
            Some(dict) => *dict,
            None => {
                let dict = self.object(&dict_of, "dict", 280);
                self.field(owner, WORDS.own_dict, dict);
                dict
            }
        };
        let key = self.string(name);
        self.entry(dict, key, value);
    }

    pub(crate) fn root(&mut self, object: ObjectId, kind: RootKind, name: &str) {
        let name = Some(self.builder.name(name));
        self.builder.add_root(Root { object, kind, name });
        self.held[object.index()] += 1;
    }

    pub(crate) fn build(mut self) -> (HeapSnapshot, std::collections::BTreeMap<String, ObjectId>) {
        self.references.sort_by_key(|(from, ..)| *from);
        let mut references = self.references.into_iter().peekable();
        for index in 0..self.builder.len() {
            let id = ObjectId(index as u32);
            while let Some((_, to, label)) = references.next_if(|(from, ..)| *from == id) {
                self.builder.add_reference(to, label);
            }
            self.builder.finish_references();
            let record = self.builder.record(id).unwrap();
            self.builder.set_record(id, ObjectRecord { refcount: self.held[index], ..record });
        }
        (self.builder.finish(), self.ids)
    }
}

/// The talk's leak in small: classes made per row as keys of a cache on their base class, and a linked list.
pub(crate) fn model_heap() -> (HeapSnapshot, std::collections::BTreeMap<String, ObjectId>) {
    model_heap_of(10, 4)
}

/// [`model_heap`] with so many row classes and list nodes.
pub(crate) fn model_heap_of(rows: usize, nodes: usize) -> (HeapSnapshot, std::collections::BTreeMap<String, ObjectId>) {
    model_heap_in(Scene::new(), rows, nodes)
}

/// [`model_heap_of`] in a scene of its own.
pub(crate) fn model_heap_in(
    mut scene: Scene,
    rows: usize,
    nodes: usize,
) -> (HeapSnapshot, std::collections::BTreeMap<String, ObjectId>) {
    let module = scene.object("module", "module", 56);
    let early = scene.object("early", "DBModel", 64);
    let model = scene.object("model_class", "type", 904);
    scene.attribute(module, "early", early);
    scene.refer(early, model, ReferenceKind::Type, 0);
    scene.attribute(module, "DBModel", model);
    let module_dict = scene.ids[&format!("dict of {}", module.0)];
    scene.ids.insert("module_dict".into(), module_dict);
    let cache = scene.object("cache", "dict", 3352);
    scene.attribute(model, "_field_cache", cache);
    for n in 0..rows {
        let class = scene.object(&format!("row_class_{n}"), "type", 904);
        let info = scene.object(&format!("info_{n}"), "list", 72);
        let mro = scene.object(&format!("mro_{n}"), "tuple", 72);
        scene.field(class, WORDS.class_fields.order, mro);
        scene.refer(mro, class, ReferenceKind::Item, 0);
        scene.refer(mro, model, ReferenceKind::Item, 1);
        scene.entry(cache, class, info);
    }
    let table = scene.object("table", "dict", 280);
    scene.attribute(module, "table", table);
    let (key, entry) = (scene.string("day one"), scene.object("entry", "list", 72));
    scene.entry(table, key, entry);
    let odd = scene.object("odd", "list", 72);
    scene.attribute(module, "not a name", odd);
    let node_class = scene.object("node_class", "type", 904);
    let mut last = module;
    for n in 0..nodes {
        let node = scene.object(&format!("node_{n}"), "Node", 64);
        scene.attribute(last, if n == 0 { "head" } else { "next" }, node);
        scene.refer(node, node_class, ReferenceKind::Type, 0);
        last = node;
    }
    scene.root(module, RootKind::Module, "model");
    scene.build()
}
