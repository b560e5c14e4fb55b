//! Rectangles as large as their figures and as near to squares as can be: Bruls, Huizing, van Wijk: "Squarified
//! Treemaps" (2000).

/// A rectangle.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A rectangle inside `whole` for each of `sizes`, which are sorted, largest first. Together they fill as much of it as
/// the sizes are of `total`; what is left over stays free at its end.
pub(super) fn squarify(sizes: &[u64], total: u64, whole: Area) -> Vec<Area> {
    let total = total.max(sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size))).max(1) as f64;
    let scale = whole.width * whole.height / total;
    let areas: Vec<f64> = sizes.iter().map(|size| *size as f64 * scale).collect();
    let mut placed = Vec::with_capacity(areas.len());
    let mut free = whole;
    let mut rest = &areas[..];
    while !rest.is_empty() {
        let side = free.width.min(free.height);
        // A row takes one more for as long as its worst rectangle becomes no worse by that.
        let mut taken = 1;
        while taken < rest.len() && worst(&rest[..=taken], side) <= worst(&rest[..taken], side) {
            taken += 1;
        }
        let (row, others) = rest.split_at(taken);
        lay(row, &mut free, &mut placed);
        rest = others;
    }
    placed
}

/// The largest ratio of the sides of the rectangles of a row that lies along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let most = row.iter().copied().fold(0.0, f64::max);
    let least = row.iter().copied().fold(f64::INFINITY, f64::min);
    let (side, sum) = (side * side, sum * sum);
    if sum <= 0.0 || least <= 0.0 {
        return f64::INFINITY;
    }
    (side * most / sum).max(sum / (side * least))
}

/// Puts a row along the shorter side of what is free.
fn lay(row: &[f64], free: &mut Area, placed: &mut Vec<Area>) {
    let sum: f64 = row.iter().sum();
    let stands = free.width >= free.height;
    let side = if stands { free.height } else { free.width };
    let depth = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = 0.0;
    for area in row {
        let length = if depth > 0.0 { area / depth } else { 0.0 };
        placed.push(if stands {
            Area { x: free.x, y: free.y + at, width: depth, height: length }
        } else {
            Area { x: free.x + at, y: free.y, width: length, height: depth }
        });
        at += length;
    }
    if stands {
        free.x += depth;
        free.width = (free.width - depth).max(0.0);
    } else {
        free.y += depth;
        free.height = (free.height - depth).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: Area = Area { x: 0.0, y: 0.0, width: 600.0, height: 400.0 };

    #[test]
    fn the_example_of_the_paper_is_laid_out_as_there() {
        let whole = Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 };
        let placed = squarify(&[6, 6, 4, 3, 2, 2, 1], 24, whole);
        // Two sixes fill the left half; four and three lie above the rest.
        assert_eq!((placed[0].width, placed[0].height), (3.0, 2.0));
        assert_eq!((placed[1].x, placed[1].y), (0.0, 2.0));
        assert_eq!(placed[2].x, 3.0);
        assert!((placed[2].height - 7.0 / 3.0).abs() < 1e-9 && (placed[3].y).abs() < 1e-9, "{placed:?}");
    }

    proptest! {
        #[test]
        fn areas_are_as_large_as_their_figures_and_apart(mut sizes in prop::collection::vec(1u64..100_000, 1..40), more in 0u64..50_000) {
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            let total = sizes.iter().sum::<u64>() + more;
            let placed = squarify(&sizes, total, WHOLE);
            for (size, area) in sizes.iter().zip(&placed) {
                let wanted = *size as f64 / total as f64 * 240_000.0;
                prop_assert!((area.width * area.height - wanted).abs() < 1e-3);
                prop_assert!(area.x >= -1e-6 && area.x + area.width <= 600.0 + 1e-6);
                prop_assert!(area.y >= -1e-6 && area.y + area.height <= 400.0 + 1e-6);
            }
            for (index, one) in placed.iter().enumerate() {
                for other in &placed[index + 1..] {
                    let apart = one.x + one.width <= other.x + 1e-6 || other.x + other.width <= one.x + 1e-6
                        || one.y + one.height <= other.y + 1e-6 || other.y + other.height <= one.y + 1e-6;
                    prop_assert!(apart, "{one:?} {other:?}");
                }
            }
        }
    }
}
