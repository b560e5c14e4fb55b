//! A command of the user's own as a child process: it knows nothing of us, and is started, waited for and ended all the same.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use bloathound_scenario::{PORT, PORT_GROUP, Ready};
use serde_json::Value;
use tempfile::TempDir;

use super::error::ServiceError;
use super::group::{EndsBy, Group};
use super::scratch::{all_output, keep_small, last_lines, owners_only};
use super::{POLL_EVERY, escaped, in_words};
use crate::http;

/// What to start.
#[derive(Debug, Clone)]
pub struct OwnCommand {
    /// Program and arguments; [`PORT`] in an argument or a variable is the port.
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
        let values = command.variables.iter().map(|(_, value)| value);
        let wants_port = command.words.iter().chain(values).any(|word| word.contains(PORT));
        let port = match command.port {
            None if wants_port => Some(free_port().map_err(ServiceError::Scratch)?),
            port => port,
        };
        let text = port.map(|port| port.to_string()).unwrap_or_default();
        let mut words = command.words.iter().map(|word| word.replace(PORT, &text));
        let program = words.next().unwrap_or_default();
        let mut started = Command::new(&program);
        if matches!(command.ready, Ready::Handshake | Ready::Line(_)) {
            // Python keeps what it writes to a file until that is 4 KiB, and what is waited for would never come.
            started.env("PYTHONUNBUFFERED", "1");
        }
        started
            .args(words)
            .envs(command.variables.iter().map(|(name, value)| (name, value.replace(PORT, &text))))
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

    /// The last of what it wrote, to both outputs.
    pub(crate) fn output(&self) -> String {
        all_output(self.scratch.path())
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
            if let Some(port) = self.is_ready(ready) {
                self.port = port.or(self.port);
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

    /// Whether it is, and the port where it tells that by itself.
    fn is_ready(&self, ready: &Ready) -> Option<Option<u16>> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port.unwrap_or(0)));
        let within = Duration::from_secs(1);
        match ready {
            Ready::AtOnce => Some(None),
            Ready::Port => TcpStream::connect_timeout(&address, within).is_ok().then_some(None),
            Ready::Http(path) => {
                let text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
                http::exchange_with(address, text.as_bytes(), within).is_ok().then_some(None)
            }
            Ready::Handshake => all_output(self.scratch.path()).lines().find_map(handshake_port).map(Some),
            Ready::Line(pattern) => {
                let text = all_output(self.scratch.path());
                let text = if ready.tells_port() { whole_lines(&text) } else { &text };
                text.lines().find_map(|line| {
                    let found = pattern.captures(line)?;
                    Some(found.name(PORT_GROUP).and_then(|port| port.as_str().parse().ok()))
                })
            }
        }
    }
}

/// The port that a handshake tells; none where the line is no handshake.
fn handshake_port(line: &str) -> Option<u16> {
    let said: Value = serde_json::from_str(line).ok()?;
    said.get("bloathound_service")?;
    u16::try_from(said.get("port")?.as_u64()?).ok().filter(|port| *port > 0)
}

/// Without what is still being written: half a line can match, with half a port.
fn whole_lines(text: &str) -> &str {
    text.rfind('\n').and_then(|end| text.get(..=end)).unwrap_or_default()
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
