//! Any CPython 2.7 process, and what is none: every command on processes nobody prepared, by the real binary.
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
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;
use support::{Bystander, bloathound, live, wait_until};
use target::{Target, ZOO, assert_same, copied, copy_interpreter, prefix, python, told};

/// Every command that takes a process, with quick arguments.
fn commands(pid: u32, image: &Path) -> Vec<Vec<String>> {
    let pid = pid.to_string();
    let image = image.to_str().unwrap();
    [
        vec!["inspect", &pid],
        vec!["watch", &pid, "--rounds", "2", "--interval", "0.05"],
        vec!["hot", &pid, "--seconds", "0.2"],
        vec!["capture", &pid, "-o", image],
        vec!["diff", &pid, &pid],
        vec!["why", &pid, "dict"],
    ]
    .into_iter()
    .map(|words| words.into_iter().map(str::to_owned).collect())
    .collect()
}

/// All of them work, and the target is still there.
fn all_work(pid: u32) {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image.bhi");
    for arguments in commands(pid, &image) {
        let output = bloathound().args(&arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
    bloathound().arg("inspect").arg(&image).assert().success();
    assert!(support::stat(pid).is_some_and(|stat| stat[0] != "Z"));
}

/// All of them are refused, with these words, by exit code 3 and without a file left behind.
fn all_refuse(pid: u32, said: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image.bhi");
    for arguments in commands(pid, &image) {
        let output = bloathound().args(&arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {text}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        for words in said {
            assert!(text.contains(words), "{arguments:?}: {words:?} is not in {text}");
        }
        // What is wrong, and what to do about it.
        assert!(text.trim_end().lines().count() >= 2, "{arguments:?}: {text}");
        assert!(!image.exists());
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_prompt_on_a_terminal_answers_afterwards() {
    if !live() {
        return;
    }
    // Python's own pty module opens the terminal; we type on its input.
    let script = "
import os, pty, sys, threading
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, '-i'])
def until(words):
    seen = ''
    while words not in seen:
        seen += os.read(fd, 1000)
until('>>> ')
os.write(fd, 'class Typed(object): pass\\n\\nkept = [Typed() for i in range(11)]\\nprint 6 * 7\\n')
until('42')
print 'ready', pid
sys.stdout.flush()
sys.stdin.readline()
os.write(fd, 'print 1000 + len(kept)\\n')
until('1011')
print 'answered'
sys.stdout.flush()
os.kill(pid, 9)
";
    let mut child = Command::new(python())
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let line = lines.next().unwrap().unwrap();
    let pid: u32 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
    all_work(pid);
    let why = told(&["why", &pid.to_string(), "__main__.Typed"]);
    assert_eq!(why["matches"], json!(11), "{why}");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "answered");
    child.wait().unwrap();
}

#[test]
fn threads_and_extension_modules() {
    if !live() {
        return;
    }
    let script = format!(
        "import sqlite3, ctypes, cPickle, xml.etree.cElementTree as tree\nxml = tree.fromstring('<a><b/></a>')\n{ZOO}"
    );
    let with =
        Target::script(&format!("try:\n    import sqlite3, ctypes\nexcept ImportError:\n    pass\n{ZOO}")).at_rest();
    all_work(with.pid());
    let report = told(&["inspect", &with.pid().to_string()]);
    assert_eq!(report["threads"].as_array().unwrap().len(), 3, "{}", report["threads"]);
    assert_eq!(report["rss"]["unexplained"], json!(0), "{}", report["rss"]);
    // Where the interpreter has them all.
    let able = Command::new(python()).args(["-c", "import sqlite3, ctypes, cPickle, xml.etree.cElementTree"]).output();
    if able.is_ok_and(|output| output.status.success()) {
        let target = Target::script(&script).at_rest();
        let report = told(&["inspect", &target.pid().to_string()]);
        let types = report["heap"]["by_type"].to_string();
        assert!(types.contains("Element") && types.contains("datetime.date"), "{types}");
        assert!(report["heap"]["quality"]["conservative_objects"].as_u64().unwrap() > 0);
    }
}

#[test]
fn forked_workers() {
    if !live() {
        return;
    }
    let script = "
import multiprocessing, os, sys, time
class Inherited(object): pass
class Own(object): pass
kept = [Inherited() for i in range(700)]
def work():
    global own
    own = [Own() for i in range(30)]
    os.write(1, 'forked %d\\n' % os.getpid())
    sys.stdin.read()
    time.sleep(1000)
os.write(1, 'ready\\n')
if os.fork() == 0:
    work()
worker = multiprocessing.Process(target=work)
worker.start()
sys.stdin.readline()
time.sleep(1000)
";
    let mut target = Target::script(script);
    let mut pids = Vec::new();
    while pids.len() < 2 {
        let line = target.line();
        pids.extend(line.strip_prefix("forked ").map(|pid| pid.parse::<u32>().unwrap()));
    }
    for pid in pids {
        all_work(pid);
        let count = |name: &str| told(&["why", &pid.to_string(), name])["matches"].clone();
        assert_eq!(count("__main__.Inherited"), json!(700));
        assert_eq!(count("__main__.Own"), json!(30));
    }
}

#[test]
fn other_namespaces_of_mounts_and_pids() {
    if !live() || !is_root() {
        bloathound_testkit::cannot("namespaces of mounts need root");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let hidden = folder.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    let outside = folder.path().join("outside");
    copy_interpreter(&outside);
    // Inside, the interpreter is on a file system that nobody else sees.
    let shell = "mount -t tmpfs none \"$0\" && cp -r \"$1\"/* \"$0\" && shift && exec \"$@\"";
    let inner = copied(&hidden.join("bin/python2.7"));
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", shell]);
    command.arg(&hidden).arg(&outside).arg(hidden.join("bin/python2.7")).args(["-c", ZOO]);
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    let able = Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).status();
    if !able.is_ok_and(|status| status.success()) {
        bloathound_testkit::cannot("no namespaces can be made");
        return;
    }
    let target = Target::start(&mut command);
    let pid = support::children(target.pid())[0];
    assert!(!hidden.join("bin").exists(), "the interpreter is hidden from us");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.lines().any(|line| line.starts_with("NSpid:") && line.ends_with("\t1")), "{status}");
    all_work(pid);
    let report = told(&["inspect", &pid.to_string()]);
    assert_eq!(report["garbage"]["in_gc_garbage"], json!(70));
}

#[test]
fn an_interpreter_whose_files_were_deleted_or_upgraded() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let python = copy_interpreter(folder.path());
    let target = Target::start(copied(&python).args(["-c", ZOO])).at_rest();
    let pid = target.pid().to_string();
    let before = told(&["inspect", &pid]);
    for name in ["bin/python2.7", "lib/libpython2.7.so.1.0"] {
        let file = folder.path().join(name);
        if file.exists() {
            // Something else in its place, as an upgrade leaves it.
            fs::copy("/proc/self/exe", folder.path().join("new")).unwrap();
            fs::rename(folder.path().join("new"), &file).unwrap();
        }
    }
    assert_same(&before, &told(&["inspect", &pid]), "upgraded");
    fs::remove_dir_all(folder.path().join("bin")).unwrap();
    fs::remove_dir_all(folder.path().join("lib")).unwrap();
    assert_same(&before, &told(&["inspect", &pid]), "deleted");
    all_work(target.pid());
}

/// A C program that embeds the interpreter, with two interpreters beside the main one.
const EMBEDDING: &str = r#"
#include <Python.h>
#include <unistd.h>
int main(void) {
    char byte;
    Py_Initialize();
    PyRun_SimpleString("class InMain(object): pass\nkept = [InMain() for i in range(100)]\n");
    PyThreadState *main_state = PyThreadState_Get();
    Py_NewInterpreter();
    PyRun_SimpleString("class InFirst(object): pass\nkept = [InFirst() for i in range(200)]\n");
    Py_NewInterpreter();
    PyRun_SimpleString("class InSecond(object): pass\nkept = [InSecond() for i in range(300)]\n");
    PyThreadState_Swap(main_state);
    PyEval_InitThreads();
    PyEval_SaveThread();
    write(1, "ready\n", 6);
    return read(0, &byte, 1) < 0;
}
"#;

#[test]
fn an_embedded_interpreter_and_several_of_them() {
    if !live() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("embedding.c");
    fs::write(&source, EMBEDDING).unwrap();
    let program = folder.path().join("embedding");
    let lib = prefix().join("lib");
    let compiled = Command::new("cc")
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .arg(format!("-I{}", prefix().join("include/python2.7").display()))
        .arg(format!("-L{}", lib.display()))
        .arg(format!("-Wl,-rpath,{}", lib.display()))
        .arg("-lpython2.7")
        .output();
    if !compiled.is_ok_and(|output| output.status.success()) {
        bloathound_testkit::skip("nothing to embed the interpreter with (a C compiler, Python.h, libpython2.7.so)");
        return;
    }
    let target = Target::start(Command::new(&program).env("PYTHONHOME", prefix())).at_rest();
    all_work(target.pid());
    let pid = target.pid().to_string();
    for options in [&[][..], &["--exported-symbols-only"]] {
        for (class, count) in [("InMain", 100), ("InFirst", 200), ("InSecond", 300)] {
            let mut arguments = vec!["why", &pid, class];
            arguments.extend(options);
            let why = told(&arguments);
            assert_eq!(why["matches"], json!(count), "{class} {options:?}");
            assert_eq!(why["path"][0]["label"], json!("module __main__"), "{class} {options:?}: {}", why["path"]);
        }
    }
    let whole = told(&["inspect", &pid]);
    assert_same(&whole, &told(&["inspect", &pid, "--exported-symbols-only"]), "exported symbols only");
}

#[test]
fn a_collection_under_way_is_never_taken_for_a_heap() {
    if !live() {
        return;
    }
    // In and out of collections.
    let script = "
import gc, sys
class Node(object): pass
nodes = []
for i in xrange(60000):
    n = Node(); n.me = n; nodes.append(n)
print 'ready'
sys.stdout.flush()
while 1:
    gc.collect()
    for i in xrange(300000): pass
";
    let target = Target::script(script);
    let pid = target.pid().to_string();
    for options in [&[][..], &["--exported-symbols-only"]] {
        let mut seen = 0;
        for _ in 0..5 {
            let output = bloathound().args(["inspect", &pid, "--json", "-"]).args(options).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.code() == Some(3) {
                assert!(text.contains("a collection is running") && text.contains("try again"), "{text}");
                continue;
            }
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let nodes = report["heap"]["by_type"].as_array().unwrap().iter().find(|row| row["type"] == "__main__.Node");
            let in_progress = report["heap"]["quality"]["collection_in_progress"] == json!(true);
            assert!(!in_progress, "{options:?}: {}", report["problems"]);
            assert_eq!(nodes.unwrap()["count"], json!(60_000), "{options:?}");
            // All of them are on the collector's lists: with their dicts and little else.
            assert!(report["heap"]["tracked"].as_u64().unwrap() > 120_000, "{}", report["heap"]["tracked"]);
            seen += 1;
        }
        assert!(seen > 0, "no look of five hit a gap");
    }
}

#[test]
fn a_process_that_ends_while_it_is_watched() {
    if !live() {
        return;
    }
    let target = Target::script("print 'ready'\nimport sys\nsys.stdout.flush()\nsys.stdin.readline()");
    let pid = target.pid().to_string();
    let arguments = ["watch", &pid, "--rounds", "1000", "--interval", "0.02"];
    let watching = std::thread::scope(|scope| {
        let watch = scope.spawn(|| bloathound().args(arguments).timeout(Duration::from_secs(60)).output().unwrap());
        // It is being read when something of it was opened: until then it may not have begun.
        wait_until("bloathound to start", Duration::from_secs(30), || {
            let reads = support::children(std::process::id()).into_iter().any(|child| {
                let command = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&command).contains("watch")
            });
            reads.then_some(())
        });
        drop(target);
        watch.join().unwrap()
    });
    let text = String::from_utf8_lossy(&watching.stderr).into_owned();
    assert_eq!(watching.status.code(), Some(3), "{text}");
    assert!(text.contains("is gone") || text.contains("zombie"), "{text}");
}

#[test]
fn a_process_that_ends_while_it_is_sampled() {
    if !live() {
        return;
    }
    let script = "import sys, time\nprint 'ready'\nsys.stdout.flush()\nsys.stdin.readline()\ntime.sleep(0.5)";
    let mut target = Target::script(script);
    let pid = target.pid().to_string();
    target.say("");
    let output = bloathound().args(["hot", &pid, "--seconds", "30"]).timeout(Duration::from_secs(25)).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.matches("the process ended while it was sampled").count(), 1, "{text}");
    assert!(text.matches("could not be read again").count() <= 1, "{text}");
}

#[test]
fn the_dead_and_the_kernels_are_refused() {
    // Nobody takes note of its end.
    let mut parent = Command::new("sh");
    parent.args(["-c", "sleep 0 & echo ready; exec sleep 1000"]);
    let target = Target::start(&mut parent);
    // The shell may still take note; what it becomes does not.
    wait_until("the shell to be replaced", Duration::from_secs(20), || {
        let name = fs::read_to_string(format!("/proc/{}/comm", target.pid())).unwrap_or_default();
        (name.trim() == "sleep").then_some(())
    });
    let zombie = wait_until("a zombie", Duration::from_secs(20), || {
        support::children(target.pid()).into_iter().find(|pid| support::stat(*pid).is_some_and(|stat| stat[0] == "Z"))
    });
    all_refuse(zombie, &["zombie", "pgrep -af python"]);
    // No process has this id: the kernel gives out none above.
    all_refuse(u32::MAX / 2, &["is gone", "pgrep -af python"]);
    let kernels = fs::read_to_string("/proc/2/stat").unwrap_or_default();
    if kernels.contains("(kthreadd)") {
        all_refuse(2, &["kernel thread", "pgrep -af python"]);
    } else {
        bloathound_testkit::cannot("kernel threads can't be seen");
    }
}

/// Compiles a program that waits for its input; `None` with a notice where that can't be done.
fn compile(folder: &Path, name: &str, source: &str, options: &[&str]) -> Option<PathBuf> {
    let file = folder.join("source.c");
    fs::write(&file, source).unwrap();
    let program = folder.join(name);
    let done = Command::new("cc").args(options).arg(&file).arg("-o").arg(&program).output();
    if done.is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    // Libraries for 32 bits are a package of their own that nothing else needs.
    let told = if options.contains(&"-m32") { bloathound_testkit::cannot } else { bloathound_testkit::skip };
    told(&format!("no C compiler for {options:?}"));
    None
}

/// As much of an interpreter as there is to be told by.
const PLAYED: &str = r#"
#include <unistd.h>
char PyDict_Type[8] = "d", PyType_Type[8] = "t", PyString_Type[8] = "s", PyCapsule_Type[8] = "c";
void *_PyThreadState_Current;
long _Py_RefTotal = 1;
const char version[] = "2.7.18";
int PyEval_EvalFrameEx(void) { return version[0] + (int)_Py_RefTotal; }
int main(void) { char byte; write(1, "ready\n", 6); return read(0, &byte, 1) < 0; }
"#;

const WAITING: &str = r#"
#include <unistd.h>
int main(void) { char byte; write(1, "ready\n", 6); return read(0, &byte, 1) < 0; }
"#;

#[test]
fn other_interpreters_and_machines_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(program) = compile(folder.path(), "python2.7", PLAYED, &["-rdynamic"]) {
        let target = Target::start(&mut Command::new(program));
        all_refuse(target.pid(), &["debug build of Python 2.7", "release builds"]);
    }
    if let Some(program) = compile(folder.path(), "pypy", WAITING, &[]) {
        let target = Target::start(&mut Command::new(program));
        all_refuse(target.pid(), &["PyPy", "only CPython 2.7"]);
    }
    if let Some(program) = compile(folder.path(), "python2.7-32", WAITING, &["-m32", "-static"]) {
        let target = Target::start(&mut Command::new(&program));
        all_refuse(target.pid(), &["32-bit", "64-bit"]);
        let core = folder.path().join("core");
        let Some(core) = target::gcore(target.pid(), &core.with_file_name("")) else { return };
        bloathound().arg("inspect").arg(core).assert().code(3).stderr(contains("32-bit").and(contains("64-bit x86")));
    }
}

/// Runs the real binary as the user `nobody`, who may run a copy of it; `None` with a notice where we can't become him.
fn as_nobody(folder: &Path) -> Option<impl Fn(&Path) -> Command> {
    fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    let nobody = |program: &Path| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).current_dir("/");
        command
    };
    let able = nobody(Path::new("true")).status().is_ok_and(|status| status.success());
    if !able {
        bloathound_testkit::cannot("this user can't become another one (setpriv)");
    }
    able.then_some(nobody)
}

#[test]
fn ordinary_users_are_told_what_to_type() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let Some(nobody) = as_nobody(folder.path()) else { return };
    let copy = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &copy).unwrap();
    fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
    let inspect = |pid: u32| {
        let mut command = nobody(&copy);
        command.args(["inspect", &pid.to_string()]);
        assert_cmd::Command::from_std(command).assert().stdout("")
    };
    // Root's.
    let roots = Bystander::start(Command::new("sleep").arg("600")).unwrap();
    // By the name that it was called by: root may have no other.
    let sudo = |pid: u32| contains(format!("sudo {} inspect {pid}", copy.display()));
    inspect(roots.pid()).code(3).stderr(contains("another user").and(sudo(roots.pid())));
    // His own: read, and refused for what it is only.
    let Some(waiting) = compile(folder.path(), "waiting", WAITING, &[]) else { return };
    let own = Target::start(&mut nobody(&waiting));
    inspect(own.pid()).code(3).stderr(contains("no Python interpreter"));
    // His own, but it forbade it: root can.
    let forbidding = WAITING.replace("char byte;", "char byte; prctl(PR_SET_DUMPABLE, 0);");
    let forbidding = format!("#include <sys/prctl.h>\n{forbidding}");
    let Some(program) = compile(folder.path(), "forbidding", &forbidding, &[]) else { return };
    let own = Target::start(&mut nobody(&program));
    inspect(own.pid()).code(3).stderr(contains("not dumpable").and(sudo(own.pid())));
    bloathound().args(["inspect", &own.pid().to_string()]).assert().code(3).stderr(contains("no Python interpreter"));
}

/// Refuses `process_vm_readv` and `ptrace`, as a container's filter does, and goes on as another program.
const FILTER: &str = r#"
#include <errno.h>
#include <stddef.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
int main(int count, char **words) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_process_vm_readv, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {5, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (count < 2 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 99;
    execv(words[1], words + 1);
    return 99;
}
"#;

#[test]
fn inside_a_containers_filter_it_is_told_of_docker() {
    let folder = tempfile::tempdir().unwrap();
    let Some(filter) = compile(folder.path(), "filter", FILTER, &[]) else { return };
    let target = Bystander::start(Command::new("sleep").arg("600")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::new(&filter);
        command.arg(env!("CARGO_BIN_EXE_bloathound")).args(arguments).current_dir(support::root());
        command.assert().code(3)
    };
    let said = || contains("seccomp").and(contains("--cap-add SYS_PTRACE"));
    run(&["inspect", &target.pid().to_string()]).stdout("").stderr(said());
    run(&["doctor"]).stdout(said());
}
