//! `watch` under uneven traffic: what grows is found and named, what is bounded is told, and a watch that was kept says
//! the same again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed test ends by a panic"
)]

mod support;
#[path = "support/target.rs"]
mod target;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{bloathound, live, wait_until};
use target::{Target, without_next};

/// Bursts and pauses, from one seed; `handle` is called for each request.
const BURSTS: &str = "
import random, sys, time
from collections import deque
random.seed(7)
class Row(object):
    def __init__(self, n): self.n = n
kept, last = [], deque(maxlen=1000000)
class Cache(object):
    def __init__(self): self.maxsize, self.rows = 1000000, {}
cache = Cache()
def handle(n): HANDLE
print 'ready'
sys.stdout.flush()
n = 0
while True:
    for _ in range(random.choice((0, 0, 10, 50, 400))):
        handle(n); n += 1
    time.sleep(random.uniform(.005, .05))
";

fn watched(script: &str, more: &[&str], folder: &Path) -> Value {
    let target = Target::script(script);
    let json = folder.join("watch.json");
    let pid = target.pid().to_string();
    let done = bloathound()
        .args(["watch", &pid, "--rounds", "5", "--interval", "0.5", "--json"])
        .arg(&json)
        .args(more)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap()
}

#[test]
fn bursts_hide_nothing_and_a_kept_watch_says_it_again() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept_text = kept.to_str().unwrap();
    let mut report = watched(&BURSTS.replace("HANDLE", "kept.append(Row(n))"), &["--record", kept_text], folder.path());
    without_next(&mut report);
    let finding = &report["findings"][0];
    assert_eq!((&finding["class"], &finding["verdict"]), (&Value::from("growth"), &Value::from("grows")), "{report}");
    assert_eq!(finding["where"]["attribute"], "kept");
    assert!(finding["confidence"]["why"].as_str().unwrap().contains("may still be filling"), "{finding}");
    let again = |arguments: &[&str]| {
        let done = bloathound().args(["watch", kept_text, "--json", "-"]).args(arguments).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice::<Value>(&done.stdout).unwrap()
    };
    assert_eq!(again(&[])["findings"], report["findings"]);
    assert_eq!(again(&["--without", "growth"])["findings"], Value::Array(Vec::new()));
    // It is written over by nothing, and not by another watch.
    let target = Target::script(&BURSTS.replace("HANDLE", "pass"));
    let pid = target.pid().to_string();
    let second =
        bloathound().args(["watch", &pid, "--rounds", "2", "--interval", "0.1", "--record", kept_text]).output();
    let second = second.unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("name another folder"));
    assert_eq!(again(&[])["findings"], report["findings"]);
}

#[test]
fn what_is_bounded_is_told_with_its_bound_and_is_no_finding() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = watched(&BURSTS.replace("HANDLE", "last.append(Row(n))"), &[], folder.path());
    assert_eq!(report["findings"], Value::Array(Vec::new()), "{report}");
    let told: Vec<&Value> = report["observations"].as_array().unwrap().iter().collect();
    assert!(told.iter().any(|seen| seen["evidence"]["limit"] == 1_000_000), "{told:?}");
}

/// A number beside it may be meant as its bound: nobody saw it reached, and it is far.
#[test]
fn what_may_be_a_bound_and_is_far_is_told_with_what_grows() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = watched(&BURSTS.replace("HANDLE", "cache.rows[n] = Row(n)"), &[], folder.path());
    let finding = &report["findings"][0];
    assert_eq!((&finding["class"], &finding["confidence"]["grade"]), (&"growth".into(), &"low".into()), "{report}");
    let said = finding["summary"].as_str().unwrap();
    assert!(said.starts_with("cache.rows holds") && said.contains(" = 1000000 is meant as its bound"), "{said}");
}

#[test]
fn what_is_bounded_hides_no_leak_that_takes_the_same_steps() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = watched(&BURSTS.replace("HANDLE", "last.append(Row(n)); kept.append(Row(n))"), &[], folder.path());
    assert_eq!(report["findings"][0]["where"]["attribute"], "kept", "{report}");
    assert_eq!(report["observations"][0]["where"]["attribute"], "last", "{report}");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report}");
}

/// A service that counts its requests and keeps every fourth. Until the file FLAG is there it serves many cheap ones, then
/// fewer that cost ten times as much, or none while a timer burns the processor. Nothing that the kernel counts tells
/// this from a cache that was filled.
const COUNTED: &str = "
import os, sys, time
class Service(object):
    def __init__(self): self.requests, self.sessions = 0, []
    def handle(self, turns, keeps):
        self.requests += 1
        if keeps and self.requests % 4 == 0: self.sessions.append({'n': self.requests})
        burn(turns)
def burn(turns):
    n = 0
    while n < turns: n += 1
service = Service()
for _ in range(4000): service.handle(0, True)
print 'ready'
sys.stdout.flush()
while True:
    late = os.path.exists('FLAG')
    for _ in range(LATE if late else 40): service.handle(2000 if late else 200, KEEPS)
    if late: burn(BURNT)
    time.sleep(.02)
";

/// Watched with five rounds, of which the last three are late.
fn watched_until_late(script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let (flag, kept) = (folder.path().join("late"), folder.path().join("kept"));
    let target = Target::script(&script.replace("FLAG", flag.to_str().unwrap()));
    let json = folder.path().join("watch.json");
    let mut tool = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["watch", &target.pid().to_string(), "--rounds", "5", "--interval", "0.5", "--json"])
        .arg(&json)
        .arg("--record")
        .arg(&kept)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let third = kept.join("look-002.bhi");
    wait_until("the third look", Duration::from_secs(60), || third.exists().then_some(()));
    std::fs::write(&flag, "").unwrap();
    assert!(tool.wait().unwrap().success());
    serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap()
}

#[test]
fn a_programs_own_count_tells_a_leak_where_requests_cost_now_little_and_now_much() {
    if !live() {
        return;
    }
    let script = COUNTED.replace("LATE", "4").replace("BURNT", "0").replace("KEEPS", "True");
    let report = watched_until_late(&script);
    let finding = &report["findings"][0];
    assert_eq!(finding["where"]["attribute"], "sessions", "{report}");
    assert_eq!(finding["evidence"]["grows_with"], "the count service.requests", "{report}");
    assert_eq!(finding["class"], "growth", "{report}");
    // Without such a count nobody can know.
    let uncounted = script.replace("requests", "colour");
    assert_eq!(watched_until_late(&uncounted)["findings"], Value::Array(Vec::new()));
}

#[test]
fn a_programs_own_count_tells_a_lull_where_a_timer_burns_the_processor() {
    if !live() {
        return;
    }
    let script = COUNTED.replace("LATE", "0").replace("BURNT", "20000").replace("KEEPS", "True");
    let report = watched_until_late(&script);
    assert_eq!(report["findings"][0]["where"]["attribute"], "sessions", "{report}");
    assert_eq!(report["findings"][0]["evidence"]["grows_with"], "the count service.requests", "{report}");
    // A cache that was filled, with as many requests all along, is none.
    let cache = COUNTED.replace("LATE", "40").replace("BURNT", "0").replace("KEEPS", "not late");
    assert_eq!(watched_until_late(&cache)["findings"], Value::Array(Vec::new()));
}

#[test]
fn a_queue_without_a_bound_is_found() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = BURSTS.replace("maxlen=1000000", "").replace("HANDLE", "last.append(Row(n))");
    assert_eq!(watched(&script, &[], folder.path())["findings"][0]["where"]["attribute"], "last");
}

#[test]
fn a_folder_that_holds_no_watch_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let done = bloathound().arg("watch").arg(folder.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("watch.json"));
    // A manifest from elsewhere reads nothing outside its folder.
    let tool = r#"{"name": "bloathound", "version": "0"}"#;
    let look = r#"{"round": 0, "seconds": 0.0, "file": "../x.bhi", "processor_seconds": null, "switches": null, "moved_bytes": null, "age_seconds": null}"#;
    let text = format!(r#"{{"format": 1, "tool": {tool}, "pid": 1, "looks": [{look}]}}"#);
    std::fs::write(folder.path().join("watch.json"), text).unwrap();
    let done = bloathound().arg("watch").arg(folder.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("no file in this folder"));
}
