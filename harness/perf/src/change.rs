//! Where a series of figures steps from one level to another: E-divisive (D. S. Matteson and N. A. James, "A nonparametric
//! approach for multiple change point analysis of multivariate data", JASA 109, 2014), for one figure and with exponent 1.
//!
//! The best place to cut is where the energy distance between both sides is largest. Whether it is a step is asked of
//! permutations: how often does a shuffled series give one as large? Shuffling is by a fixed generator, so the same series
//! has the same change points.

/// Rows on each side of a change, at least: one row is a row, and no level.
const SIDE_MIN: usize = 3;
const PERMUTATIONS: u32 = 199;
/// How often chance alone may look like a step.
const SIGNIFICANCE: f64 = 0.05;

/// A step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChangePoint {
    /// The first row of the new level.
    pub at: usize,
    /// The share of permutations that gave as large a step.
    pub p: f64,
}

/// All steps, in order. Series shorter than twice three rows have none.
#[must_use]
pub fn change_points(values: &[f64]) -> Vec<ChangePoint> {
    let mut found = Vec::new();
    let mut waiting: Vec<std::ops::Range<usize>> = std::iter::once(0..values.len()).collect();
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
    while let Some(range) = waiting.pop() {
        let part = &values[range.clone()];
        let Some((at, size)) = best_cut(part) else { continue };
        let p = chance(part, size, &mut shuffle);
        if p > SIGNIFICANCE {
            continue;
        }
        found.push(ChangePoint { at: range.start + at, p });
        waiting.push(range.start..range.start + at);
        waiting.push(range.start + at..range.end);
    }
    found.sort_by_key(|change| change.at);
    found
}

fn chance(values: &[f64], size: f64, shuffle: &mut Shuffle) -> f64 {
    let mut shuffled = values.to_vec();
    let as_large = (0..PERMUTATIONS)
        .filter(|_| {
            shuffle.shuffle(&mut shuffled);
            best_cut(&shuffled).is_some_and(|(_, other)| other >= size)
        })
        .count();
    f64::from(as_large as u32 + 1) / f64::from(PERMUTATIONS + 1)
}

/// The cut with the largest scaled energy distance, and that distance; `None` where there is no distance at all.
///
/// With `a` and `b` values on the sides: q = ab / (a + b) · (2 · mean between − mean within left − mean within right).
fn best_cut(values: &[f64]) -> Option<(usize, f64)> {
    let n = values.len();
    if n < 2 * SIDE_MIN {
        return None;
    }
    let distance = |a: usize, b: usize| (values[a] - values[b]).abs();
    let sum_of = |i: usize, range: std::ops::Range<usize>| range.map(|j| distance(i, j)).sum::<f64>();
    // Sums of distances within both sides and between them, kept up to date as one value after the other changes sides.
    let mut left = 0.0;
    let mut between = 0.0;
    let mut right: f64 = (0..n).map(|i| sum_of(i, i + 1..n)).sum();
    let mut best: Option<(usize, f64)> = None;
    for cut in 1..n {
        let moved = cut - 1;
        let (to_left, to_right) = (sum_of(moved, 0..moved), sum_of(moved, cut..n));
        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        if cut < SIDE_MIN || n - cut < SIDE_MIN {
            continue;
        }
        let (a, b) = (cut as f64, (n - cut) as f64);
        let pairs = |count: f64| count * (count - 1.0) / 2.0;
        let energy = 2.0 * between / (a * b) - left / pairs(a) - right / pairs(b);
        let size = a * b / (a + b) * energy;
        if size > 0.0 && best.is_none_or(|(_, largest)| size > largest) {
            best = Some((cut, size));
        }
    }
    best
}

/// xorshift64*, for permutations that are the same every time.
struct Shuffle(u64);

impl Shuffle {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn shuffle(&mut self, values: &mut [f64]) {
        for last in (1..values.len()).rev() {
            let other = (self.next() >> 16) as usize % (last + 1);
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places(values: &[f64]) -> Vec<usize> {
        change_points(values).iter().map(|change| change.at).collect()
    }

    #[test]
    fn the_energy_of_a_cut_by_hand() {
        // Three zeroes, three ones: between 1, within 0, so q = 3·3/6 · 2 = 3.
        assert_eq!(best_cut(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), Some((3, 3.0)));
        // 0 1 2 | 10 11 12: mean between 10, within 4/3 on each side: 1.5 · (20 − 8/3) = 26.
        let (at, size) = best_cut(&[0.0, 1.0, 2.0, 10.0, 11.0, 12.0]).unwrap();
        assert_eq!(at, 3);
        assert!((size - 26.0).abs() < 1e-9, "{size}");
    }

    #[test]
    fn steps_are_found_where_they_are() {
        let mut values = vec![100.0; 8];
        values.extend([103.0; 8]);
        values.extend([90.0; 8]);
        assert_eq!(places(&values), [8, 16]);
    }

    #[test]
    fn what_does_not_step_has_no_change() {
        assert_eq!(places(&[5.0; 30]), [0; 0]);
        assert_eq!(places(&[1.0, 9.0]), [0; 0]);
        let wobbling: Vec<f64> = (0..40).map(|n| 100.0 + f64::from(n * 7 % 5)).collect();
        assert_eq!(places(&wobbling), [0; 0]);
    }

    proptest! {
        #[test]
        fn a_step_far_above_the_noise_is_found_within_a_row(
            before in prop::collection::vec(0.0..1.0f64, 8..20),
            after in prop::collection::vec(50.0..51.0f64, 8..20),
        ) {
            let values: Vec<f64> = before.iter().chain(&after).copied().collect();
            prop_assert!(places(&values).contains(&before.len()));
        }

        #[test]
        fn neither_a_shift_nor_a_scale_moves_a_change(
            values in prop::collection::vec(0.0..9.0f64, 6..24), factor in 1..8i32,
        ) {
            let moved: Vec<f64> = values.iter().map(|value| value * f64::from(factor) * 2.0).collect();
            let (one, other) = (best_cut(&values), best_cut(&moved));
            prop_assert_eq!(one.is_some(), other.is_some());
        }
    }
}
