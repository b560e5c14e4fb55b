//! Recorded runs analysed again, on the real binary. Nothing here but the last test needs a Python 2.7; `recording.rs` has those
//! that make recordings.
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

use bloathound_memory::MemorySource;
use bloathound_vocabulary::json::to_json;
use bloathound_vocabulary::{Finding, RunResults};
use predicates::prelude::*;
use predicates::str::contains;
use support::{asleep, bloathound, live, python, root};
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

/// A picture of what the file has in memory, checksums checked and compression undone.
fn contents(path: &Path) -> Vec<u8> {
    let recording = bloathound_memory::read_recording(path, u64::MAX).unwrap().recording;
    let names = format!("{:?} {:?} {:?}", recording.manifest, recording.symbols, recording.image.regions());
    [names.as_bytes(), recording.image.flat()].concat()
}

/// Standard output in that folder, without the figures that are of the moment. `ci/record` takes the same away.
fn shown(folder: &Path, arguments: &[&str]) -> String {
    let output = bloathound().current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("paused "));
    lines.map(|line| format!("{}\n", without_timings(line))).collect()
}

/// ` -/-/-/273`, and the seconds that all took, at the end of a line without the figures.
fn without_timings(line: &str) -> String {
    let is_timing = |word: &str| word.starts_with("-/-/-/");
    if let Some((before, _)) = line.rsplit_once(", ").filter(|(_, last)| line.contains(" ok, ") && last.ends_with(" s"))
    {
        return format!("{before}, N s");
    }
    match line.rsplit_once(' ') {
        Some((before, last)) if is_timing(last) => format!("{} -/-/-/N", before.trim_end()),
        _ => line.to_owned(),
    }
}

#[test]
fn all_four_bugs_are_recorded_with_their_twins() {
    let names: Vec<String> =
        runs().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let pair = |name: &str| [format!("{name}-buggy"), format!("{name}-fixed")];
    assert_eq!(names, ["cycles", "fragmentation", "leak", "tightloop"].map(pair).concat());
}

#[test]
fn replay_gives_the_findings_of_the_run_byte_for_byte() {
    for folder in runs() {
        let results = tempfile::tempdir().unwrap().path().join("results.json");
        bloathound().arg("replay").arg(&folder).arg("--json").arg(&results).assert().success();
        let read: RunResults = serde_json::from_slice(&fs::read(&results).unwrap()).unwrap();
        let [run] = read.runs.as_slice() else { panic!("one run was recorded") };
        let is_buggy = folder.to_string_lossy().ends_with("-buggy");
        assert_eq!((run.expected.is_empty(), run.findings.is_empty()), (!is_buggy, !is_buggy), "{}", folder.display());
        // `replay` has compared the bytes, or this would be a failure; read again, both lose the same digits. The paragraph
        // is written for who reads the results, with the command to type next.
        let unsaid = |findings: Vec<Finding>| {
            let unsaid = |finding: Finding| Finding { summary: String::new(), ..finding };
            to_json(&findings.into_iter().map(unsaid).collect::<Vec<_>>()).unwrap()
        };
        let committed: Vec<Finding> = serde_json::from_slice(&fs::read(folder.join("findings.json")).unwrap()).unwrap();
        assert!(run.findings.iter().all(|finding| finding.summary.contains(" Next: bloathound replay ")));
        assert_eq!(unsaid(run.findings.clone()), unsaid(committed), "{}", folder.display());
    }
}

#[test]
fn texts_are_the_committed_ones_byte_for_byte() {
    for folder in runs() {
        let committed = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(shown(&folder, &["replay", "."]), committed("replay.txt"), "{}", folder.display());
        if let Some(image) = images(&folder).last() {
            let name = image.file_name().unwrap().to_str().unwrap();
            assert_eq!(shown(&folder, &["inspect", name]), committed("inspect.txt"), "{}", folder.display());
        }
        if folder.join("hot.bhs").exists() {
            assert_eq!(shown(&folder, &["hot", "hot.bhs"]), committed("hot.txt"), "{}", folder.display());
        }
    }
}

#[test]
fn neither_place_nor_language_changes_what_an_image_tells() {
    let image = images(&recorded().join("leak-buggy")).pop().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let tell = |zone: &str, language: &str, home: &Path| {
        let mut command = bloathound();
        command.current_dir(home).env("HOME", home).env("TZ", zone).env("LANG", language).env("LC_ALL", language);
        let output = command.arg("inspect").arg(&image).args(["--json", "-"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (before, after) = text.split_once("\"timing\": {").unwrap();
        // How long it took is all that may differ.
        before.to_owned() + after.split_once('}').unwrap().1
    };
    let first = tell("UTC", "C", &root());
    assert!(first.contains("\"by_type\""), "{first}");
    assert_eq!(first, tell("UTC", "C", &root()));
    assert_eq!(first, tell("Asia/Kathmandu", "tr_TR.UTF-8", elsewhere.path()));
}

/// Where the first of `words` is in `content`: one pass for all of them.
fn first_of(content: &[u8], words: &[String]) -> Option<usize> {
    let mut by_first: Vec<Vec<&[u8]>> = vec![Vec::new(); 256];
    for word in words {
        by_first[usize::from(word.as_bytes()[0])].push(word.as_bytes());
    }
    let is_one = |at: &usize| by_first[usize::from(content[*at])].iter().any(|word| content[*at..].starts_with(word));
    (0..content.len()).find(is_one)
}

/// Words that would tell of the machine a recording was made on: its folders, and of this machine also names and values of
/// the environment. Where it was made `ci/record` runs this; elsewhere it can only find too much of nothing.
#[test]
fn recordings_say_nothing_of_a_machine() {
    let mut words: Vec<String> =
        ["/home/", "/root/", "/Users/", "/tmp/", "/var/", "/usr/", "pyenv", "PATH=", "HOME="].map(str::to_owned).into();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    words.extend(Some(host.trim().to_owned()).filter(|host| host.len() > 4 && host != "localhost"));
    words.extend(std::env::vars().map(|(_, value)| value).filter(|value| value.len() > 5 && value.contains('/')));
    let mut files = 0;
    for folder in runs() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let content = match path.extension().and_then(|kind| kind.to_str()) {
                Some("bhi") => contents(&path),
                Some("bhs") => format!("{:?}", bloathound_engine::record::open_samples(&path).unwrap()).into_bytes(),
                _ => fs::read(&path).unwrap(),
            };
            let found = first_of(&content, &words).map(|at| {
                let from = at.saturating_sub(40);
                String::from_utf8_lossy(&content[from..(at + 80).min(content.len())]).into_owned()
            });
            assert_eq!(found, None, "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 15, "{files}");
}

#[test]
fn recordings_are_a_few_megabytes() {
    let files = runs().into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let bytes: u64 = files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes < 10_000_000, "{bytes}");
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
    let mut newer = whole.clone();
    newer[8] = 9;
    fs::write(&image, &newer).unwrap();
    bloathound()
        .arg("inspect")
        .arg(&image)
        .assert()
        .code(3)
        .stderr(contains("format version 9").and(contains("release")));
    fs::write(&image, b"something else").unwrap();
    bloathound().arg("inspect").arg(&image).assert().code(2).stderr(contains("meant a process id, a recorded image"));
}

#[test]
fn an_image_of_a_run_without_the_one_before_says_which_is_missing() {
    let copy = copy(&recorded().join("leak-buggy"));
    let images = images(copy.path());
    let (first, last) = (images.first().unwrap(), images.last().unwrap());
    bloathound().arg("inspect").arg(last).assert().success();
    fs::remove_file(first).unwrap();
    let said = || contains("builds on").and(contains("round-00.bhi")).and(contains("side by side"));
    bloathound().arg("inspect").arg(last).assert().code(2).stdout("").stderr(said());
    bloathound().arg("replay").arg(copy.path()).assert().code(2).stderr(contains("round-00.bhi"));
}

#[test]
fn damaged_samples_are_told() {
    let copy = copy(&recorded().join("tightloop-buggy"));
    let samples = copy.path().join("hot.bhs");
    let whole = fs::read(&samples).unwrap();
    let said = contains("no-observed-progress").and(contains("done = False"));
    bloathound().arg("hot").arg(&samples).assert().success().stdout(said);
    bloathound().arg("inspect").arg(&samples).assert().code(2).stderr(contains("bloathound hot"));
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    fs::write(&samples, &flipped).unwrap();
    bloathound().arg("hot").arg(&samples).assert().code(2).stdout("").stderr(contains("damaged"));
    bloathound().arg("replay").arg(copy.path()).assert().code(2).stderr(contains("damaged"));
    let mut newer = whole;
    newer[8] = 9;
    fs::write(&samples, &newer).unwrap();
    bloathound().arg("hot").arg(&samples).assert().code(3).stderr(contains("format version 9"));
    let image = images(&recorded().join("leak-buggy")).pop().unwrap();
    bloathound().arg("hot").arg(image).assert().code(2).stderr(contains("not recorded samples"));
    bloathound().args(["hot", "no-such-file"]).assert().code(2).stderr(contains("process id"));
}

#[test]
fn a_run_of_the_first_format_is_judged_but_for_its_samples() {
    let copy = copy(&recorded().join("tightloop-buggy"));
    let manifest = copy.path().join("run.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let older = text.replace("\"format\": 2", "\"format\": 1").replace("\"hot.bhs\"", "null");
    fs::write(&manifest, &older).unwrap();
    fs::write(copy.path().join("findings.json"), "[]\n").unwrap();
    bloathound().arg("replay").arg(copy.path()).assert().code(0).stdout(contains("nothing"));
    fs::write(&manifest, older.replace("\"format\": 1", "\"format\": 9")).unwrap();
    bloathound().arg("replay").arg(copy.path()).assert().code(2).stderr(contains("format 9"));
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
    let python = python();
    let script = "class Held(object): pass\nheld = [Held() for _ in range(321)]\nprint 'ready'\nimport sys\nsys.stdout.flush()\nsys.stdin.read()\n";
    let mut child =
        Command::new(python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("held.bhi");
    asleep(child.id());
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
