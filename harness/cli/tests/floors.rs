//! A gate on scores: a detector that is broken on purpose turns the build red with class, score and floor, keeps the
//! recording of what it missed, and says how to replay it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, root};
use tempfile::TempDir;

const SERVICE: &str = r#"
from bhplain import Service, run
import keep

class Visit(object):
    def __init__(self, number):
        self.text = "visit %d " % number * 40

class Visits(Service):
    """Keeps its visits, or does not."""

    name = "visits"

    def work(self, request):
        for number in range(20):
            keep.keep(Visit(number))

    def facts(self):
        return {"kept": len(keep.VISITS)}

run(Visits)
"#;

const SCENARIO: &str = "\
name: visits
title: A list of visits that nobody empties
service: visits
seed: 1
warm_up: 2
load: {path: /work, requests: 3}
observe: {growth: {rounds: 4}}
buggy:
  expect:
    - class: leak
      where: {module: keep, attribute: VISITS}
      evidence: {objects_per_request: 20}
  ledger: {kept: 280}
fixed:
  expect: []
  ledger: {kept: 0, requests: 14}
";

fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let services = home.path().join("reference-services");
    fs::create_dir_all(home.path().join("scenarios")).unwrap();
    fs::create_dir_all(services.join("visits/fix")).unwrap();
    symlink(root().join("reference-services/common"), services.join("common")).unwrap();
    fs::copy(root().join("reference-services/requirements.lock"), services.join("requirements.lock")).unwrap();
    fs::write(services.join("visits/service.py"), SERVICE).unwrap();
    fs::write(services.join("visits/keep.py"), "VISITS = []\nkeep = VISITS.append\n").unwrap();
    fs::write(services.join("visits/fix/keep.py"), "VISITS = []\n\ndef keep(visit):\n    pass\n").unwrap();
    fs::write(home.path().join("scenarios/visits.yaml"), SCENARIO).unwrap();
    home
}

fn run(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = bloathound();
    command.current_dir(home.path()).arg("run").args(arguments).arg("--home").arg(home.path());
    command
}

#[test]
fn a_detector_that_is_broken_on_purpose_turns_the_gate_red_and_leaves_what_explains_it() {
    if !live() {
        return;
    }
    let home = home();
    let here = |name: &str| home.path().join(name);
    let good = ["--write-floors", "floors.yaml", "--json", "good.json", "--record", "kept", "--only-failed"];
    run(&home, &good).assert().code(0);
    let floors = fs::read_to_string(here("floors.yaml")).unwrap();
    assert!(floors.contains("  leak:\n    cases: 1\n    clean_runs: 1\n    recall: 1.0\n"), "{floors}");
    assert_eq!(fs::read_dir(here("kept")).unwrap().count(), 0, "runs that are as expected were to be kept nowhere");
    let results: serde_json::Value = serde_json::from_str(&fs::read_to_string(here("good.json")).unwrap()).unwrap();
    let buggy = &results["runs"][0];
    assert!(buggy["detected_after_looks"].as_u64().is_some_and(|looks| (1..=4).contains(&looks)), "{buggy}");
    assert_eq!(buggy["detected_after_requests"].as_u64().unwrap() % 3, 0, "{buggy}");
    assert_eq!(buggy["looks"].as_array().map(Vec::len), Some(5), "{buggy}");
    assert_eq!(buggy["baselines"][1]["alarm"], true, "{buggy}");

    let gate =
        ["--floors", "floors.yaml", "--summary", "summary.md", "--annotate", "--record", "kept", "--only-failed"];
    run(&home, &gate).assert().code(0).stderr(contains("floors hold"));

    let broken = run(&home, &[&gate[..], &["--without", "leak"]].concat()).assert().code(1);
    broken.stderr(contains("below its floor: leak: recall is 0.0000, the floor 1.0000")).stderr(contains(
        "::error file=scenarios/visits.yaml,line=1,title=visits, buggy (seed 1)".replace(", ", "%2C "),
    ));
    let summary = fs::read_to_string(here("summary.md")).unwrap();
    assert!(summary.contains("## Bloathound: 2 runs, 1 as expected, 1 failed"), "{summary}");
    assert!(summary.contains("bloathound replay kept/visits-buggy"), "{summary}");
    let kept: Vec<_> = fs::read_dir(here("kept")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept, ["visits-buggy"]);
    // The recording shows the same miss again: the rule is off in it too.
    bloathound().current_dir(home.path()).args(["replay", "kept/visits-buggy"]).assert().code(1);

    // Joined results are held against the same floors; a part alone is not.
    bloathound()
        .current_dir(home.path())
        .args(["merge", "good.json", "--floors", "floors.yaml"])
        .assert()
        .code(0)
        .stderr(contains("floors hold"));
    run(&home, &["--floors", "floors.yaml", "--partition", "1/2"]).assert().code(2).stderr(contains("merge --floors"));
    let other = floors.replacen("\nrules: ", "\nrules: 0", 1);
    fs::write(here("other.yaml"), other).unwrap();
    bloathound()
        .current_dir(home.path())
        .args(["merge", "good.json", "--floors", "other.yaml"])
        .assert()
        .code(1)
        .stderr(contains("Measure anew").and(contains("below its floor")));
    fs::write(here("bad.yaml"), floors.replace("cases", "kases")).unwrap();
    run(&home, &["--floors", "bad.yaml"]).assert().code(2).stderr(contains("bad.yaml").and(contains("kases")));
}
