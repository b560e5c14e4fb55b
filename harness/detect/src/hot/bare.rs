//! What moves and is no work: counters and clocks. A failure counted a million times is still the same failure.

use std::collections::BTreeMap;

use bloathound_profile::{Value, ValueHash, ValueKind};

use crate::thresholds::fixed::{CLOCK_TOLERANCE, READABLE_MIN, STEADY_SHARE_MIN};
use crate::thresholds::words;

/// True when all that moves of a value is a whole number that only counts, up or down, or a clock. `at` are the moments of
/// the values, in seconds.
pub(crate) fn only_counts(values: &[&Value], at: &[f64]) -> bool {
    let Some(first) = values.first() else {
        return false;
    };
    if values.iter().all(|value| value.deep == first.deep) {
        return false;
    }
    if values.iter().all(|value| words::CLOCK_TYPES.has(&value.type_name)) {
        return true;
    }
    if values.iter().all(|value| value.kind.is_atom()) {
        let numbers: Vec<Point> = points(values.iter().zip(at).map(|(value, at)| (*at, value.number, value.kind)));
        return numbers.len() == values.len() && counts(&numbers);
    }
    has_only_counting_parts(values, at, false)
}

/// The same of an object that writes into files besides: what is done about a failure is counted, and told in a log.
pub(crate) fn only_counts_and_logs(values: &[&Value], at: &[f64]) -> bool {
    let changes = |pair: &[&Value]| matches!(pair, [before, after] if before.deep != after.deep);
    values.windows(2).any(changes) && has_only_counting_parts(values, at, true)
}

/// True for a number that is a clock, and for objects that tell the time.
pub(crate) fn tells_time(values: &[&Value], at: &[f64]) -> bool {
    let numbers = points(values.iter().zip(at).map(|(value, at)| (*at, value.number, value.kind)));
    only_counts(values, at)
        && (values.iter().all(|value| words::CLOCK_TYPES.has(&value.type_name))
            || (numbers.len() == values.len() && is_clock(&numbers)))
}

/// A number at a moment.
struct Point {
    at: f64,
    number: f64,
    is_whole: bool,
}

fn points(numbers: impl Iterator<Item = (f64, Option<f64>, ValueKind)>) -> Vec<Point> {
    let point = |(at, number, kind): (f64, Option<f64>, ValueKind)| {
        Some(Point { at, number: number?, is_whole: matches!(kind, ValueKind::Int | ValueKind::Long) })
    };
    numbers.filter_map(point).collect()
}

fn counts(numbers: &[Point]) -> bool {
    let rising: Vec<f64> = numbers.iter().map(|point| point.number).collect();
    let falling: Vec<f64> = rising.iter().map(|number| -number).collect();
    let is_steady = |numbers: &[f64]| longest_rise(numbers) as f64 >= STEADY_SHARE_MIN * numbers.len() as f64;
    let counts_up = is_steady(&rising);
    (counts_up && is_clock(numbers))
        || ((counts_up || is_steady(&falling))
            && is_most(numbers.iter().filter(|point| point.is_whole).count(), numbers.len()))
}

/// True for all but a few: what is read while it is freed may be anything.
pub(crate) fn is_most(some: usize, all: usize) -> bool {
    all > 0 && some as f64 >= STEADY_SHARE_MIN * all as f64
}

/// How many of the numbers are left where those that spoil its rise are taken out. A counter's object is freed with each
/// step: what is read in its place now and then is another number.
fn longest_rise(numbers: &[f64]) -> usize {
    // The least last number of a rise of each length.
    let mut last: Vec<f64> = Vec::new();
    for &number in numbers {
        let length = last.partition_point(|least| *least <= number);
        match last.get_mut(length) {
            Some(least) => *least = number,
            None => last.push(number),
        }
    }
    last.len()
}

/// A number that goes by a second a second, or by as many parts of one.
fn is_clock(numbers: &[Point]) -> bool {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
        return false;
    };
    let rate = (last.number - first.number) / (last.at - first.at);
    numbers.len() >= READABLE_MIN
        && [1.0, 1e3, 1e6, 1e9].iter().any(|unit| (rate / unit - 1.0).abs() <= CLOCK_TOLERANCE)
}

/// An instance or a dictionary of which only parts move, and those only count; with `may_log`, or are files.
fn has_only_counting_parts(values: &[&Value], at: &[f64], may_log: bool) -> bool {
    let parts_of = |value: &Value| -> Vec<(std::sync::Arc<str>, ValueHash)> {
        value.attributes.iter().map(|part| (std::sync::Arc::clone(&part.name), part.hash)).collect()
    };
    // What lacks a part was read while that was replaced.
    let most = values.iter().map(|value| value.attributes.len()).max().unwrap_or(0);
    let (values, at): (Vec<&Value>, Vec<f64>) =
        values.iter().zip(at).filter(|(value, _)| value.attributes.len() == most).unzip();
    // What is not among the parts moved where the whole is another and the parts are the same.
    let elsewhere = values.windows(2).filter(|pair| match pair {
        [before, after] => before.deep != after.deep && parts_of(before) == parts_of(after),
        _ => false,
    });
    if elsewhere.count() as f64 > (1.0 - STEADY_SHARE_MIN) * values.len() as f64 {
        return false;
    }
    let mut parts: BTreeMap<&str, Vec<(f64, &bloathound_profile::Attribute)>> = BTreeMap::new();
    for (value, at) in values.iter().zip(&at) {
        for part in &value.attributes {
            parts.entry(&part.name).or_default().push((*at, part));
        }
    }
    let mut some_move = false;
    for seen in parts.values() {
        if seen.len() != values.len() {
            return false;
        }
        let first = seen.first().map(|(_, part)| part.hash);
        if seen.iter().all(|(_, part)| Some(part.hash) == first) {
            continue;
        }
        if may_log && seen.iter().all(|(_, part)| part.kind == ValueKind::File) {
            some_move = true;
            continue;
        }
        // A connection that is made and dropped, time and again; what is read while it is freed may be anything.
        let made = seen.iter().filter(|(_, part)| matches!(part.kind, ValueKind::Instance | ValueKind::None)).count();
        if is_most(made, seen.len()) {
            continue;
        }
        some_move = true;
        let numbers = points(seen.iter().map(|(at, part)| (*at, part.number, part.kind)));
        if !is_most(numbers.len(), values.len()) || !counts(&numbers) {
            return false;
        }
    }
    some_move
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_profile::Attribute;

    fn number(of: f64, kind: ValueKind) -> Value {
        let hash = ValueHash(of.to_bits());
        Value { kind, number: Some(of), deep: hash, shallow: hash, ..Value::default() }
    }

    fn judged(values: &[Value]) -> bool {
        let at: Vec<f64> = (0..values.len()).map(|n| n as f64 * 0.01).collect();
        only_counts(&values.iter().collect::<Vec<_>>(), &at)
    }

    fn of(kind: ValueKind, value: impl Fn(f64) -> f64) -> bool {
        judged(&(0..100).map(|n| number(value(f64::from(n)), kind)).collect::<Vec<_>>())
    }

    #[test]
    fn counters_and_clocks_are_bare_and_nothing_else_is() {
        assert!(of(ValueKind::Int, |n| 3.0 * n));
        assert!(of(ValueKind::Int, |n| -n));
        assert!(of(ValueKind::Float, |n| 1.7e9 + 0.01 * n));
        assert!(of(ValueKind::Float, |n| 1.7e12 + 10.0 * n));
        // A freed number's place read once in a while.
        assert!(of(ValueKind::Int, |n| if n % 20.0 == 7.0 { 99_999.0 } else { n }));
        assert!(!of(ValueKind::Int, |n| n % 25.0));
        assert!(!of(ValueKind::Float, |n| 0.5 * n));
        assert!(!of(ValueKind::Int, |n| n % 7.0));
        assert!(!of(ValueKind::Int, |_| 1.0));
    }

    #[test]
    fn an_instance_whose_data_moves_beside_its_counter_does_more_than_count() {
        let instance = |n: u64, data: u64| {
            let part = |name: &str, kind, of: u64| Attribute {
                name: name.into(),
                kind,
                hash: ValueHash(of),
                number: (kind == ValueKind::Int).then_some(of as f64),
                ..Attribute::default()
            };
            Value {
                kind: ValueKind::Instance,
                deep: ValueHash(n * 1000 + data),
                attributes: vec![part("failures", ValueKind::Int, n), part("last", ValueKind::Str, data)],
                ..Value::default()
            }
        };
        assert!(judged(&(0..50).map(|n| instance(n, 7)).collect::<Vec<_>>()));
        assert!(!judged(&(0..50).map(|n| instance(n, n)).collect::<Vec<_>>()));
        // A connection that comes and goes, and was once read when its place was another's already.
        let connected = |n: u64| {
            let mut one = instance(n, 7);
            let kind = if n == 30 { ValueKind::Str } else { ValueKind::Instance };
            one.attributes.push(Attribute { name: "made".into(), kind, hash: ValueHash(n), ..Attribute::default() });
            one
        };
        assert!(judged(&(0..50).map(connected).collect::<Vec<_>>()));
        // Something that is no part of it moves.
        let hidden: Vec<Value> = (0..50).map(|n| Value { deep: ValueHash(n), ..instance(3, 7) }).collect();
        assert!(!judged(&hidden));
    }
}
