//! What is listed weakly: a registry of weak references keeps nothing. Whoever holds what it lists is to be named.

use std::collections::BTreeSet;

use bloathound_heap::{HeapSnapshot, ReferenceKind, ShapeTree};

use super::limit::LastLook;
use super::{Place, Scene, gain};
use crate::thresholds::words;

/// What grows is listed by a registry of weak references, or is such a reference.
pub(super) fn is_weak(tree: &ShapeTree, shape: usize) -> bool {
    tree.line(shape).iter().any(|shape| words::WEAK_TYPES.has(tree.type_name(*shape)))
}

/// Who holds what a registry lists weakly.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Holder {
    /// A place that grows by itself, and is told.
    Told,
    /// A place that gained most of it, too unevenly to be told by its own figures.
    At(Place),
    /// The registry: a value of it leads back to its key.
    Itself,
    /// Nobody knows.
    Unknown,
}

/// Who holds what is listed at the weak `place`; `strong` are the shapes that grow elsewhere.
pub(super) fn holder(scene: &Scene<'_>, place: &Place, strong: &[usize], last: Option<LastLook<'_>>) -> Holder {
    let Some(last) = last else { return Holder::Unknown };
    let tree = scene.tree;
    let listed = weakly_referred(last.snapshot);
    let gained = |shape: usize| gain(&scene.all[shape].objects);
    let of_all = gain(&place.values);
    // Half of them at one place: the rest may be on its way through a program.
    let is_listed = |name: &str| listed.contains(name) && !words::WEAK_TYPES.has(name);
    let is_holder = |shape: &usize| gained(*shape) * 2 >= of_all && is_listed(tree.type_name(*shape));
    let depth = |shape: usize| std::cmp::Reverse(tree.nodes()[shape].depth);
    let Some(main) = (1..tree.nodes().len()).filter(is_holder).max_by_key(|shape| (gained(*shape), depth(*shape)))
    else {
        return Holder::Unknown;
    };
    let line = tree.line(main);
    let is_above = |shape: &usize| line.contains(shape) || tree.line(*shape).contains(&main);
    if is_weak(tree, main) {
        Holder::Itself
    } else if strong.iter().any(is_above) {
        Holder::Told
    } else {
        let holder = tree.nodes()[main].parent;
        Holder::At(Place { holder, members: vec![main], main, varies: None, ..place.clone() })
    }
}

/// Types of objects that weak references lead to.
fn weakly_referred(snapshot: &HeapSnapshot) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    // The dict of interned strings does not count its references; it is no registry.
    let is_dict = |index: usize| snapshot.source_of(index).is_some_and(|from| &*snapshot.type_of(from).name == "dict");
    for (index, label) in snapshot.labels().iter().enumerate() {
        if label.kind() == ReferenceKind::Weak
            && let Some(target) = snapshot.targets().get(index)
            && !is_dict(index)
        {
            types.insert(snapshot.type_id(*target));
        }
    }
    types.into_iter().filter_map(|id| Some(snapshot.types().get(id.0 as usize)?.qualified_name())).collect()
}
