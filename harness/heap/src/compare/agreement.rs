//! How far two readings of the same heap agree: objects, types and references.

use std::collections::{BTreeMap, HashMap};

use crate::{HeapSnapshot, ObjectId, ReferenceKind, ReferenceLabel};

/// One type in two views of a process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AgreementRow {
    /// Objects on the collector's lists, as the first sees them.
    pub first: u64,
    /// As the second does.
    pub second: u64,
    /// Objects of it at one address in both.
    pub both: u64,
    /// Of these, those whose sizes differ.
    pub sizes: u64,
    /// Those whose reference counts differ.
    pub counts: u64,
    /// Those whose references differ.
    pub references: u64,
}

/// How far two views of one process agree on what the collector tracks: the view from inside and the one from outside.
/// What it doesn't track they see differently by nature, so that is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Agreement {
    /// By qualified type.
    pub types: BTreeMap<String, AgreementRow>,
}

impl Agreement {
    /// Compares each object that stands at one address with one type in both.
    #[must_use]
    pub fn between(first: &HeapSnapshot, second: &HeapSnapshot) -> Self {
        let mut found = Self::default();
        let mut by_address: HashMap<u64, ObjectId> = HashMap::new();
        for id in second.ids().filter(|id| second.is_tracked(*id)) {
            by_address.insert(second.object(id).address, id);
            found.row(second, id).second += 1;
        }
        for id in first.ids().filter(|id| first.is_tracked(*id)) {
            let object = first.object(id);
            let row = found.row(first, id);
            row.first += 1;
            let other = by_address.get(&object.address).copied();
            let Some(other) = other.filter(|other| first.type_of(id).is_called_as(second.type_of(*other))) else {
                continue;
            };
            row.both += 1;
            row.sizes += u64::from(second.shallow_size(other) != object.shallow_size);
            row.counts += u64::from(second.object(other).refcount != object.refcount);
            row.references += u64::from(!agree(first, id, second, other));
        }
        found
    }

    fn row(&mut self, snapshot: &HeapSnapshot, id: ObjectId) -> &mut AgreementRow {
        self.types.entry(snapshot.type_of(id).qualified_name()).or_default()
    }

    /// All types together.
    #[must_use]
    pub fn total(&self) -> AgreementRow {
        self.types.values().fold(AgreementRow::default(), |sum, row| AgreementRow {
            first: sum.first + row.first,
            second: sum.second + row.second,
            both: sum.both + row.both,
            sizes: sum.sizes + row.sizes,
            counts: sum.counts + row.counts,
            references: sum.references + row.references,
        })
    }
}

/// C code may show the collector a word that the view from outside took for a reference or, as `ctypes` does with
/// `proto`, not: both are agreement.
fn agree(first: &HeapSnapshot, id: ObjectId, second: &HeapSnapshot, other: ObjectId) -> bool {
    let all = (visited(first, id, true), visited(second, other, true));
    all.0 == all.1 || visited(first, id, false) == all.1 || all.0 == visited(second, other, false)
}

/// Addresses that the collector's traversal of an object visits, in order; `conservative` with the words that a view
/// from outside found to be an object's address in a structure that nobody described.
fn visited(snapshot: &HeapSnapshot, id: ObjectId, conservative: bool) -> Vec<u64> {
    let shown =
        |label: ReferenceLabel| label.is_traversed() && (conservative || label.kind() != ReferenceKind::Conservative);
    let traversed = snapshot.references_of(id).filter(|(_, label)| shown(*label));
    let mut addresses: Vec<u64> = traversed.map(|(target, _)| snapshot.object(target).address).collect();
    addresses.sort_unstable();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, model_heap_in, model_heap_of};

    #[test]
    fn a_view_agrees_with_itself_and_with_no_other_run() {
        let (heap, _) = model_heap_of(3, 4);
        let same = Agreement::between(&heap, &heap).total();
        assert!(same.both > 10 && same.both == same.first && same.first == same.second);
        assert_eq!((same.sizes, same.counts, same.references), (0, 0, 0));
        let elsewhere = Agreement::between(&heap, &model_heap_in(Scene::at(1 << 20), 3, 4).0).total();
        assert_eq!((elsewhere.both, elsewhere.first), (0, same.first));
    }

    #[test]
    fn what_grew_shows_in_its_type() {
        let (before, after) = (model_heap_of(3, 4).0, model_heap_of(3, 6).0);
        let found = Agreement::between(&before, &after);
        let nodes = &found.types["Node"];
        assert_eq!((nodes.first, nodes.second, nodes.both), (4, 6, 4));
        // The last node got a `__dict__`.
        assert_eq!(nodes.references, 1);
    }
}
