//! What a file says before one reads it: its head, its name, and the company it keeps.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{RustFile, code, nobody_but, rust_files};

/// Files without a head, to be given one by whoever touches their rooms; the list only gets shorter.
const HEADS_STILL_TO_MEND: &[&str] = &[];

/// Folders with a crowd, as `FOLDER/PREFIX_`.
const CROWDS_STILL_TO_MEND: &[&str] = &[];

/// Files whose name says nothing.
const NAMES_STILL_TO_MEND: &[&str] = &[];

/// Names of public types that rooms have for different things; the list only gets shorter.
const SAME_NAMES_STILL_TO_MEND: &[&str] = &[
    "Analysis",
    "Callee",
    "Core",
    "Field",
    "Holder",
    "Names",
    "ObjectRecord",
    "Odometer",
    "Origin",
    "Place",
    "Recorded",
    "Source",
    "ThreadState",
    "Told",
    "Work",
];

/// Names that fit any file.
const SAY_NOTHING: [&str; 8] = ["looks", "parts", "whole", "setup", "view", "utils", "helpers", "misc"];

/// A look is a word of the house: one question answered. The folder that holds them all is called so, and nothing else.
const LOOKS: &str = "harness/engine/src/looks/";

/// Two are a pair; three are a folder that wasn't made.
const CROWD: usize = 3;

fn without_a_head(files: &[RustFile]) -> Vec<(String, String)> {
    let first = |file: &RustFile| file.text.lines().next().unwrap_or_default().to_owned();
    let bare = files.iter().filter(|file| first(file).strip_prefix("//! ").is_none_or(|words| words.trim().is_empty()));
    bare.map(|file| (file.path.clone(), format!("begins with `{}`", first(file)))).collect()
}

/// Folders with three or more files whose names begin alike up to an underscore.
fn crowds(files: &[RustFile]) -> Vec<(String, String)> {
    let mut crowds: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for file in files {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if let Some((prefix, _)) = name.split_once('_') {
            crowds.entry(format!("{folder}/{prefix}_")).or_default().insert(name);
        }
        // `hot.rs` beside `hot_a.rs` and `hot_b.rs` is one of them.
        let stem = name.trim_end_matches(".rs");
        if !stem.contains('_') {
            crowds.entry(format!("{folder}/{stem}_")).or_default().insert(name);
        }
    }
    crowds.retain(|_, names| names.len() >= CROWD);
    crowds.into_iter().map(|(crowd, names)| (crowd, names.into_iter().collect::<Vec<_>>().join(" "))).collect()
}

fn saying_nothing(files: &[RustFile]) -> Vec<(String, String)> {
    // A folder's name counts as well: `looks/heap.rs`. What a room is called, the table of rooms says.
    let names = |path: &str| {
        let inside = path.strip_prefix(LOOKS).unwrap_or(path).split('/');
        let inside = inside
            .skip(if path.starts_with(LOOKS) { 0 } else { 2 })
            .map(|part| part.trim_end_matches(".rs").to_owned());
        inside.collect::<Vec<_>>()
    };
    let empty = |file: &&RustFile| names(&file.path).iter().any(|name| SAY_NOTHING.contains(&name.as_str()));
    files.iter().filter(empty).map(|file| (file.path.clone(), "name it by what it holds".to_owned())).collect()
}

/// Public types whose name another room has as well.
fn shared_names(files: &[RustFile]) -> Vec<(String, String)> {
    let mut rooms: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.path.contains("tests")) {
        let Some((room, _)) = file.path.strip_prefix("harness/").and_then(|path| path.split_once("/src/")) else {
            continue;
        };
        for line in code(&file.text).lines() {
            let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
            let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric()).collect();
            rooms.entry(name).or_default().insert(room);
        }
    }
    rooms.retain(|_, rooms| rooms.len() > 1);
    rooms.into_iter().map(|(name, rooms)| (name, rooms.into_iter().collect::<Vec<_>>().join(", "))).collect()
}

#[test]
fn a_public_name_means_one_thing() {
    let rule = "two things have two names, and one thing has one type";
    nobody_but(rule, SAME_NAMES_STILL_TO_MEND, &shared_names(&rust_files()));
}

#[test]
fn every_file_begins_with_a_head() {
    let rule = "every .rs file begins with `//! ` and a sentence on what it holds";
    nobody_but(rule, HEADS_STILL_TO_MEND, &without_a_head(&rust_files()));
}

#[test]
fn three_files_with_one_prefix_are_a_folder() {
    let rule = "hot_a.rs, hot_b.rs, hot_c.rs are hot/{a,b,c}.rs";
    nobody_but(rule, CROWDS_STILL_TO_MEND, &crowds(&rust_files()));
}

#[test]
fn names_say_what_a_file_holds() {
    nobody_but("these names fit any file", NAMES_STILL_TO_MEND, &saying_nothing(&rust_files()));
}

#[test]
fn each_of_these_rules_can_be_broken() {
    let file = |path: &str, text: &str| RustFile { path: path.to_owned(), text: text.to_owned() };
    let names = |offenders: Vec<(String, String)>| offenders.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let heads =
        [file("a", "//! What it holds.\n"), file("b", "use std::fs;\n//! Late.\n"), file("c", "//!\n"), file("d", "")];
    assert_eq!(names(without_a_head(&heads)), ["b", "c", "d"]);
    let two =
        ["harness/x/src/hot_a.rs", "harness/x/src/hot_b.rs", "harness/x/tests/hot_c.rs"].map(|path| file(path, ""));
    assert_eq!(names(crowds(&two)), [""; 0]);
    let three = ["harness/x/src/hot_a.rs", "harness/x/src/hot_b.rs", "harness/x/src/hot.rs"].map(|path| file(path, ""));
    assert_eq!(names(crowds(&three)), ["harness/x/src/hot_"]);
    let called =
        ["harness/x/src/view.rs", "harness/x/src/looks/heap.rs", "harness/x/src/viewer.rs"].map(|path| file(path, ""));
    assert_eq!(names(saying_nothing(&called)), ["harness/x/src/view.rs", "harness/x/src/looks/heap.rs"]);
    let in_looks = ["harness/engine/src/looks/why.rs", "harness/engine/src/looks/misc.rs"].map(|path| file(path, ""));
    assert_eq!(names(saying_nothing(&in_looks)), ["harness/engine/src/looks/misc.rs"]);
    let two = [
        file("harness/x/src/a.rs", "pub struct Verdict;\n"),
        file("harness/y/src/a.rs", "/// Mine.\npub enum Verdict {}\npub(crate) struct Own;\n"),
        file("harness/z/src/a.rs", "pub struct Own;\n// pub struct Verdict;\n"),
    ];
    assert_eq!(shared_names(&two), [("Verdict".to_owned(), "x, y".to_owned())]);
}
