//! Only `vocabulary` is written and read back: whatever else can be is listed here, with its reason.

use crate::tree::{code, rust_files};

/// Files and folders whose types may have serde's derives, and why.
const MAY_BE_SERIALISED: [(&str, &str); 17] = [
    ("harness/vocabulary/src/", "what is found and told"),
    ("harness/memory/src/recorded/manifest.rs", "the head of a recorded image"),
    ("harness/profile/src/", "samples of stacks, as a recorded run keeps them"),
    ("harness/engine/src/record/", "the manifest of a recorded run, and the tables its samples are packed in"),
    ("harness/kit/src/", "what a service's diagnostics send: their protocol"),
    ("harness/scenario/src/raw/", "a scenario's file as it stands"),
    ("harness/scenario/src/model/mod.rs", "its words, which need no second type"),
    ("harness/scenario/src/matcher.rs", "the keys of a range in a scenario's file"),
    ("harness/generate/src/data.rs", "the shapes and words that generated cases are made of, which are files"),
    ("harness/lab/src/data.rs", "the files that a lab is made of"),
    ("harness/lab/src/results.rs", "what a class has done, which no other command reads"),
    ("harness/driver/src/python/interpreter.rs", "what an interpreter says of itself"),
    ("harness/driver/src/service/mod.rs", "a service's handshake"),
    ("harness/score/src/known/accepted.rs", "a file of accepted findings"),
    ("harness/score/src/floors.rs", "a file of floors"),
    ("harness/score/src/merge.rs", "the version of results, which is read before the rest of them"),
    ("harness/report/src/snapshot.rs", "expected findings as reviewed files, which are written and never read back"),
];

/// Whether code derives one of serde's traits, over however many lines.
fn derives(code: &str) -> bool {
    code.match_indices("derive(").any(|(at, _)| {
        let traits = code[at..].split(')').next().unwrap_or_default();
        traits.contains("Serialize") || traits.contains("Deserialize")
    })
}

#[test]
fn only_the_vocabulary_is_serialised() {
    let files = rust_files();
    let product = files.iter().filter(|file| file.path.starts_with("harness/") && file.path.contains("/src/"));
    let tests = |path: &str| path.ends_with("/tests.rs") || path.contains("/samples/") && path.contains("report");
    let with: Vec<&str> = product
        .filter(|file| !tests(&file.path) && derives(&code(&file.text)))
        .map(|file| file.path.as_str())
        .collect();
    let listed = |path: &str| MAY_BE_SERIALISED.iter().any(|(place, _)| path.starts_with(place));
    let new: Vec<&&str> = with.iter().filter(|path| !listed(path)).collect();
    assert!(new.is_empty(), "declare it in `vocabulary`, or say in MAY_BE_SERIALISED why not:\n{new:#?}");
    for (place, _) in MAY_BE_SERIALISED {
        assert!(with.iter().any(|path| path.starts_with(place)), "{place} derives nothing: take it off the list");
    }
}

#[test]
fn a_derive_is_seen_however_it_is_written() {
    for text in ["#[derive(Debug, Serialize)]", "#[derive(\n    Debug,\n    serde::Deserialize,\n)]"] {
        assert!(derives(&code(text)), "{text}");
    }
    for text in ["#[derive(Debug)] use serde::Serialize;", "// #[derive(Serialize)]", "let x = \"derive(Serialize)\";"]
    {
        assert!(!derives(&code(text)), "{text}");
    }
}
