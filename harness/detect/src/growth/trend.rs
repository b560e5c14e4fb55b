//! Whether a figure grows with the work done, under any traffic: rounds with nothing in them, bursts, ramps.

use super::work::{Counter, Odometer};
use crate::thresholds::GrowthThresholds;

/// How a figure grew.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Trend {
    /// From the first look to the last.
    pub gain: u64,
    /// Gained in the last interval.
    pub last_gain: u64,
    /// What fits it best.
    pub along: Odometer,
    /// Nothing else fits than a count that the program keeps itself.
    pub by_count_only: bool,
    /// How far the curve bends over that, 0 for a straight line, up to 0.5; negative where it gets faster.
    pub bend: f64,
    /// Intervals in which it grew, of all.
    pub growing: usize,
    /// Intervals.
    pub intervals: usize,
    /// The largest fall between looks, as a share of the gain.
    pub given_back: f64,
}

/// What was done between looks, by each odometer that can be read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Mileage(Vec<Gauge>);

/// What one odometer tells.
#[derive(Clone, PartialEq, Debug)]
struct Gauge {
    odometer: Odometer,
    /// Of each interval, of the whole.
    shares: Vec<f64>,
    /// What a count of the program's own says at the last look.
    shown: Option<u64>,
}

impl Mileage {
    /// Of shares of the whole, by odometer.
    #[must_use]
    pub fn new(shares: Vec<(Odometer, Vec<f64>)>) -> Self {
        Self(shares.into_iter().map(|(odometer, shares)| Gauge { odometer, shares, shown: None }).collect())
    }

    /// With counts that the program keeps itself.
    #[must_use]
    pub fn with_counts(mut self, counters: &[Counter]) -> Self {
        for (index, counter) in counters.iter().enumerate() {
            let steps: Vec<f64> =
                counter.values.windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as f64).collect();
            let all: f64 = steps.iter().sum();
            if let Ok(index) = u8::try_from(index)
                && all > 0.0
            {
                let shares = steps.iter().map(|step| step / all).collect();
                self.0.push(Gauge {
                    odometer: Odometer::Counted(index),
                    shares,
                    shown: counter.values.last().copied(),
                });
            }
        }
        self
    }
}

/// How `values` grew, look by look; `None` where they did not, gave back, or came to rest while work went on.
#[must_use]
pub fn trend(values: &[u64], mileage: &Mileage, limits: &GrowthThresholds) -> Option<Trend> {
    let (first, last) = (*values.first()?, *values.last()?);
    let gain = last.checked_sub(first).filter(|gain| *gain > 0)?;
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] as f64 - pair[0] as f64).collect();
    let given_back = largest_fall(values) as f64 / gain as f64;
    // Few looks don't tell what comes and goes from what stays.
    let most = if steps.len() < limits.uneven_rounds_min { 0.0 } else { limits.given_back_max };
    if given_back > most {
        return None;
    }
    // A count that says how much there is counts what is kept, whatever its name.
    let is_its_own = |shown: u64| shown.abs_diff(last) as f64 <= limits.counter_share * last as f64;
    let fits = |gauge: &Gauge| {
        let bend = bend(&steps, &gauge.shares, gain as f64);
        let tail = tail(&steps, &gauge.shares, gain as f64, limits.tail_share);
        let fits = gauge.shares.len() == steps.len() && bend <= limits.bend_max && tail >= limits.tail_rate_min;
        (fits && !gauge.shown.is_some_and(is_its_own)).then_some((gauge.odometer, bend))
    };
    let fitting: Vec<(Odometer, f64)> = mileage.0.iter().filter_map(fits).collect();
    let by_count_only = fitting.iter().all(|(odometer, _)| matches!(odometer, Odometer::Counted(_)));
    // The straightest one tells best what it grows with.
    let (along, bend) = fitting.into_iter().min_by(|(_, one), (_, other)| one.abs().total_cmp(&other.abs()))?;
    // A few stragglers after a cache was filled are no growth of their own.
    let least = limits.step_share_min * gain as f64 / steps.len().max(1) as f64;
    let growing = steps.iter().filter(|step| **step > 0.0 && **step >= least).count();
    let last_gain = steps.last().map_or(0, |step| step.max(0.0) as u64);
    Some(Trend { gain, last_gain, along, by_count_only, bend, growing, intervals: steps.len(), given_back })
}

fn largest_fall(values: &[u64]) -> u64 {
    let mut highest = 0;
    let mut fall = 0;
    for value in values {
        highest = highest.max(*value);
        fall = fall.max(highest - value);
    }
    fall
}

/// The area between the curve and a straight line, both over the work done; 0.5 where all was gained at once.
fn bend(steps: &[f64], shares: &[f64], gain: f64) -> f64 {
    let mut height = 0.0;
    let mut area = 0.0;
    for (step, share) in steps.iter().zip(shares) {
        let next = height + step / gain;
        area += share * f64::midpoint(height, next);
        height = next;
    }
    area - 1.0 / 2.0
}

/// Growth in the last `tail_share` of the work, against what a straight line would have gained there.
fn tail(steps: &[f64], shares: &[f64], gain: f64, tail_share: f64) -> f64 {
    let (mut work, mut grown) = (0.0, 0.0);
    for (step, share) in steps.iter().zip(shares).rev() {
        work += share;
        grown += step / gain;
        if work >= tail_share {
            break;
        }
    }
    if work > 0.0 { grown / work } else { 0.0 }
}
