//! Parts of a snapshot that are put together by somebody else at the same time, and joined in their order: ids that a part
//! gives out begin where those of the whole ended, and get their place in the whole when it is joined.

use super::builder::{REFERENCES_MAX, SnapshotBuilder};
use super::object::PartStart;
use crate::{NameId, ObjectId, Quality, ReferenceKind, ReferenceLabel, Site, TypeId};

/// What a part's own ids are in the whole, in the order in which the part gave them out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartPlaces {
    /// Names.
    pub names: Vec<NameId>,
    /// Types.
    pub types: Vec<TypeId>,
    /// Objects.
    pub objects: Vec<ObjectId>,
}

impl PartPlaces {
    /// The place of an object that a part begun at `start` names.
    #[must_use]
    pub fn of_object(&self, start: PartStart, id: ObjectId) -> ObjectId {
        ObjectId(self.object(start, id.0))
    }

    fn name(&self, before: PartStart, id: u32) -> u32 {
        id.checked_sub(before.names).and_then(|own| self.names.get(own as usize)).map_or(id, |place| place.0)
    }

    fn object(&self, before: PartStart, id: u32) -> u32 {
        id.checked_sub(before.objects).and_then(|own| self.objects.get(own as usize)).map_or(id, |place| place.0)
    }

    fn label(&self, before: PartStart, label: ReferenceLabel) -> ReferenceLabel {
        match label.kind() {
            // What a weak reference has is a name, or nothing.
            ReferenceKind::Field | ReferenceKind::Slot | ReferenceKind::Local | ReferenceKind::Weak => {
                label.with_payload(|payload| self.name(before, payload))
            }
            ReferenceKind::Key | ReferenceKind::Value => label.with_payload(|payload| self.object(before, payload)),
            _ => label,
        }
    }
}

impl SnapshotBuilder {
    /// How much there is by now.
    #[must_use]
    pub fn counts(&self) -> PartStart {
        PartStart {
            objects: self.len() as u32,
            types: self.snapshot.types.len() as u32,
            names: self.snapshot.names.len() as u32,
            finished: self.finished() as u32,
        }
    }

    /// Begins a part of a whole that has so much already; what was in this builder is gone, its memory is used again.
    pub fn begin_part(&mut self, before: PartStart) {
        self.before = before;
        let snapshot = &mut self.snapshot;
        snapshot.columns.clear();
        snapshot.offsets.clear();
        snapshot.offsets.push(0);
        snapshot.targets.clear();
        snapshot.labels.clear();
        snapshot.types.clear();
        snapshot.names.clear();
        snapshot.texts.clear();
        snapshot.sites.clear();
        snapshot.quality = Quality::default();
        self.name_ids.clear();
    }

    /// Gives all names of `part` their ids here, in the order in which they were met there.
    #[must_use]
    pub fn take_names(&mut self, part: &Self) -> Vec<NameId> {
        part.snapshot.names.iter().map(|name| self.name(name)).collect()
    }

    /// Adds the objects of `part` behind those that are here.
    pub fn append_objects(&mut self, part: &Self, places: &PartPlaces) {
        let before = part.before;
        let place = |id: TypeId| {
            id.0.checked_sub(before.types).and_then(|own| places.types.get(own as usize)).copied().unwrap_or(id)
        };
        match places.types.is_empty() {
            true => self.snapshot.columns.append(&part.snapshot.columns, |id| id),
            false => self.snapshot.columns.append(&part.snapshot.columns, place),
        }
    }

    /// Adds the finished references of `part` behind those that are here ([`SnapshotBuilder::has_room_for`] them).
    pub fn append_references(&mut self, part: &Self, places: &PartPlaces) {
        let (from, snapshot) = (&part.snapshot, &mut self.snapshot);
        let base = snapshot.targets.len();
        snapshot.offsets.extend(from.offsets.iter().skip(1).map(|end| end + base as u32));
        let before = part.before;
        if places.objects.is_empty() {
            snapshot.targets.extend_from_slice(&from.targets);
        } else {
            snapshot.targets.extend(from.targets.iter().map(|target| ObjectId(places.object(before, target.0))));
        }
        if places.objects.is_empty() && places.names.is_empty() {
            snapshot.labels.extend_from_slice(&from.labels);
        } else {
            snapshot.labels.extend(from.labels.iter().map(|label| places.label(before, *label)));
        }
        let quality = &mut snapshot.quality;
        quality.unmapped_pointers += from.quality.unmapped_pointers;
        quality.conservative_objects += from.quality.conservative_objects;
    }

    /// Adds the texts and sites that `part` knows; what is known already stays.
    pub fn take_known(&mut self, part: &Self, places: &PartPlaces) {
        let before = part.before;
        let object = |id: &ObjectId| ObjectId(places.object(before, id.0));
        let name = |id: NameId| NameId(places.name(before, id.0));
        for (id, text) in &part.snapshot.texts {
            self.snapshot.texts.entry(object(id)).or_insert_with(|| name(*text));
        }
        let sites = part.snapshot.sites.iter();
        self.snapshot.sites.extend(sites.map(|(id, site)| (object(id), Site { file: name(site.file), ..*site })));
    }

    /// True where the references of `part` still fit.
    #[must_use]
    pub fn has_room_for(&self, part: &Self) -> bool {
        self.snapshot.targets.len() + part.snapshot.targets.len() <= REFERENCES_MAX
    }

    /// Makes room for so many more objects.
    pub fn reserve_objects(&mut self, objects: usize) {
        self.snapshot.columns.reserve_exact(objects);
        self.snapshot.offsets.reserve_exact(objects);
    }

    /// The objects that have a text.
    pub fn with_text(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.snapshot.texts.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::add_type;
    use crate::{HeapSnapshot, ObjectFlags, ObjectRecord, SeriesWords, Tracking, Trust};

    fn record(type_id: TypeId, size: u64) -> ObjectRecord {
        let flags = ObjectFlags::new(Tracking::Untracked, Trust::Referenced);
        ObjectRecord { address: 8, type_id, shallow_size: size, refcount: 1, flags }
    }

    /// Two objects refer to one that is met with the second: `of` tells whether by a part.
    fn heap(of: bool) -> HeapSnapshot {
        let mut whole = SnapshotBuilder::new(SeriesWords::default());
        let thing = add_type(&mut whole, "thing");
        let first = whole.name("first");
        for _ in 0..2 {
            whole.add_object(record(thing, 1));
        }
        let fill = |builder: &mut SnapshotBuilder| {
            let (late, found) = (builder.name("late"), builder.name("first"));
            let id = builder.add_object(record(thing, u64::MAX));
            builder.set_text(id, "text");
            builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Field, late.0, true));
            builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Value, id.0, true));
            builder.add_reference(ObjectId(0), ReferenceLabel::new(ReferenceKind::Slot, found.0, true));
            builder.add_reference(ObjectId(0), ReferenceLabel::new(ReferenceKind::Item, 9, true));
            builder.set_site(ObjectId(builder.finished() as u32), Site { file: late, line: 3, arguments: 0 });
            builder.finish_references();
            builder.quality_mut().unmapped_pointers += 1;
        };
        // What was met before moves the ids that the part gave out.
        let mut part = SnapshotBuilder::default();
        part.begin_part(PartStart { finished: 1, ..whole.counts() });
        whole.name("between");
        whole.add_object(record(thing, 2));
        whole.add_reference(ObjectId(1), ReferenceLabel::new(ReferenceKind::Field, first.0, true));
        whole.finish_references();
        if of {
            fill(&mut part);
            let names = whole.take_names(&part);
            let mut places = PartPlaces { names, ..PartPlaces::default() };
            places.objects.push(whole.add_object(record(thing, u64::MAX)));
            assert!(whole.has_room_for(&part));
            whole.append_references(&part, &places);
            whole.take_known(&part, &places);
        } else {
            fill(&mut whole);
        }
        whole.finish()
    }

    #[test]
    fn what_a_part_adds_is_what_would_have_been_added() {
        let by_part = heap(true);
        assert_eq!(by_part, heap(false));
        assert_eq!(by_part.text(ObjectId(3)), Some("text"));
        assert_eq!(by_part.references_of(ObjectId(1)).len(), 4);
    }

    #[test]
    fn objects_of_a_part_keep_their_sizes_and_get_the_wholes_types() {
        let mut whole = SnapshotBuilder::new(SeriesWords::default());
        let thing = add_type(&mut whole, "thing");
        whole.add_object(record(thing, 1));
        let mut part = SnapshotBuilder::default();
        part.begin_part(whole.counts());
        let own = add_type(&mut part, "own");
        assert_eq!(part.add_object(record(own, u64::from(u32::MAX) + 7)), ObjectId(1));
        part.add_object(record(thing, 5));
        add_type(&mut whole, "between");
        let types = vec![add_type(&mut whole, "own")];
        whole.append_objects(&part, &PartPlaces { types, ..PartPlaces::default() });
        let heap = whole.finish();
        let told = |id| (heap.type_of(ObjectId(id)).name.clone(), heap.shallow_size(ObjectId(id)));
        assert_eq!([1, 2].map(told), [("own".into(), u64::from(u32::MAX) + 7), ("thing".into(), 5)]);
    }
}
