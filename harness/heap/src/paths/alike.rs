//! Trees of several looks made alike: what one of them takes for a key and another for data is data in all.

use std::borrow::Cow;
use std::collections::HashMap;

use super::rules::{ALIKE_TURNS_MAX, KEY_CHANGES_MAX, PLAIN_TURN_MAX, TURN_MAX};
use super::shapes::KEYS_FOLDED;
use crate::{Label, ShapeKey, ShapeNode, ShapeTree};

impl ShapeTree {
    /// The trees of several looks, in their order, so that equal places have equal paths: a dict that had few keys and
    /// then many, or other keys in every look, has values `[x]` in all of them.
    #[must_use]
    pub fn alike<'t>(trees: &[&'t Self]) -> Vec<Cow<'t, Self>> {
        let mut folds: Vec<Vec<bool>> = trees.iter().map(|tree| vec![false; tree.nodes.len()]).collect();
        let mut folded = false;
        for _ in 0..ALIKE_TURNS_MAX {
            let places = Places::of(trees, &folds);
            if !places.mark(trees, &mut folds) {
                break;
            }
            folded = true;
        }
        if !folded {
            return trees.iter().map(|tree| Cow::Borrowed(*tree)).collect();
        }
        let places = Places::of(trees, &folds);
        trees.iter().zip(&places.of_nodes).map(|(tree, of_nodes)| Cow::Owned(places.rebuilt(tree, of_nodes))).collect()
    }
}

/// Paths of all trees, each once.
struct Places<'t> {
    /// Parent, label, type; the first is above all roots.
    all: Vec<(usize, &'t Label, &'t str)>,
    /// The place of each node of each tree.
    of_nodes: Vec<Vec<usize>>,
}

impl<'t> Places<'t> {
    fn of(trees: &[&'t ShapeTree], folds: &[Vec<bool>]) -> Self {
        let mut places = Self { all: vec![(0, &Label::Unknown, "")], of_nodes: Vec::new() };
        let mut known: HashMap<(usize, &Label, &str), usize> = HashMap::new();
        for (tree, folds) in trees.iter().zip(folds) {
            let mut of_nodes = vec![0];
            for (index, node) in tree.nodes.iter().enumerate().skip(1) {
                let parent = of_nodes[node.parent];
                let is_data = folds[node.parent] && matches!(tree.label(index), Label::Entry(_));
                let label = if is_data { &Label::Index } else { tree.label(index) };
                let place = (parent, label, tree.type_name(index));
                let found = known.get(&place).copied().or_else(|| places.turn(place));
                of_nodes.push(found.unwrap_or_else(|| {
                    places.all.push(place);
                    known.insert(place, places.all.len() - 1);
                    places.all.len() - 1
                }));
            }
            places.of_nodes.push(of_nodes);
        }
        places
    }

    /// The place above of which this one is another turn, as in a tree that never had these keys.
    fn turn(&self, (parent, label, type_name): (usize, &Label, &str)) -> Option<usize> {
        let turns = if label.variable().is_some() { TURN_MAX } else { PLAIN_TURN_MAX };
        let above = std::iter::successors(Some(parent), |at| Some(self.all[*at].0)).take(turns as usize);
        above.take_while(|at| *at != 0).find(|at| (self.all[*at].1, self.all[*at].2) == (label, type_name))
    }

    /// Marks the nodes whose keys are data; true where one was not marked before.
    fn mark(&self, trees: &[&ShapeTree], folds: &mut [Vec<bool>]) -> bool {
        // Keys by look: what they were last, how often they changed, whether they are data anywhere.
        let mut keys: Vec<(Option<u64>, u32, bool, bool)> = vec![(None, 0, false, false); self.all.len()];
        for (tree, of_nodes) in trees.iter().zip(&self.of_nodes) {
            let mut now: HashMap<usize, u64> = HashMap::new();
            for (node, place) in tree.nodes.iter().zip(of_nodes).skip(1) {
                let own = now.entry(*place).or_insert(node.keys);
                // Two that became one: equal keys stay, others are data.
                *own = if *own == node.keys { node.keys } else { KEYS_FOLDED };
            }
            for (place, now) in now {
                let (last, changes, any_data, any_told) = &mut keys[place];
                *changes += u32::from(last.is_some_and(|last| last != now));
                *any_data |= now == KEYS_FOLDED;
                *any_told |= now != KEYS_FOLDED && now != 0;
                *last = Some(now);
            }
        }
        let is_data = |place: usize| {
            let (_, changes, any_data, any_told) = keys[place];
            any_told && (any_data || changes > KEY_CHANGES_MAX)
        };
        let mut is_new = false;
        for (folds, of_nodes) in folds.iter_mut().zip(&self.of_nodes) {
            for (fold, place) in folds.iter_mut().zip(of_nodes).skip(1) {
                is_new |= is_data(*place) && !*fold;
                *fold |= is_data(*place);
            }
        }
        is_new
    }

    fn rebuilt(&self, tree: &ShapeTree, of_nodes: &[usize]) -> ShapeTree {
        let mut labels = tree.labels.clone();
        labels.push(Label::Index);
        let index_label = labels.len() as u32 - 1;
        let mut nodes: Vec<ShapeNode> = Vec::with_capacity(tree.nodes.len());
        let mut at: HashMap<usize, usize> = HashMap::new();
        for (node, place) in tree.nodes.iter().zip(of_nodes) {
            if let Some(merged) = at.get(place).and_then(|at| nodes.get_mut(*at)) {
                merged.objects += node.objects;
                merged.bytes = merged.bytes.saturating_add(node.bytes);
                merged.references += node.references;
                merged.retained_bytes = merged.retained_bytes.saturating_add(node.retained_bytes);
                merged.source = merged.source.take().or_else(|| node.source.clone());
                continue;
            }
            let (above, label, type_name) = self.all[*place];
            let parent = at.get(&above).copied().unwrap_or(0);
            let (depth, above_key) = nodes.get(parent).map_or((0, ShapeKey(0)), |node| (node.depth + 1, node.key));
            at.insert(*place, nodes.len());
            let is_same = labels.get(node.label as usize) == Some(label);
            nodes.push(ShapeNode {
                parent,
                depth,
                key: if nodes.is_empty() { node.key } else { ShapeKey::of(above_key, label, type_name) },
                label: if is_same { node.label } else { index_label },
                ..node.clone()
            });
        }
        for node in &mut nodes {
            let nested = node.nested_at.and_then(|below| of_nodes.get(below));
            node.nested_at = nested.and_then(|place| at.get(place).copied());
        }
        ShapeTree { nodes, labels, types: tree.types.clone() }
    }
}
