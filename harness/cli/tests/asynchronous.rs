//! What services on an event loop of CPython 3 leave behind: tasks and where they wait, and garbage that was frozen.
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

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use bloathound_testkit::python3;
use serde_json::Value;
#[allow(unused_imports, reason = "`target` waits by it")]
use support::{bloathound, wait_until};
use target::{Target, told};

const SERIES: [&str; 3] = ["3.11", "3.12", "3.13"];

const SHOP: &str = "
import asyncio, collections, json, os
class Shop:
    def __init__(self):
        self.gate, self.tasks = asyncio.Lock(), set()
    async def serve(self, number):
        if number % 3:
            await self.pay(number)
        async with self.gate:
            return number
    async def pay(self, number):
        await asyncio.get_running_loop().create_future()
    def take(self, count):
        first = len(self.tasks)
        self.tasks.update(asyncio.ensure_future(self.serve(first + n)) for n in range(count))
";

/// Tells where each of its tasks is, by the interpreter.
const STANDS: &str = "
async def main():
    shop = Shop()
    await shop.gate.acquire()
    shop.take(210)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    shop.take(4)
    told = collections.Counter()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        coroutine = task.get_coro()
        told['%s:%d' % (coroutine.__qualname__, coroutine.cr_frame.f_lineno)] += 1
    print('ready', json.dumps(told), flush=True)
    os.read(0, 1)
asyncio.run(main())
";

fn app(folder: &Path, series: &str, script: &str) -> Option<Command> {
    let file = folder.join("app.py");
    std::fs::write(&file, script).unwrap();
    let mut command = Command::new(python3(series)?);
    command.args(["-E", "-s"]).arg(file);
    Some(command)
}

/// Tasks that wait by coroutine and line, as `inspect` has them.
fn waiting(report: &Value) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let groups = report["tasks"]["groups"].as_array().unwrap();
    for group in groups.iter().filter(|group| group["state"] != "runs") {
        let line = &group["frames"].as_array().unwrap().last().unwrap()["line"];
        *found.entry(format!("{}:{line}", group["coroutine"].as_str().unwrap())).or_default() +=
            group["count"].as_u64().unwrap();
    }
    found
}

#[test]
fn tasks_are_told_by_where_they_wait_live_and_from_an_image() {
    for series in SERIES {
        let folder = tempfile::tempdir().unwrap();
        let Some(mut command) = app(folder.path(), series, &format!("{SHOP}{STANDS}")) else { continue };
        let (target, ready) = Target::start_telling(&mut command);
        let truth: BTreeMap<String, u64> = serde_json::from_str(ready.trim_start_matches("ready ")).unwrap();
        assert_eq!(truth.values().sum::<u64>(), 214, "{ready}");
        let target = target.at_rest();
        let pid = target.pid().to_string();
        let live = told(&["inspect", &pid]);
        assert_eq!(waiting(&live), truth, "{series}: {}", live["tasks"]);
        assert_eq!(live["tasks"]["count"], 215);
        let first = &live["tasks"]["groups"][0];
        let functions: Vec<&str> =
            first["frames"].as_array().unwrap().iter().map(|frame| frame["function"].as_str().unwrap()).collect();
        assert_eq!((&first["count"], functions), (&Value::from(140), vec!["pay", "serve"]), "{series}: {first}");
        assert_eq!((&first["type"], &first["waits_for"]), (&"_asyncio.Task".into(), &"_asyncio.Future".into()));
        let states: Vec<&str> =
            live["tasks"]["groups"].as_array().unwrap().iter().map(|group| group["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["waits", "waits", "not-begun", "runs"], "{series}");
        let image = folder.path().join("image.bhi");
        bloathound().args(["capture", &pid, "-o"]).arg(&image).assert().success();
        let of_image = told(&["inspect", image.to_str().unwrap()]);
        assert_eq!(of_image["tasks"], live["tasks"], "{series}");
        let text = |more: &[&str]| {
            let output = bloathound().args(["inspect", &pid]).args(more).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let short = text(&[]);
        let rows = ["215 tasks are not done", "pay (app.py:12), for _asyncio.Future", "app.py:9", "not begun"];
        assert!(rows.iter().all(|row| short.contains(row)), "{series}: {short}");
        let whole = text(&["-v"]);
        assert!(whole.contains("140 of Shop.serve, waiting for _asyncio.Future (Task-"), "{series}: {whole}");
    }
}

/// More of them every moment, each of which does the same forever.
const GROWS: &str = "
async def main():
    shop = Shop()
    await shop.gate.acquire()
    print('ready', flush=True)
    while True:
        shop.take(20)
        await asyncio.sleep(.02)
asyncio.run(main())
";

fn watched(target: &Target, folder: &Path) -> Value {
    let json = folder.join("watch.json");
    let done = bloathound()
        .args(["watch", &target.pid().to_string(), "--rounds", "5", "--interval", "0.5", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap()
}

#[test]
fn what_grows_by_tasks_says_where_these_wait() {
    for series in SERIES {
        let folder = tempfile::tempdir().unwrap();
        let Some(mut command) = app(folder.path(), series, &format!("{SHOP}{GROWS}")) else { continue };
        let report = watched(&Target::start(&mut command), folder.path());
        let findings = report["findings"].as_array().unwrap();
        let of_tasks = findings.iter().find(|finding| finding["evidence"]["type"] == "_asyncio.Task");
        let of_tasks = of_tasks.unwrap_or_else(|| panic!("{series}: {report}"));
        let places = of_tasks["evidence"]["tasks_wait"].as_array().unwrap();
        let at = |place: &Value| place.as_str().unwrap().trim_start_matches(char::is_numeric).to_owned();
        let both = [" in Shop.serve (app.py:8)", " in Shop.serve (app.py:9)"];
        assert!(places.len() >= 2 && both.contains(&at(&places[0]).as_str()), "{series}: {of_tasks}");
        assert!(of_tasks["summary"].as_str().unwrap().contains("Tasks wait: "), "{series}: {of_tasks}");
        assert!(report["tasks"]["count"].as_u64().unwrap() > 100, "{series}");
    }
}

/// Rings of objects for each request, and what is done about them.
const RINGS: &str = "
import gc, sys, time
class Node: pass
def request():
    first = last = Node()
    for _ in range(50):
        last.next = Node()
        last = last.next
    last.next = first
def work(): WORK
gc.disable()
imported = [[n] for n in range(5000)]
for _ in range(20):
    request()
START
print('ready', flush=True)
while True:
    for _ in range(5):
        request()
    work()
    time.sleep(.02)
";

#[test]
fn garbage_that_is_frozen_again_and_again_is_found_and_a_service_that_freezes_once_is_silent() {
    for series in SERIES {
        let folder = tempfile::tempdir().unwrap();
        let judged = |start: &str, work: &str| {
            let script = RINGS.replace("START", start).replace("WORK", work);
            let mut command = app(folder.path(), series, &script)?;
            let target = Target::start(&mut command);
            let report = watched(&target, folder.path());
            let garbage = told(&["inspect", &target.pid().to_string()])["garbage"].clone();
            Some((report, garbage))
        };
        let Some((report, garbage)) = judged("gc.enable()", "gc.freeze()") else { continue };
        let finding = &report["findings"][0];
        assert_eq!(
            (&finding["class"], &finding["verdict"]),
            (&"garbage".into(), &"collector-frozen".into()),
            "{report}"
        );
        assert_eq!(finding["evidence"]["types"][0], "__main__.Node", "{series}: {finding}");
        assert!(finding["summary"].as_str().unwrap().contains("call gc.freeze() once"), "{series}: {finding}");
        assert!(garbage["frozen_garbage"]["objects"].as_u64().unwrap() > 5000, "{series}: {garbage}");
        // As services do that fork: what is garbage by then is told, and is no finding.
        let (report, garbage) = judged("gc.freeze(); gc.enable()", "pass").unwrap();
        assert_eq!(report["findings"], Value::Array(Vec::new()), "{series}");
        assert!(garbage["frozen_garbage"]["objects"].as_u64().unwrap() >= 1000, "{series}: {garbage}");
        assert_eq!(garbage["collector"]["next_full"], "later", "{series}: {garbage}");
        assert_eq!(garbage["cycle"], serde_json::json!(["Node.next"]), "{series}: {garbage}");
    }
}
