//! Sampling at a steady rate.

use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_memory::{Address, MemorySource};
use bloathound_profile::processor::{
    ITERATOR_PROCESSOR_NS, ITERATOR_WAIT_MAX_NS, ITERATOR_WAIT_NS, ProcessorNeed, SAMPLER_MARGIN, SAMPLES_IN_ONE_CALL,
    has_ended, sampler_shortage, thread_shortage, wants_processor,
};
use bloathound_profile::{Profile, Sample, SamplingCost, Stack, ThreadFacts, ThreadProfile, frameworks};

use super::call::CallLayout;
use super::clock::Clock;
use super::threads::kernel_ids;
use super::{FrameReader, FramesError, Memory, PythonThread, StackRead, c_call, event_loop};

/// What the sampler needs to know of the target's threads and of time. The live process gives it; tests make it up.
pub trait ThreadProbe {
    /// Nanoseconds on a clock that never steps back.
    fn monotonic_ns(&mut self) -> u64;
    /// Seconds since 1970, on the clock that the target uses too.
    fn wall_seconds(&mut self) -> f64;
    /// Returns at `monotonic_ns` on [`ThreadProbe::monotonic_ns`]'s clock; at once when that is past.
    fn wait_until(&mut self, monotonic_ns: u64);
    /// The kernel's thread ids of the target; empty when it has gone.
    fn thread_ids(&mut self) -> Vec<u32>;
    /// A thread's counts; `None` when it has gone. Context switches cost more to ask for, so only `with_switches`;
    /// else they may be 0.
    fn facts(&mut self, tid: u32, with_switches: bool) -> Option<ThreadFacts>;
    /// What kept the sampler itself from running so far; nothing where nobody counts.
    fn own_waits(&mut self) -> OwnWaits {
        OwnWaits::default()
    }
    /// True where no more samples are wanted: what there is by then is the profile.
    fn is_over(&mut self) -> bool {
        false
    }
}

/// What kept the sampler from running.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OwnWaits {
    /// Nanoseconds that it was ready to run and had no processor.
    pub wait_ns: u64,
    /// Nanoseconds that the machine below took away, a processor's share of it.
    pub stolen_ns: u64,
}

/// How to sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SamplerOptions {
    /// Samples a second.
    pub rate_hz: f64,
    /// For how long; longer where sampler or target had too little processor by then, see [`SamplerOptions::longest`].
    pub seconds: f64,
}

impl SamplerOptions {
    /// How long sampling can take where the machine is busy.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_nanos((self.asked_ns() as f64 * ProcessorNeed::default().longest_factor) as u64)
    }

    fn asked_ns(&self) -> u64 {
        (self.seconds.clamp(0.0, 86_400.0) * 1e9) as u64
    }
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self { rate_hz: 100.0, seconds: 5.0 }
    }
}

/// Rounds between two looks at the list of threads and at context switches.
const ROUNDS_BETWEEN_LISTS: u64 = 10;
/// Samples of one run at most, all threads together.
const SAMPLES_MAX: usize = 200_000;

/// Samples the target without stopping it.
///
/// # Errors
/// [`FramesError`] when the threads can't be found at the beginning. A target that ends meanwhile is no error: the
/// profile then says so among its problems.
pub fn sample(
    source: &dyn MemorySource,
    reader: &mut FrameReader,
    probe: &mut dyn ThreadProbe,
    options: SamplerOptions,
) -> Result<Profile, FramesError> {
    let rate_hz = options.rate_hz.clamp(1.0, 1000.0);
    let period_ns = (1e9 / rate_hz) as u64;
    let begin = probe.monotonic_ns();
    let end = begin.saturating_add(options.asked_ns());
    let latest = begin.saturating_add(u64::try_from(options.longest().as_nanos()).unwrap_or(u64::MAX));
    let mut run = Run { source, reader, threads: BTreeMap::new(), tids: Vec::new(), problems: Vec::new(), samples: 0 };
    run.relist(probe)?;
    let mut cost = SamplingCost { asked_ns: options.asked_ns(), ..SamplingCost::default() };
    let waits = probe.own_waits();
    let (reads, retries) = (run.reader.reads, run.reader.retries());
    let mut due = begin;
    loop {
        let from = probe.monotonic_ns();
        let next = from.saturating_add(period_ns);
        if next >= end {
            add_waits(&mut cost, probe, waits, from.saturating_sub(begin));
        }
        let is_last = (next >= end && (next >= latest || run.had_enough(&cost, rate_hz)))
            || run.samples >= SAMPLES_MAX
            || probe.is_over();
        let with_switches = is_last || cost.rounds.is_multiple_of(ROUNDS_BETWEEN_LISTS);
        if with_switches && run.relist(probe).is_err() {
            // Once: a process that is about to end fails at every sample.
            let message = "the list of Python threads could not be read again";
            if run.problems.last().is_none_or(|last| last != message) {
                run.problems.push(message.to_owned());
            }
        }
        if run.tids.is_empty() {
            run.problems.push("the process ended while it was sampled".to_owned());
            break;
        }
        run.round(probe, with_switches);
        cost.rounds += 1;
        let until = probe.monotonic_ns();
        cost.busy_ns += until.saturating_sub(from);
        if is_last {
            break;
        }
        due += period_ns;
        while due <= until {
            due += period_ns;
            cost.rounds_missed += 1;
        }
        probe.wait_until(due);
    }
    let took = probe.monotonic_ns().saturating_sub(begin);
    add_waits(&mut cost, probe, waits, took);
    run.add_moving_iterators(probe);
    run.add_overdue(probe);
    cost.reads = run.reader.reads - reads;
    cost.retries = run.reader.retries() - retries;
    let mut threads: Vec<ThreadProfile> = run.threads.into_values().map(|watched| watched.profile).collect();
    threads.sort_by_key(|thread| (!thread.is_main, thread.tid));
    cost.torn = threads.iter().flat_map(|thread| &thread.samples).filter(|sample| sample.torn).count() as u64;
    let codes = run.reader.codes().to_vec();
    Ok(Profile { codes, threads, rate_hz, cost, problems: run.problems, outside: None })
}

/// True when the innermost frame was at the same instruction in each of the last samples.
fn is_in_one_call(samples: &[Sample]) -> bool {
    let innermost = |sample: &Sample| sample.stack.0.last().map(|frame| (frame.address, frame.lasti));
    let mut last = samples.iter().rev().filter(|sample| !sample.torn).take(SAMPLES_IN_ONE_CALL).map(innermost);
    let Some(Some(place)) = last.next() else {
        return false;
    };
    last.all(|other| other == Some(place))
}

/// What kept the sampler from running since it began.
fn add_waits(cost: &mut SamplingCost, probe: &mut dyn ThreadProbe, before: OwnWaits, took_ns: u64) {
    let now = probe.own_waits();
    cost.took_ns = took_ns;
    cost.own_wait_ns = now.wait_ns.saturating_sub(before.wait_ns);
    cost.stolen_ns = now.stolen_ns.saturating_sub(before.stolen_ns);
}

struct Watched {
    thread: PythonThread,
    profile: ThreadProfile,
    /// What was counted by the last sample, torn or not.
    counted: Option<ThreadFacts>,
    /// The last sample, where it has a stack.
    last: Option<(ThreadFacts, Stack)>,
}

struct Run<'a> {
    source: &'a dyn MemorySource,
    reader: &'a mut FrameReader,
    threads: BTreeMap<Address, Watched>,
    tids: Vec<u32>,
    problems: Vec<String>,
    samples: usize,
}

impl Run<'_> {
    /// Looks which threads there are.
    fn relist(&mut self, probe: &mut dyn ThreadProbe) -> Result<(), FramesError> {
        self.tids = probe.thread_ids();
        let threads = self.reader.threads(self.source)?;
        let is_new = |thread: &PythonThread| !self.threads.contains_key(&thread.state);
        // A thread that was just made has its place in the list before it has an id of its own.
        let is_known = !threads.iter().any(is_new) && !self.threads.values().any(|one| one.profile.tid.is_none());
        if is_known && threads.len() == self.threads.len() {
            return Ok(());
        }
        let ids = kernel_ids(self.source, &threads, &self.tids);
        self.threads.retain(|state, watched| {
            threads.iter().any(|thread| thread.state == *state) || !watched.profile.samples.is_empty()
        });
        let first_tid = self.tids.iter().min().copied();
        for (thread, tid) in threads.into_iter().zip(ids) {
            if let Some(watched) = self.threads.get_mut(&thread.state).filter(|watched| watched.profile.tid.is_none()) {
                watched.profile.tid = tid;
                watched.profile.python_id = thread.python_id;
            }
            self.threads.entry(thread.state).or_insert_with(|| Watched {
                thread,
                profile: ThreadProfile {
                    tid,
                    python_id: thread.python_id,
                    is_main: tid.is_some() && tid == first_tid,
                    ..ThreadProfile::default()
                },
                counted: None,
                last: None,
            });
        }
        Ok(())
    }

    /// Whether the sampler and every thread that wants it had the processor for long enough to be judged.
    fn had_enough(&self, cost: &SamplingCost, rate_hz: f64) -> bool {
        // A little more than the rule asks for: the samples that follow shift the shares, and it must not just miss them.
        let least = ProcessorNeed::default();
        let need = ProcessorNeed { processor_share_min: least.processor_share_min * SAMPLER_MARGIN, ..least };
        let last_samples = self.threads.values().filter_map(|watched| watched.profile.samples.last());
        let last_ns = last_samples.map(|sample| sample.monotonic_ns).max().unwrap_or(0);
        let is_short = |watched: &Watched| {
            !has_ended(&watched.profile, last_ns) && thread_shortage(cost, &watched.profile, &need).is_some()
        };
        sampler_shortage(cost, rate_hz, &need).is_none() && !self.threads.values().any(is_short)
    }

    /// One sample of every thread.
    fn round(&mut self, probe: &mut dyn ThreadProbe, with_switches: bool) {
        for watched in self.threads.values_mut() {
            let monotonic_ns = probe.monotonic_ns();
            let facts = watched.profile.tid.and_then(|tid| probe.facts(tid, with_switches));
            let is_gone = watched.profile.tid.is_some() && facts.is_none();
            if is_gone {
                continue;
            }
            let mut facts = facts.unwrap_or_default();
            if !with_switches && let Some(before) = &watched.counted {
                facts.voluntary_switches = before.voluntary_switches;
                facts.involuntary_switches = before.involuntary_switches;
            }
            watched.counted = Some(facts);
            // A thread that used no processor time and was not even waiting for some is where it was.
            let reader = &mut *self.reader;
            let unmoved = watched.last.as_ref().filter(|(before, stack)| {
                watched.profile.tid.is_some()
                    && (before.cpu_ns, before.wait_ns) == (facts.cpu_ns, facts.wait_ns)
                    && facts.cpu_ns > 0
                    && !with_switches
                    // Some kernels count a running thread's time but once a second.
                    && reader.is_at(self.source, &watched.thread, stack)
            });
            let (read, caught) = match unmoved {
                Some((_, stack)) => {
                    let before = watched.profile.samples.last().and_then(|sample| sample.caught.clone());
                    (StackRead::Whole(stack.clone()), before)
                }
                None => {
                    let previous = watched.last.as_ref().map(|(_, stack)| stack);
                    self.reader.stack_and_caught(self.source, &watched.thread, previous)
                }
            };
            let (stack, torn) = match read {
                StackRead::Whole(stack) => (stack, false),
                StackRead::Torn => (Stack::default(), true),
            };
            if torn {
                watched.last = None;
            } else {
                watched.last = Some((facts, stack.clone()));
            }
            self.samples += 1;
            watched.profile.samples.push(Sample { monotonic_ns, facts, stack, torn, caught });
        }
    }

    /// Where a thread was in one call into C to the end: looks for iterators that the call consumes.
    fn add_moving_iterators(&mut self, probe: &mut dyn ThreadProbe) {
        let Some(frame_type) = self.reader.known.frame_type else {
            return;
        };
        let memory = Memory::new(self.source, self.reader.target.dialect);
        let stuck: Vec<Address> = self
            .threads
            .iter()
            .filter(|(_, watched)| is_in_one_call(&watched.profile.samples) && wants_processor(&watched.profile))
            .map(|(state, _)| *state)
            .collect();
        if stuck.is_empty() {
            return;
        }
        let iterators = c_call::iterators(self.source, &memory, &mut self.reader.values, frame_type);
        let tids: Vec<u32> = stuck.iter().filter_map(|state| self.threads.get(state)?.profile.tid).collect();
        let cpu_ns = |probe: &mut dyn ThreadProbe, tid| Some(probe.facts(tid, false)?.cpu_ns);
        let mut clock = Clock::start(&tids, ITERATOR_PROCESSOR_NS, |tid| cpu_ns(probe, tid));
        let latest = probe.monotonic_ns().saturating_add(ITERATOR_WAIT_MAX_NS);
        // A thread that had no processor meanwhile moved nothing, whatever it is about.
        let moved = loop {
            let now = probe.monotonic_ns();
            probe.wait_until(now.saturating_add(ITERATOR_WAIT_NS));
            clock.turn(|tid| cpu_ns(probe, tid));
            let moved = c_call::moved(&memory, &iterators);
            if !moved.is_empty() || clock.all_ran() || probe.monotonic_ns() >= latest {
                break moved;
            }
        };
        for state in stuck {
            if let Some(watched) = self.threads.get_mut(&state) {
                watched.profile.moving_iterators = moved.clone();
                let ran = watched.profile.tid.is_some_and(|tid| clock.ran(tid));
                watched.profile.iterators_unsure = moved.is_empty() && !ran;
            }
        }
        self.reader.reads += memory.reads();
    }

    /// Asks the event loop's own timers how long it has been away.
    fn add_overdue(&mut self, probe: &mut dyn ThreadProbe) {
        let slots = CallLayout::of(self.reader.target.dialect).slots;
        let memory = Memory::new(self.source, self.reader.target.dialect);
        for watched in self.threads.values_mut() {
            let Some((_, stack)) = &watched.last else {
                continue;
            };
            let codes = self.reader.codes.described.as_slice();
            let main_loop = stack.0.iter().find_map(|frame| {
                let timers = frameworks::timers_of(codes.get(frame.code.0 as usize)?)?;
                Some((timers, frame.address))
            });
            watched.profile.overdue_seconds = main_loop.and_then(|(timers, main_loop)| {
                // Its first local is the event loop.
                let event_loop = memory.pointer(Address(main_loop).offset(slots))?;
                let now = probe.wall_seconds();
                event_loop::overdue_seconds(&memory, &mut self.reader.values, timers, event_loop, now)
            });
        }
        self.reader.reads += memory.reads();
    }
}
