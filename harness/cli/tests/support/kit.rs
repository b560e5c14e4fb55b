//! Services with diagnostics, and one with a manhole of its own.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bloathound_driver::{Cache, Environment, Launch, PythonProgram, Service};

use crate::support::{Bystander, bloathound, interpreter, live, root, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

fn python() -> Option<(PythonProgram, Environment)> {
    if !live() {
        return None;
    }
    let interpreter = interpreter();
    let lock = root().join("reference-services/requirements.lock");
    let cache = Cache::of_user().expect("a cache");
    let environment = cache.prepare(&interpreter, &lock, &mut |_| ()).expect("the services' packages");
    Some((interpreter, environment))
}

fn fetch(port: u16, path: &str) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("the service listens");
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n").expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains(" 200 "), "{answer}");
    answer
}

/// A reference service started with `--diagnostics`.
pub struct Diagnosed {
    pub service: Service,
    pub directory: tempfile::TempDir,
}

impl Diagnosed {
    pub fn start(name: &str, options: &[&str]) -> Option<Self> {
        let (interpreter, environment) = python()?;
        let directory = tempfile::tempdir().expect("a temporary folder");
        let kit = directory.path().join("kit").display().to_string();
        let mut arguments = vec!["-u", "-B", "-s", "-m", "service", "--diagnostics", &kit];
        arguments.extend(options);
        let folder = |name: &str| root().join("reference-services").join(name);
        let launch = Launch {
            name: name.to_owned(),
            program: interpreter.executable,
            arguments: arguments.into_iter().map(str::to_owned).collect(),
            python_path: vec![environment.dir, folder("common"), folder(name)],
            seed: 1,
            ready_within: PATIENCE,
        };
        let service = Service::start(&launch).unwrap_or_else(|error| panic!("{error}"));
        Some(Self { service, directory })
    }

    pub fn pid(&self) -> String {
        self.service.pid().to_string()
    }

    pub fn get(&self, path: &str) -> String {
        fetch(self.service.port(), path)
    }

    /// What `ctl` answers, as JSON.
    pub fn ctl(&self, command: &[&str]) -> serde_json::Value {
        let output = bloathound().args(["ctl", "--json", &self.pid()]).args(command).assert().success();
        serde_json::from_slice(&output.get_output().stdout).expect("JSON")
    }

    pub fn dump(&self) -> PathBuf {
        PathBuf::from(self.ctl(&["dump"])["dump"]["file"].as_str().expect("a file"))
    }
}

/// A service that has `twisted.conch`'s manhole and not the kit; name `admin`, password `sesame`.
pub struct Foreign {
    _process: Bystander,
    pub directory: tempfile::TempDir,
    pub at: String,
}

impl Foreign {
    /// `wrapper`: what to run it by, such as `unshare --net`.
    pub fn start(kind: &str, way: &str, wrapper: &[&str]) -> Option<Self> {
        let (interpreter, environment) = python()?;
        let directory = tempfile::tempdir().expect("a temporary folder");
        let program = interpreter.executable.display().to_string();
        let mut words = wrapper.iter().map(|word| (*word).to_owned()).chain([program]);
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).arg("-B").arg(root().join("harness/cli/tests/support/foreign_manhole.py"));
        command.arg(directory.path()).args([kind, way]).env("PYTHONPATH", environment.dir);
        let mut process = Bystander::start(&mut command).expect("it starts");
        let at = wait_until("the manhole", PATIENCE, || {
            assert!(!process.ended(), "the service ended");
            std::fs::read_to_string(directory.path().join("ready")).ok()
        });
        Some(Self { _process: process, directory, at })
    }

    pub fn get(&self) -> String {
        fetch(std::fs::read_to_string(self.directory.path().join("http")).expect("a port").parse().expect("one"), "/")
    }

    /// The real binary with name and password in its environment.
    pub fn bloathound(&self) -> assert_cmd::Command {
        let mut command = bloathound();
        command.env("BLOATHOUND_MANHOLE_USER", "admin").env("BLOATHOUND_MANHOLE_PASSWORD", "sesame");
        command
    }

    pub fn target(&self) -> String {
        format!("manhole:{}", self.at)
    }
}

pub fn text(path: &Path) -> String {
    path.display().to_string()
}
