//! The search for a Python 2.7, with interpreters played by scripts and with the machine's own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use bloathound_driver::{Origin, PythonError, Rejection, Search};
use support::script;

/// A script that answers as this Python would, and as if it were the executable itself.
fn python(path: &Path, answer: &str) -> PathBuf {
    let good = format!(
        r#"{{"executable": "{}", "version": "2.7.18", "major_minor": [2, 7], "implementation": "CPython",
            "word_bits": 64, "debug": false, "max_unicode": 1114111, "abi": "cp27mu linux-x86_64"}}"#,
        path.display()
    );
    let answer = match answer.split_once(" => ") {
        Some((from, to)) => {
            assert!(good.contains(from), "{from}");
            good.replace(from, to)
        }
        None => good,
    };
    script(path, &format!("cat <<'END'\n{answer}\nEND"))
}

fn search(configured: Option<&Path>, path: &[PathBuf], home: &Path) -> Search {
    Search {
        configured: configured.map(|path| path.as_os_str().to_owned()),
        path: Some(std::env::join_paths(path).unwrap()),
        home: Some(home.to_owned()),
        ..Search::default()
    }
}

#[test]
fn each_place_is_found_and_in_this_order() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let conda = python(&home.join("miniconda3/envs/py27/bin/python2.7"), "");
    let from = |search: &Search| {
        let found = search.find().unwrap_or_else(|error| panic!("{error}"));
        (found.origin, found.interpreter.executable)
    };
    let bin = home.join("bin");
    let everywhere = search(None, std::slice::from_ref(&bin), &home);
    assert_eq!(from(&everywhere), (Origin::Conda, conda));
    python(&home.join(".pyenv/versions/2.7.9/bin/python2.7"), "");
    let newest = python(&home.join(".pyenv/versions/2.7.18/bin/python2.7"), "");
    python(&home.join(".pyenv/versions/3.12.1/bin/python2.7"), "");
    assert_eq!(from(&everywhere), (Origin::Pyenv, newest));
    // A `python` that is Python 3 is passed over, and a `python2` behind it is found.
    python(&bin.join("python"), "[2, 7] => [3, 12]");
    let second = python(&bin.join("python2"), "");
    assert_eq!(from(&everywhere), (Origin::Path, second));
    let configured = python(&home.join("mine/py"), "");
    assert_eq!(from(&search(Some(&configured), &[bin], &home)), (Origin::Variable, configured));
}

#[test]
fn a_conda_environment_elsewhere_is_found_by_its_list_and_by_its_variable() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let listed = python(&home.join("elsewhere/bin/python2.7"), "");
    std::fs::create_dir_all(home.join(".conda")).unwrap();
    let list = format!("/no/such/place\n{}\n", home.join("elsewhere").display());
    std::fs::write(home.join(".conda/environments.txt"), list).unwrap();
    let mut search = search(None, &[], &home);
    assert_eq!(search.find().unwrap().interpreter.executable, listed);
    let active = python(&home.join("active/bin/python2.7"), "");
    search.conda_prefix = Some(home.join("active"));
    assert_eq!(search.find().unwrap().interpreter.executable, active);
}

#[test]
fn a_shim_is_resolved_to_the_executable_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let real = python(&home.join("versions/2.7.18/bin/python2.7"), "");
    let shim = script(&home.join("shims/python2.7"), &format!("exec {} \"$@\"", real.display()));
    let found = search(Some(&shim), &[], &home).find().unwrap();
    assert_eq!(found.interpreter.executable, real);
}

#[test]
fn what_will_not_do_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    for (answer, expected) in [
        (r#"[2, 7], => [3, 8], "was":"#, None),
        ("[2, 7] => [2, 6]", Some(Rejection::OtherVersion("2.7.18".to_owned()))),
        (r#""CPython" => "PyPy""#, Some(Rejection::OtherImplementation("PyPy".to_owned()))),
        (r#""word_bits": 64 => "word_bits": 32"#, Some(Rejection::OtherWordSize(32))),
        (r#""debug": false => "debug": true"#, Some(Rejection::DebugBuild)),
    ] {
        let program = python(&home.join("py"), answer);
        let error = search(Some(&program), &[], &home).find().unwrap_err();
        let PythonError::Configured { program: named, why } = &error else { panic!("{error}") };
        assert_eq!(*named, program);
        match expected {
            Some(expected) => assert_eq!(*why, expected),
            None => assert!(matches!(why, Rejection::NoAnswer(_)), "{why}"),
        }
    }
}

#[test]
fn a_configured_interpreter_that_is_wrong_is_never_replaced_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let bin = home.join("bin");
    python(&bin.join("python2.7"), "");
    let missing = home.join("no/such/python");
    let error = search(Some(&missing), &[bin], &home).find().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("BLOATHOUND_PYTHON27") && text.contains("no/such/python"), "{text}");
}

#[test]
fn without_one_the_error_says_what_was_tried_and_what_to_type() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let bin = home.join("bin");
    let broken = script(&bin.join("python2.7"), "echo 'pyenv: python2.7: command not found' >&2; exit 127");
    python(&bin.join("python"), "[2, 7] => [3, 12]");
    let error = search(None, &[bin], &home).find().unwrap_err();
    let PythonError::NoPython27 { tried } = &error else { panic!("{error}") };
    assert_eq!(tried.len(), 2);
    assert_eq!(tried[0].program, broken);
    assert_eq!(tried[0].why, Rejection::NoAnswer("pyenv: python2.7: command not found".to_owned()));
    let text = error.to_string();
    for line in ["pyenv install 2.7.18", "conda create -n py27 python=2.7", "docker run", "command not found"] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[test]
fn the_machines_own_is_an_executable_that_runs_as_itself() {
    let Some(launcher) = support::launcher() else { return };
    let executable = &launcher.interpreter.executable;
    assert!(launcher.interpreter.version.starts_with("2.7."));
    // A shim is a script; the executable of an interpreter is an ELF file.
    let start = std::fs::read(executable).unwrap();
    assert_eq!(&start[..4], b"\x7fELF");
}
