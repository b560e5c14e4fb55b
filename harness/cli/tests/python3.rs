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

use bloathound_testkit::python3;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
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
    stacks_are_refused_by_name
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
    assert_eq!(live["garbage"]["awaiting_collection"]["objects"], 40, "{}", live["garbage"]);
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

fn stacks_are_refused_by_name(series: &str) {
    let Some(target) = service(series) else { return };
    let said = contains(format!("stacks of CPython {series} can't be read yet")).and(contains("`inspect`"));
    bloathound().args(["hot", &target.pid().to_string()]).assert().code(3).stderr(said);
}

#[test]
fn other_releases_are_refused_with_the_reason() {
    for (series, reason) in [("3.8", "past its end"), ("3.9", "past its end"), ("3.10", "not read yet")] {
        let Some(python) = python3(series) else { continue };
        let script = "import sys; print('ready', flush=True); sys.stdin.readline()";
        let target = Target::start(Command::new(python).args(["-c", script]));
        let said = contains(format!("Python {series}."))
            .and(contains(reason))
            .and(contains("CPython 2.7, 3.11, 3.12 and 3.13"));
        bloathound().args(["inspect", &target.pid().to_string()]).assert().code(3).stdout("").stderr(said);
    }
}
