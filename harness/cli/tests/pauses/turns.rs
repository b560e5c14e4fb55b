//! Two bloathounds at one target wait for each other; a debugger is named and left alone.

use std::process::Stdio;
use std::time::Duration;

use bloathound_live::{PauseOptions, Process};

use crate::gaps::User;
use crate::support::{bloathound, live};

#[test]
fn one_that_comes_second_waits_its_turn() {
    if !live() {
        return;
    }
    let user = User::ourselves();
    let target = user.target(5000);
    let process = Process::open(target.pid()).unwrap();
    // As another bloathound holds it: let go by nobody but the holder itself.
    let longest = Duration::from_secs(4);
    let options = PauseOptions { longest, holder: Some(user.bloathound.clone()), ..PauseOptions::default() };
    let pause = process.pause(&options).unwrap();
    assert_eq!(pause.holder(), target.tracer());
    let second = bloathound().args(["inspect", &target.pid().to_string(), "--always-pause"]).assert().success();
    let said = String::from_utf8_lossy(&second.get_output().stderr).into_owned();
    assert!(said.contains("waiting for another bloathound"), "{said}");
    let released = pause.release();
    assert!(!released.until_asked && released.held >= longest, "{released:?}");
}

#[test]
fn two_at_once_both_succeed() {
    if !live() {
        return;
    }
    for user in [Some(User::ourselves()), User::nobody()].into_iter().flatten() {
        two_at_once(&user);
    }
}

fn two_at_once(user: &User) {
    let target = user.target(5000);
    for _ in 0..5 {
        let start = || {
            let mut command = user.command(&user.bloathound, &[]);
            command.args(["inspect", &target.pid().to_string(), "--always-pause"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let both = [start(), start()];
        for tool in both {
            let output = tool.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
