//! A command of the user's own as a child process: it knows nothing of us, and is started, waited for and ended all the same.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use regex::Regex;
use tempfile::TempDir;

use super::error::ServiceError;
use super::group::{EndsBy, Group};
use super::scratch::{all_output, keep_small, last_lines, owners_only};
use super::{POLL_EVERY, escaped, in_words};
use crate::http;

/// Stands in a command for the port that the service is to take.
pub const PORT: &str = "{port}";

/// How one knows that a service is ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// It is as soon as it runs: a script that serves nobody.
    AtOnce,
    /// Its port takes connections.
    Port,
    /// A GET of this path is answered by a status below 400.
    Http(String),
    /// What it writes, to either output, has this in it.
    Line(Regex),
}

/// What to start.
#[derive(Debug, Clone)]
pub struct OwnCommand {
    /// Program and arguments; [`PORT`] in an argument is the port.
    pub words: Vec<String>,
    /// Where it runs; by default where we do.
    pub folder: Option<PathBuf>,
    /// Variables beside our own.
    pub variables: Vec<(String, String)>,
    /// The port it serves at; without one, and with a [`PORT`] in the command, one that the kernel chooses.
    pub port: Option<u16>,
    /// When it is ready.
    pub ready: Ready,
    /// How long that may take.
    pub ready_within: Duration,
}

/// A started command. Dropping it kills its process group, and whatever it started beside.
///
/// It can't be sent to another thread: the kernel ties its life to the thread that started it.
#[derive(Debug)]
pub struct OwnService {
    name: String,
    group: Group,
    port: Option<u16>,
    scratch: TempDir,
}

impl OwnService {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// It can't be started, ends, or is not ready in time; nothing of it is left then.
    pub fn start(command: &OwnCommand, interrupt: &Interrupt) -> Result<Self, ServiceError> {
        let (scratch, output) = owners_only().map_err(ServiceError::Scratch)?;
        let wants_port = command.words.iter().any(|word| word.contains(PORT));
        let port = match command.port {
            None if wants_port => Some(free_port().map_err(ServiceError::Scratch)?),
            port => port,
        };
        let text = port.map(|port| port.to_string()).unwrap_or_default();
        let mut words = command.words.iter().map(|word| word.replace(PORT, &text));
        let program = words.next().unwrap_or_default();
        let mut started = Command::new(&program);
        started
            .args(words)
            .envs(command.variables.iter().cloned())
            .env(escaped::MARK, scratch.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(ServiceError::Scratch)?)
            .stderr(output);
        if let Some(folder) = &command.folder {
            started.current_dir(folder);
        }
        let group =
            Group::start(&mut started).map_err(|source| ServiceError::Spawn { program: (&program).into(), source })?;
        bloathound_bounds::spare(group.pid());
        // From here on the drop ends the child on every way out.
        let mut service = Self { name: program, group, port, scratch };
        keep_small(service.scratch.path(), service.group.reaped());
        service.wait_until_ready(&command.ready, command.ready_within, interrupt)?;
        Ok(service)
    }

    /// The process id of what was started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.group.pid()
    }

    /// Its port, where one is known.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The end of what it wrote, to both outputs.
    #[must_use]
    pub fn last_output(&self) -> Vec<String> {
        last_lines(self.scratch.path())
    }

    /// An error if it has ended.
    ///
    /// # Errors
    /// It has.
    pub fn check_alive(&mut self) -> Result<(), ServiceError> {
        if !self.group.has_ended() {
            return Ok(());
        }
        let status = in_words(self.group.end(Some(self.scratch.path())));
        Err(ServiceError::Died { name: self.name.clone(), status, stderr: self.last_output() })
    }

    /// Kills its whole group when the interrupt comes, as long as what is returned is there.
    pub(crate) fn end_by(&self, interrupt: &Interrupt) -> EndsBy {
        self.group.end_by(interrupt)
    }

    fn wait_until_ready(&mut self, ready: &Ready, within: Duration, interrupt: &Interrupt) -> Result<(), ServiceError> {
        let deadline = Instant::now() + within;
        loop {
            if self.is_ready(ready) {
                return Ok(());
            }
            if self.group.has_ended() {
                let status = in_words(self.group.end(Some(self.scratch.path())));
                return Err(ServiceError::EndedEarly { name: self.name.clone(), status, stderr: self.last_output() });
            }
            if Instant::now() >= deadline || interrupt.came().is_some() {
                return Err(ServiceError::NotReady {
                    name: self.name.clone(),
                    seconds: within.as_secs_f64(),
                    stderr: self.last_output(),
                });
            }
            std::thread::sleep(POLL_EVERY);
        }
    }

    fn is_ready(&self, ready: &Ready) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.unwrap_or(0)));
        let within = Duration::from_secs(1);
        match ready {
            Ready::AtOnce => true,
            Ready::Port => TcpStream::connect_timeout(&address, within).is_ok(),
            Ready::Http(path) => {
                let text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
                http::exchange_with(address, text.as_bytes(), within).is_ok()
            }
            Ready::Line(pattern) => all_output(self.scratch.path()).lines().any(|line| pattern.is_match(line)),
        }
    }
}

impl Drop for OwnService {
    fn drop(&mut self) {
        // Asked first: its own children may need its help to end.
        if !self.group.has_ended() {
            self.group.ask_to_end();
            self.group.wait_until(Instant::now() + GRACE, &|| false);
        }
        self.group.end(Some(self.scratch.path()));
    }
}

/// How long it may take to end when asked to.
const GRACE: Duration = Duration::from_secs(3);

/// A port that nobody has at this moment.
fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}
