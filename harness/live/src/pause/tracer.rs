//! Who stops the threads, one by one, until none is left running.
//!
//! It never consumes a stop (`WNOWAIT`): a signal that was about to be delivered stays in the tracee's `exit_code`, and
//! the kernel delivers it when the tracer is gone. That also covers real-time signals, which have no name in `nix`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::message::{Failure, StoppedAll};
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

/// What the thread that traces knows of each tracee. Only the thread that stopped them can let them go, and its end does.
#[derive(Debug)]
pub(super) struct Tracer {
    directory: PathBuf,
    tasks: BTreeMap<u32, Task>,
}

impl Tracer {
    pub(super) fn new(pid: u32) -> Self {
        Self { directory: PathBuf::from(format!("/proc/{pid}")), tasks: BTreeMap::new() }
    }

    /// Stops every thread. After an error those that stand still go on as well.
    pub(super) fn stop_all(&mut self, since: Instant, within: Duration) -> Result<StoppedAll, Failure> {
        let result = self.stop_each(since, within).map(|()| StoppedAll {
            took: since.elapsed(),
            threads: self.count(|task| matches!(task, Task::Still(_) | Task::StillWithUnnamedSignal)),
            unstoppable: self
                .tasks
                .iter()
                .filter(|(_, task)| **task == Task::Unstoppable)
                .map(|(tid, _)| *tid)
                .collect(),
        });
        if result.is_err() {
            self.detach_all();
        }
        result
    }

    fn count(&self, matches: impl Fn(&Task) -> bool) -> u32 {
        self.tasks.values().filter(|task| matches(task)).count() as u32
    }

    /// Stops threads until a listing shows none that is not stopped: only then nobody can start new ones.
    fn stop_each(&mut self, since: Instant, within: Duration) -> Result<(), Failure> {
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
    pub(super) fn detach_all(&mut self) {
        for (tid, task) in std::mem::take(&mut self.tasks) {
            if let Task::Still(signal) = task {
                let _ = ptrace::detach(nix_tid(tid), signal);
            }
        }
    }
}

fn nix_tid(tid: u32) -> Pid {
    Pid::from_raw(tid.cast_signed())
}

/// The process a tracing thread belongs to.
pub(crate) fn process_of_thread(tid: u32) -> u32 {
    std::fs::read_to_string(format!("/proc/{tid}/status"))
        .ok()
        .and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("Tgid:"))?;
            line.trim().parse().ok()
        })
        .unwrap_or(tid)
}

#[cfg(test)]
#[path = "../../tests/common/mod.rs"]
mod common;

#[cfg(test)]
mod tests {
    use super::common::{Script, python27, wait_until};
    use super::*;
    use crate::process::Process;

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
                        let mut tracer = Tracer::new(tid);
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
