//! Holding a process still with `PTRACE_SEIZE` and `PTRACE_INTERRUPT`, for a time that is bounded before it begins.
//!
//! Who stops the target must be able to let it go at the deadline, whatever becomes of whoever asked for the pause: a
//! tool stopped by Ctrl-Z, by SIGSTOP or by a busy machine can't. So the tracer is a small process of its own
//! ([`hold`], the same program started once more), in a session of its own, with the deadline in its own hands; the
//! asking side only copies and asks afterwards whether the target stood still until then. Where that process is refused
//! what we may do ourselves (Yama lets only ancestors trace) or none was named ([`PauseOptions::holder`]), a thread of
//! ours is the tracer, and the deadline holds only while we run.
//!
//! In both cases the kernel lets every tracee go on when the tracer is gone, however that came about.
//!
//! What the target can notice (measured on Linux 6.18 with Python 2.7.18, `tests/pause.rs`): a thread blocked in
//! `epoll_wait` sees `EINTR`, as after `SIGSTOP` and `SIGCONT`; `select` (so `time.sleep`), `poll`, `accept`, `read`,
//! `futex` (so lock waits) are restarted by the kernel and see nothing. Twisted's epoll reactor takes `EINTR` for an
//! empty turn; a bare `epoll.poll()` in Python 2.7 raises `IOError`. A capture looks for such threads beforehand
//! ([`crate::CaptureJudge::may_interrupt`]). [`crate::CaptureMode::PreferQuiet`] stops nobody who sleeps anyway.

mod hold;
mod holder;
mod message;
mod tracer;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

pub use self::hold::hold;
use self::holder::Holder;
use self::message::{Failure, LetGo, StoppedAll};
use self::tracer::Tracer;
pub(crate) use self::tracer::process_of_thread;
use crate::error::LiveError;
use crate::process::Process;

/// The word that makes a program the holder of a pause: `PROGRAM __hold …` must call [`hold`] with what follows it.
pub const HOLD: &str = "__hold";

/// How to stop a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PauseOptions {
    /// Let go and report when some thread has not stopped by then.
    pub stop_within: Duration,
    /// Longest pause. The holder lets go then, whoever else is still busy; without a holder nobody does.
    pub longest: Duration,
    /// The program that holds the pause, started as `PROGRAM __hold …`; it must call [`hold`]. `None`: a thread of ours
    /// does, for as long as we run.
    pub holder: Option<PathBuf>,
}

impl Default for PauseOptions {
    fn default() -> Self {
        Self { stop_within: Duration::from_secs(1), longest: Duration::from_secs(2), holder: None }
    }
}

/// A process that stands still for as long as this lives, and no longer than its holder allows.
#[derive(Debug)]
pub struct Pause {
    keeper: Keeper,
    stopped: Stopped,
    _terminal: TerminalStops,
}

/// Everything that can be done before the target stands still.
#[derive(Debug)]
pub(crate) struct Prepared {
    holder: Option<Holder>,
    options: PauseOptions,
}

#[derive(Debug)]
enum Keeper {
    Process(Holder),
    Thread { let_go: Option<Sender<()>>, tracer: Option<JoinHandle<Instant>> },
}

/// What is known once all threads stand still.
#[derive(Clone, Debug)]
struct Stopped {
    since: Instant,
    took: Duration,
    threads: u32,
    unstoppable: Vec<u32>,
}

/// How a pause ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Released {
    /// How long the target could not run.
    pub held: Duration,
    /// True when it stood still until we said so: what was read before is of one moment.
    pub until_asked: bool,
    /// True when the process that held it was gone by then, so that `held` is only how long we believed in it.
    pub holder_lost: bool,
}

impl Process {
    /// Stops all threads; they go on when the guard is dropped, at the holder's deadline, or when we are killed.
    ///
    /// # Errors
    /// When the process has gone, may not be traced, is traced already, or does not stop in time.
    pub fn pause(&self, options: &PauseOptions) -> Result<Pause, LiveError> {
        Prepared::new(self, options).stop(self)
    }
}

impl Prepared {
    /// Starts the holder, where there is to be one: that takes milliseconds, which are not to be the target's.
    pub(crate) fn new(process: &Process, options: &PauseOptions) -> Self {
        // A holder that can't be started is no reason not to look: a thread does it, as where none is named.
        let holder = options.holder.as_deref().and_then(|program| Holder::start(program, process.pid(), options).ok());
        Self { holder, options: options.clone() }
    }

    /// Stops all threads.
    pub(crate) fn stop(self, process: &Process) -> Result<Pause, LiveError> {
        let terminal = TerminalStops::held_back();
        let Self { holder, options } = self;
        let (keeper, stopped) = match holder.map(|mut holder| (holder.stop(&options), holder)) {
            Some((Ok(stopped), holder)) => (Keeper::Process(holder), stopped),
            // Yama lets ancestors trace, and the holder is none of a service that we started ourselves.
            Some((Err(Failure::NotAllowed), _)) | None => by_thread(process, &options)?,
            Some((Err(failure), _)) => return Err(failure.into_error(process)),
        };
        let pause = Pause { keeper, stopped, _terminal: terminal };
        // Now that it stands still, its id can't be given to another process any more.
        process.check_alive()?;
        Ok(pause)
    }
}

/// A thread of ours as the tracer.
fn by_thread(process: &Process, options: &PauseOptions) -> Result<(Keeper, Stopped), LiveError> {
    let system = |call, cause| LiveError::System { pid: process.pid(), call, cause };
    let ((tell_us, told), (let_go, go)) = (channel(), channel::<()>());
    let mut tracer = Tracer::new(process.pid());
    let within = options.stop_within;
    let run = move || {
        let since = Instant::now();
        let result = tracer.stop_all(since, within).map(|all| Stopped::of(since, all));
        let stopped = result.is_ok();
        if tell_us.send(result).is_ok() && stopped {
            // A message or a hang-up: both mean "go on".
            let _ = go.recv();
        }
        tracer.detach_all();
        Instant::now()
    };
    let handle = std::thread::Builder::new()
        .name("bloathound-tracer".to_owned())
        .spawn(run)
        .map_err(|cause| system("clone", cause))?;
    match told.recv() {
        Ok(Ok(stopped)) => Ok((Keeper::Thread { let_go: Some(let_go), tracer: Some(handle) }, stopped)),
        Ok(Err(failure)) => {
            let _ = handle.join();
            Err(failure.into_error(process))
        }
        Err(_) => Err(system("ptrace", std::io::Error::other("the tracing thread ended"))),
    }
}

impl Stopped {
    fn of(since: Instant, all: StoppedAll) -> Self {
        Self { since, took: all.took, threads: all.threads, unstoppable: all.unstoppable }
    }
}

impl Pause {
    /// When the first thread was asked to stop, or a moment before.
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

    /// Process id of the holder; `None` where a thread of ours holds the pause.
    #[must_use]
    pub fn holder(&self) -> Option<u32> {
        match &self.keeper {
            Keeper::Process(holder) => Some(holder.pid()),
            Keeper::Thread { .. } => None,
        }
    }

    /// Lets the process go on, and says how long it could not run and whether it stood still until now.
    pub fn release(mut self) -> Released {
        let since = self.stopped.since;
        match &mut self.keeper {
            Keeper::Process(holder) => match holder.release() {
                Some((held, why)) => Released { held, until_asked: why == LetGo::Asked, holder_lost: false },
                None => Released { held: since.elapsed(), until_asked: false, holder_lost: true },
            },
            Keeper::Thread { let_go, tracer } => {
                let released = end_thread(let_go, tracer).unwrap_or_else(Instant::now);
                Released { held: released.duration_since(since), until_asked: true, holder_lost: false }
            }
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        // A holder ends when its own guard is dropped.
        if let Keeper::Thread { let_go, tracer } = &mut self.keeper {
            let _ = end_thread(let_go, tracer);
        }
    }
}

fn end_thread(let_go: &mut Option<Sender<()>>, tracer: &mut Option<JoinHandle<Instant>>) -> Option<Instant> {
    // An error means that the tracer has ended, and with it the pause.
    if let Some(sender) = let_go.take() {
        let _ = sender.send(());
    }
    tracer.take().and_then(|tracer| tracer.join().ok())
}

/// Ctrl-Z takes effect when the target runs again: the signals by which a terminal stops a program, held back for the
/// thread that copies. SIGSTOP can't be; that is what the holder is for.
#[derive(Debug)]
struct TerminalStops {
    before: Option<SigSet>,
}

impl TerminalStops {
    fn held_back() -> Self {
        let stops: SigSet = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect();
        Self { before: stops.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok() }
    }
}

impl Drop for TerminalStops {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            let _ = before.thread_set_mask();
        }
    }
}
