//! Records for the tests, read from the JSON that a run writes.

use bloathound_vocabulary::{Finding, HostRecord, RunRecord, RunResults, ToolRecord};
use serde_json::{Value, json};

fn leak() -> Value {
    json!({"class": "leak", "verdict": "grows-with-requests", "fingerprint": "leak:module model/.DBModel",
           "where": {"module": "model", "class": "DBModel", "attribute": "_field_cache", "path": ["module model", "key"]},
           "evidence": {"objects_per_request": 1000, "bytes_per_request": 904_000,
                        "retained_bytes_per_request": 1_652_345, "retained_bytes": 33_046_900, "type": "type",
                        "rounds": [5000, 10_000]}})
}

pub(crate) fn leak_finding() -> Finding {
    serde_json::from_value(leak()).unwrap()
}

fn run(scenario: &str, variant: &str, outcome: &str, findings: Value, expected: Value) -> RunRecord {
    let class = if findings.is_null() { "leak".into() } else { findings["class"].clone() };
    let list = |one: Value| if one.is_null() { json!([]) } else { json!([one]) };
    serde_json::from_value(json!({
        "scenario": scenario, "variant": variant, "seed": 1, "valid": !["invalid", "error"].contains(&outcome), "outcome": outcome,
        "requests": 25, "seconds": 4.25, "looked_for": [class], "expected": list(expected), "findings": list(findings),
        "problems": [], "timing": {"copy_ms": 9.8},
    }))
    .unwrap()
}

fn met(class: &str) -> Value {
    json!({"class": class, "finding": 0, "found": true, "localised": true})
}

fn missed() -> Value {
    json!({"class": "leak", "found": false, "localised": false})
}

pub(crate) fn run_pass() -> RunRecord {
    run("leak", "buggy", "pass", leak(), met("leak"))
}

pub(crate) fn run_missed() -> RunRecord {
    run("leak-slow", "buggy", "fail", Value::Null, missed())
}

pub(crate) fn run_false_alarm() -> RunRecord {
    run("leak", "fixed", "fail", leak(), Value::Null)
}

pub(crate) fn run_invalid() -> RunRecord {
    run("leak-rare", "buggy", "invalid", Value::Null, missed())
}

pub(crate) fn run_error() -> RunRecord {
    let mut run = run("leak-dies", "buggy", "error", Value::Null, missed());
    run.error =
        serde_json::from_value(json!({"why": "the service `leak` ended", "stderr_tail": ["MemoryError"]})).unwrap();
    run
}

pub(crate) fn run_cycle() -> RunRecord {
    let cycle = json!({"class": "cycle", "verdict": "uncollectable", "fingerprint": "cycle:a|b", "where": {},
        "evidence": {"objects": 4000, "types": ["a", "b"], "finalizers": [], "in_gc_garbage": 2000,
                     "uncollectable": 4000, "cycle": ["a", "b"], "closing_reference": "b.a"}});
    run("cycles", "buggy", "pass", cycle, met("cycle"))
}

pub(crate) fn run_fragmentation() -> RunRecord {
    let fragmentation = json!({"class": "fragmentation", "verdict": "live-pinned-arenas", "where": {},
        "fingerprint": "fragmentation:str",
        "evidence": {"arenas": 208, "arena_bytes": 54_525_952, "live_bytes": 13_400_000, "utilisation": 0.2457,
                     "stranded_bytes": 34_600_000, "pinned_by": [{"type": "str", "owner": ["module audit"],
                     "objects": 12_345, "bytes": 592_560, "arenas": 187}]}});
    run("fragmentation", "buggy", "pass", fragmentation, met("fragmentation"))
}

pub(crate) fn run_hot_loop() -> RunRecord {
    let hot_loop = json!({"class": "hot-loop", "verdict": "no-observed-progress", "where": {},
        "fingerprint": "hot-loop:service.py",
        "evidence": {"samples": 297, "cpu_fraction": 0.9931, "loop_bytecode": [57, 90], "distinct_states": 1,
                     "unchanging": ["done"], "starved_seconds": 3.02, "voluntary_switches": 0, "thread": 4242}});
    run("tightloop", "buggy", "pass", hot_loop, met("hot-loop"))
}

fn toggled(broken: Value) -> RunRecord {
    let mut run = run("toggle-log", "fixed", "pass", Value::Null, Value::Null);
    run.toggle = serde_json::from_value(json!({"what": "debug-log", "phases": [], "facts": {}, "broken": broken,
                                               "mismatches": []}))
    .unwrap();
    run
}

pub(crate) fn run_toggle() -> RunRecord {
    toggled(json!([]))
}

pub(crate) fn run_toggle_broken() -> RunRecord {
    toggled(json!(["on: 149 of 150 requests were answered"]))
}

pub(crate) fn results(runs: Vec<RunRecord>) -> RunResults {
    let host = HostRecord { os: Some("linux".to_owned()), cpus: Some(2), ..HostRecord::default() };
    crate::results(ToolRecord::bloathound("0.1.0"), host, None, runs)
}
