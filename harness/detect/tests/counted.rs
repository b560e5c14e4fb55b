//! Growth held against what a program counts itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_detect::thresholds::counting;
use bloathound_detect::{
    Counts, Evidence, Finding, Grade, GrowthRound, GrowthUnit, LastLook, Thresholds, Work, find_growth_below_limits,
    rising,
};
use bloathound_heap::{RootKind, ShapeTree};

#[path = "support/made_up.rs"]
mod made_up;

use self::made_up::{Kept, heap_below, shapes};

/// Six looks at rows that are kept: many in the beginning by cheap requests, then few by dear ones.
const KEPT: [u64; 6] = [1000, 1400, 1800, 1840, 1880, 1920];

/// Judges them beside a number of each look, with processor time and a clock that show no such thing.
fn judge(name: &'static str, counted: [i64; 6]) -> Vec<Finding> {
    let heaps: Vec<_> = KEPT
        .iter()
        .zip(counted)
        .map(|(n, count)| {
            let kept: [Kept; 1] = [("kept", "Row", *n, 72 + n * 8)];
            heap_below((RootKind::Module, "service"), &kept, &[(name, count)])
        })
        .collect();
    let counts: Vec<Counts> = heaps.iter().map(|(heap, numbers)| Counts::read(heap, numbers)).collect();
    let trees: Vec<ShapeTree> = heaps.iter().map(|(heap, _)| shapes(heap)).collect();
    let at = |(index, shapes)| GrowthRound {
        shapes,
        requests: 1,
        work: Work {
            seconds: Some(3.0 * index as f64),
            processor_seconds: Some(1.0 + index as f64),
            age_seconds: Some(30.0 + 3.0 * index as f64),
            ..Work::default()
        },
    };
    let rounds: Vec<GrowthRound<'_>> = trees.iter().enumerate().map(at).collect();
    let (heap, mut numbers) = heaps.into_iter().last().unwrap();
    numbers.counters = rising(&counts);
    let last = LastLook { snapshot: &heap, values: &numbers };
    find_growth_below_limits(&rounds, GrowthUnit::Round, Some(last), &Thresholds::default()).findings
}

#[test]
fn a_programs_own_count_tells_a_leak_that_nothing_else_shows() {
    // One of four requests leaves a row.
    let found = judge("requests", [4000, 5600, 7200, 7360, 7520, 7680]);
    let Evidence::Growth(leak) = &found[0].evidence else { panic!("{found:?}") };
    assert_eq!(leak.grows_with, "the count service.requests");
    assert_eq!(found[0].confidence.as_ref().unwrap().grade, Grade::Low, "nothing else says so");
    assert!(judge("colour", [4000, 5600, 7200, 7360, 7520, 7680]).is_empty(), "no count of work");
}

#[test]
fn a_count_of_what_is_kept_is_no_count_of_work() {
    assert!(judge("queries", [1000, 1400, 1800, 1840, 1880, 1920]).is_empty(), "it is the length");
    assert!(judge("cached_requests", [4000, 5600, 7200, 7360, 7520, 7680]).is_empty());
    for (name, is_work) in [
        ("requests", true),
        ("totalRequests", true),
        ("jobs_done", true),
        ("_seq", true),
        ("REQUESTS_SERVED", true),
        ("max_requests", false),
        ("pendingCalls", false),
        ("hits", true),
        ("misses", false),
        ("conquest", false),
    ] {
        assert_eq!(counting::counts_work(name), is_work, "{name}");
    }
}

#[test]
fn what_falls_or_hardly_rises_counts_no_work() {
    assert!(judge("requests", [4000, 5600, 3000, 7360, 7520, 7680]).is_empty(), "it fell");
    assert!(judge("requests", [4, 8, 12, 13, 14, 15]).is_empty(), "hardly anything was done");
    // A count that goes on evenly says what the clock says: it came to rest.
    assert!(judge("requests", [4000, 5000, 6000, 7000, 8000, 9000]).is_empty());
}

#[test]
fn counts_are_looked_for_within_bounds() {
    let read = |numbers: &[(&'static str, i64)]| {
        let kept: [Kept; 1] = [("kept", "Row", 3, 72)];
        let (heap, numbers) = heap_below((RootKind::Module, "service"), &kept, numbers);
        Counts::read(&heap, &numbers)
    };
    let names = ["requests", "calls", "jobs", "tasks", "events", "queries", "messages", "hits", "replies", "packets"];
    let at = |by: i64| -> Vec<(&'static str, i64)> {
        names.iter().enumerate().map(|(index, name)| (*name, by * (index as i64 + 1))).collect()
    };
    let rose = rising(&[read(&at(100)), read(&at(200))]);
    assert_eq!(rose.len(), 8, "of very many one fits by chance");
    assert_eq!(rose[0].expression, "service.packets", "what rose most is first");
    assert_eq!(rose[0].values, [1000, 2000]);
    assert!(rising(&[read(&at(100)), read(&[])]).is_empty(), "a look without it");
}
