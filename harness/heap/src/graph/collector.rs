//! What a full collection would do with the objects of a snapshot, by the rule of their series.

use crate::{BitSet, HeapSnapshot, ObjectId, ReferenceKind, RootKind, TypeRole};

/// Objects and their own bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many.
    pub objects: u64,
    /// Sum of their shallow sizes.
    pub bytes: u64,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// Counts the members of `set`.
    #[must_use]
    pub fn of(snapshot: &HeapSnapshot, set: &BitSet) -> Self {
        let mut tally = Self::default();
        for id in set.iter() {
            tally.add(Self { objects: 1, bytes: snapshot.shallow_size(id) });
        }
        tally
    }
}

/// What a full collection would do, replayed on the copy (`collect()` in `Modules/gcmodule.c`, `gc_collect_main()` in
/// `Python/gc.c`).
///
/// Frozen objects are on no list that a collection looks at: what they hold is held from outside.
///
/// Counts are the truth here, not [`HeapSnapshot::roots`]: an object is alive when something outside the tracked
/// objects holds a count of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GcReplay {
    /// What the next full collection frees: unreachable tracked objects, and all objects that only they keep alive.
    pub awaiting_collection: BitSet,
    /// Unreachable tracked objects that the collector will not free: those with finalizers and what these lead to.
    pub uncollectable: BitSet,
    /// Of [`GcReplay::uncollectable`], those with a finalizer: the next collection appends them to `gc.garbage`.
    pub to_be_parked: BitSet,
    /// Untracked and other objects that only [`GcReplay::uncollectable`] keeps alive.
    pub held_by_uncollectable: BitSet,
    /// Items of the `gc.garbage` list: parked by collections before. Reachable, through that list.
    pub in_gc_garbage: BitSet,
    /// Size of [`GcReplay::awaiting_collection`].
    pub awaiting: Tally,
    /// Size of [`GcReplay::uncollectable`].
    pub uncollected: Tally,
    /// Size of [`GcReplay::held_by_uncollectable`].
    pub held: Tally,
    /// Size of [`GcReplay::in_gc_garbage`].
    pub parked: Tally,
    /// Of [`GcReplay::awaiting_collection`], those with a finalizer that did not run yet. It runs first, and what it brings
    /// back stays, with all that it leads to: [`GcReplay::stays_with`]. None where finalizers keep their cycles.
    pub to_be_finalized: BitSet,
    /// References from tracked objects beyond what counts allow; above zero the snapshot is torn or misread.
    pub surplus_references: u64,
    /// What `gc.freeze()` moved out of sight while nothing but itself held it, and what only that holds: what a full
    /// collection would free beyond [`GcReplay::awaiting_collection`] if nothing were frozen. Looked for where more is frozen
    /// than interpreters freeze at their start.
    pub frozen_garbage: Option<BitSet>,
    /// Size of what is frozen.
    pub frozen: Tally,
}

/// Interpreters freeze some hundreds of objects themselves, at their start.
const FROZEN_MIN: u64 = 1000;

impl GcReplay {
    /// Replays a full collection. Holds 4 bytes an object and a few bits while it runs.
    #[must_use]
    pub fn run(snapshot: &HeapSnapshot) -> Self {
        let mut counts = Vec::new();
        let tracked = |id| snapshot.is_tracked(id);
        let surplus_references = external_counts(snapshot, &mut counts, tracked);
        let unreachable = unreachable(snapshot, &counts, tracked);
        let (mut uncollectable, mut to_be_parked) = uncollectable(snapshot, &unreachable);
        let mut doomed = unreachable;
        doomed.subtract(&uncollectable);
        let awaiting_collection = freed_with(snapshot, doomed, &mut counts);
        // `delete_garbage` runs before `handle_finalizers`: an object with a finalizer that only garbage held is gone
        // by then, its finalizer run by its own reference count.
        uncollectable.subtract(&awaiting_collection);
        to_be_parked.subtract(&awaiting_collection);
        let mut held_by_uncollectable = freed_with(snapshot, uncollectable.clone(), &mut counts);
        held_by_uncollectable.subtract(&uncollectable);
        let in_gc_garbage = parked(snapshot);
        let (frozen, frozen_garbage) = frozen(snapshot, &mut counts, &[&awaiting_collection, &uncollectable]);
        let to_be_finalized = awaiting_collection.iter().filter(|id| snapshot.has_finalizer_to_run(*id)).collect();
        Self {
            awaiting: Tally::of(snapshot, &awaiting_collection),
            uncollected: Tally::of(snapshot, &uncollectable),
            held: Tally::of(snapshot, &held_by_uncollectable),
            parked: Tally::of(snapshot, &in_gc_garbage),
            awaiting_collection,
            uncollectable,
            to_be_parked,
            held_by_uncollectable,
            in_gc_garbage,
            to_be_finalized,
            surplus_references,
            frozen_garbage,
            frozen,
        }
    }
}

/// What is frozen, and what of it would go if it were not, with all that hangs on it alone; without what is `known` to be
/// garbage anyway.
fn frozen(snapshot: &HeapSnapshot, counts: &mut Vec<u32>, known: &[&BitSet]) -> (Tally, Option<BitSet>) {
    let frozen: BitSet = snapshot.ids().filter(|id| snapshot.is_frozen(*id)).collect();
    let tally = Tally::of(snapshot, &frozen);
    if tally.objects < FROZEN_MIN {
        return (tally, None);
    }
    let seen = |id| snapshot.is_tracked(id) || snapshot.is_frozen(id);
    counts.clear();
    external_counts(snapshot, counts, seen);
    let mut doomed = unreachable(snapshot, counts, seen);
    let (stays, _) = uncollectable(snapshot, &doomed);
    doomed.subtract(&stays);
    let mut garbage = freed_with(snapshot, doomed, counts);
    known.iter().for_each(|known| garbage.subtract(known));
    (tally, Some(garbage))
}

impl GcReplay {
    /// What of [`GcReplay::awaiting_collection`] stays where the finalizers of a collection bring `back` back: these, and
    /// all that the collector sees them lead to. A call that waits is ended by its own finalizer, before that is looked at:
    /// it leads nowhere any more.
    #[must_use]
    pub fn stays_with(&self, snapshot: &HeapSnapshot, back: impl IntoIterator<Item = ObjectId>) -> BitSet {
        let mut stays = BitSet::with_len(snapshot.len());
        let mut pending: Vec<ObjectId> = Vec::new();
        let is_meant = |id: &ObjectId| self.awaiting_collection.contains(*id);
        pending.extend(back.into_iter().filter(is_meant).filter(|id| stays.insert(*id)));
        while let Some(source) = pending.pop() {
            if snapshot.role(source) == TypeRole::Generator && self.to_be_finalized.contains(source) {
                continue;
            }
            for (target, label) in snapshot.references_of(source) {
                if label.is_traversed() && self.awaiting_collection.contains(target) && stays.insert(target) {
                    pending.push(target);
                }
            }
        }
        stays
    }
}

/// `update_refs` and `subtract_refs`: counts that tracked objects don't account for. Returns the surplus.
fn external_counts(snapshot: &HeapSnapshot, counts: &mut Vec<u32>, seen: impl Fn(ObjectId) -> bool) -> u64 {
    counts.extend_from_slice(snapshot.refcounts());
    let mut surplus = 0;
    for source in snapshot.ids() {
        if !seen(source) {
            continue;
        }
        for (target, label) in snapshot.references_of(source) {
            if !label.is_traversed() {
                continue;
            }
            let count = &mut counts[target.index()];
            match *count {
                // A saturated count says nothing about what is left of it.
                u32::MAX => {}
                0 => surplus += u64::from(seen(target)),
                _ => *count -= 1,
            }
        }
    }
    surplus
}

/// `move_unreachable`: tracked objects that nothing with an outside count leads to.
fn unreachable(snapshot: &HeapSnapshot, counts: &[u32], seen: impl Fn(ObjectId) -> bool) -> BitSet {
    let mut unreachable: BitSet = snapshot.ids().filter(|id| seen(*id)).collect();
    let mut pending = Vec::new();
    for (id, count) in snapshot.ids().zip(counts) {
        // What is held from outside is walked at once: nearly all of a heap hangs on a few objects.
        if *count > 0 && unreachable.remove(id) {
            pending.push(id);
            follow(snapshot, &mut pending, |target| unreachable.remove(target));
        }
    }
    unreachable
}

/// `move_finalizers` (`move_legacy_finalizers`) and what they reach: all that stays, and of these the ones with a finalizer.
fn uncollectable(snapshot: &HeapSnapshot, unreachable: &BitSet) -> (BitSet, BitSet) {
    let to_be_parked: BitSet = unreachable.iter().filter(|id| snapshot.has_finalizer(*id)).collect();
    let mut stays = to_be_parked.clone();
    let mut pending = to_be_parked.iter().collect();
    follow(snapshot, &mut pending, |target| unreachable.contains(target) && stays.insert(target));
    (stays, to_be_parked)
}

/// Walks traversed references from `pending`, going on from each target that `enter` lets in (once).
fn follow(snapshot: &HeapSnapshot, pending: &mut Vec<ObjectId>, mut enter: impl FnMut(ObjectId) -> bool) {
    while let Some(source) = pending.pop() {
        for (target, label) in snapshot.references_of(source) {
            if label.is_traversed() && enter(target) {
                pending.push(target);
            }
        }
    }
}

/// `gone`, and all objects whose every count comes from objects that go: what reference counting frees along.
fn freed_with(snapshot: &HeapSnapshot, mut gone: BitSet, counts: &mut [u32]) -> BitSet {
    let mut pending: Vec<ObjectId> = gone.iter().collect();
    if pending.is_empty() {
        return gone;
    }
    counts.copy_from_slice(snapshot.refcounts());
    while let Some(source) = pending.pop() {
        for (target, label) in snapshot.references_of(source) {
            let count = &mut counts[target.index()];
            if !label.is_strong() || *count == u32::MAX || *count == 0 {
                continue;
            }
            *count -= 1;
            if *count == 0 && gone.insert(target) {
                pending.push(target);
            }
        }
    }
    gone
}

fn parked(snapshot: &HeapSnapshot) -> BitSet {
    let lists = snapshot.roots().iter().filter(|root| root.kind == RootKind::GcGarbage);
    lists
        .flat_map(|root| snapshot.references_of(root.object))
        .filter(|(_, label)| label.kind() == ReferenceKind::Item)
        .map(|(target, _)| target)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReferenceLabel;
    use crate::testing::{Sketch, sketches};
    use proptest::prelude::*;

    fn item() -> ReferenceLabel {
        ReferenceLabel::new(ReferenceKind::Item, 0, true)
    }

    fn ids(set: &BitSet) -> Vec<u32> {
        set.iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_cycle_nobody_holds_goes_with_its_strings() {
        let heap = Sketch {
            objects: vec![(true, false, 0, 10), (true, false, 0, 10), (false, false, 0, 5), (false, false, 1, 5)],
            references: vec![(0, 1, item()), (1, 0, item()), (1, 2, item()), (1, 3, item())],
            roots: vec![],
        };
        let replay = GcReplay::run(&heap.build());
        assert_eq!(ids(&replay.awaiting_collection), [0, 1, 2]);
        assert_eq!(replay.awaiting, Tally { objects: 3, bytes: 25 });
        assert!(replay.uncollectable.is_empty());
    }

    #[test]
    fn a_finalizer_keeps_its_cycle_and_what_hangs_on_it() {
        // 0 <-> 1, 0 has __del__; 1 holds the tracked 2 and the string 3; 4 <-> 5 is plain and holds 0.
        let heap = Sketch {
            objects: vec![
                (true, true, 0, 10),
                (true, false, 0, 10),
                (true, false, 0, 10),
                (false, false, 0, 5),
                (true, false, 0, 7),
                (true, false, 0, 7),
            ],
            references: vec![
                (0, 1, item()),
                (1, 0, item()),
                (1, 2, item()),
                (1, 3, item()),
                (4, 5, item()),
                (5, 4, item()),
                (4, 0, item()),
            ],
            roots: vec![],
        };
        let replay = GcReplay::run(&heap.build());
        assert_eq!(ids(&replay.uncollectable), [0, 1, 2]);
        assert_eq!(ids(&replay.to_be_parked), [0]);
        assert_eq!(ids(&replay.held_by_uncollectable), [3]);
        assert_eq!(ids(&replay.awaiting_collection), [4, 5]);
    }

    #[test]
    fn a_finalizer_outside_any_cycle_runs_when_the_cycle_that_holds_it_goes() {
        let heap = Sketch {
            objects: vec![(true, false, 0, 10), (true, false, 0, 10), (true, true, 0, 10)],
            references: vec![(0, 1, item()), (1, 0, item()), (1, 2, item())],
            roots: vec![],
        };
        let replay = GcReplay::run(&heap.build());
        assert_eq!(ids(&replay.awaiting_collection), [0, 1, 2]);
        assert!(replay.uncollectable.is_empty() && replay.to_be_parked.is_empty());
    }

    #[test]
    fn what_is_parked_already_is_alive_through_the_list() {
        let heap = Sketch {
            objects: vec![(true, false, 1, 10), (true, true, 0, 10), (true, false, 0, 10)],
            references: vec![(0, 1, item()), (1, 2, item()), (2, 1, item())],
            roots: vec![(0, RootKind::GcGarbage)],
        };
        let replay = GcReplay::run(&heap.build());
        assert_eq!(ids(&replay.in_gc_garbage), [1]);
        assert_eq!(replay.parked, Tally { objects: 1, bytes: 10 });
        assert!(replay.uncollectable.is_empty() && replay.awaiting_collection.is_empty());
    }

    #[test]
    fn what_was_frozen_as_garbage_is_told_with_what_it_alone_holds() {
        // A list held from outside holds all that the interpreter froze; two cycles are frozen, one of which is held.
        let many = FROZEN_MIN as usize;
        let mut objects = vec![(true, false, 1, 10)];
        objects.extend(vec![(true, false, 0, 10); many]);
        let mut references: Vec<(usize, usize, ReferenceLabel)> = (1..=many).map(|one| (0, one, item())).collect();
        let first = objects.len();
        // 0 <-> 1 holds the tracked 2 and the string 3; 4 <-> 5 is held from outside.
        objects.extend([(true, false, 0, 7), (true, false, 0, 7), (true, false, 0, 7), (false, false, 0, 5)]);
        objects.extend([(true, false, 1, 9), (true, false, 0, 9)]);
        let pairs = [(0, 1), (1, 0), (1, 2), (1, 3), (4, 5), (5, 4)];
        references.extend(pairs.map(|(from, to)| (first + from, first + to, item())));
        let heap = Sketch { objects, references, roots: vec![] };
        let frozen = |index: usize| index < first + 2 || index > first + 3;
        let replay = GcReplay::run(&heap.build_frozen(frozen));
        assert!(replay.awaiting_collection.is_empty());
        let told = replay.frozen_garbage.expect("enough is frozen");
        let expected: Vec<u32> = (0..4).map(|index| (first + index) as u32).collect();
        assert_eq!(ids(&told), expected);
        assert_eq!(replay.frozen.objects, first as u64 + 4);
        // The same with nothing frozen is ordinary garbage.
        let replay = GcReplay::run(&heap.build());
        assert_eq!((ids(&replay.awaiting_collection), replay.frozen_garbage), (expected, None));
    }

    /// The definition, by repeated sweeps over all references.
    fn naive(heap: &Sketch) -> (Vec<bool>, Vec<bool>) {
        let snapshot = heap.build();
        let n = heap.objects.len();
        let tracked = |index: usize| snapshot.is_tracked(ObjectId(index as u32));
        let seen = |from: usize, to: usize, label: ReferenceLabel| label.is_traversed() && tracked(from) && tracked(to);
        let inner = |index: usize| {
            heap.references.iter().filter(|(from, to, label)| *to == index && seen(*from, *to, *label)).count()
        };
        let held: Vec<usize> =
            (0..n).filter(|i| tracked(*i) && snapshot.refcounts()[*i] as usize > inner(*i)).collect();
        let live = heap.reach(&held, seen);
        let dead = |index: usize| tracked(index) && !live[index];
        let finalizers: Vec<usize> = (0..n).filter(|i| dead(*i) && heap.objects[*i].1).collect();
        let stays = heap.reach(&finalizers, |from, to, label| seen(from, to, label) && dead(to));
        let mut freed: Vec<bool> = (0..n).map(|i| dead(i) && !stays[i]).collect();
        loop {
            let before = freed.clone();
            for (i, freed) in freed.iter_mut().enumerate() {
                let held_by_freed = |(from, to, label): &&(usize, usize, ReferenceLabel)| {
                    *to == i && before[*from] && label.is_strong()
                };
                let count = snapshot.refcounts()[i] as usize;
                *freed |= count > 0 && heap.references.iter().filter(held_by_freed).count() == count;
            }
            if freed == before {
                let stays = stays.iter().zip(&freed).map(|(stays, freed)| *stays && !freed).collect();
                return (freed, stays);
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(heap in sketches(14)) {
            let replay = GcReplay::run(&heap.build());
            let (freed, stays) = naive(&heap);
            let members = |set: &BitSet| (0..heap.objects.len()).map(|i| set.contains(ObjectId(i as u32))).collect::<Vec<_>>();
            prop_assert_eq!(members(&replay.awaiting_collection), freed);
            prop_assert_eq!(members(&replay.uncollectable), stays);
            prop_assert_eq!(replay.surplus_references, 0);
            let mut both = replay.awaiting_collection.clone();
            both.intersect_with(&replay.uncollectable);
            prop_assert!(both.is_empty());
        }
    }
}
