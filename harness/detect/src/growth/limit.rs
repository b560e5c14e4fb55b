//! Limits that are in memory: what grows below one is filling, and no leak.

use bloathound_heap::{HeapSnapshot, Names, ObjectId, ReferenceKind, ShapeTree};

use super::work::Counter;
use crate::thresholds::fixed::{LIMIT_ITEMS_MAX, LIMIT_LEVELS};
use crate::thresholds::{GrowthThresholds, predicates, words};

/// Reads what a snapshot does not hold, of the look that it is of.
pub trait Values {
    /// The value of a whole number.
    fn number(&self, id: ObjectId) -> Option<i64>;
    /// The most items that a container takes, by its own structure: a `deque` with `maxlen`.
    fn items_max(&self, id: ObjectId) -> Option<u64>;
    /// Counts that the program keeps of its own work, of all looks.
    fn counters(&self) -> &[Counter] {
        &[]
    }
}

/// A limit, and how far it is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Limit {
    /// Items there are.
    pub length: u64,
    /// Items there can be.
    pub most: u64,
    /// Where it is written: `maxlen`, `size`.
    pub name: String,
    /// The shape of the container.
    pub container: usize,
    /// Whether it is the container's own, which drops the oldest item: what is kept is a log of the last items. A number
    /// beside it bounds a cache, and a cache is there to be filled.
    pub is_log: bool,
}

/// What is far from its bound: until then it grows as if it had none.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Far {
    /// Until it is full, at the rate that was seen; nobody's clock was seen in a recorded run.
    pub seconds: Option<f64>,
    /// What it keeps then, bytes.
    pub bytes: u64,
}

impl Limit {
    /// Far from being reached: nobody has seen yet what the bound allows, or that a number beside it is its bound at all.
    /// `gained` is the share of what there is that came while it was watched, `seconds` how long that was, `bytes` what
    /// the items keep by now. Of a log's own bound nobody doubts: small records below it are told with it alone.
    pub(super) fn far(&self, gained: f64, seconds: Option<f64>, bytes: u64, limits: &GrowthThresholds) -> Option<Far> {
        let (length, most) = (self.length as f64, self.most as f64);
        let each = bytes as f64 / length.max(1.0);
        let times = (most - length) / (gained * length);
        let left = seconds.map(|seconds| seconds * times);
        let by_watches = !self.is_log && times >= limits.bound_watches_min;
        let is_long = left.map_or(by_watches, |left| left >= limits.bound_seconds_min);
        let far = Far { seconds: left, bytes: (each * most) as u64 };
        let is_far = predicates::FAR_BOUND.applies()
            && length <= limits.bound_used_max * most
            && times.is_finite()
            && is_long
            && (!self.is_log || each >= limits.bound_item_bytes_min);
        is_far.then_some(far)
    }
}

/// What is known of the heap of the last look.
#[derive(Clone, Copy)]
pub struct LastLook<'a> {
    /// The heap.
    pub snapshot: &'a HeapSnapshot,
    /// What it does not hold.
    pub values: &'a dyn Values,
}

impl std::fmt::Debug for LastLook<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LastLook").field("objects", &self.snapshot.len()).finish_non_exhaustive()
    }
}

/// The limit of the single container at shape `place`, where there is one: its own, else a number beside it that is
/// named as one. `still` is whether it grew to the last: a number that goes along with it is its counter.
pub(super) fn limit(
    last: LastLook<'_>,
    tree: &ShapeTree,
    place: usize,
    still: bool,
    limits: &GrowthThresholds,
) -> Option<Limit> {
    // What grows may be parts of the items: the container is the nearest single object above.
    let place =
        tree.line(place).into_iter().rev().take(LIMIT_LEVELS).find(|shape| tree.nodes()[*shape].objects == 1)?;
    let node = tree.nodes().get(place)?;
    let container = node.example;
    let length = length(last.snapshot, container);
    if predicates::OWN_BOUND.applies()
        && let Some(most) = last.values.items_max(container)
    {
        return Some(Limit { length, most, name: "maxlen".to_owned(), container: place, is_log: true });
    }
    if !predicates::BOUND_BESIDE.applies() {
        return None;
    }
    let names = Names::new(last.snapshot);
    let attribute = tree.label(place).name().unwrap_or_default().to_owned();
    let mut above = place;
    // The container may be the instance itself, held by it, or held by a list or dict of its own.
    for _ in 0..LIMIT_LEVELS {
        let owner = tree.nodes().get(above).filter(|node| node.objects == 1 && above != 0)?;
        for (name, value) in numbers_of(last, &names, owner.example) {
            let Some(most) = u64::try_from(value).ok().filter(|most| *most <= LIMIT_ITEMS_MAX) else { continue };
            let is_counter = predicates::COUNTER_BESIDE.says(still)
                && most.abs_diff(length) as f64 <= limits.counter_share * length as f64;
            if words::is_limit(&name, &attribute) && most >= length && !is_counter {
                return Some(Limit { length, most, name, container: place, is_log: false });
            }
        }
        above = owner.parent;
    }
    None
}

/// Items: entries of a dict once, of anything else its items.
fn length(snapshot: &HeapSnapshot, id: ObjectId) -> u64 {
    let of = |kind: ReferenceKind| snapshot.labels_of(id).iter().filter(|label| label.kind() == kind).count() as u64;
    let values = of(ReferenceKind::Value);
    if values > 0 { values } else { of(ReferenceKind::Item) + of(ReferenceKind::Member) }
}

/// Attributes that are whole numbers: the object's own, then its class's.
fn numbers_of(last: LastLook<'_>, names: &Names<'_>, owner: ObjectId) -> Vec<(String, i64)> {
    let snapshot = last.snapshot;
    let class = snapshot.references_of(owner).find(|(_, label)| label.kind() == ReferenceKind::Type);
    let mut found = Vec::new();
    for holder in std::iter::once(owner).chain(class.map(|(class, _)| class)) {
        for (target, label) in snapshot.references_of(holder) {
            if label.kind() == ReferenceKind::Slot {
                let name = label.name().map(|name| snapshot.name(name).to_owned());
                found.extend(name.zip(last.values.number(target)));
            } else if names.is_dict_field(label) {
                for (value, entry) in snapshot.references_of(target) {
                    let name = entry.key().and_then(|key| snapshot.text(key));
                    found.extend(name.map(str::to_owned).zip(last.values.number(value)));
                }
            }
        }
    }
    found
}
