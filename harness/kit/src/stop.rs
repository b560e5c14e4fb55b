//! Ctrl-C and its like as something that can be waited for, so that what is on is switched off first.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::error::KitError;

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
        let taken: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
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
}

impl Drop for StopSignals {
    fn drop(&mut self) {
        // One that came was obeyed already: taken away here, it doesn't end us in the middle of what follows.
        while let Ok(Some(_)) = self.descriptor.read_signal() {}
        let _ = self.taken.thread_unblock();
    }
}
