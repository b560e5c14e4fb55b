//! Whether a figure climbs from look to look, whatever the load was between them.

use crate::thresholds::SeriesThresholds;

/// How a figure went from the first look to the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Climb {
    /// From the first to the last; 0 where it ended lower.
    pub gained: u64,
    /// Sum of all rises.
    rises: u64,
    /// Sum of all falls.
    falls: u64,
    /// Steps that rose.
    rising: usize,
    /// Gained since the middle.
    late: u64,
    looks: usize,
}

impl Climb {
    /// Of the values of all looks.
    #[must_use]
    pub fn of(values: &[u64]) -> Self {
        let (Some(first), Some(last)) = (values.first(), values.last()) else { return Self::default() };
        let middle = values.get(values.len() / 2).unwrap_or(last);
        let mut climb = Self {
            gained: last.saturating_sub(*first),
            late: last.saturating_sub(*middle),
            looks: values.len(),
            ..Self::default()
        };
        for pair in values.windows(2) {
            if let [before, after] = pair {
                climb.rises = climb.rises.saturating_add(after.saturating_sub(*before));
                climb.falls = climb.falls.saturating_add(before.saturating_sub(*after));
                climb.rising += usize::from(after > before);
            }
        }
        climb
    }

    /// It went up, hardly ever down, and did not flatten.
    #[must_use]
    pub fn is_steady(&self, limits: &SeriesThresholds) -> bool {
        self.looks >= limits.looks_min
            && self.gained > 0
            && self.rising >= limits.rising_steps_min
            && self.falls as f64 <= self.rises as f64 * limits.falls_share_max
            && self.late as f64 >= self.gained as f64 * limits.late_share_min
    }

    /// Every step rose.
    #[must_use]
    pub fn rose_always(&self) -> bool {
        self.falls == 0 && self.rising + 1 == self.looks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(values: &[u64]) -> bool {
        Climb::of(values).is_steady(&SeriesThresholds::default())
    }

    #[test]
    fn bursts_and_lulls_climb_all_the_same() {
        assert!(steady(&[100, 160, 160, 900, 1000, 1900]));
        assert!(steady(&[0, 5000, 5100, 9000, 9000, 12_000]));
    }

    #[test]
    fn what_goes_up_and_down_or_flattens_does_not_climb() {
        assert!(!steady(&[0, 500, 100, 600, 200, 700]), "it is given back");
        assert!(!steady(&[0, 5000, 9000, 9900, 9950, 9960]), "it warms up");
        assert!(!steady(&[0, 0, 0, 0, 0, 9000]), "it happened once");
        assert!(!steady(&[0, 100, 200]), "three looks are too few");
        assert!(!steady(&[]));
    }
}
