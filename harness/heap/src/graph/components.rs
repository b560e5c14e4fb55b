//! Cycles: groups of objects that lead to each other, and the shortest way around one.

use std::collections::VecDeque;

use crate::{BitSet, HeapSnapshot, ObjectId, ReferenceLabel, Step};

/// Groups of objects that lead to each other: cycles. An object alone is a group when it refers to itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Components {
    starts: Vec<u32>,
    members: Vec<ObjectId>,
}

impl Components {
    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// True when there is no cycle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Members of the group at `index`, in order of their ids; empty past the end.
    #[must_use]
    pub fn members(&self, index: usize) -> &[ObjectId] {
        let Some(start) = self.starts.get(index) else { return &[] };
        let end = self.starts.get(index + 1).map_or(self.members.len(), |end| *end as usize);
        &self.members[*start as usize..end]
    }

    /// All groups, those that others lead to first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[ObjectId]> {
        (0..self.len()).map(|index| self.members(index))
    }
}

/// Not visited, or done with.
const NONE: u32 = u32::MAX;

/// One object whose references are being walked.
struct Frame {
    object: ObjectId,
    cursor: u32,
    end: u32,
    /// Smallest visit number that it leads to so far.
    low: u32,
}

struct Search<'a, F> {
    snapshot: &'a HeapSnapshot,
    within: &'a BitSet,
    follow: F,
    /// Visit number from 1; 0 is not visited, `NONE` is in a finished group.
    visit: Vec<u32>,
    visits: u32,
    stack: Vec<ObjectId>,
    frames: Vec<Frame>,
    found: Components,
}

/// The cycles among the objects in `within`, along references that `follow` takes (Tarjan's algorithm).
///
/// Memory that is touched grows with `within`, not with the snapshot; 4 bytes an object are set aside.
pub fn strongly_connected<F>(snapshot: &HeapSnapshot, within: &BitSet, follow: F) -> Components
where
    F: Fn(ReferenceLabel) -> bool,
{
    let mut search = Search {
        snapshot,
        within,
        follow,
        visit: vec![0; snapshot.len()],
        visits: 0,
        stack: Vec::new(),
        frames: Vec::new(),
        found: Components::default(),
    };
    for start in within.iter().filter(|id| id.index() < snapshot.len()) {
        if search.visit[start.index()] == 0 {
            search.enter(start);
            search.run();
        }
    }
    search.found
}

impl<F: Fn(ReferenceLabel) -> bool> Search<'_, F> {
    fn enter(&mut self, object: ObjectId) {
        self.visits += 1;
        self.visit[object.index()] = self.visits;
        self.stack.push(object);
        let span = self.snapshot.span(object);
        self.frames.push(Frame { object, cursor: span.start as u32, end: span.end as u32, low: self.visits });
    }

    fn run(&mut self) {
        let (targets, labels) = (self.snapshot.targets(), self.snapshot.labels());
        while let Some(frame) = self.frames.last_mut() {
            if frame.cursor == frame.end {
                let (object, low) = (frame.object, frame.low);
                self.frames.pop();
                if low == self.visit[object.index()] {
                    self.close(object);
                } else if let Some(parent) = self.frames.last_mut() {
                    parent.low = parent.low.min(low);
                }
                continue;
            }
            let index = frame.cursor as usize;
            frame.cursor += 1;
            let target = targets[index];
            if !(self.follow)(labels[index]) || !self.within.contains(target) {
                continue;
            }
            match self.visit[target.index()] {
                0 => self.enter(target),
                NONE => {}
                number => frame.low = frame.low.min(number),
            }
        }
    }

    /// Takes the group of `first` off the stack, and keeps it if it is a cycle.
    fn close(&mut self, first: ObjectId) {
        let start = self.found.members.len();
        while let Some(member) = self.stack.pop() {
            self.visit[member.index()] = NONE;
            self.found.members.push(member);
            if member == first {
                break;
            }
        }
        let refers_to_itself =
            || self.snapshot.references_of(first).any(|(target, label)| target == first && (self.follow)(label));
        if self.found.members.len() - start > 1 || refers_to_itself() {
            self.found.starts.push(start as u32);
            self.found.members[start..].sort_unstable();
        } else {
            self.found.members.truncate(start);
        }
    }
}

/// The shortest way from `start` back to itself through objects in `within`, along references that `follow` takes;
/// empty when there is none. The last step is the one that closes the cycle.
pub fn shortest_cycle<F>(snapshot: &HeapSnapshot, within: &BitSet, start: ObjectId, follow: F) -> Vec<Step>
where
    F: Fn(ReferenceLabel) -> bool,
{
    if start.index() >= snapshot.len() {
        return Vec::new();
    }
    let mut arrived = std::collections::HashMap::new();
    let mut pending = VecDeque::from([start]);
    while let Some(from) = pending.pop_front() {
        for (to, label) in snapshot.references_of(from) {
            if !follow(label) || (to != start && !within.contains(to)) {
                continue;
            }
            if to == start {
                let mut steps = vec![Step { from, to, label }];
                let mut at = from;
                while let Some(step) = arrived.get(&at).filter(|_| at != start) {
                    steps.push(*step);
                    at = step.from;
                }
                steps.reverse();
                return steps;
            }
            if let std::collections::hash_map::Entry::Vacant(entry) = arrived.entry(to) {
                entry.insert(Step { from, to, label });
                pending.push_back(to);
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReferenceKind;
    use crate::testing::{Sketch, sketches};
    use proptest::prelude::*;

    fn item() -> ReferenceLabel {
        ReferenceLabel::new(ReferenceKind::Item, 0, true)
    }

    fn numbers(components: &Components) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = components.iter().map(|group| group.iter().map(|id| id.0).collect()).collect();
        all.sort();
        all
    }

    fn naive(heap: &Sketch, within: &BitSet) -> Vec<Vec<u32>> {
        let n = heap.objects.len();
        let inside = |index: usize| within.contains(ObjectId(index as u32));
        let follow = |from: usize, to: usize, label: ReferenceLabel| label.is_traversed() && inside(from) && inside(to);
        let reach: Vec<Vec<bool>> = (0..n).map(|i| heap.reach(&[i], follow)).collect();
        let loops = |i: usize| heap.references.iter().any(|(f, t, l)| *f == i && *t == i && follow(*f, *t, *l));
        let mut groups: Vec<Vec<u32>> = (0..n)
            .filter(|i| inside(*i))
            .map(|i| (0..n).filter(|j| reach[i][*j] && reach[*j][i]).map(|j| j as u32).collect::<Vec<u32>>())
            .filter(|group| group.len() > 1 || loops(group[0] as usize))
            .collect();
        groups.sort();
        groups.dedup();
        groups
    }

    proptest! {
        #[test]
        fn agrees_with_mutual_reachability(heap in sketches(14), outside: Vec<u8>) {
            let snapshot = heap.build();
            let mut within = BitSet::full(snapshot.len());
            outside.iter().for_each(|n| { within.remove(ObjectId(u32::from(*n % 20))); });
            let found = strongly_connected(&snapshot, &within, ReferenceLabel::is_traversed);
            prop_assert_eq!(numbers(&found), naive(&heap, &within));
            for group in found.iter() {
                let inside: BitSet = group.iter().copied().collect();
                let steps = shortest_cycle(&snapshot, &inside, group[0], ReferenceLabel::is_traversed);
                prop_assert!(!steps.is_empty() && steps.len() <= group.len());
                prop_assert_eq!(steps[0].from, group[0]);
                prop_assert_eq!(steps[steps.len() - 1].to, group[0]);
                prop_assert!(steps.windows(2).all(|pair| pair[0].to == pair[1].from));
            }
        }
    }

    #[test]
    fn a_ring_of_a_million_needs_no_recursion() {
        let n = 1_000_000;
        let heap = crate::testing::ring(n);
        let found = strongly_connected(&heap, &BitSet::full(n), ReferenceLabel::is_traversed);
        assert_eq!(found.len(), 1);
        assert_eq!(found.members(0).len(), n);
    }

    #[test]
    fn the_closing_step_comes_last() {
        let heap = Sketch {
            objects: vec![(true, false, 0, 1); 4],
            references: vec![(0, 1, item()), (1, 2, item()), (2, 3, item()), (3, 0, item()), (1, 3, item())],
            roots: vec![],
        };
        let steps = shortest_cycle(&heap.build(), &BitSet::full(4), ObjectId(0), |_| true);
        let way: Vec<(u32, u32)> = steps.iter().map(|step| (step.from.0, step.to.0)).collect();
        assert_eq!(way, [(0, 1), (1, 3), (3, 0)]);
    }
}
