//! How far long work has got: a bar on a terminal, plain lines elsewhere, nothing of what takes less than a second.
//!
//! One command works at one thing at a time, so there is one state. A thread of its own looks at it, as some work says
//! nothing for many seconds. Whoever prints does so [`aside`], or the bar would stand in the middle of it.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bloathound_kit::spawn_deaf;
use bloathound_report::sanitize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal;

/// What takes less is not told.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// How often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(200);
/// How often a plain line says that work at the same step goes on.
const SAID_AGAIN_EVERY: Duration = Duration::from_secs(10);
/// The bar's own length: thousandths.
const PARTS: u64 = 1000;

/// Where the bar is while something long is at work.
static NOW: Mutex<Option<Arc<Shared>>> = Mutex::new(None);
/// Nobody wants to hear of it.
static QUIET: OnceLock<bool> = OnceLock::new();

/// No progress at all from now on, or progress; the first call counts.
pub(crate) fn be_quiet(quiet: bool) {
    QUIET.get_or_init(|| quiet);
}

/// What the steps of some work are called, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Steps {
    /// So many of one kind: `run 3 of 41`.
    Counted { unit: &'static str, of: u64 },
    /// Steps that take these shares of the whole: `step 1 of 3`. Shares need not add up to anything.
    Shares(&'static [u32]),
    /// It takes so many seconds, by the clock: `3 of 5 s`.
    Seconds(f64),
    /// So many looks, one after so many seconds each, the first at once: `look 2 of 6`.
    Looks { of: u64, every: f64 },
    /// It ends by itself, at the latest after so many seconds: `30 of at most 600 s`.
    AtMost(f64),
}

impl Steps {
    /// Of a watch: the first look is the one that the others are compared with.
    pub(crate) fn of_watch(rounds: Option<u32>, every: f64, most: f64) -> Self {
        rounds.map_or(Self::AtMost(most), |rounds| Self::Looks { of: u64::from(rounds) + 1, every })
    }
}

/// A look at a heap: reading it, analysing it, writing what was found. The shares are a guess, and only move the bar: of a
/// million objects decoding is a third of the processor's time, and what comes after it has two processors.
pub(crate) const LOOK: Steps = Steps::Shares(&[10, 10, 1]);

/// Work that takes long; the bar goes when it is dropped.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    bar: ProgressBar,
    is_terminal: bool,
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    steps: Steps,
    begun: Instant,
    /// Steps that are done.
    done: u64,
    /// What is at work, in a few words.
    what: String,
    has_ended: bool,
    /// The last plain line: when, and at which step.
    said: Option<(Instant, u64)>,
}

impl Progress {
    /// Work begins: `what` says at what.
    pub(crate) fn begin(steps: Steps, what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(PARTS), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {wide_msg}") {
            bar.set_style(style);
        }
        let state =
            State { steps, begun: Instant::now(), done: 0, what: what.to_owned(), has_ended: false, said: None };
        let shared = Arc::new(Shared {
            bar,
            is_terminal: stderr().is_terminal() && !terminal::is_dumb(),
            state: Mutex::new(state),
            ended: Condvar::new(),
        });
        let is_quiet = QUIET.get().copied().unwrap_or_default();
        let mut now = lock(&NOW);
        // Work that is a part of other work is told as a detail of that.
        let thread = (!is_quiet && now.is_none()).then(|| {
            let shared = Arc::clone(&shared);
            *now = Some(Arc::clone(&shared));
            spawn_deaf("progress", move || shared.tell()).ok()
        });
        Self { shared, thread: thread.flatten() }
    }

    /// So many steps are done.
    pub(crate) fn done(&self, done: u64) {
        lock(&self.shared.state).done = done;
    }

    /// So many steps are done, and this comes next.
    pub(crate) fn at(&self, done: u64, what: &str) {
        if self.thread.is_none() {
            detail(what);
        }
        self.done(done);
        what.clone_into(&mut lock(&self.shared.state).what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        lock(&self.shared.state).has_ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            // It ends at once; a panic in it would lose a bar.
            let _ = thread.join();
        }
        self.shared.bar.finish_and_clear();
        lock(&NOW).take_if(|now| Arc::ptr_eq(now, &self.shared));
    }
}

/// What is at work now, within the step that is.
pub(crate) fn detail(what: &str) {
    if let Some(shared) = lock(&NOW).as_ref() {
        what.clone_into(&mut lock(&shared.state).what);
    }
}

/// The same, behind what is at work already: `leak, buggy: round 2 of 6`.
pub(crate) fn detail_of(what: &str) {
    if let Some(shared) = lock(&NOW).as_ref() {
        let mut state = lock(&shared.state);
        let work = state.what.split(": ").next().unwrap_or_default().to_owned();
        state.what = format!("{work}: {what}");
    }
}

/// Prints while the bar is out of the way.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    match lock(&NOW).clone() {
        Some(shared) => shared.bar.suspend(print),
        None => print(),
    }
}

impl Shared {
    /// Says how far it is until it has ended.
    fn tell(&self) {
        let mut state = lock(&self.state);
        let mut wait = SHOWN_AFTER;
        loop {
            let waited = self.ended.wait_timeout_while(state, wait, |state| !state.has_ended);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.has_ended {
                return;
            }
            if self.is_terminal {
                if self.bar.is_hidden() {
                    self.bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                self.bar.set_message(sanitize::line(&state.line()).into_owned());
                self.bar.set_position((state.share() * PARTS as f64) as u64);
                self.bar.tick();
            } else if state.is_to_be_said() {
                state.said = Some((Instant::now(), state.done));
                // Nobody is there to be told that nobody is there.
                let _ = writeln!(stderr().lock(), "{}", sanitize::line(&state.line()));
            }
            wait = DRAWN_EVERY;
        }
    }
}

impl State {
    fn is_to_be_said(&self) -> bool {
        self.said.is_none_or(|(when, step)| step != self.done || when.elapsed() >= SAID_AGAIN_EVERY)
    }

    /// How much of it is done, from 0 to 1.
    fn share(&self) -> f64 {
        let share = match self.steps {
            Steps::Counted { of, .. } => self.done as f64 / of.max(1) as f64,
            Steps::Shares(shares) => {
                let sum = |shares: &[u32]| shares.iter().map(|share| f64::from(*share)).sum::<f64>();
                let done = shares.get(..usize::try_from(self.done).unwrap_or(usize::MAX)).unwrap_or(shares);
                sum(done) / sum(shares).max(1.0)
            }
            Steps::Seconds(seconds) | Steps::AtMost(seconds) => self.begun.elapsed().as_secs_f64() / seconds,
            Steps::Looks { of, every } => self.begun.elapsed().as_secs_f64() / looks_seconds(of, every),
        };
        share.clamp(0.0, 1.0)
    }

    /// `run 3 of 41: leak, buggy; about 80 s left`.
    fn line(&self) -> String {
        let elapsed = self.begun.elapsed().as_secs_f64();
        let of = match self.steps {
            Steps::Counted { unit, of } => format!("{unit} {} of {of}", (self.done + 1).min(of)),
            Steps::Looks { of, .. } => format!("look {} of {of}", (self.done + 1).min(of)),
            Steps::Shares(shares) => format!("step {} of {}", (self.done + 1).min(shares.len() as u64), shares.len()),
            Steps::Seconds(seconds) if elapsed > seconds => format!("{} of {seconds} s, and on", elapsed.floor()),
            Steps::Seconds(seconds) => format!("{} of {seconds} s", elapsed.floor()),
            Steps::AtMost(seconds) => format!("{} of at most {seconds} s", elapsed.floor()),
        };
        let share = self.share();
        // Of nothing done there is nothing to go by.
        let left = match self.steps {
            Steps::Seconds(seconds) => Some(seconds - elapsed),
            Steps::Looks { of, every } => Some(looks_seconds(of, every) - elapsed),
            Steps::AtMost(_) => None,
            _ => (share > 0.0).then(|| elapsed / share - elapsed),
        };
        let left = left.filter(|left| *left >= 1.0).map_or_else(String::new, about);
        format!("{of}: {}{left}", self.what)
    }
}

/// From the first of so many looks to the last.
fn looks_seconds(of: u64, every: f64) -> f64 {
    of.saturating_sub(1).max(1) as f64 * every
}

/// `; about 30 s left`.
fn about(seconds: f64) -> String {
    const MINUTES_FROM: f64 = 120.0;
    if seconds < MINUTES_FROM {
        format!("; about {} s left", seconds.round())
    } else {
        format!("; about {} min left", (seconds / 60.0).round())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(steps: Steps, done: u64, ago: u64) -> State {
        let begun = Instant::now().checked_sub(Duration::from_secs(ago)).unwrap();
        State { steps, begun, done, what: "leak, buggy".to_owned(), has_ended: false, said: None }
    }

    #[test]
    fn a_line_says_k_of_n_and_how_long_it_will_take() {
        let counted = Steps::Counted { unit: "run", of: 8 };
        assert_eq!(state(counted, 0, 5).line(), "run 1 of 8: leak, buggy");
        assert_eq!(state(counted, 2, 20).line(), "run 3 of 8: leak, buggy; about 60 s left");
        let shares = Steps::Shares(&[1, 3]);
        assert_eq!(state(shares, 1, 10).line(), "step 2 of 2: leak, buggy; about 30 s left");
        assert_eq!(state(shares, 2, 10).line(), "step 2 of 2: leak, buggy");
        assert_eq!(state(counted, 1, 60).line(), "run 2 of 8: leak, buggy; about 7 min left");
        assert_eq!(state(Steps::AtMost(600.0), 0, 30).line(), "30 of at most 600 s: leak, buggy");
        let looks = Steps::Looks { of: 6, every: 10.0 };
        assert_eq!(state(looks, 1, 5).line(), "look 2 of 6: leak, buggy; about 45 s left");
        assert_eq!(state(Steps::Seconds(5.0), 0, 2).line(), "2 of 5 s: leak, buggy; about 3 s left");
        assert_eq!(state(Steps::Seconds(5.0), 0, 7).line(), "7 of 5 s, and on: leak, buggy");
    }

    #[test]
    fn a_plain_line_is_said_once_a_step() {
        let mut state = state(Steps::Counted { unit: "look", of: 3 }, 1, 5);
        assert!(state.is_to_be_said());
        state.said = Some((Instant::now(), 1));
        assert!(!state.is_to_be_said());
        state.done = 2;
        assert!(state.is_to_be_said());
    }
}
