//! All rules: what each is called, what it needs to see, and what it has to say. To add a rule, give it a folder, a
//! variant of what it says here, and a line in [`RULES`]; its switch and the runs that judge by it follow from that.

use bloathound_heap::{GcReplay, HeapSnapshot};
use bloathound_profile::Profile;

use crate::cycles::find_cycles;
use crate::fragmentation::{self, ArenaFacts, FragmentationObservation, HolePin, PinGroup};
use crate::garbage::find_garbage;
use crate::growth::{GrowthRound, GrowthUnit, LastLook, Values, find_growth_below_limits};
use crate::hot::rule::{self as hot, HotObservation};
use crate::native::{find_native_memory, settle};
use crate::series::LookFacts;
use crate::spin;
use crate::thresholds::{Scope, Thresholds};
use crate::{Finding, Label, ObservationRecord, Problem};

/// What a rule must see to judge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// Looks at the same process after rounds of the same load.
    pub looks: bool,
    /// The facts of several looks.
    pub series: bool,
    /// One decoded heap.
    pub snapshot: bool,
    /// The arenas of a copied memory.
    pub memory: bool,
    /// Samples of the threads.
    pub profile: bool,
}

/// What is there to judge by. What is missing is left out; rules that need it say nothing.
#[derive(Clone, Copy, Default)]
pub struct Seen<'a> {
    /// Looks, in order of time, and what a unit of the load between them is.
    pub looks: Option<(&'a [GrowthRound<'a>], GrowthUnit)>,
    /// What the heap of the last look does not hold itself; only with `snapshot`, which is that heap then.
    pub values: Option<&'a dyn Values>,
    /// The facts of looks, in order of time.
    pub series: Option<&'a [LookFacts]>,
    /// A heap, and what a full collection would do to it.
    pub snapshot: Option<(&'a HeapSnapshot, &'a GcReplay)>,
    /// The arenas.
    pub memory: Option<MemorySeen<'a>>,
    /// Samples.
    pub profile: Option<&'a Profile>,
}

/// The arenas of one look.
#[derive(Clone, Copy)]
pub struct MemorySeen<'a> {
    /// In numbers.
    pub now: &'a ArenaFacts,
    /// The same of the same process before the load.
    pub before: Option<&'a ArenaFacts>,
    /// Who keeps the sparse arenas. Asked only where there is something to explain: it costs a path for each survivor.
    pub pins: &'a dyn Fn() -> Vec<PinGroup>,
    /// Who keeps the holes of the C heap. Asked only where these are worth an observation.
    pub holes: &'a dyn Fn() -> Vec<HolePin>,
}

/// Something worth knowing that is no bug by itself.
#[derive(Clone, PartialEq, Debug)]
pub enum Observation {
    /// Cycles that the next full collection frees.
    Collectable {
        /// How many.
        cycles: u64,
        /// Objects in them.
        objects: u64,
        /// One of them by names.
        cycle: Vec<Label>,
    },
    /// Of the memory.
    Memory(FragmentationObservation),
    /// Of a thread.
    Thread(HotObservation),
    /// Told as it is.
    Told(ObservationRecord),
}

/// What a rule has to say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Report {
    /// Bugs.
    pub findings: Vec<Finding>,
    /// What is no bug by itself.
    pub observations: Vec<Observation>,
    /// What could not be told.
    pub problems: Vec<Problem>,
    /// Why nothing may be concluded from its silence: what it rests on was not to be had.
    pub abstained: Vec<String>,
}

impl Needs {
    /// What one of two needs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            looks: self.looks || other.looks,
            series: self.series || other.series,
            snapshot: self.snapshot || other.snapshot,
            memory: self.memory || other.memory,
            profile: self.profile || other.profile,
        }
    }
}

/// A detection rule.
pub trait Rule: Sync {
    /// Its name, which is its switch too: `--without growth`.
    fn name(&self) -> &'static str;
    /// Other names of its switch.
    fn aliases(&self) -> &'static [&'static str];
    /// In a few words, for people who switch it off.
    fn about(&self) -> &'static str;
    /// What it judges by.
    fn needs(&self) -> Needs;
    /// Judges what was seen; nothing where what it needs is not there.
    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report;
}

/// All rules, in the order of the classes that they find.
pub static RULES: [&dyn Rule; 7] = [&Growth, &Cycles, &Fragmentation, &HotLoop, &Spin, &Garbage, &NativeMemory];

/// The rule of this name, or of this other name of its switch, in any case.
#[must_use]
pub fn rule(name: &str) -> Option<&'static dyn Rule> {
    let is_it = |known: &str| known.eq_ignore_ascii_case(name);
    RULES.into_iter().find(|rule| is_it(rule.name()) || rule.aliases().iter().any(|alias| is_it(alias)))
}

/// What all rules but those in `without` must see: the rest need not be computed.
#[must_use]
pub fn needs(without: &[&str]) -> Needs {
    RULES.into_iter().filter(|rule| !without.contains(&rule.name())).map(Rule::needs).fold(Needs::default(), Needs::or)
}

/// What all rules but those in `without` say of what was seen.
#[must_use]
pub fn judge(seen: &Seen<'_>, without: &[&str], thresholds: &Thresholds) -> Report {
    let _away = Scope::new(thresholds.away);
    let mut all = Report::default();
    for rule in RULES.into_iter().filter(|rule| !without.contains(&rule.name())) {
        let report = rule.judge(seen, thresholds);
        all.findings.extend(report.findings);
        all.observations.extend(report.observations);
        all.problems.extend(report.problems);
        all.abstained.extend(report.abstained);
    }
    spin::settle(&mut all.findings);
    settle(&mut all.findings, thresholds);
    all
}

struct Growth;

impl Rule for Growth {
    fn name(&self) -> &'static str {
        "growth"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["leak"]
    }

    fn about(&self) -> &'static str {
        "Leaks: growth over rounds"
    }

    fn needs(&self) -> Needs {
        Needs { looks: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some((looks, unit)) = seen.looks else { return Report::default() };
        let last = seen.snapshot.zip(seen.values).map(|((snapshot, _), values)| LastLook { snapshot, values });
        let report = find_growth_below_limits(looks, unit, last, thresholds);
        Report {
            findings: report.findings,
            observations: report.observations.into_iter().map(Observation::Told).collect(),
            problems: report.problems,
            abstained: Vec::new(),
        }
    }
}

struct Cycles;

impl Rule for Cycles {
    fn name(&self) -> &'static str {
        "cycles"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["cycle"]
    }

    fn about(&self) -> &'static str {
        "Uncollectable cycles"
    }

    fn needs(&self) -> Needs {
        Needs { snapshot: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some((snapshot, replay)) = seen.snapshot else { return Report::default() };
        let report = find_cycles(snapshot, replay, thresholds);
        let collectable = Observation::Collectable {
            cycles: report.collectable_cycles,
            objects: report.collectable_objects,
            cycle: report.collectable_example,
        };
        let observations = if report.collectable_cycles > 0 { vec![collectable] } else { Vec::new() };
        Report { findings: report.findings, observations, problems: report.problems, ..Report::default() }
    }
}

struct Fragmentation;

impl Rule for Fragmentation {
    fn name(&self) -> &'static str {
        "fragmentation"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    fn about(&self) -> &'static str {
        "Arenas pinned by live objects"
    }

    fn needs(&self) -> Needs {
        Needs { memory: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some(memory) = seen.memory else { return Report::default() };
        let with = |pins: &[PinGroup]| fragmentation::judge(memory.now, memory.before, pins, &thresholds.fragmentation);
        let mut judged = with(&[]);
        if !judged.findings.is_empty() {
            judged = with(&(memory.pins)());
        }
        let told = |seen: FragmentationObservation| match seen.name {
            fragmentation::HOLES => Observation::Memory(seen.pinned_by((memory.holes)())),
            _ => Observation::Memory(seen),
        };
        Report {
            findings: judged.findings,
            observations: judged.observations.into_iter().map(told).collect(),
            problems: judged.problems,
            abstained: Vec::new(),
        }
    }
}

struct HotLoop;

impl Rule for HotLoop {
    fn name(&self) -> &'static str {
        "hot-loop"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["hot", "loop"]
    }

    fn about(&self) -> &'static str {
        "Loops that keep a thread busy"
    }

    fn needs(&self) -> Needs {
        Needs { profile: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some(profile) = seen.profile else { return Report::default() };
        let report = hot::judge(profile, &thresholds.hot_loop);
        Report {
            findings: report.findings,
            observations: report.observations.into_iter().map(Observation::Thread).collect(),
            problems: report.problems,
            abstained: report.abstained,
        }
    }
}

struct Spin;

impl Rule for Spin {
    fn name(&self) -> &'static str {
        "spin"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["event-loop-spins"]
    }

    fn about(&self) -> &'static str {
        "Event loops that turn without doing anything"
    }

    fn needs(&self) -> Needs {
        Needs { profile: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some(profile) = seen.profile else { return Report::default() };
        // What can't be judged at all, the rule of hot loops says.
        Report { findings: spin::judge(profile, thresholds), ..Report::default() }
    }
}

struct Garbage;

impl Rule for Garbage {
    fn name(&self) -> &'static str {
        "garbage"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["collector"]
    }

    fn about(&self) -> &'static str {
        "Garbage that no collection comes for"
    }

    fn needs(&self) -> Needs {
        Needs { series: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some(series) = seen.series else { return Report::default() };
        let report = find_garbage(series, thresholds);
        let observations = report.observations.into_iter().map(Observation::Told).collect();
        Report { findings: report.findings, observations, ..Report::default() }
    }
}

struct NativeMemory;

impl Rule for NativeMemory {
    fn name(&self) -> &'static str {
        "native-memory"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["native"]
    }

    fn about(&self) -> &'static str {
        "Memory outside objects that climbs"
    }

    fn needs(&self) -> Needs {
        Needs { series: true, ..Needs::default() }
    }

    fn judge(&self, seen: &Seen<'_>, thresholds: &Thresholds) -> Report {
        let Some(series) = seen.series else { return Report::default() };
        let report = find_native_memory(series, thresholds);
        let observations = report.observations.into_iter().map(Observation::Told).collect();
        Report { findings: report.findings, observations, ..Report::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_a_switch_of_its_own_and_needs_something() {
        let mut switches: Vec<&str> = Vec::new();
        for one in RULES {
            assert_ne!(one.needs(), Needs::default(), "{}", one.name());
            for switch in [one.name()].iter().chain(one.aliases()) {
                assert!(!switches.contains(switch), "{switch}");
                assert_eq!(rule(switch).map(Rule::name), Some(one.name()));
                switches.push(switch);
            }
        }
        assert_eq!(rule("GROWTH").map(Rule::name), Some("growth"));
        assert!(rule("nothing").is_none());
    }

    #[test]
    fn what_no_rule_needs_is_not_asked_for() {
        assert_eq!(needs(&[]), Needs { looks: true, series: true, snapshot: true, memory: true, profile: true });
        assert_eq!(
            needs(&["growth", "cycles", "hot-loop", "spin", "garbage", "native-memory"]),
            Needs { memory: true, ..Needs::default() }
        );
    }

    #[test]
    fn a_rule_that_sees_nothing_says_nothing_and_a_switch_turns_it_off() {
        let thresholds = Thresholds::default();
        assert_eq!(judge(&Seen::default(), &[], &thresholds), Report::default());
        let profile = Profile::default();
        let now = ArenaFacts::default();
        let seen = Seen {
            profile: Some(&profile),
            memory: Some(MemorySeen { now: &now, before: None, pins: &Vec::new, holes: &Vec::new }),
            ..Seen::default()
        };
        let stages = |without: &[&str]| {
            let problems = judge(&seen, without, &thresholds).problems;
            problems.into_iter().map(|problem| problem.stage).collect::<Vec<_>>()
        };
        assert_eq!(stages(&[]), ["fragmentation", "hot-loop"]);
        assert_eq!(stages(&["hot-loop"]), ["fragmentation"]);
    }
}
