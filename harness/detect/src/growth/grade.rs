//! How sure it is: a leak, something that may be filling, or something below its limit.

use std::collections::BTreeSet;

use bloathound_heap::ShapeTree;
use bloathound_vocabulary::{ObservationClass, ObservationRecord};

use super::limit::{LastLook, Limit, limit};
use super::trend::Trend;
use super::work::{Odometer, Work};
use super::{GrowthRound, GrowthUnit, Place, Scene, gain, leak};
use crate::series::bytes_text;
use crate::thresholds::fixed::{FIRM_BEND_SHARE, FIRM_RESTING_ONE_IN, KEPT_TIMES_MAX};
use crate::thresholds::keepers::{Keeper, keeper_of};
use crate::thresholds::{GrowthThresholds, predicates, words};
use crate::{Evidence, Finding, FindingClass, Grade, Label, RootKind, Verdict};

/// What becomes of a cause.
pub(super) enum Judged {
    Finding(Box<Finding>),
    Observation(Box<ObservationRecord>),
}

/// Grades the places of one cause, the one to name first. What is bounded is told apart: something without a bound may
/// grow by the same steps.
pub(super) fn grade(
    scene: &Scene<'_>,
    cause: &[Place],
    rounds: &[GrowthRound<'_>],
    last: Option<LastLook<'_>>,
) -> Vec<Judged> {
    let mut judged = Vec::new();
    let mut bounded: BTreeSet<usize> = BTreeSet::new();
    for place in cause {
        if let Some(found) = limit_of(scene, place, last)
            && bounded.insert(found.container)
            && let Some(finding) = scene.finding(std::slice::from_ref(place))
        {
            judged.push(bounded_place(scene, place, &found, finding, rounds));
        }
    }
    let is_free = |place: &&Place| scene.tree.line(place.main).iter().all(|shape| !bounded.contains(shape));
    let free: Vec<Place> = cause.iter().filter(is_free).cloned().collect();
    judged.extend(grade_unbounded(scene, &free, rounds));
    judged
}

fn grade_unbounded(scene: &Scene<'_>, cause: &[Place], rounds: &[GrowthRound<'_>]) -> Option<Judged> {
    let (place, finding) = (cause.first()?, scene.finding(cause)?);
    let told = headline(&finding);
    let module = finding.location.module.clone().unwrap_or_default();
    let length = place.values.last().copied().unwrap_or(0);
    let keeper = keeper_of(&module, finding.location.path.iter().filter_map(Label::name));
    let goes_on = keeper.is_some_and(|keeper| goes_on(scene, place, keeper));
    if let Some(keeper) = keeper
        && !goes_on
        && keeper.most.is_none_or(|most| length <= most.saturating_mul(KEPT_TIMES_MAX))
    {
        let summary = format!("{told} grows by design: {} ({})", keeper.bound, keeper.source);
        let record = ObservationRecord::new(ObservationClass::KeptByDesign, summary).with("length", length);
        return Some(Judged::Observation(Box::new(record.at(finding.location))));
    }
    if scene.judge.unit() == GrowthUnit::Request {
        let along = Odometer::Requests;
        let summary = said(&finding, &told, along, along.as_str());
        let why = "the load is counted, and it grew with it".to_owned();
        let finding = with_work(finding, along.as_str()).saying(summary).sure(Grade::High, why);
        return Some(Judged::Finding(Box::new(finding)));
    }
    let values = &place.values;
    let trend = scene.judge.trend(values)?;
    let is_timed =
        scene.tree.labels(place.main).iter().any(|label| label.name().is_some_and(|name| words::TIMED.has(name)));
    if is_timed && predicates::TIMES_COME.says(trend.given_back > scene.judge.limits().timed_given_back_max) {
        let summary = format!("{told} holds {length} calls until their times, which come: it was fewer in between");
        let record = ObservationRecord::new(ObservationClass::KeptByDesign, summary).with("length", length);
        return Some(Judged::Observation(Box::new(record.at(finding.location))));
    }
    let (class, grade, why) = match keeper.filter(|_| goes_on) {
        Some(keeper) => {
            let why = format!("by design it holds {}, but in every round there were new ones", keeper.bound);
            (FindingClass::Growth, Grade::Low, why)
        }
        None => claim(scene.tree, place.main, values, trend, rounds, scene.judge.limits()),
    };
    let along = scene.judge.told(trend.along);
    let summary = said(&finding, &told, trend.along, &along);
    Some(Judged::Finding(Box::new(with_work(as_class(finding, class), &along).saying(summary).sure(grade, why))))
}

/// Whether what keeps by design, without a number that bounds it, goes on to take more in each of many rounds: there are
/// only so many modules that a program is made of.
fn goes_on(scene: &Scene<'_>, place: &Place, keeper: &Keeper) -> bool {
    let in_all =
        |trend: Trend| trend.intervals >= scene.judge.limits().uneven_rounds_min && trend.growing == trend.intervals;
    predicates::KEEPER_GOES_ON.says(keeper.most.is_none() && scene.judge.trend(&place.values).is_some_and(in_all))
}

fn limit_of(scene: &Scene<'_>, place: &Place, last: Option<LastLook<'_>>) -> Option<Limit> {
    let still = place.steps.last().is_some_and(|step| *step > 0);
    let found = limit(last?, scene.tree, place.holder, still, scene.judge.limits())?;
    // What bounds a container that has as many items as ever bounds nothing that only hangs on these: a chain of links.
    let stays = gain(&scene.all[found.container].entries) == 0;
    (!predicates::STAYS_AS_LONG.says(!found.is_log && stays)).then_some(found)
}

/// What is bounded: far from its bound it is growth all the same, told with the bound.
fn bounded_place(
    scene: &Scene<'_>,
    place: &Place,
    found: &Limit,
    finding: Finding,
    rounds: &[GrowthRound<'_>],
) -> Judged {
    let values = &place.values;
    let gained = gain(values) as f64 / values.last().copied().unwrap_or(0).max(1) as f64;
    let at = |round: Option<&GrowthRound<'_>>| round.and_then(|round| round.work.seconds);
    let watched = at(rounds.last()).zip(at(rounds.first())).map(|(last, first)| last - first);
    let kept = leak(&finding).map_or(0, |leak| leak.retained_bytes);
    let far = found.far(gained, watched, kept, scene.judge.limits());
    let trend = scene.judge.trend(values);
    let Some((far, trend)) = far.zip(trend) else {
        return Judged::Observation(Box::new(below_limit(found, finding)));
    };
    let full = match far.seconds {
        Some(left) => format!("at this rate it is full in {}", seconds(left)),
        None => "by far it is not full yet".to_owned(),
    };
    let (told, Limit { length, most, name, .. }) = (headline(&finding), found);
    let bytes = bytes_text(far.bytes);
    let (summary, doubt) = if found.is_log {
        let summary = format!("{told} holds {length} of at most {most} ({name}): {full}, and keeps about {bytes} then");
        (summary, "its bound is far: whether that much may stay is for who set it to say")
    } else {
        let summary = format!(
            "{told} holds {length} and keeps more and more. If {name} = {most} is meant as its bound, {full}, and it keeps about {bytes} then"
        );
        (summary, "what may be its bound is far, and it was not seen to stop there")
    };
    let why = format!("it grew in {} of {} rounds, and {doubt}", trend.growing, trend.intervals);
    let finding = with_work(as_class(finding, FindingClass::Growth), &scene.judge.told(trend.along));
    Judged::Finding(Box::new(finding.saying(summary).sure(Grade::Low, why)))
}

/// Below a limit that is in memory: told with its figure.
fn below_limit(found: &Limit, finding: Finding) -> ObservationRecord {
    let told = headline(&finding);
    let summary = format!("{told} holds {} of at most {} ({}): it is bounded", found.length, found.most, found.name);
    let record = ObservationRecord::new(ObservationClass::Bounded, summary)
        .with("length", found.length)
        .with("limit", found.most);
    record.at(finding.location)
}

/// What may be claimed of growth that nobody's count explains.
fn claim(
    tree: &ShapeTree,
    main: usize,
    values: &[u64],
    trend: Trend,
    rounds: &[GrowthRound<'_>],
    limits: &GrowthThresholds,
) -> (FindingClass, Grade, String) {
    let rounds_text = format!("{} of {} rounds", trend.growing, trend.intervals);
    if predicates::RUNNING_LOCAL.applies()
        && let Some(function) = running_local(tree, main)
    {
        let why = format!(
            "it grew in {rounds_text}, but it is a local of {function}, which is running: it goes when that returns"
        );
        return (FindingClass::Growth, Grade::Low, why);
    }
    if tree.labels(main).iter().any(|label| label.name().is_some_and(|name| words::TIMED.has(name))) {
        let why = format!("it grew in {rounds_text}; each goes when its time comes or when it is cancelled");
        return (FindingClass::Growth, Grade::Medium, why);
    }
    if trend.by_count_only {
        let why = format!(
            "it grew in {rounds_text} and straight along with what the program counts itself, but with nothing else that was done"
        );
        return (FindingClass::Growth, Grade::Low, why);
    }
    let works: Vec<Work> = rounds.iter().map(|round| round.work).collect();
    let horizon = Horizon::of(values, trend.gain, &works);
    let resting = trend.intervals.saturating_sub(trend.growing);
    let firm =
        resting * FIRM_RESTING_ONE_IN <= trend.intervals && trend.bend.abs() <= limits.bend_max * FIRM_BEND_SHARE;
    let grade = if firm { Grade::Medium } else { Grade::Low };
    let Some(horizon) = horizon else {
        let why = format!("it grew in {rounds_text}; how long the process has run is not known: it may be filling");
        return (FindingClass::Growth, grade, why);
    };
    if horizon.emptied(limits) {
        let why = format!(
            "it grew in {rounds_text}, but at this rate it holds only what came in {}: it was emptied before, or began later",
            seconds(horizon.kept)
        );
        return (FindingClass::Growth, Grade::Low, why);
    }
    let seen = horizon.kept.min(horizon.age).max(horizon.watched);
    if seen < limits.horizon_seconds_min {
        let why = format!(
            "it grew in {rounds_text} and never gave back, but only {} are seen: it may still be filling",
            seconds(seen)
        );
        return (FindingClass::Growth, grade, why);
    }
    let why = format!("it grew in {rounds_text}, nothing bounds it, and it never gave back in {}", seconds(seen));
    (FindingClass::Leak, if firm { Grade::High } else { Grade::Medium }, why)
}

/// How far back growth reaches, seconds.
struct Horizon {
    /// In which the present rate gives what is kept.
    kept: f64,
    /// Of the process.
    age: f64,
    /// From the first look to the last.
    watched: f64,
}

impl Horizon {
    /// By the clock or by processor time, whichever reaches further: traffic may have been less before.
    fn of(values: &[u64], gain: u64, works: &[Work]) -> Option<Self> {
        let (first, last) = (works.first()?, works.last()?);
        let age = last.age_seconds?;
        let watched = last.seconds? - first.seconds?;
        let times = *values.last()? as f64 / gain.max(1) as f64;
        let by_clock = times * watched;
        let by_processor =
            Odometer::Processor.of(last).zip(Odometer::Processor.of(first)).map_or(0.0, |(now, then)| {
                // As a share of all that the process ever used, in seconds of its age.
                if now > 0.0 { times * (now - then) / now * age } else { 0.0 }
            });
        Some(Self { kept: by_clock.max(by_processor), age, watched })
    }

    fn emptied(&self, limits: &GrowthThresholds) -> bool {
        predicates::EMPTIED_BEFORE.applies()
            && self.age > self.watched + limits.start_seconds
            && self.kept < limits.never_emptied_share * (self.age - limits.start_seconds)
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} minutes", seconds / 60.0) }
}

/// The function whose local it is, directly or through nameless containers.
fn running_local(tree: &ShapeTree, main: usize) -> Option<String> {
    let labels = tree.labels(main);
    let Some(Label::Root(RootKind::ThreadFrame | RootKind::SuspendedFrame, function)) = labels.first() else {
        return None;
    };
    let names = labels.iter().filter(|label| label.name().is_some()).count();
    // Calls that become more are no local of one of them.
    (names <= 1 && labels.len() > 1).then(|| function.as_deref().unwrap_or("a function").to_owned())
}

fn as_class(finding: Finding, class: FindingClass) -> Finding {
    let Evidence::Leak(evidence) = finding.evidence else { return finding };
    let (verdict, evidence) = match class {
        FindingClass::Growth => (Verdict::Grows, Evidence::Growth(evidence)),
        _ => (Verdict::Leaks, Evidence::Leak(evidence)),
    };
    let fingerprint = finding.fingerprint.replacen("leak:", &format!("{class}:"), 1);
    Finding { class, verdict, fingerprint, evidence, ..finding }
}

/// `named` is the odometer as it is told: a count of the program's by its expression.
fn with_work(mut finding: Finding, named: &str) -> Finding {
    if let Evidence::Leak(leak) | Evidence::Growth(leak) = &mut finding.evidence {
        named.clone_into(&mut leak.grows_with);
    }
    finding
}

/// The place, as short as it is known.
fn headline(finding: &Finding) -> String {
    let path = || Label::join(&finding.location.path, " → ");
    finding.location.expression.clone().unwrap_or_else(path)
}

fn said(finding: &Finding, told: &str, along: Odometer, named: &str) -> String {
    let Some(leak) = leak(finding) else { return told.to_owned() };
    let rate = match along {
        Odometer::Requests => "with each request".to_owned(),
        Odometer::Clock => "from one look to the next, in step with the time that passes".to_owned(),
        Odometer::Processor => "from one look to the next, in step with the processor time that is used".to_owned(),
        Odometer::Switches => "from one look to the next, in step with how often the target waits".to_owned(),
        Odometer::Moved | Odometer::Counted(_) => format!("from one look to the next, in step with {named}"),
    };
    let what = match leak.objects_per_request {
        0 => bytes_text(leak.bytes_per_request),
        1 => format!("1 object of type {}", leak.type_name),
        count => format!("{count} objects of type {}", leak.type_name),
    };
    let more = match leak.also.as_slice() {
        [] => String::new(),
        [one] => format!(" The same objects are counted at {one}."),
        [one, rest @ ..] => format!(" The same cause shows at {one} and {} more places.", rest.len()),
    };
    let freed = bytes_text(leak.retained_bytes);
    if let [Label::Root(RootKind::SuspendedFrame, Some(function))] = finding.location.path.as_slice() {
        let count = leak.objects_per_request;
        return format!(
            "More and more calls of {function}() wait, each on a stack of its own (a greenlet's): about {count} more {rate}; {freed} would be freed.{more}"
        );
    }
    format!("{told} keeps more and more: about {what} stay behind {rate}; {freed} would be freed.{more}")
}
