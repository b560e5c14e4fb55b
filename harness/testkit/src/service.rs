//! A heap as a service has it, as large as one likes and the same for the same seed: rows of instances with dicts, lists,
//! tuples, strings and numbers in a class-level cache, classes made at run time, links between rows, strings that were
//! freed again, and garbage in cycles.

use crate::HeapImage;
use crate::HeapWriter;
use crate::objects::{TYPES, code, int, interpreter, module, weakref};

/// Objects of a row: instance, its dict, a text, a pair with two numbers, a list with a text.
const ROW_OBJECTS: u32 = 8;
/// Rows that share a class made at run time.
const ROWS_A_CLASS: u32 = 100;
/// One row in so many is garbage that awaits collection.
const GARBAGE_EVERY: u32 = 16;
/// What a row takes at most: bytes of blocks, with room for what pools leave at their ends.
const ROW_BYTES_MAX: u32 = 1100;
const ATTRIBUTES: [&str; 5] = ["name", "pair", "links", "number", "state"];

/// Numbers that look like chance and are not.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

/// A heap of about `objects` objects, 0.37 of them tracked.
#[must_use]
pub fn service_heap(objects: u32, seed: u64) -> HeapImage {
    let rows = (objects / ROW_OBJECTS).max(1);
    let arenas = (u64::from(rows) * u64::from(ROW_BYTES_MAX)).div_ceil(256 << 10) + 4;
    let mut heap = HeapWriter::with_arenas(arenas as u32);
    for (name, sizes, flags) in TYPES {
        heap.static_type(name, *sizes, *flags);
    }
    let mut draw = Draw(seed);
    let numbers = [int(&mut heap, 0), int(&mut heap, 1)];
    let code = code(&mut heap, "spin", &["done", "n"]);
    let keys: Vec<u64> = ATTRIBUTES.iter().map(|name| heap.string(name.as_bytes())).collect();
    let mut cached = Vec::with_capacity(rows as usize);
    let mut classes = Vec::new();
    let mut class = (0, String::new());
    for row in 0..rows {
        if row % ROWS_A_CLASS == 0 {
            let name = format!("Row{}", row / ROWS_A_CLASS);
            class = (class_at_run_time(&mut heap, &name), name);
            classes.push(class.0);
        }
        let before = cached.last().map_or(0, |(_, before)| *before);
        let instance = add_row(&mut heap, &mut draw, &keys, &class.1, before);
        if row % GARBAGE_EVERY != GARBAGE_EVERY - 1 {
            let key = int(&mut heap, u64::from(row));
            cached.push((key, instance));
        }
    }
    let object = heap.type_named("object");
    let model = heap.heap_type("Model", (32, 0), object);
    let name = heap.string(b"model");
    let cache = heap.dict(&cached);
    let namespace = heap.namespace(&[("__module__", name), ("_cache", cache)]);
    heap.refer(model, 264, namespace);
    finish_class(&mut heap, model);
    classes.push(model);
    let weakrefs: Vec<u64> = classes.iter().map(|class| weakref(&mut heap, *class)).collect();
    let subclasses = heap.list(&weakrefs);
    heap.refer(object, 360, subclasses);
    let main = module(&mut heap, &[("Model", model)]);
    interpreter(&mut heap, main, code, numbers);
    heap.finish()
}

fn finish_class(heap: &mut HeapWriter, class: u64) {
    let object = heap.type_named("object");
    let mro = heap.tuple(&[class, object]);
    heap.refer(class, 344, mro);
    let bases = heap.tuple(&[object]);
    heap.refer(class, 336, bases);
}

fn class_at_run_time(heap: &mut HeapWriter, name: &str) -> u64 {
    let object = heap.type_named("object");
    let class = heap.heap_type(name, (32, 0), object);
    // tp_dictoffset.
    heap.put(class, 288, 16);
    let module = heap.string(b"model");
    let namespace = heap.namespace(&[("__module__", module)]);
    heap.refer(class, 264, namespace);
    finish_class(heap, class);
    class
}

/// A text that is not interned.
fn text(heap: &mut HeapWriter, draw: &mut Draw) -> u64 {
    let bytes: Vec<u8> = (0..8 + draw.below(24)).map(|_| b'a' + draw.below(26) as u8).collect();
    let at = heap.string(&bytes);
    heap.put_half(at, 32, 0);
    at
}

fn add_row(heap: &mut HeapWriter, draw: &mut Draw, keys: &[u64], class: &str, before: u64) -> u64 {
    let instance = heap.object(class, 32);
    let name = text(heap, draw);
    let numbers = [draw.below(1 << 30), draw.below(1 << 30)].map(|number| int(heap, number));
    let pair = heap.tuple(&numbers);
    let other = text(heap, draw);
    // To the row itself (a cycle), to the one before, to a shared text.
    let shared = keys[draw.below(keys.len() as u64) as usize];
    let links = heap.list(&[other, instance, if before == 0 { instance } else { before }, shared]);
    let values = [name, pair, links, numbers[0], numbers[1]];
    let entries: Vec<(u64, u64)> = keys.iter().copied().zip(values).collect();
    let dict = heap.dict(&entries);
    heap.refer(instance, 16, dict);
    // What a request needed for a while: its block is free again.
    if draw.below(4) == 0 {
        let bytes = 64 + draw.below(4) * 64;
        let at = heap.block(bytes);
        heap.free(at, bytes);
    }
    instance
}

#[cfg(test)]
mod tests {
    use super::service_heap;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_one_does_not() {
        let bytes = |seed| service_heap(2_000, seed).memory.finish().into_flat();
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1), bytes(2));
    }

    #[test]
    fn there_are_about_as_many_objects_as_asked_for() {
        for asked in [2_000, 20_000] {
            let found = service_heap(asked, 1).objects.len() as u32;
            assert!(found > asked * 9 / 10 && found < asked * 13 / 10, "{found} of {asked}");
        }
    }
}
