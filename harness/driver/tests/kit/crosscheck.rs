//! The view from inside (the kit's dump) and the view from outside (process memory) of the same services: types, sizes,
//! counts, references and findings agree, and what doesn't is explained.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking; figures are told"
)]

#[path = "../support/mod.rs"]
mod support;

use bloathound_cpython::dialect::FIRST;
use bloathound_detect::{
    Evidence, Finding, GrowthReport, GrowthRound, GrowthUnit, Thresholds, Work, find_cycles, find_growth,
};
use bloathound_engine::source::{ExamineOptions, LiveProcess};
use bloathound_heap::{Agreement, Analysis, GcReplay, HeapSnapshot, ShapeTree};
use support::kit::Subject;

/// Objects that may differ: frames and helpers of the dump itself, the connection that asked for it.
const OWN_OBJECTS_MAX: u64 = 80;
/// Garbage that may differ: what the connections of the kit left, which is made between the two looks.
const AWAITING_MAX: u64 = 400;

fn outside(subject: &Subject) -> HeapSnapshot {
    LiveProcess::open(subject.service.pid(), ExamineOptions::default()).unwrap().examine().unwrap().snapshot
}

fn inside(subject: &Subject) -> HeapSnapshot {
    subject.dump().snapshot(FIRST.words)
}

/// What scenarios do before anybody looks.
#[derive(Default)]
struct Scene<'a> {
    name: &'a str,
    options: &'a [&'a str],
    requests: usize,
    /// The request with `?stuck=1`: from here on only the signal handler answers.
    stuck: bool,
    /// What the ledger has to say before anybody looks.
    until: Option<&'a str>,
}

fn check(scene: &Scene<'_>) {
    let name = scene.options.iter().fold(scene.name.to_owned(), |name, option| format!("{name} {option}"));
    let Some(subject) = Subject::start(scene.name, scene.options) else { return };
    for _ in 0..scene.requests {
        subject.get("/attendees");
    }
    if let Some(fact) = scene.until {
        support::wait_for(fact, || subject.get("/ledger").contains(fact));
    }
    // At rest: the first dump has met every built-in type, and what the answer to the request for a collection left
    // behind is collected in the course of the second.
    subject.dump();
    subject.collect();
    let _stuck = scene.stuck.then(|| {
        let stuck = subject.begin("/attendees?stuck=1");
        support::wait_for("the loop", || {
            std::fs::read_to_string(subject.service.ledger_file()).is_ok_and(|text| text.contains("loop_entered"))
        });
        support::wait_for("a blocked reactor", || subject.control.request("status").unwrap().by_signal);
        stuck
    });
    subject.dump();
    let (inside, outside) = (inside(&subject), outside(&subject));
    let found = Agreement::between(&inside, &outside);
    let mut differing = 0;
    for (type_name, row) in found.types.iter().filter(|(_, row)| row.first != row.second) {
        println!("  {type_name}: inside {}, outside {}", row.first, row.second);
        differing += row.first.abs_diff(row.second);
    }
    let all = found.total();
    println!("{name}: {} types, {all:?}", found.types.len());
    assert!(all.both > 10_000, "{name}: {all:?}");
    assert!(differing <= OWN_OBJECTS_MAX, "{name}: {differing} objects more or fewer");
    assert!(all.both + OWN_OBJECTS_MAX >= all.first, "{name}: {all:?}");
    // What changes from one look to the next is what runs: the dump holds what it works with (its counts are higher by
    // one), the reactor's tables and the request's objects come and go.
    for (what, differ, most) in
        [("sizes", all.sizes, 5), ("counts", all.counts, 120), ("references", all.references, 25)]
    {
        let rows: Vec<_> = found.types.iter().filter(|(_, row)| row.sizes + row.counts + row.references > 0).collect();
        assert!(differ <= most, "{name}: {what} differ: {rows:?}");
    }
    // The same garbage by the replayed collector, and the same that no collection takes.
    let (of_inside, of_outside) = (GcReplay::run(&inside), GcReplay::run(&outside));
    assert_eq!(of_inside.parked.objects, of_outside.parked.objects, "{name}: gc.garbage");
    let stuck = of_inside.uncollected.objects.abs_diff(of_outside.uncollected.objects);
    assert!(stuck <= OWN_OBJECTS_MAX, "{name}: uncollectable {of_inside:?} {of_outside:?}");
    let awaiting = of_inside.awaiting.objects.abs_diff(of_outside.awaiting.objects);
    assert!(
        awaiting <= AWAITING_MAX,
        "{name}: {:?} and {:?} await collection",
        of_inside.awaiting,
        of_outside.awaiting
    );
}

#[test]
fn leak_is_the_same_from_both_sides() {
    check(&Scene { name: "leak", options: &["--rows", "200"], requests: 3, ..Scene::default() });
}

#[test]
fn fragmentation_is_the_same_from_both_sides() {
    check(&Scene {
        name: "fragmentation",
        options: &["--rows", "200", "--audit", "no"],
        requests: 3,
        ..Scene::default()
    });
}

#[test]
fn cycles_are_the_same_from_both_sides() {
    let options = ["--audit-ticks", "3", "--audit-cycles", "200"];
    check(&Scene { name: "cycles", options: &options, until: Some("\"audit_running\": false"), ..Scene::default() });
}

/// Dumps by signal: the reactor is inside the loop.
#[test]
fn the_tight_loop_is_the_same_from_both_sides() {
    check(&Scene { name: "tightloop", options: &["--loop", "call"], requests: 2, stuck: true, ..Scene::default() });
}

fn negative(kind: &str, more: &[&str]) {
    let options = [&["--kind", kind], more].concat();
    check(&Scene { name: "negatives", options: &options, requests: 3, ..Scene::default() });
}

#[test]
fn a_cache_is_the_same_from_both_sides() {
    negative("cache", &[]);
}

#[test]
fn a_burst_is_the_same_from_both_sides() {
    negative("burst", &[]);
}

#[test]
fn plain_cycles_are_the_same_from_both_sides() {
    negative("plain-cycles", &[]);
}

#[test]
fn warm_imports_are_the_same_from_both_sides() {
    negative("warm-imports", &[]);
}

#[test]
fn a_packed_heap_is_the_same_from_both_sides() {
    negative("packed", &["--packed-rows", "20000"]);
}

/// What can't agree, asserted as it is: pools and arenas are no objects, so fragmentation is found from outside only.
/// From inside one sees where the survivors are, and nothing of the space between them.
#[test]
fn fragmentation_can_not_be_found_from_inside() {
    let Some(subject) = Subject::start("fragmentation", &["--rows", "200", "--audit", "no"]) else { return };
    subject.get("/attendees");
    let outside = LiveProcess::open(subject.service.pid(), ExamineOptions::default()).unwrap().examine().unwrap();
    assert!(outside.pools.is_some_and(|pools| !pools.arenas().is_empty()));
    let dump = subject.dump();
    assert!(dump.pointers().count() > 10_000);
    let analysed = dump.snapshot(FIRST.words);
    assert_eq!(analysed.quality().unidentified_blocks, 0, "no block is known, so none is unidentified");
}

fn shapes(snapshot: &HeapSnapshot) -> ShapeTree {
    Analysis::run(snapshot).shapes(bloathound_detect::thresholds::shape_limits()).0
}

fn growth(rounds: &[ShapeTree]) -> GrowthReport {
    let rounds: Vec<GrowthRound<'_>> = rounds
        .iter()
        .enumerate()
        .map(|(round, shapes)| GrowthRound { shapes, requests: if round == 0 { 0 } else { 2 }, work: Work::default() })
        .collect();
    find_growth(&rounds, GrowthUnit::Request, &Thresholds::default())
}

fn told(findings: &[Finding]) -> Vec<String> {
    let exact = |finding: &Finding| match &finding.evidence {
        Evidence::Leak(leak) => format!("{} of {} a request", leak.objects_per_request, leak.type_name),
        Evidence::Cycle(cycle) => format!("{} objects, {} in gc.garbage", cycle.objects, cycle.in_gc_garbage),
        _ => String::new(),
    };
    findings
        .iter()
        .map(|finding| {
            format!("{} | {}", bloathound_detect::Label::join(&finding.location.path, " → "), exact(finding))
        })
        .collect()
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
