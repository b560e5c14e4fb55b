//! The replayed collector against the truth: on random graphs, what a full collection finds is what was told before.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{CollectorState, Interpreter, decode};
use bloathound_heap::{BitSet, GcReplay, HeapSnapshot, ObjectId, ReferenceKind, Tracking};

use crate::support::{self, Stopped};

/// How many graphs are drawn where nobody asks for more.
const GRAPHS: u32 = 100;
/// Asks for more.
const GRAPHS_VARIABLE: &str = "BLOATHOUND_GRAPHS";

fn line(stopped: &mut Stopped) -> String {
    let mut text = String::new();
    stopped.lines.read_line(&mut text).expect("a line");
    text
}

fn addresses(text: &str) -> BTreeSet<u64> {
    text.split_whitespace().map(|word| u64::from_str_radix(word, 16).expect("an address")).collect()
}

fn tracked(snapshot: &HeapSnapshot, set: &BitSet) -> BTreeSet<u64> {
    set.iter().filter(|id| snapshot.is_tracked(*id)).map(|id| snapshot.object(id).address).collect()
}

/// What goes along by its count alone, with all that it leads to: held by what is frozen, or by a reference that no collection
/// sees (a dict of attributes that stand in their instance). It goes, too, but where everything is saved nothing goes.
fn goes_along(snapshot: &HeapSnapshot, awaiting: &BitSet) -> BTreeSet<u64> {
    let mut seen = vec![0_u32; snapshot.len()];
    for from in snapshot.ids().filter(|id| snapshot.is_tracked(*id)) {
        for (to, label) in snapshot.references_of(from) {
            seen[to.index()] += u32::from(label.is_traversed());
        }
    }
    let held = |id: &ObjectId| snapshot.is_tracked(*id) && snapshot.object(*id).refcount > seen[id.index()];
    let mut pending: Vec<ObjectId> = awaiting.iter().filter(held).collect();
    let mut found: BTreeSet<u64> = pending.iter().map(|id| snapshot.object(*id).address).collect();
    while let Some(from) = pending.pop() {
        for (to, label) in snapshot.references_of(from) {
            if label.is_traversed() && awaiting.contains(to) && found.insert(snapshot.object(to).address) {
                pending.push(to);
            }
        }
    }
    found
}

/// What a finalizer that asks for `__dict__` takes out of the collection where attributes are moved to the dict that is made
/// for it: the dict is new, and no part of what is collected.
fn moved_to_a_dict(series: &str, snapshot: &HeapSnapshot, replay: &GcReplay) -> Vec<ObjectId> {
    if series == "3.13" {
        return Vec::new();
    }
    let asks = |id: &ObjectId| snapshot.type_of(*id).name == "Finalised";
    let attributes = |id: ObjectId| {
        snapshot.references_of(id).filter(|(_, label)| label.kind() == ReferenceKind::Slot).map(|(target, _)| target)
    };
    replay.to_be_finalized.iter().filter(asks).flat_map(attributes).collect()
}

fn look(stopped: &Stopped) -> (HeapSnapshot, Interpreter, CollectorState) {
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let (pools, _) = locate_arenas(&image, &interpreter, &symbols.data_ranges).expect("arenas");
    let decoded = decode(&image, &interpreter, Some(&pools));
    let surplus = crate::zoo::surplus(&decoded.value);
    assert!(decoded.problems.is_empty(), "{:?}: {surplus:?}", decoded.problems);
    let state = CollectorState::read(&image, &interpreter);
    (decoded.value, interpreter, state)
}

/// An object with its count and what was seen to refer to it.
fn holders(snapshot: &HeapSnapshot, id: ObjectId) -> String {
    let all = snapshot.ids().flat_map(|from| snapshot.references_of(from).map(move |(to, label)| (from, to, label)));
    let told: Vec<String> = all
        .filter(|(_, to, _)| *to == id)
        .map(|(from, _, label)| {
            let kind = (label.kind(), label.is_traversed(), snapshot.is_tracked(from));
            format!("{} {:x} {kind:?}", snapshot.type_of(from).name, snapshot.object(from).address)
        })
        .collect();
    let record = snapshot.object(id);
    format!(
        "{} {:x} count {} flags {:?}: {told:?}",
        snapshot.type_of(id).name,
        record.address,
        record.refcount,
        record.flags
    )
}

crate::of_every_series!(
    what_a_collection_finds_is_what_was_told,
    settings_are_those_that_the_interpreter_tells,
    what_grew_old_is_what_the_interpreter_lists_as_old,
    a_full_collection_comes_when_it_was_told,
    what_was_frozen_as_garbage_is_what_goes_when_nothing_is_frozen
);

fn what_a_collection_finds_is_what_was_told(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let graphs = std::env::var(GRAPHS_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(GRAPHS);
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/graphs.py");
    let mut stopped = Stopped::run(&python, &["-E", "-s", program, "1", &graphs.to_string()]);
    let mut ready = stopped.first_line.clone();
    let (mut found_in_all, mut returned_in_all, mut frozen_in_all) = (0, 0, 0);
    for seed in 1..=graphs {
        assert_eq!(ready, "ready\n", "graph {seed}");
        let (snapshot, ..) = look(&stopped);
        let replay = GcReplay::run(&snapshot);
        stopped.stdin.write_all(b"go\n").expect("written");
        let (found, returned, alive) =
            (addresses(&line(&mut stopped)), addresses(&line(&mut stopped)), addresses(&line(&mut stopped)));
        let told = tracked(&snapshot, &replay.awaiting_collection);
        let by_address = |address: &u64| snapshot.ids().find(|id| snapshot.object(*id).address == *address);
        let mut back: Vec<ObjectId> = returned.iter().filter_map(by_address).collect();
        assert_eq!(back.len(), returned.len(), "graph {seed}");
        for id in &back {
            assert!(replay.to_be_finalized.contains(*id), "graph {seed}: {}", holders(&snapshot, *id));
        }
        back.extend(moved_to_a_dict(series, &snapshot, &replay));
        let stays = tracked(&snapshot, &replay.stays_with(&snapshot, back));
        let expected: BTreeSet<u64> = told.difference(&stays).copied().collect();
        let unexpected: Vec<String> =
            found.difference(&expected).filter_map(by_address).map(|id| holders(&snapshot, id)).collect();
        assert!(unexpected.is_empty(), "graph {seed}: not told {unexpected:?}");
        // What a generator held alone is gone once its `finally` ran, before the rest is looked at.
        let along = goes_along(&snapshot, &replay.awaiting_collection);
        let kept = expected.difference(&found).filter(|address| alive.contains(address) && !along.contains(address));
        let missing: Vec<String> = kept.filter_map(by_address).map(|id| holders(&snapshot, id)).collect();
        assert!(missing.is_empty(), "graph {seed}: told, and alive: {missing:#?}; came back: {returned:x?}");
        assert!(replay.uncollectable.is_empty(), "graph {seed}");
        assert_eq!(replay.surplus_references, 0, "graph {seed}");
        found_in_all += found.len();
        returned_in_all += returned.len();
        let is_frozen = |id: &ObjectId| snapshot.object(*id).flags.tracking() == Tracking::Frozen;
        frozen_in_all += snapshot.ids().filter(is_frozen).count();
        ready = if seed < graphs { line(&mut stopped) } else { ready };
    }
    assert!(found_in_all > graphs as usize * 2, "{found_in_all} objects were found in {graphs} graphs");
    assert!(returned_in_all > 0 && frozen_in_all > 0, "{returned_in_all} came back, {frozen_in_all} were frozen");
}

fn settings_are_those_that_the_interpreter_tells(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let usual = bloathound_cpython::dialect::Dialect::of_series(series).expect("a dialect").collector.usual_thresholds;
    for (code, enabled, thresholds) in [
        ("gc.enable()", true, usual),
        ("gc.disable(); gc.set_threshold(20000, 5, 7); gc.collect()", false, &[20_000, 5, 7]),
    ] {
        let program = format!("import gc, sys\n{code}\nprint(gc.get_threshold(), flush=True)\nsys.stdin.read()\n");
        let stopped = support::Stopped::run(&python, &["-E", "-s", "-c", &program]);
        let (_, interpreter, state) = look(&stopped);
        assert_eq!(state.enabled, Some(enabled), "{code}: {:?}", interpreter.known_by);
        let found: Vec<i64> = state.generations.iter().map(|one| one.threshold).collect();
        assert_eq!(found, thresholds, "{code}: {}", stopped.first_line);
    }
}

/// Objects of the oldest generation after a full collection, and how many one of the generation below adds.
const GROWS_OLD: &str = "
import gc, os
gc.disable(); gc.collect()
total = len(gc.get_objects(generation=2))
kept = [[number] for number in range(3000)]
gc.collect(1)
pending = len(gc.get_objects(generation=2)) - total
os.write(1, b'%d %d\\n' % (total, pending))
os.read(0, 1)
";

fn what_grew_old_is_what_the_interpreter_lists_as_old(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let stopped = Stopped::run(&python, &["-E", "-s", "-c", GROWS_OLD]);
    let (.., state) = look(&stopped);
    let told: Vec<u64> = stopped.first_line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    let found = state.long_lived.expect("it is there");
    assert_eq!([found.total, found.pending], told[..], "{state:?}");
    assert!(found.pending >= 3000);
    assert_eq!(state.until_full(), None, "it is off");
}

/// Allocates until a full collection begins, and says after how many allocations, and how many of the generation below came first.
const COMES: &str = "
import gc, os
gc.disable(); gc.collect(); gc.freeze(); gc.collect()
begun = [0, 0, 0]
def called(phase, info):
    if phase == 'start':
        begun[info['generation']] += 1
kept = [None] * 4000
gc.callbacks.append(called)
gc.set_threshold(50, 3, 2)
gc.enable()
for number in range(333):
    kept[number] = []
begun[:] = [0, 0, 0]
os.write(1, b'ready\\n')
os.read(0, 3)
while not begun[2]:
    number += 1
    kept[number] = []
os.write(1, b'%d %d\\n' % (number - 332, begun[1]))
os.read(0, 1)
";
/// What the program allocates between the two lines beside what it counts.
const UNCOUNTED_MAX: u64 = 10;

fn a_full_collection_comes_when_it_was_told(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let mut stopped = Stopped::run(&python, &["-E", "-s", "-c", COMES]);
    let (.., state) = look(&stopped);
    let told = state.until_full().expect("it is on");
    stopped.stdin.write_all(b"go\n").expect("written");
    let text = line(&mut stopped);
    let seen: Vec<u64> = text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    assert_eq!(told.collections, seen[1], "{state:?}: {text}");
    assert!(told.collections > 0 && told.objects.is_some_and(|objects| objects < 400), "{told:?}");
    assert!(seen[0].abs_diff(told.allocations) <= UNCOUNTED_MAX, "{told:?} of {state:?}: {text}");
}

const FREEZES: &str = "
import gc, os
gc.disable(); gc.collect()
class Node: pass
def ring(count):
    first = last = Node()
    for _ in range(count - 1):
        last.next = Node()
        last = last.next
    last.next = first
    return first
held = ring(700)
for _ in range(5):
    ring(100)
gc.freeze()
later = ring(30)
ring(20)
os.write(1, b'ready\\n')
os.read(0, 3)
gc.set_debug(gc.DEBUG_SAVEALL)
for _ in range(2):
    gc.collect()
    print(' '.join('%x' % id(one) for one in gc.garbage), flush=True)
    gc.unfreeze()
os.read(0, 1)
";

fn what_was_frozen_as_garbage_is_what_goes_when_nothing_is_frozen(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let mut stopped = Stopped::run(&python, &["-E", "-s", "-c", FREEZES]);
    let (snapshot, ..) = look(&stopped);
    let replay = GcReplay::run(&snapshot);
    stopped.stdin.write_all(b"go\n").expect("written");
    let waits = addresses(&line(&mut stopped));
    let both = addresses(&line(&mut stopped));
    assert_eq!(tracked(&snapshot, &replay.awaiting_collection), waits);
    let frozen = replay.frozen_garbage.expect("more is frozen than an interpreter freezes itself");
    let seen = |id: &ObjectId| snapshot.is_tracked(*id) || snapshot.is_frozen(*id);
    let told: BTreeSet<u64> = frozen.iter().filter(seen).map(|id| snapshot.object(id).address).collect();
    assert_eq!(told, both.difference(&waits).copied().collect());
    let nodes = frozen.iter().filter(|id| snapshot.type_of(*id).name == "Node").count();
    assert_eq!(nodes, 500);
}
