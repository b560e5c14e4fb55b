//! Reference graphs of small heaps, drawn and read back.

use bloathound_heap::{
    HeapSnapshot, ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Reverse, Root, RootKind,
    SeriesWords, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};

use super::*;
use crate::samples::HOSTILE;
use crate::sanitize;

struct Heap {
    builder: SnapshotBuilder,
    references: Vec<(ObjectId, ObjectId, ReferenceLabel)>,
}

impl Heap {
    fn type_named(&mut self, name: &str) -> TypeId {
        self.builder.add_type(TypeInfo {
            name: name.to_owned(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        })
    }

    fn object(&mut self, type_id: TypeId, bytes: u64) -> ObjectId {
        self.builder.add_object(ObjectRecord {
            address: 0x7f00_0000_0000 + self.builder.len() as u64 * 64,
            type_id,
            shallow_size: bytes,
            refcount: 1,
            flags: ObjectFlags::new(Tracking::Tracked(2), Trust::OnGcList),
        })
    }

    fn refer(&mut self, from: ObjectId, to: ObjectId, kind: ReferenceKind, payload: u32) {
        self.references.push((from, to, ReferenceLabel::new(kind, payload, true)));
    }

    fn field(&mut self, from: ObjectId, to: ObjectId, name: &str) {
        let name = self.builder.name(name).0;
        self.refer(from, to, ReferenceKind::Field, name);
    }

    fn build(mut self) -> HeapSnapshot {
        self.references.sort_by_key(|(from, ..)| *from);
        let mut references = self.references.into_iter().peekable();
        for index in 0..self.builder.len() as u32 {
            while let Some((_, to, label)) = references.next_if(|(from, ..)| from.0 == index) {
                self.builder.add_reference(to, label);
            }
            self.builder.finish_references();
        }
        self.builder.finish()
    }
}

/// The talk's leak: module → its dict → `DBModel` → its dict → `_field_cache` → `rows` classes as keys, each of which
/// refers to the base class and, by its `__mro__`, to itself.
fn leak(rows: u32, row_name: &str) -> (HeapSnapshot, ObjectId, ObjectId) {
    let words = SeriesWords { own_dict: "__dict__", ..SeriesWords::default() };
    let mut heap = Heap { builder: SnapshotBuilder::new(words), references: Vec::new() };
    let [module, dict, class, str_type, tuple] =
        ["module", "dict", "type", "str", "tuple"].map(|name| heap.type_named(name));
    let model = heap.object(module, 56);
    let model_dict = heap.object(dict, 1048);
    let base = heap.object(class, 904);
    let base_dict = heap.object(dict, 1048);
    let cache = heap.object(dict, 786_712);
    let [base_name, cache_name] = ["DBModel", "_field_cache"].map(|text| {
        let id = heap.object(str_type, 37 + text.len() as u64);
        heap.builder.set_text(id, text);
        id
    });
    heap.builder.set_text(base, "DBModel");
    heap.field(model, model_dict, "__dict__");
    heap.refer(model_dict, base_name, ReferenceKind::Key, 0);
    heap.refer(model_dict, base, ReferenceKind::Value, base_name.0);
    heap.field(base, base_dict, "__dict__");
    heap.refer(base_dict, cache_name, ReferenceKind::Key, 0);
    heap.refer(base_dict, cache, ReferenceKind::Value, cache_name.0);
    let mut last = cache;
    for _ in 0..rows {
        let row = heap.object(class, 904);
        let mro = heap.object(tuple, 80);
        heap.builder.set_text(row, row_name);
        heap.refer(cache, row, ReferenceKind::Value, row.0);
        heap.field(row, base, "__base__");
        heap.field(row, mro, "__mro__");
        heap.refer(mro, row, ReferenceKind::Item, 0);
        heap.refer(mro, base, ReferenceKind::Item, 1);
        last = row;
    }
    let name = heap.builder.name("model");
    heap.builder.add_root(Root { object: model, kind: RootKind::Module, name: Some(name) });
    (heap.build(), cache, last)
}

fn drawn(snapshot: &HeapSnapshot, focus: ObjectId) -> ReferenceGraph {
    let reverse = Reverse::build(snapshot);
    let options = GraphOptions { backward_depth: 4, ..GraphOptions::default() };
    around(snapshot, &reverse, focus, options, |id| (id == focus).then_some(1 << 20))
}

#[test]
fn the_cache_of_the_talk_as_a_tree() {
    let (snapshot, cache, _) = leak(1000, "Attendee");
    insta::assert_snapshot!(tree(&drawn(&snapshot, cache), false));
}

#[test]
fn one_row_class_as_dot() {
    let (snapshot, _, row) = leak(3, "Attendee");
    insta::assert_snapshot!(dot(&drawn(&snapshot, row)));
}

#[test]
fn a_big_fan_out_is_a_number() {
    let (snapshot, cache, _) = leak(1000, "Attendee");
    let graph = drawn(&snapshot, cache);
    let more: Vec<NodeKind> =
        graph.nodes.iter().map(|node| node.kind).filter(|kind| matches!(kind, NodeKind::More(_))).collect();
    assert!(more.contains(&NodeKind::More(994)), "{more:?}");
    assert!(graph.nodes.len() < 130, "{}", graph.nodes.len());
}

#[test]
fn boxes_do_not_overlap_and_lie_in_the_picture() {
    let (snapshot, cache, row) = leak(1000, "Attendee");
    for focus in [cache, row] {
        let layout = layout::layout(&drawn(&snapshot, focus));
        for (index, one) in layout.nodes.iter().enumerate() {
            assert!(one.x >= 0.0 && one.x + one.width <= layout.width);
            assert!(one.y >= 0.0 && one.y + one.height <= layout.height);
            for other in &layout.nodes[index + 1..] {
                let apart = one.x + one.width <= other.x
                    || other.x + other.width <= one.x
                    || one.y + one.height <= other.y
                    || other.y + other.height <= one.y;
                assert!(apart, "{:?} and {:?}", one.lines, other.lines);
            }
        }
        for edge in &layout.edges {
            assert!(edge.from.0 <= layout.width && edge.to.0 <= layout.width);
            assert!(edge.from.1 <= layout.height && edge.to.1 <= layout.height);
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let (snapshot, cache, _) = leak(3, HOSTILE);
    let graph = drawn(&snapshot, cache);
    let (svg, dot, tree) = (svg(&graph), dot(&graph), tree(&graph, false));
    for text in [&svg, &dot, &tree] {
        assert!(!text.chars().any(|c| sanitize::is_hostile(c) && c != '\n'), "{text:?}");
        assert!(text.contains("Evil"));
    }
    assert!(!svg.contains("<script"), "{svg}");
    for line in tree.lines() {
        assert!(sanitize::width(line) <= 80, "{line}");
    }
    // Every quote in a DOT line but the string's own two is escaped.
    for line in dot.lines().filter(|line| line.contains("Evil")) {
        let bare = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
        assert!(!bare.contains("\\N"), "{line}");
    }
}

#[test]
fn odd_graphs_are_drawn_all_the_same() {
    let empty = ReferenceGraph::default();
    assert!(svg(&empty).contains("</svg>") && dot(&empty).contains('}') && tree(&empty, false).is_empty());
    let (snapshot, ..) = leak(1, "Attendee");
    let nobody = around(&snapshot, &Reverse::build(&snapshot), ObjectId(u32::MAX), GraphOptions::default(), |_| None);
    assert!(nobody.nodes.is_empty());
    let mut dangling = drawn(&snapshot, ObjectId(0));
    dangling.edges.push(GraphEdge {
        from: 0,
        to: usize::MAX,
        label: "nowhere".to_owned(),
        strong: true,
        forward: true,
        backward: false,
    });
    dangling.edges.push(GraphEdge {
        from: 0,
        to: 0,
        label: "itself".to_owned(),
        strong: false,
        forward: true,
        backward: true,
    });
    assert!(!svg(&dangling).contains("nowhere") && svg(&dangling).contains("itself"));
    assert!(!tree(&dangling, false).is_empty());
}

#[test]
fn a_picture_of_the_talks_leak() {
    let (snapshot, cache, _) = leak(1000, "Attendee");
    insta::assert_snapshot!(svg(&drawn(&snapshot, cache)));
}
