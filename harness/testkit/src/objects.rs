//! A small heap with one of everything, in some forty pages.

use crate::{HeapImage, HeapWriter};

const GC: u64 = 1 << 14;
/// Each built-in type: name, bytes of the fixed part and of an item, flags.
pub(crate) const TYPES: &[(&str, (u64, u64), u64)] = &[
    ("object", (16, 0), 0),
    ("str", (37, 1), 1 << 27),
    ("unicode", (48, 0), 1 << 28),
    ("int", (24, 0), 1 << 23),
    ("float", (24, 0), 0),
    ("long", (24, 4), 1 << 24),
    ("NoneType", (16, 0), 0),
    ("dict", (248, 0), GC | 1 << 29),
    ("list", (40, 0), GC | 1 << 25),
    ("tuple", (24, 8), GC | 1 << 26),
    ("set", (200, 0), GC),
    ("frame", (384, 8), GC),
    ("code", (128, 0), 0),
    ("function", (88, 0), GC),
    ("cell", (24, 0), GC),
    ("generator", (48, 0), GC),
    ("module", (24, 0), GC),
    ("classobj", (72, 0), GC),
    ("instance", (40, 0), GC),
    ("weakref", (56, 0), GC),
    ("bytearray", (48, 0), 0),
    ("array.array", (56, 0), 0),
    ("collections.deque", (80, 0), GC),
    ("itertools.tee_dataobject", (496, 0), GC),
    ("exceptions.ValueError", (40, 0), GC | 1 << 30),
    ("ext.Thing", (64, 0), GC),
];

/// `n = 0; while not done: n += 1`, as CPython 2.7.18 compiles it.
const SPIN: &[u8] = &[
    100, 1, 0, 125, 1, 0, 120, 20, 0, 124, 0, 0, 115, 28, 0, 124, 1, 0, 100, 2, 0, 55, 125, 1, 0, 113, 9, 0, 87, 100,
    0, 0, 83,
];

/// An interpreter with one thread in a loop, a class with slots, one with `__del__` in a cycle, and at least one object
/// of every kind that is read in a way of its own.
#[must_use]
pub fn small_heap() -> HeapImage {
    let mut heap = HeapWriter::new();
    for (name, sizes, flags) in TYPES {
        heap.static_type(name, *sizes, *flags);
    }
    let none = heap.object("NoneType", 16);
    let numbers = [int(&mut heap, 0), int(&mut heap, 41)];
    let code = code(&mut heap, "spin", &["done", "n"]);
    let function = function(&mut heap, code);
    let model = classes(&mut heap, function);
    let things = containers(&mut heap, none, numbers);
    let others = others(&mut heap, function, code, numbers);
    let held = heap.list(&[model, things, others]);
    let main = module(&mut heap, &[("held", held), ("spin", function)]);
    garbage_cycle(&mut heap);
    interpreter(&mut heap, main, code, numbers);
    heap.free_last(48);
    heap.finish()
}

pub(crate) fn int(heap: &mut HeapWriter, value: u64) -> u64 {
    let at = heap.object("int", 24);
    heap.put(at, 16, value);
    at
}

pub(crate) fn code(heap: &mut HeapWriter, name: &str, locals: &[&str]) -> u64 {
    let names: Vec<u64> = locals.iter().map(|local| heap.string(local.as_bytes())).collect();
    let parts = [
        (32, heap.string(SPIN)),
        (40, heap.tuple(&[])),
        (48, heap.tuple(&[])),
        (56, heap.tuple(&names)),
        (64, heap.tuple(&[])),
        (72, heap.tuple(&[])),
        (80, heap.string(b"made/up.py")),
        (88, heap.string(name.as_bytes())),
        (104, heap.string(&[6, 1, 6, 1])),
    ];
    let at = heap.object("code", 128);
    heap.put_half(at, 20, locals.len() as u32);
    heap.put_half(at, 24, 2);
    heap.put_half(at, 96, 10);
    for (offset, part) in parts {
        heap.refer(at, offset, part);
    }
    at
}

pub(crate) fn function(heap: &mut HeapWriter, code: u64) -> u64 {
    let at = heap.object("function", 88);
    let content = int(heap, 7);
    let cell = heap.object("cell", 24);
    heap.refer(cell, 16, content);
    let parts = [(16, code), (24, heap.dict(&[])), (40, heap.tuple(&[cell])), (56, heap.string(b"spin"))];
    for (offset, part) in parts {
        heap.refer(at, offset, part);
    }
    at
}

/// `class Model(object): __slots__ = ('a',)`; `class Knot(object)` with `__del__` and an instance that holds itself.
fn classes(heap: &mut HeapWriter, function: u64) -> u64 {
    let object = heap.type_named("object");
    let name = heap.string(b"made");
    let slots = heap.heap_type("Model", (32, 0), object);
    // The PyMemberDef is behind the class: name, type T_OBJECT_EX, offset.
    let text = heap.string(b"a");
    heap.put(slots, 16, 1);
    heap.put(slots, 872, text + 36);
    heap.put_half(slots, 880, 16);
    heap.put(slots, 888, 16);
    let slotted = heap.object("Model", 32);
    heap.refer(slotted, 16, text);

    let knot = heap.heap_type("Knot", (32, 0), object);
    heap.put(knot, 288, 16);
    heap.put(knot, 376, 0x1000);
    for (class, entries) in
        [(slots, vec![("__module__", name)]), (knot, vec![("__module__", name), ("__del__", function)])]
    {
        let namespace = heap.namespace(&entries);
        heap.refer(class, 264, namespace);
        let mro = heap.tuple(&[class, object]);
        heap.refer(class, 344, mro);
        let bases = heap.tuple(&[object]);
        heap.refer(class, 336, bases);
    }
    let weakrefs: Vec<u64> = [slots, knot].iter().map(|class| weakref(heap, *class)).collect();
    let subclasses = heap.list(&weakrefs);
    heap.refer(object, 360, subclasses);

    let instance = heap.object("Knot", 32);
    let namespace = heap.namespace(&[("me", instance)]);
    heap.refer(instance, 16, namespace);
    heap.tuple(&[slots, slotted, knot])
}

pub(crate) fn weakref(heap: &mut HeapWriter, to: u64) -> u64 {
    let at = heap.object("weakref", 56);
    heap.put(at, 16, to);
    at
}

fn containers(heap: &mut HeapWriter, none: u64, numbers: [u64; 2]) -> u64 {
    let text = heap.string(b"a longer text, as bodies of requests are, or lines of a log that is kept");
    let many: Vec<(u64, u64)> = (0..20).map(|n| (int(heap, n), text)).collect();
    let large = heap.dict(&many);
    let items: Vec<u64> = (0..40).map(|n| int(heap, 1000 + n)).collect();
    let list = heap.list(&items);

    let set = heap.object("set", 200);
    for (offset, value) in [(16, 2), (24, 2), (32, 7), (40, set + 56)] {
        heap.put(set, offset, value);
    }
    heap.refer(set, 64, numbers[0]);
    heap.refer(set, 80, numbers[1]);

    let blocks = [heap.block(512), heap.block(512)];
    let deque = heap.object("collections.deque", 80);
    for (offset, value) in [(16, blocks[0]), (24, blocks[1]), (32, 60), (40, 1), (48, 4)] {
        heap.put(deque, offset, value);
    }
    heap.put(blocks[0], 496, blocks[1]);
    heap.put(blocks[1], 504, blocks[0]);
    for (block, offset) in [(0, 480), (0, 488), (1, 0), (1, 8)] {
        heap.refer(blocks[block], offset, none);
    }
    let key = heap.string(b"key");
    let small = heap.dict(&[(key, list)]);
    heap.tuple(&[large, list, set, deque, small])
}

fn others(heap: &mut HeapWriter, function: u64, code: u64, numbers: [u64; 2]) -> u64 {
    let unicode = heap.object("unicode", 48);
    let data = heap.block(16);
    heap.put(unicode, 16, 3);
    heap.put(unicode, 24, data);
    heap.put_bytes(data, 0, b"a\0\0\0b\0\0\0c\0\0\0");

    let long = heap.object("long", 32);
    heap.put(long, 16, 2);
    let float = heap.object("float", 24);
    heap.put(float, 16, 1.5_f64.to_bits());

    let bytearray = heap.object("bytearray", 48);
    let bytes = heap.block(64);
    for (offset, value) in [(16, 60), (32, 64), (40, bytes)] {
        heap.put(bytearray, offset, value);
    }
    let array = heap.object("array.array", 56);
    let (buffer, description) = (heap.chunk(800), heap.variable("descriptors", 64));
    heap.put_half(description, 4, 8);
    for (offset, value) in [(16, 100), (24, buffer), (32, 100), (40, description)] {
        heap.put(array, offset, value);
    }

    let class = heap.object("classobj", 72);
    let name = heap.string(b"Old");
    let module = heap.string(b"made");
    let parts =
        [(16, heap.tuple(&[])), (24, heap.namespace(&[("__module__", module), ("__del__", function)])), (32, name)];
    for (offset, part) in parts {
        heap.refer(class, offset, part);
    }
    let instance = heap.object("instance", 40);
    let namespace = heap.namespace(&[("n", numbers[0])]);
    heap.refer(instance, 16, class);
    heap.refer(instance, 24, namespace);

    let suspended = frame(heap, code, 0, &numbers);
    heap.put(suspended, 72, suspended + 376 + 16);
    heap.put_half(suspended, 128, 1);
    heap.put_half(suspended, 132, 122);
    let generator = heap.object("generator", 48);
    heap.refer(generator, 16, suspended);
    heap.refer(generator, 32, code);

    let error = heap.object("exceptions.ValueError", 40);
    let arguments = heap.tuple(&[numbers[1]]);
    heap.refer(error, 24, arguments);
    let tee = heap.object("itertools.tee_dataobject", 496);
    heap.put_half(tee, 24, 1);
    heap.refer(tee, 40, numbers[0]);
    let thing = heap.object("ext.Thing", 64);
    heap.refer(thing, 32, error);
    heap.tuple(&[unicode, long, float, bytearray, array, instance, generator, tee, thing])
}

fn frame(heap: &mut HeapWriter, code: u64, back: u64, locals: &[u64]) -> u64 {
    let at = heap.object("frame", 376 + 8 * (locals.len() as u64 + 2));
    heap.refer(at, 24, back);
    heap.refer(at, 32, code);
    heap.put(at, 64, at + 376 + 8 * locals.len() as u64);
    heap.put_half(at, 120, 15);
    for (index, local) in (0..).zip(locals) {
        heap.refer(at, 376 + 8 * index, *local);
    }
    at
}

pub(crate) fn module(heap: &mut HeapWriter, entries: &[(&str, u64)]) -> u64 {
    let at = heap.object("module", 24);
    let name = heap.string(b"__main__");
    let mut entries = entries.to_vec();
    entries.push(("__name__", name));
    let namespace = heap.namespace(&entries);
    heap.refer(at, 16, namespace);
    at
}

/// Two lists that hold each other, and nobody holds them.
fn garbage_cycle(heap: &mut HeapWriter) {
    let one = heap.list(&[0]);
    let other = heap.list(&[one]);
    let storage = heap.pointer_at(one + 24);
    heap.refer(storage, 0, other);
}

pub(crate) fn interpreter(heap: &mut HeapWriter, main: u64, code: u64, numbers: [u64; 2]) {
    let outer = frame(heap, code, 0, &numbers);
    let inner = frame(heap, code, outer, &numbers);
    let (state, thread, pthread) = (heap.chunk(600), heap.chunk(600), heap.chunk(1800));
    let modules = heap.namespace(&[("__main__", main)]);
    let builtins = heap.dict(&[]);
    heap.put(state, 8, thread);
    heap.refer(state, 16, modules);
    heap.refer(state, 32, builtins);
    heap.put(thread, 8, state);
    heap.refer(thread, 16, inner);
    heap.put(thread, 144, pthread);
    heap.put_half(pthread, 720, 4321);

    let text = heap.string(b"interned");
    let interned = heap.dict(&[]);
    heap.put(interned, 64, text);
    heap.put(interned, 72, text);
    let garbage = heap.list(&[]);
    // One block of 41 numbers: a link, then int objects.
    let block = heap.chunk(992);
    let int = heap.type_named("int");
    for n in 0..20 {
        heap.put(block, 8 + n * 24, 1);
        heap.put(block, 16 + n * 24, int);
        heap.put(block, 24 + n * 24, n);
    }
    for (name, fact, value) in [
        ("_PyThreadState_Current", "current_thread", thread),
        ("interned", "interned", interned),
        ("garbage", "garbage", garbage),
        ("collecting", "collecting", 0),
        ("block_list", "number_block_list.0", block),
    ] {
        let variable = heap.pointer_variable(name, value);
        heap.fact(fact, variable);
    }
    heap.pointer_variable("interp_head", state);
    heap.fact("interpreter_state", state);
    let generations = heap.generations();
    heap.pointer_variable("_PyGC_generation0", generations);
    for (symbol, fact, name) in [
        ("PyType_Type", "type_type", "type"),
        ("PyBaseObject_Type", "object_type", "object"),
        ("PyDict_Type", "dict_type", "dict"),
        ("PyString_Type", "string_type", "str"),
    ] {
        let at = heap.type_named(name);
        heap.symbol(symbol, (at, 392));
        heap.fact(fact, at);
    }
}
