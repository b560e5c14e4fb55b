//! What a seed draws: the same on every machine and in every version, so that a seed can be named in a report.

use rand_core::{Rng, SeedableRng};
use rand_xorshift::XorShiftRng;

/// A stream of drawn values. One for each purpose: what is drawn for one shifts nothing that is drawn for another.
#[derive(Debug, Clone)]
pub struct Draw(XorShiftRng);

impl Draw {
    /// The stream of a seed and a purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        // FNV-1a: a purpose is a few words of ours, and has no need of more.
        let mixed = purpose.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(XorShiftRng::seed_from_u64(mixed))
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = u128::from(most.saturating_sub(least)) + 1;
        let drawn = (u128::from(self.0.next_u64()) * span) >> 64;
        least + u64::try_from(drawn).unwrap_or(0)
    }

    /// One of them; `None` of none.
    pub fn one_of<'t, T>(&mut self, them: &'t [T]) -> Option<&'t T> {
        let last = them.len().checked_sub(1)?;
        let at = self.between(0, last as u64);
        them.get(usize::try_from(at).ok()?)
    }

    /// Puts them into another order.
    pub fn shuffle<T>(&mut self, them: &mut [T]) {
        for at in (1..them.len()).rev() {
            let other = usize::try_from(self.between(0, at as u64)).unwrap_or(at);
            them.swap(at, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_everywhere_and_each_purpose_its_own() {
        let drawn = |seed, purpose| {
            let mut draw = Draw::new(seed, purpose);
            (0..6).map(|_| draw.between(0, 99)).collect::<Vec<_>>()
        };
        // Written down: whoever changes a drawn value makes every seed in every report mean another thing.
        assert_eq!(drawn(1, "names"), [90, 51, 44, 24, 42, 50]);
        assert_eq!(drawn(1, "names"), drawn(1, "names"));
        assert_ne!(drawn(1, "names"), drawn(2, "names"));
        assert_ne!(drawn(1, "names"), drawn(1, "sizes"));
    }

    #[test]
    fn both_ends_are_drawn_and_nothing_beyond() {
        let mut draw = Draw::new(5, "ends");
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| draw.between(3, 6)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(draw.between(7, 7), 7);
        assert_eq!(draw.one_of::<u8>(&[]), None);
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut them: Vec<u64> = (0..50).collect();
        Draw::new(1, "order").shuffle(&mut them);
        assert_ne!(them, (0..50).collect::<Vec<_>>());
        them.sort_unstable();
        assert_eq!(them, (0..50).collect::<Vec<_>>());
    }
}
