//! A heap like that of a service: rows of instances with dicts, lists, tuples, strings and numbers in a class-level
//! cache, classes made at run time, links between rows, shared strings, and garbage. Deterministic.

use bloathound_heap::{
    HeapSnapshot, NameId, ObjectFlags, ObjectId, ObjectRecord, ReferenceKind, ReferenceLabel, Root, RootKind,
    SeriesWords, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};

/// Objects a row consists of; in the heap, objects of one kind lie beside each other as they do in a pool.
const KINDS: [(&str, u64, bool); 8] = [
    ("Row", 96, true),
    ("dict", 312, true),
    ("str", 48, false),
    ("tuple", 72, false),
    ("int", 24, false),
    ("int", 24, false),
    ("list", 136, true),
    ("str", 40, false),
];
const ROW: u32 = KINDS.len() as u32;
const CHUNK: u32 = 64;
const ATTRIBUTES: u32 = 40;
/// Rows that share a class made at run time.
const ROWS_A_CLASS: u32 = 100;

struct Heap {
    builder: SnapshotBuilder,
    counts: Vec<u32>,
    rows: u32,
    classes: u32,
}

fn mix(number: u32) -> u32 {
    let mut state = u64::from(number).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    state ^= state >> 29;
    (state.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as u32
}

impl Heap {
    // Ids: module, its dict, model, model's dict, cache, then attribute names, classes with their `__mro__`, rows.
    fn name_key(&self, attribute: u32) -> ObjectId {
        ObjectId(5 + attribute % ATTRIBUTES)
    }

    fn class(&self, class: u32) -> ObjectId {
        ObjectId(5 + ATTRIBUTES + 2 * (class % self.classes))
    }

    /// Where an object of a row lies: a tenth of them were put elsewhere.
    fn part(&self, row: u32, kind: u32) -> ObjectId {
        let partner = row ^ 4096;
        let moved = partner < self.rows && mix(row.min(partner) * 8 + kind).is_multiple_of(10);
        let row = if moved { partner } else { row };
        let first = 5 + ATTRIBUTES + 2 * self.classes;
        ObjectId(first + row / CHUNK * CHUNK * ROW + kind * CHUNK + row % CHUNK)
    }

    fn refer(&mut self, to: ObjectId, kind: ReferenceKind, payload: u32) {
        self.counts[to.index()] += 1;
        self.builder.add_reference(to, ReferenceLabel::new(kind, payload, true));
    }

    fn entry(&mut self, key: ObjectId, value: ObjectId) {
        self.refer(key, ReferenceKind::Key, key.0);
        self.refer(value, ReferenceKind::Value, key.0);
    }

    fn add_row_references(&mut self, row: u32, kind: u32, dict_name: NameId) {
        match kind {
            0 => {
                self.refer(self.class(row / ROWS_A_CLASS), ReferenceKind::Type, 0);
                self.refer(self.part(row, 1), ReferenceKind::Field, dict_name.0);
            }
            1 => {
                for (attribute, value) in [(0, 2), (1, 3), (2, 6), (3, 4), (4, 5)] {
                    self.entry(self.name_key(attribute + row % 8), self.part(row, value));
                }
            }
            3 => {
                self.refer(self.part(row, 4), ReferenceKind::Item, 0);
                self.refer(self.part(row, 5), ReferenceKind::Item, 1);
            }
            6 => {
                self.refer(self.part(row, 7), ReferenceKind::Item, 0);
                // To the row itself (a cycle), the one before, and one anywhere near.
                self.refer(self.part(row, 0), ReferenceKind::Item, 1);
                let group = row - row % 16;
                self.refer(self.part(row.saturating_sub(1).max(group), 0), ReferenceKind::Item, 2);
                self.refer(self.part(group + mix(row) % 16, 2), ReferenceKind::Item, 3);
                self.refer(self.name_key(row), ReferenceKind::Item, 4);
            }
            _ => {}
        }
        self.builder.finish_references();
    }
}

const OWN_DICT: &str = "__dict__";
const ORDER: &str = "__mro__";

fn add_type(builder: &mut SnapshotBuilder, name: &str, is_heap_type: bool) -> TypeId {
    let module = is_heap_type.then(|| "model".to_owned());
    let name = name.to_owned();
    builder.add_type(TypeInfo { name, module, object: None, is_heap_type, has_finalizer: false, finalizer: None })
}

fn add(builder: &mut SnapshotBuilder, type_id: TypeId, shallow_size: u64, tracked: bool) -> ObjectId {
    let tracking = if tracked { Tracking::Tracked(2) } else { Tracking::Untracked };
    let flags = ObjectFlags::new(tracking, Trust::FoundInPool);
    let address = 0x1_0000 + builder.len() as u64 * 64;
    builder.add_object(ObjectRecord { address, type_id, shallow_size, refcount: 0, flags })
}

/// A heap of about `objects` objects, 0.37 of them tracked, with 2.4 references each. A row in sixteen groups is
/// garbage in cycles, part of it with finalizers.
pub fn heap(objects: u32) -> HeapSnapshot {
    let rows = (objects / ROW).next_multiple_of(CHUNK);
    let classes = rows.div_ceil(ROWS_A_CLASS);
    // As much as paths cost by.
    let words = SeriesWords { own_dict: OWN_DICT, bookkeeping: &[ORDER], ..SeriesWords::default() };
    let mut heap = Heap { builder: SnapshotBuilder::new(words), counts: Vec::new(), rows, classes };
    let types = ["module", "dict", "type", "str", "tuple"].map(|name| add_type(&mut heap.builder, name, false));
    let row_types: Vec<TypeId> =
        KINDS.iter().map(|(name, ..)| add_type(&mut heap.builder, name, *name == "Row")).collect();
    for (kind, size) in [(0, 56), (1, 3352), (2, 904), (1, 3352), (1, 24 * u64::from(rows))] {
        add(&mut heap.builder, types[kind], size, true);
    }
    for attribute in 0..ATTRIBUTES {
        let id = add(&mut heap.builder, types[3], 45, false);
        heap.builder.set_text(id, &format!("attribute_{attribute}"));
    }
    heap.builder.set_text(heap.name_key(0), "Model");
    heap.builder.set_text(heap.name_key(1), "_cache");
    for _ in 0..heap.classes {
        add(&mut heap.builder, types[2], 904, true);
        add(&mut heap.builder, types[4], 72, true);
    }
    for _ in 0..rows / CHUNK {
        for (kind, (_, size, tracked)) in KINDS.iter().enumerate() {
            (0..CHUNK).for_each(|_| {
                add(&mut heap.builder, row_types[kind], *size, *tracked);
            });
        }
    }
    heap.counts = vec![0; heap.builder.len()];
    heap.counts[0] = 1;
    add_references(&mut heap);
    let name = Some(heap.builder.name("model"));
    heap.builder.add_root(Root { object: ObjectId(0), kind: RootKind::Module, name });
    for (index, count) in heap.counts.iter().enumerate() {
        let id = ObjectId(index as u32);
        if let Some(record) = heap.builder.record(id) {
            heap.builder.set_record(id, ObjectRecord { refcount: *count, ..record });
        }
    }
    heap.builder.finish()
}

fn add_references(heap: &mut Heap) {
    let dict_name = heap.builder.name(OWN_DICT);
    let mro_name = heap.builder.name(ORDER);
    for id in 0..5 {
        match id {
            0 | 2 => heap.refer(ObjectId(id + 1), ReferenceKind::Field, dict_name.0),
            1 => heap.entry(heap.name_key(0), ObjectId(2)),
            3 => heap.entry(heap.name_key(1), ObjectId(4)),
            _ => {
                for row in (0..heap.rows).filter(|row| !is_garbage(*row)) {
                    let key = heap.part(row, 7);
                    heap.entry(key, heap.part(row, 0));
                }
            }
        }
        heap.builder.finish_references();
    }
    (0..ATTRIBUTES).for_each(|_| heap.builder.finish_references());
    for class in 0..heap.classes {
        let (class, mro) = (heap.class(class), ObjectId(heap.class(class).0 + 1));
        heap.refer(mro, ReferenceKind::Field, mro_name.0);
        heap.refer(ObjectId(2), ReferenceKind::Field, mro_name.0);
        heap.builder.finish_references();
        heap.refer(class, ReferenceKind::Item, 0);
        heap.refer(ObjectId(2), ReferenceKind::Item, 1);
        heap.builder.finish_references();
    }
    for chunk in 0..heap.rows / CHUNK {
        for kind in 0..ROW {
            for row in chunk * CHUNK..(chunk + 1) * CHUNK {
                // What lies here belongs to the row whose part is put here; moving is its own inverse.
                let here = ObjectId(heap.builder.finished() as u32);
                let owner = if heap.part(row, kind) == here { row } else { row ^ 4096 };
                heap.add_row_references(owner, kind, dict_name);
                if kind == 0 && is_garbage(owner) && mix(owner).is_multiple_of(8) {
                    heap.builder.mark_finalizer(here);
                }
            }
        }
    }
}

/// Rows of one group in sixteen, which only refer to each other.
fn is_garbage(row: u32) -> bool {
    row / 16 % 16 == 7
}
