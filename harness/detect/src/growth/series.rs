//! The figures of every shape, look by look, and which of them grow.

use super::trend::{Mileage, Trend, trend};
use super::work::{Counter, Odometer, Work};
use super::{GrowthRound, GrowthUnit, cause};
use crate::thresholds::fixed::{COUNTED_ROUNDS_ONE_IN, GROWING_ROUNDS_MIN, RESTED_GAIN_MIN, SHAPE_MISSING_ONE_IN};
use crate::thresholds::{GrowthThresholds, predicates};

/// What of a shape grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quantity {
    Objects,
    Entries,
    Bytes,
}

/// A shape's figures, look by look.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Series {
    pub(super) objects: Vec<u64>,
    pub(super) entries: Vec<u64>,
    pub(super) bytes: Vec<u64>,
    pub(super) retained: Vec<u64>,
}

/// Of every shape of the last look. Where a path led another way at one look (a call that was just running, a list just
/// replaced), the shape is missing there: it is taken as it was before, unless it had been emptied since.
pub(super) fn of(rounds: &[GrowthRound<'_>]) -> Vec<Series> {
    let Some(last) = rounds.last() else { return Vec::new() };
    let empty = || vec![0_u64; rounds.len()];
    let mut all: Vec<Series> = (0..last.shapes.nodes().len())
        .map(|_| Series { objects: empty(), entries: empty(), bytes: empty(), retained: empty() })
        .collect();
    let mut missing: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (number, round) in rounds.iter().enumerate() {
        let aligned = last.shapes.align(round.shapes);
        for ((shape, missing), found) in all.iter_mut().zip(&mut missing).zip(aligned) {
            if found.is_none() {
                missing.push(number);
            }
            if let Some(node) = found.and_then(|index| round.shapes.nodes().get(index)) {
                shape.objects[number] = node.objects;
                shape.entries[number] = node.references;
                shape.bytes[number] = node.bytes;
                shape.retained[number] = node.retained_bytes;
            }
        }
    }
    for (shape, missing) in all.iter_mut().zip(&missing) {
        if predicates::ONCE_ELSEWHERE.says(!missing.is_empty()) && missing.len() * SHAPE_MISSING_ONE_IN <= rounds.len()
        {
            missing.iter().for_each(|look| shape.as_before(*look));
        }
    }
    all
}

impl Series {
    /// Takes the figures of the look before for this one, where those after it are no smaller.
    fn as_before(&mut self, look: usize) {
        let Some(before) = look.checked_sub(1) else { return };
        let went_on = self.objects.get(look + 1).is_some_and(|after| *after >= self.objects[before]);
        if went_on && self.objects[before] > 0 {
            for figures in [&mut self.objects, &mut self.entries, &mut self.bytes, &mut self.retained] {
                figures[look] = figures[before];
            }
        }
    }
}

/// Judges figures against what was done between the looks.
pub(super) struct Judge<'a> {
    unit: GrowthUnit,
    /// Of each interval, at least 1.
    requests: Vec<u64>,
    /// Intervals in which there were any.
    active: Vec<bool>,
    mileage: Mileage,
    counters: &'a [Counter],
    limits: &'a GrowthThresholds,
}

impl<'a> Judge<'a> {
    /// `counters` are what the program counts of its work; where the load is counted, that is better.
    pub(super) fn new(
        rounds: &[GrowthRound<'_>],
        unit: GrowthUnit,
        counters: &'a [Counter],
        limits: &'a GrowthThresholds,
    ) -> Self {
        let requests: Vec<u64> = rounds.iter().skip(1).map(|round| round.requests).collect();
        let mileage = match unit {
            GrowthUnit::Request => {
                let all = requests.iter().sum::<u64>().max(1) as f64;
                let shares = requests.iter().map(|count| *count as f64 / all).collect();
                Mileage::new(vec![(Odometer::Requests, shares)])
            }
            GrowthUnit::Round => {
                let works: Vec<Work> = rounds.iter().map(|round| round.work).collect();
                let told = |odometer: Odometer| Some((odometer, odometer.shares(&works)?));
                let mut known: Vec<_> = Odometer::ALL.into_iter().filter_map(told).collect();
                if known.is_empty() {
                    // Looks at even distances, for want of anything better.
                    known.push((Odometer::Clock, vec![1.0 / requests.len().max(1) as f64; requests.len()]));
                }
                Mileage::new(known).with_counts(counters)
            }
        };
        let active = requests.iter().map(|count| *count > 0).collect();
        let requests = requests.into_iter().map(|count| count.max(1)).collect();
        Self { unit, requests, active, mileage, counters, limits }
    }

    /// What something grows with, for a sentence.
    pub(super) fn told(&self, along: Odometer) -> String {
        let counted = match along {
            Odometer::Counted(index) => self.counters.get(usize::from(index)),
            _ => None,
        };
        counted.map_or_else(|| along.as_str().to_owned(), |counter| format!("the count {}", counter.expression))
    }

    /// Requests or rounds in all.
    pub(super) fn units(&self) -> u64 {
        match self.unit {
            GrowthUnit::Request => {
                let counted = self.requests.iter().zip(&self.active).filter(|(_, active)| **active);
                counted.map(|(count, _)| count).sum()
            }
            GrowthUnit::Round => self.requests.iter().sum(),
        }
    }

    /// What a unit of load is.
    pub(super) fn unit(&self) -> GrowthUnit {
        self.unit
    }

    /// From where on something is told.
    pub(super) fn limits(&self) -> &'a GrowthThresholds {
        self.limits
    }

    /// How figures grew; `None` where they did not.
    pub(super) fn trend(&self, values: &[u64]) -> Option<Trend> {
        trend(values, &self.mileage, self.limits)
    }

    /// Whether two places are one cause.
    pub(super) fn same_cause(&self, one: &[i64], other: &[i64]) -> bool {
        predicates::SAME_CAUSE.says(self.unit == GrowthUnit::Round) && cause::same(one, other, self.limits)
    }

    /// The same of two places of which one is below the other: whatever the load was.
    pub(super) fn same_within(&self, nested: bool, one: &[i64], other: &[i64]) -> bool {
        predicates::KEEPS_ABOUT_ITEMS.says(nested && cause::same(one, other, self.limits))
    }

    /// What of a shape grows, if anything.
    pub(super) fn quantity(&self, shape: &Series) -> Option<Quantity> {
        if self.grows(&shape.objects, Quantity::Objects) {
            return Some(Quantity::Objects);
        }
        // More or fewer objects would make it a different place, not a growing one.
        if shape.objects.windows(2).any(|pair| pair[0] != pair[1]) {
            return None;
        }
        let grows = |values: &[u64], quantity: Quantity| self.grows(values, quantity).then_some(quantity);
        // As many as before, each a little larger: numbers in their texts got a digit more.
        let objects = shape.objects.last().copied().unwrap_or(0);
        let is_more = super::gain(&shape.bytes) >= objects.saturating_mul(self.limits.standing_bytes_min);
        grows(&shape.entries, Quantity::Entries)
            .or_else(|| is_more.then(|| grows(&shape.bytes, Quantity::Bytes)).flatten())
    }

    fn grows(&self, values: &[u64], quantity: Quantity) -> bool {
        match self.unit {
            GrowthUnit::Request => self.grows_with_requests(values, quantity),
            GrowthUnit::Round => self.grows_with_work(values, quantity),
        }
    }

    /// Grows in every round that had requests, steadily, by at least so much a request; of many rounds, along with them.
    fn grows_with_requests(&self, values: &[u64], quantity: Quantity) -> bool {
        let (per_request, per_round) = match quantity {
            Quantity::Objects | Quantity::Entries => {
                (self.limits.objects_per_request_min, self.limits.objects_per_round_min)
            }
            Quantity::Bytes => (self.limits.bytes_per_request_min, 1),
        };
        let mut rates = Vec::with_capacity(values.len());
        for ((pair, requests), active) in values.windows(2).zip(&self.requests).zip(&self.active) {
            if *active {
                let grown = pair[1].checked_sub(pair[0]).filter(|grown| *grown >= per_round.max(1));
                rates.push(grown.map(|grown| grown as f64 / *requests as f64));
            }
        }
        let steady = || {
            let rates: Option<Vec<f64>> = rates.iter().copied().collect();
            rates.is_some_and(|rates| {
                let smallest = rates.iter().copied().fold(f64::INFINITY, f64::min);
                let largest = rates.iter().copied().fold(0.0, f64::max);
                smallest >= per_request && smallest >= largest * self.limits.steadiness_min
            })
        };
        let along = || {
            let trend = self.trend(values)?;
            let rounds = rates.iter().filter(|rate| rate.is_some()).count();
            let enough =
                trend.gain as f64 >= per_request * self.units() as f64 && trend.gain >= self.limits.objects_gain_min;
            let rests = self.came_to_rest(values, trend.gain);
            (enough && !rests && rounds * COUNTED_ROUNDS_ONE_IN > rates.len()).then_some(trend)
        };
        steady() || (rates.len() >= self.limits.uneven_rounds_min && along().is_some())
    }

    /// True where nothing was gained in the last rounds, though by the rate before something should have been: chance alone
    /// would have it so once in twenty times.
    fn came_to_rest(&self, values: &[u64], gain: u64) -> bool {
        let steps = values.windows(2).zip(&self.requests).rev();
        let resting = steps.take_while(|(pair, _)| pair[1] <= pair[0]).map(|(_, requests)| *requests);
        let rested: u64 = resting.sum();
        let before = self.requests.iter().sum::<u64>().saturating_sub(rested).max(1);
        gain as f64 * rested as f64 / before as f64 >= RESTED_GAIN_MIN
    }

    /// Grows along with what can be seen of the work.
    fn grows_with_work(&self, values: &[u64], quantity: Quantity) -> bool {
        let least = match quantity {
            Quantity::Objects | Quantity::Entries => self.limits.objects_gain_min,
            Quantity::Bytes => self.limits.bytes_gain_min,
        };
        // Cheap first: nearly all shapes stay as they are.
        if super::gain(values) < least {
            return false;
        }
        let Some(trend) = self.trend(values) else { return false };
        let rounds = (self.limits.growing_share_min * trend.intervals as f64).max(GROWING_ROUNDS_MIN as f64);
        trend.growing as f64 >= rounds
    }
}
