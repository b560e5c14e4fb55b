//! A bundle, used where there is no network, no Python and nothing on the path.

use std::path::Path;
use std::process::Command;

use bloathound_lab::{Diary, Drawn};

use super::support::{bloathound, live};
use super::{right, shelf};

/// By its path: with an empty one nothing is looked up.
const UNSHARE: &str = "/usr/bin/unshare";

/// A command of the bundle in a network namespace of its own, where one can be had.
fn offline(bundle: &Path, words: &[&str]) -> std::process::Output {
    let alone = Command::new(UNSHARE).args(["-rn", "true"]).status().is_ok_and(|status| status.success());
    let program = bundle.join("bloathound");
    let mut command = if alone {
        let mut command = Command::new(UNSHARE);
        command.arg("-rn").arg(program);
        command
    } else {
        bloathound_testkit::cannot("a network namespace");
        Command::new(program)
    };
    command.args(words).current_dir(bundle).env_clear().env("PATH", "").env("HOME", bundle).output().unwrap()
}

#[test]
fn from_a_bundle_a_diagnosis_needs_neither_network_nor_python() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("stick");
    bloathound()
        .args(["lab", "bundle", "--seeds", "1", "--without-packages", "--only", "audit", "pages", "--"])
        .arg(&bundle)
        .assert()
        .success();
    let recorded = bundle.join("recordings/pages/1");
    assert!(recorded.is_dir(), "kept once, under its own name");
    for name in ["audit", "pages"] {
        let started = offline(&bundle, &["lab", "start", name, "--learner", "Ben"]);
        let told = String::from_utf8_lossy(&started.stdout).into_owned();
        assert!(
            started.status.success() && told.contains("recorded, not live"),
            "{told}{}",
            String::from_utf8_lossy(&started.stderr)
        );
        // What it says to type first works as it stands.
        let first =
            told.lines().find_map(|line| line.split_once("/bloathound ").map(|(_, rest)| rest)).expect("a command");
        let looked = offline(&bundle, &first.split(' ').collect::<Vec<_>>());
        assert!(looked.status.success(), "{first}: {}", String::from_utf8_lossy(&looked.stderr));
        let own = bundle.join("bloathound-labs").join(name);
        let progress = Diary::read(&own).unwrap().unwrap();
        let drawn = Drawn::new(&shelf(), name, progress.number("seed")).unwrap();
        let answers = right(&drawn);
        let mut words = vec!["lab", "answer", name];
        words.extend(answers.iter().map(String::as_str));
        assert!(offline(&bundle, &words).status.success());
        let checked = offline(&bundle, &["lab", "check", name]);
        let told = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{told}{}", String::from_utf8_lossy(&checked.stderr));
        assert!(told.contains("left out: this lab is a recording") && told.contains("passed: "), "{told}");
        assert!(own.join("explained.html").is_file());
    }
}
