//! Sampling a live process without stopping it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bloathound_cpython::frames::{
    FrameReader, FrameTarget, FramesError, OwnWaits, SamplerOptions, ThreadProbe, sample,
};
use bloathound_live::{IoCounts, OpenDescriptor, OpenDescriptors, Process, ticks_per_second};
use bloathound_profile::{Descriptor, Outside, Profile, ThreadFacts};

use bloathound_vocabulary::Partial;

use crate::interrupt::Interrupt;
use crate::source::LiveProcess;

/// Samples of a process.
#[derive(Debug)]
pub struct Sampling {
    /// The samples.
    pub profile: Profile,
    /// Why these are fewer than were asked for.
    pub partial: Option<Partial>,
}

/// Samples the process's threads for as long and as often as `options` say, or until the process or we are to end.
///
/// # Errors
/// [`FramesError`] when the interpreter's threads can't be found.
pub fn sample_process(
    target: &LiveProcess,
    options: SamplerOptions,
    interrupt: &Interrupt,
) -> Result<Sampling, FramesError> {
    let mut reader = FrameReader::new(FrameTarget::from(target.interpreter()));
    let process = target.process();
    let started = Instant::now();
    let mut probe =
        LiveProbe { process, started, schedstat: HashMap::new(), interrupt, interrupted: false, ended: None };
    let before = (Instant::now(), process.descriptors());
    let mut profile = sample(process, &mut reader, &mut probe, options)?;
    profile.outside = probe.ended.is_none().then(|| outside(&before.1, &process.descriptors(), before.0.elapsed()));
    let far = |after: Duration| format!("after {:.1} s of {} s", after.as_secs_f64(), options.seconds);
    let why = match (probe.interrupted, probe.ended) {
        (_, Some(after)) => Some(format!("process {} ended {}", process.pid(), far(after))),
        (true, None) => interrupt.came().map(|stop| format!("ended by {} {}", stop.as_str(), far(started.elapsed()))),
        (false, None) => None,
    };
    Ok(Sampling { profile, partial: why.map(Partial::from) })
}

/// What went in and out between two looks at the descriptors.
fn outside(before: &OpenDescriptors, after: &OpenDescriptors, elapsed: Duration) -> Outside {
    let known = |number: u32| before.list.iter().find(|one| one.number == number);
    let same = |one: &OpenDescriptor| known(one.number).filter(|known| known.identity == one.identity);
    let descriptor = |one: &OpenDescriptor| {
        let was = same(one);
        let since = |passed: u64| Some(passed.saturating_sub(was.map_or(Some(0), |was| was.passed)?));
        Descriptor {
            number: one.number,
            kind: one.kind,
            what: one.what.clone(),
            is_at_end: one.is_at_end,
            is_connected: one.is_connected,
            waiting: one.waiting,
            is_new: was.is_none(),
            moved: one.passed.and_then(since),
        }
    };
    let stays = |one: &&OpenDescriptor| {
        after.list.iter().any(|other| other.number == one.number && other.identity == one.identity)
    };
    let counts = before.io.zip(after.io);
    let counted = |count: fn(IoCounts) -> u64| counts.map(|(was, is)| count(is).saturating_sub(count(was)));
    Outside {
        seconds: elapsed.as_secs_f64(),
        read_bytes: counted(|io| io.read_bytes),
        reads: counted(|io| io.reads),
        only_files_are_read: before.only_files_are_read() && after.only_files_are_read(),
        written_bytes: counted(|io| io.written_bytes),
        tcp_is_counted: before.tcp_is_counted && after.tcp_is_counted,
        descriptors: after.list.iter().map(descriptor).collect(),
        descriptors_max: after.most,
        gone: (before.list.len() - before.list.iter().filter(stays).count()) as u64,
    }
}

/// The kernel's figures and this machine's clocks.
struct LiveProbe<'p> {
    process: &'p Process,
    started: Instant,
    /// Kept open: reading costs a third of opening and reading.
    schedstat: HashMap<u32, Option<File>>,
    interrupt: &'p Interrupt,
    /// It came while samples were still wanted.
    interrupted: bool,
    /// After how long the process was seen to have ended.
    ended: Option<Duration>,
}

impl ThreadProbe for LiveProbe<'_> {
    fn monotonic_ns(&mut self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }

    fn wall_seconds(&mut self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    fn wait_until(&mut self, monotonic_ns: u64) {
        let left = Duration::from_nanos(monotonic_ns).saturating_sub(self.started.elapsed());
        // What is waited for after an interrupt is what the samples so far can't be judged without.
        if self.interrupt.came().is_some() {
            std::thread::sleep(left);
        } else {
            self.interrupt.sleep(left);
        }
    }

    fn is_over(&mut self) -> bool {
        self.interrupted = self.interrupt.came().is_some();
        self.interrupted
    }

    fn thread_ids(&mut self) -> Vec<u32> {
        // A zombie's thread is listed until somebody takes note of its end.
        if self.process.check_alive().is_err() {
            self.ended.get_or_insert_with(|| self.started.elapsed());
            return Vec::new();
        }
        self.process.thread_ids().unwrap_or_default()
    }

    fn facts(&mut self, tid: u32, with_switches: bool) -> Option<ThreadFacts> {
        let path = |name: &str| format!("/proc/{}/task/{tid}/{name}", self.process.pid());
        let file = match self.schedstat.entry(tid) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(File::open(path("schedstat")).ok()),
        };
        let counted = file.as_ref().and_then(read_schedstat);
        let (cpu_ns, wait_ns) = match counted {
            Some(counted) => counted,
            // Kernels without schedstat count in clock ticks.
            None => (self.process.thread_cpu(tid)?.1.total_ns(), 0),
        };
        let mut facts = ThreadFacts { cpu_ns, wait_ns, ..ThreadFacts::default() };
        if with_switches {
            let status = std::fs::read_to_string(path("status")).ok()?;
            let count = |name: &str| {
                let line = status.lines().find(|line| line.starts_with(name))?;
                line.rsplit_once('\t')?.1.trim().parse().ok()
            };
            facts.voluntary_switches = count("voluntary_ctxt_switches")?;
            facts.involuntary_switches = count("nonvoluntary_ctxt_switches")?;
        }
        Some(facts)
    }

    fn own_waits(&mut self) -> OwnWaits {
        let own = File::open("/proc/thread-self/schedstat").ok().as_ref().and_then(read_schedstat);
        let stolen_ns = std::fs::read_to_string("/proc/stat").ok().and_then(|text| stolen_ns(&text));
        OwnWaits { wait_ns: own.map_or(0, |(_, wait)| wait), stolen_ns: stolen_ns.unwrap_or(0) }
    }
}

/// Time that the machine below took away from each processor on average, of `/proc/stat`.
fn stolen_ns(stat: &str) -> Option<u64> {
    let steal: u64 = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().nth(7)?.parse().ok()?;
    let is_processor =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let processors = stat.lines().filter(is_processor).count().max(1) as u64;
    Some(steal.saturating_mul(1_000_000_000 / ticks_per_second()) / processors)
}

/// Time on and time waiting for a processor, nanoseconds.
fn read_schedstat(file: &File) -> Option<(u64, u64)> {
    let mut buffer = [0; 96];
    let len = file.read_at(&mut buffer, 0).ok()?;
    let text = std::str::from_utf8(buffer.get(..len)?).ok()?;
    let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
    Some((fields.next()?.ok()?, fields.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_told_for_one_processor() {
        let stat = "cpu  10 0 10 100 0 0 0 400 0 0\ncpu0 5 0 5 50 0 0 0 300 0 0\ncpu1 5 0 5 50 0 0 0 100 0 0\nintr 7\n";
        assert_eq!(stolen_ns(stat), Some(400 * (1_000_000_000 / ticks_per_second()) / 2));
        assert_eq!(stolen_ns("cpu  10 0"), None);
        assert_eq!(stolen_ns(""), None);
    }
}
