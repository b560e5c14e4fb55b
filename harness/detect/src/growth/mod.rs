//! Growth: what stays behind as work is done.
//!
//! Needs one tree of shapes a look, made of snapshots without the objects that merely await collection. A shape grows
//! when it gains along with the work done, by the load's count or by what of the target can be counted from outside, and
//! neither gives back nor comes to rest. Of a growing subtree the top is reported: what is below only hangs on it.

mod alike;
pub(crate) mod cause;
mod counters;
mod grade;
mod limit;
mod place;
mod series;
mod trend;
mod weak;
mod work;

use std::collections::BTreeMap;

use bloathound_heap::{HeapSnapshot, ReferenceKind, ShapeTree};
use bloathound_vocabulary::ObservationRecord;

pub use self::counters::{Counts, rising};
pub use self::limit::{LastLook, Values};
pub use self::work::{Counter, Odometer, Work};

use self::grade::Judged;
use self::series::{Judge, Quantity, Series};
use crate::thresholds::fixed::{self, ALSO_MAX};
use crate::thresholds::{predicates, words};
use crate::{Evidence, Finding, FindingClass, Label, LeakEvidence, Location, Problem, RootKind, Thresholds, Verdict};

/// The place that the objects of a shape hang at, in the words of its source.
#[must_use]
pub fn place_of(tree: &ShapeTree, shape: usize) -> Location {
    place::locate(tree, shape, place::path(tree, shape, None), None)
}

/// One round: the shapes after it.
#[derive(Clone, Copy, Debug)]
pub struct GrowthRound<'a> {
    /// What was there after the round.
    pub shapes: &'a ShapeTree,
    /// Requests of this round (0 for the first look); 1 where rounds are spans of time.
    pub requests: u64,
    /// What the process had done by then, as far as it could be read.
    pub work: Work,
}

/// What one unit of load is called in the verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrowthUnit {
    /// Rounds of a known number of requests.
    Request,
    /// Rounds of time, nothing known of requests.
    Round,
}

/// What the rule says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GrowthReport {
    /// One finding for each cause, most retained bytes first.
    pub findings: Vec<Finding>,
    /// What grows below a limit that is known.
    pub observations: Vec<ObservationRecord>,
    /// What could not be told.
    pub problems: Vec<Problem>,
}

/// Judges rounds of the same load.
#[must_use]
pub fn find_growth(rounds: &[GrowthRound<'_>], unit: GrowthUnit, thresholds: &Thresholds) -> GrowthReport {
    find_growth_below_limits(rounds, unit, None, thresholds)
}

/// As [`find_growth`]; with the heap of the last look, limits that are in memory are known.
#[must_use]
pub fn find_growth_below_limits(
    rounds: &[GrowthRound<'_>],
    unit: GrowthUnit,
    last_look: Option<LastLook<'_>>,
    thresholds: &Thresholds,
) -> GrowthReport {
    let mut report = GrowthReport::default();
    let limits = &thresholds.growth;
    let Some(last) = rounds.last().filter(|_| rounds.len() >= limits.rounds_min) else {
        let message = format!("{} looks are too few, {} are needed", rounds.len(), limits.rounds_min);
        report.problems.push(Problem { stage: "growth".into(), message });
        return report;
    };
    let all = series::of(rounds);
    let counters = last_look.filter(|_| predicates::OWN_COUNTS.applies());
    let counters = counters.map_or(&[][..], |look| look.values.counters());
    let judge = Judge::new(rounds, unit, counters, limits);
    let growing: Vec<Option<Quantity>> = all.iter().map(|shape| judge.quantity(shape)).collect();
    let saves = predicates::SAVED_BY_DEBUG.says(last_look.is_some_and(|look| holds_no_finalizer(look.snapshot)));
    let scene = Scene { tree: last.shapes, all: &all, growing: &growing, judge: &judge, saves };
    let mut causes: Vec<Vec<Place>> = Vec::new();
    for place in scene.places() {
        // A second place that takes the same steps is no second cause. Under counted load every place takes the same.
        // But what a container keeps about its own items (links, an index) is below it, and is the items'.
        let is_one = |known: &Place| {
            let nested = scene.is_within(place.holder, known.holder) || scene.is_within(known.holder, place.holder);
            judge.same_cause(&known.steps, &place.steps) || judge.same_within(nested, &known.steps, &place.steps)
        };
        let same = |cause: &&mut Vec<Place>| cause.iter().any(is_one);
        match causes.iter_mut().find(same) {
            Some(cause) => cause.push(place),
            None => causes.push(vec![place]),
        }
    }
    causes.iter_mut().for_each(|cause| cause.sort_by_key(|place| scene.rank(place)));
    let is_weak = |cause: &[Place]| cause.first().is_some_and(|place| weak::is_weak(last.shapes, place.main));
    let strong = causes.iter().filter(|cause| !is_weak(cause)).flatten();
    let strong: Vec<usize> = strong.flat_map(|place| place.members.iter().copied()).collect();
    let mut found: Vec<Found> = Vec::new();
    for mut cause in causes {
        let mut is_shadow = predicates::WEAK_SHADOW.says(is_weak(&cause));
        if is_shadow && let Some(place) = cause.first() {
            match weak::holder(&scene, place, &strong, last_look) {
                weak::Holder::Told => continue,
                weak::Holder::At(holder) => {
                    cause.insert(0, holder);
                    is_shadow = false;
                }
                weak::Holder::Itself => is_shadow = false,
                weak::Holder::Unknown => {}
            }
        }
        for judged in grade::grade(&scene, &cause, rounds, last_look) {
            match judged {
                Judged::Finding(finding) => found.push(Found { finding: *finding, is_shadow }),
                Judged::Observation(seen) => report.observations.push(*seen),
            }
        }
    }
    drop_shadows(&mut found);
    report.findings = found.into_iter().map(|found| found.finding).collect();
    report.findings.sort_by_key(|finding| std::cmp::Reverse(leak(finding).map_or(0, |leak| leak.retained_bytes)));
    report
}

/// A finding.
struct Found {
    finding: Finding,
    /// Of what is only listed weakly.
    is_shadow: bool,
}

/// Where something grows: shapes that grow in one container.
#[derive(Clone, PartialEq, Debug)]
struct Place {
    /// The container, or what itself grows.
    holder: usize,
    /// The shapes.
    members: Vec<usize>,
    /// The one that is named.
    main: usize,
    /// What of it is counted, look by look: of that one, or of all where keys vary.
    values: Vec<u64>,
    /// From look to look.
    steps: Vec<i64>,
    /// What is counted.
    quantity: Quantity,
    /// The shape on the way whose key is one of many that grow alike.
    varies: Option<usize>,
}

/// All that grows.
struct Scene<'a> {
    tree: &'a ShapeTree,
    all: &'a [Series],
    growing: &'a [Option<Quantity>],
    judge: &'a Judge<'a>,
    /// What is in `gc.garbage` was saved there, for there is no finalizer in it.
    saves: bool,
}

impl Scene<'_> {
    /// The tops of what grows, by container.
    fn places(&self) -> Vec<Place> {
        let (tree, growing) = (self.tree, self.growing);
        let grow_as_objects = |index: usize| growing[index] == Some(Quantity::Objects);
        // What hangs below something that grows is its consequence.
        let mut below = vec![false; growing.len()];
        let mut child_grows = vec![false; growing.len()];
        let mut most_below = vec![0; growing.len()];
        for (index, node) in tree.nodes().iter().enumerate().skip(1) {
            below[index] = predicates::BELOW_GROWTH.says(below[node.parent] || grow_as_objects(node.parent));
            child_grows[node.parent] |= grow_as_objects(index);
        }
        for (index, node) in tree.nodes().iter().enumerate().skip(1).rev() {
            let own = if grow_as_objects(index) { gain(&self.all[index].objects) } else { 0 };
            most_below[node.parent] = most_below[node.parent].max(most_below[index]).max(own);
        }
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 1..growing.len() {
            let counts = match growing[index] {
                Some(Quantity::Objects) => !alike::fills_in(self, index) && !alike::takes_places(self, index),
                // A container whose items are counted as objects of their own is told by these, and so is one whose few
                // entries hold many of them.
                Some(Quantity::Entries) => !child_grows[index] && most_below[index] < gain(self.counted(index)),
                Some(Quantity::Bytes) => !child_grows[index],
                None => false,
            };
            if counts && !below[index] && !is_bookkeeping(tree, index, self.saves) {
                let holder = if grow_as_objects(index) { tree.nodes()[index].parent } else { index };
                places.entry(holder).or_default().push(index);
            }
        }
        alike::by_key(self, places.into_iter().map(|(holder, members)| self.place(holder, members)).collect())
    }

    fn place(&self, holder: usize, members: Vec<usize>) -> Place {
        // Keys and values of one dict grow together; the side that holds more bytes is the one to name.
        let weight = |index: &usize| (gain(&self.all[*index].retained), usize::MAX - index);
        let main = members.iter().copied().max_by_key(weight).unwrap_or(holder);
        let values = self.counted(main).to_vec();
        let quantity = self.growing[main].unwrap_or(Quantity::Objects);
        Place { holder, main, steps: cause::steps(&values), values, quantity, members, varies: None }
    }

    /// Whether a shape is on the way below another, which is more than a root.
    fn is_within(&self, shape: usize, other: usize) -> bool {
        self.tree.nodes().get(other).is_some_and(|node| node.depth > 1) && self.tree.line(shape).contains(&other)
    }

    /// What of a growing shape is counted.
    fn counted(&self, index: usize) -> &[u64] {
        let shape = &self.all[index];
        match self.growing[index] {
            Some(Quantity::Entries) => &shape.entries,
            Some(Quantity::Bytes) => &shape.bytes,
            _ => &shape.objects,
        }
    }

    /// Of places with one cause the first is named: one that a person can empty, by the shortest path. What is listed
    /// weakly is held by somebody else.
    fn rank(&self, place: &Place) -> (bool, bool, bool, bool, usize, usize) {
        let labels = self.tree.labels(place.main);
        let is_weak = weak::is_weak(self.tree, place.main);
        let from_module = matches!(labels.first(), Some(Label::Root(RootKind::Module, _)));
        let has_name = labels.iter().skip(1).any(|label| label.name().is_some());
        let as_objects = self.growing[place.main] == Some(Quantity::Objects);
        (is_weak, !from_module, !has_name, !as_objects, labels.len(), place.main)
    }

    /// The figures of the one container of what grows, where its items share most of what they keep: none of them alone
    /// would free it, and all of them do.
    fn shared(&self, place: &Place, apart: u64) -> Option<&Series> {
        let node = self.tree.nodes().get(place.holder).filter(|node| node.objects == 1 && node.depth > 1)?;
        let all = &self.all[place.holder];
        let is_item = matches!(self.tree.label(place.main), Label::Index | Label::Key | Label::Member);
        let is_more = node.retained_bytes > apart.saturating_mul(fixed::SHARED_TIMES_MIN);
        predicates::SHARED_BY_ITEMS.says(is_item && place.varies.is_none() && is_more).then_some(all)
    }

    /// The finding of a cause, as the class of a leak.
    fn finding(&self, cause: &[Place]) -> Option<Finding> {
        let place = cause.first()?;
        let main = place.main;
        let shape = &self.all[main];
        let total = self.judge.units().max(1);
        let rate = |values: &[u64]| (gain(values) + total / 2) / total;
        let sum_of = |pick: fn(&Series) -> &Vec<u64>| {
            place.members.iter().map(|index| rate(pick(&self.all[*index]))).sum::<u64>()
        };
        let apart = place.members.iter().map(|index| self.all[*index].retained.last().copied().unwrap_or(0)).sum();
        let shared = self.shared(place, apart);
        let path = place::path(self.tree, main, place.varies);
        let also = cause.iter().skip(1).take(ALSO_MAX).map(|place| Label::join(self.tree.labels(place.main), " → "));
        let evidence = LeakEvidence {
            objects_per_request: match place.quantity {
                Quantity::Bytes => 0,
                _ => rate(&place.values),
            },
            bytes_per_request: rate(&shape.bytes),
            retained_bytes_per_request: shared.map_or(sum_of(|series| &series.retained), |all| rate(&all.retained)),
            retained_bytes: shared.map_or(apart, |all| all.retained.last().copied().unwrap_or(0)),
            type_name: self.tree.type_name(main).to_owned(),
            rounds: place.values.clone(),
            grows_with: String::new(),
            also: also.collect(),
            tasks_wait: Vec::new(),
        };
        Some(Finding::new(
            FindingClass::Leak,
            Verdict::GrowsWithRequests,
            format!("leak:{}:{}", Label::join(&path, ">"), evidence.type_name),
            place::locate(self.tree, main, path, place.varies),
            Evidence::Leak(evidence),
        ))
    }
}

fn gain(values: &[u64]) -> u64 {
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => 0,
    }
}

fn leak(finding: &Finding) -> Option<&LeakEvidence> {
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => Some(leak),
        _ => None,
    }
}

/// Weak references to what leaks are kept beside it, in registries of their own: they go with it.
fn drop_shadows(found: &mut Vec<Found>) {
    let rate = |found: &Found| leak(&found.finding).map_or(0, |leak| leak.objects_per_request);
    let largest = found.iter().filter(|found| !found.is_shadow).map(rate).max().unwrap_or(0);
    found.retain(|found| !found.is_shadow || rate(found) > largest);
}

/// Places that grow by themselves or belong to another rule: a base's list of its subclasses never shrinks, and
/// `gc.garbage` is the cycle rule's, unless a debug flag has everything saved there.
fn is_bookkeeping(tree: &ShapeTree, index: usize, saves: bool) -> bool {
    let labels = tree.labels(index);
    let is_name = |label: &&Label, name: &str| label.name() == Some(name);
    let of_the_collector = labels.first().is_some_and(|root| {
        matches!(root, Label::Root(RootKind::GcGarbage, _))
            || (root.module() == Some("gc") && labels.get(1).is_some_and(|label| is_name(label, "garbage")))
    });
    predicates::COLLECTORS_LIST.says(of_the_collector && !saves)
        || labels.iter().any(|label| label.name().is_some_and(|name| words::BOOKKEEPING.has(name)))
}

/// Whether `gc.garbage` has items, and none of them a finalizer.
fn holds_no_finalizer(snapshot: &HeapSnapshot) -> bool {
    let lists = snapshot.roots().iter().filter(|root| root.kind == RootKind::GcGarbage).map(|root| root.object);
    let mut items =
        lists.flat_map(|list| snapshot.references_of(list)).filter(|(_, label)| label.kind() == ReferenceKind::Item);
    let mut has_items = false;
    let finalizes = items.any(|(item, _)| {
        has_items = true;
        snapshot.has_finalizer(item)
    });
    has_items && !finalizes
}
