//! Types, sizes and referents of every object that the interpreter can tell of.

use std::collections::{BTreeMap, HashMap};

use bloathound_cpython::Interpreter;
use bloathound_cpython::allocator::{PymallocMap, locate_arenas};
use bloathound_cpython::decode;
use bloathound_heap::{HeapSnapshot, ObjectId, ReferenceKind, RootKind, TypeInfo};
use bloathound_memory::{Address, MemoryImage};

use crate::support;

/// What the interpreter says of an object.
struct Fact {
    type_name: String,
    size: i64,
    referents: Vec<u64>,
}

fn read_facts(text: &str) -> BTreeMap<u64, Fact> {
    let hex = |word: &str| u64::from_str_radix(word, 16).expect("a hexadecimal number");
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let fact = Fact {
                type_name: fields[1].to_owned(),
                size: fields[2].parse().expect("a size"),
                referents: fields[3].split_whitespace().map(hex).collect(),
            };
            (hex(fields[0]), fact)
        })
        .collect()
}

fn traversed(snapshot: &HeapSnapshot, id: ObjectId) -> Vec<u64> {
    let mut found: Vec<u64> = snapshot
        .references_of(id)
        .filter(|(_, label)| label.is_traversed())
        .map(|(target, _)| snapshot.object(target).address)
        .collect();
    found.sort_unstable();
    found
}

/// What is otherwise than the interpreter says, and why: type, what, reason.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("Element", "referents", "children and attributes stand in C memory that nobody described to us"),
    ("Element", "size", "that memory, which belongs to the element as memory of C code"),
    ("Pickler", "size", "its memo table is memory of C code"),
    ("Unpickler", "size", "its memo table is memory of C code"),
    ("Struct", "size", "its codes are memory of C code"),
    ("product", "size", "its indices are memory of C code"),
    ("permutations", "size", "its indices and cycles are memory of C code"),
    ("PyCapsule", "referents", "what is behind its pointer has a traversal of its own"),
    ("EnumCheck", "size", "3.11 leaves out of a text what its class adds: a word for weak references"),
    ("MyStr", "size", "3.10 leaves out of a text what its class adds: words for its dict and for weak references"),
    ("StgDict", "size", "it counts twice what it adds to a dict, and its format, which is memory of C code"),
    ("StgDict", "referents", "what is its `proto` is visited by the class that it belongs to"),
    ("PyCPointerType", "referents", "a class visits the `proto` of its dict, which holds it"),
    ("PyCArrayType", "referents", "a class visits the `proto` of its dict, which holds it"),
    ("PyCSimpleType", "referents", "a class visits the `proto` of its dict, which holds it"),
    ("PyCFuncPtrType", "size", "these metatypes tell the part that they add to a class, and not the class"),
    ("PyCPointerType", "size", "these metatypes tell the part that they add to a class, and not the class"),
    ("PyCSimpleType", "size", "these metatypes tell the part that they add to a class, and not the class"),
    ("_swapped_struct_meta", "size", "these metatypes tell the part that they add to a class, and not the class"),
    ("_swapped_union_meta", "size", "these metatypes tell the part that they add to a class, and not the class"),
];

/// True where the interpreter's figure leaves out what is in the object's own block: attributes behind an instance, slots
/// behind a class. What we say fills the block then.
fn fills_its_block(pools: &PymallocMap, address: u64, found: u64, stated: i64) -> bool {
    let block = pools.block_containing(Address(address));
    stated >= 0
        && found > stated.unsigned_abs()
        && block.is_some_and(|block| {
            let bytes = u64::from(block.bytes);
            // It has room for one attribute more than it says.
            (found..found + 32).contains(&bytes)
        })
}

/// The bytes of the block that an instance keeps its attributes in, where these are apart from it and no dict: up to 3.12.
fn attributes_block(series: &str, image: &MemoryImage, pools: &PymallocMap, address: u64) -> Option<u64> {
    let word = |back: u64| image.pointer_at(Address(address - back)).map(|word| word.0);
    let values = match series {
        "3.11" => word(32)?,
        "3.12" => word(24).filter(|word| word % 2 == 1)? + 1,
        _ => return None,
    };
    Some(u64::from(pools.block_containing(Address(values)).filter(|block| block.is_allocated)?.bytes))
}

/// True where the interpreter's figure leaves out just that block. For how many attributes it was made is known to eight.
fn has_attributes_apart(
    (series, image, pools): (&str, &MemoryImage, &PymallocMap),
    address: u64,
    found: u64,
    stated: i64,
) -> bool {
    let more = found.saturating_sub(stated.unsigned_abs());
    attributes_block(series, image, pools, address)
        .is_some_and(|block| more > 0 && (more..more + 8 * 8 + 16).contains(&block))
}

/// Objects with more owned references than their count allows.
pub(crate) fn surplus(snapshot: &HeapSnapshot) -> Vec<String> {
    let mut found = vec![0_u32; snapshot.len()];
    for (target, label) in snapshot.targets().iter().zip(snapshot.labels()) {
        if !matches!(label.kind(), ReferenceKind::Weak | ReferenceKind::Conservative) {
            found[target.index()] += 1;
        }
    }
    for root in snapshot.roots() {
        found[root.object.index()] += u32::from(matches!(root.kind, RootKind::Interpreter | RootKind::ThreadState));
    }
    // Types that live for ever are not counted by everybody.
    let is_static = |id: &ObjectId| {
        let is_it = |info: &TypeInfo| info.object == Some(*id) && !info.is_heap_type;
        snapshot.types().iter().any(is_it)
    };
    let is_surplus = |id: &ObjectId| found[id.index()] > snapshot.object(*id).refcount && !is_static(id);
    let told = |id: ObjectId| {
        let holders: Vec<String> = snapshot
            .ids()
            .flat_map(|from| snapshot.references_of(from).map(move |(to, label)| (from, to, label)))
            .filter(|(_, to, _)| *to == id)
            .map(|(from, _, label)| {
                let name = label.name().map_or("", |name| snapshot.name(name));
                let holder = snapshot.object(from);
                let how = (holder.refcount, holder.flags.tracking(), holder.flags.trust());
                format!("{} {:x} {how:?}.{:?} {name}", snapshot.type_of(from).name, holder.address, label.kind())
            })
            .collect();
        let record = snapshot.object(id);
        format!("{} {:x} count {}: {holders:?}", snapshot.type_of(id).name, record.address, record.refcount)
    };
    snapshot.ids().filter(is_surplus).take(5).map(told).collect()
}

/// What was compared, and what differs, by type.
struct Compared {
    differences: BTreeMap<String, Vec<String>>,
    snapshot: HeapSnapshot,
    problems: Vec<String>,
    compared: usize,
}

/// The zoo of one series: what was found otherwise than the interpreter says, by type.
fn differences(series: &str) -> Option<Compared> {
    let python = bloathound_testkit::python3(series)?;
    let folder = tempfile::tempdir().expect("a folder");
    let facts_path = folder.path().join("facts");
    let zoo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/zoo.py");
    let stopped = support::Stopped::run(&python, &["-E", "-s", zoo, facts_path.to_str().expect("text")]);
    assert!(stopped.first_line.starts_with("ready"), "{}", stopped.first_line);
    let facts = read_facts(&std::fs::read_to_string(&facts_path).expect("facts"));
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let (pools, problems) = locate_arenas(&image, &interpreter, &symbols.data_ranges).expect("arenas");
    assert!(problems.is_empty(), "{problems:?}");
    let decoded = decode(&image, &interpreter, Some(&pools));
    let snapshot = decoded.value;
    let by_address: HashMap<u64, ObjectId> = snapshot.ids().map(|id| (snapshot.object(id).address, id)).collect();
    let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut compared, mut splits) = (0, 0);
    let is_explained = |name: &str, what: &str| EXPLAINED.iter().any(|row| row.0 == name && row.1 == what);
    for (address, fact) in &facts {
        let Some(id) = by_address.get(address).copied() else {
            differences.entry(format!("{}: missing", fact.type_name)).or_default().push(format!("{address:x}"));
            continue;
        };
        compared += 1;
        let object = snapshot.object(id);
        let found_name = &snapshot.type_of(id).name;
        if *found_name != fact.type_name {
            differences.entry(format!("{}: type", fact.type_name)).or_default().push(found_name.clone());
        }
        let is_split = fact.type_name == "dict" && object.shallow_size.abs_diff(fact.size.unsigned_abs()) <= 240;
        splits += usize::from(is_split && i64::try_from(object.shallow_size) != Ok(fact.size));
        // Slots behind a class, which its figure leaves out.
        let is_class = snapshot.types().iter().any(|info| info.object == Some(id));
        let slots_only = is_class && object.shallow_size.saturating_sub(fact.size.unsigned_abs()).is_multiple_of(40);
        let agrees = i64::try_from(object.shallow_size) == Ok(fact.size)
            || is_split
            || slots_only
            || is_explained(&fact.type_name, "size")
            || fills_its_block(&pools, *address, object.shallow_size, fact.size)
            || has_attributes_apart((series, &image, &pools), *address, object.shallow_size, fact.size);
        if !agrees {
            let detail = format!("{} instead of {}", object.shallow_size, fact.size);
            differences.entry(format!("{}: size", fact.type_name)).or_default().push(detail);
        }
        // Of a module's own state its traversal may leave out what the collector does not track.
        let mut expected = fact.referents.clone();
        expected.sort_unstable();
        let found = traversed(&snapshot, id);
        let is_plain = |address: &u64| by_address.get(address).is_some_and(|id| !snapshot.is_tracked(*id));
        let only_plain = |a: &[u64], b: &[u64]| a.iter().filter(|address| !b.contains(address)).all(is_plain);
        let is_state = fact.type_name == "module" && only_plain(&found, &expected) && only_plain(&expected, &found);
        if found != expected && !is_state && !is_explained(&fact.type_name, "referents") {
            let name =
                |a: &u64| by_address.get(a).map_or_else(|| format!("{a:x}"), |id| snapshot.type_of(*id).name.clone());
            let only =
                |a: &[u64], b: &[u64]| a.iter().filter(|x| !b.contains(x)).map(name).collect::<Vec<_>>().join(" ");
            let detail = format!(
                "{address:x} too many [{}] missing [{}] ({} instead of {})",
                only(&found, &expected),
                only(&expected, &found),
                found.len(),
                expected.len()
            );
            differences.entry(format!("{}: referents", fact.type_name)).or_default().push(detail);
        }
    }
    // Values that stand apart from the keys that instances share are counted as they are, with their order.
    assert!(splits * 50 < compared, "{splits} dicts of {compared} objects");
    Some(Compared { differences, snapshot, problems: decoded.problems, compared })
}

crate::of_every_series!(every_object_agrees_with_the_interpreter);

fn every_object_agrees_with_the_interpreter(series: &str) {
    let Some(Compared { differences, snapshot, problems, compared }) = differences(series) else { return };
    let listing: Vec<String> =
        differences.iter().map(|(what, details)| format!("{what} ({} times): {}", details.len(), details[0])).collect();
    let surplus = surplus(&snapshot);
    assert!(listing.is_empty(), "{compared} compared\n{}\n{problems:?}\n{surplus:?}", listing.join("\n"));
    assert!(surplus.is_empty(), "{surplus:?}");
    assert!(compared > 20_000, "only {compared} objects were compared");
    assert_eq!(snapshot.quality().broken_links, 0);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(snapshot.roots().iter().any(|root| root.kind == RootKind::Module));
}
