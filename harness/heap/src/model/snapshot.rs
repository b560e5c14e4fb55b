//! The decoded heap at one moment.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::columns::{Columns, Records};
use crate::{
    BitSet, NameId, ObjectId, ObjectRecord, Quality, ReferenceKind, ReferenceLabel, Root, SeriesWords, Site, Tracking,
    TypeId, TypeInfo, TypeRole,
};

/// Texts by object. Asked for every attribute there is, so it hashes with one multiplication: ids are dense, ours, and
/// nobody's to choose.
pub(crate) type TextMap = HashMap<ObjectId, NameId, BuildHasherDefault<IdHasher>>;

/// Spreads a dense id over the bits that a hash table looks at.
#[derive(Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

/// The decoded heap at one moment: columns by [`ObjectId`] and a compressed adjacency of references.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HeapSnapshot {
    pub(crate) columns: Columns,
    pub(crate) offsets: Vec<u32>,
    pub(crate) targets: Vec<ObjectId>,
    pub(crate) labels: Vec<ReferenceLabel>,
    pub(crate) types: Vec<TypeInfo>,
    pub(crate) words: SeriesWords,
    /// What each type is by these words.
    pub(crate) roles: Vec<TypeRole>,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) texts: TextMap,
    pub(crate) sites: HashMap<ObjectId, Site, BuildHasherDefault<IdHasher>>,
    pub(crate) roots: Vec<Root>,
    pub(crate) finalizers: BitSet,
    pub(crate) quality: Quality,
}

impl HeapSnapshot {
    /// Number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// True when there is no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.len() == 0
    }

    /// All ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ObjectId> + use<> {
        (0..self.columns.len() as u32).map(ObjectId)
    }

    /// All objects' records, in the order of their ids.
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        Records { columns: &self.columns }
    }

    /// One object. Ids of another snapshot give a panic or a wrong answer, so don't mix them.
    #[inline]
    #[must_use]
    pub fn object(&self, id: ObjectId) -> ObjectRecord {
        self.columns.get(id)
    }

    /// Own bytes of an object, as `sys.getsizeof`.
    #[inline]
    #[must_use]
    pub fn shallow_size(&self, id: ObjectId) -> u64 {
        self.columns.shallow_size(id)
    }

    /// What goes away with the object itself: its own bytes, and the memory of C code that belongs to it.
    #[inline]
    #[must_use]
    pub fn owned_bytes(&self, id: ObjectId) -> u64 {
        self.columns.owned_bytes(id)
    }

    /// Memory of C code that belongs to an object and that `sys.getsizeof` does not count: an array's data, a tree of a
    /// C library.
    #[must_use]
    pub fn native_bytes(&self, id: ObjectId) -> u64 {
        self.columns.native.get(&id).copied().unwrap_or(0)
    }

    /// The objects that have native bytes, with these.
    pub fn native(&self) -> impl Iterator<Item = (ObjectId, u64)> + '_ {
        self.columns.native.iter().map(|(id, bytes)| (*id, *bytes))
    }

    /// Tells what memory of C code belongs to which objects; of ids that there are not nothing is kept.
    pub fn set_native_bytes(&mut self, native: impl IntoIterator<Item = (ObjectId, u64)>) {
        let known = self.columns.len();
        self.columns.native = native.into_iter().filter(|(id, bytes)| id.index() < known && *bytes > 0).collect();
    }

    /// An object's type.
    #[inline]
    #[must_use]
    pub fn type_id(&self, id: ObjectId) -> TypeId {
        self.columns.type_id(id)
    }

    /// True for what is on the list that no collection looks at.
    #[inline]
    #[must_use]
    pub fn is_frozen(&self, id: ObjectId) -> bool {
        self.columns.flags(id).tracking() == Tracking::Frozen
    }

    /// True when an object is on a list of the collector.
    #[inline]
    #[must_use]
    pub fn is_tracked(&self, id: ObjectId) -> bool {
        self.columns.is_tracked(id)
    }

    /// True for an object whose finalizer did not run yet, and runs before the object goes.
    #[inline]
    #[must_use]
    pub fn has_finalizer_to_run(&self, id: ObjectId) -> bool {
        self.columns.flags(id).has_finalizer_to_run()
    }

    /// Reference counts of all objects; saturated.
    #[must_use]
    pub fn refcounts(&self) -> &[u32] {
        &self.columns.refcounts
    }

    /// The object's type.
    #[must_use]
    pub fn type_of(&self, id: ObjectId) -> &TypeInfo {
        &self.types[self.type_id(id).0 as usize]
    }

    /// What the object's type is to whoever tells of it.
    #[must_use]
    pub fn role(&self, id: ObjectId) -> TypeRole {
        self.roles.get(self.type_id(id).0 as usize).copied().unwrap_or_default()
    }

    /// What the series that was read calls its types and fields.
    #[must_use]
    pub fn words(&self) -> &SeriesWords {
        &self.words
    }

    /// True when the collector must not free a cycle with this object in it: its type has a finalizer, or the object
    /// itself was marked ([`crate::SnapshotBuilder::mark_finalizer`]).
    #[must_use]
    pub fn has_finalizer(&self, id: ObjectId) -> bool {
        self.type_of(id).has_finalizer || self.finalizers.contains(id)
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
    pub fn references_of(&self, id: ObjectId) -> impl ExactSizeIterator<Item = (ObjectId, ReferenceLabel)> + '_ {
        self.targets_of(id).iter().copied().zip(self.labels_of(id).iter().copied())
    }

    /// Where the references of `id` are in [`HeapSnapshot::targets`].
    #[must_use]
    pub fn span(&self, id: ObjectId) -> std::ops::Range<usize> {
        self.offsets[id.index()] as usize..self.offsets[id.index() + 1] as usize
    }

    /// The object that holds the reference at `index` of [`HeapSnapshot::targets`]; `None` past the end.
    #[must_use]
    pub fn source_of(&self, index: usize) -> Option<ObjectId> {
        if index >= self.targets.len() {
            return None;
        }
        let after = self.offsets.partition_point(|start| *start as usize <= index);
        after.checked_sub(1).map(|source| ObjectId(source as u32))
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

    /// The id of a name, if any reference, root or text uses it; of no word there is none. Looks through the table: ask once, not per object.
    #[must_use]
    pub fn find_name(&self, text: &str) -> Option<NameId> {
        let position = self.names.iter().position(|name| **name == *text).filter(|_| !text.is_empty());
        position.map(|index| NameId(index as u32))
    }

    /// What the field `name` of `id` refers to; nothing where there is no such name.
    #[must_use]
    pub fn field(&self, id: ObjectId, name: Option<NameId>) -> Option<ObjectId> {
        let is_meant = |label: ReferenceLabel| label.kind() == ReferenceKind::Field && label.name() == name;
        self.references_of(id).find(|(_, label)| name.is_some() && is_meant(*label)).map(|(to, _)| to)
    }

    /// All names; the index is the [`NameId`].
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The text of an object that is used as a key, name or module: a string's content, a number's digits.
    #[must_use]
    pub fn text(&self, id: ObjectId) -> Option<&str> {
        self.texts.get(&id).map(|name| self.name(*name))
    }

    /// The name that is the text of `id`; see [`HeapSnapshot::text`].
    #[inline]
    #[must_use]
    pub fn text_name(&self, id: ObjectId) -> Option<NameId> {
        self.texts.get(&id).copied()
    }

    /// Where a code object or a module is written, and at which line a frame is.
    #[must_use]
    pub fn site(&self, id: ObjectId) -> Option<Site> {
        self.sites.get(&id).copied()
    }

    /// What keeps objects alive from outside.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Adds roots that show only once all references are known, and how many objects had a surplus of them.
    pub fn add_late_roots(&mut self, roots: Vec<Root>, surplus_references: u64) {
        let mut rooted = vec![false; self.columns.len()];
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
