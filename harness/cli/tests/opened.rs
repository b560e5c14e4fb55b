//! Every export and every page, opened with what people open it with (`ci/readers`): a reader that takes it is the proof
//! of a format, not our reading of its description.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;
#[path = "support/target.rs"]
mod target;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bloathound_testkit::cannot;
use serde_json::Value;
use support::{bloathound, live, root, wait_until};
use target::Target;

fn recorded(name: &str) -> String {
    root().join("snapshots/recorded").join(name).display().to_string()
}

/// What a reader says of a file; `None`, with a notice, where its programs are not there.
fn read(kind: &str, file: &Path, more: &[&str]) -> Option<Value> {
    let readers = root().join("ci/readers");
    if !readers.join("node_modules").is_dir() {
        missing("no program that opens our exports: npm ci --ignore-scripts --prefix ci/readers");
        return None;
    }
    if matches!(kind, "page" | "speedscope") && !has_browser(&readers) {
        missing("no Chromium: apt-get install chromium");
        return None;
    }
    let done = Command::new("node").arg(readers.join("read.mjs")).arg(kind).arg(file).args(more).output().unwrap();
    assert!(done.status.success(), "{kind}: {}", String::from_utf8_lossy(&done.stderr));
    Some(serde_json::from_slice(&done.stdout).unwrap())
}

/// Said where it is not there; a failure where somebody brought it (`.ci/run`).
fn missing(why: &str) {
    assert!(
        std::env::var_os("BLOATHOUND_REQUIRE_READERS").is_none(),
        "BLOATHOUND_REQUIRE_READERS is set, but there is {why}"
    );
    cannot(why);
}

fn has_browser(readers: &Path) -> bool {
    Command::new(readers.join("chromium")).output().is_ok_and(|found| found.status.success())
}

/// The Python that has the readers of ours; `None`, with a notice, where nobody made it.
fn python() -> Option<PathBuf> {
    let environment = root().join("ci/readers/.venv");
    if !environment.join("junit-10.xsd").exists() {
        missing("no reader of OpenMetrics and JUnit: ci/readers/prepare");
        return None;
    }
    Some(environment.join("bin/python"))
}

/// What one of our readers in Python says of a text.
fn parsed(python: &Path, script: &str, text: &str) -> Value {
    let mut parser = Command::new(python)
        .arg(root().join("ci/readers").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = parser.wait_with_output().unwrap();
    assert!(done.status.success(), "{script}: {text}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Writes one export of samples and gives its file.
fn of_samples(folder: &Path, option: &str) -> PathBuf {
    let file = folder.join(format!("out{}", option.replace('-', ".")));
    bloathound().args(["hot", &recorded("tightloop-buggy/hot.bhs"), option]).arg(&file).assert().success();
    file
}

#[test]
fn speedscope_shows_the_function_that_loops() {
    let folder = tempfile::tempdir().unwrap();
    for option in ["--speedscope", "--pprof", "--collapsed"] {
        let Some(seen) = read("speedscope", &of_samples(folder.path(), option), &[]) else { return };
        assert_eq!(seen["errors"], Value::Array(Vec::new()), "{option}");
        assert!(seen["text"].as_str().unwrap().contains("call"), "{option}: {seen}");
        assert!(!seen["text"].as_str().unwrap().contains("Something went wrong"), "{option}: {seen}");
    }
}

#[test]
fn pprof_reads_stacks_with_the_innermost_first() {
    let folder = tempfile::tempdir().unwrap();
    let Some(seen) = read("pprof", &of_samples(folder.path(), "--pprof"), &[]) else { return };
    assert_eq!(seen["types"], serde_json::json!(["samples/count", "wall/nanoseconds"]));
    assert_eq!(seen["labels"], serde_json::json!(["thread"]));
    assert!(seen["samples"].as_u64().unwrap() > 20, "{seen}");
    let most: Vec<&str> = seen["most"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    // The service was started by `-m`.
    assert!(most[0].starts_with("call:") && most.last().unwrap().starts_with("_run_module_as_main:"), "{most:?}");
}

#[test]
fn memlab_opens_a_python_heap_and_finds_the_way_to_an_object() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cycles.heapsnapshot");
    let json = folder.path().join("look.json");
    bloathound()
        .args(["inspect", &recorded("cycles-buggy/inspect.bhi"), "--heapsnapshot"])
        .arg(&file)
        .arg("--json")
        .arg(&json)
        .assert()
        .success();
    let look: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let Some(seen) = read("heapsnapshot", &file, &["module"]) else { return };
    // Two nodes of no object stand before the objects.
    assert_eq!(seen["nodes"].as_u64().unwrap(), look["heap"]["objects"].as_u64().unwrap() + 2);
    assert!(seen["edges"].as_u64().unwrap() >= look["heap"]["references"].as_u64().unwrap(), "{seen}");
    assert!(seen["bytes"].as_u64().unwrap() >= look["heap"]["bytes"].as_u64().unwrap(), "{seen}");
    assert!(seen["asked"].as_u64().unwrap() > 10 && seen["strings"].as_u64().unwrap() > 1000, "{seen}");
    let way = seen["way"].as_array().unwrap();
    assert!(way.iter().any(|step| step.as_str().unwrap().starts_with("module ")), "{way:?}");
}

#[test]
fn the_validator_of_sarif_has_nothing_against_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.sarif");
    // Recorded runs of all four bugs, told as a CI tells them.
    bloathound().args(["run", "--recorded", "tightloop", "cycles", "--sarif"]).arg(&file).assert().success();
    let Some(seen) = read("sarif", &file, &[]) else { return };
    assert_eq!(seen["errors"], Value::Array(Vec::new()), "{seen}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"ruleId\": \"hot-loop\"") && text.contains("\"ruleId\": \"cycle\""), "{text}");
}

#[test]
fn the_validator_of_sarif_refuses_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.sarif");
    bloathound().args(["run", "--recorded", "cycles", "--sarif"]).arg(&file).assert().success();
    let right = std::fs::read_to_string(&file).unwrap();
    // A line before the first, and a result without its message.
    for (part, other) in [("\"startLine\": ", "\"startLine\": -"), ("\"message\": {", "\"said\": {")] {
        assert!(right.contains(part), "{right}");
        std::fs::write(&file, right.replace(part, other)).unwrap();
        let Some(seen) = read("sarif", &file, &[]) else { return };
        assert_ne!(seen["errors"], Value::Array(Vec::new()), "{part}: {seen}");
    }
}

#[test]
fn jenkins_schema_takes_every_outcome_of_a_run_and_refuses_what_is_no_junit() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.xml");
    // As expected, and missed: the detector is switched off.
    let line = ["run", "--recorded", "tightloop", "cycles", "--without", "hot-loop", "--junit"];
    bloathound().args(line).arg(&file).assert().code(1);
    let right = std::fs::read_to_string(&file).unwrap();
    let seen = parsed(&python, "junit.py", &right);
    assert_eq!(seen["errors"], Value::Array(Vec::new()), "{right}");
    assert!(seen["cases"].as_u64().unwrap() >= 4 && right.contains("<failure "), "{right}");
    // Outcomes that no recorded run has.
    let every = "harness/report/src/snapshots/bloathound_report__junit__tests__one_of_everything.snap";
    let every = std::fs::read_to_string(root().join(every)).unwrap();
    let every = every.split_once("\n---\n").unwrap().1;
    assert_eq!(parsed(&python, "junit.py", every)["errors"], Value::Array(Vec::new()), "{every}");
    for (part, other) in [("<testcase name=", "<testcase named="), ("<failure ", "<miss "), ("</testsuites>", "")] {
        let wrong = right
            .replace(part, other)
            .replace("</failure>", if part == "<failure " { "</miss>" } else { "</failure>" });
        assert_ne!(parsed(&python, "junit.py", &wrong)["errors"], Value::Array(Vec::new()), "{part}");
    }
}

#[test]
fn graphviz_draws_what_why_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("why.dot");
    bloathound().args(["why", &recorded("cycles-buggy/inspect.bhi"), "dict", "--dot"]).arg(&file).assert().success();
    let Ok(done) = Command::new("dot").arg("-Tsvg").arg(&file).output() else {
        return missing("no graphviz: apt-get install graphviz");
    };
    assert!(done.status.success() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("</svg>"));
}

/// Asks for the figures as a monitoring server does.
fn scrape(address: &str, question: &str) -> String {
    let mut server = TcpStream::connect(address).unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    server.write_all(format!("{question} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn prometheus_reads_the_figures_of_a_watch() {
    if !live() {
        return;
    }
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.txt");
    let target =
        Target::script("import time\nrows = []\nprint 'ready'\nwhile True: rows.append(object()); time.sleep(.001)\n");
    let mut watching = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["watch", &target.pid().to_string(), "--rounds", "40", "--interval", "0.3", "--listen", "0", "--metrics"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = std::io::BufReader::new(watching.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut told, &mut line).unwrap();
    let address = line.trim().split("http://").nth(1).unwrap().trim_end_matches("/metrics").to_owned();
    let text = wait_until("figures of a look", Duration::from_secs(60), || {
        let answer = scrape(&address, "GET /metrics");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
        body.contains("bloathound_objects{").then(|| body.to_owned())
    });
    assert!(scrape(&address, "POST /metrics").starts_with("HTTP/1.1 405"));
    assert!(scrape(&address, "GET /etc/passwd").starts_with("HTTP/1.1 404"));
    for text in [text, std::fs::read_to_string(&file).unwrap()] {
        let families = parsed(&python, "open_metrics.py", &text);
        assert_eq!(families["bloathound_resident_bytes"]["unit"], "bytes", "{families}");
        assert!(families["bloathound_objects"]["samples"][0][2].as_f64().unwrap() > 1000.0, "{families}");
        assert_eq!(families["bloathound_looks"]["type"], "counter");
    }
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(watching.id() as i32), nix::sys::signal::Signal::SIGTERM);
    watching.wait().unwrap();
}

/// Names that were made to do harm, in a real process: what they are is in a file's page, and none of it acts.
const EVIL: &str = r#"
import sys, time
names = ['<script>window.bloathoundRan=1;alert(1)</script>', '"><img src=x onerror=alert(2)>', '\x1b[2J\x1b]0;owned\x07',
    'x' * 1000000, "'; DROP", ']]></title><svg onload=alert(3)>', '\xe2\x80\xae' + 'nimda', '&lt;b&gt;', '</style><script>alert(4)</script>']
kept = {}
for name in names:
    made = type(name.replace('\0', ''), (object,), {})
    kept[name] = [made() for _ in range(3000)]
for n in range(20000):
    kept[n] = type('Row%d<b>' % n, (object,), {})()
sys.stdout.write('ready\n')
sys.stdout.flush()
time.sleep(3600)
"#;

fn check_page(file: &Path, what: &str) -> Option<Value> {
    let seen = read("page", file, &[])?;
    for empty in ["console", "dialogs", "wide"] {
        assert_eq!(seen[empty], Value::Array(Vec::new()), "{what}: {empty}");
    }
    assert_eq!(seen["ran"], false, "{what}");
    let requests = seen["requests"].as_array().unwrap();
    assert!(requests.iter().all(|url| url.as_str().unwrap().starts_with("file://")), "{what}: {requests:?}");
    // Loaded five times, and nothing else with it.
    assert_eq!(requests.len(), 5, "{what}: {requests:?}");
    assert_eq!(seen["first"], "skip", "{what}");
    Some(seen)
}

#[test]
fn a_page_of_hostile_names_runs_nothing() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = Target::script(EVIL);
    let pid = target.pid().to_string();
    let page = folder.path().join("evil.html");
    bloathound().args(["inspect", &pid, "--report"]).arg(&page).assert().success();
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.contains("&lt;script&gt;") && text.len() < 1_000_000, "{}", text.len());
    check_page(&page, "inspect");
    let page = folder.path().join("why.html");
    bloathound().args(["why", &pid, "Row7<b>", "--report"]).arg(&page).assert().success();
    check_page(&page, "why");
}

#[test]
fn every_command_that_looks_writes_a_page_that_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    let image = recorded("cycles-buggy/inspect.bhi");
    let lines = [
        ("inspect", format!("inspect {image}")),
        ("why", format!("why {image} dict")),
        ("diff", format!("diff {image} {image}")),
        ("hot", format!("hot {}", recorded("tightloop-buggy/hot.bhs"))),
        ("replay", format!("replay {}", recorded("tightloop-buggy"))),
        ("run", "run --recorded cycles".to_owned()),
        ("history", "perf history".to_owned()),
    ];
    for (name, line) in lines {
        let page = folder.path().join(format!("{name}.html"));
        bloathound().args(line.split(' ')).arg("--report").arg(&page).assert().success();
        let Some(seen) = check_page(&page, name) else { return };
        if name == "inspect" {
            // A tile was opened by the keyboard: its level is what is seen, and it alone.
            let opened: Vec<&str> = seen["opened"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(opened, ["#level-1", "level-1"], "{seen}");
        }
    }
}
