//! `why` of a type whose objects hang at several places: the kind that grows where a look before is at hand, else a list to
//! choose from.
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

use std::path::{Path, PathBuf};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use support::{bloathound, live, root, wait_until};
use target::{Target, told};

/// A cache that turns over, a list that grows, and objects that C code holds.
const HOLDERS: &str = "
import ctypes, sys
class Row(object):
    def __init__(self, n): self.n = n
class Cache(object):
    def __init__(self): self.rows = {}
    def turn(self): self.rows = dict((n, Row(n)) for n in range(3000))
class Lost(object): __slots__ = ()
class Deep(object): __slots__ = ()
raised = ctypes.pythonapi.Py_IncRef
raised.argtypes = [ctypes.py_object]
cache, kept = Cache(), []
cache.turn()
kept.extend(Row(n) for n in range(100))
for i in range(3):
    lost = Lost(); raised(lost)
del lost
nest = deep = Deep()
raised(deep)
del deep
for i in range(40): nest = [nest]
print 'ready'
sys.stdout.flush()
while sys.stdin.readline():
    cache.turn()
    kept.extend(Row(n) for n in range(500))
    print 'grown'
    sys.stdout.flush()
";

fn places(report: &Value) -> Vec<&str> {
    report["kinds"].as_array().expect("kinds").iter().map(|kind| kind["place"].as_str().unwrap()).collect()
}

fn capture(pid: &str, folder: &Path) -> String {
    let image = folder.join("before.bhi");
    bloathound().args(["capture", pid, "-o"]).arg(&image).assert().success();
    image.to_str().unwrap().to_owned()
}

#[test]
fn what_grows_since_a_look_before_is_told_and_not_what_turns_over() {
    if !live() {
        return;
    }
    let mut target = Target::script(HOLDERS).at_rest();
    let pid = target.pid().to_string();
    let folder = tempfile::tempdir().unwrap();
    let before = capture(&pid, folder.path());
    target.say("grow");
    assert_eq!(target.line(), "grown");
    let target = target.at_rest();
    let report = told(&["why", &pid, "__main__.Row", "--since", &before]);
    assert_eq!(places(&report), ["kept", "cache.rows"], "{report}");
    let kinds = &report["kinds"];
    // The cache has more that is new, and no more than before.
    assert!(kinds[1]["new_objects"].as_u64() > kinds[0]["new_objects"].as_u64(), "{kinds}");
    assert_eq!((&kinds[0]["objects"], &kinds[1]["objects"]), (&Value::from(600), &Value::from(3000)));
    let path = &report["path"];
    assert_eq!((&path[0]["label"], &path[1]["label"]), (&"module __main__".into(), &".kept".into()), "{path}");
    let text = contains("new, by who holds it").and(contains(format!("--since {before} --kind 2")));
    bloathound().args(["why", &pid, "Row", "--since", &before]).assert().success().stdout(text);
    // What was not there before is not told as if it were.
    let other = Target::script(HOLDERS).at_rest();
    let refused = bloathound().args(["why", &other.pid().to_string(), "Row", "--since", &before]).assert().code(2);
    refused.stderr(contains("is no earlier look at this run"));
    drop(target);
}

#[test]
fn without_a_look_before_one_chooses_among_those_who_hold() {
    if !live() {
        return;
    }
    let target = Target::script(HOLDERS).at_rest();
    let pid = target.pid().to_string();
    let report = told(&["why", &pid, "Row"]);
    assert_eq!(places(&report), ["cache.rows", "kept"], "{report}");
    assert_eq!((&report["matches"], &report["kind"]), (&3100.into(), &1.into()));
    assert_eq!(report["next"], format!("bloathound why {pid} Row --kind 2"));
    assert_eq!(report["path"][2]["label"], ".rows", "{report}");
    let second = told(&["why", &pid, "Row", "--kind", "2"]);
    assert_eq!(second["path"][1]["label"], ".kept", "{second}");
    let none = bloathound().args(["why", &pid, "Row", "--kind", "3"]).assert().code(2);
    none.stderr(contains("hang at 2 places"));
    // The dict of an object is no dict of a module, and the largest dict is not what there is most of.
    let dicts = told(&["why", &pid, "dict"]);
    assert_eq!(places(&dicts)[0], "cache.rows[…].__dict__", "{}", dicts["kinds"]);
    let listed = dicts["kinds"].as_array().unwrap();
    let of_modules = |kind: &&Value| kind["place"].as_str().unwrap().starts_with("sys.__dict__");
    assert!(listed.iter().take(10).find(of_modules).is_none(), "{listed:?}");
}

#[test]
fn what_only_c_code_holds_is_said_to_be() {
    if !live() {
        return;
    }
    let target = Target::script(HOLDERS).at_rest();
    let pid = target.pid().to_string();
    let said = |report: &Value| {
        let mut problems = report["problems"].as_array().unwrap().iter();
        problems.any(|problem| problem["message"].as_str().unwrap().contains("no module and no thread's frame leads"))
    };
    let lost = told(&["why", &pid, "Lost"]);
    assert_eq!(lost["matches"], 3);
    assert!(said(&lost), "{lost}");
    // A long way from a module is one all the same.
    let deep = told(&["why", &pid, "Deep"]);
    assert_eq!(deep["path"][0]["label"], "module __main__", "{deep}");
    assert!(!said(&deep), "{deep}");
}

#[test]
fn a_recorded_run_tells_which_kind_grew() {
    let folder = root().join("snapshots/recorded/leak-buggy");
    let mut images: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    images.retain(|path| path.extension().is_some_and(|extension| extension == "bhi"));
    images.sort();
    let (first, last) = (images.first().unwrap().to_str().unwrap(), images.last().unwrap().to_str().unwrap());
    for (what, place) in
        [("attendees.Attendee", "model.DBModel._field_cache"), ("dict", "model.DBModel._field_cache[…].__dict__")]
    {
        let report = told(&["why", last, what, "--since", first]);
        assert_eq!(places(&report)[0], place, "{what}: {}", report["kinds"]);
        assert_eq!(report["path"][1]["label"], ".DBModel", "{report}");
    }
}

/// Frames that nothing but C code holds, as a greenlet's stack does, and memory that is mapped.
const BESIDE_THREADS: &str = "
import ctypes, mmap, sys
raised = ctypes.pythonapi.Py_IncRef
raised.argtypes = [ctypes.py_object]
class Row(object): pass
class Service(object):
    def __init__(self): self.waiting = []
def waits(service):
    raised(sys._getframe())
    service.waiting.append(Row())
def serve():
    service = Service()
    for n in range(50): waits(service)
serve()
maps = [mmap.mmap(-1, 1 << 20) for n in range(4)]
for one in maps: one.write('x' * (1 << 20))
del one
print 'ready'
sys.stdout.flush()
sys.stdin.readline()
";

#[test]
fn calls_that_wait_on_stacks_of_their_own_hold_and_mapped_memory_is_whose_mapping_it_is() {
    if !live() {
        return;
    }
    let target = Target::script(BESIDE_THREADS).at_rest();
    let pid = target.pid().to_string();
    let report = told(&["why", &pid, "__main__.Row"]);
    assert_eq!(places(&report), ["waits()'s local service.waiting"], "{report}");
    assert_eq!(report["path"][0]["label"], "suspended call waits", "{report}");
    let report = told(&["why", &pid, "mmap.mmap"]);
    let bytes = report["kinds"][0]["bytes"].as_u64().unwrap();
    assert!((4 << 20..5 << 20).contains(&bytes), "{report}");
}
