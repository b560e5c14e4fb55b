//! Commands that are ended early: by Ctrl-C, by SIGTERM, by the end of what they look at, by a pause past its budget. What
//! was measured is written and said to be partial, and nothing else is left.
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

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bloathound_testkit::cannot;
use serde_json::Value;
use support::{bloathound, children, live, root, stat, wait_until};
use target::Target;

/// A bound that stands for hanging, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Grows by a thousand objects each time that it sleeps.
const GROWS: &str = "
import sys, time
class Row(object):
    kept = []
print 'ready'
sys.stdout.flush()
while True:
    Row.kept.extend(Row() for i in xrange(200))
    time.sleep(0.02)
";

/// The real binary on a terminal of its own, so that it tells its progress.
struct OnTerminal {
    script: Child,
    output: BufReader<ChildStdout>,
    seen: String,
}

impl OnTerminal {
    fn start(folder: &Path, arguments: &str) -> Self {
        let line = format!("exec {} {arguments}", env!("CARGO_BIN_EXE_bloathound"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"]).current_dir(folder);
        let mut script =
            script.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn().expect("script is there");
        let output = BufReader::new(script.stdout.take().unwrap());
        Self { script, output, seen: String::new() }
    }

    /// Reads on until it says this, in a line or in a bar, which has no end of its line.
    fn until(&mut self, words: &str) {
        let said = self.seen.len();
        loop {
            let read = self.output.fill_buf().unwrap();
            let bytes = read.len();
            self.seen.push_str(&String::from_utf8_lossy(read));
            self.output.consume(bytes);
            assert!(bytes > 0, "it ended before {words:?}: {}", self.seen);
            if self.seen[said..].contains(words) {
                return;
            }
        }
    }

    /// The tool's own process.
    fn tool(&self) -> u32 {
        wait_until("the tool", PATIENCE, || children(self.script.id()).first().copied())
    }

    /// All that it said, and by which code it ended.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).unwrap();
        self.seen.push_str(&String::from_utf8_lossy(&rest));
        (std::mem::take(&mut self.seen), self.script.wait().unwrap().code())
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        for tool in children(self.script.id()) {
            signal("KILL", tool);
        }
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What ends a look: a signal to the tool, or the end of the target.
const ENDS: [(&str, i32, &str); 3] =
    [("INT", 130, "ended by SIGINT"), ("TERM", 143, "ended by SIGTERM"), ("target", 0, "")];

fn end_by(how: &str, tool: u32, target: &Target) {
    if how == "target" { signal("KILL", target.pid()) } else { signal(how, tool) }
}

#[test]
fn watch_tells_the_rounds_it_has() {
    if !live() {
        return;
    }
    for (how, code, why) in ENDS {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::script(GROWS);
        let rest = format!("watch {} --rounds 900 --interval 0.2 --json watch.json", target.pid());
        let mut tool = OnTerminal::start(folder.path(), &rest);
        tool.until("look 5 of 900");
        end_by(how, tool.tool(), &target);
        let (said, ended) = tool.end();
        assert_eq!(ended, Some(code), "{how}: {said}");
        let report = json(&folder.path().join("watch.json"));
        let rounds = report["rounds"].as_array().unwrap().len();
        assert!(rounds >= 6, "{report}");
        let partial = report["partial"]["why"].as_str().unwrap();
        assert!(partial.contains(why) && partial.contains(&format!("{rounds} of 901 looks")), "{how}: {partial}");
        if how == "target" {
            assert!(partial.contains(&format!("process {}", target.pid())), "{partial}");
        }
        // The bug is found in what there is, and told with the partial results.
        assert_eq!(report["findings"][0]["where"]["attribute"], "kept", "{report}");
        assert!(said.contains("partial: ") && said.contains("kept"), "{said}");
        assert_eq!(names(folder.path()), ["watch.json"]);
    }
}

#[test]
fn hot_judges_the_samples_it_has() {
    if !live() {
        return;
    }
    for (how, code, why) in ENDS {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::script("import sys\nprint 'ready'\nsys.stdout.flush()\nn = 1\nwhile n: pass");
        let rest = format!("hot {} --seconds 900 --json hot.json --folded hot.txt --record hot.bhs", target.pid());
        let mut tool = OnTerminal::start(folder.path(), &rest);
        tool.until("sampling process");
        let pid = tool.tool();
        wait_until("three hundred samples", PATIENCE, || {
            // It sleeps after each.
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let slept = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            slept.and_then(|count| count.trim().parse::<u32>().ok()).filter(|count| *count > 300)
        });
        end_by(how, pid, &target);
        let (said, ended) = tool.end();
        assert_eq!(ended, Some(code), "{how}: {said}");
        let report = json(&folder.path().join("hot.json"));
        let partial = report["partial"]["why"].as_str().unwrap();
        assert!(partial.contains(why) && partial.contains("of 900 s"), "{how}: {partial}");
        assert!(report["samples"].as_u64().unwrap() > 100, "{report}");
        assert!(said.contains("partial: ") && said.contains("verdict: "), "{said}");
        assert_eq!(names(folder.path()), ["hot.bhs", "hot.json", "hot.txt"]);
    }
}

#[test]
fn capture_leaves_no_file() {
    if !live() {
        return;
    }
    // Long to be made small, and nothing to be left out.
    let script = "
import os, sys
kept = [os.urandom(1 << 20) for i in range(96)]
print 'ready'
sys.stdout.flush()
sys.stdin.read()
";
    for (how, code, why) in &ENDS[..2] {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image.bhi");
        fs::write(&image, "before").unwrap();
        let target = Target::script(script);
        let mut tool = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        tool.args(["capture", &target.pid().to_string(), "--small", "-o"]).arg(&image);
        let mut tool = tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until("half an image", PATIENCE, || {
            let partial = names(folder.path()).into_iter().find(|name| name.ends_with(".partial"));
            let begun = |name| fs::metadata(folder.path().join(name)).is_ok_and(|state| state.len() > 0);
            assert!(tool.try_wait().unwrap().is_none(), "it was too fast");
            partial.is_some_and(begun).then_some(())
        });
        end_by(how, tool.id(), &target);
        let output = tool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{said}");
        assert!(said.contains(why) && said.contains("none was written"), "{said}");
        assert_eq!(names(folder.path()), ["image.bhi"]);
        assert_eq!(fs::read_to_string(&image).unwrap(), "before");
    }
}

/// A FIFO that nobody reads and that is full: who writes into it is in the middle of that for as long as we like.
fn full_fifo(path: &Path) -> fs::File {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    // Open both ways, so that neither end waits for the other. `O_NONBLOCK`: a full one is told.
    let mut fifo = fs::File::options().read(true).write(true).custom_flags(0o4000).open(path).unwrap();
    for bytes in [4096, 1] {
        while fifo.write(&vec![b'x'; bytes]).is_ok() {}
    }
    fifo
}

/// Whether SIGINT is held back: from then on it is taken, and not the end at once.
fn takes_signals(pid: u32) -> Option<()> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let held = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).map(str::trim);
    let held = held.and_then(|mask| u64::from_str_radix(mask, 16).ok());
    held.is_some_and(|mask| mask & 2 != 0).then_some(())
}

/// As `nohup` starts it: who wants us to outlive the terminal is obeyed, and other signals count all the same.
#[test]
fn the_end_of_a_terminal_that_is_to_be_outlived_ends_nothing() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let target = Target::script(GROWS);
    let mut tool = Command::new("sh");
    tool.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_bloathound"), "watch"]);
    tool.args([&target.pid().to_string(), "--rounds", "900", "--interval", "0.1", "--json", "watch.json"]);
    tool.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut tool = bloathound_testkit::Owned::from(tool.spawn().unwrap());
    wait_until("signals to be taken", PATIENCE, || takes_signals(tool.id()));
    signal("HUP", tool.id());
    signal("INT", tool.id());
    assert_eq!(tool.wait().unwrap().code(), Some(130));
    let report = json(&folder.path().join("watch.json"));
    assert!(report["partial"]["why"].as_str().unwrap().contains("ended by SIGINT"), "{report}");
}

#[test]
fn commands_that_keep_nothing_end_at_once_and_leave_nothing() {
    let recorded = root().join("snapshots/recorded/leak-buggy");
    let [first, last] = ["round-00.bhi", "round-03.bhi"].map(|name| recorded.join(name));
    let commands: [(&str, Vec<&Path>); 4] = [
        ("inspect", vec![&last]),
        ("why", vec![&last, Path::new("dict")]),
        ("diff", vec![&first, &last]),
        ("replay", vec![&recorded]),
    ];
    for (command, arguments) in &commands {
        for (how, number) in [("INT", 2), ("TERM", 15)] {
            let folder = tempfile::tempdir().unwrap();
            let fifo = folder.path().join("results");
            let _full = full_fifo(&fifo);
            let tmp = folder.path().join("tmp");
            fs::create_dir(&tmp).unwrap();
            let mut tool = Command::new(env!("CARGO_BIN_EXE_bloathound"));
            tool.arg(command).args(arguments).arg("--json").arg(&fifo).env("TMPDIR", &tmp).current_dir(folder.path());
            let mut tool = tool.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
            wait_until("signals to be taken", PATIENCE, || {
                assert!(tool.try_wait().unwrap().is_none(), "{command} did not wait");
                takes_signals(tool.id())
            });
            signal(how, tool.id());
            let ended = tool.wait().unwrap();
            // By the signal itself, of which a shell makes a code; by that code where this test was started with it ignored.
            let code = ended.signal().map(|signal| 128 + signal).or(ended.code());
            assert_eq!(code, Some(128 + number), "{command}, SIG{how}");
            assert_eq!(names(folder.path()), ["results", "tmp"], "{command}");
            assert_eq!(names(&tmp), [] as [&str; 0], "{command}");
        }
    }
}

/// `run` with its temporary files in a folder of its own.
fn run(folder: &Path, scenario: &str) -> Child {
    run_with(folder, &[scenario])
}

fn run_with(folder: &Path, chosen: &[&str]) -> Child {
    fs::create_dir_all(folder.join("tmp")).unwrap();
    let mut tool = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    tool.arg("run").args(chosen);
    tool.args(["--json", "run.json", "--junit", "run.xml", "--report", "page", "--record", "kept"]);
    tool.arg("--home").arg(root()).env("TMPDIR", folder.join("tmp")).current_dir(folder);
    tool.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

fn services(tool: u32) -> Vec<u32> {
    let mut pids = children(tool);
    // Not what is tried to be an interpreter: a service has a folder of its own.
    pids.retain(|pid| {
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bloathound-"))
    });
    pids
}

fn service(tool: u32) -> u32 {
    wait_until("a service", PATIENCE, || services(tool).into_iter().next())
}

fn is_gone(pid: u32) -> Option<()> {
    stat(pid).is_none_or(|fields| fields[0] == "Z").then_some(())
}

#[test]
fn run_leaves_no_service_and_writes_the_runs_it_has() {
    if !live() {
        return;
    }
    for (how, code, why) in &ENDS[..2] {
        let folder = tempfile::tempdir().unwrap();
        let mut tool = run(folder.path(), "leak");
        let mut lines = BufReader::new(tool.stdout.take().unwrap());
        // One run is made, the other one begun.
        let mut said = String::new();
        while !said.contains("ok ") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "it ended early: {said}");
        }
        let service = service(tool.id());
        signal(how, tool.id());
        lines.read_to_string(&mut said).unwrap();
        assert_eq!(tool.wait().unwrap().code(), Some(*code), "{said}");
        wait_until("the service to end", PATIENCE, || is_gone(service));
        let results = json(&folder.path().join("run.json"));
        assert_eq!(results["runs"].as_array().unwrap().len(), 1, "{results}");
        assert_eq!(results["runs"][0]["outcome"], "pass");
        let partial = results["partial"]["why"].as_str().unwrap();
        assert!(partial.contains(why) && partial.contains("1 of 2 runs"), "{partial}");
        assert!(said.contains("partial: "), "{said}");
        assert!(fs::read_to_string(folder.path().join("run.xml")).unwrap().contains("PARTIAL"));
        assert!(fs::read_to_string(folder.path().join("page/index.html")).unwrap().contains("Partial: "));
        assert_eq!(names(folder.path()), ["kept", "page", "run.json", "run.xml", "tmp"]);
        assert_eq!(names(&folder.path().join("tmp")), [] as [&str; 0]);
        // What was recorded of the run that was made is whole, of the other there is nothing.
        assert_eq!(names(&folder.path().join("kept")), ["leak-buggy"]);
    }
}

#[test]
fn of_runs_side_by_side_none_is_left_and_none_is_an_error() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut tool = run_with(folder.path(), &["leak", "cycles", "--jobs", "2"]);
    let begun = wait_until("two services", PATIENCE, || Some(services(tool.id())).filter(|pids| pids.len() == 2));
    signal("TERM", tool.id());
    let mut said = String::new();
    tool.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(tool.wait().unwrap().code(), Some(143), "{said}");
    for service in begun {
        wait_until("the service to end", PATIENCE, || is_gone(service));
    }
    let results = json(&folder.path().join("run.json"));
    assert!(results["runs"].as_array().unwrap().iter().all(|run| run["outcome"] == "pass"), "{results}");
    assert!(results["partial"]["why"].as_str().unwrap().contains("ended by SIGTERM during "), "{results}");
    assert_eq!(names(&folder.path().join("tmp")), [] as [&str; 0]);
}

#[test]
fn the_next_run_removes_what_a_killed_one_left() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tmp = folder.path().join("tmp");
    let mut tool = run(folder.path(), "leak");
    let killed = service(tool.id());
    let _ = tool.kill();
    let _ = tool.wait();
    wait_until("the service to end", PATIENCE, || is_gone(killed));
    assert_eq!(names(&tmp).len(), 1, "what a kill leaves is the folder of the service");
    let mut tool = run(folder.path(), "leak");
    let next = service(tool.id());
    let its = fs::read_link(format!("/proc/{next}/cwd")).unwrap();
    assert_eq!(names(&tmp), [its.file_name().unwrap().to_str().unwrap()]);
    signal("INT", tool.id());
    let mut rest = String::new();
    tool.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(tool.wait().unwrap().code(), Some(130));
    wait_until("the service to end", PATIENCE, || is_gone(next));
    assert_eq!(names(&tmp), [] as [&str; 0]);
}

#[test]
fn a_look_past_its_budget_costs_that_look() {
    if !live() {
        return;
    }
    let script = "
import sys
kept = ['%d' % i + 'x' * (1 << 20) for i in range(600)]
print 'ready'
sys.stdout.flush()
sys.stdin.readline()
del kept
print 'small'
sys.stdout.flush()
sys.stdin.read()
";
    let folder = tempfile::tempdir().unwrap();
    let mut target = Target::script(script);
    let rest =
        format!("watch {} --always-pause --max-pause 30 --rounds 900 --interval 0.2 --json watch.json", target.pid());
    let mut tool = OnTerminal::start(folder.path(), &rest);
    tool.until("not possible");
    target.say("");
    assert_eq!(target.line(), "small");
    tool.until(" objects");
    signal("INT", tool.tool());
    let (said, code) = tool.end();
    assert_eq!(code, Some(130), "{said}");
    let report = json(&folder.path().join("watch.json"));
    assert!(!report["rounds"].as_array().unwrap().is_empty(), "{report}");
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["stage"] == "look"), "{report}");
    assert!(said.contains("was not seen"), "{said}");
}

fn library(folder: &tempfile::TempDir) -> [(&'static str, std::path::PathBuf); 1] {
    [("LD_LIBRARY_PATH", folder.path().join("lib"))]
}

#[test]
fn an_ordinary_user_is_served_the_same() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &copy).unwrap();
    let interpreter = target::copy_interpreter(folder.path());
    for path in [folder.path(), &copy] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        fs::set_permissions(path, mode).unwrap();
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let dropped = |program: &Path| {
        let mut command = Command::new("setpriv");
        command.args(user).arg(program).current_dir(folder.path());
        command
    };
    let can = dropped(&interpreter).arg("--version").envs(library(&folder)).output();
    if !can.is_ok_and(|output| output.status.success()) {
        cannot("no right to become another user (setpriv)");
        return;
    }
    let mut python = dropped(&interpreter);
    // The modules of an administrator's version manager are not an ordinary user's to read, nor needed.
    let script = "import sys; print 'ready'; sys.stdout.flush(); sys.stdin.read()";
    python.args(["-S", "-c", script]).envs(library(&folder));
    let target = Target::start(&mut python);
    let mut tool = dropped(&copy);
    tool.args(["watch", &target.pid().to_string(), "--rounds", "900", "--interval", "0.1", "--json", "watch.json"]);
    let tool = tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a look", PATIENCE, || takes_signals(tool.id()));
    signal("INT", tool.id());
    let output = tool.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let report = json(&folder.path().join("watch.json"));
    assert!(report["partial"]["why"].as_str().unwrap().contains("ended by SIGINT"), "{report}");
}
