//! Objects by type.

use std::collections::BTreeMap;

use bloathound_heap::{HeapSnapshot, ObjectId};
use bloathound_vocabulary::TypeRow;

/// The objects that `counts` lets through, by type, most bytes first.
pub(crate) fn census(snapshot: &HeapSnapshot, counts: impl Fn(ObjectId) -> bool) -> Vec<TypeRow> {
    let mut sums = vec![(0_u64, 0_u64); snapshot.types().len()];
    for id in snapshot.ids().filter(|id| counts(*id)) {
        let record = snapshot.object(id);
        let sum = &mut sums[record.type_id.0 as usize];
        *sum = (sum.0 + 1, sum.1 + record.shallow_size);
    }
    let mut by_name: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (info, (count, bytes)) in snapshot.types().iter().zip(sums).filter(|(_, sum)| sum.0 > 0) {
        let sum = by_name.entry(info.qualified_name()).or_default();
        *sum = (sum.0 + count, sum.1 + bytes);
    }
    let mut rows: Vec<TypeRow> =
        by_name.into_iter().map(|(type_name, (count, bytes))| TypeRow { type_name, count, bytes }).collect();
    rows.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.type_name.cmp(&other.type_name)));
    rows
}
