//! The search for the Pythons of 3, with interpreters played by scripts, and the contract that their services keep, with the
//! machine's own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_driver::{
    Launcher, Ledger, Limits, Origin, PythonError, Rejection, Search, Service, StopHow, ask, run_round,
};
use bloathound_scenario::{Scenario, Variant, load_file};
use serde_json::json;
use support::{is_running, root, script};

/// A script that answers as this release of CPython would, and as if it were the executable itself.
fn python(path: &Path, version: &str) -> PathBuf {
    let mut numbers = version.split('.');
    let (major, minor) = (numbers.next().unwrap(), numbers.next().unwrap());
    let free_threaded = version.ends_with(".99");
    script(
        path,
        &format!(
            r#"cat <<'END'
{{"executable": "{}", "version": "{version}", "major_minor": [{major}, {minor}], "implementation": "CPython",
"word_bits": 64, "debug": false, "max_unicode": 1114111, "abi": "cp{major}{minor} linux-x86_64",
"free_threaded": {free_threaded}}}
END"#,
            path.display()
        ),
    )
}

fn search(home: &Path) -> Search {
    Search { path: Some(home.join("bin").into()), home: Some(home.to_owned()), ..Search::default() }
}

fn found(search: &Search) -> Vec<(String, Origin)> {
    let found = search.find_3().unwrap_or_else(|error| panic!("{error}"));
    found.into_iter().map(|one| (one.interpreter.version, one.origin)).collect()
}

#[test]
fn each_series_is_found_once_the_newest_first_and_each_place_in_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let is = |version: &str, origin| (version.to_owned(), origin);
    python(&home.join("miniconda3/envs/new/bin/python3"), "3.13.7");
    assert_eq!(found(&search(&home)), [is("3.13.7", Origin::Conda)]);
    python(&home.join(".local/share/uv/python/cpython-3.13.5-linux-x86_64-gnu/bin/python3"), "3.13.5");
    assert_eq!(found(&search(&home)), [is("3.13.5", Origin::Uv)]);
    for version in ["3.13.0", "3.13.2", "3.11.7", "3.9.18", "2.7.18"] {
        python(&home.join(format!(".pyenv/versions/{version}/bin/python3")), version);
    }
    assert_eq!(found(&search(&home)), [is("3.13.2", Origin::Pyenv), is("3.11.7", Origin::Pyenv)]);
    python(&home.join("bin/python3"), "3.12.1");
    python(&home.join("bin/python3.11"), "3.11.2");
    let all = [is("3.13.2", Origin::Pyenv), is("3.12.1", Origin::Path), is("3.11.2", Origin::Path)];
    assert_eq!(found(&search(&home)), all);
    let elsewhere = Search { uv_dir: Some(home.join("uv")), ..search(&home) };
    python(&home.join("uv/cpython-3.13.9-linux-x86_64-gnu/bin/python3"), "3.13.9");
    assert_eq!(found(&elsewhere), all);
}

#[test]
fn a_variable_names_the_only_one_and_is_never_replaced_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    python(&home.join("bin/python3"), "3.13.0");
    let named = |version: &str| {
        let program = python(&home.join("mine/py"), version);
        Search { configured_3: Some(program.into()), ..search(&home) }
    };
    assert_eq!(found(&named("3.12.4")), [("3.12.4".to_owned(), Origin::Variable3)]);
    for (version, expected) in
        [("2.7.18", Rejection::NotPython3("2.7.18".to_owned())), ("3.13.99", Rejection::FreeThreaded)]
    {
        let Err(PythonError::Configured3 { why, .. }) = named(version).find_3() else { panic!("{version}") };
        assert_eq!(why, expected);
    }
    let refused = named("3.9.18").find_3().unwrap_err().to_string();
    assert!(refused.contains("BLOATHOUND_PYTHON3") && refused.contains("past its end"), "{refused}");
}

#[test]
fn where_none_is_found_it_is_said_what_was_looked_at_and_what_to_type() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    python(&home.join("bin/python3"), "3.8.18");
    let text = search(&home).find_3().unwrap_err().to_string();
    assert!(text.contains("bin/python3 (PATH) is Python 3.8.18: past its end"), "{text}");
    assert!(text.contains("uv python install 3.13") && text.contains("BLOATHOUND_PYTHON3"), "{text}");
}

/// What starts services of 3 that need no packages.
fn launcher() -> Option<Launcher> {
    let program = bloathound_testkit::python3("3.13")?;
    let interpreter = Search::at_path(&program).unwrap_or_else(|error| panic!("{error}")).interpreter;
    Some(Launcher { interpreter, environment: None, services_dir: root().join("reference-services") })
}

fn scenario(name: &str) -> Scenario {
    let file = root().join(format!("scenarios/{name}.yaml"));
    load_file(&file, &root().join("reference-services")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The status of the answer to a request line without its version.
fn status_of(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "{request} HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_service_of_3_keeps_the_contract() {
    let Some(launcher) = launcher() else { return };
    let within = Duration::from_secs(30);
    let mut answers = Vec::new();
    for variant in [Variant::Buggy, Variant::Fixed] {
        let scenario = scenario("aio-leak");
        let service = Service::start(&launcher.launch(&scenario, variant, &Limits::default())).unwrap();
        let load = scenario.load.as_ref().unwrap();
        for round in 1..=2_u64 {
            run_round(service.port(), load, within).unwrap();
            let totals = Ledger::new(service.port(), service.ledger_file()).totals(within).unwrap();
            assert_eq!(totals["requests"], json!(round * load.requests));
            let kept = if variant == Variant::Buggy { round * load.requests * 200 } else { 0 };
            assert_eq!(totals["kept_sessions"], json!(kept));
        }
        let mode = std::fs::metadata(service.ledger_file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "the ledger is its owner's");
        answers.push(ask(service.port(), "/work", within).unwrap());
        for (request, status) in [
            ("POST /quit", "403"),
            ("POST /quit?token=0", "403"),
            ("GET /nothing", "404"),
            ("POST /work", "405"),
            ("nonsense", "400"),
        ] {
            assert_eq!(status_of(service.port(), request), status, "{request}");
        }
        let pid = service.pid();
        assert_eq!(service.stop(Duration::from_secs(10)), StopHow::Quit);
        assert!(!is_running(pid));
    }
    assert_eq!(answers.first(), answers.last(), "a service and its twin answer the same bytes");
}
