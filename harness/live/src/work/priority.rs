//! How much of the processor we may expect beside the target, and a raise where we may take one.
//!
//! A pause lasts as long as its copy does, and a copy of 32 ms takes seconds where everybody else comes first (`nice`,
//! `SCHED_IDLE`). So while the target stands still we are on its level; where we may not be, the pause is refused
//! beforehand.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use nix::unistd::gettid;

use crate::process::Process;

/// Bytes a second of a copy that has a processor to itself: a quarter of what was measured here.
const COPIED_A_SECOND: f64 = 1.5e9;
/// What stopping and letting go take beside the copy.
const BESIDE_COPY: Duration = Duration::from_millis(2);
/// The share is measured until we had this much of the processor,
const MEASURED_CPU: Duration = Duration::from_millis(10);
/// or for this long.
const MEASURED_MAX: Duration = Duration::from_millis(500);

/// How the scheduler treats a thread; what is greater comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Level {
    class: Class,
    /// The negative of `nice`.
    priority: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Class {
    Idle,
    Batch,
    Other,
}

impl Level {
    /// Fields 19 and 41 of a `stat` line (proc(5)): nice and policy. Real-time classes count as the common one: a target
    /// that stands still competes with nobody, and we need no more than others get.
    fn of_stat(text: &str) -> Option<Self> {
        let after_name = text.get(text.rfind(')')? + 1..)?;
        let field = |number: usize| after_name.split_ascii_whitespace().nth(number - 3);
        let nice: i32 = field(19)?.parse().ok()?;
        let class = match field(41)?.parse::<u32>().ok()? {
            5 => Class::Idle,
            3 => Class::Batch,
            _ => Class::Other,
        };
        Some(Self { class, priority: -nice })
    }

    /// Ours, of the thread that asks.
    fn ours() -> Option<Self> {
        Self::of_stat(&std::fs::read_to_string("/proc/thread-self/stat").ok()?)
    }

    /// The highest of the process's threads.
    fn of_process(process: &Process) -> Option<Self> {
        let threads = process.thread_ids().ok()?.into_iter();
        let level = |tid| std::fs::read_to_string(process.directory().join(format!("task/{tid}/stat"))).ok();
        threads.filter_map(|tid| Self::of_stat(&level(tid)?)).max()
    }

    /// Puts this thread there.
    fn take(self) -> Option<()> {
        let now = Self::ours()?;
        if now.class != self.class {
            let class = match self.class {
                Class::Idle => "--idle",
                Class::Batch => "--batch",
                Class::Other => "--other",
            };
            let thread = gettid().to_string();
            let mut chrt = Command::new("chrt");
            chrt.args([class, "--pid", "0", &thread]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            if !chrt.status().ok()?.success() {
                return None;
            }
        }
        if now.priority != self.priority {
            rustix::process::setpriority_process(None, -self.priority).ok()?;
        }
        (Self::ours()? == self).then_some(())
    }
}

/// This thread on the target's level, for as long as this lives. What is started meanwhile begins there.
#[derive(Debug)]
pub(super) struct Raised {
    before: Option<Level>,
}

impl Raised {
    /// `None` where we are below the target and may not be raised.
    pub(super) fn to_level_of(process: &Process) -> Option<Self> {
        let (Some(ours), Some(theirs)) = (Level::ours(), Level::of_process(process)) else {
            return Some(Self { before: None });
        };
        if ours >= theirs {
            return Some(Self { before: None });
        }
        if theirs.take().is_some() {
            return Some(Self { before: Some(ours) });
        }
        // Half of a raise is none.
        let _ = ours.take();
        None
    }

    pub(super) fn not_at_all() -> Self {
        Self { before: None }
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        // Down again is always allowed.
        if let Some(before) = self.before {
            let _ = before.take();
        }
    }
}

/// The share of a processor that this thread gets, from 0 to 1, measured now.
pub(super) fn processor_share() -> f64 {
    let used = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default();
    let (started, before) = (Instant::now(), used());
    while used().saturating_sub(before) < MEASURED_CPU && started.elapsed() < MEASURED_MAX {
        std::hint::spin_loop();
    }
    let share = used().saturating_sub(before).as_secs_f64() / started.elapsed().as_secs_f64().max(1e-9);
    share.clamp(0.001, 1.0)
}

/// How long a pause to copy `bytes` lasts with that share.
pub(super) fn predicted_pause(bytes: u64, share: f64) -> Duration {
    (BESIDE_COPY + Duration::from_secs_f64(bytes as f64 / COPIED_A_SECOND)).div_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_and_ordered() {
        let stat = |nice: i32, policy: u32| {
            let text = format!(
                "7 (a (b) c) S 5 77 77 0 -1 4194304 9 8 7 6 120 34 0 0 20 {nice} 3 0 987654 1 2 3 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 {policy} 0"
            );
            Level::of_stat(&text).unwrap()
        };
        let idle = stat(0, 5);
        assert!(
            idle < stat(19, 3) && stat(19, 3) < stat(19, 0) && stat(19, 0) < stat(0, 0) && stat(0, 0) < stat(-5, 0)
        );
        assert_eq!(stat(0, 1), stat(0, 0), "real time");
        assert_eq!(Level::of_stat("7 (a) S 1"), None);
        assert!(Level::ours().is_some());
    }

    #[test]
    fn less_of_the_processor_is_a_longer_pause() {
        let whole = predicted_pause(150_000_000, 1.0);
        assert!((100..=104).contains(&whole.as_millis()), "{whole:?}");
        assert_eq!(predicted_pause(150_000_000, 0.1).as_millis() / 10, whole.as_millis());
        let share = processor_share();
        assert!((0.001..=1.0).contains(&share), "{share}");
    }
}
