//! Telling, without stopping anybody, that nobody ran.
//!
//! A thread that is asleep at two moments, with the same count of context switches at both, did not run in between: to
//! run it must be switched to, and to sleep again it must be switched away from, which is counted.

use crate::error::LiveError;
use crate::process::Process;
use crate::threads::{ThreadState, thread_state, thread_switches};

/// Every thread's context switches, at a moment when all slept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Quiet {
    /// Thread id, voluntary and involuntary switches.
    threads: Vec<(u32, u64, u64)>,
}

impl Quiet {
    /// The counts, if every thread sleeps.
    pub(crate) fn observe(process: &Process) -> Result<Option<Self>, LiveError> {
        let mut threads = Vec::new();
        for tid in process.thread_ids()? {
            let state = thread_state(process.directory(), tid);
            let switches = thread_switches(process.directory(), tid);
            let (Some(state), Some((voluntary, involuntary))) = (state, switches) else {
                return Ok(None);
            };
            if !matches!(state, ThreadState::Sleeping | ThreadState::Stopped | ThreadState::Traced | ThreadState::Dead)
            {
                return Ok(None);
            }
            threads.push((tid, voluntary, involuntary));
        }
        Ok(Some(Self { threads }))
    }

    /// True when nobody has run since.
    pub(crate) fn still_holds(&self, process: &Process) -> Result<bool, LiveError> {
        Ok(Self::observe(process)?.as_ref() == Some(self))
    }

    /// Context switches of all threads since; new and ended threads count as one each.
    pub(crate) fn switches_between(before: &[(u32, u64, u64)], after: &[(u32, u64, u64)]) -> u64 {
        let find = |list: &[(u32, u64, u64)], tid: u32| {
            list.iter().find(|entry| entry.0 == tid).map(|entry| entry.1 + entry.2)
        };
        let started = after.iter().filter(|entry| find(before, entry.0).is_none()).count();
        let others: u64 = before
            .iter()
            .map(|entry| match find(after, entry.0) {
                Some(now) => now.saturating_sub(entry.1 + entry.2),
                None => 1,
            })
            .sum();
        others + started as u64
    }

    /// Every thread's counts, asleep or not.
    pub(crate) fn counts(process: &Process) -> Vec<(u32, u64, u64)> {
        let tids = process.thread_ids().unwrap_or_default();
        tids.into_iter()
            .filter_map(|tid| {
                let (voluntary, involuntary) = thread_switches(process.directory(), tid)?;
                Some((tid, voluntary, involuntary))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_add_up() {
        let before = [(1, 10, 1), (2, 5, 0)];
        assert_eq!(Quiet::switches_between(&before, &before), 0);
        let after = [(1, 12, 2), (3, 0, 0)];
        assert_eq!(Quiet::switches_between(&before, &after), 3 + 1 + 1);
    }

    #[test]
    fn we_are_never_quiet_while_we_look() {
        let ourselves = Process::open(std::process::id()).unwrap();
        assert_eq!(Quiet::observe(&ourselves).unwrap(), None);
    }
}
