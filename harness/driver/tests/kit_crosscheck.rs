//! The view from inside (the kit's dump) and the view from outside (process memory) of the same services: types, sizes,
//! counts, references and findings agree, and what doesn't is explained.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; figures are told"
)]

mod support;

use std::collections::{BTreeMap, HashMap};

use bloathound_detect::{
    Evidence, Finding, GrowthReport, GrowthRound, GrowthUnit, Thresholds, find_cycles, find_growth,
};
use bloathound_driver::examine::{ExamineOptions, Target};
use bloathound_heap::{Analysis, HeapSnapshot, ObjectId, ReferenceKind, ReferenceLabel, ShapeLimits, ShapeTree};
use support::kit::Subject;

/// Objects that may differ: frames and helpers of the dump itself, the connection that asked for it.
const OWN_OBJECTS_MAX: i64 = 80;

fn outside(subject: &Subject) -> HeapSnapshot {
    Target::open(subject.service.pid(), ExamineOptions::default()).unwrap().examine().unwrap().snapshot
}

fn inside(subject: &Subject) -> HeapSnapshot {
    subject.dump().snapshot()
}

/// Tracked objects and bytes by type: what `gc` inside knows of. The rest it reaches only by their holders.
fn tracked(snapshot: &HeapSnapshot) -> BTreeMap<String, (i64, i64)> {
    let mut rows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for id in snapshot.ids().filter(|id| snapshot.is_tracked(*id)) {
        let row = rows.entry(snapshot.type_of(id).qualified_name()).or_default();
        *row = (row.0 + 1, row.1 + snapshot.shallow_size(id) as i64);
    }
    rows
}

/// Addresses that the collector's traversal of an object visits, sorted; `conservative` with the words that the view
/// from outside found to be an object's address in a structure that nobody described.
fn visited(snapshot: &HeapSnapshot, id: ObjectId, conservative: bool) -> Vec<u64> {
    let shown =
        |label: ReferenceLabel| label.is_traversed() && (conservative || label.kind() != ReferenceKind::Conservative);
    let traversed = snapshot.references_of(id).filter(|(_, label)| shown(*label));
    let mut addresses: Vec<u64> = traversed.map(|(target, _)| snapshot.object(target).address).collect();
    addresses.sort_unstable();
    addresses
}

#[derive(Default, Debug)]
struct Disagreement {
    objects: usize,
    sizes: BTreeMap<String, usize>,
    counts: BTreeMap<String, usize>,
    references: BTreeMap<String, usize>,
}

/// Compares each object that stands at the same address with the same type in both.
fn compare(inside: &HeapSnapshot, outside: &HeapSnapshot) -> Disagreement {
    let by_address: HashMap<u64, ObjectId> = outside.ids().map(|id| (outside.object(id).address, id)).collect();
    let mut found = Disagreement::default();
    for id in inside.ids().filter(|id| inside.is_tracked(*id)) {
        let object = inside.object(id);
        let name = inside.type_of(id).qualified_name();
        let Some(other) = by_address.get(&object.address).copied() else { continue };
        if outside.type_of(other).qualified_name() != name {
            continue;
        }
        found.objects += 1;
        if outside.shallow_size(other) != object.shallow_size {
            *found.sizes.entry(name.clone()).or_default() += 1;
        }
        if outside.object(other).refcount != object.refcount {
            *found.counts.entry(name.clone()).or_default() += 1;
        }
        // C code may show the collector such a word or, as `ctypes` does with `proto`, not.
        let from_inside = visited(inside, id, true);
        if from_inside != visited(outside, other, true) && from_inside != visited(outside, other, false) {
            *found.references.entry(name).or_default() += 1;
        }
    }
    found
}

fn sum(rows: &BTreeMap<String, usize>) -> usize {
    rows.values().sum()
}

fn check(name: &str, options: &[&str], requests: usize) {
    let Some(subject) = Subject::start(name, options) else { return };
    for _ in 0..requests {
        subject.get("/attendees");
    }
    // At rest: the first dump has met every built-in type, and what the answer to the request for a collection left
    // behind is collected in the course of the second.
    subject.dump();
    subject.collect();
    subject.dump();
    let (inside, outside) = (inside(&subject), outside(&subject));
    let (in_rows, out_rows) = (tracked(&inside), tracked(&outside));
    let mut differing = 0;
    for (type_name, row) in &out_rows {
        let seen = in_rows.get(type_name).copied().unwrap_or_default();
        if seen != *row {
            println!("  {type_name}: outside {} of {} B, inside {} of {} B", row.0, row.1, seen.0, seen.1);
            differing += (seen.0 - row.0).abs();
        }
    }
    let found = compare(&inside, &outside);
    println!("{name}: {} types, {} objects compared, {found:?}", out_rows.len(), found.objects);
    assert!(differing <= OWN_OBJECTS_MAX, "{name}: {differing} objects more or fewer");
    assert!(found.objects as i64 >= in_rows.values().map(|row| row.0).sum::<i64>() - OWN_OBJECTS_MAX);
    // What changes from one look to the next is what runs: the dump holds what it works with (its counts are higher by
    // one), the reactor's tables and the request's objects come and go.
    for (what, rows, most) in
        [("sizes", &found.sizes, 5), ("counts", &found.counts, 120), ("references", &found.references, 25)]
    {
        assert!(sum(rows) <= most, "{name}: {what} differ: {rows:?}");
    }
}

#[test]
fn leak_is_the_same_from_both_sides() {
    check("leak", &["--rows", "200"], 3);
}

#[test]
fn fragmentation_is_the_same_from_both_sides() {
    check("fragmentation", &["--rows", "200", "--audit", "no"], 3);
}

#[test]
fn negatives_are_the_same_from_both_sides() {
    check("negatives", &["--kind", "cache"], 3);
}

fn shapes(snapshot: &HeapSnapshot) -> ShapeTree {
    Analysis::run(snapshot).shapes(ShapeLimits::default()).0
}

fn growth(rounds: &[ShapeTree]) -> GrowthReport {
    let rounds: Vec<GrowthRound<'_>> = rounds
        .iter()
        .enumerate()
        .map(|(round, shapes)| GrowthRound { shapes, requests: if round == 0 { 0 } else { 2 } })
        .collect();
    find_growth(&rounds, GrowthUnit::Request, &Thresholds::default())
}

fn told(findings: &[Finding]) -> Vec<String> {
    let exact = |finding: &Finding| match &finding.evidence {
        Evidence::Leak(leak) => format!("{} of {} a request", leak.objects_per_request, leak.type_name),
        Evidence::Cycle(cycle) => format!("{} objects, {} in gc.garbage", cycle.objects, cycle.in_gc_garbage),
        _ => String::new(),
    };
    findings.iter().map(|finding| format!("{} | {}", finding.location.path.join(" → "), exact(finding))).collect()
}

#[test]
fn the_leak_is_found_alike_from_both_sides() {
    let Some(subject) = Subject::start("leak", &["--rows", "100"]) else { return };
    subject.get("/attendees");
    subject.dump();
    let (mut in_rounds, mut out_rounds) = (Vec::new(), Vec::new());
    for round in 0..5 {
        if round > 0 {
            subject.get("/attendees");
            subject.get("/attendees");
        }
        out_rounds.push(shapes(&outside(&subject)));
        in_rounds.push(shapes(&inside(&subject)));
    }
    let (from_inside, from_outside) = (growth(&in_rounds), growth(&out_rounds));
    println!("inside {:#?}\noutside {:#?}", told(&from_inside.findings), told(&from_outside.findings));
    let wanted = "module model → DBModel → _field_cache → key | 100 of type a request";
    assert!(told(&from_outside.findings).iter().any(|text| text == wanted));
    assert_eq!(told(&from_inside.findings), told(&from_outside.findings));
}

#[test]
fn the_cycles_are_found_alike_from_both_sides() {
    let options = ["--audit-ticks", "3", "--audit-cycles", "200"];
    let Some(subject) = Subject::start("cycles", &options) else { return };
    support::wait_for("the audit's end", || subject.get("/ledger").contains("\"audit_running\": false"));
    subject.dump();
    subject.collect();
    let (inside, outside) = (inside(&subject), outside(&subject));
    let find = |snapshot: &HeapSnapshot| {
        let analysis = Analysis::run(snapshot);
        find_cycles(snapshot, analysis.replay(), &Thresholds::default()).findings
    };
    let (from_inside, from_outside) = (find(&inside), find(&outside));
    println!("inside {:#?}\noutside {:#?}", told(&from_inside), told(&from_outside));
    assert!(!from_outside.is_empty());
    assert_eq!(told(&from_inside), told(&from_outside));
}
