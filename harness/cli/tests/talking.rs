//! How commands talk: to people on terminals and in pipes, to shells, and to programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed test ends by a panic"
)]

mod support;
#[path = "support/target.rs"]
mod target;

use std::fs;
use std::process::Command;

use predicates::str::contains;
use serde_json::Value;
use support::{bloathound, home_with, live, python, root, wait_until};
use target::Target;

/// A loop that never ends, in a function of a file.
const LOOP: &str = "import sys

def turn(rows, position=0):
    done = False
    while not done:
        row = rows[position]
        if row is None:
            done = True

if __name__ == '__main__':
    sys.stdout.write('ready\\n')
    sys.stdout.flush()
    turn([1])
";

fn read(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("JSON")
}

#[test]
fn the_lines_of_a_hot_loop_stand_beside_its_samples_unless_the_file_is_another_one() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("turning.py");
    fs::write(&file, LOOP).unwrap();
    // A relative name, as `python service.py` gives it.
    let target = Target::start(Command::new(python()).arg("turning.py").current_dir(&folder));
    let pid = target.pid().to_string();
    let look = || {
        let run = bloathound().args(["hot", &pid, "--seconds", "1", "--json", "-"]).assert().success();
        read(&run.get_output().stdout)
    };
    let hot = look();
    let source = &hot["sources"][0];
    assert_eq!(source["file"], "turning.py", "{hot}");
    let lines = source["lines"].as_array().unwrap();
    let texts: Vec<&str> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, LOOP.lines().collect::<Vec<_>>()[4..8], "the loop's lines");
    assert_eq!(lines[0]["number"], 5);
    let samples = |line: &Value| line["samples"].as_u64().unwrap();
    assert!(samples(&lines[0]) + samples(&lines[1]) > 20, "samples are counted by line: {lines:?}");
    assert_eq!(source["changed_since_start"], false);
    bloathound()
        .args(["hot", &pid, "--seconds", "1"])
        .assert()
        .success()
        .stdout(contains("source of turn (turning.py)"))
        .stdout(contains("    row = rows[position]"));
    // Another line above: the lines that run are no longer where the code says.
    fs::write(&file, format!("# new\n{LOOP}")).unwrap();
    assert_eq!(look()["sources"], serde_json::json!([]));
}

#[test]
fn list_and_doctor_are_read_by_programs() {
    let run = bloathound().args(["list", "--json", "-"]).assert().success();
    let list = read(&run.get_output().stdout);
    let scenarios = list["scenarios"].as_array().unwrap();
    let leak = scenarios.iter().find(|one| one["name"] == "leak").expect("the leak");
    assert_eq!(leak["variants"], serde_json::json!(["buggy", "fixed"]));
    assert_eq!(leak["classes"], serde_json::json!(["leak"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doctor.json");
    let run = bloathound().arg("doctor").arg("--json").arg(&file).assert();
    let (code, text) = (run.get_output().status.code(), String::from_utf8_lossy(&run.get_output().stdout).into_owned());
    let doctor: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(doctor["works"], code == Some(0), "{doctor}");
    for check in doctor["checks"].as_array().unwrap() {
        assert!(text.contains(check["name"].as_str().unwrap()), "{check} in {text}");
    }
}

#[test]
fn a_command_to_type_names_the_folder_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("a home");
    std::os::unix::fs::symlink(root(), &home).unwrap();
    let next = |run: assert_cmd::assert::Assert| {
        let text = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
        let line = text.lines().find_map(|line| line.trim().strip_prefix("next")).expect("a next command").trim();
        line.trim_start_matches(':').trim().to_owned()
    };
    let list = next(bloathound().arg("list").arg("--home").arg(&home).assert().success());
    assert!(list.ends_with(&format!("run cycles --home '{}'", home.display())), "{list}");
    // It works where it is pasted: --recorded stands in for a Python 2.7, which not every machine has.
    let pasted = Command::new("sh").current_dir("/").args(["-c", &format!("{list} --recorded")]).output().unwrap();
    let told = String::from_utf8_lossy(&pasted.stdout).into_owned();
    assert!(pasted.status.success() && told.contains("recorded, not live"), "{told}");
    if !live() {
        return;
    }
    let home = home_with("leak");
    fs::write(home.path().join("reference-services/leak/service.py"), "raise SystemExit(7)\n").unwrap();
    let broken = bloathound().args(["run", "leak", "--variant", "buggy", "--home"]).arg(home.path()).assert().code(5);
    let run = next(broken);
    assert!(run.ends_with(&format!("--record recordings --home {}", home.path().display())), "{run}");
}

#[test]
fn shells_complete_and_man_shows() {
    let bash = bloathound().args(["completions", "bash"]).assert().success();
    let script = String::from_utf8_lossy(&bash.get_output().stdout).into_owned();
    let asked = "source /dev/stdin; COMP_WORDS=(bloathound wat); COMP_CWORD=1; _bloathound bloathound wat bloathound; \
                 echo \"${COMPREPLY[@]}\"";
    let mut child = Command::new("bash")
        .args(["-c", asked])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
    let completed = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), "watch");
    let folder = tempfile::tempdir().unwrap();
    bloathound().arg("man").arg(folder.path()).assert().success();
    assert!(fs::read_to_string(folder.path().join("bloathound-hot.1")).unwrap().contains("folded"));
    // A file stands where the folder is to be.
    bloathound().arg("man").arg(folder.path().join("bloathound.1")).assert().code(6);
}

#[test]
fn help_explains_ten_words() {
    let help = bloathound().arg("--help").assert().success();
    let text = String::from_utf8_lossy(&help.get_output().stdout).into_owned();
    let below = text.split("Ten words:").nth(1).expect("the words");
    assert_eq!(below.lines().filter(|line| line.starts_with("  ") && line.contains(": ")).count(), 10, "{below}");
}
