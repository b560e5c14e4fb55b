//! Scenarios of services of one's own: run by their file, from any folder, with nothing but the service beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod init;

use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::assert::Assert;
use bloathound_vocabulary::{FindingClass, Outcome, RunResults};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, python, wait_until};
use tempfile::TempDir;

/// A folder outside the checkout: `service/` has the services and their scenario, and nobody is in it.
fn elsewhere() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("service")).unwrap();
    for name in ["check/threads.py", "check/prefork.py", "own/counted.py"] {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
        std::fs::copy(&source, folder.path().join("service").join(source.file_name().unwrap())).unwrap();
    }
    folder
}

/// Runs a scenario of this text by its file, from the folder above it.
fn run(folder: &TempDir, yaml: &str, options: &[&str]) -> Assert {
    let yaml = format!("name: orders\ntitle: Orders\n{yaml}");
    std::fs::write(folder.path().join("service/orders.yaml"), yaml).unwrap();
    let mut run = bloathound();
    run.current_dir(folder.path()).timeout(Duration::from_secs(300)).env("BLOATHOUND_PYTHON27", python());
    run.args(["run", "service/orders.yaml", "--json", "results.json"]).args(options).assert()
}

fn results(folder: &TempDir) -> RunResults {
    let text = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
    bloathound_score::read_results("results.json", &text).unwrap()
}

/// Nothing that was started in this folder runs any more.
fn nothing_is_left(folder: &TempDir) {
    let is_of_it = |entry: std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder.path()))
    };
    wait_until("the end of all that was started", Duration::from_secs(10), || {
        (!std::fs::read_dir("/proc").unwrap().flatten().any(is_of_it)).then_some(())
    });
}

const THREADS: &str = "command: '{python} threads.py {port}'
load: {path: '/orders?n={n}', requests: 20}
observe: {hot: {seconds: 0.5}}
";

const GATE: &str = "command: '{python} threads.py {port} bug'
load: {path: '/orders?n={n}', requests: 20}
observe: {hot: {seconds: 0.5}}
expect: []
";

#[test]
fn twins_of_a_service_of_ones_own_are_told_apart() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let twins = "buggy:
  command: '{python} threads.py {port} bug'
  expect:
    - class: leak
      where: {class: Audit, attribute: entries}
      evidence: {objects_per_request: {min: 1}}
fixed:
  expect: []
";
    run(&folder, &format!("{THREADS}{twins}"), &[]).code(0).stdout(contains("2 runs: 2 ok"));
    let found = results(&folder);
    assert_eq!(found.runs.iter().map(|run| run.outcome).collect::<Vec<_>>(), [Outcome::Pass; 2]);
    assert_eq!((found.runs[0].findings.len(), found.runs[1].findings.len()), (1, 0));
    assert_eq!(found.runs[0].looked_for, FindingClass::ALL);
    // As many requests in uneven rounds.
    run(&folder, &format!("{THREADS}{twins}"), &["--variant", "fixed", "--traffic", "lulls"]).code(0);
    let uneven = results(&folder);
    assert_eq!((uneven.runs[0].requests > 140, uneven.runs[0].traffic.is_some()), (true, true));
    nothing_is_left(&folder);
}

#[test]
fn an_empty_list_is_a_gate_and_a_known_place_is_let_be_until_its_day() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    run(&folder, GATE, &[])
        .code(1)
        .stdout(contains("Audit.entries").and(contains("run service/orders.yaml --variant fixed")));
    let known = |more: &str| {
        format!(
            "{GATE}ignore:\n  - where: {{attribute: entries}}\n    class: leak\n    reason: mended by the next release\n{more}"
        )
    };
    let told = run(&folder, &known("    until: 2099-01-31\n"), &[]).code(0);
    told.stdout(contains("nothing new, 1 let be"));
    let run_record = results(&folder).runs.remove(0);
    let accepted = &run_record.observations[0];
    assert!(accepted.summary.starts_with("accepted until 2099-01-31 (mended by the next release): "), "{accepted:?}");
    run(&folder, &known("    until: 2020-01-31\n"), &[])
        .code(1)
        .stderr(contains("accepted until 2020-01-31: it counts"));
    let past = run(&folder, &known("    bound: {objects_per_request: 0.5}\n"), &[]).code(1);
    past.stderr(contains("up to objects_per_request 0.5, and has 1: it counts again"));
    // What is let be and not there is said, and fails nothing.
    let elsewhere = known("").replace("attribute: entries", "attribute: elsewhere").replace(" bug'", "'");
    run(&folder, &elsewhere, &[]).code(0).stderr(contains("(mended by the next release), and not found this time"));
    nothing_is_left(&folder);
}

#[test]
fn requests_are_made_as_they_are_written_to_the_port_that_is_told() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let counted = |how: &str, ready: &str, ledger: &str| {
        format!(
            "command: ['{{python}}', counted.py, {how}]
env: {{NAMED: 7}}
ready: {{{ready}}}
warm_up: 4
load:
  mix:
    - {{path: '/orders?n={{n}}', weight: 3}}
    - {{path: /orders, method: PUT, headers: {{X-Kind: books}}, body: '{{\"kind\": \"book\"}}'}}
  requests: 8
  traffic: bursts
observe: {{growth: {{rounds: 4}}, hot: {{seconds: 0.01}}}}
fixed:
  expect: []
  ledger: {ledger}
"
        )
    };
    // Sampling is under load too, so there may be more.
    let all = "{GET: {min: 27}, PUT: {min: 9}, numbers: {min: 27}, named: '7'}";
    run(&folder, &counted("log", "log: 'listening on (?P<port>\\d+)'", all), &[]).code(0);
    run(&folder, &counted("handshake", "handshake: true", all), &[]).code(0);
    let wrong = run(&folder, &counted("log", "log: 'listening on (?P<port>\\d+)'", "{GET: 1}"), &[]).code(4);
    wrong.stdout(contains("the ledger's `GET` is"));
    let broken = counted("log", "log: 'listening on (?P<port>\\d+)'", all).replace("books", "cars");
    run(&folder, &broken, &[]).code(5).stdout(contains("status 400"));
    nothing_is_left(&folder);
}

#[test]
fn a_virtual_environment_runs_what_is_in_it() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let bin = folder.path().join("venv/bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(python(), bin.join("python")).unwrap();
    let prefix = format!(
        "#!/bin/sh\ntest \"$VIRTUAL_ENV\" = \"{}\" && exec python threads.py \"$@\"\n",
        folder.path().join("venv").display()
    );
    std::fs::write(bin.join("serve-orders"), prefix).unwrap();
    std::fs::set_permissions(bin.join("serve-orders"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let yaml = "command: serve-orders {port}
python: ../venv
load: {path: /, requests: 5}
observe: {growth: {rounds: 3}, hot: {seconds: 0.2}}
ready: {http: /}
expect: []
";
    run(&folder, yaml, &[]).code(0);
    nothing_is_left(&folder);
}

#[test]
fn workers_are_judged_together_and_a_loop_is_found_while_nobody_answers() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let yaml = "command: '{python} prefork.py {port}'
children: true
load: {mix: [{path: /a}, {path: /slow}], requests: 10}
observe: {growth: {rounds: 3}, hot: {seconds: 2}}
buggy:
  command: '{python} prefork.py {port} bug'
  expect:
    - class: hot-loop
      where: {function: answer}
fixed: {expect: []}
";
    run(&folder, yaml, &[]).code(0);
    nothing_is_left(&folder);
}

#[test]
fn what_can_not_be_run_is_told_by_file_and_line() {
    let folder = elsewhere();
    let refused = run(&folder, "command: 'true'\noptions: {a: 1}\nexpect: []\n", &[]).code(2);
    refused.stderr(contains("service/orders.yaml:4:1: options: found `options` of a service of your own"));
    run(&folder, "command: 'true'\nexpect: []\n", &["--recorded"]).code(2).stderr(contains("no recorded runs"));
    run(&folder, "command: 'true'\nexpect: []\n", &["--record", "kept"]).code(2).stderr(contains("are not kept"));
    let gone = run(&folder, "command: 'sh -c \"echo no such table >&2; exit 3\"'\nexpect: []\n", &[]).code(5);
    gone.stdout(contains("no such table").or(contains("ended before it was ready")));
}

/// The script for any CI takes a scenario's file as well.
#[test]
fn the_script_for_other_systems_runs_a_scenario() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let yaml = format!("name: orders\ntitle: Orders\n{GATE}");
    std::fs::write(folder.path().join("service/orders.yaml"), yaml).unwrap();
    let mut script = assert_cmd::Command::new(support::root().join("ci/check-service"));
    script.current_dir(folder.path()).timeout(Duration::from_secs(120));
    script.env("BLOATHOUND", env!("CARGO_BIN_EXE_bloathound")).env("BLOATHOUND_PYTHON27", python());
    script.arg("service/orders.yaml").assert().code(1);
    for file in ["results.json", "junit.xml", "page.html", "summary.md"] {
        let text = std::fs::read_to_string(folder.path().join("bloathound").join(file)).unwrap();
        assert!(text.contains("Audit"), "{file}: {text}");
    }
    nothing_is_left(&folder);
}
