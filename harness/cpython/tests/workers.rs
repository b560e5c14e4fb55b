//! However many threads decode, the heap is the same: ids, names, types, texts and problems. On written heaps, on the
//! repository's recorded images and on a live process that has what threads meet in an order of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{Decoded, Interpreter, decode, decode_with};
use bloathound_heap::{HeapSnapshot, ReferenceKind, Trust, TypeRole};
use bloathound_memory::{Address, MemoryImage, read_recording};
use bloathound_testkit::{service_heap, small_heap};
use support::Stopped;

/// Decodes by one, two and three, which have to agree; what one found.
fn by_any(
    what: &str,
    image: &MemoryImage,
    interpreter: &Interpreter,
    data: &[std::ops::Range<Address>],
) -> Decoded<HeapSnapshot> {
    let pools = locate_arenas(image, interpreter, data).map(|found| found.0);
    let alone = decode(image, interpreter, pools.as_ref());
    for workers in 2..=3 {
        let together = decode_with(workers, image, interpreter, pools.as_ref());
        assert_eq!(together.problems, alone.problems, "{what}, by {workers}");
        let (one, other) = (&alone.value, &together.value);
        assert_eq!(one.quality(), other.quality(), "{what}, by {workers}");
        assert_eq!(one.names(), other.names(), "{what}, by {workers}");
        assert_eq!(one.types(), other.types(), "{what}, by {workers}");
        assert_eq!(one.roots(), other.roots(), "{what}, by {workers}");
        for id in one.ids() {
            assert_eq!(one.object(id), other.object(id), "{what}, by {workers}: {id:?}");
            let of = |heap: &HeapSnapshot| heap.references_of(id).collect::<Vec<_>>();
            assert_eq!(of(one), of(other), "{what}, by {workers}: {id:?}");
            assert_eq!(one.text(id), other.text(id), "{what}, by {workers}: {id:?}");
            assert_eq!(one.site(id), other.site(id), "{what}, by {workers}: {id:?}");
        }
        assert!(one == other, "{what}, by {workers}: another heap all the same");
    }
    alone
}

#[test]
fn written_heaps() {
    let small = small_heap();
    let heaps = [("small", small), ("service", service_heap(60_000, 1)), ("another", service_heap(9_000, 2))];
    for (what, heap) in heaps {
        let interpreter = Interpreter::from_facts(&heap.facts).unwrap();
        let data = Address(heap.data.start)..Address(heap.data.end);
        let objects = heap.objects.len();
        let found = by_any(what, &heap.memory.finish(), &interpreter, &[data]);
        assert!(found.value.len() >= objects, "{what}");
    }
}

#[test]
fn recorded_images() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../snapshots/recorded");
    for name in ["leak-buggy/round-00.bhi", "leak-buggy/round-03.bhi", "cycles-buggy/inspect.bhi"] {
        let recording = read_recording(&folder.join(name), 1 << 30).expect("an image").recording;
        let interpreter = Interpreter::from_facts(&recording.manifest.interpreter).expect("facts");
        let found = by_any(name, &recording.image, &interpreter, &recording.symbols.data_ranges);
        assert!(found.value.len() > 10_000, "{name}: {} objects", found.value.len());
    }
}

/// What is met first by a reference, more keys than get a text, classes that are told by themselves, and calls.
const PROGRAM: &str = r#"
import sys
class Old: pass
class Older: pass
class Slotted(object):
    __slots__ = ("one", "two")
def waiting(held):
    try:
        yield held
    finally:
        pass
held = []
for row in range(6000):
    held.append(dict(("key %d of %d" % (n, row), n) for n in range(50)))
    old = (Old if row % 2 else Older)()
    old.large = "x" * (600 + row)
    old.larger = [u"%d" % row * 300, 1 << 5000 + row]
    one = Slotted()
    one.one, one.two = old, {"shared key": row}
    held.append((one, waiting(one)))
    next(held[-1][1])
held.append(list(range(300000)))
print("ready")
sys.stdout.flush()
sys.stdin.read()
"#;

#[test]
fn a_live_process() {
    let Some(python) = support::python27() else { return };
    let stopped = Stopped::run(&python, &["-c", PROGRAM]);
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let heap = by_any("live", &image, &interpreter, &symbols.data_ranges).value;
    // It has what it is there for: objects that only references lead to, types of their own, more keys than get a text.
    let named = |name: &str| heap.ids().filter(|id| heap.type_of(*id).name == name).count();
    assert_eq!((named("Old"), named("Older"), named("Slotted")), (3000, 3000, 6000));
    let waiting = heap.types().iter().filter(|info| info.name == "generator" && info.has_finalizer).count();
    assert_eq!(waiting, 1);
    let late = heap.records().iter().filter(|record| record.flags.trust() == Trust::Referenced).count();
    assert!(late > 12_000, "{late} objects that only references lead to");
    let keys = heap.labels().iter().filter(|label| label.kind() == ReferenceKind::Key).count();
    let texts = heap.ids().filter(|id| heap.text(*id).is_some_and(|text| text.starts_with("key "))).count();
    assert!(keys > 300_000 && (190_000..=200_000).contains(&texts), "{keys} keys, {texts} texts");
    assert!(heap.ids().any(|id| heap.role(id) == TypeRole::Module));
}
