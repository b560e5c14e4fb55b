//! Services of other shapes than ours, each gated red with its bug and green without it, by nothing but their command.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod scripts;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::Command;
use bloathound_vocabulary::{FindingClass, Outcome, RunResults};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, packages, python, wait_until};
use tempfile::TempDir;

/// A folder outside the checkout with these services, and nothing else.
fn elsewhere() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["threads.py", "own.tac", "twistd.py", "prefork.py"] {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/check").join(name);
        std::fs::copy(source, folder.path().join(name)).unwrap();
    }
    folder
}

fn check(folder: &TempDir, options: &[&str], command: &[&str]) -> Command {
    let mut all = bloathound();
    all.current_dir(folder.path()).timeout(Duration::from_secs(300)).args(["check", "--json", "results.json"]);
    all.args(options).arg("--").arg(python()).args(command);
    all
}

fn results(folder: &TempDir) -> RunResults {
    let text = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
    bloathound_score::read_results("results.json", &text).unwrap()
}

/// Nothing that was started in this folder runs any more.
fn nothing_is_left(folder: &TempDir) {
    let is_of_it = |entry: std::fs::DirEntry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder.path()))
    };
    wait_until("the end of all that was started", Duration::from_secs(10), || {
        (!std::fs::read_dir("/proc").unwrap().flatten().any(is_of_it)).then_some(())
    });
}

#[test]
fn a_server_of_threads_that_keeps_its_requests() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let options =
        ["--load", "/orders?n={n}", "--junit", "junit.xml", "--report", "page.html", "--summary", "summary.md"];
    let options = [&options[..], &["--annotate", "--sample", "1"]].concat();
    let red = check(&folder, &options, &["threads.py", "{port}", "bug"]);
    let red = { red }.assert().code(1).stdout(contains("Audit.entries").and(contains("1 dict objects per request")));
    let text = String::from_utf8_lossy(&red.get_output().stdout).into_owned();
    assert!(text.find("findings").unwrap() < text.find("what was done").unwrap(), "{text}");
    let found = results(&folder);
    assert_eq!((found.runs.len(), found.runs[0].outcome), (1, Outcome::Fail));
    assert_eq!(found.runs[0].findings[0].class, FindingClass::Leak);
    let said = String::from_utf8_lossy(&red.get_output().stderr).into_owned();
    assert!(said.contains("::error file=threads.py,line=") && said.contains("title=threads%3A leak::"), "{said}");
    for file in ["junit.xml", "page.html", "summary.md"] {
        assert!(std::fs::read_to_string(folder.path().join(file)).unwrap().contains("Audit.entries"), "{file}");
    }
    nothing_is_left(&folder);
    check(&folder, &options, &["threads.py", "{port}"]).assert().code(0).stdout(contains("nothing found"));
    // Told, and no failure where only other classes are to fail.
    let tolerant = [&options[..2], &["--sample", "1", "--fail-on", "hot-loop", "spin"]].concat();
    check(&folder, &tolerant, &["threads.py", "{port}", "bug"]).assert().code(0).stdout(contains("Audit.entries"));
}

#[test]
fn a_service_of_twistd_that_keeps_sessions() {
    let Some(packages) = packages() else { return };
    let folder = elsewhere();
    let command = ["twistd.py", "{port}", "-n", "-y", "own.tac", "--pidfile=", "--logfile=/dev/null"];
    let packages = format!("PACKAGES={}", packages.display());
    let run = |bug: &str| {
        let bug = format!("BUG={bug}");
        let options = ["--env", &packages, "--env", &bug, "--load", "GET http://127.0.0.1:{port}/", "--sample", "1"];
        check(&folder, &options, &command).assert()
    };
    run("1").code(1).stdout(contains("Root.sessions").and(contains("1 Session objects per request")));
    run("").code(0);
    nothing_is_left(&folder);
}

#[test]
fn a_worker_that_goes_round_is_named_while_nobody_answers() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let options = ["--children", "--load", "/a", "--load", "/slow", "--answer-within", "20"];
    let red = check(&folder, &options, &["prefork.py", "{port}", "bug"]).assert().code(1);
    red.stdout(contains("answer (prefork.py:").and(contains("can end only if done changes")));
    let found = results(&folder);
    assert_eq!(found.runs.len(), 3, "the parent and its workers");
    nothing_is_left(&folder);
    let options = [&options[..5], &["--sample", "1"]].concat();
    check(&folder, &options, &["prefork.py", "{port}"]).assert().code(0);
    nothing_is_left(&folder);
}

#[test]
fn what_can_not_be_checked_says_why_and_passes_for_nothing() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let failing = check(&folder, &[], &["-c", "import sys; sys.stderr.write('no such table'); sys.exit(3)"]);
    { failing }.assert().code(5).stderr(contains("no such table"));
    let silent =
        check(&folder, &["--ready", "listening", "--ready-within", "1"], &["-c", "import time; time.sleep(60)"]);
    { silent }.assert().code(5).stderr(contains("not ready in 1.0 s"));
    check(&folder, &["--load", "/"], &["threads.py", "1"]).assert().code(2).stderr(contains("--port"));
    // The load fails after a while: what was seen by then is judged, and nothing of it passes.
    let options = ["--load-command", "test ! -e once && touch once", "--rounds", "3", "--sample", "1"];
    let cut = check(&folder, &options, &["threads.py", "{port}"]).assert().code(4);
    cut.stdout(contains("cut short: round 1 of 3"));
    bloathound().args(["check", "--pid", "1", "--", "x"]).assert().code(2);
    bloathound().args(["check"]).assert().code(2);
    nothing_is_left(&folder);
}

#[test]
fn a_script_without_load_is_watched() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let growing =
        "import time\nkept = []\nwhile True:\n    kept.append({'n': [len(kept)] * 50})\n    time.sleep(0.001)\n";
    let options = ["--rounds", "6", "--interval", "1", "--sample", "1"];
    let red = check(&folder, &options, &["-c", growing]).assert().code(1);
    red.stdout(contains("kept"));
    let quiet = "import time\nwhile True:\n    time.sleep(0.01)\n";
    check(&folder, &options, &["-c", quiet]).assert().code(0);
    nothing_is_left(&folder);
}

/// The page's service and command, as they stand there.
#[test]
fn the_page_leads_from_red_to_green() {
    if !live() {
        return;
    }
    let page = std::fs::read_to_string(support::root().join("scenarios/YOUR-OWN.md")).unwrap();
    let block = |begin: &str| page.split_once(begin).unwrap().1.split_once("```").unwrap().0.trim().to_owned();
    let service = block("```python\n");
    let command = block("Red:\n\n```\n");
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    let ["bloathound", rest @ ..] = words.as_slice() else { panic!("{command}") };
    let folder = TempDir::new().unwrap();
    let run = |source: &str| {
        std::fs::write(folder.path().join("orders.py"), source).unwrap();
        let python = python();
        let named =
            |word: &&&str| if **word == "python2.7" { python.display().to_string() } else { (**word).to_owned() };
        let mut check = bloathound();
        check.current_dir(folder.path()).timeout(Duration::from_secs(120)).args(rest.iter().map(|word| named(&word)));
        check.assert()
    };
    run(&service).code(1).stdout(contains("seen").and(contains("1 dict objects per request")));
    let line = service.lines().find(|line| line.contains("seen.append")).unwrap();
    run(&service.replace(line, "")).code(0);
    // The same by a scenario of it, which is written for the good one and fails on the bad one.
    let words = |begin: &str| -> Vec<String> {
        let line = block(begin);
        let words = line
            .split_whitespace()
            .map(|word| word.trim_matches('\'').replace("python2.7", &python().display().to_string()));
        words.skip(1).collect()
    };
    let typed = |arguments: Vec<String>| {
        let mut all = bloathound();
        all.current_dir(folder.path()).timeout(Duration::from_secs(120)).args(arguments).assert()
    };
    typed(words("## A scenario of it\n\n```\n")).code(0);
    let run = || typed(words("nothing may be found against.\n\n```\n"));
    run().code(0);
    std::fs::write(folder.path().join("orders.py"), &service).unwrap();
    run().code(1).stdout(contains("seen"));
    nothing_is_left(&folder);
}

/// What is known of a finding is free of lines, folders, processes and counts, so that it is known again; and what has no
/// class has a file.
#[test]
fn a_finding_is_known_again_after_its_lines_moved_and_on_another_host() {
    if !live() {
        return;
    }
    let classless = "import sys
from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer


def note(entry, kept=[]):
    kept.append([entry])


def spin(path):
    done = 'slow' not in path
    while not done:
        path = path[1:] + path[:1]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        note(self.path)
        spin(self.path)
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *ignored):
        pass


HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
";
    let folder = elsewhere();
    let write = |folder: &TempDir, source: &str| std::fs::write(folder.path().join("noted.py"), source).unwrap();
    write(&folder, classless);
    let leak = ["--load", "/a", "--sample", "0.5", "--requests", "10"];
    let accepting =
        check(&folder, &[&leak[..], &["--accept", "known.yaml", "--annotate"]].concat(), &["noted.py", "{port}"]);
    { accepting }.assert().code(1).stderr(contains("::error file=noted.py,line="));
    let known = std::fs::read_to_string(folder.path().join("known.yaml")).unwrap();
    assert!(known.starts_with('#') && known.contains("version: 1\n") && known.contains("note"), "{known}");
    assert!(known.contains(" (noted.py)"), "{known}");
    assert!(!known.contains(&folder.path().display().to_string()), "{known}");
    // Another folder, another load, other lines: the same place.
    let other = elsewhere();
    let moved = classless.replace("def note", "LIMIT = 3\n\n\ndef limit():\n    return LIMIT\n\n\ndef note");
    write(&other, &moved);
    std::fs::write(other.path().join("known.yaml"), &known).unwrap();
    let options = ["--load", "/b", "--sample", "0.5", "--requests", "14", "--baseline", "known.yaml"];
    let again = check(&other, &options, &["noted.py", "{port}"]).assert().code(0);
    again.stdout(contains("accepted (not looked at yet)").and(contains("1 accepted")));
    // Past a bound it counts again, and an entry that nothing fits is named.
    let bound = known.replace("reason:", "bound: {objects_per_request: 0.5}\n  reason:");
    std::fs::write(other.path().join("known.yaml"), bound).unwrap();
    check(&other, &options, &["noted.py", "{port}"]).assert().code(1).stderr(contains("up to objects_per_request 0.5"));
    // A loop is known by its function and file.
    let slow = ["--load", "/slow", "--answer-within", "12", "--sample", "2", "--rounds", "3"];
    let spinning = |folder: &TempDir, options: &[&str]| {
        check(folder, &[&slow[..], options].concat(), &["noted.py", "{port}"]).assert()
    };
    spinning(&folder, &["--accept", "loop.yaml"]).code(1).stdout(contains("spin (noted.py:"));
    let known = std::fs::read_to_string(folder.path().join("loop.yaml")).unwrap();
    assert!(!known.contains(&folder.path().display().to_string()) && known.contains("noted.py"), "{known}");
    std::fs::write(other.path().join("known.yaml"), known).unwrap();
    spinning(&other, &["--baseline", "known.yaml"]).stdout(contains("accepted (not looked at yet)"));
    nothing_is_left(&folder);
    nothing_is_left(&other);
}

/// No Python is needed for these: the looks were kept.
#[test]
fn a_look_fails_on_the_classes_that_it_is_told_to() {
    let look = |arguments: &[&str]| bloathound().args(arguments).assert();
    let samples = "snapshots/recorded/tightloop-buggy/hot.bhs";
    look(&["hot", samples]).code(0).stdout(contains("next"));
    look(&["hot", samples, "--fail-on", "all"]).code(1);
    look(&["hot", samples, "--fail-on", "leak", "hot-loop"]).code(1);
    look(&["hot", samples, "--fail-on", "leak"]).code(0);
    look(&["inspect", "snapshots/recorded/cycles-buggy/inspect.bhi", "--fail-on", "cycle"]).code(1);
    look(&["hot", samples, "--fail-on", "leek"]).code(2).stderr(contains("one of leak, growth"));
}

#[test]
fn an_old_service_fails_on_what_is_new_only() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let run = |options: &[&str]| {
        let all = [&["--load", "/", "--sample", "0.5"][..], options].concat();
        check(&folder, &all, &["threads.py", "{port}", "bug"]).assert()
    };
    // Accepting is no passing: the build that writes the file is red.
    run(&["--accept", "known.yaml"]).code(1);
    let known = folder.path().join("known.yaml");
    let written = std::fs::read_to_string(&known).unwrap();
    assert!(
        written.contains("place: __main__.Audit.entries") && written.contains("reason: not looked at yet"),
        "{written}"
    );
    let told = run(&["--baseline", "known.yaml"]).code(0);
    told.stdout(contains("accepted (not looked at yet)").and(contains("Audit.entries")));
    std::fs::write(&known, written.replace("reason: not", "until: 2020-01-01\n  reason: not")).unwrap();
    run(&["--baseline", "known.yaml"]).code(1).stderr(contains("was accepted until 2020-01-01: it counts again"));
    std::fs::write(&known, written.replace("leak:", "leak:elsewhere>")).unwrap();
    run(&["--baseline", "known.yaml"]).code(1).stderr(contains("accepted and not found this time"));
    std::fs::write(&known, written.replace("version: 1", "version: 9")).unwrap();
    run(&["--baseline", "known.yaml"]).code(2).stderr(contains("version 9"));
}

/// From any folder, with nothing but the script and the program.
#[test]
fn the_script_for_other_systems_keeps_what_was_seen() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let mut script = Command::new(support::root().join("ci/check-service"));
    script.current_dir(folder.path()).timeout(Duration::from_secs(120));
    script
        .env("BLOATHOUND", env!("CARGO_BIN_EXE_bloathound"))
        .env("GITHUB_STEP_SUMMARY", folder.path().join("step.md"));
    script.args(["--load", "/", "--sample", "0.5", "--"]).arg(python()).args(["threads.py", "{port}", "bug"]);
    script.assert().code(1);
    for file in ["results.json", "junit.xml", "page.html", "summary.md", "../step.md"] {
        let text = std::fs::read_to_string(folder.path().join("bloathound").join(file)).unwrap();
        assert!(text.contains("Audit.entries") || text.contains("Audit"), "{file}");
    }
}
