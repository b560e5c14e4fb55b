//! Generated cases from the command line: the same files for a seed, one of each class live, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bloathound_score::read_results;
use bloathound_vocabulary::{Outcome, RunResults, Traffic, Variant};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, root};

/// Classes that are judged here.
const JUDGED: [&str; 7] = ["leak", "cycles", "fragmentation", "hot", "spin", "garbage", "native"];

/// Every file below a folder, by its relative path.
fn files(folder: &Path, below: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if folder.join(&path).is_dir() {
            found.extend(files(folder, &path));
        } else {
            let bytes = fs::read(folder.join(&path)).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

fn results(json: &Path) -> RunResults {
    read_results("results.json", &fs::read_to_string(json).unwrap()).unwrap()
}

#[test]
fn one_of_each_class_is_run_live_and_kept_where_that_is_asked_for() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (kept, temporary, json) =
        (folder.path().join("kept"), folder.path().join("tmp"), folder.path().join("results.json"));
    fs::create_dir(&temporary).unwrap();
    let ran = bloathound()
        .args(["run", "--generated", "8", "--seed", "5", "--jobs", "2", "--variant", "all"])
        .arg("--keep")
        .arg(&kept)
        .arg("--json")
        .arg(&json)
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let results = results(&json);
    let told = String::from_utf8_lossy(&ran.stdout);
    // A twin and a bug of seven classes, and a negative.
    assert_eq!(results.runs.len(), 15, "{told}");
    for run in &results.runs {
        assert_ne!(run.outcome, Outcome::Error, "{told}");
        // A busy machine leaves a rule too little processor, and then it says nothing.
        let starved = run.invalid_because.as_ref().is_some_and(|why| why.contains("processor"));
        assert!(run.valid || starved, "{told}");
        assert_eq!(run.seed, 5);
        if run.variant == Variant::Fixed {
            assert!(run.findings.is_empty(), "{told}");
        } else if JUDGED.iter().any(|class| run.scenario.starts_with(&format!("gen-{class}-"))) && run.valid {
            assert!(run.expected.iter().all(|bug| bug.found), "{told}");
        }
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "something was left behind");
    // What was kept is what the seed makes; a case of it runs by itself, as it was run here.
    let again = folder.path().join("again");
    bloathound()
        .args(["run", "gen-leak-5-000", "--variant", "buggy", "--keep"])
        .arg(&again)
        .assert()
        .stdout(contains("gen-leak-5-000"));
    let (first, second) = (files(&kept, ""), files(&again, ""));
    assert!(second.len() >= 4);
    assert!(second.iter().all(|(path, bytes)| first.get(path) == Some(bytes)));
}

#[test]
fn traffic_is_told_and_the_same_for_a_seed() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("results.json");
    bloathound()
        .args(["run", "leak", "negative-idle", "--traffic", "lulls", "--seed", "4", "--jobs", "2", "--json"])
        .arg(&json)
        .assert()
        .success()
        .stdout(contains("leak lulls"))
        .stderr(contains("left out, since they have no rounds of load: negative-idle"));
    let results = results(&json);
    assert_eq!(results.runs.len(), 2);
    for run in &results.runs {
        assert_eq!((run.traffic, run.seed, run.requests), (Some(Traffic::Lulls), 4, 24));
    }
}

#[test]
fn what_is_no_case_is_refused() {
    for (arguments, why) in [
        (&["run", "--generated", "0"][..], "0 is not in"),
        (&["run", "--class", "leak"], "--generated"),
        (&["run", "leak", "--generated", "3"], "cannot be used with"),
        (&["run", "tightloop", "--traffic", "ramp"], "none of these scenarios has rounds of load"),
    ] {
        bloathound().args(arguments).current_dir(root()).assert().code(2).stderr(contains(why).or(contains("error")));
    }
}
