//! A pause ends at its budget, whatever becomes of the tool; and nobody of low priority makes one.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bloathound_testkit::cannot;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::gaps::{PATIENCE, User, level, send, state};
use crate::support::{Bystander, live, python, wait_until};

/// Large enough that its pause can be met, small enough for a debug build.
const ROWS: u32 = 120_000;
/// What the target may see beyond the budget: other programs have the processor as well.
const SLACK: Duration = Duration::from_secs(1);

fn said(tool: &mut Child) -> (Option<i32>, String) {
    let status = tool.wait().unwrap();
    let mut text = String::new();
    tool.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    (status.code(), text)
}

fn is_stopped(pid: u32) -> Option<()> {
    (state(pid).as_deref() == Some("T")).then_some(())
}

/// The tool stopped in a pause, where nothing it does can help; once.
fn goes_on_beside_a_stopped_tool(user: &User) {
    let target = user.target(ROWS);
    let budget = Duration::from_millis(1500);
    user.caught(&target, &[], &["--max-pause", "1500"], |tool, holder| {
        send(tool.id(), Signal::SIGSTOP);
        wait_until("it to stop", PATIENCE, || is_stopped(tool.id()));
        target.tracer()?;
        assert_ne!(holder, tool.id(), "the tool itself can't let go now");
        target.goes_on();
        send(tool.id(), Signal::SIGCONT);
        // Where it had just said "let go", all is well.
        let (code, text) = said(tool);
        if code == Some(0) {
            return None;
        }
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("pause budget") && text.contains("--max-pause"), "{text}");
        Some(())
    });
    let longest = target.longest();
    eprintln!("longest gap {longest:?}, budget {budget:?}");
    assert!(longest >= budget && longest < budget + SLACK, "{longest:?}");
}

#[test]
fn a_stopped_tool_holds_nobody_past_the_budget() {
    if live() {
        goes_on_beside_a_stopped_tool(&User::ourselves());
    }
}

#[test]
fn nor_does_an_ordinary_users() {
    if !live() {
        return;
    }
    if let Some(nobody) = User::nobody() {
        goes_on_beside_a_stopped_tool(&nobody);
    }
}

#[test]
fn the_holder_ends_with_a_killed_tool() {
    if !live() {
        return;
    }
    let user = User::ourselves();
    let target = user.target(ROWS);
    for _ in 0..3 {
        // A budget that nobody would wait for.
        user.caught(&target, &[], &["--max-pause", "600000"], |tool, holder| {
            tool.kill().unwrap();
            target.goes_on();
            wait_until("the holder to end", PATIENCE, || state(holder).is_none().then_some(()));
            Some(())
        });
    }
}

#[test]
fn a_killed_holder_costs_the_look_and_says_so() {
    if !live() {
        return;
    }
    let user = User::ourselves();
    let target = user.target(ROWS);
    user.caught(&target, &[], &[], |tool, holder| {
        assert_ne!(holder, tool.id());
        send(holder, Signal::SIGKILL);
        target.goes_on();
        let (code, text) = said(tool);
        // It was just about to go by itself.
        if code == Some(0) {
            return None;
        }
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains("was ended in the middle"), "{text}");
        Some(())
    });
}

/// As a terminal does it: to the whole foreground group.
#[test]
fn ctrl_z_takes_effect_when_the_target_runs_again() {
    if !live() {
        return;
    }
    let user = User::ourselves();
    let target = user.target(ROWS);
    user.caught(&target, &[], &["--max-pause", "600000"], |tool, holder| {
        killpg(Pid::from_raw(tool.id().cast_signed()), Signal::SIGTSTP).unwrap();
        target.tracer()?;
        wait_until("it to stop", PATIENCE, || {
            assert_ne!(state(holder).as_deref(), Some("T"), "a key of the terminal reached the holder");
            is_stopped(tool.id())
        });
        assert_eq!(target.tracer(), None, "stopped while it held");
        Some(())
    });
}

/// Everybody else comes first: processors that are never idle.
fn busy() -> Vec<Bystander> {
    let loops = std::thread::available_parallelism().map_or(2, usize::from);
    let mut command = Command::new(python());
    // They end when their input does.
    let source = "import select\nwhile not select.select([0], [], [], 0)[0]: sum(xrange(10000))";
    (0..loops).filter_map(|_| Bystander::start(command.args(["-c", source]).stdin(Stdio::piped()))).collect()
}

#[test]
fn a_tool_of_low_priority_is_raised_while_the_target_waits_for_it() {
    if !live() {
        return;
    }
    let user = User::ourselves();
    let raisable = Command::new("nice").args(["-n", "19", "nice", "-n", "-19", "true"]).output();
    if !raisable.is_ok_and(|output| output.status.success() && output.stderr.is_empty()) {
        cannot("no right to raise a priority here");
        return;
    }
    let _busy = busy();
    for (wrapper, rounds) in [(["nice", "-n", "19"], 2), (["chrt", "--idle", "0"], 1)] {
        let target = user.target(ROWS);
        let theirs = level(target.pid());
        for _ in 0..rounds {
            user.caught(&target, &wrapper, &[], |tool, holder| {
                // Started moments ago, the holder is what the tool was then.
                let levels = (level(holder), level(tool.id()));
                target.tracer()?;
                assert_eq!(levels, (theirs, theirs), "{wrapper:?}");
                target.goes_on();
                Some(())
            });
        }
        // Told and not held: how long a gap is beside busy cores hangs on the machine, at which priority it is kept does not.
        eprintln!("{wrapper:?}: longest gap {:?}", target.longest());
    }
}

#[test]
fn an_ordinary_user_of_low_priority_is_refused_with_the_figure() {
    if !live() {
        return;
    }
    let Some(user) = User::nobody() else { return };
    let target = user.target(5000);
    for wrapper in [["nice", "-n", "19"], ["chrt", "--idle", "0"]] {
        let mut command = user.command(&user.bloathound, &wrapper);
        command.args(["inspect", &target.pid().to_string(), "--always-pause"]);
        let refused = assert_cmd::Command::from_std(command).assert().code(3);
        let text = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
        for words in ["priority", "would stand still for about", "% of a processor", "--max-pause", "--no-pause"] {
            assert!(text.contains(words), "{wrapper:?}: {words:?} is not in {text}");
        }
    }
    // Whoever names a budget accepts that.
    let target = user.target(ROWS);
    user.caught(&target, &["nice", "-n", "19"], &["--max-pause", "600000"], |_, _| Some(()));
}
