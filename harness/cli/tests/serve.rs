//! `bloathound serve`: a service in the foreground that answers, says what to type next, and ends with Ctrl-C and with whoever
//! started it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::str::contains;
use support::{bloathound, live, packages, python, root, stat, wait_until};

const WITHIN: Duration = Duration::from_secs(60);

/// Ends with the test, and the service with it.
struct Served {
    child: Child,
    told: Vec<String>,
}

impl Served {
    /// Starts it and reads all that it tells.
    fn start(command: &mut Command) -> Self {
        // Ready beforehand: installing takes its time.
        packages().expect("the services' packages");
        command.current_dir(root()).env("BLOATHOUND_PYTHON27", python()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = Vec::new();
        for line in lines {
            let is_last = line == "Ctrl-C ends it";
            told.push(line);
            if is_last {
                break;
            }
        }
        assert_eq!(told.last().map(String::as_str), Some("Ctrl-C ends it"), "{told:?}");
        Self { child, told }
    }

    fn field(&self, name: &str) -> String {
        let value = self.told.iter().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.told))
    }

    fn pid(&self) -> u32 {
        self.field("process").parse().unwrap()
    }

    fn answer(&self, path: &str) -> String {
        let address = self.field("address");
        let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    let address = served.field("address");
    let mut stuck = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    stuck.write_all(b"GET /attendees?stuck=1 HTTP/1.0\r\n\r\n").unwrap();
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
