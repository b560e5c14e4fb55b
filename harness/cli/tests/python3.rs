//! The commands on a process of CPython 3: live, by its image, by its core, with and without local symbols.
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

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use bloathound_testkit::python3;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
#[allow(unused_imports, reason = "`target` waits by it")]
use support::{bloathound, wait_until};
use target::{Target, told};

const SERVICE: &str = "
import asyncio, gc, sys
class Session:
    def __init__(self, number):
        self.number, self.history = number, [('login', number)]
class Registry:
    def __init__(self):
        self.sessions = {}
class Knot:
    def __del__(self): pass
registry = Registry()
def keep(count):
    first = len(registry.sessions)
    for number in range(first, first + count):
        registry.sessions[number] = Session(number)
async def waits(local):
    await asyncio.get_running_loop().create_future()
    return local
class Local: pass
async def begin():
    tasks.append(asyncio.ensure_future(waits(Local())))
    await asyncio.sleep(0)
tasks = []
loop = asyncio.new_event_loop()
loop.run_until_complete(begin())
keep(300)
gc.collect()
gc.disable()
for number in range(40):
    knot = Knot()
    knot.itself = knot
del knot
def serve():
    running = Local()
    print('ready', flush=True)
    for line in sys.stdin:
        keep(500)
        print('grown', flush=True)
serve()
";

/// Tests that take a series, each for all series that are read.
macro_rules! of_every_series {
    ($($test:ident),+) => {
        of_one_series!(of_3_10, "3.10", $($test),+);
        of_one_series!(of_3_11, "3.11", $($test),+);
        of_one_series!(of_3_12, "3.12", $($test),+);
        of_one_series!(of_3_13, "3.13", $($test),+);
    };
}
macro_rules! of_one_series {
    ($module:ident, $series:literal, $($test:ident),+) => {
        mod $module {
            $(#[test] fn $test() { super::$test($series); })+
        }
    };
}
of_every_series!(
    a_process_its_image_and_its_core_tell_the_same,
    paths_go_by_attributes_and_calls,
    growth_is_found_where_it_is,
    a_loop_that_gets_nowhere_is_found_with_its_lines_and_its_twin_is_not,
    turns_that_fail_are_told_by_what_is_caught,
    a_coroutine_that_never_awaits_starves_its_event_loop,
    event_loops_that_spin_are_found_with_what_they_call,
    event_loops_that_serve_or_wait_are_silent,
    a_match_that_has_lost_its_way_is_told_with_its_pattern,
    threads_are_told_with_their_names_and_stacks
);

fn service(series: &str) -> Option<Target> {
    let python = python3(series)?;
    Some(Target::start(Command::new(python).args(["-E", "-s", "-c", SERVICE])).at_rest())
}

fn a_process_its_image_and_its_core_tell_the_same(series: &str) {
    let Some(target) = service(series) else { return };
    let folder = tempfile::tempdir().unwrap();
    let pid = target.pid().to_string();
    let live = told(&["inspect", &pid]);
    bloathound().args(["inspect", &pid]).assert().success().stdout(contains(format!("CPython {series}.")));
    // Up to 3.10 each has a dict for its attributes.
    let waiting = if series == "3.10" { 80 } else { 40 };
    assert_eq!(live["garbage"]["awaiting_collection"]["objects"], waiting, "{}", live["garbage"]);
    let image = folder.path().join("image.bhi");
    bloathound().args(["capture", &pid, "-o"]).arg(&image).assert().success();
    let of_image = told(&["inspect", image.to_str().unwrap()]);
    assert_eq!(of_image["heap"]["by_type"], live["heap"]["by_type"]);
    assert_eq!(of_image["garbage"], live["garbage"]);
    let core = folder.path().join("core");
    let gcore = Command::new("gcore").arg("-o").arg(&core).arg(&pid).output();
    match gcore.is_ok_and(|output| output.status.success()) {
        true => {
            let of_core = told(&["inspect", &format!("{}.{pid}", core.display())]);
            assert_eq!(of_core["heap"]["by_type"], live["heap"]["by_type"]);
        }
        false => bloathound_testkit::skip("no gcore (gdb)"),
    }
}

fn paths_go_by_attributes_and_calls(series: &str) {
    let Some(target) = service(series) else { return };
    let pid = target.pid().to_string();
    let why = |name: &str| bloathound().args(["why", &pid, name]).assert().success();
    why("__main__.Session").stdout(contains("registry.sessions"));
    why("__main__.Local").stdout(contains("serve()'s local running"));
}

fn growth_is_found_where_it_is(series: &str) {
    let Some(mut target) = service(series) else { return };
    let pid = target.pid().to_string();
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before.bhi");
    bloathound().args(["capture", &pid, "-o"]).arg(&before).assert().success();
    target.say("grow");
    assert_eq!(target.line(), "grown");
    let target = target.at_rest();
    let said = contains("Session").and(contains("registry.sessions"));
    bloathound().arg("diff").arg(&before).arg(target.pid().to_string()).assert().success().stdout(said);
}

/// What `hot` says of a script of that series that prints `ready` and goes on.
fn hot(series: &str, script: &str) -> Option<Value> {
    // What had too little of the processor is not judged; other tests run beside this one.
    let is_judged = |report: &Value| {
        report["verdict"] != "busy" || report["cpu_fraction"].as_f64().is_none_or(|share| share >= PROCESSOR_MIN)
    };
    hot_until(series, script, &is_judged)
}

/// The first look that is `enough`, of a few; else the last.
fn hot_until(series: &str, script: &str, enough: &dyn Fn(&Value) -> bool) -> Option<Value> {
    // Each takes a processor.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let python = python3(series)?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.py");
    std::fs::write(&file, script).unwrap();
    let target = Target::start(Command::new(python).args(["-E", "-s"]).arg(&file));
    let look = || told(&["hot", &target.pid().to_string(), "--seconds", "3"]);
    Some((1..LOOKS_MAX).map(|_| look()).find(enough).unwrap_or_else(look))
}

/// Looks at one script, where others take the processor away.
const LOOKS_MAX: usize = 5;
/// What it has to have had of a processor to be judged as busy.
const PROCESSOR_MIN: f64 = 0.9;

const PAGES: &str = "
class Page:
    def __init__(self, rows):
        self.rows = rows
    def peek(self):
        return self.rows[-1]
    def take(self):
        if not self.rows:
            self.rows = list(range(10 ** 5))
        return self.rows.pop()
";

fn a_loop_that_gets_nowhere_is_found_with_its_lines_and_its_twin_is_not(series: &str) {
    let call = "
def call(page):
    done = False
    tries = 0
    while not done:
        row = page.peek()
        if row is None:
            tries += 1
            continue
        done = row > 3
print('ready', flush=True)
";
    let Some(report) = hot(series, &format!("{PAGES}{call}call(Page([None]))\n")) else { return };
    let finding = &report["findings"][0];
    assert_eq!(finding["class"], "hot-loop", "{report}");
    let place = &finding["where"];
    assert_eq!(
        (&place["function"], &place["line_first"], &place["line_last"]),
        (&"call".into(), &15.into(), &20.into())
    );
    assert_eq!(report["sources"][0]["lines"][0]["text"], "    while not done:", "{}", report["sources"]);
    let twin = call.replace("row = page.peek()", "row = page.take()").replace("row > 3", "row is False");
    let report = hot(series, &format!("{PAGES}{twin}call(Page([]))\n")).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]), "{report}");
    assert_eq!(report["verdict"], "busy", "{report}");
}

fn turns_that_fail_are_told_by_what_is_caught(series: &str) {
    let script = "
import json
def forever(text):
    while True:
        try:
            return json.loads(text)
        except ValueError as error:
            last = str(error)
print('ready', flush=True)
forever('{\"a\": ')
";
    let Some(report) = hot(series, script) else { return };
    let finding = &report["findings"][0];
    assert_eq!(finding["class"], "hot-loop", "{report}");
    assert_eq!(finding["where"]["function"], "forever", "{report}");
}

fn a_coroutine_that_never_awaits_starves_its_event_loop(series: &str) {
    let script = "
import asyncio
class Job:
    state = 'new'
    def poll(self):
        return self.state
async def wait_for(job):
    while job.poll() != 'done':
        pass
async def beat():
    while True:
        await asyncio.sleep(0.05)
async def main():
    kept = asyncio.create_task(beat())
    await asyncio.sleep(0.01)
    print('ready', flush=True)
    await wait_for(Job())
asyncio.run(main())
";
    let Some(report) = hot(series, script) else { return };
    let finding = &report["findings"][0];
    assert_eq!(finding["class"], "hot-loop", "{report}");
    assert_eq!(finding["where"]["function"], "wait_for", "{report}");
    let lines: Vec<&str> = report["sources"][0]["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert_eq!(lines, ["    while job.poll() != 'done':", "        pass"], "{report}");
    let tiers = finding["evidence"]["tiers"].as_array().unwrap();
    assert!(tiers.contains(&"event-loop-starved".into()), "{report}");
}

/// A service of asyncio that begins with `begin`.
fn event_loop(begin: &str) -> String {
    let head = "
import asyncio, os
class Flusher:
    def __init__(self, loop):
        self.loop, self.pending, self.sizes = loop, [], list(range(150))
    def flush(self):
        if self.pending:
            self.pending.pop()
        self.loop.call_soon(self.flush)
    def late(self):
        self.loop.call_later(0, self.late)
    def on_readable(self):
        if self.pending:
            self.pending.pop()
async def drain(queue):
    while max(queue.sizes) < 1000:
        await asyncio.sleep(0)
async def waits(queue):
    await drain(queue)
async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line[::-1])
        await writer.drain()
async def serve(clients, pause):
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    port = server.sockets[0].getsockname()[1]
    async def client():
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        number = 0
        while True:
            number += 1
            writer.write(b'line %d\\n' % number)
            await reader.readline()
            await asyncio.sleep(pause)
    kept = [asyncio.create_task(client()) for _ in range(clients)]
    print('ready', flush=True)
    await server.serve_forever()
async def main():
    loop = asyncio.get_running_loop()
    flusher = Flusher(loop)
";
    format!("{head}{begin}    print('ready', flush=True)\n    await asyncio.sleep(1000)\nasyncio.run(main())\n")
}

/// The coroutine asks something that takes a moment: what does nothing but wait is in its own code for so short a time that a
/// reader that was built without optimisation, or has little of the processor, may come too late each time.
fn event_loops_that_spin_are_found_with_what_they_call(series: &str) {
    for (begin, function) in [
        ("    flusher.flush()\n", "flush"),
        ("    flusher.late()\n", "late"),
        ("    r, w = os.pipe()\n    os.write(w, b'x')\n    loop.add_reader(r, flusher.on_readable)\n", "on_readable"),
        ("    kept = asyncio.create_task(waits(flusher))\n", "drain"),
    ] {
        let finds = |report: &Value| report["findings"] != serde_json::json!([]);
        let Some(report) = hot_until(series, &event_loop(begin), &finds) else { return };
        let finding = &report["findings"][0];
        assert_eq!(finding["where"]["function"], function, "{begin}: {report}");
    }
}

fn event_loops_that_serve_or_wait_are_silent(series: &str) {
    for begin in ["    await serve(0, 1)\n", "    await serve(3, 0.001)\n", "    await serve(5, 0)\n"] {
        let Some(report) = hot(series, &event_loop(begin)) else { return };
        assert_eq!(report["findings"], serde_json::json!([]), "{begin}: {report}");
    }
}

fn a_match_that_has_lost_its_way_is_told_with_its_pattern(series: &str) {
    for call in ["re.match(PATTERN, text)", "re.compile(PATTERN).search(text)", "matches(text)"] {
        let script = format!(
            "
import re
PATTERN = '(a+)+$'
matches = re.compile(PATTERN).fullmatch
def check(text):
    return {call}
print('ready', flush=True)
check('a' * 40 + 'b')
"
        );
        let Some(report) = hot(series, &script) else { return };
        let finding = &report["findings"][0];
        assert_eq!(finding["where"]["function"], "check", "{call}: {report}");
        let said = finding["summary"].as_str().unwrap_or_default();
        assert!(said.contains("(41 characters)") && said.contains("of the pattern '(a+)+$'"), "{call}: {report}");
    }
}

fn threads_are_told_with_their_names_and_stacks(series: &str) {
    let Some(target) = service(series) else { return };
    let report = told(&["inspect", &target.pid().to_string()]);
    let frames = report["threads"][0]["frames"].as_array().unwrap_or_else(|| panic!("{}", report["threads"]));
    let functions: Vec<&str> = frames.iter().filter_map(|frame| frame["function"].as_str()).collect();
    assert_eq!(functions, ["serve", "<module>"], "{}", report["threads"]);
    assert_eq!(report["threads"][0]["name"], "MainThread", "{}", report["threads"]);
}

#[test]
fn other_releases_are_refused_with_the_reason() {
    for (series, reason) in [("3.8", "past its end"), ("3.9", "past its end"), ("3.14", "not read")] {
        let Some(python) = python3(series) else { continue };
        let script = "import sys; print('ready', flush=True); sys.stdin.readline()";
        let target = Target::start(Command::new(python).args(["-c", script]));
        let said = contains(format!("Python {series}."))
            .and(contains(reason))
            .and(contains("CPython 2.7, 3.10, 3.11, 3.12 and 3.13"));
        bloathound().args(["inspect", &target.pid().to_string()]).assert().code(3).stdout("").stderr(said);
    }
}
