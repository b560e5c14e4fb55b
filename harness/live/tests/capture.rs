//! Capturing real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use std::process::Command;
use std::time::Duration;

use bloathound_bounds::{Limit, Room};
use bloathound_cpython::{InterpreterError, exported_only};
use bloathound_live::{CaptureMode, CaptureOptions, LiveError, MomentVerdict, Process, Stillness, Thread, ThreadState};
use bloathound_memory::{Address, MemorySource};

mod common;
#[path = "common/finder.rs"]
mod finder;
use common::{Script, python27, wait_until};
use finder::interpreter;

/// Prints addresses, waits for a line, says it back.
const HEAP: &str = "
import sys, _struct
marked = ''.join(chr(65 + i % 26) for i in xrange(300000))
rows = [{'n': i, 'text': 'row %d' % i} for i in xrange(20000)]
print id(marked), id(_struct.Struct), id(rows)
while True:
    line = sys.stdin.readline()
    if not line:
        break
    print 'heard', line.strip()
";

const BUSY: &str = "
print 'ready'
n = 0
while True:
    n += 1
";

fn options(mode: CaptureMode) -> CaptureOptions {
    CaptureOptions { mode, ..CaptureOptions::default() }
}

fn accept(_: &dyn MemorySource) -> MomentVerdict {
    MomentVerdict::Accept
}

fn is_reading(thread: &Thread) -> bool {
    thread.state == ThreadState::Sleeping && thread.system_call == Some(0)
}

fn heap() -> Option<(Script, Process, Vec<u64>)> {
    let mut script = Script::start(&python27()?, HEAP);
    let numbers = script.line().split(' ').map(|text| text.parse().unwrap()).collect();
    let process = Process::open(script.pid()).unwrap();
    wait_until("it reads", || process.threads().unwrap().iter().all(is_reading));
    Some((script, process, numbers))
}

fn assert_answers(script: &mut Script) {
    script.say("hello");
    assert_eq!(script.line(), "heard hello");
}

#[test]
fn bytes_names_and_resident_memory_are_the_targets() {
    let Some((mut script, process, addresses)) = heap() else { return };
    let resident = || -> Vec<(u64, Option<u64>)> {
        let mappings = process.smaps().unwrap();
        mappings.iter().map(|mapping| (mapping.region.start.0, mapping.region.rss_bytes)).collect()
    };
    let before = resident();
    for mode in [CaptureMode::Paused, CaptureMode::NoPause, CaptureMode::PreferQuiet] {
        let capture = process.capture(options(mode), &mut accept).unwrap();
        let image = &capture.image;
        let text = image.bytes(Address(addresses[0] + 36), 300_000).unwrap();
        assert!(text.iter().enumerate().all(|(index, byte)| usize::from(*byte) == 65 + index % 26));
        // tp_name: 24 bytes into any type object (object.h).
        let name_of = |type_object: Address| {
            let name = image.pointer_at(type_object.offset(24)).unwrap();
            image.read_c_string(name, 50).unwrap()
        };
        assert_eq!(name_of(Address(addresses[1])), "Struct", "in an extension module");
        let symbols = interpreter(&process).unwrap();
        assert_eq!(name_of(symbols.unique("PyDict_Type").unwrap().address), "dict");
        assert!(
            symbols.data_ranges.iter().any(|range| range.contains(&symbols.unique("PyDict_Type").unwrap().address))
        );
        let captured: Vec<(u64, Option<u64>)> =
            image.regions().iter().map(|region| (region.start.0, region.rss_bytes)).collect();
        assert_eq!(captured, before, "{mode:?}");
        assert_eq!(capture.torn.lost_pages, 0);
        assert_eq!(capture.torn.switches, 0, "it slept");
        match mode {
            CaptureMode::Paused => assert_eq!(capture.stillness, Stillness::Paused),
            _ => {
                assert_eq!(capture.stillness, Stillness::Quiet);
                assert_eq!(capture.timings.paused, Duration::ZERO);
            }
        }
    }
    assert_eq!(resident(), before, "the target did not grow by a page");
    assert_answers(&mut script);
}

#[test]
fn a_buffer_is_used_again() {
    let Some((_script, process, _)) = heap() else { return };
    let first = process.capture(options(CaptureMode::Paused), &mut accept).unwrap();
    let runs = first.image.runs().to_vec();
    let flat = first.image.flat().to_vec();
    let buffer = first.image.into_flat();
    let place = buffer.as_ptr();
    let again = CaptureOptions { buffer, ..CaptureOptions::default() };
    let second = process.capture(again, &mut accept).unwrap();
    assert_eq!(second.image.flat().as_ptr(), place);
    assert_eq!(second.image.runs(), runs);
    // The kernel notes in a thread's memory on which processor it goes on (`struct rseq`): nothing else changes.
    let differing = second.image.flat().iter().zip(&flat).filter(|(second, first)| second != first).count();
    assert!(differing <= 32 && second.image.flat().len() == flat.len(), "{differing}");
}

#[test]
fn a_running_target_is_stopped_unless_told_otherwise() {
    let Some(python) = python27() else { return };
    let mut script = Script::start(&python, BUSY);
    script.line();
    let process = Process::open(script.pid()).unwrap();
    let paused = process.capture(options(CaptureMode::PreferQuiet), &mut accept).unwrap();
    assert_eq!(paused.stillness, Stillness::Paused);
    assert!(paused.timings.paused > Duration::ZERO && paused.timings.paused >= paused.timings.copy);
    let running = process.capture(options(CaptureMode::NoPause), &mut accept).unwrap();
    assert_eq!(running.stillness, Stillness::Running);
    assert_eq!(running.timings.paused, Duration::ZERO);
}

#[test]
fn memory_that_comes_and_goes_is_followed() {
    let Some(python) = python27() else { return };
    // Mappings appear and vanish all the time; what was just made is in the image or not, but nothing is made up.
    let source = "
print 'ready'
kept = []
while True:
    kept.append('x' * 500000)
    if len(kept) > 40:
        kept = []
";
    let mut script = Script::start(&python, source);
    script.line();
    let process = Process::open(script.pid()).unwrap();
    for round in 0..30 {
        let mode = if round % 2 == 0 { CaptureMode::Paused } else { CaptureMode::NoPause };
        let capture = process.capture(options(mode), &mut accept).unwrap();
        let pages: u64 = capture.image.runs().iter().map(|(_, pages)| u64::from(*pages)).sum();
        assert_eq!(capture.image.flat().len() as u64, pages * 4096);
        if mode == CaptureMode::Paused {
            assert_eq!(capture.torn.lost_pages, 0);
            let symbols = interpreter(&process).unwrap();
            let current = symbols.unique("_PyThreadState_Current").unwrap().address;
            let state = capture.image.pointer_at(current).unwrap();
            assert!(state.is_null() || capture.image.u64_at(state).is_some());
        }
    }
}

#[test]
fn unusable_moments_are_let_go_and_counted() {
    let Some((mut script, process, _)) = heap() else { return };
    let mut calls = 0;
    let mut third = |source: &dyn MemorySource| {
        calls += 1;
        assert!(!source.regions().is_empty());
        if calls < 3 { MomentVerdict::Retry("collecting".to_owned()) } else { MomentVerdict::Accept }
    };
    let capture = process.capture(options(CaptureMode::Paused), &mut third).unwrap();
    assert_eq!(capture.refusals, ["collecting", "collecting"]);
    assert!(capture.timings.longest_pause <= capture.timings.paused);

    let never = CaptureOptions { tries_max: 4, ..CaptureOptions::default() };
    let error = process.capture(never, &mut |_| MomentVerdict::Retry("collecting".to_owned())).unwrap_err();
    assert!(matches!(error, LiveError::NeverAcceptable { tries: 4, .. }), "{error}");
    assert_answers(&mut script);
}

#[test]
fn a_used_up_budget_lets_go() {
    let Some((mut script, process, _)) = heap() else { return };
    // The moment is found acceptable so late that the budget is gone.
    let budget = Duration::from_millis(400);
    let strict = CaptureOptions { pause_budget: budget, ..CaptureOptions::default() };
    let mut slow = |_: &dyn MemorySource| {
        let started = std::time::Instant::now();
        wait_until("the budget is gone", || started.elapsed() > budget);
        MomentVerdict::Accept
    };
    let error = process.capture(strict, &mut slow).unwrap_err();
    assert!(matches!(error, LiveError::PauseBudget { copied_bytes: 0, .. }), "{error}");
    assert_eq!(process.status().unwrap().tracer, None);
    assert_answers(&mut script);
}

#[test]
fn a_limit_on_bytes_is_kept() {
    let Some((_script, process, _)) = heap() else { return };
    let small = CaptureOptions { bytes_max: Some(1 << 20), ..CaptureOptions::default() };
    let error = process.capture(small, &mut accept).unwrap_err();
    assert!(
        matches!(error, LiveError::TooLarge { room: Room { free: 1_048_576, limit: Limit::Asked }, .. }),
        "{error}"
    );
}

#[test]
fn other_programs_are_named() {
    let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    wait_until("it is sleep", || {
        Process::open(sleeper.id()).is_ok_and(|process| {
            process.executable().contains("sleep")
                || process.executable().contains("coreutils")
                || process.executable().contains("busybox")
        })
    });
    let process = Process::open(sleeper.id()).unwrap();
    let error = interpreter(&process).unwrap_err();
    assert!(matches!(error, InterpreterError::NotPython { .. }), "{error}");
    sleeper.kill().unwrap();
    wait_until("it is a zombie", || matches!(Process::open(sleeper.id()), Err(LiveError::Zombie { .. })));
    assert!(matches!(process.check_alive(), Err(LiveError::Zombie { .. })));
    let error = process.capture(options(CaptureMode::Paused), &mut accept).unwrap_err();
    assert!(matches!(error, LiveError::Zombie { .. } | LiveError::Gone { .. }), "{error}");
    sleeper.wait().unwrap();
    assert!(matches!(Process::open(sleeper.id()), Err(LiveError::Gone { .. })));
}

#[test]
fn another_python_is_named_with_its_release() {
    let mut command = Command::new("python3");
    command.args(["-u", "-c", "import platform, sys; print(platform.python_version()); sys.stdin.readline()"]);
    if Command::new("python3").arg("-V").output().is_err() {
        bloathound_testkit::skip("no python3 on this machine");
        return;
    }
    let mut script = Script::start_command(&mut command);
    let release = script.line();
    let process = Process::open(script.pid()).unwrap();
    match interpreter(&process) {
        // One that is read.
        Ok(symbols) => assert_eq!(symbols.version.as_deref(), Some(release.as_str())),
        Err(error) => {
            let text = error.to_string();
            assert!(matches!(error, InterpreterError::OtherPython { .. } | InterpreterError::Refused { .. }), "{text}");
            assert!(text.contains(&format!("Python {release}")), "{text}");
        }
    }
}

#[test]
fn symbols_of_a_real_interpreter() {
    let Some((_script, process, _)) = heap() else { return };
    let symbols = interpreter(&process).unwrap();
    assert!(symbols.version.as_deref().is_some_and(|version| version.starts_with("2.7.")));
    for name in ["_PyGC_generation0", "PyType_Type", "_Py_NoneStruct"] {
        assert!(symbols.unique(name).is_some(), "{name}");
    }
    if symbols.has_local_symbols {
        for name in ["generations", "arenas", "interp_head", "usedpools", "interned"] {
            assert!(symbols.unique(name).is_some(), "{name}");
        }
        assert!(symbols.all("free_list").len() > 3);
    }
    let generation0 = symbols.unique("_PyGC_generation0").unwrap().address;
    if let Some(generations) = symbols.unique("generations") {
        assert_eq!(process.read_address(generation0).unwrap(), generations.address);
    }
    let stripped = exported_only(symbols);
    assert!(stripped.unique("generations").is_none() && stripped.unique("PyType_Type").is_some());
}

/// Only `/proc/PID/map_files` still leads to a deleted library, and that is for root.
const DELETE: &str = "
import os
if os.environ['ROOT'] == 'true':
    for name in os.listdir(os.environ['INSIDE']):
        os.remove(os.path.join(os.environ['INSIDE'], name))
";

/// A stripped copy of the interpreter in a place only the target can see, deleted while it runs.
#[test]
fn a_stripped_copy_in_another_mount_namespace_and_deleted() {
    let Some((_script, process, _)) = heap() else { return };
    let symbols = interpreter(&process).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let inside = directory.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let root = Command::new("unshare").args(["--mount", "true"]).status().is_ok_and(|status| status.success());
    let prepare = "
        [ \"$ROOT\" = true ] && mount -t tmpfs none \"$INSIDE\"
        cp \"$EXECUTABLE\" \"$INSIDE/python\" && cp \"$LIBRARY\" \"$INSIDE/$LIBRARY_NAME\" || exit 1
        strip \"$INSIDE/$LIBRARY_NAME\" || exit 1
        LD_LIBRARY_PATH=\"$INSIDE\" exec \"$INSIDE/python\" -u -c \"$SOURCE\"";
    let executable = std::path::Path::new(process.executable());
    let home = executable.parent().and_then(std::path::Path::parent).unwrap();
    let mut command = if root { Command::new("unshare") } else { Command::new("sh") };
    if root {
        command.args(["--mount", "--propagation", "private", "sh"]);
    }
    command
        .args(["-c", prepare])
        .env("ROOT", root.to_string())
        .env("INSIDE", &inside)
        .env("EXECUTABLE", executable)
        .env("LIBRARY", &symbols.path)
        .env("LIBRARY_NAME", symbols.path.rsplit('/').next().unwrap())
        .env("PYTHONHOME", home)
        .env("SOURCE", format!("{DELETE}{HEAP}"));
    let mut copy = Script::start_command(&mut command);
    let numbers: Vec<u64> = copy.line().split(' ').map(|text| text.parse().unwrap()).collect();
    let there = Process::open(copy.pid()).unwrap();
    assert!(there.executable().starts_with(inside.to_str().unwrap()), "{}", there.executable());
    assert_eq!(inside.join("python").exists(), !root);
    let stripped = interpreter(&there).unwrap();
    assert!(!stripped.has_local_symbols);
    let offset = |table: &bloathound_memory::SymbolTable| {
        table.unique("PyDict_Type").unwrap().address.0.wrapping_sub(table.load_bias)
    };
    assert_eq!((offset(&stripped), &stripped.version), (offset(&symbols), &symbols.version));
    let capture = there.capture(options(CaptureMode::Paused), &mut accept).unwrap();
    assert_eq!(capture.image.bytes(Address(numbers[0] + 36), 3), Some(&b"ABC"[..]));
    assert_eq!(capture.torn.lost_pages, 0);
}
