//! An attribute may be called like a label that stands for what varies: it is a name all the same.

use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_detect::{Finding, GrowthRound, GrowthUnit, Label, Thresholds, Work, find_growth};
use bloathound_heap::{
    HeapSnapshot, Names, ObjectFlags, ObjectId, ObjectRecord, PathTree, ReferenceKind, ReferenceLabel, Root, RootKind,
    ShapeLimits, ShapeTree, SnapshotBuilder, Tracking, Trust, TypeInfo,
};

/// `app.holder.<attribute>` is a list of so many rows.
fn heap_of(holder: &str, attribute: &str, rows: u32) -> HeapSnapshot {
    let mut builder = SnapshotBuilder::new(CPYTHON_2_7.words);
    let types = ["module", holder, "list", "Row"].map(|name| {
        builder.add_type(TypeInfo {
            name: name.into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        })
    });
    for index in 0..3 + rows {
        builder.add_object(ObjectRecord {
            address: u64::from(index) * 64 + 64,
            type_id: types[index.min(3) as usize],
            shallow_size: 64,
            refcount: 1,
            flags: ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool),
        });
    }
    let (holder, attribute) = (builder.name("holder"), builder.name(attribute));
    builder.add_reference(ObjectId(1), ReferenceLabel::new(ReferenceKind::Slot, holder.0, true));
    builder.finish_references();
    builder.add_reference(ObjectId(2), ReferenceLabel::new(ReferenceKind::Slot, attribute.0, true));
    builder.finish_references();
    for row in 0..rows {
        builder.add_reference(ObjectId(3 + row), ReferenceLabel::new(ReferenceKind::Item, row, true));
    }
    builder.finish_references();
    for _ in 0..rows {
        builder.finish_references();
    }
    let name = Some(builder.name("app"));
    builder.add_root(Root { object: ObjectId(0), kind: RootKind::Module, name });
    builder.finish()
}

fn only_leak(attribute: &str) -> Finding {
    only_leak_of("Holder", attribute)
}

fn only_leak_of(holder: &str, attribute: &str) -> Finding {
    let trees: Vec<ShapeTree> = [100, 200, 300, 400]
        .map(|rows| {
            let heap = heap_of(holder, attribute, rows);
            let limits = ShapeLimits { single_bytes_min: 0, ..bloathound_detect::thresholds::shape_limits() };
            ShapeTree::build(&Names::new(&heap), &PathTree::build(&heap, None), None, limits).0
        })
        .into();
    let rounds: Vec<GrowthRound<'_>> =
        trees.iter().map(|shapes| GrowthRound { shapes, requests: 10, work: Work::default() }).collect();
    let mut report = find_growth(&rounds, GrowthUnit::Request, &Thresholds::default());
    assert_eq!(report.findings.len(), 1, "{report:?}");
    report.findings.remove(0)
}

#[test]
fn an_attribute_that_is_called_like_a_generic_label_is_the_place() {
    for name in ["rows", "stack", "key", "member", "item", "type", "weak", "[x]", "…", "gc.garbage", "module gc"] {
        let finding = only_leak(name);
        assert_eq!(finding.location.attribute.as_deref(), Some(name));
        assert_eq!(finding.location.class.as_deref(), Some("Holder"), "{name}");
        assert_eq!(finding.location.module.as_deref(), Some("app"), "{name}");
        let path = Label::join(&finding.location.path, " → ");
        assert_eq!(path, format!("module app → holder → {name} → [x]"));
    }
}

#[test]
fn who_keeps_a_librarys_container_is_the_holder() {
    let told = |holder: &str| {
        let location = only_leak_of(holder, "queue").location;
        (location.attribute.unwrap(), location.class, location.expression.unwrap())
    };
    let inside = "app.holder.queue".to_owned();
    assert_eq!(told("Queue.Queue"), ("holder".to_owned(), None, inside.clone()));
    assert_eq!(told("Outbox"), ("queue".to_owned(), Some("Outbox".to_owned()), inside));
}
