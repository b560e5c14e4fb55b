//! `bloathound serve`: a service in the foreground that answers, says what to type next, and ends with Ctrl-C and with whoever
//! started it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/served.rs"]
mod served;
mod support;

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::str::contains;
use served::Served;
use support::{bloathound, live, stat, wait_until};

const WITHIN: Duration = Duration::from_secs(60);

fn gone(pid: u32) {
    wait_until("the service to be gone", WITHIN, || stat(pid).is_none_or(|fields| fields[0] == "Z").then_some(()));
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
}

#[test]
fn it_answers_says_what_to_type_and_ends_with_ctrl_c() {
    if !live() {
        return;
    }
    let mut served = Served::start(Command::new(env!("CARGO_BIN_EXE_bloathound")).args(["serve", "leak"]));
    let pid = served.pid();
    assert!(served.answer("/health").contains("\"ok\": true"));
    // What is to be typed works as it stands.
    let load = served.told.iter().find(|line| line.contains("for n in")).unwrap();
    assert!(load.contains(&format!("curl -s {}/attendees", served.field("address"))), "{load}");
    let look = format!("  {} watch {pid}", env!("CARGO_BIN_EXE_bloathound"));
    assert!(served.told.contains(&look), "{:?}", served.told);
    bloathound().args(["inspect", &pid.to_string()]).assert().success().stdout(contains("CPython 2.7"));
    signal(served.child.id(), Signal::SIGINT);
    assert_eq!(served.child.wait().unwrap().code(), Some(130));
    gone(pid);
}

#[test]
fn the_twin_that_is_asked_for_is_started_and_a_stuck_one_ends_too() {
    if !live() {
        return;
    }
    let options = ["serve", "tightloop", "--variant", "buggy"];
    let mut served = Served::start(Command::new(env!("CARGO_BIN_EXE_bloathound")).args(options));
    assert!(served.told[0].starts_with("tightloop, buggy: "), "{:?}", served.told);
    assert!(served.told.iter().any(|line| line.contains("/attendees?stuck=1'")), "{:?}", served.told);
    let pid = served.pid();
    // It is in its loop, and answers nobody any more.
    let _stuck = served.asked("/attendees?stuck=1");
    wait_until("the loop", WITHIN, || (stat(pid)?[0] == "R").then_some(()));
    signal(served.child.id(), Signal::SIGINT);
    assert_eq!(served.child.wait().unwrap().code(), Some(130));
    gone(pid);
}

#[test]
fn it_ends_with_whoever_started_it_and_when_it_is_killed() {
    if !live() {
        return;
    }
    // The shell has more to do than to become what it starts.
    let line = format!("'{}' serve leak --variant fixed; true", env!("CARGO_BIN_EXE_bloathound"));
    let mut served = Served::start(Command::new("sh").args(["-c", &line]));
    assert!(served.told[0].starts_with("leak, fixed: "), "{:?}", served.told);
    let pid = served.pid();
    let tool: u32 = stat(pid).unwrap()[1].parse().unwrap();
    served.child.kill().unwrap();
    gone(pid);
    gone(tool);

    let served = Served::start(Command::new(env!("CARGO_BIN_EXE_bloathound")).args(["serve", "leak"]));
    let pid = served.pid();
    signal(served.child.id(), Signal::SIGKILL);
    gone(pid);
}

#[test]
fn one_scenario_and_a_twin_that_it_has() {
    for (options, said) in [
        (&["tightloop*"][..], "name one"),
        (&["negative-idle", "--variant", "buggy"], "no such twin"),
        (&["no-such-thing"], "no-such-thing"),
    ] {
        bloathound().arg("serve").args(options).assert().code(2).stdout("").stderr(contains(said));
    }
}
