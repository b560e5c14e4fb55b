//! The cheapest path from a root to every object, by names people know, and what a step costs.

use super::costs::{BOOKKEEPING_COST, CLOSURE_COST, GUESSED_COST, OWN_DICT_COST, PLAIN_COST, STACK_COST, root_cost};
use crate::{BitSet, HeapSnapshot, Names, ObjectId, Path, ReferenceKind, ReferenceLabel, Root, RootKind, Step};

/// How a path reaches an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It is a root: index into [`HeapSnapshot::roots`].
    Root(usize),
    /// By a reference: index into [`HeapSnapshot::targets`].
    Reference(usize),
}

const UNREACHED: u32 = u32::MAX;

/// The cheapest path from a root to every object, as the last reference of each: 4 bytes an object.
///
/// Cheap means short, by names people know: attributes, items and keys. Bookkeeping (a type pointer, what the series
/// calls so) costs as much as several of these, and so does starting from anything but a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathTree {
    /// A reference's index; or the number of references plus a root's index.
    arrivals: Vec<u32>,
    references: u32,
}

/// What an edge or a root may cost at most; one less than a power of two.
const COST_MAX: usize = 63;
/// Cost of each reference by its label; 0 for those that are no way.
struct Costs {
    by_kind: [u8; 16],
    by_field: Vec<u8>,
}

impl Costs {
    fn new(snapshot: &HeapSnapshot) -> Self {
        let mut by_kind = [PLAIN_COST; 16];
        by_kind[ReferenceKind::Conservative as usize] = GUESSED_COST;
        by_kind[ReferenceKind::Stack as usize] = STACK_COST;
        by_kind[ReferenceKind::Type as usize] = BOOKKEEPING_COST;
        by_kind[ReferenceKind::Weak as usize..].fill(0);
        let words = snapshot.words();
        let closures = [words.function.closure, words.function.contents];
        let cost = |name: &str| match name {
            "" => PLAIN_COST,
            name if name == words.own_dict => OWN_DICT_COST,
            name if closures.contains(&name) => CLOSURE_COST,
            name if words.bookkeeping.contains(&name) => BOOKKEEPING_COST,
            _ => PLAIN_COST,
        };
        Self { by_kind, by_field: snapshot.names().iter().map(|name| cost(name)).collect() }
    }

    #[inline]
    fn of(&self, label: ReferenceLabel) -> u8 {
        match label.kind() {
            ReferenceKind::Field => self.by_field.get(label.payload() as usize).copied().unwrap_or(PLAIN_COST),
            kind => self.by_kind[kind as usize],
        }
    }
}

/// Queues by distance, as many as a step may cost (Dial's algorithm).
struct Wavefront {
    buckets: Vec<Vec<u32>>,
    waiting: usize,
    distances: Vec<u32>,
}

impl Wavefront {
    fn offer(&mut self, arrivals: &mut [u32], object: ObjectId, distance: u32, arrival: u32) {
        if distance < self.distances[object.index()] {
            self.distances[object.index()] = distance;
            arrivals[object.index()] = arrival;
            self.buckets[distance as usize & COST_MAX].push(object.0);
            self.waiting += 1;
        }
    }
}

/// A class that several modules import is reached through each of them; among paths of equal length the one through
/// the module that defines it is the one to tell.
fn prefer_home_modules(snapshot: &HeapSnapshot, costs: &Costs, distances: &[u32], arrivals: &mut [u32]) {
    let homes: std::collections::HashMap<ObjectId, &str> =
        snapshot.types().iter().filter_map(|info| Some((info.object?, info.module.as_deref()?))).collect();
    let own_dict = snapshot.find_name(snapshot.words().own_dict);
    for root in snapshot.roots().iter().filter(|root| root.kind == RootKind::Module) {
        let Some(name) = root.name.map(|name| snapshot.name(name)) else { continue };
        let namespaces = snapshot.references_of(root.object).filter(|(_, label)| {
            label.kind() == ReferenceKind::Field && own_dict.is_some() && label.name() == own_dict
        });
        for (namespace, _) in namespaces {
            for index in snapshot.span(namespace) {
                let (target, label) = (snapshot.targets()[index], snapshot.labels()[index]);
                let is_home = label.kind() == ReferenceKind::Value && homes.get(&target) == Some(&name);
                let distance = distances[namespace.index()].saturating_add(u32::from(costs.of(label)));
                if is_home && distance == distances[target.index()] && arrivals[target.index()] != UNREACHED {
                    arrivals[target.index()] = index as u32;
                }
            }
        }
    }
}

impl PathTree {
    /// Paths to all objects that roots lead to, not going through `exclude`. Holds 4 bytes an object beyond the
    /// result while it runs, and the front of the search.
    #[must_use]
    pub fn build(snapshot: &HeapSnapshot, exclude: Option<&BitSet>) -> Self {
        Self::build_from(snapshot, exclude, |_| true)
    }

    /// [`PathTree::build`] from some of the roots only.
    #[must_use]
    pub fn build_from(snapshot: &HeapSnapshot, exclude: Option<&BitSet>, from: impl Fn(&Root) -> bool) -> Self {
        let costs = Costs::new(snapshot);
        let references = snapshot.targets().len() as u32;
        let mut arrivals = vec![UNREACHED; snapshot.len()];
        let mut front = Wavefront {
            buckets: vec![Vec::new(); COST_MAX + 1],
            waiting: 0,
            distances: vec![u32::MAX; snapshot.len()],
        };
        for id in exclude.into_iter().flat_map(BitSet::iter).filter(|id| id.index() < snapshot.len()) {
            front.distances[id.index()] = 0;
        }
        for (index, root) in snapshot.roots().iter().enumerate().filter(|(_, root)| from(root)) {
            // What a program imports into its main module belongs to where it came from.
            let is_main = root.kind == RootKind::Module && root.name.is_some_and(|n| snapshot.name(n) == "__main__");
            let cost = 1 + u32::from(root_cost(root.kind)) + u32::from(is_main);
            front.offer(&mut arrivals, root.object, cost, references + index as u32);
        }
        let (targets, labels) = (snapshot.targets(), snapshot.labels());
        let mut distance = 0;
        while front.waiting > 0 {
            distance += 1;
            let slot = distance as usize & COST_MAX;
            let mut bucket = std::mem::take(&mut front.buckets[slot]);
            front.waiting -= bucket.len();
            for object in bucket.drain(..).map(ObjectId) {
                // It may have got a shorter path since it was queued.
                if front.distances[object.index()] != distance {
                    continue;
                }
                for index in snapshot.span(object) {
                    let cost = costs.of(labels[index]);
                    if cost != 0 {
                        front.offer(&mut arrivals, targets[index], distance + u32::from(cost), index as u32);
                    }
                }
            }
            front.buckets[slot] = bucket;
        }
        prefer_home_modules(snapshot, &costs, &front.distances, &mut arrivals);
        Self { arrivals, references }
    }

    /// How the path to `id` ends; `None` where no root leads.
    #[inline]
    #[must_use]
    pub fn arrival(&self, id: ObjectId) -> Option<Arrival> {
        match *self.arrivals.get(id.index())? {
            UNREACHED => None,
            arrival if arrival < self.references => Some(Arrival::Reference(arrival as usize)),
            arrival => Some(Arrival::Root((arrival - self.references) as usize)),
        }
    }

    /// True when the path to `target` ends with the reference at `index`.
    #[inline]
    #[must_use]
    pub fn ends_with(&self, target: ObjectId, index: usize) -> bool {
        self.arrivals.get(target.index()).is_some_and(|arrival| *arrival as usize == index)
    }

    /// All objects that roots lead to.
    #[must_use]
    pub fn reachable(&self) -> BitSet {
        let mut set = BitSet::with_len(self.arrivals.len());
        for (index, arrival) in self.arrivals.iter().enumerate() {
            if *arrival != UNREACHED {
                set.insert(ObjectId(index as u32));
            }
        }
        set
    }
}

/// Answers why objects are alive, and in which words.
#[derive(Debug)]
pub struct PathFinder<'a> {
    snapshot: &'a HeapSnapshot,
    tree: PathTree,
    names: Names<'a>,
}

impl<'a> PathFinder<'a> {
    /// Looks for the paths to all objects; questions cost only their path afterwards.
    #[must_use]
    pub fn new(snapshot: &'a HeapSnapshot) -> Self {
        Self::with_tree(snapshot, PathTree::build(snapshot, None))
    }

    /// With paths found before.
    #[must_use]
    pub fn with_tree(snapshot: &'a HeapSnapshot, tree: PathTree) -> Self {
        Self { snapshot, tree, names: Names::new(snapshot) }
    }

    /// The paths themselves.
    #[must_use]
    pub fn tree(&self) -> &PathTree {
        &self.tree
    }

    /// The words for references of this snapshot.
    #[must_use]
    pub fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// The cheapest path to `id`; `None` where no root leads.
    #[must_use]
    pub fn path_to(&self, id: ObjectId) -> Option<Path> {
        let mut steps = Vec::new();
        let mut to = id;
        loop {
            match self.tree.arrival(to)? {
                Arrival::Root(index) => {
                    steps.reverse();
                    return Some(Path { root: self.snapshot.roots().get(index)?.clone(), steps });
                }
                Arrival::Reference(index) => {
                    let from = self.snapshot.source_of(index)?;
                    steps.push(Step { from, to, label: *self.snapshot.labels().get(index)? });
                    to = from;
                }
            }
        }
    }

    /// The path for people: `module model`, `DBModel`, `_field_cache`, `key`. See [`Names::labels`].
    #[must_use]
    pub fn labels_to(&self, id: ObjectId) -> Option<Vec<crate::Label>> {
        Some(self.names.labels(&self.path_to(id)?))
    }

    /// The path as an expression: `modules['model'].DBModel._field_cache.keys()[1999]`. See [`Names::expression`].
    #[must_use]
    pub fn expression_to(&self, id: ObjectId) -> Option<String> {
        Some(self.names.expression(&self.path_to(id)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Sketch, sketches};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_is_real_and_the_cheapest(heap in sketches(14), outside in prop::option::of(0_u32..14)) {
            let snapshot = heap.build();
            let exclude: BitSet = outside.into_iter().map(ObjectId).collect();
            let tree = PathTree::build(&snapshot, Some(&exclude));
            let costs = Costs::new(&snapshot);
            let open = |index: usize| !exclude.contains(ObjectId(index as u32));
            // Bellman and Ford, over the sketch.
            let mut best = vec![usize::MAX; heap.objects.len()];
            for (object, kind) in heap.roots.iter().filter(|(object, _)| open(*object)) {
                best[*object] = best[*object].min(usize::from(root_cost(*kind)));
            }
            for _ in 0..heap.objects.len() {
                for (from, to, label) in heap.references.iter().filter(|(_, to, _)| open(*to)) {
                    let cost = costs.of(*label) as usize;
                    if cost > 0 && best[*from] != usize::MAX {
                        best[*to] = best[*to].min(best[*from] + cost);
                    }
                }
            }
            let finder = PathFinder::with_tree(&snapshot, tree);
            for id in snapshot.ids() {
                let Some(path) = finder.path_to(id) else {
                    prop_assert_eq!(best[id.index()], usize::MAX);
                    continue;
                };
                let mut at = path.root.object;
                let mut cost = usize::from(root_cost(path.root.kind));
                for step in &path.steps {
                    prop_assert_eq!(step.from, at);
                    prop_assert!(snapshot.references_of(at).any(|found| found == (step.to, step.label)));
                    cost += costs.of(step.label) as usize;
                    at = step.to;
                }
                prop_assert_eq!(at, id);
                prop_assert_eq!(path.end(), id);
                prop_assert_eq!(cost, best[id.index()]);
            }
            prop_assert_eq!(finder.tree().reachable().count(), best.iter().filter(|b| **b != usize::MAX).count());
        }
    }

    #[test]
    fn a_path_may_be_asked_for_without_some_roots() {
        let heap = Sketch {
            objects: vec![(true, false, 1, 16); 3],
            references: vec![(0, 1, ReferenceLabel::new(ReferenceKind::Item, 0, true))],
            roots: vec![(0, RootKind::Module), (1, RootKind::Unaccounted), (2, RootKind::Unaccounted)],
        };
        let snapshot = heap.build();
        let tree = PathTree::build_from(&snapshot, None, |root| root.kind != RootKind::Unaccounted);
        let root_of = |id| Some(PathFinder::with_tree(&snapshot, tree.clone()).path_to(id)?.root.kind);
        assert_eq!(root_of(ObjectId(1)), Some(RootKind::Module));
        assert_eq!(root_of(ObjectId(2)), None);
        assert_eq!(PathTree::build(&snapshot, None).reachable().count(), 3);
    }

    #[test]
    fn a_chain_of_a_million_has_a_path_to_its_end() {
        let n = 1_000_000;
        let heap = crate::testing::ring(n);
        let path = PathFinder::new(&heap).path_to(ObjectId(n as u32 - 1));
        assert_eq!(path.map(|path| path.steps.len()), Some(n - 1));
    }
}
