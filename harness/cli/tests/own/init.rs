//! `bloathound init`: what it writes passes on the service that it found, and fails on the same service with a bug.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use predicates::str::contains;
use tempfile::TempDir;

use crate::support::{Bystander, bloathound, live, python, wait_until};
use crate::{elsewhere, nothing_is_left, results};

fn init(folder: &TempDir, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut init = bloathound();
    init.current_dir(folder.path().join("service")).timeout(Duration::from_secs(120)).arg("init");
    init.args(arguments).assert()
}

/// Runs what was written, from the folder above it.
fn run(folder: &TempDir, name: &str) -> assert_cmd::assert::Assert {
    let mut run = bloathound();
    run.current_dir(folder.path()).timeout(Duration::from_secs(300)).args(["run", &format!("service/{name}.yaml")]);
    run.args(["--json", "results.json"]).assert()
}

fn text(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join("service").join(name)).unwrap()
}

/// The same file of the service with its bug.
fn with_bug(folder: &TempDir, name: &str, from: &str, to: &str) {
    let path = folder.path().join("service").join(format!("{name}.yaml"));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains(from), "{written}");
    std::fs::write(path, written.replace(from, to)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn what_is_written_passes_and_fails_with_the_bug() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let python = python().display().to_string();
    init(&folder, &["--load", "/orders?n={n}", "--", &python, "threads.py", "{port}"]).code(0);
    let written = text(&folder, "threads.yaml");
    assert!(written.contains("path: \"/orders?n={n}\"") && written.contains("ready: {port: true"), "{written}");
    // What is there is not written over.
    init(&folder, &["--", &python, "threads.py", "{port}"]).code(2).stderr(contains("is there already"));
    run(&folder, "threads").code(0);
    assert!(results(&folder).runs[0].requests >= 140);
    with_bug(&folder, "threads", "\"{port}\"]", "\"{port}\", \"bug\"]");
    run(&folder, "threads").code(1).stdout(contains("Audit.entries"));
    nothing_is_left(&folder);
}

#[test]
fn a_port_is_found_wherever_it_is_said() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let python = python().display().to_string();
    // In the command, where somebody wrote it; and the workers are seen.
    let port = free_port().to_string();
    init(&folder, &["--", &python, "prefork.py", &port]).code(0);
    let written = text(&folder, "prefork.yaml");
    assert!(written.contains("\"prefork.py\", \"{port}\"]") && written.contains("children: true"), "{written}");
    run(&folder, "prefork").code(0);
    // In its log, where the kernel chose it.
    let bug = "env: {NAMED: x}\nexpect";
    let mut init_log = bloathound();
    init_log.current_dir(folder.path().join("service")).env("NAMED", "x").timeout(Duration::from_secs(120));
    init_log.args(["init", "--", &python, "-u", "counted.py", "log"]).assert().code(0);
    let written = text(&folder, "counted.yaml");
    assert!(written.contains(r#"ready: {log: "listening on (?P<port>\\d+)""#), "{written}");
    with_bug(&folder, "counted", "expect", bug);
    // It keeps the paths it was asked for; there is one.
    run(&folder, "counted").code(0);
    nothing_is_left(&folder);
}

#[test]
fn a_script_that_serves_nobody_is_watched() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let python = python().display().to_string();
    let growing = "kept = []\nimport sys, time\nwhile True:\n    time.sleep(0.01)\n    'bug' in sys.argv and kept.append({'n': [0] * 50})\n";
    std::fs::write(folder.path().join("service/batch.py"), growing).unwrap();
    init(&folder, &["--", &python, "batch.py"]).code(0).stderr(contains("listens nowhere"));
    run(&folder, "batch").code(0);
    with_bug(&folder, "batch", "\"batch.py\"]", "\"batch.py\", \"bug\"]");
    run(&folder, "batch").code(1).stdout(contains("kept"));
    nothing_is_left(&folder);
}

#[test]
fn a_service_that_runs_is_found_by_its_number_or_by_its_folder() {
    if !live() {
        return;
    }
    let folder = elsewhere();
    let port = free_port();
    let mut command = Command::new(python());
    command.args(["threads.py", &port.to_string()]).current_dir(folder.path().join("service")).stdin(Stdio::null());
    let Some(running) = Bystander::start(&mut command) else { return };
    let pid = running.pid().to_string();
    wait_until("it to listen", Duration::from_secs(20), || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    init(&folder, &["--pid", &pid, "-o", "by-pid.yaml"]).code(0);
    init(&folder, &["-o", "by-folder.yaml"]).code(0).stderr(contains("it answers /"));
    for name in ["by-pid", "by-folder"] {
        let written = text(&folder, &format!("{name}.yaml"));
        assert!(written.contains("\"threads.py\", \"{port}\"]") && !written.contains("cwd:"), "{written}");
        run(&folder, name).code(0);
    }
    drop(running);
    init(&folder, &["-o", "none.yaml"]).code(2).stderr(contains("no CPython 2.7 runs in this folder"));
    init(&folder, &["--load", "orders", "--", "true"]).code(2).stderr(contains("from the slash on"));
    let refused = init(&folder, &["-o", "none.yaml", "--", "sh", "-c", "echo no such table >&2; exit 3"]);
    refused.code(5).stderr(contains("no such table"));
    assert!(!folder.path().join("service/none.yaml").exists());
}
