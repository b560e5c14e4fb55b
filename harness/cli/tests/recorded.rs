//! Recorded runs analysed again, on the real binary. Nothing here but the last test needs a Python 2.7.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bloathound_driver::Search;
use bloathound_report::json::{RunResults, to_json};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, root};
use tempfile::TempDir;

fn recorded() -> PathBuf {
    root().join("snapshots/recorded")
}

/// Folders of recorded runs in the repository.
fn runs() -> Vec<PathBuf> {
    let entries = fs::read_dir(recorded()).expect("recorded runs");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no recorded run in the repository");
    folders
}

fn images(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut images: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "bhi")).collect();
    images.sort();
    images
}

/// A copy of a recorded run that may be damaged.
fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn replay_gives_the_findings_of_the_run_byte_for_byte() {
    for folder in runs() {
        let results = tempfile::tempdir().unwrap().path().join("results.json");
        bloathound().arg("replay").arg(&folder).arg("--json").arg(&results).assert().success();
        let read: RunResults = serde_json::from_slice(&fs::read(&results).unwrap()).unwrap();
        let [run] = read.runs.as_slice() else { panic!("one run was recorded") };
        assert!(!run.expected.is_empty() || run.findings.is_empty(), "{}", folder.display());
        let again = to_json(&run.findings).unwrap();
        assert_eq!(again, fs::read_to_string(folder.join("findings.json")).unwrap(), "{}", folder.display());
    }
}

#[test]
fn other_findings_than_recorded_are_a_failure() {
    let copy = copy(&runs()[0]);
    fs::write(copy.path().join("findings.json"), "[]\n").unwrap();
    let differs = contains("not those of the run");
    bloathound().arg("replay").arg(copy.path()).assert().code(1).stdout(differs);
}

#[test]
fn damaged_images_are_told_and_break_nothing() {
    let copy = copy(&runs()[0]);
    let image = images(copy.path()).pop().unwrap();
    let whole = fs::read(&image).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    fs::write(&image, &flipped).unwrap();
    let told = contains("damaged").or(contains("cut off"));
    bloathound().arg("inspect").arg(&image).assert().code(predicate::in_iter([0, 2])).stdout(told);
    fs::write(&image, &whole[..60]).unwrap();
    bloathound().arg("inspect").arg(&image).assert().code(2).stderr(contains("capture PID -o FILE"));
    fs::write(&image, b"something else").unwrap();
    bloathound().arg("inspect").arg(&image).assert().code(2).stderr(contains("recorded image or an ELF core"));
}

#[test]
fn a_manifest_reads_no_file_elsewhere() {
    let copy = copy(&recorded().join("leak-buggy"));
    let manifest = copy.path().join("run.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let hostile = text.replacen("\"round-", "\"../round-", 1);
    assert_ne!(text, hostile);
    fs::write(&manifest, hostile).unwrap();
    bloathound().arg("replay").arg(copy.path()).assert().code(2).stderr(contains("no file in this folder"));
}

#[test]
fn an_image_can_be_asked_why_and_compared() {
    let images = images(&recorded().join("leak-buggy"));
    let (first, last) = (images.first().unwrap(), images.last().unwrap());
    let path = contains("modules['model'].DBModel").and(contains("is referred to by"));
    bloathound().arg("why").arg(last).arg("model.DBModel").assert().success().stdout(path);
    let near = contains("model.DBModel");
    bloathound().arg("why").arg(last).arg("DBModle").assert().code(2).stderr(near);
    bloathound().arg("diff").arg(first).arg(last).assert().success().stdout(contains("type"));
}

#[test]
fn a_captured_image_tells_what_the_process_told() {
    if !live() {
        return;
    }
    let python = Search::from_env().find().unwrap().interpreter.executable;
    let script = "class Held(object): pass\nheld = [Held() for _ in range(321)]\nprint 'ready'\nimport sys\nsys.stdout.flush()\nsys.stdin.read()\n";
    let mut child =
        Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("held.bhi");
    let pid = child.id().to_string();
    let captured = bloathound().args(["capture", &pid, "-o"]).arg(&image).ok();
    let heap = |target: &std::ffi::OsStr| {
        let output = bloathound().arg("inspect").arg(target).args(["--json", "-"]).output().unwrap();
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for name in ["target", "timing"] {
            report.as_object_mut().unwrap().remove(name);
        }
        report
    };
    let same = captured.is_ok().then(|| (heap(pid.as_ref()), heap(image.as_os_str())));
    let _ = child.kill();
    let _ = child.wait();
    let (live, recorded) = same.expect("the image was written");
    assert_eq!(live, recorded);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&image).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}
