//! Ties a child's life to ours. The only unsafe code of this crate.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, getppid};

/// Makes the kernel kill the child with SIGKILL when its parent goes away, even by `kill -9`, and gives it all signals.
///
/// The kernel's "parent" is the *thread* that spawns (`prctl(2)`, PR_SET_PDEATHSIG): the child also
/// dies when that thread ends, so it must be one that outlives the child.
pub(crate) fn die_with_parent(command: &mut Command) {
    let parent = getpid();
    let hook = move || {
        set_pdeathsig(Signal::SIGKILL)?;
        // What we hold back of the signals that end us would be held back in the child too.
        SigSet::empty().thread_set_mask()?;
        // A parent that went away before the line above sends no signal any more.
        if getppid() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(nix::libc::ESRCH)) }
    };
    #[expect(unsafe_code, reason = "only the child itself, between fork and exec, can ask for its death signal")]
    // SAFETY: the hook runs in the child between fork and exec. It makes three system calls (prctl,
    // sigprocmask, getppid), all async-signal-safe; it takes no lock, allocates nothing (an io::Error made of a
    // raw error number has no heap part) and touches no memory but its own captured number.
    unsafe {
        command.pre_exec(hook);
    }
}
