//! Work that no exit shows: what a loop calls goes through loops of its own, computes in C, or moves files. A loop around
//! it is busy, not stuck, as far as anybody can tell from outside.

use std::collections::{BTreeMap, HashMap, HashSet};

use bloathound_profile::frameworks::is_reporting;
use bloathound_profile::{Callee, CalleeKind, CodeId, DescriptorKind, Frame, Outside, Sample, Value, ValueHash};

use super::bare::{is_most, only_counts};
use super::candidate::Candidate;
use super::failure::Failure;
use super::handful::Times;
use super::window::{Counts, Window};
use crate::thresholds::fixed::{
    C_TIME_SHARE_MIN, CALLED_VALUES_FACTOR, GREETING_BYTES_A_SECOND, POSITIONS_MAX, REREAD_SHARE_MIN,
    SAME_TRIES_SHARE_MIN, TRICKLE_BYTES_A_TURN, WAKING_BYTES_MAX,
};
use crate::thresholds::{HotLoopThresholds, predicates, words};

/// What the loop of `candidate` does that its own variables don't show; `None` where nothing is seen. What is done about a
/// `failure` of each turn is no work. `all_is_still` where neither the loop nor what it calls has anything new in hand.
pub(crate) fn seen(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    (failure, all_is_still): (Option<&Failure>, bool),
    limits: &HotLoopThresholds,
) -> Option<String> {
    if called_loops_advance(window, candidate, failure, limits) {
        return Some("what it calls goes through loops of its own".to_owned());
    }
    let goes_on = |words: &words::Words| with_others(window, candidate, words, limits);
    let beside_no_failure = || match failure {
        None => goes_on(&words::WRITING),
        Some(failure) => fails_for_others(window, candidate, failure, limits),
    };
    if let Some(name) = goes_on(&words::TRYING).or_else(beside_no_failure) {
        return Some(format!("{name} is called with other arguments each time"));
    }
    if let Some(name) = computes_in_c(window, candidate, failure, limits) {
        return Some(format!("most of the time goes into {name}, whose work shows in no variable"));
    }
    let outside = window.profile.outside.as_ref()?;
    // What is written of a failure tells of that; what is written where nothing fails may be all there is of the work.
    let reports = failure.is_some()
        && window.samples.iter().any(|sample| {
            let below = sample.stack.0.get(candidate.depth + 1..).unwrap_or_default();
            below.iter().any(|frame| window.profile.code(frame.code).is_some_and(is_reporting))
        });
    let alone = window.profile.threads.iter().filter(|other| other.tid != window.thread.tid).all(|other| {
        Counts::of(&other.samples.iter().filter(|sample| !sample.torn).collect::<Vec<_>>()).used_fraction
            <= limits.idle_fraction_max
    });
    let counted = Counted { files: !reports, all_is_still, turns: candidate.turns_seen() };
    // What an event loop moves is its work, whoever turns it; and who is not busy by itself may wait for what comes in.
    let may_be_its = alone || window.turned_by_hand || !window.is_busy(limits);
    (may_be_its && moves_data(outside, counted)).then(|| "data comes in or goes out meanwhile".to_owned())
}

/// What of the traffic with the outside may be work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// What a file gained is work, and no log.
    pub files: bool,
    /// All that is seen stays as it is: files that are read again and again at the same place bring nothing.
    pub all_is_still: bool,
    /// Turns that were seen: at least so many there were.
    pub turns: usize,
}

/// True when data went through the process's descriptors, and more than a greeting now and then, or than a trickle beside
/// turns for nothing; what only wakes an event loop is none.
pub(crate) fn moves_data(outside: &Outside, counted: Counted) -> bool {
    let read = outside.read_bytes.unwrap_or(0);
    let reads = outside.reads.unwrap_or(0);
    let is_of_files = predicates::READS_THE_SAME.says(counted.all_is_still && outside.only_files_are_read);
    let data = if read > WAKING_BYTES_MAX.saturating_mul(reads) && !is_of_files { read } else { 0 };
    // One that was opened anew has come as far as it was read at once.
    let files = outside.descriptors.iter().filter(|one| one.kind == DescriptorKind::File && one.number > 2);
    let filed: u64 =
        files.filter(|one| !(is_of_files && one.is_new)).filter_map(|one| one.moved).fold(0, u64::saturating_add);
    let is_read_on = !is_of_files || filed as f64 >= REREAD_SHARE_MIN * read as f64;
    let filed = if counted.files && is_read_on { filed } else { 0 };
    let moved = data.saturating_add(outside.socket_bytes()).saturating_add(filed) as f64;
    moved > GREETING_BYTES_A_SECOND * outside.seconds.max(1.0) && moved > TRICKLE_BYTES_A_TURN * counted.turns as f64
}

/// True when code that the loop called was seen inside loops of its own that took many values.
fn called_loops_advance(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    failure: Option<&Failure>,
    limits: &HotLoopThresholds,
) -> bool {
    let mine = candidate.frames.first().map(|frame| frame.address);
    let mut positions: HashMap<(CodeId, u32), HashSet<u64>> = HashMap::new();
    let mut states: HashMap<(CodeId, u32), HashSet<ValueHash>> = HashMap::new();
    let mut values: BTreeMap<(u32, &str), Vec<&Value>> = BTreeMap::new();
    for sample in &window.samples {
        if sample.stack.0.get(candidate.depth).map(|frame| frame.address) != mine {
            continue;
        }
        // What is called to say something is part of saying it.
        let says = |frame: &&Frame| window.profile.code(frame.code).is_some_and(is_reporting);
        let until = failure.map_or(usize::MAX, |failure| failure.frames_before(window, sample));
        let below = sample.stack.0.iter().take(until).skip(candidate.depth + 1);
        for frame in below.take_while(|frame| !says(frame)) {
            if window.only_turns(frame) {
                continue;
            }
            let Some(detail) = frame.detail.as_ref().filter(|_| is_in_loop(window, frame)) else {
                continue;
            };
            for (index, value) in &detail.iterators {
                let of = (frame.code, *index);
                match value.number {
                    // Of an iterator that was freed while it was read, the position is anything.
                    Some(position) if (0.0..POSITIONS_MAX).contains(&position) => {
                        positions.entry(of).or_default().insert(position as u64);
                    }
                    Some(_) => {}
                    None => {
                        states.entry(of).or_default().insert(value.deep);
                    }
                }
            }
            for variable in &detail.variables {
                values.entry((frame.code.0, &*variable.name)).or_default().extend(&variable.value);
            }
        }
    }
    let many = CALLED_VALUES_FACTOR * limits.values_max;
    let counts = |values: &Vec<&Value>| {
        let at: Vec<f64> = (0..values.len()).map(|n| n as f64 * window.seconds / values.len() as f64).collect();
        only_counts(values, &at)
    };
    let distinct = |values: &Vec<&Value>| values.iter().map(|value| value.shallow).collect::<HashSet<_>>().len();
    // One that says where it is, and then doesn't, had ended.
    let says_nothing = |of: &(CodeId, u32)| !positions.contains_key(of);
    positions.values().any(|positions| positions.len() > many)
        || states.iter().any(|(of, states)| says_nothing(of) && states.len() > many)
        || values.values().any(|values| {
            // Of other things, half are read while they are made or freed.
            values.iter().all(|value| value.kind.is_atom()) && distinct(values) > many && !counts(values)
        })
}

fn is_in_loop(window: &Window<'_>, frame: &Frame) -> bool {
    let code = window.profile.code(frame.code);
    frame.lasti.zip(code).is_some_and(|(at, code)| code.innermost_loop(at).is_some() && !is_reporting(code))
}

/// The function in C below the loop, one of `words`, that is called with other arguments each time: a walk over ports or
/// files is no second try of the same, and what is written is another thing.
fn with_others(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    words: &words::Words,
    limits: &HotLoopThresholds,
) -> Option<String> {
    let mut tried: BTreeMap<&str, Vec<ValueHash>> = BTreeMap::new();
    for callee in window.samples.iter().filter_map(|sample| in_c(candidate, sample)) {
        let name = last_name(&callee.name);
        if words.has(name) {
            tried.entry(name).or_default().push(asked(callee));
        }
    }
    tried.into_iter().find(|(_, arguments)| are_others(arguments, limits)).map(|(name, _)| name.to_owned())
}

/// The function in C that fails each turn, and for something else each time.
fn fails_for_others(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    failure: &Failure,
    limits: &HotLoopThresholds,
) -> Option<String> {
    let failing = failing_in_c(window, candidate, failure);
    let arguments: Vec<ValueHash> = failing.iter().map(|callee| asked(callee)).collect();
    are_others(&arguments, limits).then(|| failing.first().map(|callee| last_name(&callee.name).to_owned()))?
}

/// True where most of the time goes into a function in C that fails each turn, asked for the same: what moves inside the
/// object that is asked is no work either.
pub(crate) fn fails_for_the_same(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    failure: &Failure,
    limits: &HotLoopThresholds,
) -> bool {
    let failing = failing_in_c(window, candidate, failure);
    let arguments: Vec<ValueHash> = failing.iter().map(|callee| asked(callee)).collect();
    failing.len() as f64 >= C_TIME_SHARE_MIN * window.samples.len() as f64 && !are_others(&arguments, limits)
}

/// The calls into C that were in progress where the failure is raised.
fn failing_in_c<'a>(window: &Window<'a>, candidate: &Candidate<'_>, failure: &Failure) -> Vec<&'a Callee> {
    let tried = window.samples.iter().copied().filter(|sample| failure.is_tried_in(sample));
    tried.filter_map(|sample| in_c(candidate, sample)).collect()
}

/// The function in C that runs, at or below the loop.
fn in_c<'s>(candidate: &Candidate<'_>, sample: &'s Sample) -> Option<&'s Callee> {
    let innermost = sample.stack.0.last().filter(|_| sample.stack.0.len() > candidate.depth);
    let callee = innermost.and_then(|frame| frame.detail.as_ref()?.callee.as_ref());
    callee.filter(|callee| callee.kind == CalleeKind::C)
}

/// What it was called with, as one hash.
fn asked(callee: &Callee) -> ValueHash {
    let of = callee.pattern.iter().chain(&callee.receiver).chain(&callee.arguments);
    of.fold(ValueHash::default(), |hash, value| hash.number(value.deep.0))
}

fn last_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// True where many arguments were tried, and no handful of them is what is tried most of the time: what was freed before it
/// was read is another thing each time.
fn are_others(arguments: &[ValueHash], limits: &HotLoopThresholds) -> bool {
    // One try may last for several samples.
    let mut one_each = arguments.to_vec();
    one_each.dedup();
    let times = Times::of(one_each);
    times.different() > CALLED_VALUES_FACTOR * limits.values_max
        && times.share_of(limits.values_max) < SAME_TRIES_SHARE_MIN
}

/// The function in C in which most of the time goes by, where it is not one that only asks whether something is there, nor
/// the one that fails each turn, asked for the same.
fn computes_in_c(
    window: &Window<'_>,
    candidate: &Candidate<'_>,
    failure: Option<&Failure>,
    limits: &HotLoopThresholds,
) -> Option<String> {
    let mut by_name: BTreeMap<&str, Vec<&Callee>> = BTreeMap::new();
    for callee in window.samples.iter().filter_map(|sample| in_c(candidate, sample)) {
        by_name.entry(&callee.name).or_default().push(callee);
    }
    let (name, calls) = by_name.into_iter().max_by_key(|(_, calls)| calls.len())?;
    let takes_most = calls.len() as f64 >= C_TIME_SHARE_MIN * window.samples.len() as f64;
    let is_answer = answers_alike(&calls, limits) && !candidate.found.exits.is_empty();
    let fails = || failure.is_some_and(|failure| fails_for_the_same(window, candidate, failure, limits));
    let gets_nowhere = words::ASKING.has(last_name(name)) || is_answer || fails();
    (takes_most && !gets_nowhere).then(|| name.to_owned())
}

/// True of a function in C whose answer follows from its arguments alone, where these are the same: a tokenizer that stands
/// at a character that no token begins with asks its regular expression for ever. What those answer is known, whatever the
/// series calls them: they have a pattern. So is what the methods of a text answer, which nothing changes.
fn answers_alike(calls: &[&Callee], limits: &HotLoopThresholds) -> bool {
    let is_of_text = |callee: &Callee| predicates::SAME_TEXT.says(callee.receiver.is_some());
    let known = calls.iter().filter(|callee| callee.pattern.is_some() || is_of_text(callee)).count();
    let asked: Vec<ValueHash> = calls.iter().map(|callee| asked(callee)).collect();
    is_most(known, calls.len()) && !are_others(&asked, limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `tries`, in order.
    fn others(tries: impl Iterator<Item = u64>) -> bool {
        are_others(&tries.map(ValueHash).collect::<Vec<_>>(), &HotLoopThresholds::default())
    }

    #[test]
    fn a_walk_tries_others_and_a_retry_the_same() {
        assert!(others(0..12), "a walk over ports");
        assert!(others((0..60).map(|n| n / 5)), "a slow one: each is seen several times");
        assert!(!others((0..60).map(|n| n % 2)), "a server and its stand-in");
        // What was freed before it was read.
        assert!(!others((0..60).map(|n| if n % 3 == 0 { 1000 + n } else { n % 2 })));
    }
}
