//! The analyser killed at any moment: the target goes on, and no file is half-written under its final name.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test program: a failure is a panic, a notice goes to stderr"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_live::{CaptureOptions, MomentVerdict, Process, ThreadState, kernel_release};
use bloathound_memory::{Manifest, Recording, WriteOptions, read_recording, write_recording};

mod common;
#[path = "common/finder.rs"]
mod finder;
use common::{Script, python27, wait_until};
use finder::interpreter;

const ANSWERS: &str = "
import sys
rows = [{'n': i, 'text': 'row %d' % i} for i in xrange(60000)]
print 'ready'
while True:
    line = sys.stdin.readline()
    if not line:
        break
    print 'heard', line.strip()
";

/// Does nothing unless started by [`killed_at_any_moment`]: captures and records for ever.
#[test]
fn helper_that_captures_for_ever() {
    let (Ok(pid), Ok(path)) = (std::env::var("BLOATHOUND_TEST_PID"), std::env::var("BLOATHOUND_TEST_PATH")) else {
        return;
    };
    let process = Process::open(pid.parse().unwrap()).unwrap();
    loop {
        let symbols = interpreter(&process).unwrap();
        let capture = process.capture(CaptureOptions::default(), &mut |_| MomentVerdict::Accept).unwrap();
        let manifest = Manifest { kernel: kernel_release(), pid: process.pid(), ..Manifest::default() };
        let recording = Recording { manifest, symbols, page_runs: capture.page_runs, image: capture.image };
        write_recording(Path::new(&path), &recording, WriteOptions::default()).unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let Some(python) = python27() else { return };
    // BLOATHOUND_TEST_KILLS=200 for the whole treatment.
    let kills: u32 = std::env::var("BLOATHOUND_TEST_KILLS").map_or(25, |text| text.parse().unwrap());
    let mut script = Script::start(&python, ANSWERS);
    assert_eq!(script.line(), "ready");
    let process = Process::open(script.pid()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    let (mut held, mut recorded) = (0, 0);
    for kill in 0..kills {
        let mut helper = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "helper_that_captures_for_ever"])
            .env("BLOATHOUND_TEST_PID", script.pid().to_string())
            .env("BLOATHOUND_TEST_PATH", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From its first millisecond on; every third time right within a pause, every fourth after a whole recording.
        let moment = Duration::from_micros(u64::from(kill) * 7919 % 300_000);
        let started = Instant::now();
        let is_held = || process.threads().unwrap().iter().any(|thread| thread.state == ThreadState::Traced);
        if kill % 3 == 0 {
            wait_until("it is held", is_held);
        } else if kill % 4 == 1 {
            let _ = std::fs::remove_file(&path);
            wait_until("it has recorded", || path.exists());
        } else {
            wait_until("the moment has come", || started.elapsed() >= moment);
        }
        helper.kill().unwrap();
        held += u32::from(is_held());
        assert!(!helper.wait().unwrap().success());
        wait_until("nobody traces it", || process.status().unwrap().tracer.is_none());
        script.say("hello");
        assert_eq!(script.line(), "heard hello");
        if path.exists() {
            let read = read_recording(&path, 1 << 30).unwrap();
            assert_eq!(read.problems, []);
            recorded += 1;
        }
    }
    eprintln!("{kills} kills, {held} seen within a pause, {recorded} with a recording there");
    assert!(recorded > 0);
}
