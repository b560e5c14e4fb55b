//! Python 2.7 processes to look at, and what is said of them.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{bloathound, wait_until};

pub use crate::support::python;

/// Objects of many kinds: cycles that no collection takes, extension types, threads, unreferenced numbers.
pub const ZOO: &str = "
import sys, gc, datetime, threading, collections
class Node(object):
    def __init__(self): self.me = self
    def __del__(self): pass
class Plain(object): pass
nodes = [Node() for i in range(50)]
plain = [Plain() for i in range(300)]
for i, p in enumerate(plain):
    p.number, p.text, p.wide, p.when = i * 1000, 'text %d' % i, u'wide %d' % i, datetime.date(2020, 1, 1)
lost = [Node() for i in range(70)]
del lost
gc.collect()
floats = [float(i) for i in range(500)]
queue = collections.deque(range(5000, 5100))
lock = threading.Lock(); lock.acquire()
for i in range(2):
    t = threading.Thread(target=lock.acquire); t.daemon = True; t.start()
print 'ready'
sys.stdout.flush()
sys.stdin.readline()
";

/// A process in a group of its own that ends with the test.
pub struct Target {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Target {
    /// Starts `command` and waits for its line `ready`.
    pub fn start(command: &mut Command) -> Self {
        Self::start_telling(command).0
    }

    /// The same, with all of that line.
    pub fn start_telling(command: &mut Command) -> (Self, String) {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn()
            .expect("the target starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut target = Self { child, out };
        let line = target.line();
        assert!(line.starts_with("ready"), "{line:?}");
        (target, line)
    }

    /// The pinned interpreter with a script that prints `ready`.
    pub fn script(script: &str) -> Self {
        Self::start(Command::new(python()).args(["-c", script]))
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All threads sleep: nothing changes any more, until it is asked to.
    pub fn at_rest(self) -> Self {
        let tasks = PathBuf::from(format!("/proc/{}/task", self.pid()));
        let look = || -> Option<Vec<String>> {
            let of_task = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let all: Vec<String> = fs::read_dir(&tasks).ok()?.flatten().map(of_task).collect();
            all.iter().all(|status| status.contains("State:\tS")).then_some(all)
        };
        wait_until("all threads to sleep", Duration::from_secs(30), || {
            let before = look()?;
            std::thread::yield_now();
            (look()? == before).then_some(())
        });
        self
    }

    /// Writes a line to its input.
    pub fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("piped");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Waits for its end, by a signal say.
    pub fn wait(&mut self) {
        let _ = self.child.wait();
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // The whole group: what it forked, and what stands between us and it.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.pid())]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of the interpreter in `folder`: `bin/python2.7` and, where it has one, `lib/libpython2.7.so.1.0`.
pub fn copy_interpreter(folder: &Path) -> PathBuf {
    let original = python();
    let (bin, lib) = (folder.join("bin"), folder.join("lib"));
    fs::create_dir_all(&bin).expect("a folder");
    fs::create_dir_all(&lib).expect("a folder");
    let copy = bin.join("python2.7");
    fs::copy(&original, &copy).expect("the executable is copied");
    let library = prefix().join("lib/libpython2.7.so.1.0");
    if library.exists() {
        let to = lib.join("libpython2.7.so.1.0");
        fs::copy(library, &to).expect("the library is copied");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(to, mode).expect("rights");
    }
    copy
}

/// `sys.prefix` of the pinned interpreter.
pub fn prefix() -> PathBuf {
    let output = Command::new(python()).args(["-c", "import sys; print sys.prefix"]).output().expect("python runs");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Runs a copy of the interpreter with the original's library.
pub fn copied(copy: &Path) -> Command {
    let mut command = Command::new(copy);
    let lib = copy.parent().and_then(Path::parent).expect("a folder").join("lib");
    command.env("LD_LIBRARY_PATH", lib).env("PYTHONHOME", prefix()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Takes the symbols out of a copied interpreter; false where there is no `strip`.
pub fn strip(folder: &Path) -> bool {
    let files = [folder.join("bin/python2.7"), folder.join("lib/libpython2.7.so.1.0")];
    files.iter().filter(|file| file.exists()).all(|file| {
        // Beside it and into its place: who runs it keeps the old file.
        let stripped = file.with_extension("stripped");
        let done = Command::new("strip").arg("-o").arg(&stripped).arg(file).status();
        done.is_ok_and(|status| status.success()) && fs::rename(&stripped, file).is_ok()
    })
}

/// `COMMAND TARGET … --json -`, without what tells targets apart and how long it took.
pub fn told(arguments: &[&str]) -> Value {
    let output = bloathound().args(arguments).args(["--json", "-"]).output().expect("bloathound runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let object = report.as_object_mut().expect("an object");
    for name in ["target", "timing", "before", "after"] {
        object.remove(name);
    }
    without_next(&mut report);
    if let Some(quality) = report.pointer_mut("/heap/quality").and_then(Value::as_object_mut) {
        quality.remove("layout_checks");
    }
    report
}

/// Takes the command to type next, which names the target, off the paragraph of each finding.
pub fn without_next(report: &mut Value) {
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        let said = finding["summary"].as_str().unwrap_or_default();
        finding["summary"] = said.split(" Next: ").next().unwrap_or_default().into();
    }
}

/// What a report says of the program, whatever it was read from: neither problems nor what was resident, nor a command to
/// type next, which names the target.
pub fn findings_of(mut report: Value) -> Value {
    for name in ["problems", "rss", "next"] {
        report.as_object_mut().expect("an object").remove(name);
    }
    report
}

/// Names of the members that differ.
pub fn differing(one: &Value, other: &Value) -> Vec<String> {
    let (Some(first), Some(second)) = (one.as_object(), other.as_object()) else { return vec!["all".into()] };
    let names: std::collections::BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    names.into_iter().filter(|name| first.get(*name) != second.get(*name)).cloned().collect()
}

/// Checks that two reports agree, and shows where they don't.
#[track_caller]
pub fn assert_same(one: &Value, other: &Value, what: &str) {
    let differing = differing(one, other);
    let shown: Vec<String> = differing
        .iter()
        .map(|name| {
            let text = |value: &Value| value.get(name).map(ToString::to_string).unwrap_or_default();
            let (one, other) = (text(one), text(other));
            let at = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(80);
            let part = |text: &str| {
                String::from_utf8_lossy(&text.as_bytes()[at.min(text.len())..]).chars().take(240).collect::<String>()
            };
            format!("{name}: …{}\n  or …{}", part(&one), part(&other))
        })
        .collect();
    assert!(differing.is_empty(), "{what}\n{}", shown.join("\n"));
}

/// A core by gcore, or `None` with a notice where there is none.
pub fn gcore(pid: u32, folder: &Path) -> Option<PathBuf> {
    let Ok(output) = Command::new("gcore").arg("-o").arg(folder.join("core")).arg(pid.to_string()).output() else {
        bloathound_testkit::skip("no gcore on this machine (it comes with gdb)");
        return None;
    };
    assert!(output.status.success(), "{output:?}");
    Some(folder.join(format!("core.{pid}")))
}
