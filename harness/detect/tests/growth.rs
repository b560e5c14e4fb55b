//! The growth rule on heaps made up: a module that keeps a list of rows, look by look.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_detect::{Evidence, Finding, GrowthReport, GrowthRound, GrowthUnit, Thresholds, Work, find_growth};
use bloathound_heap::ShapeTree;

#[path = "support/made_up.rs"]
mod made_up;

use self::made_up::{Kept, heap, shapes};

/// Looks at a heap, after `requests` requests each.
fn judge_within(looks: &[Vec<Kept>], requests: u64, thresholds: &Thresholds) -> GrowthReport {
    let trees: Vec<ShapeTree> = looks.iter().map(|kept| shapes(&heap(kept))).collect();
    let rounds: Vec<GrowthRound<'_>> =
        trees.iter().map(|shapes| GrowthRound { shapes, requests, work: Work::default() }).collect();
    find_growth(&rounds, GrowthUnit::Request, thresholds)
}

fn judge(looks: &[Vec<Kept>], requests: u64) -> GrowthReport {
    judge_within(looks, requests, &Thresholds::default())
}

fn rows(counts: &[u64]) -> Vec<Vec<Kept>> {
    counts.iter().map(|n| vec![("kept", "Row", *n, 72)]).collect()
}

fn type_names(report: &GrowthReport) -> Vec<&str> {
    let of = |finding: &'_ Finding| match &finding.evidence {
        Evidence::Leak(leak) => leak.type_name.clone(),
        _ => panic!("evidence of another class"),
    };
    let names: Vec<String> = report.findings.iter().map(of).collect();
    names.into_iter().map(|name| &*name.leak()).collect()
}

#[test]
fn what_stays_after_every_round_is_told() {
    let report = judge(&rows(&[10, 20, 30, 40]), 10);
    assert_eq!(type_names(&report), ["Row"]);
    assert_eq!(report.findings[0].location.attribute.as_deref(), Some("kept"));
}

#[test]
fn two_looks_are_too_few() {
    let report = judge(&rows(&[10, 20]), 10);
    assert!(report.findings.is_empty() && report.problems.len() == 1);
}

#[test]
fn what_grows_far_slower_than_the_load_is_noise() {
    let looks = rows(&[10, 20, 30, 40]);
    assert!(judge(&looks, 100).findings.is_empty());
    let mut lower = Thresholds::default();
    lower.growth.objects_per_request_min = 0.05;
    assert_eq!(type_names(&judge_within(&looks, 100, &lower)), ["Row"]);
}

#[test]
fn one_object_a_round_is_noise() {
    let looks = rows(&[10, 11, 12, 13]);
    assert!(judge(&looks, 1).findings.is_empty());
    let mut lower = Thresholds::default();
    lower.growth.objects_per_round_min = 1;
    assert_eq!(type_names(&judge_within(&looks, 1, &lower)), ["Row"]);
}

#[test]
fn a_cache_that_fills_is_no_leak() {
    let looks = rows(&[10, 110, 150, 160]);
    assert!(judge(&looks, 10).findings.is_empty());
    let mut lower = Thresholds::default();
    lower.growth.steadiness_min = 0.05;
    assert_eq!(type_names(&judge_within(&looks, 10, &lower)), ["Row"]);
}

#[test]
fn one_object_that_grows_needs_bytes() {
    let of = |step: u64| (0..4).map(|round| vec![("kept", "Row", 1, 72 + round * step)]).collect::<Vec<_>>();
    assert_eq!(type_names(&judge(&of(1000), 10)), ["list"]);
    assert!(judge(&of(500), 10).findings.is_empty());
}

#[test]
fn weak_references_beside_a_leak_are_its_shadow() {
    let both = |n| vec![("kept", "Row", n, 72), ("watched", "weakref", n, 72)];
    let looks: Vec<Vec<Kept>> = [10, 20, 30, 40].map(both).into();
    assert_eq!(type_names(&judge(&looks, 10)), ["Row"]);
    let alone: Vec<Vec<Kept>> = [10, 20, 30, 40].map(|n| vec![("watched", "weakref", n, 72)]).into();
    assert_eq!(type_names(&judge(&alone, 10)), ["weakref"]);
}

#[test]
fn a_list_of_subclasses_is_bookkeeping() {
    let looks: Vec<Vec<Kept>> = [10, 20, 30, 40].map(|n| vec![("__subclasses__", "Row", n, 72)]).into();
    assert!(judge(&looks, 10).findings.is_empty());
}
