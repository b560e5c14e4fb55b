//! A service as a child process: started, shaken hands with, and ended, whatever happens to us.

mod error;
mod escaped;
mod group;
mod own;
mod scratch;

use std::io::{self, BufRead, BufReader, Read};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use bloathound_scenario::{Method, Request};
use serde::Deserialize;
use tempfile::TempDir;

use crate::http;
use crate::python::python_variables;

pub use error::ServiceError;
use group::INTERRUPT_EVERY;
pub(crate) use group::{EndsBy, Group};
pub use own::{OwnCommand, OwnService};
use scratch::{keep_small, last_lines, ledger_file, owners_only};

/// How often a condition is looked at while waiting for it.
pub(crate) const POLL_EVERY: Duration = Duration::from_millis(5);
/// How long a request for a clean end may take to be answered.
const QUIT_WITHIN: Duration = Duration::from_millis(500);
/// The longest first line; a handshake has about 80 bytes.
const HANDSHAKE_BYTES_MAX: u64 = 64 << 10;
/// Tells a service the seed of what it generates.
const SEED_VARIABLE: &str = "BLOATHOUND_SEED";
/// What to start.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The service's name, which the handshake must repeat.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments; `--ledger FILE` is added to them.
    pub arguments: Vec<String>,
    /// Folders for `PYTHONPATH`, the first one first.
    pub python_path: Vec<PathBuf>,
    /// What the texts of its rows vary by, as `BLOATHOUND_SEED`.
    pub seed: u64,
    /// How long it may take to be ready.
    pub ready_within: Duration,
}

/// How a service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopHow {
    /// It was asked to and did.
    Quit,
    /// It had to be killed.
    Killed,
    /// It had ended before it was asked to.
    Gone,
}

#[derive(Deserialize)]
struct Handshake {
    bloathound_service: u64,
    name: String,
    pid: u32,
    port: u16,
    #[serde(default)]
    token: String,
}

/// A running service. Dropping it kills its process group and waits for it.
///
/// It can't be sent to another thread: the kernel ties its life to the thread that started it.
#[derive(Debug)]
pub struct Service {
    name: String,
    group: Group,
    port: u16,
    /// Lets us ask it to end; empty for a service that has none.
    token: String,
    scratch: TempDir,
    _thread_bound: PhantomData<*const ()>,
}

impl Service {
    /// Starts a service and waits for its handshake.
    ///
    /// # Errors
    /// It can't be started or isn't ready in time; nothing of it is left then.
    pub fn start(launch: &Launch) -> Result<Self, ServiceError> {
        Self::start_unless(launch, &Interrupt::default())
    }

    /// The same, but waits no longer than until the interrupt comes.
    ///
    /// # Errors
    /// It can't be started, or isn't ready by then; nothing of it is left.
    pub fn start_unless(launch: &Launch, interrupt: &Interrupt) -> Result<Self, ServiceError> {
        let (scratch, stderr) = owners_only().map_err(ServiceError::Scratch)?;
        let python_path = std::env::join_paths(&launch.python_path).map_err(|_| {
            ServiceError::Scratch(io::Error::other("a folder's name has a colon, which PYTHONPATH can't carry"))
        })?;
        let mut command = Command::new(&launch.program);
        for name in python_variables() {
            command.env_remove(name);
        }
        command
            .args(&launch.arguments)
            .arg("--ledger")
            .arg(ledger_file(scratch.path()))
            .env("PYTHONPATH", python_path)
            .env(SEED_VARIABLE, launch.seed.to_string())
            .env(escaped::MARK, scratch.path())
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut group = Group::start(&mut command)
            .map_err(|source| ServiceError::Spawn { program: launch.program.clone(), source })?;
        bloathound_bounds::spare(group.pid());
        let stdout = group.take_stdout();
        // From here on the drop ends the child on every way out.
        let (name, token) = (launch.name.clone(), String::new());
        let mut service = Self { name, group, port: 0, token, scratch, _thread_bound: PhantomData };
        keep_small(service.scratch.path(), service.group.reaped());
        let line = service.first_line(stdout, launch.ready_within, interrupt)?;
        let handshake = service.check_handshake(&line)?;
        service.port = handshake.port;
        service.token = handshake.token;
        Ok(service)
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.group.pid()
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file of its ledger; it may not exist yet.
    #[must_use]
    pub fn ledger_file(&self) -> PathBuf {
        ledger_file(self.scratch.path())
    }

    /// The end of what it wrote to standard error; however much that is, little is read and shown.
    #[must_use]
    pub fn last_stderr(&self) -> Vec<String> {
        last_lines(self.scratch.path())
    }

    /// An error if it has ended.
    ///
    /// # Errors
    /// It has.
    pub fn check_alive(&mut self) -> Result<(), ServiceError> {
        self.check_stays_alive(Duration::ZERO)
    }

    /// An error if it has ended or ends within this time: the kernel takes a while to clear a killed process
    /// away, and what fails because of its end may be noticed before that.
    pub(crate) fn check_stays_alive(&mut self, within: Duration) -> Result<(), ServiceError> {
        if !self.group.wait_until(Instant::now() + within, &|| false) {
            return Ok(());
        }
        let status = self.kill_and_reap();
        Err(ServiceError::Died { name: self.name.clone(), status: in_words(status), stderr: self.last_stderr() })
    }

    /// Asks it to end, and kills its whole group when it doesn't within the grace period. A service whose
    /// reactor is known to be blocked can't hear the question: give no grace then.
    pub fn stop(mut self, grace: Duration) -> StopHow {
        if self.group.has_ended() {
            self.kill_and_reap();
            return StopHow::Gone;
        }
        if grace.is_zero() {
            self.kill_and_reap();
            return StopHow::Killed;
        }
        let deadline = Instant::now() + grace;
        let token = if self.token.is_empty() { String::new() } else { format!("?token={}", self.token) };
        let quit = Request::plain(Method::Post, format!("/quit{token}"));
        if http::exchange(self.port, &quit, QUIT_WITHIN.min(grace)).is_err() {
            // The end of its standard input asks the same in another way.
            drop(self.group.take_stdin());
            self.group.ask_to_end();
        }
        let ended = self.group.wait_until(deadline, &|| false);
        self.kill_and_reap();
        if ended { StopHow::Quit } else { StopHow::Killed }
    }

    /// Kills its whole group when the interrupt comes, as long as what is returned is there.
    pub(crate) fn end_by(&self, interrupt: &Interrupt) -> EndsBy {
        self.group.end_by(interrupt)
    }

    /// The first line of standard output. A thread goes on reading it afterwards, so that a service that
    /// prints can't be blocked by a full pipe.
    fn first_line(
        &mut self,
        stdout: Option<ChildStdout>,
        within: Duration,
        interrupt: &Interrupt,
    ) -> Result<String, ServiceError> {
        let (sender, receiver) = mpsc::channel();
        if let Some(stdout) = stdout {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stdout);
                let mut line = Vec::new();
                let limited = &mut reader.by_ref().take(HANDSHAKE_BYTES_MAX);
                let read = limited.read_until(b'\n', &mut line);
                // The receiver may have given up; reading goes on all the same.
                let _ = sender.send(read.map(|_| line));
                let _ = io::copy(&mut reader, &mut io::sink());
            });
        }
        let deadline = Instant::now() + within;
        let received = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left.min(INTERRUPT_EVERY)) {
                Err(RecvTimeoutError::Timeout) if !left.is_zero() && interrupt.came().is_none() => {}
                received => break received,
            }
        };
        match received {
            Ok(Ok(line)) if line.ends_with(b"\n") => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            Ok(Ok(line)) if line.is_empty() => Err(self.ended_early()),
            Ok(Ok(line)) => Err(ServiceError::BadHandshake {
                name: self.name.clone(),
                line: String::from_utf8_lossy(&line).chars().take(200).collect(),
                why: "the line has no end".to_owned(),
                stderr: self.last_stderr(),
            }),
            Err(RecvTimeoutError::Timeout) => Err(ServiceError::NotReady {
                name: self.name.clone(),
                seconds: within.as_secs_f64(),
                stderr: self.last_stderr(),
            }),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.ended_early()),
        }
    }

    fn ended_early(&mut self) -> ServiceError {
        // The end of its output comes a moment before the end of the process; a service that merely
        // closed its output is ended here.
        self.group.wait_until(Instant::now() + QUIT_WITHIN, &|| false);
        let status = self.kill_and_reap();
        ServiceError::EndedEarly { name: self.name.clone(), status: in_words(status), stderr: self.last_stderr() }
    }

    fn check_handshake(&self, line: &str) -> Result<Handshake, ServiceError> {
        let bad = |why: String| ServiceError::BadHandshake {
            name: self.name.clone(),
            line: line.chars().take(200).collect(),
            why,
            stderr: self.last_stderr(),
        };
        let handshake: Handshake = serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
        if handshake.bloathound_service != 1 {
            let version = handshake.bloathound_service;
            return Err(bad(format!("version {version} of the handshake, not 1")));
        }
        if handshake.name != self.name {
            return Err(bad(format!("the name of another service than `{}`", self.name)));
        }
        if handshake.pid != self.pid() {
            // A wrapper script would be read and judged in place of the interpreter.
            return Err(bad(format!("the process started is {}", self.pid())));
        }
        if handshake.port == 0 {
            return Err(bad("no port".to_owned()));
        }
        // It becomes a part of a request.
        if !handshake.token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(bad("a token that is not letters and digits".to_owned()));
        }
        Ok(handshake)
    }

    fn kill_and_reap(&mut self) -> Option<ExitStatus> {
        self.group.end(Some(self.scratch.path()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill_and_reap();
    }
}

fn in_words(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "its status is unknown".to_owned(), |status| status.to_string())
}
