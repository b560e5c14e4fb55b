//! What the decoder reads against what the interpreter itself says: type, `sys.getsizeof` and `gc.get_referents` of
//! every tracked object of a stopped process that holds one of everything.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it lacks and stops")]

mod support;

use std::collections::{BTreeMap, HashMap};

use bloathound_heap::{HeapSnapshot, ObjectId};

struct Fact {
    type_name: String,
    size: u64,
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

#[test]
fn every_tracked_object_agrees_with_the_interpreter() {
    let Some(python) = support::python27() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let facts_path = folder.path().join("facts");
    let zoo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zoo.py");
    let stopped = support::Stopped::run(&python, &["-E", "-s", zoo, facts_path.to_str().expect("text")]);
    assert!(stopped.first_line.starts_with("ready"), "{}", stopped.first_line);
    let facts = read_facts(&std::fs::read_to_string(&facts_path).expect("facts"));
    let (image, symbols) = stopped.copy();
    let (_, decoded) = support::decode_all(&image, &symbols);
    let snapshot = decoded.value;
    let by_address: HashMap<u64, ObjectId> = snapshot.ids().map(|id| (snapshot.object(id).address, id)).collect();
    let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut compared = 0;
    for (address, fact) in &facts {
        let Some(id) = by_address.get(address).copied() else {
            differences.entry(format!("{}: missing", fact.type_name)).or_default().push(format!("{address:x}"));
            continue;
        };
        // The main function's own frame and file buffer have moved on since the facts were written.
        if fact.type_name == "frame" {
            continue;
        }
        compared += 1;
        let object = snapshot.object(id);
        if object.shallow_size != fact.size {
            let detail = format!("{} instead of {}", object.shallow_size, fact.size);
            differences.entry(format!("{}: size", fact.type_name)).or_default().push(detail);
        }
        let mut expected = fact.referents.clone();
        expected.sort_unstable();
        let found = traversed(&snapshot, id);
        if found != expected {
            let name =
                |a: &u64| by_address.get(a).map_or_else(|| format!("{a:x}"), |id| snapshot.type_of(*id).name.clone());
            let only =
                |a: &[u64], b: &[u64]| a.iter().filter(|x| !b.contains(x)).map(name).collect::<Vec<_>>().join(" ");
            let detail = format!("too many [{}] missing [{}]", only(&found, &expected), only(&expected, &found));
            differences.entry(format!("{}: referents", fact.type_name)).or_default().push(detail);
        }
    }
    let listing: Vec<String> =
        differences.iter().map(|(what, details)| format!("{what} ({} times): {}", details.len(), details[0])).collect();
    assert!(compared > 5000, "only {compared} objects were compared");
    assert!(listing.is_empty(), "{compared} compared\n{}\n{:?}", listing.join("\n"), decoded.problems);
    assert_eq!(snapshot.quality().broken_links, 0);
    assert_eq!(snapshot.quality().surplus_references, 0, "{:?}", decoded.problems);
}
