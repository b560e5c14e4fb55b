//! Makes a CPython 2.7 where pyenv or conda can, in the user's cache.
//!
//! In the cache, and not among pyenv's versions: what we make there is ours to replace and to delete, a pyenv that
//! belongs to the machine need not be writable, and what `pyenv versions` shows stays as its owner left it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use bloathound_engine::{Interrupt, Stop};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use super::environment::Cache;
use super::error::EnvironmentError;
use super::event::{EnvironmentEvent, EnvironmentEvents};
use super::interpreter::{PythonProgram, Rejection, Wanted, examine};
use super::made::{RELEASE, by_conda, by_pyenv, conda_prefix};
use super::pip::python_variables;
use super::search::Search;
use crate::death_signal::die_with_parent;

/// Lines of output that an error shows.
const LAST_LINES: usize = 15;
/// How often somebody who waits for a line hears of an interrupt.
const INTERRUPT_EVERY: Duration = Duration::from_millis(50);
/// After this long without a line it is said that the work goes on.
const STILL_AT_IT_AFTER: Duration = Duration::from_secs(10);
/// Kept where pyenv itself would keep what it downloads.
const DOWNLOADS_VARIABLE: &str = "PYTHON_BUILD_CACHE_PATH";

/// Why no Python was made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The cache can't be used.
    #[error(transparent)]
    Cache(#[from] EnvironmentError),
    /// The builder can't be started.
    #[error("{} can't be started: {source}", program.display())]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// Why it wasn't.
        #[source]
        source: std::io::Error,
    },
    /// The builder gave up.
    #[error(
        "{} could not make a Python {RELEASE} ({how}); its last lines:\n{}\n{BUILD_NEEDS}",
        program.display(), indented(last_lines)
    )]
    Failed {
        /// Which builder.
        program: PathBuf,
        /// How it ended.
        how: String,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// It was content, and what it made won't do.
    #[error("{} was made and {why}", program.display())]
    NotUsable {
        /// What was made.
        program: PathBuf,
        /// Why it won't do.
        why: Rejection,
    },
    /// Somebody wanted us to end; the builder was ended with all that it had started.
    #[error("ended by {}; no Python was made", stop.as_str())]
    Stopped {
        /// Who.
        stop: Stop,
    },
}

/// What most failures come from.
const BUILD_NEEDS: &str = "\
It needs a network and what Python is built with:
  apt-get install build-essential curl libssl-dev zlib1g-dev libbz2-dev libreadline-dev libsqlite3-dev libffi-dev";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pyenv,
    Conda,
}

/// A program that makes Pythons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    kind: Kind,
    program: PathBuf,
}

impl Builder {
    /// The machine's pyenv, else its conda, by the same places in which Pythons are searched for.
    #[must_use]
    pub fn find(search: &Search) -> Option<Self> {
        let pyenv = search.programs("pyenv").chain(search.pyenv_dir().map(|root| root.join("bin/pyenv")));
        let conda = search.programs("conda").chain(search.conda_installations().map(|base| base.join("bin/conda")));
        let pyenv = pyenv.map(|program| Self { kind: Kind::Pyenv, program });
        let conda = conda.map(|program| Self { kind: Kind::Conda, program });
        pyenv.chain(conda).find(|builder| builder.program.is_file())
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Makes a Python in the cache, where every later search finds it. Several that ask at once get the same one. Whatever the
    /// builder says is told line by line, and every 10 seconds without a line that it is still at it.
    ///
    /// # Errors
    /// None was made; the text says why and what to type. The builder and all that it had started are ended by then.
    pub fn build(
        &self,
        cache: &Cache,
        interrupt: &Interrupt,
        events: EnvironmentEvents<'_>,
    ) -> Result<PythonProgram, BuildError> {
        let root = cache.pythons()?;
        let (made, arguments, variables) = self.call(&root);
        let _only_one = cache.lock(&root, events)?;
        // Whoever held the lock before may have made it.
        if let Ok(python) = examine(&made, Wanted::Python27) {
            return Ok(python);
        }
        let mut command = Command::new(&self.program);
        // Those with an underscore are for whoever builds a Python: options, mirrors, where downloads are kept.
        for name in python_variables().iter().filter(|name| !name.to_string_lossy().starts_with("PYTHON_")) {
            command.env_remove(name);
        }
        command.args(arguments).envs(variables);
        run(command, interrupt, events).map_err(|error| error.of(&self.program))?;
        examine(&made, Wanted::Python27).map_err(|why| BuildError::NotUsable { program: made, why })
    }

    /// Where the interpreter will be, and how the builder is called for that.
    fn call(&self, root: &Path) -> (PathBuf, Vec<OsString>, Vec<(&'static str, OsString)>) {
        match self.kind {
            Kind::Pyenv => {
                let root_is_ours = ("PYENV_ROOT", root.as_os_str().to_owned());
                // What pyenv has downloaded before need not be downloaded again.
                let downloads = self.program.parent().and_then(Path::parent).map(|own| own.join("cache"));
                let downloads = downloads.filter(|dir| dir.is_dir() && std::env::var_os(DOWNLOADS_VARIABLE).is_none());
                let downloads = downloads.map(|dir| (DOWNLOADS_VARIABLE, dir.into_os_string()));
                // Forced: what is left of a build that was killed is no reason to ask anybody.
                let arguments = ["install", "--force", RELEASE].map(OsString::from).to_vec();
                let variables = std::iter::once(root_is_ours).chain(downloads).collect();
                (by_pyenv(root), arguments, variables)
            }
            Kind::Conda => {
                let prefix = conda_prefix(root);
                let mut arguments = ["create", "--yes", "--prefix"].map(OsString::from).to_vec();
                arguments.extend([prefix.as_os_str().to_owned(), format!("python={RELEASE}").into()]);
                (by_conda(root), arguments, Vec::new())
            }
        }
    }
}

enum Ended {
    NotStarted(std::io::Error),
    Badly(String, Vec<String>),
    Stopped(Stop),
}

impl Ended {
    fn of(self, program: &Path) -> BuildError {
        let program = program.to_owned();
        match self {
            Self::NotStarted(source) => BuildError::Start { program, source },
            Self::Badly(how, last_lines) => BuildError::Failed { program, how, last_lines },
            Self::Stopped(stop) => BuildError::Stopped { stop },
        }
    }
}

/// A child in a group of its own, all of which is ended with this.
struct Group(Child);

impl Group {
    /// How the child ended, once the others of its group are gone too. It is reaped last: until then its number is its own,
    /// and so the signal hits no stranger.
    fn finish(&mut self) -> std::io::Result<ExitStatus> {
        if let Ok(number) = i32::try_from(self.0.id()) {
            let number = Pid::from_raw(number);
            // Waits without reaping; an error means that there is no such child any more.
            let _ = waitid(Id::Pid(number), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
            let _ = killpg(number, Signal::SIGKILL);
        }
        self.0.wait()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Once it is reaped, `try_wait` knows its status.
        if let (Ok(None), Ok(number)) = (self.0.try_wait(), i32::try_from(self.0.id())) {
            let _ = killpg(Pid::from_raw(number), Signal::SIGKILL);
            let _ = self.0.wait();
        }
    }
}

/// Runs the builder to its end, telling each line.
fn run(mut command: Command, interrupt: &Interrupt, events: EnvironmentEvents<'_>) -> Result<(), Ended> {
    let (reader, writer) = std::io::pipe().map_err(Ended::NotStarted)?;
    let also = writer.try_clone().map_err(Ended::NotStarted)?;
    command.stdin(Stdio::null()).stdout(writer).stderr(also).process_group(0);
    die_with_parent(&mut command);
    let mut child = Group(command.spawn().map_err(Ended::NotStarted)?);
    // Our copies of the pipe's end go with it: the reader sees the end when all others have gone.
    drop(command);
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
        }
    });
    let mut last_lines: VecDeque<String> = VecDeque::new();
    let (began, mut told) = (Instant::now(), Instant::now());
    loop {
        if let Some(stop) = interrupt.came() {
            return Err(Ended::Stopped(stop));
        }
        match lines.recv_timeout(INTERRUPT_EVERY) {
            Ok(line) if line.is_empty() => {}
            Ok(line) => {
                told = Instant::now();
                if last_lines.len() == LAST_LINES {
                    last_lines.pop_front();
                }
                last_lines.push_back(line.clone());
                events(EnvironmentEvent::Progress { line });
            }
            Err(RecvTimeoutError::Timeout) if told.elapsed() >= STILL_AT_IT_AFTER => {
                told = Instant::now();
                let line = format!("still at it, after {} s", began.elapsed().as_secs());
                events(EnvironmentEvent::Progress { line });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match child.finish() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Ended::Badly(status.to_string(), last_lines.into())),
        Err(error) => Err(Ended::Badly(error.to_string(), last_lines.into())),
    }
}

fn indented(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
