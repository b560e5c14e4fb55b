//! Hot loops: a graded verdict on each busy thread of a sampled process.
//!
//! What a finding may claim, the strongest first; the first that holds is the verdict, all that hold are its tiers:
//! - `no-observed-progress`: a loop went round, its variables recurred among a handful of states;
//! - `inside-one-c-call`: one call into C did not return, nor consume an iterator, and the event loop is starved by it, or it
//!   is a regular expression's that takes longer than any honest match of its text;
//! - `event-loop-starved`: the event loop had no turn, though nothing but computing kept it, and the loop that kept it
//!   shows no progress towards any of its exits;
//! - `hot-loop`: a loop went round, nothing that its exits depend on changed, and no data came in from outside.
//!
//! Whether its turns fail is seen by the exception that its thread handled last. A failure counted a million times is still
//! the same failure: where each turn ends in it, what is counted, said or kept about it is no progress. Where none does, or
//! each time something else fails, the same texts and numbers are what the loop works on.
//!
//! A loop that gets on is `busy`, an observation: an iterator that is consumed, a condition whose inputs move, a loop
//! that waits for a moment. So is one that can't be judged: its exits depend on calls nobody can see into, and
//! something moves. Never is anything called infinite.

use bloathound_profile::frameworks::is_standard_library;
use bloathound_profile::processor::{ProcessorNeed, has_ended, sampler_shortage, thread_shortage};
use bloathound_profile::{Callee, Code, Profile, Sample, ThreadProfile};

use super::backtracking;
use super::candidate::{Candidate, candidates};
use super::place::{self, file_name};
use super::progress::{Judged, Progress, judge as judge_loop};
use super::telling;
use super::window::{Counts, Window};
use crate::thresholds::HotLoopThresholds;
use crate::thresholds::fixed::{LATE_BEGIN_SHARE, SECOND_HALF_SHARE};
use crate::{Evidence, Finding, FindingClass, HotLoopEvidence, Location, Problem, Verdict};

/// What a thread did that is no bug, or not known to be one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HotObservationKind {
    /// It slept.
    Idle,
    /// It slept and worked by turns.
    Polling,
    /// Its event loop had no turn, but it slept too: a call that blocks.
    Blocked,
    /// It was busy and got on, or nothing speaks against it.
    Busy,
    /// One call into C lasted all the time, and no event loop waited for it.
    InsideOneCCall,
}

/// Something seen of a thread that is not a finding.
#[derive(Clone, PartialEq, Debug)]
pub struct HotObservation {
    /// What.
    pub kind: HotObservationKind,
    /// The kernel's thread id.
    pub thread: Option<u32>,
    /// In a sentence, with what it rests on.
    pub message: String,
    /// Where the thread was.
    pub location: Location,
}

impl HotObservationKind {
    /// Its word in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Polling => "polling",
            Self::Blocked => "blocked",
            Self::Busy => "busy",
            Self::InsideOneCCall => "inside-one-c-call",
        }
    }
}

impl From<&HotObservation> for bloathound_vocabulary::ObservationRecord {
    fn from(seen: &HotObservation) -> Self {
        let record = Self::in_words(seen.kind.as_str(), seen.message.clone()).at(seen.location.clone());
        seen.thread.iter().fold(record, |record, thread| record.with("thread", *thread))
    }
}

/// Everything the rule has to say of a profile.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HotJudgement {
    /// Hot loops.
    pub findings: Vec<Finding>,
    /// What the other threads did.
    pub observations: Vec<HotObservation>,
    /// What could not be judged.
    pub problems: Vec<Problem>,
    /// What was not judged because sampler or thread had too little processor; each is among the problems too.
    pub abstained: Vec<String>,
}

/// Judges every thread of `profile`.
#[must_use]
pub fn judge(profile: &Profile, limits: &HotLoopThresholds) -> HotJudgement {
    let mut report = HotJudgement::default();
    report.problems.extend(profile.problems.iter().map(|text| problem(text.clone())));
    let need = ProcessorNeed::default();
    if let Some(short) = sampler_shortage(&profile.cost, profile.rate_hz, &need) {
        abstain(&mut report, format!("nothing is judged: {short}"));
        return report;
    }
    let mut windows = Vec::new();
    for thread in &profile.threads {
        match Window::of(profile, thread) {
            Some(window) => windows.push(window),
            None => report.problems.push(problem(format!("{}: no stack could be read whole", thread_name(thread)))),
        }
    }
    let samples = profile.threads.iter().filter_map(|thread| thread.samples.last());
    let last_ns = samples.map(|sample| sample.monotonic_ns).max().unwrap_or(0);
    let busy_together: f64 = windows.iter().map(|window| whole_counts(window.thread).runnable_fraction).sum();
    for window in &windows {
        if let Some(short) = thread_shortage(&profile.cost, window.thread, &need) {
            let message = format!("{} is not judged: {short}", thread_name(window.thread));
            // One that has ended was not stuck.
            if has_ended(window.thread, last_ns) {
                report.problems.push(problem(message))
            } else {
                abstain(&mut report, message)
            }
            continue;
        }
        judge_thread(window, busy_together, limits, &mut report);
    }
    if profile.threads.is_empty() {
        report.problems.push(problem("no Python thread was sampled".to_owned()));
    }
    report
}

fn judge_thread(window: &Window<'_>, busy_together: f64, limits: &HotLoopThresholds, report: &mut HotJudgement) {
    let all = window.thread.samples.iter().filter(|sample| !sample.torn).count();
    let name = thread_name(window.thread);
    if window.thread.tid.is_none() {
        report.problems.push(problem(format!("{name}: the kernel's thread was not found, so its CPU time is unknown")));
        return;
    }
    if all < limits.samples_min {
        report.problems.push(problem(format!("{name}: {all} samples are too few to judge by")));
        return;
    }
    let counts = whole_counts(window.thread);
    let whole = counts.runnable_fraction;
    // Nobody shares with himself: a thread that has the process to itself is judged by its own time alone.
    let has_company = busy_together - whole > limits.idle_fraction_max;
    let shares = has_company && busy_together >= limits.busy_fraction_min && whole >= limits.shared_fraction_min;
    if window.samples.len() < limits.samples_min {
        let kind = if counts.used_fraction <= limits.idle_fraction_max {
            HotObservationKind::Idle
        } else if whole >= limits.busy_fraction_min {
            HotObservationKind::Busy
        } else {
            HotObservationKind::Polling
        };
        let message = format!("{name}: its event loop comes round; it ran or was ready to {}", percent(whole));
        observe(report, window, kind, message);
        return;
    }
    if !window.is_busy(limits) && !shares {
        let kind = match (counts.used_fraction <= limits.idle_fraction_max, window.event_loop) {
            (true, _) => HotObservationKind::Idle,
            (false, Some(_)) => HotObservationKind::Blocked,
            (false, None) => HotObservationKind::Polling,
        };
        let message = format!(
            "{name}: it ran or was ready to {}, and gave the processor up {} times in {:.1} s",
            percent(window.runnable_fraction),
            window.voluntary_switches,
            window.seconds
        );
        observe(report, window, kind, message);
        return;
    }
    // A loop or a call that was begun after the first samples fills the rest.
    let begun_later = window.without_first(LATE_BEGIN_SHARE);
    for window in [window, &begun_later] {
        if window.is_one_instruction() && !is_self_jump(window) {
            judge_c_call(window, &name, limits, report);
            return;
        }
    }
    let second_half = window.without_first(SECOND_HALF_SHARE);
    let judged = [window, &begun_later, &second_half]
        .into_iter()
        .filter(|window| window.samples.len() >= limits.samples_min)
        .find(|window| !candidates(window).is_empty());
    judge_loops(judged.unwrap_or(window), &name, limits, report);
}

/// True when the one instruction is a jump to itself: `while 1: pass`.
fn is_self_jump(window: &Window<'_>) -> bool {
    let innermost = window.samples.first().and_then(|sample| sample.stack.0.last());
    innermost.is_some_and(|frame| {
        let code = window.profile.code(frame.code);
        frame.lasti.zip(code).is_some_and(|(at, code)| code.loops.iter().any(|l| l.first == at && l.last == at))
    })
}

fn judge_c_call(window: &Window<'_>, name: &str, limits: &HotLoopThresholds, report: &mut HotJudgement) {
    let Some(sample) = window.samples.last() else {
        return;
    };
    let frames = &sample.stack.0;
    let called: Option<&Callee> = frames.last().and_then(|frame| frame.detail.as_ref()?.callee.as_ref());
    let callee = called.map_or("one instruction", |callee| callee.name.as_str());
    let with = called.map(telling::arguments).unwrap_or_default();
    let starved = window.is_starved(limits);
    let moving = &window.thread.moving_iterators;
    if starved && moving.is_empty() && window.thread.iterators_unsure {
        let why = "it had too little processor while its iterators were watched";
        abstain(report, format!("{name} is not judged: inside one call of {callee}, and {why}"));
        return;
    }
    let is_lost = called.is_some_and(|callee| backtracking::is_lost(callee, window.seconds * window.cpu_fraction));
    if !moving.is_empty() || !(starved || is_lost) {
        let kind = if moving.is_empty() { HotObservationKind::InsideOneCCall } else { HotObservationKind::Busy };
        let gets_on = match moving.as_slice() {
            [] => String::new(),
            moving => format!(", which gets on with its {}", moving.join(", ")),
        };
        let message =
            format!("{name}: inside one call of {callee}{with} for {:.1} s at least{gets_on}", window.seconds);
        observe(report, window, kind, message);
        return;
    }
    // A wrapper in the standard library tells less than who called it.
    let place = frames
        .iter()
        .rev()
        .filter_map(|frame| Some((frame, window.profile.code(frame.code)?)))
        .find(|(_, code)| !is_standard_library(code))
        .or_else(|| frames.last().and_then(|frame| Some((frame, window.profile.code(frame.code)?))));
    let Some((frame, code)) = place else {
        return;
    };
    let location = location(code, Some((frame.line, frame.line)));
    let summary = telling::of_c_call(code, frame.line, (callee, &with), window, (starved, is_lost));
    let (grade, why) =
        if is_lost { telling::confidence_of_backtracking() } else { telling::confidence(Verdict::InsideOneCCall) };
    let starving = starved.then_some(Verdict::EventLoopStarved);
    let finding = Finding::new(
        FindingClass::HotLoop,
        Verdict::InsideOneCCall,
        fingerprint(code, "call"),
        location,
        Evidence::HotLoop(HotLoopEvidence {
            samples: window.samples.len() as u64,
            cpu_fraction: finite(window.cpu_fraction),
            loop_bytecode: None,
            distinct_states: 1,
            unchanging: Vec::new(),
            starved_seconds: starved.then(|| starved_seconds(window)).and_then(finite),
            voluntary_switches: window.voluntary_switches,
            tiers: starving.into_iter().chain([Verdict::InsideOneCCall]).collect(),
            thread: window.thread.tid,
            inside: Some(callee.to_owned()),
            exit_values: Vec::new(),
            fails: None,
        }),
    );
    report.findings.push(finding.saying(summary).sure(grade, why));
}

fn judge_loops(window: &Window<'_>, name: &str, limits: &HotLoopThresholds, report: &mut HotJudgement) {
    let starved = window.is_starved(limits);
    let mut seen: Option<String> = None;
    for candidate in candidates(window) {
        let judged = judge_loop(window, &candidate, limits);
        let tiers = tiers(judged.progress, judged.only_feeds_itself, starved);
        if let Some(verdict) = strongest(&tiers) {
            report.findings.push(finding(window, &candidate, judged, verdict, &tiers, starved));
            return;
        }
        let described = describe(&candidate, &judged);
        let goes_on_outside = judged.began_anew;
        seen.get_or_insert(described);
        if !goes_on_outside {
            break;
        }
    }
    let what = seen.unwrap_or_else(|| "no single loop was seen to go round".to_owned());
    let starving = if starved {
        format!("; its event loop had no turn for {:.1} s at least", starved_seconds(window))
    } else {
        String::new()
    };
    observe(report, window, HotObservationKind::Busy, format!("{name}: {what}{starving}"));
}

/// Which grades hold, the weakest first. A hot loop that shows progress, or may, is none.
fn tiers(progress: Progress, only_feeds_itself: bool, starved: bool) -> Vec<Verdict> {
    let mut tiers = Vec::new();
    let stuck = matches!(progress, Progress::None | Progress::NotTowardsExit);
    if !stuck || (progress == Progress::NotTowardsExit && !starved && !only_feeds_itself) {
        return tiers;
    }
    tiers.push(Verdict::HotLoop);
    if starved {
        tiers.push(Verdict::EventLoopStarved);
    }
    if progress == Progress::None {
        tiers.push(Verdict::NoObservedProgress);
    }
    tiers
}

fn strongest(tiers: &[Verdict]) -> Option<Verdict> {
    tiers.last().copied()
}

fn finding(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    judged: Judged,
    verdict: Verdict,
    tiers: &[Verdict],
    starved: bool,
) -> Finding {
    let found = candidate.found;
    let summary = telling::of_loop(candidate, &judged, window, starved.then(|| starved_seconds(window)));
    let (grade, why) = telling::confidence(verdict);
    Finding::new(
        FindingClass::HotLoop,
        verdict,
        fingerprint(candidate.code, &format!("loop {}", candidate.index + 1)),
        location(candidate.code, Some((found.line_first, found.line_last))),
        Evidence::HotLoop(HotLoopEvidence {
            samples: candidate.frames.len() as u64,
            cpu_fraction: finite(window.cpu_fraction),
            loop_bytecode: Some([found.first, found.last]),
            distinct_states: judged.distinct_states as u64,
            unchanging: judged.unchanging,
            starved_seconds: starved.then(|| starved_seconds(window)).and_then(finite),
            voluntary_switches: window.voluntary_switches,
            tiers: tiers.to_vec(),
            thread: window.thread.tid,
            inside: None,
            exit_values: judged.exit_values,
            fails: judged.failure.as_ref().map(|failure| failure.in_short(candidate)),
        }),
    )
    .saying(summary)
    .sure(grade, why)
}

/// What can't be told is left out: a document has no word for a number that is none.
fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// At least so long: what was watched, or what the event loop's own overdue timers say.
fn starved_seconds(window: &Window<'_>) -> f64 {
    window.thread.overdue_seconds.unwrap_or(0.0).max(window.seconds)
}

fn describe(candidate: &Candidate<'_>, judged: &Judged) -> String {
    let place = format!(
        "a loop in {} ({}:{}-{})",
        candidate.code.function,
        file_name(candidate.code),
        candidate.found.line_first,
        candidate.found.line_last
    );
    let moving = match judged.moving.as_slice() {
        [] => String::new(),
        moving => format!(", {} taking new values", moving.join(", ")),
    };
    match judged.progress {
        Progress::TowardsExit => format!("{place} gets on{moving}"),
        _ if judged.work.is_some() => {
            format!("{place} goes round{moving}; {}", judged.work.as_deref().unwrap_or_default())
        }
        _ => format!("{place} goes round{moving}; its exits depend on more than can be seen"),
    }
}

/// Of a thread that does something, where it does most of it.
fn observe(report: &mut HotJudgement, window: &Window<'_>, kind: HotObservationKind, mut message: String) {
    let all: Vec<&Sample> = window.thread.samples.iter().filter(|sample| !sample.torn).collect();
    let spot = place::busiest(window.profile, if window.samples.is_empty() { &all } else { &window.samples });
    let location = spot.map_or_else(Location::default, |spot| location(spot.code, Some((spot.line, spot.line))));
    if let Some(spot) = spot.filter(|_| kind != HotObservationKind::Idle) {
        let (function, file) = (&spot.code.function, file_name(spot.code));
        let share = 100.0 * spot.share;
        message.push_str(&format!("; {share:.0} % of that in {function} ({file}:{})", spot.line));
    }
    report.observations.push(HotObservation { kind, thread: window.thread.tid, message, location });
}

/// What the kernel counted over all samples of a thread.
fn whole_counts(thread: &ThreadProfile) -> Counts {
    let samples: Vec<&bloathound_profile::Sample> = thread.samples.iter().filter(|sample| !sample.torn).collect();
    Counts::of(&samples)
}

fn location(code: &Code, lines: Option<(u32, u32)>) -> Location {
    Location {
        module: file_name(code).strip_suffix(".py").map(str::to_owned),
        file: Some(code.file.to_string()),
        function: Some(code.function.to_string()),
        line_first: lines.map(|(first, _)| first),
        line_last: lines.map(|(_, last)| last),
        ..Location::default()
    }
}

fn fingerprint(code: &Code, what: &str) -> String {
    format!("hot-loop:{}:{}:{what}", file_name(code), code.function)
}

fn thread_name(thread: &ThreadProfile) -> String {
    match (thread.is_main, thread.tid) {
        (true, _) => "the main thread".to_owned(),
        (false, Some(tid)) => format!("thread {tid}"),
        (false, None) => format!("the Python thread {:#x}", thread.python_id),
    }
}

fn percent(fraction: f64) -> String {
    format!("{:.0} % of the time", 100.0 * fraction)
}

/// Says what is not judged, where people and programs look for it.
fn abstain(report: &mut HotJudgement, message: String) {
    report.problems.push(problem(message.clone()));
    report.abstained.push(message);
}

fn problem(message: String) -> Problem {
    Problem { stage: "hot-loop".to_owned(), message }
}
