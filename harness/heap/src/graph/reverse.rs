//! References turned around: who refers to an object, and what is near it.

use std::collections::VecDeque;

use crate::{BitSet, HeapSnapshot, ObjectId, Step};

/// Who refers to each object: 4 bytes an object and 4 a reference. Built on demand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reverse {
    /// End of each object's referrers; their start is the end before.
    ends: Vec<u32>,
    sources: Vec<u32>,
}

impl Reverse {
    /// Turns all references around, weak ones too.
    #[must_use]
    pub fn build(snapshot: &HeapSnapshot) -> Self {
        let mut ends = vec![0_u32; snapshot.len()];
        for target in snapshot.targets() {
            ends[target.index()] += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            // For now where the object's referrers begin; filling moves it to where they end.
            total += std::mem::replace(end, total);
        }
        let mut sources = vec![0; snapshot.targets().len()];
        for source in snapshot.ids() {
            for target in snapshot.targets_of(source) {
                let end = &mut ends[target.index()];
                sources[*end as usize] = source.0;
                *end += 1;
            }
        }
        Self { ends, sources }
    }

    /// Who refers to `id`, in order; once for each reference.
    pub fn sources_of(&self, id: ObjectId) -> impl ExactSizeIterator<Item = ObjectId> + '_ {
        let end = self.ends.get(id.index()).copied().unwrap_or(0);
        let start = id.index().checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.sources.get(start as usize..end as usize).unwrap_or_default().iter().copied().map(ObjectId)
    }

    /// Number of references to `id`.
    #[must_use]
    pub fn count(&self, id: ObjectId) -> usize {
        self.sources_of(id).len()
    }

    /// The references to `id` with their labels. Looks through the referrers' references for the labels.
    pub fn referrers_of<'a>(&'a self, snapshot: &'a HeapSnapshot, id: ObjectId) -> impl Iterator<Item = Step> + 'a {
        let mut last = None;
        // A referrer with several references stands in the list as often, side by side.
        let distinct = self.sources_of(id).filter(move |source| last.replace(*source) != Some(*source));
        distinct.flat_map(move |from| {
            let all = snapshot.references_of(from).filter(move |(to, _)| *to == id);
            all.map(move |(to, label)| Step { from, to, label })
        })
    }
}

/// Which way to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// What the objects refer to.
    Referents,
    /// Who refers to the objects.
    Referrers,
}

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NeighbourhoodLimits {
    /// Steps from the start.
    pub depth_max: u32,
    /// Objects in all.
    pub objects_max: usize,
    /// References taken of one object.
    pub references_max: usize,
}

impl Default for NeighbourhoodLimits {
    fn default() -> Self {
        Self { depth_max: 3, objects_max: 200, references_max: 10 }
    }
}

/// Objects around others, for drawing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Neighbourhood {
    /// Objects and their distance from the start, nearest first.
    pub objects: Vec<(ObjectId, u32)>,
    /// References between them that were followed, in the direction they have in the heap.
    pub references: Vec<Step>,
    /// Objects of which not all references were taken.
    pub cut: Vec<ObjectId>,
}

/// The strong references around `start`, breadth first.
#[must_use]
pub fn neighbourhood(
    snapshot: &HeapSnapshot,
    reverse: &Reverse,
    start: &[ObjectId],
    direction: Direction,
    limits: NeighbourhoodLimits,
) -> Neighbourhood {
    let mut found = Neighbourhood::default();
    let mut seen = BitSet::with_len(snapshot.len());
    let mut pending = VecDeque::new();
    for id in start.iter().filter(|id| id.index() < snapshot.len()).take(limits.objects_max) {
        if seen.insert(*id) {
            found.objects.push((*id, 0));
            pending.push_back((*id, 0));
        }
    }
    while let Some((id, depth)) = pending.pop_front() {
        if depth == limits.depth_max {
            continue;
        }
        let mut steps = match direction {
            Direction::Referents => {
                let all = snapshot.references_of(id).filter(|(_, label)| label.is_strong());
                all.map(|(to, label)| Step { from: id, to, label }).take(limits.references_max + 1).collect()
            }
            Direction::Referrers => {
                let all = reverse.referrers_of(snapshot, id).filter(|step| step.label.is_strong());
                all.take(limits.references_max + 1).collect::<Vec<Step>>()
            }
        };
        let mut cut = steps.len() > limits.references_max;
        steps.truncate(limits.references_max);
        for step in steps {
            let other = if direction == Direction::Referents { step.to } else { step.from };
            if !seen.contains(other) {
                if found.objects.len() >= limits.objects_max {
                    cut = true;
                    continue;
                }
                seen.insert(other);
                found.objects.push((other, depth + 1));
                pending.push_back((other, depth + 1));
            }
            found.references.push(step);
        }
        if cut {
            found.cut.push(id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{model_heap, sketches};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_reference_is_found_from_its_end(heap in sketches(14)) {
            let snapshot = heap.build();
            let reverse = Reverse::build(&snapshot);
            for id in snapshot.ids() {
                let mut found: Vec<_> = reverse.referrers_of(&snapshot, id).map(|s| (s.from.index(), s.to.index(), s.label)).collect();
                let mut expected: Vec<_> = heap.references.iter().copied().filter(|(_, to, _)| *to == id.index()).collect();
                prop_assert_eq!(reverse.count(id), expected.len());
                found.sort();
                expected.sort();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn a_neighbourhood_without_limits_is_all_that_is_reachable(heap in sketches(14), backwards: bool) {
            let snapshot = heap.build();
            let reverse = Reverse::build(&snapshot);
            let limits = NeighbourhoodLimits { depth_max: u32::MAX, objects_max: 1000, references_max: 1000 };
            let direction = if backwards { Direction::Referrers } else { Direction::Referents };
            let found = neighbourhood(&snapshot, &reverse, &[ObjectId(0)], direction, limits);
            let mut turned = heap.clone();
            if backwards {
                turned.references.iter_mut().for_each(|(from, to, _)| std::mem::swap(from, to));
            }
            let reach = turned.reach(&[0], |_, _, label| label.is_strong());
            let members: BitSet = found.objects.iter().map(|(id, _)| *id).collect();
            prop_assert_eq!(members.count(), found.objects.len());
            prop_assert!(snapshot.ids().all(|id| members.contains(id) == reach[id.index()]));
            prop_assert!(found.cut.is_empty());
        }
    }

    #[test]
    fn limits_cut_and_say_so() {
        let (heap, ids) = model_heap();
        let reverse = Reverse::build(&heap);
        let limits = NeighbourhoodLimits { depth_max: 1, objects_max: 100, references_max: 5 };
        let around = |direction| neighbourhood(&heap, &reverse, &[ids["cache"]], direction, limits);
        let down = around(Direction::Referents);
        assert_eq!((down.objects.len(), down.references.len()), (6, 5));
        assert_eq!(down.cut, [ids["cache"]]);
        let up = around(Direction::Referrers);
        assert_eq!(up.objects, [(ids["cache"], 0), (ids[&format!("dict of {}", ids["model_class"].0)], 1)]);
        assert!(up.cut.is_empty());
    }
}
