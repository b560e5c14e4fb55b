use std::collections::HashMap;

use crate::ReferenceLabel;

/// Dense index of an object in one snapshot. Means nothing in another snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// Index into [`HeapSnapshot::types`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// Index into the snapshot's table of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl ObjectId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How we know of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// It is on a list of the collector.
    OnGcList,
    /// A reference from a known object leads to it.
    Referenced,
    /// Found in an allocated pool block, by its type pointer.
    FoundInPool,
}

/// What the collector knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tracking {
    /// On the list of this generation (0 to 2).
    Tracked(u8),
    /// Not on any list: no collector support, or a dict or tuple of atoms.
    Untracked,
}

/// [`Trust`] and [`Tracking`] in a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectFlags(u8);

impl ObjectFlags {
    /// Packs both.
    #[must_use]
    pub fn new(tracking: Tracking, trust: Trust) -> Self {
        let tracking = match tracking {
            Tracking::Untracked => 3,
            Tracking::Tracked(generation) => generation.min(2),
        };
        Self(tracking | ((trust as u8) << 2))
    }

    /// What the collector knows of it.
    #[must_use]
    pub fn tracking(self) -> Tracking {
        match self.0 & 3 {
            3 => Tracking::Untracked,
            generation => Tracking::Tracked(generation),
        }
    }

    /// True when it is on a list of the collector.
    #[must_use]
    pub fn is_tracked(self) -> bool {
        self.0 & 3 != 3
    }

    /// How we know of it.
    #[must_use]
    pub fn trust(self) -> Trust {
        match self.0 >> 2 {
            0 => Trust::OnGcList,
            1 => Trust::Referenced,
            _ => Trust::FoundInPool,
        }
    }
}

/// A type of the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeInfo {
    /// Name without the module: `DBModel`, `dict`.
    pub name: String,
    /// `__module__`, where there is one; `None` for built-in types.
    pub module: Option<String>,
    /// The type object itself.
    pub object: Option<ObjectId>,
    /// Made at run time (`class` statement), not in C.
    pub is_heap_type: bool,
    /// Instances have a finalizer (`__del__`) that keeps the collector from touching their cycles.
    pub has_finalizer: bool,
    /// Where `__del__` is written: function name, file and first line.
    pub finalizer: Option<FinalizerSite>,
}

impl TypeInfo {
    /// `module.Name`, or `Name` for built-in types.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        match &self.module {
            Some(module) if module != "__builtin__" => format!("{module}.{}", self.name),
            _ => self.name.clone(),
        }
    }
}

/// Where a `__del__` method is written.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct FinalizerSite {
    /// Class that defines the method.
    pub class: String,
    /// File as the code object names it.
    pub file: String,
    /// First line of the method.
    pub line: u32,
}

/// What keeps an object alive from outside the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum RootKind {
    /// An entry of `sys.modules`; the name is the module's.
    Module,
    /// The builtins dict, sys dict or codec registries of the interpreter state.
    Interpreter,
    /// A frame on a thread's stack; the name is the function's.
    ThreadFrame,
    /// Something else that a thread state holds (current exception, thread-state dict, trace function).
    ThreadState,
    /// A type object in a library's data.
    StaticType,
    /// `gc.garbage`, where the collector parks what it will not free.
    GcGarbage,
    /// The interned-strings dict.
    Interned,
    /// More reference counts than references found: something in C holds it.
    Unaccounted,
}

/// An object that is kept alive from outside the heap, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// The object held.
    pub object: ObjectId,
    /// What holds it.
    pub kind: RootKind,
    /// A name for people: the module's, the function's, the field's.
    pub name: Option<NameId>,
}

/// How far a snapshot can be trusted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Quality {
    /// A collection was in progress: lists are incomplete.
    pub collection_in_progress: bool,
    /// Links of the collector's lists whose neighbour did not point back.
    pub broken_links: u64,
    /// Pointers that led to memory that was not copied.
    pub unmapped_pointers: u64,
    /// Objects with more references found than their count allows: torn reads or decoding faults.
    pub surplus_references: u64,
    /// Allocated pool blocks that are no object we know (raw buffers of C code among them).
    pub unidentified_blocks: u64,
    /// Objects of extension types, read conservatively.
    pub conservative_objects: u64,
}

/// One object as the decoder hands it over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectRecord {
    /// Address of the `PyObject` (not of its GC head).
    pub address: u64,
    /// Its type.
    pub type_id: TypeId,
    /// As `sys.getsizeof`: own bytes, GC head included.
    pub shallow_size: u64,
    /// `ob_refcnt`; saturated.
    pub refcount: u32,
    /// Tracking and trust.
    pub flags: ObjectFlags,
}

/// The decoded heap at one moment: columns by [`ObjectId`] and a compressed adjacency of references.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HeapSnapshot {
    pub(crate) records: Vec<ObjectRecord>,
    pub(crate) offsets: Vec<u32>,
    pub(crate) targets: Vec<ObjectId>,
    pub(crate) labels: Vec<ReferenceLabel>,
    pub(crate) types: Vec<TypeInfo>,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) texts: HashMap<ObjectId, NameId>,
    pub(crate) roots: Vec<Root>,
    pub(crate) quality: Quality,
}

impl HeapSnapshot {
    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True when there is no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> + use<> {
        (0..self.records.len() as u32).map(ObjectId)
    }

    /// All objects' records; the index is the id.
    #[must_use]
    pub fn records(&self) -> &[ObjectRecord] {
        &self.records
    }

    /// One object. Ids of another snapshot give a panic or a wrong answer, so don't mix them.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> &ObjectRecord {
        &self.records[id.index()]
    }

    /// The object's type.
    #[must_use]
    pub fn type_of(&self, id: ObjectId) -> &TypeInfo {
        &self.types[self.records[id.index()].type_id.0 as usize]
    }

    /// Objects that `id` refers to; parallel to [`HeapSnapshot::labels_of`].
    #[must_use]
    pub fn targets_of(&self, id: ObjectId) -> &[ObjectId] {
        &self.targets[self.span(id)]
    }

    /// Labels of the references of `id`.
    #[must_use]
    pub fn labels_of(&self, id: ObjectId) -> &[ReferenceLabel] {
        &self.labels[self.span(id)]
    }

    /// References of `id` with their labels.
    pub fn references_of(
        &self,
        id: ObjectId,
    ) -> impl ExactSizeIterator<Item = (ObjectId, ReferenceLabel)> + '_ {
        self.targets_of(id)
            .iter()
            .copied()
            .zip(self.labels_of(id).iter().copied())
    }

    /// Where the references of `id` are in [`HeapSnapshot::targets`].
    #[must_use]
    pub fn span(&self, id: ObjectId) -> std::ops::Range<usize> {
        self.offsets[id.index()] as usize..self.offsets[id.index() + 1] as usize
    }

    /// Start of each object's references in [`HeapSnapshot::targets`], and one past the end.
    #[must_use]
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// All references' targets, grouped by source.
    #[must_use]
    pub fn targets(&self) -> &[ObjectId] {
        &self.targets
    }

    /// All references' labels, grouped by source.
    #[must_use]
    pub fn labels(&self) -> &[ReferenceLabel] {
        &self.labels
    }

    /// All types; the index is the [`TypeId`].
    #[must_use]
    pub fn types(&self) -> &[TypeInfo] {
        &self.types
    }

    /// A name.
    #[must_use]
    pub fn name(&self, id: NameId) -> &str {
        self.names.get(id.0 as usize).map_or("?", |name| name)
    }

    /// The text of an object that is used as a key, name or module: a string's content, a number's digits.
    #[must_use]
    pub fn text(&self, id: ObjectId) -> Option<&str> {
        self.texts.get(&id).map(|name| self.name(*name))
    }

    /// What keeps objects alive from outside.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Adds roots that show only once all references are known, and how many objects had a surplus of them.
    pub fn add_late_roots(&mut self, roots: Vec<Root>, surplus_references: u64) {
        let mut rooted = vec![false; self.records.len()];
        for root in &self.roots {
            rooted[root.object.index()] = true;
        }
        self.roots.extend(roots.into_iter().filter(|root| !rooted[root.object.index()]));
        self.quality.surplus_references += surplus_references;
    }

    /// How far it can be trusted.
    #[must_use]
    pub fn quality(&self) -> &Quality {
        &self.quality
    }
}

/// Puts a snapshot together. Objects first, then each object's references in the order of their ids.
#[derive(Debug, Default)]
pub struct SnapshotBuilder {
    snapshot: HeapSnapshot,
    name_ids: HashMap<Box<str>, NameId>,
}

impl SnapshotBuilder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut builder = Self::default();
        builder.snapshot.offsets.push(0);
        builder
    }

    /// Adds a type.
    pub fn add_type(&mut self, info: TypeInfo) -> TypeId {
        self.snapshot.types.push(info);
        TypeId(self.snapshot.types.len() as u32 - 1)
    }

    /// Changes a type that was added.
    pub fn type_mut(&mut self, id: TypeId) -> Option<&mut TypeInfo> {
        self.snapshot.types.get_mut(id.0 as usize)
    }

    /// Adds an object.
    pub fn add_object(&mut self, record: ObjectRecord) -> ObjectId {
        self.snapshot.records.push(record);
        ObjectId(self.snapshot.records.len() as u32 - 1)
    }

    /// An object that was added.
    #[must_use]
    pub fn record(&self, id: ObjectId) -> Option<&ObjectRecord> {
        self.snapshot.records.get(id.index())
    }

    /// Changes an object that was added.
    pub fn record_mut(&mut self, id: ObjectId) -> Option<&mut ObjectRecord> {
        self.snapshot.records.get_mut(id.index())
    }

    /// Number of objects so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.snapshot.records.len()
    }

    /// True when there is no object yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a reference of the object whose references have not been finished yet.
    pub fn add_reference(&mut self, target: ObjectId, label: ReferenceLabel) {
        self.snapshot.targets.push(target);
        self.snapshot.labels.push(label);
    }

    /// Ends the references of the next object in order of ids.
    pub fn finish_references(&mut self) {
        self.snapshot
            .offsets
            .push(self.snapshot.targets.len() as u32);
    }

    /// How many objects' references are finished.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.snapshot.offsets.len() - 1
    }

    /// A name's id; equal names share one.
    pub fn name(&mut self, text: &str) -> NameId {
        if let Some(id) = self.name_ids.get(text) {
            return *id;
        }
        let id = NameId(self.snapshot.names.len() as u32);
        self.snapshot.names.push(text.into());
        self.name_ids.insert(text.into(), id);
        id
    }

    /// Gives an object a text.
    pub fn set_text(&mut self, id: ObjectId, text: &str) {
        let name = self.name(text);
        self.snapshot.texts.insert(id, name);
    }

    /// True when the object has a text.
    #[must_use]
    pub fn has_text(&self, id: ObjectId) -> bool {
        self.snapshot.texts.contains_key(&id)
    }

    /// Adds a root.
    pub fn add_root(&mut self, root: Root) {
        self.snapshot.roots.push(root);
    }

    /// The quality so far.
    pub fn quality_mut(&mut self) -> &mut Quality {
        &mut self.snapshot.quality
    }

    /// The snapshot. Objects whose references were never finished have none.
    #[must_use]
    pub fn finish(mut self) -> HeapSnapshot {
        let end = self.snapshot.targets.len() as u32;
        self.snapshot
            .offsets
            .resize(self.snapshot.records.len() + 1, end);
        let objects = self.snapshot.records.len() as u32;
        // Dangling ids would make every algorithm check; clear them once, here.
        for target in &mut self.snapshot.targets {
            if target.0 >= objects {
                target.0 = 0;
            }
        }
        self.snapshot.roots.retain(|root| root.object.0 < objects);
        self.snapshot
    }
}
