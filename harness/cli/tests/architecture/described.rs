//! `ARCHITECTURE.md` says what is so: its paths lead somewhere, and its table of rooms is the one that manifests are held to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::MAY_USE;
use crate::tree::{read, root};

/// Endings by which a word is a file's name.
const ENDINGS: [&str; 5] = [".rs", ".py", ".md", ".yml", ".yaml"];

/// What stands in backticks, outside blocks of code.
fn ticked(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// Words in backticks that are meant as a file or folder of the checkout, without what stands after `::`.
fn paths(text: &str) -> BTreeSet<&str> {
    let bare = ticked(text).into_iter().map(|word| word.split("::").next().unwrap_or_default());
    let is_path = |word: &&str| {
        let plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
        let names = ENDINGS.iter().any(|ending| word.ends_with(ending)) || word.contains('/');
        // `/` alone and what begins with it is the machine's.
        plain && names && !word.starts_with('/')
    };
    bare.filter(is_path).collect()
}

/// Every file and folder of ours, from the checkout's root.
fn places() -> Vec<String> {
    let root = root();
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that can be listed") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if [".git", "target", "corpus", "artifacts"].contains(&name.as_str()) {
                continue;
            }
            found.push(path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// Paths that lead nowhere. A sentence may leave out what the one before it said: `find/locate.rs` after `cpython/src/find/`.
fn astray<'a>(text: &'a str, places: &[String]) -> Vec<&'a str> {
    let leads = |path: &str| {
        let path = path.trim_end_matches('/');
        places
            .iter()
            .any(|place| place.strip_suffix(path).is_some_and(|before| before.is_empty() || before.ends_with('/')))
    };
    paths(text).into_iter().filter(|path| !leads(path)).collect()
}

/// A room with the rooms it builds on, by the table's first and last cell.
fn rooms(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let every: BTreeSet<String> = MAY_USE.iter().map(|(room, _)| (*room).to_owned()).collect();
    let section = text.split("## Rooms").nth(1).unwrap_or_default().split("\n`harness/").next().unwrap_or_default();
    let mut found = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let (Some(room), Some(builds_on)) = (cells.first(), cells.last()) else { continue };
        let room = room.trim().trim_matches('`').to_owned();
        let named: BTreeSet<String> = ticked(builds_on).into_iter().map(str::to_owned).collect();
        let builds_on = if builds_on.trim().starts_with("all but") {
            every.iter().filter(|one| !named.contains(*one) && **one != room).cloned().collect()
        } else {
            named
        };
        found.insert(room, builds_on);
    }
    found
}

fn architecture() -> String {
    read(Path::new(&root().join("harness/ARCHITECTURE.md")))
}

#[test]
fn every_path_leads_somewhere() {
    let text = architecture();
    assert!(paths(&text).len() > 80, "only {} paths were seen", paths(&text).len());
    let astray = astray(&text, &places());
    assert!(astray.is_empty(), "not there (moved? renamed?): {astray:#?}");
}

#[test]
fn the_table_of_rooms_is_the_one_that_manifests_are_held_to() {
    let said = rooms(&architecture());
    for (room, uses) in MAY_USE {
        let uses: BTreeSet<String> = uses.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(said.get(room), Some(&uses), "{room}: what ARCHITECTURE.md says, and what it may use");
    }
    assert_eq!(said.len(), MAY_USE.len(), "a room that is not there: {:?}", said.keys());
}

#[test]
fn both_rules_can_be_broken() {
    let places = ["harness/live/src/pause".to_owned(), "harness/live/src/pause/hold.rs".to_owned()];
    let text = "`pause/hold.rs` `live/src/pause/` `pause.rs` `hold.rs::a_test` `old.rs` ```\n`not/this.rs`\n``` `/proc/1/fd` `a b/c`";
    assert_eq!(astray(text, &places), ["old.rs", "pause.rs"]);
    let table = "## Rooms\n\n| `heap` | a `b` | `vocabulary` |\n| `bounds` | c | – |\n\n`harness/cli` holds | `x` |";
    let told = rooms(table);
    assert_eq!(told["heap"], BTreeSet::from(["vocabulary".to_owned()]));
    assert_eq!((told["bounds"].len(), told.len()), (0, 2));
}
