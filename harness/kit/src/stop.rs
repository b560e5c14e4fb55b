//! Ctrl-C and its like as something that can be waited for, so that what is on is switched off first.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::KitError;

/// Who wants us to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM, or the terminal went away.
    Terminate,
}

impl Stop {
    /// As people know it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// Ends us by that signal, as if nobody had taken it; by the code that a shell has for it where whoever started us had
    /// it ignored (`nohup`, a script's background).
    pub fn obey(self) -> ! {
        let signal = match self {
            Self::Interrupt => Signal::SIGINT,
            Self::Terminate => Signal::SIGTERM,
        };
        let mut set = SigSet::empty();
        set.add(signal);
        let _ = set.thread_unblock();
        let _ = raise(signal);
        std::process::exit(128 + signal as i32)
    }
}

/// Makes writing past the limit of a file's size (`ulimit -f`) an error like others, where else it would kill us.
///
/// To be called before any thread is started: threads inherit it.
pub fn hold_back_size_signal() {
    let mut set = SigSet::empty();
    set.add(Signal::SIGXFSZ);
    // Where that is refused, the signal goes on killing.
    let _ = set.thread_block();
}

/// Leaves it to the other threads when the terminal stops us (Ctrl-Z): one that holds a process puts it off, and a thread
/// that only waits would take it at once.
pub fn leave_terminal_stops_to_others() {
    let stops: SigSet = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect();
    // Where that is refused, we are stopped at once.
    let _ = stops.thread_block();
}

/// A thread to which no signal is given: they all go to the others, whether taken already or not.
///
/// # Errors
/// The system gives no thread.
pub fn spawn_deaf<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    // It inherits the mask; ours is put back.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    before.thread_set_mask()?;
    thread
}

/// The signals that would end us (interrupt, terminate, hang up) as something to wait for, so that what was switched on
/// in a service is switched off first. Dropping it gives them back their meaning.
///
/// Take it before any thread is started: threads inherit it.
#[derive(Debug)]
pub struct StopSignals {
    descriptor: SignalFd,
    taken: SigSet,
}

impl StopSignals {
    /// Takes them from now on.
    pub fn take() -> Result<Self, KitError> {
        let failed = |error: nix::Error| KitError::io("preparing for Ctrl-C", error.into());
        let ends = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter();
        // `nohup`: who had it ignored wants us to outlive the terminal.
        let taken: SigSet = ends.filter(|signal| *signal != Signal::SIGHUP || !is_ignored(*signal)).collect();
        taken.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let descriptor = SignalFd::with_flags(&taken, flags).map_err(failed)?;
        Ok(Self { descriptor, taken })
    }

    /// Becomes readable when one of them comes.
    #[must_use]
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Waits for one of them, for as long as it takes; `None` where waiting fails.
    #[must_use]
    pub fn next(&self) -> Option<Stop> {
        let number = await_signal(&self.descriptor)?;
        Some(if number == Signal::SIGINT as u32 { Stop::Interrupt } else { Stop::Terminate })
    }
}

/// SIGUSR1, by which somebody asks for what there is so far, as something to wait for; it ends us no more.
///
/// Take it before any thread is started: threads inherit it.
#[derive(Debug)]
pub struct ReportSignal(SignalFd);

impl ReportSignal {
    /// Takes it from now on.
    ///
    /// # Errors
    /// It can't be taken.
    pub fn take() -> Result<Self, KitError> {
        let failed = |error: nix::Error| KitError::io("preparing for SIGUSR1", error.into());
        let taken: SigSet = [Signal::SIGUSR1].into_iter().collect();
        taken.thread_block().map_err(failed)?;
        SignalFd::with_flags(&taken, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).map(Self).map_err(failed)
    }

    /// Waits for it, for as long as it takes; false where waiting fails.
    #[must_use]
    pub fn next(&self) -> bool {
        await_signal(&self.0).is_some()
    }
}

/// The number of the next signal that comes, for as long as it takes; `None` where waiting fails.
fn await_signal(descriptor: &SignalFd) -> Option<u32> {
    loop {
        let mut wanted = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wanted, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
        match descriptor.read_signal() {
            Ok(Some(signal)) => return Some(signal.ssi_signo),
            Ok(None) | Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// Whether whoever started us had a signal ignored (`SigIgn`, a bit each from 1 on).
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal as u32 - 1) & 1 == 1)
}

impl Drop for StopSignals {
    fn drop(&mut self) {
        // One that came was obeyed already: taken away here, it doesn't end us in the middle of what follows.
        while let Ok(Some(_)) = self.descriptor.read_signal() {}
        let _ = self.taken.thread_unblock();
    }
}
