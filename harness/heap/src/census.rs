//! Objects counted by type, and the difference between two counts.

use std::collections::BTreeMap;

use crate::{BitSet, HeapSnapshot, Names, Tally};

/// Objects of one sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CensusRow {
    /// Qualified type; for the `__dict__` of something, whose it is: `dict of model.DBModel`.
    pub name: String,
    /// How many, and their own bytes.
    pub tally: Tally,
}

/// Objects and bytes by sort, most bytes first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// The sorts.
    pub rows: Vec<CensusRow>,
    /// All together.
    pub total: Tally,
}

/// How one sort changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CensusDelta {
    /// As in [`CensusRow::name`].
    pub name: String,
    /// Objects more, or fewer.
    pub objects: i64,
    /// Bytes more, or fewer.
    pub bytes: i64,
}

impl Census {
    /// Counts all objects but those in `exclude`. Types with equal names are one sort: classes made anew for every
    /// request are a leak of one sort, not a thousand sorts.
    #[must_use]
    pub fn take(snapshot: &HeapSnapshot, names: &Names<'_>, exclude: Option<&BitSet>) -> Self {
        let types = snapshot.types().len();
        // By type, then by type again for the dicts that belong to instances of it.
        let mut tallies = vec![Tally::default(); types * 2];
        let mut attributed = BitSet::with_len(snapshot.len());
        let excluded = |id| exclude.is_some_and(|set| set.contains(id));
        let mut add = |slot: usize, bytes: u64| {
            tallies[slot].objects += 1;
            tallies[slot].bytes = tallies[slot].bytes.saturating_add(bytes);
        };
        for owner in snapshot.ids() {
            let dict = snapshot.references_of(owner).find(|(_, label)| names.is_dict_field(*label));
            if let Some((dict, _)) = dict.filter(|(dict, _)| !excluded(*dict))
                && attributed.insert(dict)
            {
                add(types + snapshot.type_id(owner).0 as usize, snapshot.shallow_size(dict));
            }
        }
        for id in snapshot.ids() {
            if !attributed.contains(id) && !excluded(id) {
                add(snapshot.type_id(id).0 as usize, snapshot.shallow_size(id));
            }
        }
        Self::from_tallies(snapshot, &tallies)
    }

    fn from_tallies(snapshot: &HeapSnapshot, tallies: &[Tally]) -> Self {
        let mut by_name: BTreeMap<String, Tally> = BTreeMap::new();
        let mut total = Tally::default();
        for (slot, tally) in tallies.iter().enumerate().filter(|(_, tally)| tally.objects > 0) {
            let types = snapshot.types();
            let name = match types.get(slot) {
                Some(info) => info.qualified_name(),
                None => format!("dict of {}", types[slot - types.len()].qualified_name()),
            };
            by_name.entry(name).or_default().add(*tally);
            total.add(*tally);
        }
        let mut rows: Vec<CensusRow> = by_name.into_iter().map(|(name, tally)| CensusRow { name, tally }).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.tally.bytes));
        Self { rows, total }
    }

    /// The sort of this name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&CensusRow> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// What changed since `before`, most bytes first, whichever way; sorts that did not change are left out.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<CensusDelta> {
        let mut changes: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for (census, sign) in [(self, 1), (before, -1)] {
            for row in &census.rows {
                let change = changes.entry(&row.name).or_default();
                change.0 += sign * i64::try_from(row.tally.objects).unwrap_or(i64::MAX);
                change.1 = change.1.saturating_add(sign * i64::try_from(row.tally.bytes).unwrap_or(i64::MAX));
            }
        }
        let mut deltas: Vec<CensusDelta> = changes
            .into_iter()
            .filter(|(_, change)| *change != (0, 0))
            .map(|(name, (objects, bytes))| CensusDelta { name: name.to_owned(), objects, bytes })
            .collect();
        deltas.sort_by_key(|delta| std::cmp::Reverse(delta.bytes.unsigned_abs()));
        deltas
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{model_heap, model_heap_of};

    fn census(heap: &HeapSnapshot) -> Census {
        Census::take(heap, &Names::new(heap), None)
    }

    #[test]
    fn dicts_are_counted_with_their_owners() {
        let (heap, ids) = model_heap();
        let census = census(&heap);
        let tally = |name: &str| census.row(name).map(|row| row.tally).unwrap_or_default();
        assert_eq!(tally("dict of module"), Tally { objects: 1, bytes: 280 });
        // The last node has no attributes.
        assert_eq!(tally("dict of Node"), Tally { objects: 3, bytes: 840 });
        assert_eq!(tally("dict of type"), Tally { objects: 1, bytes: 280 });
        // The cache and the table belong to nobody's attributes.
        assert_eq!(tally("dict"), Tally { objects: 2, bytes: 3632 });
        assert_eq!(tally("type"), Tally { objects: 12, bytes: 12 * 904 });
        assert_eq!(census.total.objects, heap.len() as u64);
        assert_eq!(census.total.bytes, heap.records().iter().map(|r| r.shallow_size).sum::<u64>());
        let exclude: BitSet = [ids["node_0"], ids[&format!("dict of {}", ids["node_0"].0)]].into_iter().collect();
        let rest = Census::take(&heap, &Names::new(&heap), Some(&exclude));
        assert_eq!(rest.total.objects, heap.len() as u64 - 2);
        assert_eq!(rest.row("dict of Node").map(|row| row.tally.objects), Some(2));
    }

    #[test]
    fn a_difference_shows_what_grew_and_what_shrank() {
        let (before, after) = (census(&model_heap_of(10, 4).0), census(&model_heap_of(15, 2).0));
        let deltas = after.since(&before);
        assert_eq!(deltas[0], CensusDelta { name: "type".into(), objects: 5, bytes: 5 * 904 });
        let node = deltas.iter().find(|delta| delta.name == "Node");
        assert_eq!(node, Some(&CensusDelta { name: "Node".into(), objects: -2, bytes: -128 }));
        assert!(after.since(&after).is_empty());
        assert!(!deltas.iter().any(|delta| delta.name == "module"));
    }
}
