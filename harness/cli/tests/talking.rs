//! How commands talk: to people on terminals and in pipes, to shells, and to programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failed test ends by a panic"
)]

#[path = "support/screen.rs"]
mod screen;
mod support;
#[path = "support/target.rs"]
mod target;

use std::fs;
use std::process::Command;

use predicates::str::contains;
use screen::Screen;
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
    assert_eq!(leak["classes"][0], "leak");
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
    // Called by its path, as nothing says that it is on that of commands.
    let called = || assert_cmd::Command::new(env!("CARGO_BIN_EXE_bloathound"));
    let list = next(called().arg("list").arg("--home").arg(&home).assert().success());
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
    let broken = called().args(["run", "leak", "--variant", "buggy", "--home"]).arg(home.path()).assert().code(5);
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
    // Each begins a line; further lines stand further in.
    let begins = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    assert_eq!(below.lines().filter(begins).count(), 10, "{below}");
}

/// A process that does nothing for as long as it is wanted.
fn idle() -> Target {
    Target::script("import sys; print 'ready'; sys.stdout.flush(); sys.stdin.readline()").at_rest()
}

#[test]
fn long_work_says_how_far_it_is() {
    if !live() {
        return;
    }
    let target = idle();
    let line = format!("hot {} --seconds 4", target.pid());
    let folder = tempfile::tempdir().unwrap();
    let screen = |kind| Screen { columns: 100, kind, folder: folder.path(), variables: &[] };
    let Some(shown) = screen("xterm").shows(&line) else { return };
    // Drawn over and over on one line, and gone when it is done.
    let drawn = shown.matches(" s: sampling process").count();
    assert!(drawn >= 5 && shown.contains("░") | shown.contains("█"), "{shown:?}");
    assert!(shown.contains(&format!("2 of 4 s: sampling process {}; about 2 s left", target.pid())), "{shown:?}");
    assert!(shown.contains("\x1b[2K") || shown.contains("\x1b[K"), "{shown:?}");
    let last = shown.lines().last().unwrap();
    assert!(!last.contains("sampling"), "{shown:?}");
    // A dumb terminal has plain lines, and no more of them than it has to.
    let dumb = screen("dumb").shows(&line).unwrap();
    let plain: Vec<&str> = dumb.lines().filter(|line| line.contains("sampling process")).collect();
    assert_eq!(plain, [format!("1 of 4 s: sampling process {}; about 3 s left", target.pid())], "{dumb:?}");
    assert!(!dumb.contains('\x1b'), "{dumb:?}");
    assert!(!screen("xterm").shows(&format!("{line} -q")).unwrap().contains("sampling process"));
}

#[test]
fn a_watch_says_a_line_a_look_in_a_pipe_too() {
    if !live() {
        return;
    }
    let target = idle();
    let pid = target.pid().to_string();
    let watch = |more: &[&str]| {
        let mut command = bloathound();
        command.args(["watch", &pid, "--rounds", "2", "--interval", "0.7"]).args(more);
        let run = command.assert().success();
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    let told = watch(&[]);
    for look in ["look 0 of 2: ", "look 1 of 2: ", "look 2 of 2: ", "watching process"] {
        assert!(told.contains(look), "{told}");
    }
    assert_eq!(watch(&["-q"]), "");
}

#[test]
fn threads_and_children_have_their_names() {
    if !live() {
        return;
    }
    let script = "
import subprocess, sys, threading
waits = threading.Lock(); waits.acquire()
thread = threading.Thread(target=waits.acquire, name='reader of mail'); thread.daemon = True; thread.start()
child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.readline()'], stdin=subprocess.PIPE)
print 'ready', child.pid
sys.stdout.flush()
sys.stdin.readline()
";
    let target = Target::script(script).at_rest();
    let pid = target.pid();
    let run = bloathound().args(["inspect", &pid.to_string(), "--json", "-"]).assert().success();
    let report = read(&run.get_output().stdout);
    let threads = report["threads"].as_array().unwrap();
    let named = |name: &str| threads.iter().find(|thread| thread["name"] == name).expect("the thread");
    assert_eq!(named("MainThread")["tid"], pid, "{threads:?}");
    let other = named("reader of mail")["tid"].as_u64().unwrap();
    assert!(fs::exists(format!("/proc/{pid}/task/{other}")).unwrap(), "{threads:?}");
    let children = report["target"]["children"].as_array().unwrap();
    let [child] = children.as_slice() else { panic!("{children:?}") };
    assert!(child["command"].as_str().unwrap().contains("import sys; sys.stdin.readline()"), "{child}");
    let shown = bloathound().args(["inspect", &pid.to_string()]).assert().success();
    let text = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
    assert!(text.contains(&format!("  thread {other} (reader of mail)")), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = format!("has 1 child process, each to be looked at by its own id: {} (", child["pid"]);
    assert!(words.contains(&told), "{text}");
}

#[test]
fn the_picture_of_why_has_the_root_however_far_it_is() {
    if !live() {
        return;
    }
    let script = "
import sys
class Deep(object): pass
nest = Deep()
for i in range(12): nest = [nest]
print 'ready'
sys.stdout.flush()
sys.stdin.readline()
";
    let target = Target::script(script).at_rest();
    let run = bloathound().args(["why", &target.pid().to_string(), "Deep", "--depth", "1"]).assert().success();
    let text = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    let picture = text.split("is referred to by").nth(1).expect("the picture");
    assert!(picture.contains("held by module __main__") || picture.contains("module __main__"), "{text}");
}

#[test]
fn a_large_heap_is_counted_on_a_terminal_before_it_is_analysed_and_nowhere_else() {
    if !live() {
        return;
    }
    let script = "
import sys
kept = [['%09d' % n] for n in xrange(500000)]
print 'ready'
sys.stdout.flush()
sys.stdin.read()
";
    let target = Target::script(script).at_rest();
    let folder = tempfile::tempdir().unwrap();
    let screen = Screen { columns: 100, kind: "xterm", folder: folder.path(), variables: &[] };
    let is_first = |line: &str| line.contains("objects, ") && line.contains(" list, ") && line.contains(" str, ");
    let Some(sent) = screen.shows(&format!("inspect {}", target.pid())) else { return };
    let first = sent.lines().position(is_first).unwrap_or_else(|| panic!("no first line in {sent}"));
    let report =
        sent.lines().position(|line| line.contains("(CPython ")).unwrap_or_else(|| panic!("no report in {sent}"));
    assert!(first < report, "{sent}");
    // It counts what the report counts, but for what only references lead to.
    let counted = |at: usize| -> String {
        let line = sent.lines().skip(at).find(|line| line.contains(" objects, ")).unwrap_or_default();
        line.split(" objects").next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
    };
    let (early, late): (u64, u64) = (counted(first).parse().unwrap(), counted(report).parse().unwrap());
    assert!(early <= late && late - early < 5000, "{early} and {late}: {sent}");
    let quiet = screen.shows(&format!("inspect --quiet {}", target.pid())).expect("a terminal");
    assert!(!quiet.lines().any(is_first), "{quiet}");
    let piped = bloathound().args(["inspect", &target.pid().to_string()]).assert().success();
    assert!(!String::from_utf8_lossy(&piped.get_output().stderr).lines().any(is_first));
}
