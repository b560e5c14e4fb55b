//! A target that knows how long it could not run, who traces it, and commands caught in the middle of a pause.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_testkit::cannot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{python, stat, wait_until};
use crate::target::{Target, copy_interpreter, prefix};

/// Longest time for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Counts time and writes each gap that is longer than all before. Needs no library but `time`.
const GAPS: &str = "
import sys
sys.path.insert(0, sys.argv[1])
import posix, time
rows = [{'n': i, 'text': 'row %d' % i} for i in xrange(int(sys.argv[2]))]
posix.write(1, 'ready\\n')
longest, last = 0.0, time.time()
end = last + 600
while last < end:
    now = time.time()
    if now - last > longest:
        longest = now - last
        posix.write(1, '%.6f\\n' % longest)
    last = now
";

/// Who runs the target and the tool.
pub struct User {
    pub bloathound: PathBuf,
    python: PathBuf,
    folder: tempfile::TempDir,
    is_nobody: bool,
}

impl User {
    /// Whoever runs the tests.
    pub fn ourselves() -> Self {
        Self {
            bloathound: env!("CARGO_BIN_EXE_bloathound").into(),
            python: python(),
            folder: tempfile::tempdir().unwrap(),
            is_nobody: false,
        }
    }

    /// An ordinary user; `None` with a notice where we can't become one.
    pub fn nobody() -> Option<Self> {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let readable = |path: &Path| fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        readable(folder.path());
        let bloathound = folder.path().join("bloathound");
        fs::copy(env!("CARGO_BIN_EXE_bloathound"), &bloathound).unwrap();
        readable(&bloathound);
        let user = Self { bloathound, python: copy_interpreter(folder.path()), folder, is_nobody: true };
        let dynamic = prefix().join("lib/python2.7/lib-dynload/time.so");
        if dynamic.exists() {
            fs::copy(dynamic, user.folder.path().join("time.so")).unwrap();
        }
        if user.command(Path::new("true"), &[]).status().is_ok_and(|status| status.success()) {
            return Some(user);
        }
        cannot("no way to become an ordinary user here (setpriv)");
        None
    }

    /// `program`, started through `wrapper` (such as `nice -n 19`), in a process group of its own.
    pub fn command(&self, program: &Path, wrapper: &[&str]) -> Command {
        let as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        let before = as_nobody.into_iter().filter(|_| self.is_nobody).chain(wrapper.iter().copied());
        let mut words = before.map(PathBuf::from).chain([program.to_owned()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).current_dir(self.folder.path()).process_group(0);
        command
    }

    /// A target with that many rows, each half a kilobyte.
    pub fn target(&self, rows: u32) -> Gaps {
        let mut command = self.command(&self.python, &[]);
        command.env("LD_LIBRARY_PATH", self.folder.path().join("lib"));
        command.args(["-S", "-c", GAPS]).arg(self.folder.path()).arg(rows.to_string());
        Gaps(Target::start(&mut command))
    }

    /// A command that looks at `target`, caught in the middle of pauses until `act` has had its way: it is given the
    /// command and the process that traces, and says `None` when the moment had passed. The command is killed then.
    pub fn caught<T>(
        &self,
        target: &Gaps,
        wrapper: &[&str],
        options: &[&str],
        mut act: impl FnMut(&mut Child, u32) -> Option<T>,
    ) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut command = self.command(&self.bloathound, wrapper);
            command.args(["inspect", &target.pid().to_string(), "--always-pause"]).args(options);
            let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let mut tool = Tool(child);
            let acted = loop {
                if let Some(tracer) = target.tracer() {
                    break act(&mut tool.0, tracer);
                }
                if tool.0.try_wait().unwrap().is_some() {
                    break None;
                }
            };
            let text = tool.ended();
            match acted {
                Some(acted) => return acted,
                None => assert!(Instant::now() < until, "never caught: {text}"),
            }
        }
    }
}

/// A command that does not outlive its test, stopped or not.
struct Tool(Child);

impl Tool {
    /// Ends it; what it had said by then and nobody had read.
    fn ended(&mut self) -> String {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let mut text = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = stderr.read_to_string(&mut text);
        }
        text
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.ended();
    }
}

/// The target.
pub struct Gaps(Target);

impl Gaps {
    pub fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Who traces it.
    pub fn tracer(&self) -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).unwrap();
        Some(tracer.trim().parse().unwrap()).filter(|tracer| *tracer != 0)
    }

    /// Waits until nobody does.
    pub fn goes_on(&self) {
        wait_until("the target to go on", Duration::from_secs(20), || self.tracer().is_none().then_some(()));
    }

    /// The longest time it could not run. Ends it.
    pub fn longest(mut self) -> Duration {
        // It knows of a gap when it has run again.
        let ticks = || Some(stat(self.pid())?.get(11)?.parse::<u64>().unwrap());
        let before = ticks().unwrap();
        wait_until("the target to run", PATIENCE, || (ticks()? > before + 1).then_some(()));
        send(self.pid(), Signal::SIGKILL);
        let mut longest = 0.0;
        loop {
            let line = self.0.line();
            if line.is_empty() {
                return Duration::from_secs_f64(longest);
            }
            longest = line.parse().unwrap_or(longest);
        }
    }
}

pub fn send(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid.cast_signed()), signal);
}

/// State letter of a process; `None` when it has gone, to be buried or not.
pub fn state(pid: u32) -> Option<String> {
    stat(pid).map(|fields| fields[0].clone()).filter(|state| state != "Z" && state != "X")
}

/// Nice and scheduling class of a process.
pub fn level(pid: u32) -> Option<(i32, u32)> {
    let fields = stat(pid)?;
    Some((fields[16].parse().ok()?, fields[38].parse().ok()?))
}
