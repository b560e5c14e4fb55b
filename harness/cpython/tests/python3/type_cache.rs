//! What the cache of types' attributes keeps, against what goes when the interpreter clears it.

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{Interpreter, decode, describe};
use bloathound_heap::{HeapSnapshot, ObjectId, RootKind};
use bloathound_memory::{Address, MemoryImage};

use crate::support::Stopped;

/// Names that nothing holds but the cache: none of them is an attribute, and no code has them.
const PROGRAM: &str = "
import os, sys
class Asked: pass
asked = Asked()
for number in range(60):
    getattr(asked, 'looked_up_%d' % number, None)
open(os.devnull).close()
os.write(1, b'ready\\n')
os.read(0, 3)
sys._clear_type_cache()
os.write(1, b'cleared\\n')
os.read(0, 1)
";
/// Two names may share a place in the cache: the later one stays.
const KEPT_MIN: usize = 50;

fn look(stopped: &Stopped) -> (MemoryImage, Interpreter, HeapSnapshot) {
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let (pools, _) = locate_arenas(&image, &interpreter, &symbols.data_ranges).expect("arenas");
    let decoded = decode(&image, &interpreter, Some(&pools));
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    (image, interpreter, decoded.value)
}

/// Texts that a root of this kind holds.
fn held(look: &(MemoryImage, Interpreter, HeapSnapshot), kind: RootKind) -> Vec<String> {
    let (image, interpreter, snapshot) = look;
    let text = |id: ObjectId| describe(image, interpreter, Address(snapshot.object(id).address), 40);
    snapshot.roots().iter().filter(|root| root.kind == kind).filter_map(|root| text(root.object)).collect()
}

fn looked_up(texts: &[String]) -> usize {
    texts.iter().filter(|text| text.starts_with("'looked_up_")).count()
}

crate::of_every_series!(names_that_only_the_cache_of_types_keeps_are_told_as_its_own);

fn names_that_only_the_cache_of_types_keeps_are_told_as_its_own(series: &str) {
    use std::io::{BufRead, Write};
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let mut stopped = Stopped::run(&python, &["-E", "-s", "-c", PROGRAM]);
    let before = look(&stopped);
    let (cached, from_c) = (held(&before, RootKind::TypeCache), held(&before, RootKind::Unaccounted));
    assert!((KEPT_MIN..=60).contains(&looked_up(&cached)), "{cached:?}");
    assert_eq!(looked_up(&from_c), 0, "{from_c:?}");
    assert!(!from_c.iter().any(|text| text == "'incrementaldecoder'"), "{from_c:?}");
    stopped.stdin.write_all(b"go\n").expect("written");
    let mut line = String::new();
    stopped.lines.read_line(&mut line).expect("a line");
    let after = look(&stopped);
    let (cached, from_c) = (held(&after, RootKind::TypeCache), held(&after, RootKind::Unaccounted));
    assert_eq!((looked_up(&cached), looked_up(&from_c)), (0, 0), "{cached:?}");
}
