//! How a value moved over the samples.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bloathound_profile::{Value, ValueHash, ValueKind};

use super::bare;
use super::handful::Times;
use crate::thresholds::HotLoopThresholds;
use crate::thresholds::fixed::{MADE_ANEW_SHARE_MIN, READABLE_MIN, READABLE_ONE_IN, TURNS_BACK_MIN};

/// What a value did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Motion {
    /// Too rarely readable to say.
    Unknown,
    /// The same every time.
    Constant,
    /// To and fro among values it had before.
    Recurring,
    /// New values all the time.
    Moving,
}

/// The values of one thing, in order of time.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub motion: Motion,
    /// Different values.
    pub distinct: usize,
    /// Of these, how many came more than once: a value read while it was being made is seen no second time.
    pub repeated: usize,
    /// Whether it was always another object, and how many there were.
    pub objects: (Motion, usize),
    /// A number that both rose and fell: what counts up was begun anew.
    pub turned_back: bool,
    /// The last value's truth as a condition, where known.
    pub truth: Option<bool>,
    /// The last value, for people.
    pub shown: String,
    /// What kind of thing it is.
    pub kind: ValueKind,
    /// Its type.
    pub type_name: String,
    /// The function in C that it is.
    pub c_function: Option<Arc<str>>,
    /// All that moves of it counts or tells the time.
    pub only_counts: bool,
    /// The same where it writes into files besides.
    pub only_counts_and_logs: bool,
    /// It is a clock, or tells the time.
    pub tells_time: bool,
    /// Nearly whenever it was read, all of it was: the same value is the same state.
    pub is_whole: bool,
    /// An object of a type in C that shows nothing of itself: what moves in it nobody can name.
    pub is_hidden: bool,
    /// A container that is made anew each time, and filled alike: what else is seen of it shows how far that was.
    pub is_filled_alike: bool,
}

impl Series {
    /// True when it never changed, or only among a handful of values.
    pub(crate) fn is_still(&self) -> bool {
        matches!(self.motion, Motion::Constant | Motion::Recurring)
    }

    /// True where all that moves counts or tells the time, and it is always the same thing that does: of things made anew,
    /// each with a number of its own, the number says which one it is.
    ///
    /// Where each turn `fails`, what it writes into files tells of that.
    pub(crate) fn is_one_counter(&self, fails: bool) -> bool {
        let is_one = self.kind.is_atom() || self.tells_time || self.objects.0 == Motion::Constant;
        (self.only_counts || (fails && self.only_counts_and_logs)) && is_one
    }

    /// The series of `values`; `None` where it could not be read.
    ///
    /// They are of moments that are as far from each other, `seconds` from the first to the last.
    pub(crate) fn of<'a>(
        values: impl Iterator<Item = Option<&'a Value>>,
        seconds: f64,
        limits: &HotLoopThresholds,
    ) -> Self {
        let mut total = 0_usize;
        let mut seen: Vec<&Value> = Vec::new();
        let mut at: Vec<f64> = Vec::new();
        for value in values {
            if let Some(value) = value {
                seen.push(value);
                at.push(total as f64);
            }
            total += 1;
        }
        at.iter_mut().for_each(|at| *at *= seconds / total.max(1) as f64);
        let hashes: Vec<ValueHash> = seen.iter().map(|value| value.deep).collect();
        let objects: Vec<ValueHash> = seen.iter().map(|value| ValueHash(value.identity)).collect();
        let numbers: Vec<f64> = seen.iter().filter_map(|value| value.number).collect();
        let last = seen.last();
        let is_atom = last.is_some_and(|value| value.kind.is_atom());
        let only_half_made = !is_atom && is_made_anew(&objects, &hashes, total, limits);
        let motion_of_states = match motion(&hashes, total, limits) {
            Motion::Moving if only_half_made => Motion::Recurring,
            other => other,
        };
        Self {
            motion: motion_of_states,
            only_counts: bare::only_counts(&seen, &at),
            only_counts_and_logs: bare::only_counts_and_logs(&seen, &at),
            tells_time: bare::tells_time(&seen, &at),
            objects: (motion(&objects, total, limits), objects.iter().collect::<HashSet<_>>().len()),
            repeated: repeated(&hashes),
            is_whole: bare::is_most(seen.iter().filter(|value| value.is_whole).count(), seen.len()),
            distinct: hashes.iter().collect::<HashSet<_>>().len(),
            turned_back: turned_back(&numbers),
            truth: last.and_then(|value| value.truth()),
            shown: last.map(|value| value.summary.clone()).unwrap_or_default(),
            kind: last.map(|value| value.kind).unwrap_or_default(),
            type_name: last.map(|value| value.type_name.to_string()).unwrap_or_default(),
            c_function: last.and_then(|value| value.c_function.clone()),
            is_filled_alike: is_filled_alike(&seen, &objects, total, limits),
            is_hidden: last.is_some_and(|value| value.kind == ValueKind::Instance && value.attributes.is_empty()),
        }
    }

    /// The motion of plain hashes, for things that are no [`Value`].
    pub(crate) fn motion_of(hashes: &[ValueHash], total: usize, limits: &HotLoopThresholds) -> Motion {
        motion(hashes, total, limits)
    }
}

fn motion(hashes: &[ValueHash], total: usize, limits: &HotLoopThresholds) -> Motion {
    let Some(first) = hashes.first() else {
        return Motion::Unknown;
    };
    if hashes.len() * READABLE_ONE_IN < total || hashes.len() < READABLE_MIN {
        return Motion::Unknown;
    }
    if hashes.iter().all(|hash| hash == first) {
        return Motion::Constant;
    }
    let (early, late) = hashes.split_at(hashes.len() / 2);
    let known: HashSet<&ValueHash> = early.iter().collect();
    let ends_known = late.iter().rev().take(2).any(|hash| known.contains(hash));
    // One step from one value to another is a step, not a to and fro.
    let went_back = returns(hashes);
    let recurs = share_known(hashes).max(share_returned(hashes)) >= limits.recurring_fraction_min;
    if recurs && ends_known && went_back { Motion::Recurring } else { Motion::Moving }
}

/// Of the values of the second half, the share that the first half had too.
fn share_known(hashes: &[ValueHash]) -> f64 {
    let (early, late) = hashes.split_at(hashes.len() / 2);
    let known: HashSet<&ValueHash> = early.iter().collect();
    let again = late.iter().filter(|hash| known.contains(hash)).count();
    again as f64 / late.len().max(1) as f64
}

/// Of the different values, the share that was left and came again: of sixty that take turns, half of the samples may lack
/// some, though none is new.
fn share_returned(hashes: &[ValueHash]) -> f64 {
    let mut runs: HashMap<&ValueHash, usize> = HashMap::new();
    let mut before = None;
    for hash in hashes {
        if before != Some(hash) {
            *runs.entry(hash).or_default() += 1;
        }
        before = Some(hash);
    }
    let returned = runs.values().filter(|runs| **runs > 1).count();
    returned as f64 / runs.len().max(1) as f64
}

/// True for a thing that is made anew each time round, at one of the few addresses that the last ones left, and most of
/// what is seen of it was seen before: the rest shows how far it was made, or taken apart, at that moment.
fn is_made_anew(objects: &[ValueHash], hashes: &[ValueHash], total: usize, limits: &HotLoopThresholds) -> bool {
    let addresses: HashSet<&ValueHash> = objects.iter().collect();
    addresses.len() <= limits.values_max
        && motion(objects, total, limits) == Motion::Recurring
        && share_known(hashes) >= MADE_ANEW_SHARE_MIN
}

/// True for a container at one of the few addresses that the last ones left, of which a handful make up nearly all that are
/// as long as most: what is in it was read half made as well.
fn is_filled_alike(seen: &[&Value], objects: &[ValueHash], total: usize, limits: &HotLoopThresholds) -> bool {
    let addresses: HashSet<&ValueHash> = objects.iter().collect();
    let containers = seen.iter().filter(|value| value.kind.is_container()).count();
    if !bare::is_most(containers, seen.len())
        || addresses.len() > limits.values_max
        || motion(objects, total, limits) != Motion::Recurring
    {
        return false;
    }
    let mut by_length: BTreeMap<Option<u64>, Vec<ValueHash>> = BTreeMap::new();
    for value in seen {
        by_length.entry(value.length).or_default().push(value.deep);
    }
    let whole = Times::of(by_length.into_values().max_by_key(Vec::len).unwrap_or_default());
    whole.share_of(limits.values_max) >= limits.recurring_fraction_min
        && whole.all() as f64 >= MADE_ANEW_SHARE_MIN * seen.len() as f64
}

/// How many values came more than once.
fn repeated(hashes: &[ValueHash]) -> usize {
    Times::of(hashes.iter().copied()).repeated()
}

/// True when some value was left and came again.
fn returns(hashes: &[ValueHash]) -> bool {
    let mut left: HashMap<ValueHash, bool> = HashMap::new();
    let mut before: Option<ValueHash> = None;
    for &hash in hashes {
        if let Some(previous) = before.filter(|previous| *previous != hash) {
            left.insert(previous, true);
            if left.contains_key(&hash) {
                return true;
            }
        }
        before = Some(hash);
    }
    false
}

/// True when the numbers rose and fell, each several times.
fn turned_back(numbers: &[f64]) -> bool {
    let rises = numbers.windows(2).filter(|pair| matches!(pair, [a, b] if b > a)).count();
    let falls = numbers.windows(2).filter(|pair| matches!(pair, [a, b] if b < a)).count();
    rises >= TURNS_BACK_MIN && falls >= TURNS_BACK_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Motion {
        let hashes: Vec<ValueHash> = values.iter().map(|&value| ValueHash(value)).collect();
        motion(&hashes, hashes.len(), &HotLoopThresholds::default())
    }

    #[test]
    fn steps_are_not_a_to_and_fro() {
        assert_eq!(of(&[1; 40]), Motion::Constant);
        assert_eq!(of(&[]), Motion::Unknown);
        let flipping: Vec<u64> = (0..60).map(|n| n * 7 % 3 % 2).collect();
        assert_eq!(of(&flipping), Motion::Recurring);
        let rising: Vec<u64> = (0..60).collect();
        assert_eq!(of(&rising), Motion::Moving);
        let slow: Vec<u64> = (0..60).map(|n| n / 20).collect();
        assert_eq!(of(&slow), Motion::Moving);
        let one_late_step: Vec<u64> = (0..60).map(|n| u64::from(n > 57)).collect();
        assert_eq!(of(&one_late_step), Motion::Moving);
        let one_outlier: Vec<u64> = (0..60).map(|n| u64::from(n == 50)).collect();
        assert_eq!(of(&one_outlier), Motion::Recurring);
    }

    #[test]
    fn sixty_values_that_take_turns_recur_though_each_half_lacks_some() {
        // As they are drawn by samples: some of the second half are not in the first, and all come again.
        let drawn = |n: u64| if n < 60 { n * 7 % 48 } else { (n * 7 + 5) % 60 };
        let values: Vec<u64> = (0..120).map(drawn).chain((0..120).map(|n| n * 7 % 60)).collect();
        assert_eq!(of(&values), Motion::Recurring);
        let new: Vec<u64> = (0..240).map(|n| if n % 4 == 0 { n + 1000 } else { n * 7 % 60 }).collect();
        assert_eq!(of(&new), Motion::Moving);
    }

    #[test]
    fn what_was_rarely_readable_is_unknown() {
        let of = |read: usize, total| motion(&vec![ValueHash(1); read], total, &HotLoopThresholds::default());
        assert_eq!((of(9, 100), of(10, 100)), (Motion::Unknown, Motion::Constant));
        assert_eq!((of(2, 2), of(3, 3)), (Motion::Unknown, Motion::Constant));
    }

    #[test]
    fn what_is_made_anew_each_time_does_not_move_by_being_half_made() {
        let of = |address: fn(u64) -> u64, state: fn(u64) -> u64| {
            let made = |n: u64| Value {
                kind: ValueKind::Instance,
                identity: address(n),
                deep: ValueHash(state(n)),
                ..Value::default()
            };
            let values: Vec<Value> = (0..60).map(made).collect();
            Series::of(values.iter().map(Some), 0.6, &HotLoopThresholds::default()).motion
        };
        let half_made = |n| if n % 3 == 0 { 1000 + n } else { n % 2 };
        assert_eq!(of(|n| n % 2, half_made), Motion::Recurring);
        // One object that changes, objects that stay, and new data each time.
        assert_eq!(of(|_| 7, half_made), Motion::Moving);
        assert_eq!(of(|n| n, half_made), Motion::Moving);
        assert_eq!(of(|n| n % 2, |n| n), Motion::Moving);
    }

    #[test]
    fn a_counter_begun_anew_turns_back() {
        assert!(turned_back(&[1.0, 5.0, 2.0, 9.0, 3.0]));
        assert!(!turned_back(&[1.0, 2.0, 2.0, 9.0, 13.0]));
        assert!(!turned_back(&[9.0, 5.0, 1.0]));
    }
}
