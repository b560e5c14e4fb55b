//! Damage that would make decoding endless: structures that come back on themselves, and memory that thousands of objects
//! claim. Found by fuzzing and by reading; `fuzz/README.md` says how the first is done.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::mpsc;
use std::time::Duration;

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{Decoded, Interpreter, decode, decode_with};
use bloathound_heap::{HeapSnapshot, RootKind};
use bloathound_memory::Address;
use bloathound_testkit::{HeapImage, small_heap};

/// Nothing here takes a tenth of it; what these tests are against takes hours.
const LONGEST: Duration = Duration::from_secs(60);
/// Memory for structures of the tests' own.
const ROOM: u64 = 0x7f00_0040_0000;

fn fact(heap: &HeapImage, name: &str) -> u64 {
    u64::from_str_radix(&heap.facts[name], 16).unwrap()
}

/// Address of the built-in type, by its name.
fn type_at(heap: &HeapImage, name: &str) -> u64 {
    let is_it = |at: &&u64| {
        let text = heap.memory.u64_at(**at + 24);
        heap.memory.u64_at(**at + 8) == fact(heap, "type_type")
            && (name.bytes().chain([0])).zip(text..).all(|(byte, at)| heap.memory.u64_at(at) as u8 == byte)
    };
    *heap.objects.iter().find(is_it).unwrap()
}

/// The first object of a built-in type.
fn object_of(heap: &HeapImage, name: &str) -> u64 {
    let of = type_at(heap, name);
    *heap.objects.iter().find(|at| heap.memory.u64_at(**at + 8) == of).unwrap()
}

fn thread_and_frame(heap: &HeapImage) -> (u64, u64) {
    let thread = heap.memory.u64_at(fact(heap, "interpreter_state") + 8);
    (thread, heap.memory.u64_at(thread + 16))
}

/// Decodes within [`LONGEST`]; what takes longer is left behind, and the test fails.
fn decoded(heap: HeapImage) -> Decoded<HeapSnapshot> {
    let (done, result) = mpsc::channel();
    // Nobody listens any more where it took too long.
    std::thread::spawn(move || done.send(decode_all(heap)).is_ok());
    result.recv_timeout(LONGEST).expect("decoding ends")
}

fn decode_all(heap: HeapImage) -> Decoded<HeapSnapshot> {
    let interpreter = Interpreter::from_facts(&heap.facts).unwrap();
    let data = Address(heap.data.start)..Address(heap.data.end);
    let image = heap.memory.finish();
    let pools = locate_arenas(&image, &interpreter, &[data]).map(|found| found.0);
    let alone = decode(&image, &interpreter, pools.as_ref());
    // Damage is met in the same order, too.
    let together = decode_with(2, &image, &interpreter, pools.as_ref());
    assert_eq!(together.problems, alone.problems);
    assert!(together.value == alone.value, "by two it is another heap");
    alone
}

#[test]
fn without_damage_nothing_is_wrong() {
    let heap = small_heap();
    let objects = heap.objects.len();
    let found = decoded(heap);
    assert_eq!(found.problems, [""; 0]);
    assert!(found.value.len() >= objects, "{} of {objects}", found.value.len());
    let names: Vec<&str> = found.value.types().iter().map(|info| info.name.as_str()).collect();
    for name in ["Model", "Knot", "Old", "deque", "tee_dataobject", "generator", "ValueError", "Thing"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert!(found.value.roots().iter().any(|root| root.kind == RootKind::Module));
}

#[test]
fn a_stride_that_no_release_has() {
    let mut facts = small_heap().facts;
    assert!(Interpreter::from_facts(&facts).is_some());
    facts.insert("generation_stride".into(), "ffffffffffffffff".into());
    assert_eq!(Interpreter::from_facts(&facts), None);
}

#[test]
fn a_thread_and_a_frame_that_follow_themselves() {
    let mut heap = small_heap();
    let (thread, frame) = thread_and_frame(&heap);
    heap.memory.put_u64(thread, thread);
    heap.memory.put_u64(frame + 24, frame);
    let state = fact(&heap, "interpreter_state");
    heap.memory.put_u64(state, state);
    let found = decoded(heap);
    assert_eq!(found.value.roots().iter().filter(|root| root.kind == RootKind::ThreadFrame).count(), 1);
}

#[test]
fn blocks_of_numbers_that_follow_themselves() {
    let mut heap = small_heap();
    let variable = fact(&heap, "number_block_list.0");
    let block = heap.memory.u64_at(variable);
    heap.memory.put_u64(block, block);
    for list in 1..16 {
        heap.facts.insert(format!("number_block_list.{list}"), format!("{variable:x}"));
    }
    decoded(heap);
}

#[test]
fn an_old_class_that_is_all_its_own_bases() {
    let mut heap = small_heap();
    let class = object_of(&heap, "classobj");
    let (dict, tuple) = (type_at(&heap, "dict"), type_at(&heap, "tuple"));
    for (offset, word) in [(0, 1), (8, dict), (40, ROOM + 56), (256, 1), (264, tuple), (272, 16)] {
        heap.memory.put_u64(ROOM + offset, word);
    }
    for base in 0..16 {
        heap.memory.put_u64(ROOM + 280 + base * 8, class);
    }
    heap.memory.put_u64(class + 16, ROOM + 256);
    heap.memory.put_u64(class + 24, ROOM);
    let found = decoded(heap);
    assert!(found.problems.iter().any(|problem| problem.contains("claimed by many")), "{:?}", found.problems);
}

#[test]
fn a_table_that_thousands_of_dicts_claim() {
    const DICTS: u64 = 5000;
    const SLOTS: u64 = 1 << 16;
    let mut heap = small_heap();
    let (_, frame) = thread_and_frame(&heap);
    let (dict, list) = (type_at(&heap, "dict"), type_at(&heap, "list"));
    let value = object_of(&heap, "int");
    let (items, dicts) = (ROOM + 64, ROOM + 64 + DICTS * 8);
    let table = dicts + DICTS * 248;
    for (offset, word) in [(0, 1), (8, list), (16, DICTS), (24, items), (32, DICTS)] {
        heap.memory.put_u64(ROOM + offset, word);
    }
    for n in 0..DICTS {
        let at = dicts + n * 248;
        heap.memory.put_u64(items + n * 8, at);
        for (offset, word) in [(0, 1), (8, dict), (32, SLOTS - 1), (40, table)] {
            heap.memory.put_u64(at + offset, word);
        }
    }
    for slot in 0..SLOTS {
        heap.memory.put_u64(table + slot * 24 + 8, value);
        heap.memory.put_u64(table + slot * 24 + 16, value);
    }
    heap.memory.put_u64(frame + 376, ROOM);
    let bytes = heap.memory.clone().finish().flat().len();
    let found = decoded(heap);
    assert!(found.value.len() as u64 > DICTS);
    assert!(found.value.targets().len() < bytes, "{} references in {bytes} bytes", found.value.targets().len());
    assert!(found.problems.iter().any(|problem| problem.contains("claimed by many")), "{:?}", found.problems);
}

#[test]
fn lengths_that_can_not_be() {
    let mut heap = small_heap();
    let claims = [("str", 16), ("list", 32), ("dict", 32), ("set", 32), ("bytearray", 32), ("long", 16)];
    for (name, offset) in claims {
        let at = object_of(&heap, name);
        heap.memory.put_u64(at + offset, i64::MAX as u64 - 8);
    }
    let found = decoded(heap);
    let bytes: Option<u64> =
        found.value.ids().try_fold(0_u64, |sum, id| sum.checked_add(found.value.object(id).shallow_size));
    assert!(bytes.is_some(), "the sum of all sizes can be told");
    assert!(found.problems.iter().any(|problem| problem.contains("more than there can be")), "{:?}", found.problems);
}

/// What no memory is behind is not counted, whatever an object says of itself.
#[test]
fn a_claim_counts_as_far_as_memory_is_there() {
    let sum = |heap: HeapImage| {
        let decoded = decoded(heap);
        let sizes = decoded.value.ids().map(|id| decoded.value.object(id).shallow_size);
        (sizes.sum::<u64>(), decoded.problems)
    };
    let (honest, problems) = sum(small_heap());
    assert!(!problems.iter().any(|problem| problem.contains("no memory is behind")), "{problems:?}");
    for (name, length_at) in [("str", 16), ("tuple", 16), ("list", 32), ("bytearray", 32)] {
        let mut heap = small_heap();
        let at = object_of(&heap, name);
        heap.memory.put_u64(at + length_at, 8 << 30);
        let (claimed, problems) = sum(heap);
        assert!(claimed < honest + (4 << 20), "{name}: {claimed} bytes, and {honest} are there");
        assert!(problems.iter().any(|problem| problem.contains("no memory is behind")), "{name}: {problems:?}");
    }
}
