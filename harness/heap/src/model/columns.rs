//! Objects' records as columns: 20 bytes an object, and an algorithm reads only the columns it asks for.

use std::collections::BTreeMap;

use crate::{ObjectFlags, ObjectId, ObjectRecord, Tracking, Trust, TypeId};

const FLAG_BITS: u32 = 6;

/// The records of all objects.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Columns {
    pub(crate) addresses: Vec<u64>,
    pub(crate) refcounts: Vec<u32>,
    /// `u32::MAX` for those that are in `large`.
    sizes: Vec<u32>,
    large: BTreeMap<ObjectId, u64>,
    /// Bytes of C code's memory that belong to an object; only of those that have some.
    pub(crate) native: BTreeMap<ObjectId, u64>,
    /// Type and flags; types beyond 26 bits are cut to that.
    kinds: Vec<u32>,
}

impl Columns {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.addresses.len()
    }

    #[inline]
    pub(crate) fn push(&mut self, record: ObjectRecord) -> ObjectId {
        let id = ObjectId(self.len() as u32);
        self.addresses.push(record.address);
        self.refcounts.push(record.refcount);
        self.sizes.push(0);
        self.kinds.push(0);
        self.set(id, record);
        id
    }

    /// Empty again, with its memory.
    pub(crate) fn clear(&mut self) {
        self.addresses.clear();
        self.refcounts.clear();
        self.sizes.clear();
        self.large.clear();
        self.native.clear();
        self.kinds.clear();
    }

    pub(crate) fn reserve_exact(&mut self, objects: usize) {
        self.addresses.reserve_exact(objects);
        self.refcounts.reserve_exact(objects);
        self.sizes.reserve_exact(objects);
        self.kinds.reserve_exact(objects);
    }

    /// Adds the records of `other` behind these, with the types that `place` gives theirs.
    pub(crate) fn append(&mut self, other: &Self, place: impl Fn(TypeId) -> TypeId) {
        let base = self.len() as u32;
        self.addresses.extend_from_slice(&other.addresses);
        self.refcounts.extend_from_slice(&other.refcounts);
        self.sizes.extend_from_slice(&other.sizes);
        self.large.extend(other.large.iter().map(|(id, bytes)| (ObjectId(base + id.0), *bytes)));
        self.kinds.extend(other.kinds.iter().map(|kind| {
            let type_id = place(TypeId(kind >> FLAG_BITS)).0.min(u32::MAX >> FLAG_BITS);
            type_id << FLAG_BITS | kind & ((1 << FLAG_BITS) - 1)
        }));
    }

    /// Overwrites an object's record. Does nothing past the end.
    pub(crate) fn set(&mut self, id: ObjectId, record: ObjectRecord) {
        if id.index() >= self.len() {
            return;
        }
        let small = u32::try_from(record.shallow_size).unwrap_or(u32::MAX);
        if small == u32::MAX {
            self.large.insert(id, record.shallow_size);
        }
        self.addresses[id.index()] = record.address;
        self.refcounts[id.index()] = record.refcount;
        self.sizes[id.index()] = small;
        self.kinds[id.index()] =
            record.type_id.0.min(u32::MAX >> FLAG_BITS) << FLAG_BITS | u32::from(record.flags.bits());
    }

    #[inline]
    pub(crate) fn get(&self, id: ObjectId) -> ObjectRecord {
        let kind = self.kinds[id.index()];
        ObjectRecord {
            address: self.addresses[id.index()],
            type_id: TypeId(kind >> FLAG_BITS),
            shallow_size: self.shallow_size(id),
            refcount: self.refcounts[id.index()],
            flags: ObjectFlags::from_bits(kind as u8),
        }
    }

    #[inline]
    pub(crate) fn shallow_size(&self, id: ObjectId) -> u64 {
        match self.sizes[id.index()] {
            u32::MAX => self.large.get(&id).copied().unwrap_or(u64::from(u32::MAX)),
            size => u64::from(size),
        }
    }

    /// Own bytes, and those of C code's memory that belong to the object.
    #[inline]
    pub(crate) fn owned_bytes(&self, id: ObjectId) -> u64 {
        let own = self.shallow_size(id);
        if self.native.is_empty() { own } else { own.saturating_add(self.native.get(&id).copied().unwrap_or(0)) }
    }

    #[inline]
    pub(crate) fn type_id(&self, id: ObjectId) -> TypeId {
        TypeId(self.kinds[id.index()] >> FLAG_BITS)
    }

    #[inline]
    pub(crate) fn is_tracked(&self, id: ObjectId) -> bool {
        ObjectFlags::from_bits(self.kinds[id.index()] as u8).is_tracked()
    }

    #[inline]
    pub(crate) fn flags(&self, id: ObjectId) -> ObjectFlags {
        ObjectFlags::from_bits(self.kinds[id.index()] as u8)
    }

    pub(crate) fn set_type(&mut self, id: ObjectId, type_id: TypeId) {
        if id.index() < self.len() {
            self.set(id, ObjectRecord { type_id, ..self.get(id) });
        }
    }

    /// Gives objects whose type is `known` or beyond the type `known`; false when there are none.
    pub(crate) fn clamp_types(&mut self, known: u32) -> bool {
        let mut found = false;
        for kind in self.kinds.iter_mut().filter(|kind| **kind >> FLAG_BITS >= known) {
            found = true;
            *kind = known.min(u32::MAX >> FLAG_BITS) << FLAG_BITS | *kind & ((1 << FLAG_BITS) - 1);
        }
        found
    }
}

/// All objects' records, in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    pub(crate) columns: &'a Columns,
}

impl<'a> Records<'a> {
    /// One after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = ObjectRecord> + 'a {
        let columns = self.columns;
        (0..columns.len() as u32).map(move |id| columns.get(ObjectId(id)))
    }

    /// The record at an index; `None` past the end.
    #[must_use]
    pub fn get(self, index: usize) -> Option<ObjectRecord> {
        (index < self.columns.len()).then(|| self.columns.get(ObjectId(index as u32)))
    }

    /// Number of objects.
    #[must_use]
    pub fn len(self) -> usize {
        self.columns.len()
    }

    /// True when there is no object.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'a> IntoIterator for Records<'a> {
    type Item = ObjectRecord;
    type IntoIter = RecordsIter<'a>;

    fn into_iter(self) -> RecordsIter<'a> {
        RecordsIter { columns: self.columns, ids: 0..self.columns.len() as u32 }
    }
}

/// See [`Records`].
#[derive(Clone, Debug)]
pub struct RecordsIter<'a> {
    columns: &'a Columns,
    ids: std::ops::Range<u32>,
}

impl Iterator for RecordsIter<'_> {
    type Item = ObjectRecord;

    fn next(&mut self) -> Option<ObjectRecord> {
        self.ids.next().map(|id| self.columns.get(ObjectId(id)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ids.size_hint()
    }
}

impl ExactSizeIterator for RecordsIter<'_> {}

/// The two enumerations must fit the bits that are left beside the type.
const _: () = assert!(ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool).bits() < 1 << FLAG_BITS);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            address: u64, shallow_size: u64, small: u32, refcount: u32, kind in 0_u32..1 << (32 - FLAG_BITS), generation in 0_u8..4,
        ) {
            let tracking = if generation == 3 { Tracking::Untracked } else { Tracking::Tracked(generation) };
            for shallow_size in [shallow_size, u64::from(small), u64::from(u32::MAX), u64::from(u32::MAX) - 1] {
                for trust in [Trust::OnGcList, Trust::Referenced, Trust::FoundInPool] {
                    let flags = ObjectFlags::new(tracking, trust);
                    let record = ObjectRecord { address, type_id: TypeId(kind), shallow_size, refcount, flags };
                    let mut columns = Columns::default();
                    let id = columns.push(record);
                    prop_assert_eq!(columns.get(id), record);
                    prop_assert_eq!((flags.tracking(), flags.trust()), (tracking, trust));
                    columns.set_type(id, TypeId(7));
                    prop_assert_eq!(columns.get(id), ObjectRecord { type_id: TypeId(7), ..record });
                    prop_assert_eq!(columns.is_tracked(id), generation < 3);
                }
            }
        }
    }
}
