//! The growth rule on heaps made up: a module that keeps a list of rows, look by look.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_detect::{Evidence, Finding, GrowthReport, GrowthRound, GrowthUnit, Thresholds, find_growth};
use bloathound_heap::{
    HeapSnapshot, Names, ObjectFlags, ObjectId, ObjectRecord, PathTree, ReferenceKind, ReferenceLabel, Root, RootKind,
    ShapeLimits, ShapeTree, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};

/// Attribute of the module, type of its items, how many, bytes of the list itself.
type Kept = (&'static str, &'static str, u64, u64);

fn heap(kept: &[Kept]) -> HeapSnapshot {
    let mut builder = SnapshotBuilder::new();
    let mut types: Vec<(&str, TypeId)> = Vec::new();
    for name in ["module", "list"].into_iter().chain(kept.iter().map(|(_, item, ..)| *item)) {
        let info = TypeInfo {
            name: name.into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        };
        types.push((name, builder.add_type(info)));
    }
    let mut count = 0;
    let mut object = |builder: &mut SnapshotBuilder, type_name: &str, shallow_size| {
        count += 1;
        builder.add_object(ObjectRecord {
            address: 64 * count,
            type_id: types.iter().find(|(name, _)| *name == type_name).unwrap().1,
            shallow_size,
            refcount: 1,
            flags: ObjectFlags::new(Tracking::Tracked(2), Trust::OnGcList),
        })
    };
    let module = object(&mut builder, "module", 56);
    let lists: Vec<ObjectId> = kept.iter().map(|(.., bytes)| object(&mut builder, "list", *bytes)).collect();
    let items: Vec<Vec<ObjectId>> =
        kept.iter().map(|(_, item, n, _)| (0..*n).map(|_| object(&mut builder, item, 100)).collect()).collect();
    for ((attribute, ..), list) in kept.iter().zip(&lists) {
        let name = builder.name(attribute);
        builder.add_reference(*list, ReferenceLabel::new(ReferenceKind::Field, name.0, true));
    }
    builder.finish_references();
    for of_list in &items {
        for (index, item) in of_list.iter().enumerate() {
            builder.add_reference(*item, ReferenceLabel::new(ReferenceKind::Item, index as u32, true));
        }
        builder.finish_references();
    }
    items.iter().flatten().for_each(|_| builder.finish_references());
    let name = builder.name("service");
    builder.add_root(Root { object: module, kind: RootKind::Module, name: Some(name) });
    builder.finish()
}

/// Looks at a heap, after `requests` requests each.
fn judge_within(looks: &[Vec<Kept>], requests: u64, thresholds: &Thresholds) -> GrowthReport {
    let shapes: Vec<ShapeTree> = looks
        .iter()
        .map(|kept| {
            let heap = heap(kept);
            let limits = ShapeLimits { single_bytes_min: 0, ..ShapeLimits::default() };
            ShapeTree::build(&Names::new(&heap), &PathTree::build(&heap, None), None, limits).0
        })
        .collect();
    let rounds: Vec<GrowthRound<'_>> = shapes.iter().map(|shapes| GrowthRound { shapes, requests }).collect();
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
