//! Puts a snapshot together, object by object, and checks that every id leads somewhere.

use std::collections::HashMap;

use super::object::PartStart;
use crate::{
    HeapSnapshot, NameId, ObjectId, ObjectRecord, Quality, ReferenceLabel, Root, SeriesWords, Site, TypeId, TypeInfo,
};

/// Most references a snapshot holds: indices of references and of roots share 32 bits in [`crate::PathTree`].
pub const REFERENCES_MAX: usize = u32::MAX as usize - ROOTS_MAX - 2;
/// Most roots a snapshot holds.
const ROOTS_MAX: usize = 1 << 28;

/// Puts a snapshot together. Objects first, then each object's references in the order of their ids.
#[derive(Debug, Default)]
pub struct SnapshotBuilder {
    pub(super) snapshot: HeapSnapshot,
    pub(super) name_ids: HashMap<Box<str>, NameId>,
    /// Of a part: what ids of the whole come before its own.
    pub(super) before: PartStart,
    classes: Vec<(ObjectId, TypeId)>,
}

impl SnapshotBuilder {
    /// Nothing yet, of a series that calls its types and fields so.
    #[must_use]
    pub fn new(words: SeriesWords) -> Self {
        let mut builder = Self::default();
        builder.snapshot.words = words;
        builder.snapshot.offsets.push(0);
        builder
    }

    /// Adds a type.
    pub fn add_type(&mut self, info: TypeInfo) -> TypeId {
        self.snapshot.types.push(info);
        TypeId(self.before.types + self.snapshot.types.len() as u32 - 1)
    }

    /// Changes a type that was added.
    pub fn type_mut(&mut self, id: TypeId) -> Option<&mut TypeInfo> {
        self.snapshot.types.get_mut(id.0.checked_sub(self.before.types)? as usize)
    }

    /// Adds an object.
    pub fn add_object(&mut self, record: ObjectRecord) -> ObjectId {
        ObjectId(self.before.objects + self.snapshot.columns.push(record).0)
    }

    /// An object that was added.
    #[must_use]
    pub fn record(&self, id: ObjectId) -> Option<ObjectRecord> {
        self.snapshot.records().get(id.index())
    }

    /// Changes an object that was added.
    pub fn set_record(&mut self, id: ObjectId, record: ObjectRecord) {
        self.snapshot.columns.set(id, record);
    }

    /// Number of objects so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.snapshot.columns.len()
    }

    /// True when there is no object yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a reference of the object whose references have not been finished yet. Beyond [`REFERENCES_MAX`] it is
    /// ignored.
    pub fn add_reference(&mut self, target: ObjectId, label: ReferenceLabel) {
        if self.snapshot.targets.len() >= REFERENCES_MAX {
            return;
        }
        self.snapshot.targets.push(target);
        self.snapshot.labels.push(label);
    }

    /// Ends the references of the next object in order of ids.
    pub fn finish_references(&mut self) {
        self.snapshot.offsets.push(self.snapshot.targets.len() as u32);
    }

    /// How many objects' references are finished.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.before.finished as usize + self.snapshot.offsets.len() - 1
    }

    /// A name's id; equal names share one.
    pub fn name(&mut self, text: &str) -> NameId {
        if let Some(id) = self.name_ids.get(text) {
            return *id;
        }
        let id = NameId(self.before.names + self.snapshot.names.len() as u32);
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

    /// Notes where a code object or a module is written, or at which line a frame is.
    pub fn set_site(&mut self, id: ObjectId, site: Site) {
        self.snapshot.sites.insert(id, site);
    }

    /// Adds a root.
    pub fn add_root(&mut self, root: Root) {
        self.snapshot.roots.push(root);
    }

    /// What there is so far. References may be missing, and lead anywhere.
    #[must_use]
    pub fn so_far(&self) -> &HeapSnapshot {
        &self.snapshot
    }

    /// The quality so far.
    pub fn quality_mut(&mut self) -> &mut Quality {
        &mut self.snapshot.quality
    }

    /// Marks an object that has a finalizer though its type has none.
    pub fn mark_finalizer(&mut self, id: ObjectId) {
        self.snapshot.finalizers.insert(id);
    }

    /// Gives an object the class that people know it by, where its C type says nothing (an old-style `instance`).
    /// Takes effect in [`SnapshotBuilder::finish`].
    pub fn set_class(&mut self, id: ObjectId, class: TypeId) {
        self.classes.push((id, class));
    }

    /// The snapshot. Objects whose references were never finished have none; references, roots and types that lead
    /// nowhere are dropped, so that no algorithm has to check again.
    #[must_use]
    pub fn finish(mut self) -> HeapSnapshot {
        for (id, class) in std::mem::take(&mut self.classes) {
            self.snapshot.columns.set_type(id, class);
        }
        self.close_offsets();
        self.drop_dangling_references();
        self.drop_dangling_types();
        let HeapSnapshot { words, roles, types, .. } = &mut self.snapshot;
        *roles = types.iter().map(|info| words.role(&info.name)).collect();
        let objects = self.snapshot.columns.len() as u32;
        self.snapshot.roots.retain(|root| root.object.0 < objects);
        self.snapshot.roots.truncate(ROOTS_MAX);
        self.snapshot
    }

    fn close_offsets(&mut self) {
        let HeapSnapshot { columns, offsets, targets, labels, .. } = &mut self.snapshot;
        offsets.truncate(columns.len() + 1);
        let end = offsets.last().copied().unwrap_or(0);
        offsets.resize(columns.len() + 1, end);
        targets.truncate(end as usize);
        labels.truncate(end as usize);
    }

    fn drop_dangling_references(&mut self) {
        let HeapSnapshot { columns, offsets, targets, labels, .. } = &mut self.snapshot;
        let objects = columns.len() as u32;
        if targets.iter().all(|target| target.0 < objects) {
            return;
        }
        let mut kept = 0;
        let mut start = 0;
        for end in offsets.iter_mut().skip(1) {
            for index in start..*end as usize {
                if targets[index].0 < objects {
                    targets[kept] = targets[index];
                    labels[kept] = labels[index];
                    kept += 1;
                }
            }
            start = *end as usize;
            *end = kept as u32;
        }
        targets.truncate(kept);
        labels.truncate(kept);
    }

    fn drop_dangling_types(&mut self) {
        let known = self.snapshot.types.len() as u32;
        if !self.snapshot.columns.clamp_types(known) {
            return;
        }
        self.snapshot.types.push(TypeInfo {
            name: "?".into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::add_type;
    use crate::{ObjectFlags, ReferenceKind, RootKind, Tracking, Trust};

    fn record(type_id: TypeId) -> ObjectRecord {
        let flags = ObjectFlags::new(Tracking::Tracked(0), Trust::OnGcList);
        ObjectRecord { address: 1, type_id, shallow_size: 1, refcount: 1, flags }
    }

    fn item(index: u32) -> ReferenceLabel {
        ReferenceLabel::new(ReferenceKind::Item, index, true)
    }

    #[test]
    fn what_leads_nowhere_is_dropped_and_the_rest_stays_in_place() {
        let mut builder = SnapshotBuilder::new(SeriesWords::default());
        let thing = add_type(&mut builder, "thing");
        let ids = [thing, TypeId(9), thing].map(|type_id| builder.add_object(record(type_id)));
        builder.add_reference(ObjectId(77), item(0));
        builder.add_reference(ids[1], item(1));
        builder.finish_references();
        builder.add_reference(ids[2], item(2));
        builder.add_reference(ObjectId(3), item(3));
        builder.finish_references();
        builder.add_reference(ids[0], item(4));
        for object in [ids[0], ObjectId(5)] {
            builder.add_root(Root { object, kind: RootKind::Module, name: None });
        }
        let heap = builder.finish();
        assert_eq!(heap.references_of(ids[0]).collect::<Vec<_>>(), [(ids[1], item(1))]);
        assert_eq!(heap.references_of(ids[1]).collect::<Vec<_>>(), [(ids[2], item(2))]);
        // Its references were begun and never finished.
        assert!(heap.references_of(ids[2]).next().is_none());
        assert_eq!(heap.type_of(ids[1]).name, "?");
        assert_eq!(heap.type_of(ids[2]).name, "thing");
        assert_eq!(heap.roots().len(), 1);
        assert_eq!([0, 1, 2].map(|index| heap.source_of(index)), [Some(ids[0]), Some(ids[1]), None]);
    }

    #[test]
    fn finalizers_and_classes_can_be_told_of_one_object() {
        let mut builder = SnapshotBuilder::new(SeriesWords::default());
        let instance = add_type(&mut builder, "instance");
        let attendee = add_type(&mut builder, "Attendee");
        let ids = [builder.add_object(record(instance)), builder.add_object(record(instance))];
        builder.set_class(ids[1], attendee);
        builder.mark_finalizer(ids[1]);
        assert_eq!(builder.record(ids[1]).map(|record| record.type_id), Some(instance));
        let heap = builder.finish();
        assert_eq!(ids.map(|id| heap.type_of(id).name.clone()), ["instance", "Attendee"]);
        assert_eq!(ids.map(|id| heap.has_finalizer(id)), [false, true]);
    }
}
