//! Whether threads had the processor meanwhile: what stood still may only have had no turn.

/// Processor time of some threads since it began, by a function that tells a thread's nanoseconds; `None` when it has
/// gone.
pub(super) struct Clock {
    threads: Vec<Watched>,
    enough_ns: u64,
}

struct Watched {
    tid: u32,
    first_ns: u64,
    /// The first count that differs. Kernels without ticks count a running thread's time late: what came by then may be of
    /// what it did before.
    from_ns: Option<u64>,
    ran_ns: u64,
}

impl Clock {
    /// Begins; `enough_ns` is what a thread must have had to count as having run.
    pub(super) fn start(tids: &[u32], enough_ns: u64, mut cpu_ns: impl FnMut(u32) -> Option<u64>) -> Self {
        let watch = |tid: &u32| Some(Watched { tid: *tid, first_ns: cpu_ns(*tid)?, from_ns: None, ran_ns: 0 });
        Self { threads: tids.iter().filter_map(watch).collect(), enough_ns }
    }

    /// Looks again.
    pub(super) fn turn(&mut self, mut cpu_ns: impl FnMut(u32) -> Option<u64>) {
        for thread in &mut self.threads {
            match (cpu_ns(thread.tid), thread.from_ns) {
                // One that has ended ran to its end.
                (None, _) => thread.ran_ns = u64::MAX,
                (Some(now), Some(from)) => thread.ran_ns = now.saturating_sub(from),
                (Some(now), None) if now > thread.first_ns => thread.from_ns = Some(now),
                (Some(_), None) => {}
            }
        }
    }

    /// True for a thread that had enough.
    pub(super) fn ran(&self, tid: u32) -> bool {
        self.threads.iter().any(|thread| thread.tid == tid && thread.ran_ns >= self.enough_ns)
    }

    /// True when every thread had.
    pub(super) fn all_ran(&self) -> bool {
        self.threads.iter().all(|thread| thread.ran_ns >= self.enough_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_run_when_its_processor_time_says_so() {
        // Thread 1 gets a processor for 1 ms at each question, thread 2 none, thread 3 ends after the first.
        let mut asked = 0;
        let mut cpu_ns = |tid: u32| {
            asked += 1;
            match tid {
                1 => Some(asked * 1_000_000),
                2 => Some(7),
                _ => (asked < 4).then_some(7),
            }
        };
        let mut clock = Clock::start(&[1, 2, 3], 80_000_000, &mut cpu_ns);
        clock.turn(&mut cpu_ns);
        assert!(!clock.ran(1) && !clock.ran(2), "the first count may be of what it did before");
        for _ in 0..100 {
            clock.turn(&mut cpu_ns);
        }
        assert!(clock.ran(1) && !clock.ran(2) && !clock.all_ran());
        assert!(clock.ran(3), "one that ended ran");
        assert!(!clock.ran(4), "one that nobody asked of");
    }
}
