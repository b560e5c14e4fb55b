//! One cause, one finding: places that grow by the same steps because one holds the other.

use crate::thresholds::GrowthThresholds;

/// Steps between looks.
#[must_use]
pub(crate) fn steps(values: &[u64]) -> Vec<i64> {
    values.windows(2).map(|pair| pair[1] as i64 - pair[0] as i64).collect()
}

/// Whether two series come from one cause: the same steps, times one number for all of them.
#[must_use]
pub(crate) fn same(one: &[i64], other: &[i64], limits: &GrowthThresholds) -> bool {
    let sum = |steps: &[i64]| steps.iter().sum::<i64>() as f64;
    let (all, others) = (sum(one), sum(other));
    if one.len() != other.len() || all <= 0.0 || others <= 0.0 {
        return false;
    }
    let differ: f64 = one.iter().zip(other).map(|(a, b)| (*a as f64 / all - *b as f64 / others).abs()).sum();
    differ <= limits.same_steps_difference_max
}
