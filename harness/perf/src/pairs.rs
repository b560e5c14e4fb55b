//! Wall times of two builds against each other: how much slower, with an interval, and how sure that is.
//!
//! H. B. Mann and D. R. Whitney, "On a test of whether one of two random variables is stochastically larger than the
//! other", 1947; the estimate and its interval are those of J. L. Hodges and E. L. Lehmann, 1963, on logarithms: ratios.

use crate::median;

/// 95 % of a normal distribution are within this many deviations.
const TWO_SIDED_95: f64 = 1.959_964;
/// Values on both sides together, up to which the distribution without ties is counted out.
const EXACT_MAX: usize = 40;

/// How two builds compare.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ratio {
    /// Head's time as a multiple of base's: the median of all pairs' ratios.
    pub estimate: f64,
    /// The interval of 95 %, from and to.
    pub interval: (f64, f64),
    /// How often chance alone would tell them as far apart (Mann-Whitney, two-sided).
    pub p: f64,
}

impl Ratio {
    /// Whether the interval excludes that nothing changed.
    #[must_use]
    pub fn is_a_change(self) -> bool {
        self.interval.0 > 1.0 || self.interval.1 < 1.0
    }
}

/// Compares times of two builds; `None` where one has none, or a time that is no time.
#[must_use]
pub fn ratio(base: &[f64], head: &[f64]) -> Option<Ratio> {
    if base.is_empty() || head.is_empty() || base.iter().chain(head).any(|time| !time.is_finite() || *time <= 0.0) {
        return None;
    }
    let mut differences: Vec<f64> =
        head.iter().flat_map(|head| base.iter().map(move |base| (head / base).ln())).collect();
    differences.sort_by(f64::total_cmp);
    let (n, m) = (base.len() as f64, head.len() as f64);
    let half_width = TWO_SIDED_95 * (n * m * (n + m + 1.0) / 12.0).sqrt();
    // The interval's ends are so many differences from both ends; with few pairs, the ends themselves.
    let cut = ((n * m / 2.0 - half_width).floor().max(0.0) as usize).min(differences.len() - 1);
    let (low, high) = (differences[cut], differences[differences.len() - 1 - cut]);
    Some(Ratio { estimate: median(&differences)?.exp(), interval: (low.exp(), high.exp()), p: probability(base, head) })
}

/// The two-sided probability of the test: exact for few values without ties, else by the normal distribution.
fn probability(base: &[f64], head: &[f64]) -> f64 {
    let count = |above: &[f64], below: &[f64]| {
        let wins = above.iter().flat_map(|a| below.iter().map(move |b| (a > b, a == b)));
        wins.fold((0.0, 0_usize), |(u, ties), (greater, equal)| {
            (
                u + if greater {
                    1.0
                } else if equal {
                    0.5
                } else {
                    0.0
                },
                ties + usize::from(equal),
            )
        })
    };
    let (u, ties) = count(head, base);
    let (n, m) = (base.len(), head.len());
    let smaller = f64::min(u, (n * m) as f64 - u);
    if ties == 0 && n + m <= EXACT_MAX {
        return (2.0 * exact_share(n, m, smaller as usize)).min(1.0);
    }
    normal_probability(base, head, smaller)
}

/// The share of orders of `n` and `m` values in which the statistic is at most `u`.
fn exact_share(n: usize, m: usize, u: usize) -> f64 {
    // counts[j][v]: orders of the values so far with j of the second kind, and statistic v.
    let mut counts = vec![vec![0.0_f64; n * m + 1]; m + 1];
    counts.iter_mut().for_each(|row| row[0] = 1.0);
    for of_first in 1..=n {
        let mut next = vec![vec![0.0; n * m + 1]; m + 1];
        next[0][0] = 1.0;
        for of_second in 1..=m {
            for value in 0..=of_first * of_second {
                // The largest value is of the second kind: it stands above all of the first; or it is of the first.
                let below = if value >= of_first { next[of_second - 1][value - of_first] } else { 0.0 };
                next[of_second][value] = below + counts[of_second][value];
            }
        }
        counts = next;
    }
    let all: f64 = counts[m].iter().sum();
    counts[m].iter().take(u + 1).sum::<f64>() / all
}

fn normal_probability(base: &[f64], head: &[f64], smaller: f64) -> f64 {
    let (n, m) = (base.len() as f64, head.len() as f64);
    let all = n + m;
    let mut sorted: Vec<f64> = base.iter().chain(head).copied().collect();
    sorted.sort_by(f64::total_cmp);
    let tied: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| {
            let size = group.len() as f64;
            size * size * size - size
        })
        .sum();
    let variance = n * m / 12.0 * (all + 1.0 - tied / (all * (all - 1.0)).max(1.0));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((n * m / 2.0 - smaller - 0.5).max(0.0)) / variance.sqrt();
    (2.0 * upper_tail(z)).min(1.0)
}

/// The share of a normal distribution above `z`: Abramowitz and Stegun 26.2.17, right to 8 decimals.
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    density * series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_exact_probability_by_hand() {
        // Three against three, all above: of 20 orders one is as extreme at each end.
        assert!((probability(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]) - 0.1).abs() < 1e-12);
        // One of nine pairs the other way: two orders of 20 at each end.
        assert!((probability(&[1.0, 2.0, 4.0], &[3.0, 5.0, 6.0]) - 0.2).abs() < 1e-12);
        assert!((exact_share(2, 2, 1) - 2.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn the_normal_tail_by_the_table() {
        for (z, share) in [(0.0, 0.5), (1.0, 0.158_655_25), (1.959_964, 0.025), (3.0, 0.001_349_9)] {
            assert!((upper_tail(z) - share).abs() < 1e-6, "{z}");
        }
    }

    #[test]
    fn twice_as_slow_is_a_ratio_of_two() {
        let base: Vec<f64> = (0..15).map(|n| 100.0 + f64::from(n % 4)).collect();
        let head: Vec<f64> = base.iter().map(|time| time * 2.0).collect();
        let found = ratio(&base, &head).unwrap();
        assert!((found.estimate - 2.0).abs() < 0.02 && found.is_a_change() && found.p < 0.001, "{found:?}");
    }

    #[test]
    fn the_interval_by_hand() {
        // Five against five: 12.5 − 1.96 · sqrt(25 · 11 / 12) = 3.1, so three differences are cut from each end.
        let base = [1.0, 1.0, 1.0, 1.0, 1.0];
        let head = [1.0, 2.0, 3.0, 4.0, 5.0];
        let found = ratio(&base, &head).unwrap();
        assert!((found.estimate - 3.0).abs() < 1e-9);
        assert!((found.interval.0 - 1.0).abs() < 1e-9 && (found.interval.1 - 5.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn no_times_compare_with_nothing() {
        assert_eq!(ratio(&[], &[1.0]), None);
        assert_eq!(ratio(&[0.0], &[1.0]), None);
        assert!((ratio(&[1.0; 9], &[1.0; 9]).unwrap().p - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn sides_can_be_swapped(
            base in prop::collection::vec(1.0..9.0f64, 1..12), head in prop::collection::vec(1.0..9.0f64, 1..12),
        ) {
            let (one, other) = (ratio(&base, &head).unwrap(), ratio(&head, &base).unwrap());
            prop_assert!((one.estimate * other.estimate - 1.0).abs() < 1e-9);
            prop_assert!((one.p - other.p).abs() < 1e-9);
            prop_assert!(one.interval.0 <= one.estimate && one.estimate <= one.interval.1);
            prop_assert!((0.0..=1.0).contains(&one.p));
        }
    }
}
