//! A child with the process group it leads: whether it has ended is asked without burying it, so that the group's number stays
//! taken until the whole group was ended.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::{POLL_EVERY, escaped};
use crate::death_signal::die_with_parent;

/// How often somebody who waits for something else hears of an interrupt.
pub(super) const INTERRUPT_EVERY: Duration = Duration::from_millis(50);

/// The child and its group. It has to be ended ([`Group::end`]) by whoever drops it.
///
/// It ends with the thread that started it: the kernel ties its life to that.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    /// Whether its number may be another's by now; held while it is used to end the group.
    reaped: Arc<Mutex<bool>>,
}

impl Group {
    /// Starts a command as the leader of a group of its own, which ends with us.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        command.process_group(0);
        die_with_parent(command);
        Ok(Self { child: command.spawn()?, reaped: Arc::default() })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn reaped(&self) -> &Arc<Mutex<bool>> {
        &self.reaped
    }

    pub(super) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether its leader has ended; leaves it unreaped, so that its group's number stays taken.
    pub(crate) fn has_ended(&self) -> bool {
        if *self.reaped.lock().unwrap_or_else(PoisonError::into_inner) {
            return true;
        }
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        // An error means that there is no such child any more.
        !matches!(waitid(Id::Pid(self.number()), flags), Ok(WaitStatus::StillAlive))
    }

    /// Waits until it has ended, `over` says that nobody waits any more, or the deadline; whether it has ended.
    pub(crate) fn wait_until(&self, deadline: Instant, over: &dyn Fn() -> bool) -> bool {
        loop {
            if self.has_ended() {
                return true;
            }
            if Instant::now() >= deadline || over() {
                return false;
            }
            std::thread::sleep(POLL_EVERY);
        }
    }

    /// Asks all of it to end.
    pub(super) fn ask_to_end(&self) {
        // It may have ended by now; then there is nobody to tell.
        let _ = killpg(self.number(), Signal::SIGTERM);
    }

    /// Kills what is left of the group, and what left it with the mark of this folder, and takes the exit status; `None` where
    /// that was taken before. The child is reaped last: until then no other process can get its number, and so the signal
    /// can't hit a stranger.
    pub(crate) fn end(&mut self, marked: Option<&Path>) -> Option<ExitStatus> {
        let mut reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if *reaped {
            return None;
        }
        // Fails only where nobody of the group is left.
        let _ = killpg(self.number(), Signal::SIGKILL);
        *reaped = true;
        drop(reaped);
        marked.into_iter().for_each(escaped::end);
        self.child.wait().ok()
    }

    /// Kills its whole group when the interrupt comes, from a thread of its own, as long as what is returned is there.
    pub(super) fn end_by(&self, interrupt: &Interrupt) -> EndsBy {
        let over = Arc::new(AtomicBool::new(false));
        let (interrupt, group, reaped) = (interrupt.clone(), self.number(), Arc::clone(&self.reaped));
        let ends = EndsBy(Arc::clone(&over));
        let watch = move || {
            while !over.load(Ordering::Acquire) {
                if interrupt.sleep(INTERRUPT_EVERY).is_some() {
                    let reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
                    if !*reaped {
                        let _ = killpg(group, Signal::SIGKILL);
                    }
                    return;
                }
            }
        };
        // Without it the interrupt is heard at the end of what is being waited for.
        let _ = std::thread::Builder::new().spawn(watch);
        ends
    }

    /// The process group, which has the child's number.
    fn number(&self) -> Pid {
        // Process ids fit an i32 (`pid_max` is 2^22 at most); 0 would mean our own group.
        i32::try_from(self.child.id()).map_or(Pid::from_raw(i32::MAX), Pid::from_raw)
    }
}

/// That the interrupt ends a service, for as long as this is there.
#[derive(Debug)]
pub(crate) struct EndsBy(Arc<AtomicBool>);

impl Drop for EndsBy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
