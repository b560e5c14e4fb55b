//! Which keys of dicts are told in a tree of shapes, and which are data and folded into `[x]`.

use std::collections::{HashMap, HashSet};

use super::codes::{Code, Codes};
use super::forest::{Forest, Shape};
use super::rules::{KEY_FOLDS_MAX, SINGLE_BYTES_MIN};
use crate::{Label, ShapeLimits};

/// Makes one of the values under keys that are data, and then of those that nothing hangs on: the forest without them,
/// and where each shape went. `None` where no key is told anyway.
pub(super) fn fold_keys(forest: &mut Forest, codes: &Codes<'_>, limits: ShapeLimits) -> Option<(Forest, Vec<u32>)> {
    if !forest.shapes.iter().any(|shape| codes.ranges.is_entry(shape.label)) {
        return None;
    }
    let folder = Folder { codes, limits: ShapeLimits { children_max: u32::MAX, ..limits } };
    // Shapes that become one may have too many keys together, or folded ones among them.
    let mut folds = 0;
    let (mut made, mut moved) = folder.without_keys(&forest.shapes, forest.keyless, None);
    while !forest.keyless && spread_folds(&mut forest.shapes, &made.shapes, &moved) {
        folds += 1;
        forest.keyless = folds == KEY_FOLDS_MAX;
        (made, moved) = folder.without_keys(&forest.shapes, forest.keyless, None);
    }
    let matters = what_matters(&made.shapes);
    let (last, last_moved) = folder.without_keys(&made.shapes, forest.keyless, Some(&matters));
    moved.iter_mut().for_each(|shape| *shape = last_moved[*shape as usize]);
    Some((last, moved))
}

/// Marks the shapes that went into a folded one; true where one was not marked before.
fn spread_folds(before: &mut [Shape], made: &[Shape], moved: &[u32]) -> bool {
    let mut is_new = false;
    for (shape, at) in before.iter_mut().zip(moved).skip(1) {
        let folded = made[*at as usize].folded;
        is_new |= folded && !shape.folded;
        shape.folded = folded;
    }
    is_new
}

struct Folder<'c> {
    codes: &'c Codes<'c>,
    limits: ShapeLimits,
}

impl Folder<'_> {
    /// The forest of `before` without keys that are data, and without those that don't matter; where each shape went.
    fn without_keys(&self, before: &[Shape], keyless: bool, matters: Option<&[bool]>) -> (Forest, Vec<u32>) {
        let ranges = self.codes.ranges;
        let mut forest = Forest::new(ranges, self.limits);
        let mut moved = vec![0_u32; before.len()];
        let mut keys: HashSet<(u32, Code)> = HashSet::new();
        let mut counts: HashMap<u32, u32> = HashMap::new();
        for (index, shape) in before.iter().enumerate().skip(1) {
            let parent = moved[shape.parent as usize];
            let mut label = shape.label;
            if ranges.is_entry(label) {
                let above = &mut forest.shapes[parent as usize];
                if !keyless && !above.folded && keys.insert((parent, label)) {
                    above.keys ^= text_hash(&self.codes.label(label));
                    let count = counts.entry(parent).or_default();
                    *count += 1;
                    above.folded = *count > self.limits.keys_max;
                }
                if keyless || above.folded || matters.is_some_and(|matters| !matters[index]) {
                    label = ranges.index();
                }
            }
            let at = forest.below(parent, label, shape.type_index);
            moved[index] = at;
            forest.shapes[at as usize].add(shape);
        }
        for (shape, at) in before.iter().zip(&moved).filter(|(shape, _)| shape.turns.count > 0) {
            forest.shapes[*at as usize].turns.add(moved[shape.turns.from as usize], shape.turns.count);
        }
        (forest, moved)
    }
}

/// Shapes of several objects or of many bytes, and what is above them.
fn what_matters(shapes: &[Shape]) -> Vec<bool> {
    let mut matters = vec![false; shapes.len()];
    for (index, shape) in shapes.iter().enumerate().skip(1).rev() {
        if matters[index] || shape.objects > 1 || shape.bytes >= SINGLE_BYTES_MIN {
            matters[index] = true;
            matters[shape.parent as usize] = true;
        }
    }
    matters
}

/// FNV-1a.
fn text_hash(label: &Label) -> u64 {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    label.to_string().bytes().fold(0xcbf2_9ce4_8422_2325, hash)
}
