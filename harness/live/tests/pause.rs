//! What a pause does to its target, and what it must not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bloathound_live::{LiveError, PauseOptions, Process, ThreadState};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

mod common;
use common::{Script, python27, wait_until};

const ECHO: &str = "
import sys
print 'ready'
while True:
    line = sys.stdin.readline()
    if not line:
        break
    print 'heard', line.strip()
";

fn echo() -> Option<(Script, Process)> {
    let mut script = Script::start(&python27()?, ECHO);
    script.line();
    let process = Process::open(script.pid()).unwrap();
    Some((script, process))
}

fn assert_answers(script: &mut Script) {
    script.say("hello");
    assert_eq!(script.line(), "heard hello");
}

fn states(process: &Process) -> Vec<ThreadState> {
    process.threads().unwrap().iter().map(|thread| thread.state).collect()
}

#[test]
fn it_stands_still_until_the_guard_is_dropped() {
    let Some((mut script, process)) = echo() else { return };
    let pause = process.pause(&PauseOptions::default()).unwrap();
    assert_eq!(states(&process), [ThreadState::Traced]);
    assert_eq!((pause.threads(), pause.unstoppable().len()), (1, 0));
    drop(pause);
    assert_eq!(process.status().unwrap().tracer, None);
    assert_answers(&mut script);
}

#[test]
fn a_second_tracer_is_told_who_is_first() {
    let Some((mut script, process)) = echo() else { return };
    let pause = process.pause(&PauseOptions::default()).unwrap();
    match process.pause(&PauseOptions::default()) {
        Err(LiveError::AlreadyTraced { tracer, .. }) => assert_eq!(tracer, std::process::id()),
        other => panic!("{other:?}"),
    }
    drop(pause);
    assert_answers(&mut script);
}

/// Yama lets ancestors trace only, and a holder is none of what we started ourselves; or there is no holder at all.
#[test]
fn where_the_holder_may_not_a_thread_does() {
    let Some((mut script, process)) = echo() else { return };
    let folder = tempfile::tempdir().unwrap();
    let refused = folder.path().join("refused");
    std::fs::write(&refused, "#!/bin/sh\necho ready\nread word\necho failed not-allowed\n").unwrap();
    std::fs::set_permissions(&refused, PermissionsExt::from_mode(0o755)).unwrap();
    for program in [refused, "/bin/true".into(), folder.path().join("missing")] {
        let options = PauseOptions { holder: Some(program.clone()), ..PauseOptions::default() };
        let pause = process.pause(&options).unwrap();
        assert_eq!((pause.holder(), states(&process)), (None, vec![ThreadState::Traced]), "{program:?}");
        assert!(pause.release().until_asked);
        assert_answers(&mut script);
    }
}

/// Does nothing unless started by [`a_killed_tracer_lets_go`].
#[test]
fn helper_that_holds_a_pause() {
    let Ok(pid) = std::env::var("BLOATHOUND_TEST_HOLD") else { return };
    let process = Process::open(pid.parse().unwrap()).unwrap();
    let _pause = process.pause(&PauseOptions::default()).unwrap();
    std::io::stderr().write_all(b"holding\n").unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_killed_tracer_lets_go() {
    let Some((mut script, process)) = echo() else { return };
    for _ in 0..5 {
        let mut helper = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "helper_that_holds_a_pause", "--nocapture"])
            .env("BLOATHOUND_TEST_HOLD", script.pid().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until("it is held", || states(&process) == [ThreadState::Traced]);
        helper.kill().unwrap();
        helper.wait().unwrap();
        wait_until("it is let go", || process.status().unwrap().tracer.is_none());
        assert_answers(&mut script);
    }
}

#[test]
fn a_stopped_process_stays_stopped() {
    let Some((mut script, process)) = echo() else { return };
    let pid = Pid::from_raw(script.pid().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    wait_until("it is stopped", || states(&process) == [ThreadState::Stopped]);
    for _ in 0..20 {
        drop(process.pause(&PauseOptions::default()).unwrap());
        wait_until("it is stopped again", || states(&process) == [ThreadState::Stopped]);
    }
    kill(pid, Signal::SIGCONT).unwrap();
    assert_answers(&mut script);
    // A stop signal that arrives while it is held takes effect afterwards.
    let pause = process.pause(&PauseOptions::default()).unwrap();
    kill(pid, Signal::SIGSTOP).unwrap();
    drop(pause);
    wait_until("it is stopped", || states(&process) == [ThreadState::Stopped]);
    kill(pid, Signal::SIGCONT).unwrap();
    assert_answers(&mut script);
}

/// Signals with a name and real-time signals without one, while it is stopped over and over: each arrives once.
#[test]
fn no_signal_is_lost_or_doubled() {
    let Some(python) = python27() else { return };
    let target = "
import os, signal, sys
count = [0]
def handler(number, frame):
    count[0] += 1
    os.write(1, '%d\\n' % count[0])
for number in (signal.SIGUSR1, signal.SIGRTMIN + 6):
    signal.signal(number, handler)
os.write(1, 'ready\\n')
while True:
    sum(xrange(1000))
";
    let sender = "
import os, signal, sys
while True:
    line = sys.stdin.readline()
    if not line:
        break
    pid, number = line.split()
    os.kill(int(pid), signal.SIGUSR1 if int(number) % 2 else signal.SIGRTMIN + 6)
";
    let mut target = Script::start(&python, target);
    assert_eq!(target.line(), "ready");
    let mut sender = Script::start(&python, sender);
    let process = Process::open(target.pid()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let pauser = scope.spawn(|| {
            let mut pauses = 0;
            while !done.load(Ordering::Relaxed) {
                drop(process.pause(&PauseOptions::default()).unwrap());
                pauses += 1;
            }
            pauses
        });
        for number in 1..=1000 {
            sender.say(&format!("{} {number}", target.pid()));
            // A lost signal would leave us waiting: the test's own time limit is the kill in `Script::drop`.
            assert_eq!(target.line(), number.to_string());
        }
        done.store(true, Ordering::Relaxed);
        assert!(pauser.join().unwrap() > 10);
    });
}

#[test]
fn all_threads_stand_still_however_many_come_and_go() {
    let Some(python) = python27() else { return };
    let source = "
import threading, time
def short():
    sum(xrange(100))
def spawner():
    while True:
        made = [threading.Thread(target=short) for _ in range(4)]
        for thread in made: thread.start()
        for thread in made: thread.join()
threading.stack_size(128 * 1024)
for _ in range(3):
    thread = threading.Thread(target=spawner)
    thread.daemon = True
    thread.start()
print 'ready'
while True:
    time.sleep(1)
";
    let mut script = Script::start(&python, source);
    script.line();
    let process = Process::open(script.pid()).unwrap();
    for _ in 0..200 {
        let pause = process.pause(&PauseOptions::default()).unwrap();
        let states = states(&process);
        assert!(states.iter().all(|state| matches!(state, ThreadState::Traced | ThreadState::Dead)), "{states:?}");
        assert!(pause.threads() >= 4);
        assert_eq!(process.thread_ids().unwrap(), process.thread_ids().unwrap());
    }
    wait_until("nobody traces it", || process.status().unwrap().tracer.is_none());
}

#[test]
fn a_target_killed_while_held_is_reported_gone() {
    let Some((mut script, process)) = echo() else { return };
    let pause = process.pause(&PauseOptions::default()).unwrap();
    script.child().kill().unwrap();
    drop(pause);
    wait_until("it has gone", || process.check_alive().is_err());
    assert!(matches!(process.pause(&PauseOptions::default()), Err(LiveError::Zombie { .. } | LiveError::Gone { .. })));
}

/// What a thread blocked in a system call notices. The kernel restarts most; `epoll_wait` it does not (signal(7)).
#[test]
fn blocked_system_calls() {
    let Some(python) = python27() else { return };
    let setup = "
import os, select, socket, sys, threading, time
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen(1)
end, wake = os.pipe()
def on_epoll():
    poller = select.epoll()
    poller.register(end, select.EPOLLIN)
    poller.poll(30)
def on_poll():
    poller = select.poll()
    poller.register(end, select.POLLIN)
    poller.poll(30000)
def on_select():
    select.select([end], [], [], 30)
def on_sleep():
    time.sleep(0.3)
def on_read():
    os.read(end, 1)
def on_accept():
    server.accept()
def on_lock():
    held.acquire()
held = threading.Lock()
held.acquire()
def finish():
    sys.stdin.readline()
    held.release()
    os.write(wake, 'x')
    other = socket.socket()
    other.connect(server.getsockname())
threading.Thread(target=finish).start()
print 'ready'
try:
    KIND()
    print 'nothing'
except (IOError, OSError, select.error) as error:
    print 'error', error.args[0]
";
    let cases = [
        ("on_epoll", "error 4"),
        ("on_poll", "nothing"),
        ("on_select", "nothing"),
        ("on_sleep", "nothing"),
        ("on_read", "nothing"),
        ("on_accept", "nothing"),
        ("on_lock", "nothing"),
    ];
    for (kind, noticed) in cases {
        let mut script = Script::start(&python, &setup.replace("KIND", kind));
        script.line();
        let process = Process::open(script.pid()).unwrap();
        let asleep = || states(&process).iter().all(|state| *state == ThreadState::Sleeping);
        wait_until("both threads sleep", || process.threads().unwrap().len() == 2 && asleep());
        for _ in 0..3 {
            let pause = process
                .pause(&PauseOptions { stop_within: Duration::from_secs(5), ..PauseOptions::default() })
                .unwrap();
            assert_eq!(pause.threads(), 2, "{kind}");
            drop(pause);
        }
        script.say("finish");
        assert_eq!(script.line(), noticed, "{kind}");
    }
}
