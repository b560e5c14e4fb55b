//! Whether a figure climbs from look to look, whatever the load was between them.

use super::LookFacts;
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
    /// The work that was done, and how much of it since the middle; none where nobody counted it.
    work: Option<(u64, u64)>,
}

impl Climb {
    /// Of the values of all looks, `values` being a figure of `looks`: with the work that was done between them.
    #[must_use]
    pub fn over(looks: &[LookFacts], values: &[u64]) -> Self {
        let counted: Option<Vec<u64>> = looks.iter().map(|look| look.requests).collect();
        let work = counted.map(|counted| Self::of(&counted)).map(|work| (work.gained, work.late));
        Self { work, ..Self::of(values) }
    }

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
            && self.goes_on(limits)
    }

    /// It did not flatten: not by the looks, or not by the work that was done between them. A burst at the start is followed
    /// by less of everything.
    fn goes_on(&self, limits: &SeriesThresholds) -> bool {
        let late = self.late as f64 / self.gained.max(1) as f64;
        let late_work = self.work.map(|(all, late)| late as f64 / all.max(1) as f64);
        // Of hardly any work nobody can say what comes of it.
        let late_work = late_work.filter(|share| *share >= limits.late_work_min);
        // Of even work half is done late.
        let of_late_work = late_work.map_or(1.0, |share| limits.late_share_min * (share + share));
        late >= limits.late_share_min.min(of_late_work)
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
    fn a_burst_at_the_start_is_followed_by_less_of_everything() {
        let over = |requests: &[u64], values: &[u64]| {
            let looks: Vec<LookFacts> = requests
                .iter()
                .map(|requests| LookFacts { requests: Some(*requests), ..LookFacts::default() })
                .collect();
            Climb::over(&looks, values).is_steady(&SeriesThresholds::default())
        };
        let values = [0, 12_300, 13_750, 15_680, 17_130, 19_050];
        assert!(!steady(&values));
        assert!(over(&[10, 90, 100, 112, 122, 134], &values));
        let flat = [0, 12_300, 17_000, 18_000, 18_500, 19_050];
        assert!(!over(&[10, 40, 70, 100, 130, 160], &flat), "the work went on, and the growth did not");
        assert!(!over(&[10, 500, 990, 995, 1000, 1005], &values), "hardly any work was done later");
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
