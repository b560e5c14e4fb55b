//! Cycles that no collection will ever take, and why.
//!
//! Python 2.7's collector frees no unreachable cycle with a `__del__` in it: it cannot know an order to run them in. It
//! parks the objects that have one in `gc.garbage` and leaves the rest alive behind them. Needs a snapshot and the
//! replayed collector; collectable cycles are an observation, never a finding.

use std::collections::{BTreeMap, HashMap};

use bloathound_heap::{
    BitSet, GcReplay, HeapSnapshot, Names, ObjectId, PathTree, ReferenceKind, RootKind, Step, TypeId, shortest_cycle,
    strongly_connected,
};

use crate::thresholds::words;
use crate::{CycleEvidence, Evidence, Finding, FindingClass, Label, Location, Problem, Thresholds, Verdict};

/// What the rule says of one snapshot.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CycleReport {
    /// One finding for each shape of uncollectable cycle, most objects first.
    pub findings: Vec<Finding>,
    /// Cycles that the next full collection frees: groups and objects.
    pub collectable_cycles: u64,
    /// Objects in these cycles.
    pub collectable_objects: u64,
    /// One of them by names: of those whose types have most bytes. Empty where there is none.
    pub collectable_example: Vec<Label>,
    /// Items of `gc.garbage` that something else holds as well, or that are in no cycle.
    pub parked_elsewhere: u64,
    /// What could not be told.
    pub problems: Vec<Problem>,
}

/// All cycles of one shape: the same types joined the same way.
#[derive(Default)]
struct Shape {
    objects: u64,
    finalized: u64,
    parked: u64,
    example: Vec<ObjectId>,
}

/// Judges the cycles in one snapshot.
#[must_use]
pub fn find_cycles(snapshot: &HeapSnapshot, replay: &GcReplay, thresholds: &Thresholds) -> CycleReport {
    let mut report = CycleReport::default();
    let kept = kept_by_garbage_only(snapshot, replay);
    let mut doomed = kept.clone();
    doomed.union_with(&replay.uncollectable);
    let components = strongly_connected(snapshot, &doomed, |label| label.is_traversed());
    let mut shapes: BTreeMap<Vec<String>, Shape> = BTreeMap::new();
    let mut parked_in_cycles = 0;
    for members in components.iter() {
        let finalized = members.iter().filter(|id| snapshot.has_finalizer(**id)).count() as u64;
        if finalized == 0 {
            continue;
        }
        let parked = members.iter().filter(|id| replay.in_gc_garbage.contains(**id)).count() as u64;
        parked_in_cycles += parked;
        let shape = shapes.entry(type_names(snapshot, members)).or_default();
        shape.objects += members.len() as u64;
        shape.finalized += finalized;
        shape.parked += parked;
        if shape.example.is_empty() {
            shape.example = members.to_vec();
        }
    }
    report.parked_elsewhere = replay.parked.objects.saturating_sub(parked_in_cycles);
    let names = Names::new(snapshot);
    report.findings = shapes
        .into_iter()
        .filter(|(_, shape)| shape.finalized >= thresholds.cycles.objects_min)
        .map(|(types, shape)| finding(snapshot, &names, types, &shape))
        .collect();
    report.findings.sort_by_key(|finding| match &finding.evidence {
        Evidence::Cycle(evidence) => std::cmp::Reverse(evidence.objects),
        _ => std::cmp::Reverse(0),
    });
    let collectable = strongly_connected(snapshot, &replay.awaiting_collection, |label| label.is_traversed());
    report.collectable_cycles = collectable.len() as u64;
    report.collectable_objects = collectable.iter().map(|members| members.len() as u64).sum();
    report.collectable_example = example(snapshot, &names, collectable.iter());
    if snapshot.quality().collection_in_progress {
        report.problems.push(Problem {
            stage: "cycles".into(),
            message: "the snapshot was taken during a collection: counts of unreachable objects are too low".into(),
        });
    }
    report
}

/// A cycle by names, of those whose types have most bytes together.
fn example<'c>(snapshot: &HeapSnapshot, names: &Names<'_>, cycles: impl Iterator<Item = &'c [ObjectId]>) -> Vec<Label> {
    let mut by_types: HashMap<Vec<TypeId>, (u64, &[ObjectId])> = HashMap::new();
    for members in cycles {
        let mut types: Vec<TypeId> = members.iter().map(|id| snapshot.type_id(*id)).collect();
        types.sort_unstable();
        types.dedup();
        let bytes: u64 = members.iter().map(|id| snapshot.shallow_size(*id)).sum();
        let entry = by_types.entry(types).or_insert((0, members));
        entry.0 = entry.0.saturating_add(bytes);
    }
    // The types break the tie, so that every run tells the same.
    let most = by_types.into_iter().max_by(|one, other| (one.1.0, &other.0).cmp(&(other.1.0, &one.0)));
    let Some((_, (_, members))) = most else { return Vec::new() };
    let mut within = BitSet::with_len(snapshot.len());
    for id in members {
        within.insert(*id);
    }
    let is_plain = |id: ObjectId| words::PLAIN_IN_CYCLES.has(&snapshot.type_of(id).name);
    let start = members.iter().copied().min_by_key(|id| (is_plain(*id), *id)).unwrap_or(ObjectId(0));
    let steps = shortest_cycle(snapshot, &within, start, |label| label.is_traversed());
    let mut labels = cycle_labels(snapshot, names, &steps);
    // Of a ring of equal ones one tells it.
    labels.dedup();
    labels
}

/// Objects that only the `gc.garbage` list keeps alive.
fn kept_by_garbage_only(snapshot: &HeapSnapshot, replay: &GcReplay) -> BitSet {
    let mut lists = BitSet::with_len(snapshot.len());
    for root in snapshot.roots().iter().filter(|root| root.kind == RootKind::GcGarbage) {
        lists.insert(root.object);
    }
    let mut kept = BitSet::with_len(snapshot.len());
    if replay.in_gc_garbage.is_empty() {
        return kept;
    }
    let alive = PathTree::build(snapshot, Some(&lists)).reachable();
    let mut pending: Vec<ObjectId> = replay.in_gc_garbage.iter().collect();
    while let Some(id) = pending.pop() {
        if !alive.contains(id) && kept.insert(id) {
            let strong = snapshot.references_of(id).filter(|(_, label)| label.is_strong());
            pending.extend(strong.map(|(target, _)| target));
        }
    }
    kept
}

fn type_names(snapshot: &HeapSnapshot, members: &[ObjectId]) -> Vec<String> {
    let mut names: Vec<String> = members.iter().map(|id| snapshot.type_of(*id).qualified_name()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn finding(snapshot: &HeapSnapshot, names: &Names<'_>, types: Vec<String>, shape: &Shape) -> Finding {
    let mut members = BitSet::with_len(snapshot.len());
    for id in &shape.example {
        members.insert(*id);
    }
    // Any member would do; the one whose class comes first makes the same choice on every run.
    let start = shape
        .example
        .iter()
        .copied()
        .filter(|id| snapshot.has_finalizer(*id))
        .min_by_key(|id| (snapshot.type_of(*id).qualified_name(), *id))
        .unwrap_or(ObjectId(0));
    let steps = shortest_cycle(snapshot, &members, start, |label| label.is_traversed());
    let cycle = cycle_labels(snapshot, names, &steps);
    let mut finalizers: Vec<String> = shape
        .example
        .iter()
        .filter(|id| snapshot.has_finalizer(**id))
        .map(|id| match &snapshot.type_of(*id).finalizer {
            Some(site) => format!("{}.__del__ ({}:{})", site.class, site.file, site.line),
            None => format!("{} (suspended inside try or with)", snapshot.type_of(*id).qualified_name()),
        })
        .collect();
    finalizers.sort_unstable();
    finalizers.dedup();
    let class = snapshot.type_of(start);
    let site = class.finalizer.as_ref();
    let location = Location {
        module: class.module.clone(),
        class: Some(class.name.clone()),
        attribute: cycle.last().and_then(referring_name).map(str::to_owned),
        file: site.map(|site| site.file.clone()),
        function: site.map(|_| "__del__".to_owned()),
        line_first: site.map(|site| site.line),
        line_last: None,
        expression: None,
        path: cycle.clone(),
    };
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Cycle,
        verdict: Verdict::Uncollectable,
        fingerprint: format!("cycle:{}:{}", types.join("+"), Label::join(&cycle, ">")),
        location,
        evidence: Evidence::Cycle(CycleEvidence {
            objects: shape.objects,
            types: told_types(types),
            finalizers,
            in_gc_garbage: shape.parked,
            uncollectable: shape.finalized,
            closing_reference: cycle.last().map(Label::to_string).unwrap_or_default(),
            cycle,
        }),
    }
}

/// The name by which somebody refers, where it is one: `address` of `Attendee.address`.
fn referring_name(label: &Label) -> Option<&str> {
    match label {
        Label::Of(_, label) => label.name(),
        _ => None,
    }
}

/// The types that say something: the plain containers between them are part of every cycle.
fn told_types(types: Vec<String>) -> Vec<String> {
    let told: Vec<String> = types.iter().filter(|name| !words::PLAIN_IN_CYCLES.has(name)).cloned().collect();
    if told.is_empty() { types } else { told }
}

/// `Attendee.address`, `Address.attendee`: who refers by what name, without the dicts between.
fn cycle_labels(snapshot: &HeapSnapshot, names: &Names<'_>, steps: &[Step]) -> Vec<Label> {
    let mut labels = Vec::new();
    let mut owner: Option<ObjectId> = None;
    for step in steps {
        if names.is_dict_field(step.label) && step.label.kind() == ReferenceKind::Field {
            owner = Some(step.from);
            continue;
        }
        let from = owner.take().unwrap_or(step.from);
        let label = Box::new(names.label(names.generic(step.from, step.to, step.label)));
        let class = &snapshot.type_of(from).name;
        labels.push(Label::Of(class.as_str().into(), label));
    }
    labels
}
