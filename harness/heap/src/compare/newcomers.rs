//! Where something old holds something new.

use std::collections::{BTreeMap, HashMap};

use crate::{Analysis, Arrival, BitSet, HeapSnapshot, Names, ObjectId, ReferenceKind, ShapeLimits, Tally};

const UNKNOWN: u32 = u32::MAX;

/// Where something old holds something new, paths that read alike taken together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// The path to the new objects, by names: `module model`, `DBModel`, `_field_cache`, `key`.
    pub path: Vec<crate::Label>,
    /// Their qualified type.
    pub type_name: String,
    /// The new objects there.
    pub direct: Tally,
    /// They, and all new objects whose paths lead through them.
    pub with_below: Tally,
    /// One of them.
    pub example: ObjectId,
}

/// Who refers to the new objects of one type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Referrers {
    /// Their qualified type.
    pub type_name: String,
    /// How many of it are new.
    pub new: Tally,
    /// Who refers to them, old ones first, then by references.
    pub rows: Vec<ReferrersRow>,
}

/// Referrers of one sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferrersRow {
    /// Qualified type, or `dict of X` for the `__dict__` of something.
    pub kind: String,
    /// They are new themselves.
    pub is_new: bool,
    /// How many of them refer.
    pub objects: u64,
    /// References in all.
    pub references: u64,
    /// The one with most of the references.
    pub example: ObjectId,
    /// How many it has.
    pub example_references: u64,
}

/// The objects of a snapshot that an earlier one of the same process doesn't have, and who keeps them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Newcomers {
    /// Those that stay.
    pub staying: Tally,
    /// Those that the next full collection frees.
    pub awaiting: Tally,
    /// Those that stay although no root is known that leads to them.
    pub unrooted: Tally,
    /// Who holds those that stay, most bytes with what hangs on them first.
    pub holders: Vec<Holder>,
    /// Who refers to them by type, most new bytes first.
    pub referrers: Vec<Referrers>,
}

impl Newcomers {
    /// Looks who holds the objects in `new`, of which [`crate::Inventory::new_in`] tells. `types_max` is how many types
    /// [`Newcomers::referrers`] has.
    #[must_use]
    pub fn find(analysis: &Analysis<'_>, mut new: BitSet, types_max: usize) -> Self {
        let snapshot = analysis.snapshot();
        let mut garbage = new.clone();
        garbage.intersect_with(&analysis.replay().awaiting_collection);
        new.subtract(&garbage);
        let mut found =
            Self { staying: Tally::of(snapshot, &new), awaiting: Tally::of(snapshot, &garbage), ..Self::default() };
        found.holders = holders(analysis, &new, &mut found.unrooted);
        found.referrers = referrers(snapshot, analysis.names(), &new, types_max);
        found
    }
}

/// For each new object the first new one on its path; itself where something old or a root leads to it.
fn first_on_path(analysis: &Analysis<'_>, new: &BitSet) -> Vec<u32> {
    let snapshot = analysis.snapshot();
    let mut first = vec![UNKNOWN; snapshot.len()];
    let mut walked = Vec::new();
    for id in new.iter() {
        let mut at = id;
        let known = loop {
            if first[at.index()] != UNKNOWN {
                break Some(first[at.index()]);
            }
            let above = match analysis.finder().tree().arrival(at) {
                None => break None,
                Some(Arrival::Root(_)) => break Some(at.0),
                Some(Arrival::Reference(index)) => snapshot.source_of(index),
            };
            match above {
                Some(source) if new.contains(source) => {
                    walked.push(at);
                    at = source;
                }
                _ => break Some(at.0),
            }
        };
        if let Some(known) = known {
            first[at.index()] = known;
            walked.iter().for_each(|object| first[object.index()] = known);
        }
        walked.clear();
    }
    first
}

fn holders(analysis: &Analysis<'_>, new: &BitSet, unrooted: &mut Tally) -> Vec<Holder> {
    let snapshot = analysis.snapshot();
    let first = first_on_path(analysis, new);
    // Every object has a shape then, however small and single.
    let (shapes, column) = analysis.shapes(ShapeLimits { single_bytes_min: 0, ..ShapeLimits::default() });
    let mut groups: BTreeMap<usize, (Tally, Tally, ObjectId)> = BTreeMap::new();
    for id in new.iter() {
        let own = Tally { objects: 1, bytes: snapshot.shallow_size(id) };
        let top = first[id.index()];
        let Some(shape) = Some(ObjectId(top)).filter(|_| top != UNKNOWN).and_then(|top| column.shape_of(top)) else {
            unrooted.add(own);
            continue;
        };
        let group = groups.entry(shape).or_insert((Tally::default(), Tally::default(), ObjectId(top)));
        if top == id.0 {
            group.0.add(own);
        }
        group.1.add(own);
    }
    let mut holders: Vec<Holder> = groups
        .into_iter()
        .map(|(shape, (direct, with_below, example))| Holder {
            path: shapes.labels(shape).into_iter().cloned().collect(),
            type_name: shapes.type_name(shape).to_owned(),
            direct,
            with_below,
            example,
        })
        .collect();
    holders.sort_by(|one, other| other.with_below.bytes.cmp(&one.with_below.bytes).then(one.path.cmp(&other.path)));
    holders
}

/// Whose `__dict__` each object is: the owner's type, or [`UNKNOWN`].
fn dict_owners(snapshot: &HeapSnapshot, names: &Names<'_>) -> Vec<u32> {
    let mut owners = vec![UNKNOWN; snapshot.len()];
    for owner in snapshot.ids() {
        for (dict, label) in snapshot.references_of(owner) {
            if names.is_dict_field(label) && owners[dict.index()] == UNKNOWN {
                owners[dict.index()] = snapshot.type_id(owner).0;
            }
        }
    }
    owners
}

/// Numbers for the qualified names of types; equal names share one.
fn name_numbers(snapshot: &HeapSnapshot) -> (Vec<usize>, Vec<String>) {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::new();
    let numbers = snapshot.types().iter().map(|info| {
        let name = info.qualified_name();
        *by_name.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() - 1
        })
    });
    (numbers.collect(), names)
}

fn referrers(snapshot: &HeapSnapshot, names: &Names<'_>, new: &BitSet, types_max: usize) -> Vec<Referrers> {
    let (numbers, type_names) = name_numbers(snapshot);
    let number_of = |id: ObjectId| numbers[snapshot.type_id(id).0 as usize];
    let mut tallies = vec![Tally::default(); type_names.len()];
    for id in new.iter() {
        tallies[number_of(id)].add(Tally { objects: 1, bytes: snapshot.shallow_size(id) });
    }
    let mut wanted: Vec<usize> = (0..tallies.len()).filter(|number| tallies[*number].objects > 0).collect();
    wanted.sort_by_key(|number| (std::cmp::Reverse(tallies[*number].bytes), *number));
    wanted.truncate(types_max);
    let mut rank = vec![usize::MAX; type_names.len()];
    wanted.iter().enumerate().for_each(|(at, number)| rank[*number] = at);
    let owners = dict_owners(snapshot, names);
    let mut rows: Vec<BTreeMap<(bool, usize, bool), ReferrersRow>> = vec![BTreeMap::new(); wanted.len()];
    let mut counts = vec![0_u64; wanted.len()];
    for source in snapshot.ids() {
        for (target, label) in snapshot.references_of(source) {
            let at = rank[number_of(target)];
            if at != usize::MAX && target != source && label.kind() != ReferenceKind::Weak && new.contains(target) {
                counts[at] += 1;
            }
        }
        for (at, count) in counts.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            let count = std::mem::take(count);
            let owner = owners[source.index()];
            let (is_dict, number) = match owner {
                UNKNOWN => (false, number_of(source)),
                type_id => (true, numbers[type_id as usize]),
            };
            let is_new = new.contains(source);
            let row = rows[at].entry((is_new, number, is_dict)).or_insert_with(|| ReferrersRow {
                kind: if is_dict { format!("dict of {}", type_names[number]) } else { type_names[number].clone() },
                is_new,
                objects: 0,
                references: 0,
                example: source,
                example_references: 0,
            });
            row.objects += 1;
            row.references += count;
            if count > row.example_references {
                (row.example, row.example_references) = (source, count);
            }
        }
    }
    wanted
        .into_iter()
        .zip(rows)
        .map(|(number, rows)| {
            let mut rows: Vec<ReferrersRow> = rows.into_values().collect();
            rows.sort_by(|one, other| {
                (one.is_new, other.references).cmp(&(other.is_new, one.references)).then(one.kind.cmp(&other.kind))
            });
            Referrers { type_name: type_names[number].clone(), new: tallies[number], rows }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{model_heap_of, sketches};
    use crate::{Inventory, PathFinder};
    use proptest::prelude::*;

    #[test]
    fn what_is_new_hangs_on_what_is_old() {
        // What is new stands at the end of the second heap: two nodes.
        let (before, _) = model_heap_of(3, 4);
        let (after, ids) = model_heap_of(3, 6);
        let analysis = Analysis::run(&after);
        let found = Newcomers::find(&analysis, Inventory::take(&before).new_in(&after), 5);
        let holder = &found.holders[0];
        assert_eq!(crate::Label::join(&holder.path, " → "), "module model → head → next", "{found:?}");
        assert_eq!(holder.with_below.objects, found.staying.objects);
        // `node_3`, which is old, got a `__dict__`, and all else hangs on that.
        assert_eq!(holder.direct.objects, 1);
        assert_eq!(found.unrooted, Tally::default());
        let nodes = found.referrers.iter().find(|row| row.type_name == "Node").unwrap();
        assert_eq!(nodes.new.objects, 2);
        assert_eq!((nodes.rows.len(), nodes.rows[0].kind.as_str()), (1, "dict of Node"));
        assert_eq!((nodes.rows[0].objects, nodes.rows[0].references, nodes.rows[0].is_new), (2, 2, true));
        assert!(PathFinder::new(&after).path_to(ids["node_5"]).is_some());
    }

    proptest! {
        #[test]
        fn every_new_object_is_counted_once(heap in sketches(14), pick in prop::collection::vec(any::<bool>(), 14)) {
            let snapshot = heap.build();
            let analysis = Analysis::run(&snapshot);
            let new: BitSet = snapshot.ids().filter(|id| pick[id.index()]).collect();
            let all = Tally::of(&snapshot, &new);
            let found = Newcomers::find(&analysis, new, 9);
            let held: u64 = found.holders.iter().map(|holder| holder.with_below.objects).sum();
            prop_assert_eq!(held + found.unrooted.objects, found.staying.objects);
            prop_assert_eq!(found.staying.objects + found.awaiting.objects, all.objects);
            for referrers in &found.referrers {
                for row in &referrers.rows {
                    prop_assert!(row.objects >= 1 && row.references >= row.objects);
                    prop_assert!(row.example_references <= row.references);
                }
            }
        }
    }
}
