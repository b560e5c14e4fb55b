//! Ctrl-C and its like for work that is to end early and keep what it has, and SIGUSR1 for work that is to say what it has.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use bloathound_kit::Stop;
use bloathound_kit::{KitError, ReportSignal, StopSignals, leave_terminal_stops_to_others, spawn_deaf};

const NOT_YET: u8 = 0;

/// Whether somebody wants us to end. Cheap to ask, and to be asked often; clones are of one.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    came: AtomicU8,
    sleepers: Mutex<()>,
    wake: Condvar,
}

impl Interrupt {
    /// Takes the signals that would end us from here on. The first is kept to be asked for; a second one ends us at once,
    /// for whoever does not want to wait for what we have.
    ///
    /// To be called before any thread is started, and once: threads and children inherit that the signals are taken.
    ///
    /// # Errors
    /// They can't be taken.
    pub fn take() -> Result<Self, KitError> {
        let signals = StopSignals::take()?;
        let interrupt = Self::default();
        let noted = interrupt.clone();
        let listen = move || {
            leave_terminal_stops_to_others();
            if let Some(stop) = signals.next() {
                noted.stop(stop);
                signals.next().into_iter().for_each(end);
            }
        };
        spawn(listen)?;
        Ok(interrupt)
    }

    /// For work that has nothing to keep: from here on the first signal removes what is begun and not finished, and ends us.
    ///
    /// To be called while there are no other threads, as [`Interrupt::take`], and instead of it.
    ///
    /// # Errors
    /// The signals can't be taken.
    pub fn obey_cleanly() -> Result<(), KitError> {
        let signals = StopSignals::take()?;
        spawn(move || {
            leave_terminal_stops_to_others();
            signals.next().into_iter().for_each(end);
        })
    }

    /// Who wants us to end, if anybody does.
    #[must_use]
    pub fn came(&self) -> Option<Stop> {
        match self.0.came.load(Ordering::Acquire) {
            NOT_YET => None,
            1 => Some(Stop::Interrupt),
            _ => Some(Stop::Terminate),
        }
    }

    /// Wants us to end. The first to say so is the one that counts.
    pub fn stop(&self, stop: Stop) {
        let number = match stop {
            Stop::Interrupt => 1,
            Stop::Terminate => 2,
        };
        let _ = self.0.came.compare_exchange(NOT_YET, number, Ordering::AcqRel, Ordering::Acquire);
        // Under the lock, so that nobody is between asking and sleeping.
        let _asleep = self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.wake.notify_all();
    }

    /// Sleeps, but no longer than until somebody wants us to end; then it says who.
    pub fn sleep(&self, time: Duration) -> Option<Stop> {
        let deadline = Instant::now() + time;
        let mut asleep = self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.came().is_some() {
                return self.came();
            }
            asleep = self.0.wake.wait_timeout(asleep, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Whether somebody asks for what there is so far. Clones are of one.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Takes SIGUSR1 for it from here on, by which we would end else.
    ///
    /// To be called before any thread is started, that of [`Interrupt::take`] too: threads inherit that it is taken.
    ///
    /// # Errors
    /// It can't be taken.
    pub fn take() -> Result<Self, KitError> {
        let signal = ReportSignal::take()?;
        let asked = Self::default();
        let noted = asked.clone();
        let listen = move || {
            leave_terminal_stops_to_others();
            while signal.next() {
                noted.0.store(true, Ordering::Release);
            }
        };
        // It takes no signal that ends us: those are for who takes them later.
        spawn_deaf("asked", listen).map_err(|source| KitError::io("preparing for SIGUSR1", source))?;
        Ok(asked)
    }

    /// Whether somebody asked since this was called last.
    #[must_use]
    pub fn came(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

/// Ends us by that signal, with no file left that is not whole.
fn end(stop: Stop) {
    // Held until we are gone, so that nothing is begun in between.
    let _removed = bloathound_memory::remove_unfinished();
    stop.obey();
}

/// The thread that waits for signals; it ends with the process.
fn spawn(listen: impl FnOnce() + Send + 'static) -> Result<(), KitError> {
    let thread = std::thread::Builder::new().name("signals".into()).spawn(listen);
    thread.map(drop).map_err(|source| KitError::io("preparing for Ctrl-C", source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_wakes_and_the_first_word_counts() {
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.sleep(Duration::from_millis(1)), None);
        let sleeper = interrupt.clone();
        let thread = std::thread::spawn(move || sleeper.sleep(Duration::from_secs(3600)));
        interrupt.stop(Stop::Terminate);
        assert_eq!(thread.join().unwrap(), Some(Stop::Terminate));
        interrupt.stop(Stop::Interrupt);
        assert_eq!(interrupt.came(), Some(Stop::Terminate));
    }
}
