//! Medians and quartiles.

/// The three values that divide sorted values into quarters.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quartiles {
    /// A quarter is below.
    pub first: f64,
    /// Half is below.
    pub median: f64,
    /// Three quarters are below.
    pub third: f64,
}

impl Quartiles {
    /// Tukey's outer fence: what is above it is far out.
    #[must_use]
    pub fn far_out(self) -> f64 {
        self.third + 3.0 * (self.third - self.first)
    }
}

/// Quartiles, between two values by linear interpolation (method 7 of Hyndman and Fan, 1996); `None` of nothing.
#[must_use]
pub fn quartiles(values: &[f64]) -> Option<Quartiles> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (sorted.len() - 1) as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let low = sorted.get(below)?;
        let high = sorted.get(below + 1).unwrap_or(low);
        Some(low + (high - low) * part)
    };
    if sorted.is_empty() {
        return None;
    }
    Some(Quartiles { first: at(0.25)?, median: at(0.5)?, third: at(0.75)? })
}

/// The middle value; `None` of nothing.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quartiles(values).map(|quartiles| quartiles.median)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        let found = quartiles(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((found.first, found.median, found.third), (1.75, 2.5, 3.25));
        assert_eq!(found.far_out(), 3.25 + 4.5);
        assert_eq!(quartiles(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
    }

    proptest! {
        #[test]
        fn they_stand_in_order_and_within(values in prop::collection::vec(-1e6..1e6f64, 1..60)) {
            let found = quartiles(&values).unwrap();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(low <= found.first && found.first <= found.median);
            prop_assert!(found.median <= found.third && found.third <= high);
        }
    }
}
