//! A command of the user's own as a child process: it knows nothing of us, and is started, waited for and ended all the same.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use regex::Regex;
use tempfile::TempDir;

use super::error::ServiceError;
use super::scratch::{all_output, keep_small, last_lines, owners_only};
use super::{POLL_EVERY, escaped, in_words};
use crate::death_signal::die_with_parent;
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
    child: Child,
    port: Option<u16>,
    reaped: Arc<Mutex<bool>>,
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
            .stderr(output)
            .process_group(0);
        if let Some(folder) = &command.folder {
            started.current_dir(folder);
        }
        die_with_parent(&mut started);
        let child = started.spawn().map_err(|source| ServiceError::Spawn { program: (&program).into(), source })?;
        bloathound_bounds::spare(child.id());
        // From here on the drop ends the child on every way out.
        let mut service = Self { name: program, child, port, reaped: Arc::default(), scratch };
        keep_small(service.scratch.path(), &service.reaped);
        service.wait_until_ready(&command.ready, command.ready_within, interrupt)?;
        Ok(service)
    }

    /// The process id of what was started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
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
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => Err(ServiceError::Died {
                name: self.name.clone(),
                status: in_words(ended.ok().flatten()),
                stderr: self.last_output(),
            }),
        }
    }

    fn wait_until_ready(&mut self, ready: &Ready, within: Duration, interrupt: &Interrupt) -> Result<(), ServiceError> {
        let deadline = Instant::now() + within;
        loop {
            if self.is_ready(ready) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(ServiceError::EndedEarly {
                    name: self.name.clone(),
                    status: in_words(Some(status)),
                    stderr: self.last_output(),
                });
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
        if let Ok(None) = self.child.try_wait() {
            let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
            let _ = killpg(group, Signal::SIGTERM);
            let deadline = Instant::now() + GRACE;
            while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(POLL_EVERY);
            }
            // Unless it was waited for, nobody else can have its number; its group keeps it as long as one is left.
            if matches!(self.child.try_wait(), Ok(None)) {
                let _ = killpg(group, Signal::SIGKILL);
            }
        }
        *self.reaped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        // Whoever is left of it, in its group or not, has its mark.
        escaped::end(self.scratch.path());
        let _ = self.child.wait();
    }
}

/// How long it may take to end when asked to.
const GRACE: Duration = Duration::from_secs(3);

/// A port that nobody has at this moment.
fn free_port() -> io::Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}
