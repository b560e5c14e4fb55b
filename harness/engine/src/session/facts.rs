//! The facts of one look, for rules that compare looks.

use std::collections::BTreeMap;

use bloathound_cpython::allocator::RssCategory;
use bloathound_cpython::{CollectorState, describe};
use bloathound_detect::series::{
    Amount, CollectorFacts, GarbageFacts, GenerationFacts, HeldFacts, LookFacts, MemoryFacts,
};
use bloathound_detect::thresholds::fixed::{
    FACTS_ASKED_MAX as ASKED_MAX, FACTS_GARBAGE_TYPES_MAX as GARBAGE_TYPES_MAX, FACTS_SIZES_MAX as SIZES_MAX,
    FACTS_TYPES_MAX as TYPES_MAX,
};
use bloathound_heap::{BitSet, HeapSnapshot, ObjectId, ReferenceKind, RootKind};
use bloathound_memory::Address;

use super::{Session, census};
use crate::source::Examined;

/// Keys of a dict that stand for it, and characters of a text.
const KEYS_MAX: usize = 4;
const TEXT_MAX: usize = 40;

impl Session<'_> {
    /// What comparing looks needs of this one beyond its shapes; `seconds` since the first look.
    #[must_use]
    pub fn facts(&self, seconds: f64) -> LookFacts {
        let replay = self.replay();
        let garbage = GarbageFacts {
            objects: replay.awaiting.objects,
            bytes: replay.awaiting.bytes,
            types: self.garbage_types().into_iter().take(GARBAGE_TYPES_MAX).map(|row| row.type_name).collect(),
            uncollectable: replay.uncollected.objects + replay.parked.objects,
            ..GarbageFacts::default()
        };
        let garbage = match &replay.frozen_garbage {
            None => garbage,
            Some(frozen) => {
                let rows = census(self.snapshot(), |id| frozen.contains(id));
                GarbageFacts {
                    frozen_objects: rows.iter().map(|row| row.count).sum(),
                    frozen_bytes: rows.iter().map(|row| row.bytes).sum(),
                    frozen_types: rows.into_iter().take(GARBAGE_TYPES_MAX).map(|row| row.type_name).collect(),
                    ..garbage
                }
            }
        };
        let records = self.snapshot().records();
        LookFacts {
            seconds,
            requests: None,
            collector: self.heap().memory.map(collector),
            garbage,
            tracked: records.iter().filter(|record| record.flags.is_tracked()).count() as u64,
            memory: self.memory_facts(),
            held: self.held(),
            unheld: self.unheld(),
            threads: self.snapshot().roots().iter().filter(|root| root.kind == RootKind::ThreadFrame).count() as u64,
        }
    }

    fn memory_facts(&self) -> Option<MemoryFacts> {
        let (layout, account) = (self.layout()?, self.rss()?);
        let of = |categories: &[RssCategory]| categories.iter().map(|category| account.bytes(*category)).sum::<u64>();
        let objects: u64 = self.snapshot().ids().map(|id| self.snapshot().owned_bytes(id)).sum();
        let in_arenas = self.arenas().map_or(0, |arenas| arenas.census.total.live + arenas.census.total.garbage);
        let sizes = layout.unexplained_chunks(SIZES_MAX);
        Some(MemoryFacts {
            resident: account.kernel_bytes,
            arenas: self.arenas().map_or(0, |arenas| arenas.facts.arena_bytes()),
            malloc_held: layout.malloc.totals().held,
            malloc_unexplained: of(&[RssCategory::MallocLive]),
            chunk_sizes: sizes.into_iter().map(|(size, count)| Amount { size, count }).collect(),
            mapped: of(&[RssCategory::OtherAnonymous, RssCategory::OtherAllocator, RssCategory::MallocUnknown]),
            other_allocator: layout.malloc.other_allocator.clone(),
            objects_outside_arenas: objects.saturating_sub(in_arenas),
        })
    }

    /// Memory of C code by the type of who holds it.
    fn held(&self) -> Vec<HeldFacts> {
        let snapshot = self.snapshot();
        let garbage = &self.replay().awaiting_collection;
        let live = snapshot.native().filter(|(id, _)| !garbage.contains(*id));
        let rows = by_type(snapshot, live, |held| held.bytes);
        let finder = self.analysis().finder();
        let owner = |ids: &[ObjectId]| most_common(ids, |id| finder.labels_to(id).unwrap_or_default());
        rows.into_iter().map(|(row, ids)| HeldFacts { owner: owner(&ids), ..row }).collect()
    }

    /// Objects that are counted and that nothing else leads to, with what goes away with them.
    fn unheld(&self) -> Vec<HeldFacts> {
        let snapshot = self.snapshot();
        let referred = self.reached_by_others();
        let roots = snapshot.roots().iter().filter(|root| root.kind == RootKind::Unaccounted).map(|root| root.object);
        let dominators = self.analysis().dominators();
        let mut unheld: Vec<ObjectId> = roots.filter(|id| !referred.contains(*id)).collect();
        let held = self.in_storage(&unheld);
        unheld.retain(|id| !held.contains(*id));
        let amounts = unheld.into_iter().map(|id| (id, dominators.retained_size(id)));
        let rows = by_type(snapshot, amounts, |held| held.objects);
        let sample = |ids: &[ObjectId]| most_common(ids, |id| self.sample(id));
        rows.into_iter().map(|(row, ids)| HeldFacts { sample: sample(&ids), ..row }).collect()
    }

    /// Which of these the memory points at that objects keep outside themselves, as a tree of a C library its nodes.
    fn in_storage(&self, objects: &[ObjectId]) -> BitSet {
        let snapshot = self.snapshot();
        let mut held = BitSet::with_len(snapshot.len());
        if let (Some(examined), false) = (self.heap().memory, objects.is_empty()) {
            let wanted = objects.iter().map(|id| (snapshot.object(*id).address, *id)).collect();
            for id in examined.layout.in_storage(&examined.image, &wanted) {
                held.insert(id);
            }
        }
        held
    }

    /// What is awaiting collection, and what roots lead to that are no mere counts.
    fn reached_by_others(&self) -> BitSet {
        let snapshot = self.snapshot();
        let mut reached = self.replay().awaiting_collection.clone();
        let roots = snapshot.roots().iter().filter(|root| root.kind != RootKind::Unaccounted).map(|root| root.object);
        let mut open: Vec<ObjectId> = roots.filter(|id| reached.insert(*id)).collect();
        while let Some(id) = open.pop() {
            let strong = snapshot.references_of(id).filter(|(_, label)| label.is_strong());
            open.extend(strong.map(|(target, _)| target).filter(|target| reached.insert(*target)));
        }
        reached
    }

    /// An object in a few words: a dict's or an instance's keys, a text, a number; empty where nothing can be said.
    fn sample(&self, id: ObjectId) -> String {
        let snapshot = self.snapshot();
        let names = self.analysis().names();
        let own = snapshot.references_of(id).find(|(_, label)| names.is_dict_field(*label)).map(|(dict, _)| dict);
        let keys: Vec<&str> = snapshot
            .references_of(own.unwrap_or(id))
            .filter(|(_, label)| label.kind() == ReferenceKind::Key)
            .filter_map(|(key, _)| snapshot.text(key))
            .take(KEYS_MAX)
            .collect();
        if !keys.is_empty() {
            return format!("{{{}}}", keys.iter().map(|key| format!("'{key}': …")).collect::<Vec<_>>().join(", "));
        }
        let Some(examined) = self.heap().memory else { return String::new() };
        let at = Address(snapshot.object(id).address);
        describe(&examined.image, &examined.interpreter, at, TEXT_MAX).unwrap_or_default()
    }
}

fn collector(examined: &Examined) -> CollectorFacts {
    let state = CollectorState::read(&examined.image, &examined.interpreter);
    let numbers = |one: &bloathound_cpython::Generation| GenerationFacts {
        threshold: one.threshold,
        count: one.count,
        usual_threshold: one.usual_threshold,
    };
    CollectorFacts {
        enabled: state.enabled,
        generations: state.generations.iter().map(numbers).collect(),
        put_off_one_in: state.put_off_one_in,
    }
}

/// Sums by type, in this order, with some objects of each: evenly many of the large and of the small ones.
fn by_type(
    snapshot: &HeapSnapshot,
    amounts: impl Iterator<Item = (ObjectId, u64)>,
    order: impl Fn(&HeldFacts) -> u64,
) -> Vec<(HeldFacts, Vec<ObjectId>)> {
    let mut sums: BTreeMap<String, (HeldFacts, Vec<(u64, ObjectId)>)> = BTreeMap::new();
    let mut names: BTreeMap<u32, String> = BTreeMap::new();
    for (id, bytes) in amounts {
        let name = names.entry(snapshot.type_id(id).0).or_insert_with(|| snapshot.type_of(id).qualified_name());
        let (row, ids) = sums.entry(name.clone()).or_default();
        row.objects += 1;
        row.bytes = row.bytes.saturating_add(bytes);
        ids.push((bytes, id));
    }
    let mut rows: Vec<(HeldFacts, Vec<(u64, ObjectId)>)> =
        sums.into_iter().map(|(type_name, (row, ids))| (HeldFacts { type_name, ..row }, ids)).collect();
    rows.sort_by(|(one, _), (other, _)| {
        order(other).cmp(&order(one)).then_with(|| one.type_name.cmp(&other.type_name))
    });
    rows.truncate(TYPES_MAX);
    let some = |mut ids: Vec<(u64, ObjectId)>| {
        ids.sort_by_key(|(bytes, id)| (std::cmp::Reverse(*bytes), *id));
        let step = ids.len().div_ceil(ASKED_MAX).max(1);
        ids.into_iter().step_by(step).map(|(_, id)| id).collect::<Vec<_>>()
    };
    rows.into_iter().map(|(row, ids)| (row, some(ids))).collect()
}

/// What is said of most of them; the first one's where all differ.
fn most_common<T: Default + PartialEq>(ids: &[ObjectId], say: impl Fn(ObjectId) -> T) -> T {
    let mut said: Vec<(T, usize)> = Vec::new();
    for id in ids {
        let text = say(*id);
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, count)) => *count += 1,
            None => said.push((text, 1)),
        }
    }
    let most = said.iter().map(|(_, count)| *count).max();
    said.into_iter().find(|(_, count)| Some(*count) == most).map(|(text, _)| text).unwrap_or_default()
}
