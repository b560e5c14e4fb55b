//! The commands that look at nothing recorded: by files that the test makes, by what they refuse, and on live processes, whose
//! figures are masked.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::kit::Diagnosed;
use super::support::{bloathound, live, python, root};
use super::target::Target;
use super::{Shot, folder};

/// A Python that is not there, whatever the machine has.
const NO_PYTHON: &[(&str, &str)] =
    &[("BLOATHOUND_PYTHON27", "/nonexistent/python2.7"), ("BLOATHOUND_PYTHON3", "/nonexistent/python3")];

/// Figures of the moment, and the room that they take.
const FIGURES: &[(&str, &str)] = &[
    (r"/[^ \n]*/", "FOLDER/"),
    (r"\d[\d ]*\d(\.\d+)?|\d(\.\d+)?", "N"),
    (r"N [KMG]i?B", "N B"),
    (r"(?m)[ ]{2,}", "  "),
    (r"(?m)[ ]+$", ""),
];

#[test]
fn parts_are_joined() {
    let folder = folder();
    for part in ["1", "2"] {
        let mut run = bloathound();
        run.current_dir(folder.path()).env("BLOATHOUND_HOME", root());
        run.args([
            "run",
            "--recorded",
            "-q",
            "--json",
            &format!("part-{part}.json"),
            "--partition",
            &format!("{part}/2"),
        ]);
        run.assert().success();
    }
    // Its warning is a message.
    Shot { fits: false, ..Shot::of("merge", "merge part-1.json part-2.json") }.take_in(folder.path());
    Shot::refused("merge-missing", "merge part-1.json", 2).take_in(folder.path());
}

#[test]
fn a_run_that_is_not_as_expected() {
    let masks = &[
        (r"(?m)^run 1 of 1: .*\n", ""),
        (r"(?m)^  recorded .*\n(             .*\n)*", "  recorded   …\n"),
        (r"replay [^ \n]*/leak-buggy", "replay FOLDER/leak-buggy"),
    ];
    Shot { code: 1, masks, ..Shot::of("run-missed", "run leak --variant buggy --recorded --without growth") }.take();
}

#[test]
fn what_a_machine_lacks() {
    // What else a machine has is its own.
    let own: &[(&str, &str)] = &[
        (r"(?m)^(ok  |warn|no  )  (system    |C compiler|reading   ) .*\n(      .*\n)*", "…     $2  …\n"),
        (
            r"(?m)^(1 thing|\d things) can't be done here; what to do stands below (it|each)\.$",
            "N things can't be done here.",
        ),
    ];
    let doctor = Shot { masks: own, variables: NO_PYTHON, ..Shot::refused("doctor", "doctor", 3) };
    doctor.take();
    Shot { variables: NO_PYTHON, ..Shot::of("list", "list") }.take();
    Shot { variables: NO_PYTHON, ..Shot::refused("prepare-without-python", "prepare", 3) }.take();
    Shot { variables: NO_PYTHON, ..Shot::refused("serve-without-python", "serve leak", 3) }.take();
    Shot { variables: NO_PYTHON, ..Shot::refused("lab-start-without-python", "lab start attendees", 3) }.take();
}

#[test]
fn what_is_refused_says_what_to_type() {
    // More than any kernel gives.
    Shot::refused("capture-gone", "capture 4194305 -o image.bhi", 3).take();
    Shot::refused("ctl-nowhere", "ctl none.sock status", 3).take();
    Shot::refused("trace-nowhere", "trace none.sock", 3).take();
    Shot::refused("serve-unknown", "serve nothing", 2).take();
    Shot::refused("check-ended", "check -- true", 5).take();
    Shot::refused("init-ended", "init -- true", 5).take();
    Shot::refused("lab-not-begun", "lab look attendees", 2).take();
}

/// A history with a step of two per cent, and the same once more, worse.
fn history(folder: &Path) {
    let row = |at: u32, stage: &str, instructions: f64| {
        json!({"line": "measured", "commit": format!("{:010x}", 0xa_0000 + at), "date": format!("2026-01-{:02}T00:00:00Z", at + 1),
            "input": "generated 100k", "input_hash": "0123abcd", "stage": stage, "objects": 100_000,
            "instructions": instructions, "bytes": 400.0, "wall_ratio": null,
            "machine": {"processor": "x86_64 of a test", "toolchain": "1.95.0", "valgrind": "3.19.0", "libc": "glibc 2.36"}})
        .to_string()
    };
    let rows = |range: std::ops::Range<u32>, of: &dyn Fn(u32) -> f64| -> String {
        range.flat_map(|at| ["decode", "judging"].map(|stage| row(at, stage, of(at)) + "\n")).collect()
    };
    let step = |at: u32| if at < 10 { 1000.0 } else { 1020.0 } + f64::from(at % 3) * 0.01;
    fs::write(folder.join("history.jsonl"), rows(0..20, &step)).unwrap();
    fs::write(folder.join("same.jsonl"), rows(20..21, &step)).unwrap();
    fs::write(folder.join("worse.jsonl"), rows(20..21, &|_| 1100.0)).unwrap();
}

#[test]
fn speed() {
    let folder = TempDir::new().unwrap();
    history(folder.path());
    let shot = |name: &'static str, line: &'static str| Shot::of(name, line);
    shot("perf-history", "perf history --file history.jsonl").take_in(folder.path());
    shot("perf-compare", "perf compare 00000a0009 00000a000a --file history.jsonl").take_in(folder.path());
    shot("perf-gate", "perf gate --rows same.jsonl --file history.jsonl").take_in(folder.path());
    let worse = shot("perf-gate-worse", "perf gate --rows worse.jsonl --file history.jsonl");
    Shot { code: 1, ..worse }.take_in(folder.path());
}

#[test]
fn labs() {
    Shot::of("lab-list", "lab list").take();
    Shot::of("lab-report", "lab report .").take();
}

#[test]
fn shells_and_manuals() {
    // Long, and the same on every terminal: the names in it are what counts.
    let said = |shell: &str| {
        let run = bloathound().env("COLUMNS", "60").args(["completions", shell]).assert().success();
        let narrow = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
        let run = bloathound().args(["completions", shell]).assert().success();
        assert_eq!(narrow, String::from_utf8_lossy(&run.get_output().stdout), "{shell}");
        narrow
    };
    let all: Vec<String> = ["bash", "zsh", "fish"].map(said).to_vec();
    let help = String::from_utf8(bloathound().arg("-h").assert().success().get_output().stdout.clone()).unwrap();
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let commands: Vec<&str> = commands.into_iter().filter(|name| !name.is_empty()).collect();
    assert!(commands.len() >= 20, "{commands:?}");
    for script in &all {
        let lacking: Vec<_> = commands.iter().filter(|name| !script.contains(**name)).collect();
        assert!(lacking.is_empty(), "{lacking:?}");
    }
    Shot::of("man", "man manual-COLUMNS").take();
}

/// A process that sleeps.
fn asleep() -> Option<Target> {
    live().then(|| Target::script("import sys; print 'ready'; sys.stdout.flush(); sys.stdin.readline()").at_rest())
}

#[test]
fn an_image_of_a_process() {
    let Some(target) = asleep() else { return };
    let line = format!("capture {} -o image-COLUMNS.bhi", target.pid());
    Shot { masks: FIGURES, ..Shot::of("capture", &line) }.take();
}

/// Of what differs too much from one time to the next to be kept: no line is too wide, nothing is cut in a pipe, and the words
/// are there.
fn fits_anywhere(folder: &Path, code: i32, line: &str, words: &str) {
    for columns in super::WIDTHS {
        let screen = super::Screen { columns, kind: "dumb", folder, variables: &[] };
        let Some((ended, shown)) = screen.ends(&format!("{line} -q")) else { return };
        assert_eq!(ended, Some(code), "{shown}");
        super::fits(&shown, columns, line);
        assert!(shown.contains(words) && !shown.contains('\x1b'), "{shown:?}");
    }
    let run = bloathound().current_dir(folder).args(line.split(' ')).assert().code(code);
    super::is_whole(&String::from_utf8_lossy(&run.get_output().stdout), line);
}

#[test]
fn diagnostics_of_a_service() {
    let Some(leak) = Diagnosed::start("leak", &["--rows", "20"]) else { return };
    let pid = leak.pid();
    for (name, command) in [("ctl-status", "status"), ("ctl-log", "log on"), ("ctl-log-off", "log off")] {
        Shot { masks: FIGURES, ..Shot::of(name, &format!("ctl {pid} {command}")) }.take();
    }
    // What its timers did in that second is of the moment.
    fits_anywhere(TempDir::new().unwrap().path(), 0, &format!("trace {pid} --seconds 1"), "tracing is off again");
}

#[test]
fn packages_of_the_services() {
    if super::support::packages().is_none() {
        return;
    }
    let masks: &[(&str, &str)] = &[(r"/[^ \n]+", "FILE"), (r"\([a-zA-Z_$0-9 ]+\): FILE", "(ORIGIN): FILE")];
    // Paths are broken nowhere.
    // Which Pythons of 3 a machine has is its own.
    let variables = &[("BLOATHOUND_PYTHON3", "/nonexistent/python3")];
    Shot { masks, variables, fits: false, ..Shot::of("prepare", "prepare") }.take();
}

#[test]
fn a_script_of_ones_own() {
    if !live() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let growing = "import time\nkept = []\nwhile True:\n    kept.append({'n': [len(kept)]})\n    time.sleep(0.001)\n";
    fs::write(folder.path().join("growing.py"), growing).unwrap();
    fs::write(folder.path().join("good.py"), growing.replace("kept.append", "dict")).unwrap();
    let python = python().display().to_string();
    let check = |file: &str| format!("check -q --rounds 3 --interval 0.5 --sample 0.3 -- {python} {file}");
    fits_anywhere(folder.path(), 1, check("growing.py").trim_end_matches(" -q"), "kept keeps more and more");
    Shot { masks: FIGURES, ..Shot::of("check-good", &check("good.py")) }.take_in(folder.path());
    let init = format!("init -o own-COLUMNS.yaml -- {python} good.py");
    Shot { masks: FIGURES, ..Shot::of("init", &init) }.take_in(folder.path());
}

#[test]
fn a_service_in_the_foreground() {
    if super::support::packages().is_none() {
        return;
    }
    let found = python().display().to_string();
    let variables: &[(&'static str, &'static str)] = &[("BLOATHOUND_PYTHON27", &*found.leak())];
    let folder = TempDir::new().unwrap();
    for (name, line, last) in [
        ("serve", "serve leak", "Ctrl-C ends it"),
        ("lab-start", "lab start attendees --learner Anna", "what is now    bloathound lab look attendees"),
    ] {
        let mut all = String::new();
        for columns in super::WIDTHS {
            let screen = super::Screen { columns, kind: "dumb", folder: folder.path(), variables };
            let Some((code, shown)) = screen.foreground(&format!("{line} -q"), last) else { return };
            assert_eq!(code, Some(130), "{line}: {shown}");
            super::fits(&shown, columns, line);
            all.push_str(&format!("=== {columns} columns\n{shown}"));
        }
        let masks: &[(&str, &str)] = &[
            (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
            (r"\b\d{3,7}( --interval|$)", "PID$1"),
            (r"(?m)\b\d{3,7}$", "PID"),
        ];
        Shot { masks, ..Shot::of(name, line) }.is_kept(&all);
    }
}
