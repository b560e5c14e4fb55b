//! Uneven traffic: how many requests each round has. The sum is always that of steady traffic, so whatever a ledger counts
//! by then is as exact as before.

use bloathound_vocabulary::Traffic;

use crate::draw::Draw;
use crate::model::{Load, Scenario};

/// Waves that the one round before a single look falls into where traffic is uneven.
const WAVES: u64 = 5;

/// Shares `total` requests out to rounds. Those of `lulls` and `mixed` have rounds without any between the others, which
/// makes them more.
#[must_use]
pub fn counts(traffic: Traffic, total: u64, rounds: u64, seed: u64) -> Vec<u64> {
    let mut draw = Draw::new(seed, traffic.as_str());
    let weights: Vec<u64> = match traffic {
        Traffic::Steady => vec![1; length(rounds)],
        Traffic::Bursts => bursts(rounds, &mut draw),
        // With rounds of nothing between them, even the others differ.
        Traffic::Lulls => (0..rounds).map(|_| draw.between(2, 8)).collect(),
        Traffic::Ramp => ramp(rounds, &mut draw),
        Traffic::Mixed => {
            let (high, rising) = (bursts(rounds, &mut draw), ramp(rounds, &mut draw));
            high.into_iter().zip(rising).map(|(burst, step)| burst.saturating_mul(step)).collect()
        }
    };
    let mut counts = shared_out(total, &weights);
    if matches!(traffic, Traffic::Lulls | Traffic::Mixed) {
        for _ in 0..rounds.div_ceil(3) {
            // Never before the first: the look after the warm-up has seen that nothing came.
            let at = length(draw.between(1, counts.len() as u64));
            counts.insert(at.min(counts.len()), 0);
        }
    }
    counts
}

/// About every third round has many times the requests of the others, one round at least.
fn bursts(rounds: u64, draw: &mut Draw) -> Vec<u64> {
    let mut weights: Vec<u64> = (0..rounds).map(|_| draw.between(1, 2)).collect();
    for _ in 0..rounds.div_ceil(3) {
        let at = length(draw.between(0, rounds.saturating_sub(1)));
        if let Some(weight) = weights.get_mut(at) {
            *weight = draw.between(8, 20);
        }
    }
    weights
}

/// Each round has 1.3 to 2 times the requests of the one before, as far as whole requests allow.
fn ramp(rounds: u64, draw: &mut Draw) -> Vec<u64> {
    let mut weights = Vec::new();
    let mut weight: u64 = 100;
    for _ in 0..rounds {
        weights.push(weight);
        // Long ramps end in a plateau: their first rounds would have no share of anything otherwise.
        weight = (weight * draw.between(130, 200) / 100).min(100 << 10);
    }
    weights
}

/// Shares a total out by weights: everyone gets one while there are as many, the rest as near to the weights as whole
/// requests can be.
fn shared_out(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let everyone = u64::from(total >= weights.len() as u64);
    let rest = total - everyone * weights.len() as u64;
    let part = |weight: u64| (u128::from(rest) * u128::from(weight)).checked_div(sum).unwrap_or(0);
    let mut counts: Vec<u64> =
        weights.iter().map(|weight| everyone + u64::try_from(part(*weight)).unwrap_or(0)).collect();
    let mut left = total - counts.iter().sum::<u64>();
    // The remainders, largest first; of equal ones the earlier round.
    let mut order: Vec<usize> = (0..weights.len()).collect();
    let remainder = |at: &usize| {
        (u128::from(rest) * weights.get(*at).map_or(0, |weight| u128::from(*weight))).checked_rem(sum).unwrap_or(0)
    };
    order.sort_by_key(|at| std::cmp::Reverse(remainder(at)));
    for at in order {
        if left == 0 {
            break;
        }
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
            left -= 1;
        }
    }
    counts
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl Scenario {
    /// Requests of each round of the load, by the scenario's traffic and seed. A look at growth comes after each; before a
    /// single look there is one round, or the waves it falls into.
    #[must_use]
    pub fn round_requests(&self) -> Vec<u64> {
        let Some(load) = &self.load else { return Vec::new() };
        let rounds = self.observe.rounds();
        let spans = if rounds == 1 && self.traffic != Traffic::Steady { WAVES } else { rounds };
        counts(self.traffic, load.requests.saturating_mul(rounds), spans, self.seed)
    }

    /// Whether there are rounds whose requests can come unevenly.
    #[must_use]
    pub fn has_rounds(&self) -> bool {
        self.load.is_some() && self.observe.rounds() > 0 && self.observe.toggle.is_none()
    }

    /// The numbers that stand for `{n}` in the load's path, one for each planned request: 1 to as many as there are, in
    /// an order that the seed decides. None where the path has no place for them.
    #[must_use]
    pub fn request_numbers(&self) -> Vec<u64> {
        if !self.load.as_ref().is_some_and(Load::is_numbered) {
            return Vec::new();
        }
        let made: u64 = self.round_requests().iter().sum();
        let mut numbers: Vec<u64> = (1..=self.warm_up.saturating_add(made)).collect();
        Draw::new(self.seed, "order of requests").shuffle(&mut numbers);
        numbers
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn steady_traffic_is_the_same_in_every_round() {
        assert_eq!(counts(Traffic::Steady, 20, 5, 1), [4; 5]);
        assert_eq!(counts(Traffic::Steady, 0, 0, 1), [0; 0]);
    }

    #[test]
    fn a_profile_changes_when_requests_come_and_never_how_many() {
        for traffic in Traffic::ALL {
            for seed in 0..200 {
                for (total, rounds) in [(20, 5), (24, 6), (3, 3), (2, 5), (1000, 12), (90_000, 30)] {
                    let counts = counts(traffic, total, rounds, seed);
                    assert_eq!(counts.iter().sum::<u64>(), total, "{traffic} {seed}: {counts:?}");
                    let busy = counts.iter().filter(|count| **count > 0).count() as u64;
                    let least = if total < rounds { 1 } else { rounds };
                    assert!((least..=rounds).contains(&busy), "{traffic} {seed}: {counts:?}");
                }
            }
        }
    }

    #[test]
    fn each_profile_looks_as_it_is_called() {
        for seed in 0..100 {
            let of = |traffic| counts(traffic, 60, 6, seed);
            let bursts = of(Traffic::Bursts);
            let (most, least) = (bursts.iter().max().unwrap(), bursts.iter().min().unwrap());
            assert!(*most >= 3 * least, "{bursts:?}");
            let lulls = of(Traffic::Lulls);
            assert_eq!(lulls.iter().filter(|count| **count == 0).count(), 2, "{lulls:?}");
            assert!(lulls[0] > 0, "{lulls:?}");
            let ramp = of(Traffic::Ramp);
            assert!(ramp.is_sorted() && ramp[5] >= 3 * ramp[0], "{ramp:?}");
            assert!(of(Traffic::Mixed).contains(&0));
        }
    }

    #[test]
    fn the_seed_decides_and_the_same_one_decides_the_same() {
        for traffic in [Traffic::Bursts, Traffic::Lulls, Traffic::Ramp, Traffic::Mixed] {
            let drawn: std::collections::BTreeSet<Vec<u64>> =
                (0..20).map(|seed| counts(traffic, 200, 6, seed)).collect();
            assert!(drawn.len() > 10, "{traffic}: {drawn:?}");
            assert_eq!(counts(traffic, 200, 6, 7), counts(traffic, 200, 6, 7));
        }
        // Written down: the profile of a seed is the same in every version.
        assert_eq!(counts(Traffic::Bursts, 40, 5, 1), [3, 3, 2, 21, 11]);
    }
}
