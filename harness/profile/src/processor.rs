//! How much processor a sampling run got, against what a verdict that rests on time needs.
//!
//! On a busy machine a thread that computes stands still for as long as it waits for a processor, and so does the sampler:
//! what did not move then may only have had no turn. The sampler goes on until both had enough, and a rule says nothing
//! of a thread that never had.

use crate::{Sample, SamplingCost, ThreadFacts, ThreadProfile};

/// A thread that was sampled so long before the last sample of all has ended.
pub const ENDED_NS: u64 = 1_000_000_000;
/// A thread that never gave the processor up by itself wants it where it had it for one nanosecond in so many.
pub const UNSWITCHED_ONE_IN: f64 = 100.0;
/// How much more processor time than a rule needs the sampler gives a thread before it stops.
pub const SAMPLER_MARGIN: f64 = 1.1;
/// Samples at the end that must agree before a call into C is looked into.
pub const SAMPLES_IN_ONE_CALL: usize = 10;
/// How long an iterator is given to move: long enough for an item, if the call is about items at all.
pub const ITERATOR_WAIT_NS: u64 = 100_000_000;
/// Processor time that the thread must have had in this, for an iterator that stands still to say anything.
pub const ITERATOR_PROCESSOR_NS: u64 = 80_000_000;
/// How long that may take.
pub const ITERATOR_WAIT_MAX_NS: u64 = 10_000_000_000;

/// What is enough.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ProcessorNeed {
    /// Share of the looks asked for that were made.
    pub rounds_share_min: f64,
    /// Share of the time that the sampler waited for a processor, from which on missed looks are the machine's fault.
    pub own_wait_share_min: f64,
    /// Processor time of a thread that wants it, as share of what it had got on an idle machine in the time asked for.
    pub processor_share_min: f64,
    /// Share of the time that the machine below took away.
    pub stolen_share_max: f64,
    /// Share of the time that a thread runs or is ready to, from which on it wants the processor.
    pub wants_share_min: f64,
    /// Of the time in which it could have run, the share that it did, below which it sleeps by itself.
    pub awake_share_min: f64,
    /// How many times the asked time may pass until it is enough.
    pub longest_factor: f64,
}

impl Default for ProcessorNeed {
    fn default() -> Self {
        Self {
            rounds_share_min: 0.5,
            own_wait_share_min: 0.1,
            processor_share_min: 0.4,
            stolen_share_max: 0.25,
            wants_share_min: 0.25,
            awake_share_min: 0.2,
            longest_factor: 8.0,
        }
    }
}

/// What the kernel counted of one thread between two samples.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Got {
    wall_ns: f64,
    cpu_ns: f64,
    wait_ns: f64,
    switched: bool,
}

impl Got {
    fn between(first: &Sample, last: &Sample) -> Self {
        let since = |count: fn(&ThreadFacts) -> u64| count(&last.facts).saturating_sub(count(&first.facts));
        Self {
            wall_ns: last.monotonic_ns.saturating_sub(first.monotonic_ns) as f64,
            cpu_ns: since(|facts| facts.cpu_ns) as f64,
            wait_ns: since(|facts| facts.wait_ns) as f64,
            switched: since(|facts| facts.voluntary_switches) > 0,
        }
    }

    fn of(thread: &ThreadProfile) -> Option<Self> {
        let (first, last) = (thread.samples.first()?, thread.samples.last()?);
        thread.tid?;
        Some(Self::between(first, last))
    }

    /// Share of the time it ran or was ready to.
    fn wanted_share(&self) -> f64 {
        if !self.switched && self.cpu_ns * UNSWITCHED_ONE_IN > self.wall_ns {
            // It never gave the processor up by itself: a group's quota is counted as no wait.
            return 1.0;
        }
        ((self.cpu_ns + self.wait_ns) / self.wall_ns.max(1.0)).min(1.0)
    }

    fn wants(&self, need: &ProcessorNeed) -> bool {
        let could = (self.wall_ns - self.wait_ns).max(self.cpu_ns);
        self.cpu_ns > 0.0
            && self.wanted_share() >= need.wants_share_min
            && (!self.switched || self.cpu_ns >= need.awake_share_min * could)
    }
}

/// True for a thread that computes, or would if it had a processor.
#[must_use]
pub fn wants_processor(thread: &ThreadProfile) -> bool {
    Got::of(thread).is_some_and(|got| got.wants(&ProcessorNeed::default()))
}

/// True for a thread that had ended when others were sampled for the last time, at `last_ns`: it will get no more.
#[must_use]
pub fn has_ended(thread: &ThreadProfile, last_ns: u64) -> bool {
    let seen = thread.samples.last().map_or(0, |sample| sample.monotonic_ns);
    seen.saturating_add(ENDED_NS) < last_ns
}

/// What was missing for a verdict on anything, in words; `None` where nothing was, or nobody counted.
#[must_use]
pub fn sampler_shortage(cost: &SamplingCost, rate_hz: f64, need: &ProcessorNeed) -> Option<String> {
    let asked = cost.asked_ns as f64;
    if cost.asked_ns == 0 || cost.took_ns == 0 {
        return None;
    }
    let took = cost.took_ns as f64;
    let wanted = (rate_hz * asked / 1e9).max(1.0);
    let waited = (cost.own_wait_ns.saturating_add(cost.stolen_ns)) as f64;
    let stolen = cost.stolen_ns as f64 / took;
    if (cost.rounds as f64) < need.rounds_share_min * wanted && waited >= need.own_wait_share_min * took {
        return Some(format!(
            "the sampler waited for a processor {:.1} s of {:.1} s and looked {} times; {:.0} are wanted",
            waited / 1e9,
            took / 1e9,
            cost.rounds,
            need.rounds_share_min * wanted
        ));
    }
    (stolen > need.stolen_share_max).then(|| {
        format!("the machine below took away {:.0} % of the processors' time in {:.1} s", 100.0 * stolen, took / 1e9)
    })
}

/// What a thread was short of for a verdict on it, in words; `None` where it was not, sleeps, or nobody counted.
#[must_use]
pub fn thread_shortage(cost: &SamplingCost, thread: &ThreadProfile, need: &ProcessorNeed) -> Option<String> {
    let got = Got::of(thread)?;
    if cost.asked_ns == 0 || !got.wants(need) {
        return None;
    }
    // A thread that began later is to be compared with the time since.
    let time = got.wall_ns.min(cost.asked_ns as f64);
    let wanted = need.processor_share_min * got.wanted_share() * time;
    (got.cpu_ns < wanted).then(|| {
        format!(
            "it got a processor for {:.1} s of {:.1} s and waited {:.1} s for one; {:.1} s are wanted",
            got.cpu_ns / 1e9,
            got.wall_ns / 1e9,
            got.wait_ns / 1e9,
            wanted / 1e9
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A thread over `wall` milliseconds.
    fn thread(wall: u64, cpu: u64, wait: u64, switches: u64) -> ThreadProfile {
        let sample = |part: u64| Sample {
            monotonic_ns: part * wall * 1_000_000,
            facts: ThreadFacts {
                cpu_ns: part * cpu * 1_000_000,
                wait_ns: part * wait * 1_000_000,
                voluntary_switches: part * switches,
                involuntary_switches: 0,
            },
            stack: crate::Stack::default(),
            torn: false,
        };
        ThreadProfile { tid: Some(7), samples: vec![sample(0), sample(1)], ..ThreadProfile::default() }
    }

    fn cost() -> SamplingCost {
        SamplingCost { asked_ns: 3 * SECOND, took_ns: 3 * SECOND, rounds: 300, ..SamplingCost::default() }
    }

    fn is_short(wall: u64, cpu: u64, wait: u64, switches: u64) -> bool {
        thread_shortage(&cost(), &thread(wall, cpu, wait, switches), &ProcessorNeed::default()).is_some()
    }

    #[test]
    fn a_thread_is_short_of_what_it_would_have_got_on_an_idle_machine() {
        // It spins, alone and beside others; the last had its time in the end.
        assert!(!is_short(3000, 2990, 10, 0));
        assert!(!is_short(3000, 1500, 1500, 2));
        assert!(is_short(3000, 400, 2600, 2));
        assert!(!is_short(9000, 1210, 7790, 2));
        // A group's quota keeps it from running and counts as no wait.
        assert!(is_short(3000, 300, 0, 0));
        // It works a third of the time and sleeps; the second has to wait for each turn.
        assert!(!is_short(3000, 1000, 0, 500));
        assert!(is_short(3000, 200, 2000, 500));
        // It began later than the sampling.
        assert!(!is_short(500, 480, 20, 0));
        assert!(is_short(500, 100, 400, 0));
        // It polls, and sleeps itself; each waking waits for its turn.
        assert!(!is_short(3000, 30, 1000, 500));
        assert!(!is_short(3000, 0, 0, 0));
    }

    #[test]
    fn a_thread_that_was_not_sampled_to_the_end_has_ended() {
        assert!(has_ended(&thread(1500, 0, 0, 0), 3 * SECOND));
        assert!(!has_ended(&thread(2500, 0, 0, 0), 3 * SECOND));
        assert!(has_ended(&ThreadProfile::default(), 3 * SECOND));
    }

    #[test]
    fn missed_looks_are_a_shortage_where_the_machine_is_to_blame() {
        let need = ProcessorNeed::default();
        let short = |cost: SamplingCost| sampler_shortage(&cost, 100.0, &need).is_some();
        assert!(!short(cost()));
        let few = SamplingCost { rounds: 140, ..cost() };
        assert!(!short(few), "a large process alone makes looks slow");
        assert!(short(SamplingCost { own_wait_ns: SECOND, ..few }));
        assert!(short(SamplingCost { stolen_ns: SECOND, ..few }));
        assert!(short(SamplingCost { stolen_ns: SECOND, ..cost() }), "a third was stolen");
        assert!(!short(SamplingCost { stolen_ns: SECOND / 2, ..cost() }));
        assert!(!short(SamplingCost { asked_ns: 0, own_wait_ns: SECOND, ..few }), "a file that does not say");
    }
}
