//! A live process, its cores and its recorded image tell the same, by the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;
#[path = "support/target.rs"]
mod target;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bloathound_driver::{Cache, Launcher, Ledger, Limits, Service, run_round};
use bloathound_scenario::{Variant, load_file};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};
use support::{bloathound, interpreter, live, root, wait_until};
use target::{Target, ZOO, assert_same, copied, copy_interpreter, findings_of, gcore, strip, told};

/// Stops what is to be read several times.
fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

fn stopped(pid: u32) {
    signal(pid, "-STOP");
    wait_until("the service to stop", Duration::from_secs(30), || {
        support::stat(pid).filter(|fields| fields.first().is_some_and(|state| state == "T"))
    });
}

/// All commands that take files agree on the process, its core and its image.
fn all_agree(pid: u32, what: &str, folder: &Path) -> Option<Value> {
    let live = pid.to_string();
    let image = folder.join("image.bhi");
    bloathound().args(["capture", &live, "-o"]).arg(&image).assert().success();
    let core = gcore(pid, folder)?;
    let seen = findings_of(told(&["inspect", &live]));
    let why = findings_of(told(&["why", &live, what]));
    assert!(why["path"].as_array().is_some_and(|path| !path.is_empty()), "{why}");
    for file in [&core, &image] {
        let file = file.to_str().unwrap();
        assert_same(&seen, &findings_of(told(&["inspect", file])), file);
        assert_same(&why, &findings_of(told(&["why", file, what])), file);
        for (before, after) in [(live.as_str(), file), (file, live.as_str())] {
            let diff = told(&["diff", before, after]);
            assert_eq!(diff["by_type"], json!([]), "{before} {after}");
            assert_eq!(diff["total_before"], diff["total_after"]);
            assert!(diff["total_after"]["objects"].as_u64().unwrap() > 10_000, "{diff}");
        }
    }
    Some(seen)
}

/// A real service of the repository.
fn service(name: &str) -> (Service, bloathound_scenario::Scenario) {
    let services_dir = root().join("reference-services");
    let scenario = load_file(&root().join(format!("scenarios/{name}.yaml")), &services_dir).unwrap();
    let interpreter = interpreter();
    let lock_file = services_dir.join("requirements.lock");
    let environment = Cache::of_user().unwrap().prepare(&interpreter, &lock_file, &mut |_| ()).unwrap();
    let launcher = Launcher { interpreter, environment: Some(environment), services_dir };
    let service = Service::start(&launcher.launch(&scenario, Variant::Buggy, &Limits::default())).unwrap();
    (service, scenario)
}

#[test]
fn a_leaking_service_its_core_and_its_image_tell_the_same() {
    if !live() {
        return;
    }
    let (service, scenario) = service("leak");
    run_round(service.port(), scenario.load.as_ref().unwrap(), Duration::from_secs(60)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    stopped(service.pid());
    let Some(seen) = all_agree(service.pid(), "model.DBModel", folder.path()) else { return };
    let classes = seen["heap"]["by_type"].as_array().unwrap().iter().find(|row| row["type"] == json!("type"));
    assert!(classes.unwrap()["count"].as_u64().unwrap() > 4000, "{classes:?}");
}

#[test]
fn a_service_with_cycles_its_core_and_its_image_tell_the_same() {
    if !live() {
        return;
    }
    let (service, _) = service("cycles");
    let ledger = Ledger::new(service.port(), service.ledger_file());
    wait_until("the audit to finish", Duration::from_secs(60), || {
        let totals = ledger.totals(Duration::from_secs(30)).ok()?;
        ledger.facts(&totals).ok()?["events"]["audit_finished"].as_u64().filter(|count| *count > 0)
    });
    let folder = tempfile::tempdir().unwrap();
    stopped(service.pid());
    let Some(seen) = all_agree(service.pid(), "people.Attendee", folder.path()) else { return };
    assert!(seen["garbage"]["in_gc_garbage"].as_u64().unwrap() > 10_000, "{}", seen["garbage"]);
    assert_eq!(seen["findings"][0]["class"], json!("cycle"), "{}", seen["findings"]);
}

/// A stripped interpreter, really stripped, and the same process's memory: the core was written before.
#[test]
fn a_stripped_interpreter_tells_the_same_of_the_same_memory() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let python = copy_interpreter(folder.path());
    let target = Target::start(copied(&python).args(["-c", ZOO])).at_rest();
    let live = target.pid().to_string();
    let seen = told(&["inspect", &live]);
    // By exported symbols only, the very process: resident memory too, to the byte. Nothing was brought in by searching.
    assert_same(&seen, &told(&["inspect", &live, "--exported-symbols-only"]), "exported symbols only");
    let Some(core) = gcore(target.pid(), folder.path()) else { return };
    let core = core.to_str().unwrap();
    let whole = told(&["inspect", core]);
    assert_same(&findings_of(seen.clone()), &findings_of(whole.clone()), "a core of it");
    // gdb has read every page there is. What is there now and is no memory of the target's is not counted as such.
    let rss = told(&["inspect", &live])["rss"].clone();
    assert_eq!(rss["unexplained"], json!(0), "{rss}");
    if !strip(folder.path()) {
        bloathound_testkit::skip("no strip on this machine (it comes with binutils)");
        return;
    }
    assert_same(&whole, &told(&["inspect", core]), "the files stripped, the core as it was");
    let why = bloathound().args(["why", core, "__main__.Plain"]).assert().success();
    why.stdout(contains("modules['__main__'].plain"));
    // Gone altogether: the core has what the loader had put into memory, or says what it lacks.
    fs::remove_dir_all(folder.path().join("lib")).unwrap();
    fs::remove_dir_all(folder.path().join("bin")).unwrap();
    let without = bloathound().args(["inspect", core]).assert();
    without.code(predicate::in_iter([0, 3])).stdout(contains("could not be read").or(predicate::str::is_empty()));
}

#[test]
fn a_running_stripped_interpreter_tells_what_an_unstripped_one_does() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let heap = |name: &str, stripped: bool| {
        // Names of the same length: strings with paths in them are of the same size.
        let home = folder.path().join(name);
        let python = copy_interpreter(&home);
        if stripped && !strip(&home) {
            return None;
        }
        let target = Target::start(copied(&python).args(["-c", ZOO])).at_rest();
        let report = told(&["inspect", &target.pid().to_string()]);
        let picked = ["/heap/by_type", "/heap/objects", "/garbage", "/findings", "/problems", "/arenas/count"];
        Some(picked.map(|pointer| report.pointer(pointer).cloned().unwrap_or_default()))
    };
    let whole = heap("plain", false).unwrap();
    let Some(stripped) = heap("strip", true) else {
        bloathound_testkit::skip("no strip on this machine (it comes with binutils)");
        return;
    };
    assert_eq!(whole, stripped);
    assert_eq!(whole[2]["in_gc_garbage"], json!(70), "{}", whole[2]);
}

/// A weak reference's callback runs inside the collection that clears its object, and waits there.
const INSIDE: &str = "
import gc, sys, weakref
class Node(object): pass
gc.disable()
def make():
    nodes = [Node() for i in range(500)]
    for n in nodes: n.all = nodes
    return weakref.ref(nodes[0], called)
def called(reference):
    print 'ready'
    sys.stdout.flush()
    sys.stdin.readline()
watched = make()
gc.collect()
print 'done'
sys.stdout.flush()
sys.stdin.readline()
";

#[test]
fn a_process_that_stands_still_inside_a_collection_is_not_trusted() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let python = copy_interpreter(folder.path());
    let mut target = Target::start(copied(&python).args(["-c", INSIDE])).at_rest();
    let pid = target.pid().to_string();
    for options in [&[][..], &["--exported-symbols-only"], &["--no-pause"]] {
        let refused = contains("a collection is running").and(contains("try again later"));
        bloathound().args(["inspect", &pid]).args(options).assert().code(3).stdout("").stderr(refused);
    }
    // A core can't be taken again at once: what it has is told, and how far it goes.
    let Some(core) = gcore(target.pid(), folder.path()) else { return };
    let core = core.to_str().unwrap();
    let distrusted = |options: &[&str]| {
        let report = told(&[&["inspect", core], options].concat());
        assert_eq!(report["heap"]["quality"]["collection_in_progress"], json!(true), "{options:?}");
        assert!(report["problems"].to_string().contains("a collection was in progress"), "{}", report["problems"]);
    };
    distrusted(&[]);
    distrusted(&["--exported-symbols-only"]);
    // No files, so neither local symbols nor code: the objects themselves tell.
    fs::remove_dir_all(folder.path().join("lib")).unwrap();
    fs::remove_dir_all(folder.path().join("bin")).unwrap();
    if bloathound().arg("inspect").arg(core).output().unwrap().status.success() {
        distrusted(&[]);
    }
    target.say("");
    assert_eq!(target.line(), "done");
    bloathound().args(["inspect", &pid]).assert().success();
}

/// Writes a core by the kernel, with what `filter` lets into it; `None` with a notice where it goes elsewhere.
fn kernel_core(folder: &Path, filter: &str) -> Option<(Value, std::path::PathBuf)> {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if !pattern.starts_with("core") {
        bloathound_testkit::cannot(&format!("cores go to {}", pattern.trim()));
        return None;
    }
    fs::create_dir(folder).unwrap();
    let shell = "ulimit -c unlimited && exec \"$0\" \"$@\"";
    let mut command = Command::new("bash");
    command.args(["-c", shell]).arg(target::python()).args(["-c", ZOO]).current_dir(folder);
    let mut target = Target::start(&mut command).at_rest();
    fs::write(format!("/proc/{}/coredump_filter", target.pid()), filter).unwrap();
    let seen = findings_of(told(&["inspect", &target.pid().to_string()]));
    signal(target.pid(), "-ABRT");
    target.wait();
    let core = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core")));
    if core.is_none() {
        bloathound_testkit::cannot("the kernel wrote no core (a hard limit?)");
    }
    Some((seen, core?))
}

#[test]
fn cores_by_the_kernel_tell_what_the_process_told() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The kernel's default; anonymous memory alone; all of it.
    for filter in ["0x33", "0x1", "0x3f"] {
        let Some((seen, core)) = kernel_core(&folder.path().join(filter), filter) else { return };
        assert_same(&seen, &findings_of(told(&["inspect", core.to_str().unwrap()])), filter);
    }
}

#[test]
fn cores_with_parts_missing_say_what_is_missing() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some((_, core)) = kernel_core(&folder.path().join("whole"), "0x33") else { return };
    let bytes = fs::metadata(&core).unwrap().len();
    for percent in [99, 90, 50, 20, 2] {
        let cut = fs::OpenOptions::new().write(true).open(&core).unwrap();
        cut.set_len(bytes / 100 * percent).unwrap();
        let assert = bloathound().arg("inspect").arg(&core).assert().code(predicate::in_iter([0, 2, 3]));
        let output = assert.get_output();
        let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let text = String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("cut off"), "{percent} %: {text}");
    }
    // No private memory at all: only files' pages.
    let Some((_, core)) = kernel_core(&folder.path().join("files"), "0x0c") else { return };
    let lacks = contains("left out of the core").and(contains("coredump_filter"));
    bloathound().arg("inspect").arg(&core).assert().code(3).stdout("").stderr(lacks);
}

#[test]
fn a_core_whose_interpreter_is_gone_or_another_build_is_refused_with_the_reason() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let python = copy_interpreter(&folder.path().join("home"));
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if !pattern.starts_with("core") {
        bloathound_testkit::cannot(&format!("cores go to {}", pattern.trim()));
        return;
    }
    // Without files' pages: neither code nor symbols of the library are in it.
    let shell = "ulimit -c unlimited && exec \"$0\" \"$@\"";
    let wrapped = copied(&python);
    let mut command = Command::new("bash");
    command.args(["-c", shell]).arg(&python).args(["-c", ZOO]).current_dir(folder.path());
    for (name, value) in wrapped.get_envs() {
        command.env(name, value.unwrap());
    }
    let mut target = Target::start(&mut command).at_rest();
    fs::write(format!("/proc/{}/coredump_filter", target.pid()), "0x13").unwrap();
    signal(target.pid(), "-ABRT");
    target.wait();
    let core = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path());
    let Some(core) = core.into_iter().find(|path| path.is_file()) else {
        bloathound_testkit::cannot("the kernel wrote no core (a hard limit?)");
        return;
    };
    let library = folder.path().join("home/lib/libpython2.7.so.1.0");
    let module = if library.exists() { library } else { python.clone() };
    let inspect = || bloathound().arg("inspect").arg(&core).assert();
    inspect().success();
    let remedy = || contains("at the paths they had");
    fs::remove_file(&module).unwrap();
    inspect().code(3).stdout("").stderr(contains("No such file").and(remedy()));
    fs::copy("/proc/self/exe", &module).unwrap();
    inspect().code(3).stdout("").stderr(contains("another build than the one in the core").and(remedy()));
    fs::write(&module, "no ELF file").unwrap();
    inspect().code(3).stdout("").stderr(contains("another build than the one in the core").and(remedy()));
}
