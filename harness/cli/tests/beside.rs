//! Beside a container, as a debug container or a sidecar runs us: other namespaces than the target's, and no more rights than
//! the README says that it takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;
#[path = "support/target.rs"]
mod target;

use std::fs;
use std::process::Command;

use bloathound_testkit::cannot;
use serde_json::Value;
use support::{bloathound, live, wait_until};
use target::{Target, ZOO, copied, copy_interpreter};

/// What `docker run --cap-drop ALL --cap-add NAME` leaves of root's rights.
fn with_only(capability: &str) -> Vec<String> {
    // As setpriv wants it: `-all,+sys_ptrace,+dac_read_search`.
    let added: String = capability.split_whitespace().map(|name| format!(",+{name}")).collect();
    let set = format!("-all{added}");
    let words = ["setpriv", "--bounding-set", &set, "--inh-caps", &set, "--no-new-privs"];
    words.map(str::to_owned).to_vec()
}

fn is_able(words: &[&str]) -> bool {
    let status = Command::new(words[0]).args(&words[1..]).stderr(std::process::Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A target of another user in namespaces of mounts and of processes of its own, as a container has it.
fn contained(folder: &tempfile::TempDir) -> (Target, u32) {
    let outside = folder.path().join("outside");
    copy_interpreter(&outside);
    let hidden = folder.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    for path in [folder.path(), &outside, &hidden] {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let shell = "mount -t tmpfs none \"$0\" && cp -r \"$1\"/* \"$0\" && chmod -R a+rX \"$0\" && shift && \
                 exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"";
    let inner = copied(&hidden.join("bin/python2.7"));
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", shell]);
    // The modules of an administrator's version manager are not another user's to read.
    command.arg(&hidden).arg(&outside).arg(hidden.join("bin/python2.7")).args([
        "-S",
        "-c",
        "import sys; kept = [[n] for n in range(2000)]; print 'ready'; sys.stdout.flush(); sys.stdin.read()",
    ]);
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env_remove("PYTHONHOME");
    let target = Target::start(&mut command);
    let pid = support::children(target.pid())[0];
    (target, pid)
}

/// `docker run --pid=container:TARGET --cap-drop ALL --cap-add …`, and `kubectl debug --profile=general --target=…`.
#[test]
fn the_capabilities_that_are_named_are_enough_and_needed() {
    if !live() {
        return;
    }
    if !is_able(&["unshare", "--mount", "--pid", "--fork", "setpriv", "--bounding-set", "-all", "true"]) {
        cannot("no namespaces can be made, or no setpriv");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (target, pid) = contained(&folder);
    let look = |capability: &str, options: &[&str]| {
        // Mounts of our own, in which its files are not.
        let mut all = assert_cmd::Command::new("unshare");
        all.args(["--mount", "--propagation", "private"]).args(with_only(capability));
        all.arg(env!("CARGO_BIN_EXE_bloathound")).args(["inspect", &pid.to_string()]).args(options).assert()
    };
    for options in [&["--json", "-"][..], &["--json", "-", "--always-pause"]] {
        let seen = look("sys_ptrace dac_read_search", options).code(0);
        let report: Value = serde_json::from_slice(&seen.get_output().stdout).unwrap();
        let lists = report["heap"]["by_type"].as_array().unwrap().iter().find(|one| one["type"] == "list").unwrap();
        assert!(lists["count"].as_u64().unwrap() >= 2000, "{lists}");
    }
    let says = predicates::str::contains;
    look("", &[]).code(3).stderr(says("another user and CAP_SYS_PTRACE is missing"));
    look("sys_ptrace", &[]).code(3).stderr(says("--cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH"));
    // Its own user needs no capability at all.
    let copy = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &copy).unwrap();
    let as_user =
        ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all", "--no-new-privs"];
    let mut own = assert_cmd::Command::new("setpriv");
    own.args(as_user).arg(&copy).args(["inspect", &pid.to_string()]).current_dir(folder.path());
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    if matches!(scope.trim(), "" | "0") {
        own.assert().code(0);
    } else {
        own.assert().code(3).stderr(says("ptrace_scope"));
    }
    drop(target);
}

/// A container without root: its own user namespace, looked at by who made it and by root.
#[test]
fn a_user_namespace_is_looked_into() {
    if !live() {
        return;
    }
    if !is_able(&["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "true"]) {
        cannot("no user namespaces can be made");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.arg(support::python()).args(["-c", ZOO]);
    let target = Target::start(&mut command);
    let pid = wait_until("the interpreter", std::time::Duration::from_secs(10), || {
        support::children(target.pid()).first().copied()
    });
    let seen = bloathound().args(["inspect", &pid.to_string(), "--json", "-"]).assert().code(0);
    let report: Value = serde_json::from_slice(&seen.get_output().stdout).unwrap();
    assert_eq!(report["garbage"]["in_gc_garbage"], 70);
    assert_ne!(fs::read_link(format!("/proc/{pid}/ns/user")).unwrap(), fs::read_link("/proc/self/ns/user").unwrap());
}
