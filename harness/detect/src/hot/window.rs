//! The stretch of samples of one thread that a verdict can rest on, and what the kernel counted meanwhile.

use std::collections::{HashMap, HashSet};

use bloathound_profile::frameworks::{is_event_loop, is_hub, is_within_event_loop};
use bloathound_profile::{CodeId, Frame, Profile, Sample, ThreadProfile};

use super::handful::happens_on_and_on;
use crate::thresholds::{HotLoopThresholds, predicates};

/// The last samples of a thread, from its event loop's last turn on; all where it has none.
pub(crate) struct Window<'a> {
    pub profile: &'a Profile,
    pub thread: &'a ThreadProfile,
    pub samples: Vec<&'a Sample>,
    /// Wall time.
    pub seconds: f64,
    /// CPU time over the time it could have had.
    pub cpu_fraction: f64,
    /// Share of the time it ran or waited for a processor.
    pub runnable_fraction: f64,
    pub voluntary_switches: u64,
    /// Depth of the innermost frame of the event loop, where there is one that is left to turn by itself.
    pub event_loop: Option<usize>,
    /// The program's own loop asks the event loop for one turn after another: that loop is what goes round.
    pub turned_by_hand: bool,
    /// Frames that all samples have in common, from the outermost on.
    pub common_depth: usize,
}

impl<'a> Window<'a> {
    /// The window of `thread`; `None` when it has no samples to speak of.
    pub(crate) fn of(profile: &'a Profile, thread: &'a ThreadProfile) -> Option<Self> {
        let whole: Vec<&Sample> = thread.samples.iter().filter(|sample| !sample.torn).collect();
        let last = whole.last()?;
        let codes = EventLoopCodes::new(profile);
        let turned_by_hand = predicates::TURNED_BY_HAND.says(codes.is_called_anew(profile, &whole));
        let event_loop = codes.depth(last).filter(|_| !turned_by_hand);
        // Backwards while the event loop's own frames stand still below a call it made.
        let mut begin = whole.len() - 1;
        if event_loop.is_some() {
            if codes.is_innermost(last) {
                begin = whole.len();
            }
            while begin < whole.len() && begin > 0 {
                let (Some(before), Some(here)) = (whole.get(begin - 1), whole.get(begin)) else {
                    break;
                };
                if codes.is_innermost(before) || !codes.stands_still(before, here) {
                    break;
                }
                begin -= 1;
            }
        } else {
            begin = 0;
        }
        let samples = whole.get(begin..)?.to_vec();
        let common_depth = common_depth(&samples);
        let mut window = Self {
            profile,
            thread,
            samples,
            seconds: 0.0,
            cpu_fraction: 0.0,
            runnable_fraction: 0.0,
            voluntary_switches: 0,
            event_loop,
            turned_by_hand,
            common_depth,
        };
        window.count();
        Some(window)
    }

    /// The same window without its first `share`: what was begun while we looked already fills the rest.
    pub(crate) fn without_first(&self, share: f64) -> Self {
        let skipped = (self.samples.len() as f64 * share) as usize;
        let samples = self.samples.get(skipped..).unwrap_or_default().to_vec();
        let mut rest = Self { common_depth: common_depth(&samples), samples, ..*self };
        rest.count();
        rest
    }

    fn count(&mut self) {
        let counts = Counts::of(&self.samples);
        self.seconds = counts.seconds;
        self.voluntary_switches = counts.voluntary_switches;
        self.runnable_fraction = counts.runnable_fraction;
        self.cpu_fraction = counts.cpu_fraction;
    }

    /// True when it ran or waited for a processor nearly all the time, and did not mostly sleep in what was left: a
    /// thread that only polls waits for each turn on a busy machine, and would look as if it computed.
    pub(crate) fn is_busy(&self, limits: &HotLoopThresholds) -> bool {
        self.runnable_fraction >= limits.busy_fraction_min && self.cpu_fraction >= limits.awake_fraction_min
    }

    /// True when the thread's event loop had no turn for long enough, and nothing but computing kept it from one.
    pub(crate) fn is_starved(&self, limits: &HotLoopThresholds) -> bool {
        let others = self.profile.threads.len() > 1;
        let switches = if others { limits.switches_per_second_shared_max } else { limits.switches_per_second_max };
        self.event_loop.is_some()
            && self.seconds >= limits.starved_seconds_min
            && self.runnable_fraction >= limits.busy_fraction_min
            && self.voluntary_switches as f64 <= switches * self.seconds
    }

    /// True for a frame of an event loop that is turned by hand: what it has in hand, an empty list of what is ready, is no
    /// work of whoever turns it.
    pub(crate) fn only_turns(&self, frame: &Frame) -> bool {
        let is_part = |code| is_event_loop(code) || is_within_event_loop(code);
        self.turned_by_hand && self.profile.code(frame.code).is_some_and(is_part)
    }

    /// The frames at `depth`, one a sample; shorter stacks have none.
    pub(crate) fn frames_at(&self, depth: usize) -> impl Iterator<Item = Option<&'a Frame>> + '_ {
        self.samples.iter().map(move |sample| sample.stack.0.get(depth))
    }

    /// True when nothing moved at all: one instruction of one frame in every sample.
    pub(crate) fn is_one_instruction(&self) -> bool {
        let Some(first) = self.samples.first() else {
            return false;
        };
        !first.stack.0.is_empty()
            && self.samples.iter().all(|sample| {
                sample.stack.0.len() == first.stack.0.len()
                    && sample.stack.0.iter().zip(&first.stack.0).all(|(mine, theirs)| same_place(mine, theirs))
            })
    }
}

/// Same call at the same instruction with the same objects in its variables.
pub(crate) fn same_place(mine: &Frame, theirs: &Frame) -> bool {
    same_call(mine, theirs) && mine.lasti == theirs.lasti && mine.identity == theirs.identity
}

/// Same code at the same address. The next call of a function may have it too.
pub(crate) fn same_call(mine: &Frame, theirs: &Frame) -> bool {
    mine.address == theirs.address && mine.code == theirs.code
}

/// True where a call was seen at an instruction before the one it had come to, and no loop of its own led there.
fn steps_back(profile: &Profile, before: &Frame, after: &Frame) -> bool {
    let loops = profile.code(before.code).map_or(&[][..], |code| &code.loops);
    let places = before.lasti.zip(after.lasti);
    places.is_some_and(|(from, to)| to < from && !loops.iter().any(|l| l.contains(from) && l.contains(to)))
}

fn common_depth(samples: &[&Sample]) -> usize {
    let Some(first) = samples.first() else {
        return 0;
    };
    (0..first.stack.0.len())
        .take_while(|&depth| {
            let of_first = first.stack.0.get(depth);
            samples.iter().all(|sample| {
                sample.stack.0.get(depth).zip(of_first).is_some_and(|(mine, theirs)| same_call(mine, theirs))
            })
        })
        .count()
}

/// Which code objects are an event loop's.
pub(crate) struct EventLoopCodes(HashMap<CodeId, Part>);

/// What a code object is to an event loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its own.
    Own,
    /// Its own where it calls it.
    Within,
}

impl EventLoopCodes {
    pub(crate) fn new(profile: &Profile) -> Self {
        let part = |code| match code {
            code if is_event_loop(code) => Some(Part::Own),
            code if is_within_event_loop(code) => Some(Part::Within),
            _ => None,
        };
        let codes = profile.codes.iter().enumerate();
        Self(codes.filter_map(|(index, code)| Some((CodeId(index as u32), part(code)?))).collect())
    }

    /// Depth of the innermost frame of the event loop.
    pub(crate) fn depth(&self, sample: &Sample) -> Option<usize> {
        let part = |frame: &Frame| self.0.get(&frame.code).copied();
        let frames = &sample.stack.0;
        let own = frames.iter().rposition(|frame| part(frame) == Some(Part::Own))?;
        let within = frames.iter().skip(own + 1).take_while(|frame| part(frame) == Some(Part::Within)).count();
        Some(own + within)
    }

    /// True when a loop of the program's calls the event loop anew each turn, and still did late.
    fn is_called_anew(&self, profile: &Profile, samples: &[&Sample]) -> bool {
        let outermost =
            |sample: &Sample| sample.stack.0.iter().position(|frame| self.0.get(&frame.code) == Some(&Part::Own));
        let is_in_loop = |frame: &Frame| {
            let code = profile.code(frame.code);
            code.zip(frame.lasti).is_some_and(|(code, at)| code.innermost_loop(at).is_some())
        };
        let is_anew = |pair: &[&Sample]| {
            let &[before, after] = pair else { return false };
            let Some(depth) = outermost(before).or_else(|| outermost(after)) else { return false };
            let caller = depth.checked_sub(1);
            let both = |depth: usize| before.stack.0.get(depth).zip(after.stack.0.get(depth));
            let is_one_loops =
                |(mine, theirs): (&Frame, &Frame)| same_call(mine, theirs) && is_in_loop(mine) && is_in_loop(theirs);
            if !caller.and_then(both).is_some_and(is_one_loops) {
                return false;
            }
            match (outermost(before), outermost(after)) {
                (Some(mine), Some(theirs)) if mine == theirs => both(depth)
                    .is_some_and(|(mine, theirs)| !same_call(mine, theirs) || steps_back(profile, mine, theirs)),
                (None, None) => false,
                _ => true,
            }
        };
        happens_on_and_on(samples.windows(2).map(is_anew))
    }

    /// True when the event loop itself runs, or polls.
    fn is_innermost(&self, sample: &Sample) -> bool {
        let innermost = sample.stack.0.len().checked_sub(1);
        innermost.is_none() || self.depth(sample) == innermost
    }

    /// True when the event loop had no turn between two samples, as far as its frames show.
    pub(crate) fn stands_still(&self, before: &Sample, after: &Sample) -> bool {
        let depth = self.depth(after);
        depth == self.depth(before)
            && depth.is_some_and(|depth| {
                let frames = before.stack.0.iter().zip(&after.stack.0);
                frames.take(depth + 1).all(|(mine, theirs)| same_place(mine, theirs))
            })
    }
}

/// An event loop that runs what it calls on stacks of its own, such as greenlets: the samples show either.
pub(crate) struct Hub(HashSet<CodeId>);

impl Hub {
    /// The hub that `samples` show; none where none of them does.
    pub(crate) fn of(profile: &Profile, samples: &[&Sample]) -> Self {
        let outermost = samples.iter().filter_map(|sample| sample.stack.0.first());
        Self(outermost.map(|frame| frame.code).filter(|code| profile.code(*code).is_some_and(is_hub)).collect())
    }

    /// True where there is one.
    pub(crate) fn is_one(&self) -> bool {
        !self.0.is_empty()
    }

    /// True for a sample that shows it run.
    pub(crate) fn runs(&self, sample: &Sample) -> bool {
        sample.stack.0.first().is_some_and(|frame| self.0.contains(&frame.code))
    }
}

/// What the kernel counted over some samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Wall time.
    pub seconds: f64,
    /// CPU time over the time it could have had.
    pub cpu_fraction: f64,
    /// Share of the time it ran or waited for a processor.
    pub runnable_fraction: f64,
    /// CPU time over wall time.
    pub used_fraction: f64,
    pub voluntary_switches: u64,
}

impl Counts {
    pub(crate) fn of(samples: &[&Sample]) -> Self {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Self::default();
        };
        let since = |sample: &Sample| sample.monotonic_ns.saturating_sub(first.monotonic_ns) as f64;
        let whole = since(last);
        let mut counts = Self {
            seconds: whole / 1e9,
            voluntary_switches: last.facts.voluntary_switches.saturating_sub(first.facts.voluntary_switches),
            ..Self::default()
        };
        // The kernel counts a wait when it is over: up to the last sample that saw it run, all is counted.
        let counted = samples.windows(2).rev().find_map(|pair| match pair {
            [before, after] if after.facts.cpu_ns > before.facts.cpu_ns => Some(*after),
            _ => None,
        });
        let Some(until) = counted else {
            return counts;
        };
        let cpu = until.facts.cpu_ns.saturating_sub(first.facts.cpu_ns) as f64;
        let wait = until.facts.wait_ns.saturating_sub(first.facts.wait_ns) as f64;
        let ran_early = samples.get(samples.len() / 2).is_some_and(|sample| sample.facts.cpu_ns > first.facts.cpu_ns);
        let ran_late = since(until) > whole / 2.0;
        counts.used_fraction = (cpu / whole.max(1.0)).min(1.0);
        if ran_early && ran_late && counts.voluntary_switches == 0 {
            // It never gave the processor up: when it did not run, it was waiting for one.
            (counts.runnable_fraction, counts.cpu_fraction) = (1.0, 1.0);
        } else {
            let wall = if ran_late { since(until) } else { whole };
            counts.runnable_fraction = ((cpu + wait) / wall.max(1.0)).min(1.0);
            counts.cpu_fraction = (cpu / (wall - wait).max(cpu).max(1.0)).min(1.0);
        }
        counts
    }
}
