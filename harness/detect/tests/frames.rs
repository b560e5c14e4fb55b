//! Frames against what others know of them: the interpreter itself, its debug information, and py-spy.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a failed test ends by a panic, and says why it was skipped"
)]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bloathound_cpython::bytecode::{Names, analyse};
use bloathound_cpython::dialect::CPYTHON_2_7 as D;
use bloathound_cpython::frames::line_table;
use bloathound_profile::Profile;
use support::{Script, python27};

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.trim_start_matches('-').as_bytes();
    digits.chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(['-', ',']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect()
}

/// Back jumps, lines and calls of the whole standard library, as `dis` has them.
#[test]
fn bytecode_of_the_standard_library() {
    let Some(python) = python27() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/disassemble.py");
    let output = Command::new(python).arg("-B").arg(script).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut codes, mut loops, mut slots) = (0, 0, 0);
    for line in text.lines() {
        let [code, first, lnotab, stack, jumps, lines, calls] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let code = bytes(code);
        let table = line_table(first.parse().unwrap(), &bytes(lnotab));
        for pair in numbers(lines).chunks_exact(2) {
            assert_eq!(table.line_at(pair[0]), Some(pair[1]), "{line}");
        }
        let analysis = analyse(&D, &code, &Names::default(), &|offset| table.line_at(offset).unwrap());
        let known: BTreeSet<(u32, u32)> = numbers(jumps).chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        for found in &analysis.loops {
            assert!(known.contains(&(found.first, found.last)), "{found:?} {line}");
            assert!(found.line_first <= found.line_last);
            loops += 1;
        }
        for (target, from) in known {
            let there = analysis.loops.iter().any(|l| l.first == target && l.last >= from);
            // `dis` can't tell that the end of a list of `except` clauses never goes on.
            let after_end_finally = code.get(from as usize - 1) == Some(&88);
            assert!(there || after_end_finally, "{target} {from} {line}");
        }
        assert_eq!(analysis.calls.iter().map(|call| call.offset).collect::<Vec<_>>(), numbers(calls), "{line}");
        let depth: u32 = stack.parse().unwrap();
        for call in &analysis.calls {
            slots += u32::from(call.callee_slot.is_some());
            assert!(call.callee_slot.is_none_or(|slot| slot < depth), "{call:?} {line}");
        }
        codes += 1;
    }
    println!("{codes} code objects, {loops} loops, {slots} callees placed");
    assert!(codes > 3000 && loops > 1000 && slots > 10_000);
}

/// Offsets against the interpreter's debug information, where it has some.
#[test]
fn offsets_against_debug_information() {
    let Some(python) = python27() else { return };
    let library = Command::new(&python)
        .args(["-c", "import sysconfig as s; print s.get_config_var('LIBDIR') + '/' + s.get_config_var('INSTSONAME')"])
        .output()
        .unwrap();
    let library = PathBuf::from(String::from_utf8_lossy(&library.stdout).trim());
    let file = if library.is_file() { library } else { python };
    let fields: &[(&str, &str, u64)] = &[
        ("PyFrameObject", "f_back", D.frame.f_back),
        ("PyFrameObject", "f_code", D.frame.f_code),
        ("PyFrameObject", "f_builtins", D.frame.f_builtins),
        ("PyFrameObject", "f_globals", D.frame.f_globals),
        ("PyFrameObject", "f_locals", D.frame.f_locals),
        ("PyFrameObject", "f_valuestack", D.frame.f_valuestack),
        ("PyFrameObject", "f_stacktop", D.frame.f_stacktop),
        ("PyFrameObject", "f_lasti", D.frame.f_lasti),
        ("PyFrameObject", "f_iblock", D.frame.f_iblock),
        ("PyFrameObject", "f_blockstack", D.frame.f_blockstack),
        ("PyFrameObject", "f_localsplus", D.frame.f_localsplus),
        ("PyCodeObject", "co_nlocals", D.code.co_nlocals),
        ("PyCodeObject", "co_stacksize", D.code.co_stacksize),
        ("PyCodeObject", "co_flags", D.code.co_flags),
        ("PyCodeObject", "co_code", D.code.co_code),
        ("PyCodeObject", "co_names", D.code.co_names),
        ("PyCodeObject", "co_varnames", D.code.co_varnames),
        ("PyCodeObject", "co_freevars", D.code.co_freevars),
        ("PyCodeObject", "co_cellvars", D.code.co_cellvars),
        ("PyCodeObject", "co_filename", D.code.co_filename),
        ("PyCodeObject", "co_name", D.code.co_name),
        ("PyCodeObject", "co_firstlineno", D.code.co_firstlineno),
        ("PyCodeObject", "co_lnotab", D.code.co_lnotab),
        ("PyInterpreterState", "tstate_head", D.interpreter_state.tstate_head),
        ("PyInterpreterState", "modules", D.interpreter_state.modules),
        ("PyThreadState", "interp", D.thread_state.interp),
        ("PyThreadState", "frame", D.thread_state.frame),
        ("PyThreadState", "thread_id", D.thread_state.thread_id),
        ("PyThreadState", "async_exc", D.thread_state.fields[9].0),
        ("PyFunctionObject", "func_name", D.function.func_name),
        ("PyMethodObject", "im_self", D.method.im_self),
        ("PyInstanceObject", "in_dict", D.instance.in_dict),
        ("PyClassObject", "cl_name", D.class.cl_name),
        ("PyCFunctionObject", "m_self", D.c_function.m_self),
        ("PyGenObject", "gi_frame", D.generator.gi_frame),
        ("PyCellObject", "ob_ref", D.cell.ob_ref),
    ];
    let mut command = Command::new("gdb");
    command.args(["-nx", "-batch"]);
    for (structure, field, _) in fields {
        command.arg("-ex").arg(format!("output/d (long)&(({structure} *)0)->{field}"));
        command.arg("-ex").arg("echo \\n");
    }
    let Ok(output) = command.arg(&file).output() else {
        bloathound_testkit::skip("no gdb");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let known: Vec<u64> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    if known.len() != fields.len() {
        bloathound_testkit::skip(&format!("no debug information in {}", file.display()));
        return;
    }
    for ((structure, field, ours), theirs) in fields.iter().zip(known) {
        assert_eq!(*ours, theirs, "{structure}.{field}");
    }
}

/// py-spy, from the Python package index, in an environment of its own.
fn py_spy() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("py-spy");
    let program = folder.join("bin/py-spy");
    if !program.is_file() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
        let pip = folder.join("bin/pip");
        let installed = made.is_ok_and(|output| output.status.success())
            && Command::new(pip).args(["install", "--quiet", "py-spy"]).output().is_ok_and(|o| o.status.success());
        if !installed {
            bloathound_testkit::skip("no py-spy, and none to be had (python3 -m venv, pip install py-spy)");
            return None;
        }
    }
    Some(program)
}

/// Function, file and line of each frame of a thread, innermost first.
type Lines = Vec<(String, String, u32)>;

/// The stacks as we have them, sorted.
fn stacks(profile: &Profile) -> Vec<Lines> {
    let lines = |sample: &bloathound_profile::Sample| {
        let frames = sample.stack.0.iter().rev();
        frames
            .map(|frame| {
                let code = profile.code(frame.code).unwrap();
                (code.function.to_string(), base_name(&code.file).to_owned(), frame.line)
            })
            .collect()
    };
    let mut stacks: Vec<Lines> = profile.threads.iter().filter_map(|thread| thread.samples.last().map(lines)).collect();
    stacks.sort();
    stacks
}

/// The stacks as py-spy's text has them, sorted.
fn dump(program: &Path, pid: u32) -> Option<Vec<Lines>> {
    let output = Command::new(program).args(["dump", "--pid", &pid.to_string()]).output().ok()?;
    if !output.status.success() {
        bloathound_testkit::cannot(&format!("py-spy may not look: {}", String::from_utf8_lossy(&output.stderr)));
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut threads: Vec<Lines> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Thread ") {
            threads.push(Vec::new());
        } else if let Some((function, place)) = line.strip_prefix("    ").and_then(|line| line.rsplit_once(" (")) {
            let (file, number) = place.strip_suffix(')')?.rsplit_once(':')?;
            threads.last_mut()?.push((function.trim().to_owned(), base_name(file).to_owned(), number.parse().ok()?));
        }
    }
    threads.sort();
    Some(threads)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[test]
fn stacks_agree_with_py_spy() {
    let Some(script) = Script::start("threads.py", &[]) else { return };
    let Some(program) = py_spy() else { return };
    // Both look at a moment of their own; the threads come to rest when they come to rest.
    let deadline = Instant::now() + Duration::from_secs(20);
    let (profile, ours, theirs) = loop {
        let Some(theirs) = dump(&program, script.pid()) else { return };
        let profile = script.sample(0.2);
        let ours = stacks(&profile);
        if (ours == theirs && ours.len() == 4) || Instant::now() > deadline {
            break (profile, ours, theirs);
        }
    };
    assert_eq!(ours.len(), 4);
    assert_eq!(ours, theirs);
    // Each Python thread is one of the kernel's, the oldest the first of them.
    let tids: BTreeSet<u32> = profile.threads.iter().filter_map(|thread| thread.tid).collect();
    assert_eq!(tids.len(), 4);
    assert_eq!(profile.threads[0].tid, Some(script.pid()));
    assert!(profile.threads[0].is_main && !profile.threads[1].is_main);
}

/// What sampling costs: idle threads are not read again, and a deep stack not as a whole.
#[test]
fn sampling_reads_little() {
    let Some(script) = Script::start("threads.py", &[]) else { return };
    let profile = script.sample(2.0);
    let cost = profile.cost;
    println!("{cost:?}");
    assert_eq!(cost.torn, 0);
    // Four sleeping threads with 40 frames: read at the beginning and where the list of threads is read again.
    assert!(cost.reads / cost.rounds < 100, "{cost:?}");
    let Some(script) = Script::start("variants.py", &["counting", "reactor"]) else { return };
    let busy = script.sample(2.0).cost;
    assert!(busy.reads / busy.rounds < 150, "{busy:?}");
}
