//! A core of a live process, written by gcore, against a capture of the same process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use std::process::Command;

use bloathound_cpython::find_interpreter_in_core;
use bloathound_live::{Capture, CaptureOptions, MomentVerdict, Process};
use bloathound_memory::{
    Address, Core, CoreProblem, MemoryImage, MemorySource, PAGE_BYTES, SymbolTable, open_mapped_file, read_core,
};

mod common;
#[path = "common/finder.rs"]
mod finder;
use common::{Script, python27, wait_until};
use finder::interpreter;

const HEAP: &str = "
import sys, threading, _struct
rows = [{'n': i, 'text': 'row %d' % i} for i in xrange(20000)]
stop = threading.Event()
threading.Thread(target=stop.wait).start()
print id(_struct.Struct)
sys.stdin.readline()
stop.set()
";

struct Both {
    core: Core,
    path: std::path::PathBuf,
    capture: Capture,
    symbols: SymbolTable,
    struct_type: Address,
    pid: u32,
    _directory: tempfile::TempDir,
}

fn core_and_capture() -> Option<Both> {
    if Command::new("gcore").arg("--help").output().is_err() {
        bloathound_testkit::skip("no gcore on this machine (it comes with gdb)");
        return None;
    }
    let mut script = Script::start(&python27()?, HEAP);
    let struct_type = Address(script.line().parse().unwrap());
    let process = Process::open(script.pid()).unwrap();
    // Where they stay: one in read (0), one in futex (202).
    wait_until("both threads have come to rest", || {
        let threads = process.threads().unwrap();
        let calls: Vec<Option<i64>> = threads.iter().map(|thread| thread.system_call).collect();
        // The same once more, context switches and all: nobody ran while we looked.
        calls == [Some(0), Some(202)] && threads == process.threads().unwrap()
    });
    let directory = tempfile::tempdir().unwrap();
    let prefix = directory.path().join("core");
    let status = Command::new("gcore").arg("-o").arg(&prefix).arg(script.pid().to_string()).output().unwrap();
    assert!(status.status.success(), "{status:?}");
    let capture = process.capture(CaptureOptions::default(), &mut |_| MomentVerdict::Accept).unwrap();
    let symbols = interpreter(&process).unwrap();
    let path = directory.path().join(format!("core.{}", script.pid()));
    let core = read_core(&path, 1 << 30, &mut open_mapped_file).unwrap();
    Some(Both { core, path, capture, symbols, struct_type, pid: script.pid(), _directory: directory })
}

fn name_of_type(image: &MemoryImage, type_object: Address) -> Option<String> {
    image.read_c_string(image.pointer_at(type_object.offset(24))?, 50).ok()
}

#[test]
fn a_core_is_what_a_capture_is() {
    let Some(both) = core_and_capture() else { return };
    let (core, capture) = (&both.core, &both.capture);
    assert_eq!(core.problems, [CoreProblem::ResidentUnknown]);
    assert_eq!(core.pid, Some(both.pid));
    assert_eq!(core.threads.len(), 2);
    assert_eq!(core.executable.as_deref(), Some(capture.executable.as_str()));
    assert!(core.command.contains("python"));

    // Same places, same kinds.
    for region in capture.image.regions().iter().filter(|region| region.is_private_writable()) {
        let there = core.image.region_of(region.start).unwrap();
        assert_eq!((there.start, there.end, &there.kind), (region.start, region.end, &region.kind));
    }
    // Same pages, but for the stacks (what gdb stops makes a turn there before it waits again) and glibc's `struct rseq`,
    // 32 bytes beside each thread's local storage, where the kernel notes the processor a thread goes on on.
    let is_stack = |address: Address| {
        let region = core.image.region_of(address).unwrap();
        core.threads.iter().any(|thread| region.contains(thread.stack_pointer))
    };
    let (mut same, mut other) = (0, 0);
    for (start, pages) in capture.image.runs() {
        for page in 0..u64::from(*pages) {
            let address = start.offset(page * PAGE_BYTES);
            let (ours, theirs) = (capture.image.bytes(address, 4096), core.image.bytes(address, 4096));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                panic!("{address} is not in the core: {:?}", core.image.region_of(address));
            };
            let differing = ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count();
            assert!(differing <= 32 || is_stack(address), "{address}: {differing} bytes");
            if differing == 0 { same += 1 } else { other += 1 }
        }
    }
    assert!(same > 2000 && other < 6, "{same} {other}");

    // Same symbols, and names of types in the interpreter and in an extension module.
    let symbols = find_interpreter_in_core(core, &mut open_mapped_file).unwrap();
    assert_eq!(symbols, both.symbols);
    let dict = symbols.unique("PyDict_Type").unwrap().address;
    assert_eq!(name_of_type(&core.image, dict).as_deref(), Some("dict"));
    assert_eq!(name_of_type(&core.image, both.struct_type).as_deref(), Some("Struct"));
}

#[test]
fn a_core_without_its_files_still_has_exported_symbols() {
    let Some(both) = core_and_capture() else { return };
    let mut nothing = |_: &str| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let core = read_core(&both.path, 1 << 30, &mut nothing).unwrap();
    let missing =
        |problem: &CoreProblem| matches!(problem, CoreProblem::FileMissing { path, .. } if *path == both.symbols.path);
    assert!(core.problems.iter().any(missing), "{:?}", core.problems);
    let symbols = find_interpreter_in_core(&core, &mut nothing).unwrap();
    assert!(!symbols.has_local_symbols);
    assert_eq!(symbols.load_bias, both.symbols.load_bias);
    assert_eq!(symbols.build_id, both.symbols.build_id);
    for name in ["PyDict_Type", "_PyGC_generation0", "_PyThreadState_Current"] {
        assert_eq!(symbols.unique(name), both.symbols.unique(name), "{name}");
    }
}

#[test]
fn another_build_of_a_file_is_not_used() {
    let Some(both) = core_and_capture() else { return };
    // Every path leads to the executable's file: for the library it is another build.
    let executable = both.core.executable.clone().unwrap();
    let mut wrong = |_: &str| open_mapped_file(&executable);
    let core = read_core(&both.path, 1 << 30, &mut wrong).unwrap();
    assert!(
        core.problems.contains(&CoreProblem::FileDiffers { path: both.symbols.path.clone() }),
        "{:?}",
        core.problems
    );
    let symbols = find_interpreter_in_core(&core, &mut wrong).unwrap();
    assert_eq!(symbols.unique("PyDict_Type"), both.symbols.unique("PyDict_Type"));
}
