//! Heaps made up: a module that keeps lists of things, with numbers beside them.

#![allow(clippy::unwrap_used, dead_code, reason = "a failed test ends by a panic; each test uses its part")]

use std::collections::HashMap;

use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_detect::{Counter, Values};
use bloathound_heap::{
    HeapSnapshot, Names, ObjectFlags, ObjectId, ObjectRecord, PathTree, ReferenceKind, ReferenceLabel, Root, RootKind,
    ShapeLimits, ShapeTree, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};

/// Attribute of the module, type of its items, how many, bytes of the list itself.
pub type Kept = (&'static str, &'static str, u64, u64);

pub fn heap(kept: &[Kept]) -> HeapSnapshot {
    heap_below((RootKind::Module, "service"), kept, &[]).0
}

/// The values of the numbers that a heap has.
#[derive(Default)]
pub struct Numbers {
    pub values: HashMap<ObjectId, i64>,
    /// The bound of every container.
    pub most: Option<u64>,
    pub counters: Vec<Counter>,
}

impl Values for Numbers {
    fn number(&self, id: ObjectId) -> Option<i64> {
        self.values.get(&id).copied()
    }

    fn items_max(&self, _id: ObjectId) -> Option<u64> {
        self.most
    }

    fn counters(&self) -> &[Counter] {
        &self.counters
    }
}

/// With another root, and numbers as slots of what it holds.
pub fn heap_below(root: (RootKind, &str), kept: &[Kept], numbers: &[(&str, i64)]) -> (HeapSnapshot, Numbers) {
    let mut builder = SnapshotBuilder::new(CPYTHON_2_7.words);
    let mut types: Vec<(&str, TypeId)> = Vec::new();
    for name in ["module", "list", "int"].into_iter().chain(kept.iter().map(|(_, item, ..)| *item)) {
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
    let counted: Vec<ObjectId> = numbers.iter().map(|_| object(&mut builder, "int", 24)).collect();
    for ((name, _), number) in numbers.iter().zip(&counted) {
        let name = builder.name(name);
        builder.add_reference(*number, ReferenceLabel::new(ReferenceKind::Slot, name.0, true));
    }
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
    counted.iter().for_each(|_| builder.finish_references());
    let name = builder.name(root.1);
    builder.add_root(Root { object: module, kind: root.0, name: Some(name) });
    let values = counted.iter().zip(numbers).map(|(id, (_, value))| (*id, *value)).collect();
    (builder.finish(), Numbers { values, ..Numbers::default() })
}

/// The shapes of a heap.
pub fn shapes(heap: &HeapSnapshot) -> ShapeTree {
    let limits = ShapeLimits { single_bytes_min: 0, ..bloathound_detect::thresholds::shape_limits() };
    ShapeTree::build(&Names::new(heap), &PathTree::build(heap, None), None, limits).0
}
