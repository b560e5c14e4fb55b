//! The workshop with the real binary and real services: each lab proves itself, a learner goes from the first screen to the
//! last, many at once get in nobody's way, and whatever is killed leaves nothing running.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod bundle;
mod class;
mod learner;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_lab::{Drawn, Kind, Shelf, Version, judge, lacks};
use bloathound_testkit::Owned;
use support::{bloathound, live, root, wait_until};

/// How long a service may take until it is there, on a machine that has others to care for.
const STARTED: Duration = Duration::from_secs(60);

fn shelf() -> Shelf {
    Shelf::open(&root().join("scenarios/labs")).unwrap()
}

/// The right answers to all questions of a lab, as `lab answer` takes them.
fn right(drawn: &Drawn) -> Vec<String> {
    let told = |text: &str| drawn.told(text, &[]).unwrap();
    let answer = |kind: &Kind| match kind {
        Kind::Class { is, .. } => is.clone(),
        Kind::Holder { must, .. } => told(&must.join(".")),
        Kind::Number { is, .. } => told(is),
        Kind::Lines { mark } => drawn.lines(mark).map(|(first, last)| format!("{first}-{last}")).unwrap(),
        Kind::Word { any } => told(&any[0]),
    };
    drawn.lab.questions.iter().map(|question| format!("{}={}", question.id, answer(&question.kind))).collect()
}

/// `lab start` of one learner, ended with the test.
struct Started {
    child: Owned,
    folder: PathBuf,
}

impl Started {
    fn new(lab: &str, folder: &Path, learner: &str, mark: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        command
            .args(["lab", "start", lab, "--learner", learner, "--folder"])
            .arg(folder)
            .current_dir(root())
            .env("BLOATHOUND_LAB_TEST", mark)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self { child: Owned::from(command.spawn().unwrap()), folder: folder.join(lab) }
    }

    /// Process and port of its service, once it runs.
    fn running(&self) -> (u32, u16) {
        wait_until("the service of the lab", STARTED, || {
            let text = fs::read_to_string(self.folder.join("running.txt")).ok()?;
            let told = bloathound_lab::Diary::of_text(&text);
            Some((told.get("pid").parse().ok()?, told.get("port").parse().ok()?))
        })
    }
}

/// Processes that have this mark in their environment: whatever a command of ours started, and itself.
fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("BLOATHOUND_LAB_TEST={mark}");
    let listed = fs::read_dir("/proc").unwrap().flatten();
    let pids = listed.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes())
    };
    pids.filter(has).collect()
}

#[test]
fn no_lab_lacks_anything_by_its_files() {
    let shelf = shelf();
    let labs = shelf.labs();
    assert!(labs.len() >= 13, "twelve labs and a mystery, and there are {}", labs.len());
    let nothing = labs.iter().filter(|lab| lab.told.is_none() && lab.of.is_empty()).count();
    assert!(nothing >= 3, "labs in which nothing is wrong: {nothing}");
    assert!(labs.iter().filter(|lab| lab.kit).count() >= 3, "labs that are solved with the kit");
    assert!(labs.iter().filter(|lab| !lab.releases.is_empty()).count() >= 2, "labs of published bugs");
    let lacking: Vec<(&str, Vec<String>)> = labs.iter().map(|lab| (lab.name.as_str(), lacks(&shelf, lab))).collect();
    let lacking: Vec<_> = lacking.into_iter().filter(|(_, lacks)| !lacks.is_empty()).collect();
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn a_lab_that_lacks_something_is_told_what() {
    let folder = tempfile::tempdir().unwrap();
    let labs = folder.path().join("labs");
    fs::create_dir_all(labs.join("bare")).unwrap();
    fs::copy(root().join("scenarios/labs/shared.yaml"), labs.join("shared.yaml")).unwrap();
    fs::write(labs.join("bare/lab.yaml"), "title: t\nminutes: 1\norder: 1\nsymptom: s\n").unwrap();
    fs::write(labs.join("bare/service.py"), "print 1  # a comment\n").unwrap();
    let shelf = Shelf::open(&labs).unwrap();
    let found = lacks(&shelf, shelf.lab("bare").unwrap());
    for wanted in ["no explanation", "not three hints", "fewer than three wrong answers", "no question for the class"] {
        assert!(found.iter().any(|line| line == wanted), "{wanted}: {found:?}");
    }
    assert!(found.iter().any(|line| line.contains("a comment")), "{found:?}");
}

#[test]
fn every_wrong_answer_is_refused_by_a_message_of_its_own_for_many_learners() {
    let shelf = shelf();
    for lab in shelf.labs().iter().filter(|lab| lab.of.is_empty()) {
        for seed in 1..40 {
            let drawn = Drawn::new(&shelf, &lab.name, seed).unwrap();
            let mut said = Vec::new();
            for question in &drawn.lab.questions {
                for wrong in drawn.wrong(&question.id).unwrap() {
                    let judged = judge(&drawn, question, &wrong.says).unwrap();
                    assert!(!judged.right, "{} {seed}: {}={}", lab.name, wrong.to, wrong.says);
                    assert_eq!(judged.says, wrong.because.trim(), "{} {seed}: {}={}", lab.name, wrong.to, wrong.says);
                    assert!(!said.contains(&judged.says), "{}: the same message twice", lab.name);
                    said.push(judged.says);
                }
            }
            for (question, given) in drawn.lab.questions.iter().zip(right(&drawn)) {
                let answer = given.split_once('=').unwrap().1;
                assert!(judge(&drawn, question, answer).unwrap().right, "{} {seed}: {given}", lab.name);
            }
        }
    }
}

#[test]
fn names_and_figures_differ_from_learner_to_learner() {
    let shelf = shelf();
    for lab in shelf.labs() {
        let services: std::collections::BTreeSet<String> = (1..21)
            .map(|seed| Drawn::new(&shelf, &lab.name, seed).unwrap().service(Version::Unsolved).unwrap())
            .collect();
        assert!(services.len() > 15, "{}: {} of 20 services differ", lab.name, services.len());
    }
}

/// Unsolved it fails, the solution passes, the work left out is refused as that, and what the tool says is what is taken for right.
#[test]
fn each_lab_proves_itself() {
    if !live() {
        return;
    }
    let begun = Instant::now();
    let proved = bloathound().args(["lab", "check", "--all", "--jobs", "3"]).output().unwrap();
    let told = String::from_utf8_lossy(&proved.stdout);
    assert!(proved.status.success(), "after {:?}:\n{told}", begun.elapsed());
    assert!(told.contains(" 0 lack something"), "{told}");
}
