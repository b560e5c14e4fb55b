//! What grows below many objects or keys at once: one cause each, or none at all.

use std::collections::BTreeMap;

use bloathound_heap::ShapeTree;

use super::series::Quantity;
use super::{Place, Scene, cause, gain};
use crate::Label;
use crate::thresholds::{fixed, predicates};

/// What places that differ by a key alone have in common: the dict, and labels and types from the key on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Like {
    dict: usize,
    /// It grows in an attribute of what is under the key: one class writes it, whatever the keys.
    in_attribute: bool,
    below: Vec<String>,
}

impl Like {
    /// Whether so many keys below which it grows are one cause.
    fn is_one_cause(&self, keys: usize) -> bool {
        let least = if self.in_attribute { fixed::KEYS_OF_ONE_CLASS_MIN } else { fixed::KEYS_ALIKE_MIN };
        predicates::KEYS_ALIKE.says(keys >= least)
    }
}

/// Whether what grows only fills in what is there: an attribute, or a value by its key, is there once for each owner at
/// most, and where the owners do not grow there can be no more of it than of them.
pub(super) fn fills_in(scene: &Scene<'_>, index: usize) -> bool {
    let nodes = scene.tree.nodes();
    let once_each = matches!(scene.tree.label(index), Label::Name(_) | Label::Entry(_));
    let owner = nodes[index].parent;
    let owners = nodes[owner].objects;
    let bounded =
        once_each && owners > 1 && scene.growing[owner] != Some(Quantity::Objects) && nodes[index].objects <= owners;
    predicates::FILLS_IN.says(bounded)
}

/// Whether items of one kind only take the place of others: the containers have hardly more entries for them.
pub(super) fn takes_places(scene: &Scene<'_>, index: usize) -> bool {
    let is_item = matches!(scene.tree.label(index), Label::Index | Label::Key | Label::Member);
    let owner = scene.tree.nodes()[index].parent;
    let entries = &scene.all[owner].entries;
    let had_entries = entries.first().is_some_and(|entries| *entries > 0);
    // Data that nests in itself is one shape: of that there may be more than there are entries.
    let objects = scene.all[index].objects.last().copied().unwrap_or_default();
    let one_each = had_entries && entries.last().is_some_and(|entries| objects <= *entries);
    let swapped = is_item && one_each && gain(entries) < gain(&scene.all[index].objects) / fixed::ENTRIES_ONE_IN;
    predicates::TAKES_PLACES.says(swapped)
}

/// Places below one dict that differ by the key alone are one: its keys are data, however few they are.
pub(super) fn by_key(scene: &Scene<'_>, places: Vec<Place>) -> Vec<Place> {
    let mut one_each: Vec<Place> = Vec::new();
    let mut by_dict: BTreeMap<Like, Vec<(usize, Place)>> = BTreeMap::new();
    for place in places {
        match entry(scene.tree, place.main) {
            Some((at, like)) => by_dict.entry(like).or_default().push((at, place)),
            None => one_each.push(place),
        }
    }
    // Keys below which something grows too little to be told by itself: part of the same cause.
    let mut others: BTreeMap<&Like, Vec<usize>> = BTreeMap::new();
    if by_dict.iter().any(|(like, alike)| like.is_one_cause(alike.len())) {
        for shape in 1..scene.tree.nodes().len() {
            let Some((_, like)) = entry(scene.tree, shape) else { continue };
            if let Some((like, alike)) = by_dict.get_key_value(&like)
                && like.is_one_cause(alike.len())
            {
                others.entry(like).or_default().push(shape);
            }
        }
    }
    let merged: Vec<Place> =
        others.iter().filter_map(|(like, shapes)| merged(scene, by_dict.get(*like)?, shapes.clone())).collect();
    let told: Vec<Like> = others.into_keys().cloned().collect();
    let rest = by_dict.into_iter().filter(|(like, _)| !told.contains(like));
    one_each.extend(rest.flat_map(|(_, alike)| alike.into_iter().map(|(_, place)| place)));
    one_each.extend(merged);
    one_each.sort_by_key(|place| place.holder);
    one_each
}

/// The lowest shape on the way that goes by a key, and what all that differ by that key alone have in common: the dict,
/// and labels and types from there on.
fn entry(tree: &ShapeTree, shape: usize) -> Option<(usize, Like)> {
    let line = tree.line(shape);
    let at = line.iter().rposition(|shape| matches!(tree.label(*shape), Label::Entry(_)))?;
    let entry = *line.get(at)?;
    let mut below = vec![tree.type_name(entry).to_owned()];
    below.extend(line.iter().skip(at + 1).map(|shape| format!("{} {}", tree.label(*shape), tree.type_name(*shape))));
    let in_attribute = line.get(at + 1).is_some_and(|shape| tree.label(*shape).name().is_some());
    Some((entry, Like { dict: tree.nodes()[entry].parent, in_attribute, below }))
}

/// One place of many keys: their figures together, and the key that holds most as the example.
fn merged(scene: &Scene<'_>, alike: &[(usize, Place)], members: Vec<usize>) -> Option<Place> {
    let (varies, most) = alike.iter().max_by_key(|(entry, place)| (gain(&place.values), usize::MAX - entry))?;
    let mut values = vec![0_u64; most.values.len()];
    for member in &members {
        let series = &scene.all[*member];
        let counted = match most.quantity {
            Quantity::Objects => &series.objects,
            Quantity::Entries => &series.entries,
            Quantity::Bytes => &series.bytes,
        };
        values.iter_mut().zip(counted).for_each(|(sum, value)| *sum += value);
    }
    Some(Place { steps: cause::steps(&values), values, members, varies: Some(*varies), ..most.clone() })
}
