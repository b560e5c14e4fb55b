//! Holding a process still with `PTRACE_SEIZE` and `PTRACE_INTERRUPT`.
//!
//! A thread of its own is the tracer. When it ends, for whatever reason, the kernel lets every tracee go on, so the way
//! out is the same whether we finish, panic or are killed. It never consumes a stop (`WNOWAIT`): a signal that was
//! about to be delivered stays in the tracee's `exit_code`, and the kernel delivers it when the tracer is gone. That
//! also covers real-time signals, which have no name in `nix`.
//!
//! What the target can notice (measured on Linux 6.18 with Python 2.7.18, `tests/pause.rs`): a thread blocked in
//! `epoll_wait` sees `EINTR`, as after `SIGSTOP` and `SIGCONT`; `select` (so `time.sleep`), `poll`, `accept`, `read`,
//! `futex` (so lock waits) are restarted by the kernel and see nothing. Twisted's epoll reactor takes `EINTR` for an
//! empty turn; a bare `epoll.poll()` in Python 2.7 raises `IOError`. [`crate::CaptureMode::PreferQuiet`] stops nobody
//! who sleeps anyway.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::error::LiveError;
use crate::process::Process;
use crate::procfs::parse_status;
use crate::threads::{ThreadState, thread_ids, thread_state};

/// `PTRACE_EVENT_STOP` of `linux/ptrace.h`: stopped by `PTRACE_INTERRUPT`, or by a stop signal.
const PTRACE_EVENT_STOP: i32 = 128;
/// Most listings of the threads: each must find a new one, made by one that did not stand still yet.
const LISTINGS_MAX: usize = 1000;
/// A thread still not stopped after this may sleep where no signal wakes it.
const LOOK_AT_STATE_AFTER: Duration = Duration::from_millis(2);
/// Times a thread that our own process traces is tried again, a millisecond apart.
const OWN_TRACER_TRIES: u32 = 20;
/// Until then, waiting is a busy loop: a stop takes microseconds.
const SPIN_FOR: Duration = Duration::from_millis(1);

/// How to stop a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PauseOptions {
    /// Let go and report when some thread has not stopped by then.
    pub stop_within: Duration,
}

impl Default for PauseOptions {
    fn default() -> Self {
        Self { stop_within: Duration::from_secs(1) }
    }
}

/// A process that stands still for as long as this lives.
#[derive(Debug)]
pub struct Pause {
    let_go: Option<Sender<()>>,
    tracer: Option<JoinHandle<Released>>,
    stopped: Stopped,
}

/// What is known once all threads stand still.
#[derive(Clone, Debug)]
struct Stopped {
    since: Instant,
    took: Duration,
    threads: u32,
    unstoppable: Vec<u32>,
}

/// The moment all threads could run again.
type Released = Instant;

impl Process {
    /// Stops all threads; they go on when the guard is dropped, or when we are killed.
    ///
    /// # Errors
    /// When the process has gone, may not be traced, is traced already, or does not stop in time.
    pub fn pause(&self, options: &PauseOptions) -> Result<Pause, LiveError> {
        Pause::new(self, options)
    }
}

impl Pause {
    pub(crate) fn new(process: &Process, options: &PauseOptions) -> Result<Self, LiveError> {
        let system = |call, cause| LiveError::System { pid: process.pid(), call, cause };
        let ((tell_us, told), (let_go, go)) = (channel(), channel::<()>());
        let mut tracer = Tracer::new(process);
        let options = *options;
        let handle = std::thread::Builder::new()
            .name("bloathound-tracer".to_owned())
            .spawn(move || tracer.run(options, &tell_us, &go))
            .map_err(|cause| system("clone", cause))?;
        let answer = told.recv();
        match answer {
            Ok(Ok(stopped)) => {
                let pause = Self { let_go: Some(let_go), tracer: Some(handle), stopped };
                // Now that it stands still, its id can't be given to another process any more.
                process.check_alive()?;
                Ok(pause)
            }
            Ok(Err(failure)) => {
                let _ = handle.join();
                Err(failure.into_error(process))
            }
            Err(_) => Err(system("ptrace", std::io::Error::other("the tracing thread ended"))),
        }
    }

    /// When the first thread was asked to stop.
    #[must_use]
    pub fn since(&self) -> Instant {
        self.stopped.since
    }

    /// How long it took until the last thread stood still.
    #[must_use]
    pub fn stop_took(&self) -> Duration {
        self.stopped.took
    }

    /// Threads that stand still.
    #[must_use]
    pub fn threads(&self) -> u32 {
        self.stopped.threads
    }

    /// Threads asleep in the kernel where nothing wakes them: they run no code of the program before they stop.
    #[must_use]
    pub fn unstoppable(&self) -> &[u32] {
        &self.stopped.unstoppable
    }

    /// Lets the process go on and says how long it could not run.
    pub fn release(mut self) -> Duration {
        self.let_go();
        let released = self.tracer.take().and_then(|tracer| tracer.join().ok());
        released.unwrap_or_else(Instant::now).duration_since(self.stopped.since)
    }

    fn let_go(&mut self) {
        // An error means that the tracer has ended, and with it the pause.
        if let Some(sender) = self.let_go.take() {
            let _ = sender.send(());
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.let_go();
        if let Some(tracer) = self.tracer.take() {
            let _ = tracer.join();
        }
    }
}

/// Why the threads could not be stopped.
#[derive(Debug)]
enum Failure {
    NotAllowed,
    Traced { tracer: u32 },
    DidNotStop { tid: u32, waited: Duration },
    System { call: &'static str, errno: Errno },
    Gone,
}

impl Failure {
    fn into_error(self, process: &Process) -> LiveError {
        let pid = process.pid();
        match self {
            Self::NotAllowed => process.no_permission(),
            Self::Traced { tracer } => LiveError::AlreadyTraced { pid, tracer },
            Self::DidNotStop { tid, waited } => LiveError::DidNotStop { pid, tid, waited },
            Self::System { call, errno } => LiveError::System { pid, call, cause: errno.into() },
            Self::Gone => process.check_alive().err().unwrap_or(LiveError::Gone { pid }),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Task {
    /// Asked to stop.
    Asked,
    /// Stands still. The signal it was about to get, where it has a name.
    Still(Option<Signal>),
    /// Stands still, about to get a signal without a name; only the end of the tracer hands that on.
    StillWithUnnamedSignal,
    /// Asleep where nothing wakes it.
    Unstoppable,
    /// Has ended.
    Ended,
}

/// The thread that traces, and what it knows of each tracee.
struct Tracer {
    directory: std::path::PathBuf,
    tasks: BTreeMap<u32, Task>,
}

impl Tracer {
    fn new(process: &Process) -> Self {
        Self { directory: process.directory().to_owned(), tasks: BTreeMap::new() }
    }

    fn run(&mut self, options: PauseOptions, told: &Sender<Result<Stopped, Failure>>, tell: &Receiver<()>) -> Released {
        let since = Instant::now();
        let result = self.stop_all(since, options.stop_within).map(|()| Stopped {
            since,
            took: since.elapsed(),
            threads: self.count(|task| matches!(task, Task::Still(_) | Task::StillWithUnnamedSignal)),
            unstoppable: self
                .tasks
                .iter()
                .filter(|(_, task)| **task == Task::Unstoppable)
                .map(|(tid, _)| *tid)
                .collect(),
        });
        let stopped = result.is_ok();
        if told.send(result).is_ok() && stopped {
            // A message or a hang-up: both mean "go on".
            let _ = tell.recv();
        }
        self.detach_all();
        Instant::now()
    }

    fn count(&self, matches: impl Fn(&Task) -> bool) -> u32 {
        self.tasks.values().filter(|task| matches(task)).count() as u32
    }

    /// Stops threads until a listing shows none that is not stopped: only then nobody can start new ones.
    fn stop_all(&mut self, since: Instant, within: Duration) -> Result<(), Failure> {
        for _ in 0..LISTINGS_MAX {
            let listed = thread_ids(&self.directory).map_err(|_| Failure::Gone)?;
            let new: Vec<u32> = listed.into_iter().filter(|tid| !self.tasks.contains_key(tid)).collect();
            if new.is_empty() {
                let alive = self.count(|task| *task != Task::Ended);
                return if alive > 0 { Ok(()) } else { Err(Failure::Gone) };
            }
            for tid in new {
                let task = self.ask_to_stop(tid)?;
                self.tasks.insert(tid, task);
            }
            self.wait_until_still(since, within)?;
        }
        Err(Failure::DidNotStop { tid: 0, waited: since.elapsed() })
    }

    fn ask_to_stop(&self, tid: u32) -> Result<Task, Failure> {
        let id = nix_tid(tid);
        let mut tries = OWN_TRACER_TRIES;
        loop {
            match ptrace::seize(id, ptrace::Options::empty()) {
                Ok(()) => break,
                Err(Errno::ESRCH) => return Ok(Task::Ended),
                Err(Errno::EPERM) => match self.why_not_allowed(tid) {
                    // The thread behind an earlier pause of ours is just about to end.
                    Err(Failure::Traced { tracer }) if tracer == std::process::id() && tries > 0 => {
                        tries -= 1;
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    other => return other,
                },
                Err(errno) => return Err(Failure::System { call: "PTRACE_SEIZE", errno }),
            }
        }
        match ptrace::interrupt(id) {
            Ok(()) => Ok(Task::Asked),
            Err(Errno::ESRCH) => Ok(Task::Ended),
            Err(errno) => Err(Failure::System { call: "PTRACE_INTERRUPT", errno }),
        }
    }

    /// `EPERM` has three meanings: ended, traced by another, not allowed.
    fn why_not_allowed(&self, tid: u32) -> Result<Task, Failure> {
        match thread_state(&self.directory, tid) {
            None | Some(ThreadState::Dead) => return Ok(Task::Ended),
            Some(_) => {}
        }
        let path = self.directory.join("task").join(tid.to_string()).join("status");
        let status = parse_status(&std::fs::read_to_string(path).unwrap_or_default());
        Err(status.tracer.map_or(Failure::NotAllowed, |tracer| Failure::Traced { tracer: process_of_thread(tracer) }))
    }

    fn wait_until_still(&mut self, since: Instant, within: Duration) -> Result<(), Failure> {
        loop {
            let waiting: Vec<u32> =
                self.tasks.iter().filter(|(_, task)| **task == Task::Asked).map(|(tid, _)| *tid).collect();
            let Some(&first) = waiting.first() else {
                return Ok(());
            };
            let waited = since.elapsed();
            for tid in waiting {
                let mut task = self.look_at(tid)?;
                if task == Task::Asked
                    && waited > LOOK_AT_STATE_AFTER
                    && thread_state(&self.directory, tid) == Some(ThreadState::Uninterruptible)
                {
                    task = Task::Unstoppable;
                }
                self.tasks.insert(tid, task);
            }
            if waited > within {
                return Err(Failure::DidNotStop { tid: first, waited });
            }
            if waited < SPIN_FOR {
                std::thread::yield_now();
            } else {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    }

    /// Asks after one thread, leaving its state for the kernel to hand on.
    fn look_at(&self, tid: u32) -> Result<Task, Failure> {
        let flags = WaitPidFlag::WSTOPPED
            | WaitPidFlag::WEXITED
            | WaitPidFlag::WNOHANG
            | WaitPidFlag::WNOWAIT
            | WaitPidFlag::__WALL;
        match waitid(Id::Pid(nix_tid(tid)), flags) {
            Ok(WaitStatus::StillAlive) => Ok(Task::Asked),
            Ok(WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_STOP)) => Ok(Task::Still(None)),
            Ok(WaitStatus::PtraceEvent(_, signal, 0)) => Ok(Task::Still(Some(signal))),
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) | Err(Errno::ECHILD) => Ok(Task::Ended),
            // nix knows no real-time signals; the kernel does, and the stop is still there.
            Err(Errno::EINVAL) => Ok(Task::StillWithUnnamedSignal),
            Ok(_) => Ok(Task::Still(None)),
            Err(Errno::EINTR) => Ok(Task::Asked),
            Err(errno) => Err(Failure::System { call: "waitid", errno }),
        }
    }

    /// Lets every thread go that can be let go by name; the rest goes when this thread ends, moments later.
    fn detach_all(&mut self) {
        for (tid, task) in &self.tasks {
            if let Task::Still(signal) = task {
                let _ = ptrace::detach(nix_tid(*tid), *signal);
            }
        }
    }
}

fn nix_tid(tid: u32) -> Pid {
    Pid::from_raw(tid.cast_signed())
}

/// The process a tracing thread belongs to.
fn process_of_thread(tid: u32) -> u32 {
    std::fs::read_to_string(format!("/proc/{tid}/status"))
        .ok()
        .and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
            line.trim().parse().ok()
        })
        .unwrap_or(tid)
}

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

#[cfg(test)]
mod tests {
    use super::common::{Script, python27, wait_until};
    use super::*;

    const COUNTS_SIGNALS: &str = "
import os, signal, sys
count = [0]
def handler(number, frame):
    count[0] += 1
for number in (signal.SIGUSR1, signal.SIGRTMIN + 6):
    signal.signal(number, handler)
def reads():
    while True:
        try:
            return sys.stdin.readline()
        except IOError:
            pass
print 'ready'
while reads():
    print count[0]
";

    /// A signal that arrives between `PTRACE_SEIZE` and `PTRACE_INTERRUPT` stops the thread first, on its way to be
    /// delivered. The window is narrow, so the test holds it open.
    fn signal_in_the_window(number: &str, expected: impl Fn(Task) -> bool + Send + 'static) {
        let Some(python) = python27() else { return };
        let mut target = Script::start(&python, COUNTS_SIGNALS);
        assert_eq!(target.line(), "ready");
        for round in 1..=5 {
            let process = Process::open(target.pid()).unwrap();
            let tid = target.pid();
            let tracer = std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        let mut tracer = Tracer::new(&process);
                        ptrace::seize(nix_tid(tid), ptrace::Options::empty()).unwrap();
                        let send = format!("import os; os.kill({tid}, {number})");
                        assert!(std::process::Command::new(&python).args(["-c", &send]).status().unwrap().success());
                        wait_until("it stops on the signal", || {
                            thread_state(process.directory(), tid) == Some(ThreadState::Traced)
                        });
                        ptrace::interrupt(nix_tid(tid)).unwrap();
                        tracer.tasks.insert(tid, Task::Asked);
                        tracer.wait_until_still(Instant::now(), Duration::from_secs(5)).unwrap();
                        let task = tracer.tasks.get(&tid).copied();
                        tracer.detach_all();
                        task
                    })
                    .join()
                    .unwrap()
            });
            assert!(tracer.is_some_and(&expected), "{tracer:?}");
            wait_until("it is let go", || process.status().unwrap().tracer.is_none());
            target.say("count");
            assert_eq!(target.line(), round.to_string(), "delivered once");
        }
    }

    #[test]
    fn a_signal_about_to_be_delivered_is_handed_on() {
        signal_in_the_window("10", |task| task == Task::Still(Some(Signal::SIGUSR1)));
    }

    #[test]
    fn a_real_time_signal_about_to_be_delivered_is_handed_on() {
        // SIGRTMIN is 34 for programs linked with glibc.
        signal_in_the_window("40", |task| task == Task::StillWithUnnamedSignal);
    }
}
