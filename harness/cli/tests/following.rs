//! A watch while it goes on: lines in a pipe, a screen with keys on a terminal, and a report when somebody asks.
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

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::{bloathound, live, wait_until};
use target::Target;

const KEEPS: &str = "
import sys, time
class Row(object): pass
kept = []
print 'ready'
sys.stdout.flush()
while True:
    kept.extend(Row() for _ in range(100))
    time.sleep(.01)
";
const SOON: Duration = Duration::from_secs(60);

/// All that something wrote by now.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<String>>);

impl Written {
    fn of(mut from: impl Read + Send + 'static) -> Self {
        let written = Self::default();
        let noted = written.clone();
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut some) {
                noted.0.lock().unwrap().push_str(&String::from_utf8_lossy(&some[..count]));
            }
        });
        written
    }

    fn until(&self, what: &str) {
        wait_until(what, SOON, || self.0.lock().unwrap().contains(what).then_some(()));
    }

    fn all(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

fn end_of(child: &mut Child) -> Option<i32> {
    wait_until("the watch ends", SOON, || child.try_wait().unwrap()).code()
}

#[test]
fn in_a_pipe_each_look_is_a_line_with_what_grows_and_who_holds_it() {
    if !live() {
        return;
    }
    let target = Target::script(KEEPS);
    let pid = target.pid().to_string();
    let done = bloathound().args(["watch", &pid, "--follow", "--rounds", "4", "--interval", "0.3"]).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("look ")).collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[4].contains("Row") && lines[4].contains("a minute held by __main__.kept"), "{text}");
    assert!(text.contains("findings"), "what it ends with comes after: {text}");
}

#[test]
fn who_asks_by_sigusr1_gets_a_report_and_the_watch_goes_on() {
    if !live() {
        return;
    }
    let target = Target::script(KEEPS);
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("so-far.json");
    let mut watch = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["watch", &target.pid().to_string(), "--rounds", "3", "--interval", "600", "--json"])
        .arg(&json)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let said = Written::of(watch.stderr.take().unwrap());
    said.until("look 0");
    let pid = Pid::from_raw(i32::try_from(watch.id()).unwrap());
    kill(pid, Signal::SIGUSR1).unwrap();
    said.until("asked for while it goes on");
    let report: Value =
        wait_until("the file", SOON, || std::fs::read(&json).ok().and_then(|text| serde_json::from_slice(&text).ok()));
    let why = report["partial"]["why"].as_str().unwrap();
    assert!(why.contains("asked for while it goes on; after 1 look"), "{report}");
    assert_eq!(watch.try_wait().unwrap(), None, "it goes on");
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(end_of(&mut watch), Some(130), "{}", said.all());
}

/// By util-linux' `script`, which is a terminal to the command.
#[test]
fn on_a_terminal_keys_sort_and_look_closer_and_q_gives_the_terminal_back() {
    if !live() {
        return;
    }
    let target = Target::script(KEEPS);
    let watch = format!(
        "stty cols 100 rows 40; exec {} watch {} --follow --interval 0.5 --rounds 500",
        env!("CARGO_BIN_EXE_bloathound"),
        target.pid()
    );
    let started = Command::new("script")
        .args(["-qec", &watch, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn();
    let Ok(mut script) = started else {
        bloathound_testkit::skip("no script on this machine (it comes with util-linux)");
        return;
    };
    let screen = Written::of(script.stdout.take().unwrap());
    let mut keys = script.stdin.take().unwrap();
    screen.until("now by rate");
    screen.until("Row");
    keys.write_all(b"s").unwrap();
    screen.until("now by bytes");
    keys.write_all(b"\r").unwrap();
    screen.until("by look");
    keys.write_all(b"q").unwrap();
    end_of(&mut script);
    let all = screen.all();
    let (on_screen, after) = all.rsplit_once("\u{1b}[?1049l").expect("the screen is left");
    assert!(on_screen.contains("\u{1b}[?1049h"), "it was taken");
    assert!(after.contains("findings") && after.contains("ended by SIGINT"), "{after}");
}
