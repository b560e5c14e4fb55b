//! How often each of many readings came: whether a handful of them is nearly all, and whether something goes on.

use std::collections::HashMap;

use bloathound_profile::ValueHash;

use crate::thresholds::fixed::TIMES_MIN;

/// True for what happened several times, and still did in the second half.
pub(crate) fn happens_on_and_on(happened: impl Iterator<Item = bool>) -> bool {
    let happened: Vec<bool> = happened.collect();
    let late = happened.get(happened.len() / 2..).unwrap_or_default();
    happened.iter().filter(|did| **did).count() >= TIMES_MIN && late.contains(&true)
}

/// How often each came, the most frequent first.
pub(super) struct Times(Vec<usize>);

impl Times {
    pub(super) fn of(values: impl IntoIterator<Item = ValueHash>) -> Self {
        let mut times: HashMap<ValueHash, usize> = HashMap::new();
        values.into_iter().for_each(|value| *times.entry(value).or_default() += 1);
        let mut most: Vec<usize> = times.into_values().collect();
        most.sort_unstable_by_key(|times| std::cmp::Reverse(*times));
        Self(most)
    }

    /// How many there are of different ones.
    pub(super) const fn different(&self) -> usize {
        self.0.len()
    }

    /// How many of them came more than once.
    pub(super) fn repeated(&self) -> usize {
        self.0.iter().filter(|times| **times > 1).count()
    }

    /// How many there are in all.
    pub(super) fn all(&self) -> usize {
        self.0.iter().sum()
    }

    /// The share of the `count` most frequent ones; of nothing, nothing.
    pub(super) fn share_of(&self, count: usize) -> f64 {
        share(self.0.iter().take(count).sum(), self.all())
    }

    /// The same of those only that came more than once.
    pub(super) fn share_of_repeated(&self, count: usize) -> f64 {
        share(self.0.iter().take(count).filter(|times| **times > 1).sum(), self.all())
    }
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_are_counted_first() {
        let times = Times::of([7, 8, 7, 9, 7, 8].map(ValueHash));
        assert_eq!((times.different(), times.all()), (3, 6));
        assert_eq!(times.repeated(), 2);
        assert!((times.share_of(2) - 5.0 / 6.0).abs() < 1e-9);
        assert!((times.share_of_repeated(3) - 5.0 / 6.0).abs() < 1e-9, "9 came once");
        assert!(Times::of([]).share_of(2).abs() < 1e-9);
    }
}
