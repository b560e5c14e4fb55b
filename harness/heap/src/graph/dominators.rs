//! What would be freed if an object went away: dominators and retained sizes.

use crate::{BitSet, HeapSnapshot, ObjectId};

/// What every path from the roots to an object goes through last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dominator {
    /// No root leads to it.
    Unreachable,
    /// No single object: it is a root, or held from several sides.
    Roots,
    /// This object: were it gone, the other would be too.
    Object(ObjectId),
}

const UNREACHABLE: u32 = u32::MAX;
const ROOTS: u32 = u32::MAX - 1;

/// The dominator tree over all strong references, from all roots at once, and retained sizes: 12 bytes an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dominators {
    immediate: Vec<u32>,
    retained: Vec<u64>,
    reachable: u32,
}

impl Dominators {
    /// Dominators of all objects that roots lead to, not going through `exclude`.
    ///
    /// Semi-NCA (Georgiadis: "Linear-Time Algorithms for Dominators and Related Problems", 2005) with path compression,
    /// and jump pointers where its walk up the tree gets long: O(m log n) on any graph. Holds about 28 bytes an
    /// object and 8 a reference that is not in the search tree while it runs.
    #[must_use]
    pub fn build(snapshot: &HeapSnapshot, exclude: Option<&BitSet>) -> Self {
        let mut search = Search::new(snapshot, exclude);
        search.run();
        let Search { vertices, mut parents, mut entries, crossings, numbers, .. } = search;
        settle_semidominators(&mut entries, &parents, crossings);
        settle_dominators(&mut parents, entries);
        Self::by_object(snapshot, numbers, &vertices, &parents)
    }

    /// From visit numbers to objects, with the sizes summed up on the way.
    fn by_object(snapshot: &HeapSnapshot, mut immediate: Vec<u32>, vertices: &[u32], dominators: &[u32]) -> Self {
        let mut sizes: Vec<u64> = Vec::with_capacity(vertices.len());
        sizes.push(0);
        sizes.extend(vertices.iter().skip(1).map(|object| snapshot.owned_bytes(ObjectId(*object))));
        for number in (1..vertices.len()).rev() {
            let own = sizes[number];
            let above = &mut sizes[dominators[number] as usize];
            *above = above.saturating_add(own);
        }
        immediate.fill(UNREACHABLE);
        let mut retained = vec![0; immediate.len()];
        for number in 1..vertices.len() {
            let object = vertices[number] as usize;
            retained[object] = sizes[number];
            immediate[object] = match dominators[number] {
                0 => ROOTS,
                dominator => vertices[dominator as usize],
            };
        }
        Self { immediate, retained, reachable: vertices.len() as u32 - 1 }
    }

    /// What dominates `id` immediately.
    #[inline]
    #[must_use]
    pub fn immediate(&self, id: ObjectId) -> Dominator {
        match self.immediate.get(id.index()) {
            None | Some(&UNREACHABLE) => Dominator::Unreachable,
            Some(&ROOTS) => Dominator::Roots,
            Some(&object) => Dominator::Object(ObjectId(object)),
        }
    }

    /// Bytes that would be freed if `id` went away, its own and its native ones included; 0 where no root leads.
    #[inline]
    #[must_use]
    pub fn retained_size(&self, id: ObjectId) -> u64 {
        self.retained.get(id.index()).copied().unwrap_or(0)
    }

    /// How many objects the roots lead to.
    #[must_use]
    pub fn reachable_count(&self) -> usize {
        self.reachable as usize
    }

    /// The dominators of `id`, the nearest first.
    pub fn above(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> + '_ {
        let mut at = id;
        std::iter::from_fn(move || match self.immediate(at) {
            Dominator::Object(object) => {
                at = object;
                Some(object)
            }
            _ => None,
        })
    }

    /// The `count` objects that retain most, most first; equal ones by id.
    #[must_use]
    pub fn top_retained(&self, count: usize) -> Vec<ObjectId> {
        let order = |a: &u32, b: &u32| self.retained[*b as usize].cmp(&self.retained[*a as usize]).then(a.cmp(b));
        let mut all: Vec<u32> = (0..self.retained.len() as u32).filter(|id| self.retained[*id as usize] > 0).collect();
        if count < all.len() {
            all.select_nth_unstable_by(count, order);
            all.truncate(count);
        }
        all.sort_unstable_by(order);
        all.into_iter().map(ObjectId).collect()
    }

    /// The tree downwards: 8 bytes an object.
    #[must_use]
    pub fn children(&self) -> DominatorChildren {
        let mut children = DominatorChildren {
            first: vec![NONE; self.immediate.len()],
            next: vec![NONE; self.immediate.len()],
            top: NONE,
        };
        for (id, dominator) in self.immediate.iter().enumerate().rev() {
            let list = match *dominator {
                UNREACHABLE => continue,
                ROOTS => &mut children.top,
                dominator => &mut children.first[dominator as usize],
            };
            children.next[id] = std::mem::replace(list, id as u32);
        }
        children
    }
}

const NONE: u32 = u32::MAX;

/// Which objects each object dominates immediately.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DominatorChildren {
    first: Vec<u32>,
    next: Vec<u32>,
    top: u32,
}

impl DominatorChildren {
    fn list(&self, first: u32) -> impl Iterator<Item = ObjectId> + '_ {
        let mut at = first;
        std::iter::from_fn(move || {
            let id = (at != NONE).then_some(ObjectId(at))?;
            at = self.next[id.index()];
            Some(id)
        })
    }

    /// Objects that no single object dominates, in order.
    pub fn top(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.list(self.top)
    }

    /// Objects that `id` dominates immediately, in order.
    pub fn of(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> + '_ {
        self.list(self.first.get(id.index()).copied().unwrap_or(NONE))
    }

    /// The first object below `id`, or below the roots.
    pub(crate) fn first_below(&self, id: Option<ObjectId>) -> Option<ObjectId> {
        let first = id.map_or(self.top, |id| self.first[id.index()]);
        (first != NONE).then_some(ObjectId(first))
    }

    /// The object after `id` below the same dominator.
    pub(crate) fn next_beside(&self, id: ObjectId) -> Option<ObjectId> {
        let next = self.next[id.index()];
        (next != NONE).then_some(ObjectId(next))
    }
}

/// What is known of an object by its visit number while the search and the semidominators run.
#[derive(Clone, Copy)]
struct Entry {
    /// Number of the semidominator, as far as known.
    semi: u32,
    /// First of its crossings; 0 for none.
    crossing: u32,
}

/// A reference from an object with a higher number: the only kind whose source must be evaluated.
#[derive(Clone, Copy)]
struct Crossing {
    source: u32,
    next: u32,
}

/// Depth-first search from all roots; numbers are given in order of visits, 0 is the roots together.
struct Search<'a> {
    snapshot: &'a HeapSnapshot,
    rooted: BitSet,
    /// Number by object; 0 for none yet, `UNREACHABLE` for those that must not be visited.
    numbers: Vec<u32>,
    /// Object by number.
    vertices: Vec<u32>,
    /// Number of the parent in the search tree, by number.
    parents: Vec<u32>,
    entries: Vec<Entry>,
    crossings: Vec<Crossing>,
    /// Number, next reference and last reference of those whose references are being walked.
    stack: Vec<(u32, u32, u32)>,
}

/// A column with room for all objects, begun with the roots' value.
fn first<T>(value: T, snapshot: &HeapSnapshot) -> Vec<T> {
    let mut column = Vec::with_capacity(snapshot.len() + 1);
    column.push(value);
    column
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a HeapSnapshot, exclude: Option<&BitSet>) -> Self {
        let mut numbers = vec![0; snapshot.len()];
        for id in exclude.into_iter().flat_map(BitSet::iter).filter(|id| id.index() < snapshot.len()) {
            numbers[id.index()] = UNREACHABLE;
        }
        Self {
            snapshot,
            rooted: snapshot.roots().iter().map(|root| root.object).collect(),
            numbers,
            vertices: first(0, snapshot),
            parents: first(0, snapshot),
            entries: first(Entry { semi: 0, crossing: 0 }, snapshot),
            // Index 0 stands for the end of a list.
            crossings: vec![Crossing { source: 0, next: 0 }],
            stack: Vec::new(),
        }
    }

    fn visit(&mut self, object: ObjectId, parent: u32) {
        let number = self.vertices.len() as u32;
        self.numbers[object.index()] = number;
        self.vertices.push(object.0);
        self.parents.push(parent);
        let semi = if self.rooted.contains(object) { 0 } else { parent };
        self.entries.push(Entry { semi, crossing: 0 });
        let span = self.snapshot.span(object);
        if !span.is_empty() {
            self.stack.push((number, span.start as u32, span.end as u32));
        }
    }

    fn run(&mut self) {
        let snapshot = self.snapshot;
        for root in snapshot.roots() {
            if self.numbers[root.object.index()] == 0 {
                self.visit(root.object, 0);
                self.walk();
            }
        }
    }

    fn walk(&mut self) {
        let (targets, labels) = (self.snapshot.targets(), self.snapshot.labels());
        while let Some((source, mut cursor, end)) = self.stack.pop() {
            while cursor < end {
                let index = cursor as usize;
                cursor += 1;
                let target = targets[index];
                if !labels[index].is_strong() {
                    continue;
                }
                match self.numbers[target.index()] {
                    0 => {
                        if cursor < end {
                            self.stack.push((source, cursor, end));
                        }
                        self.visit(target, source);
                        break;
                    }
                    UNREACHABLE => {}
                    number => self.meet(number, source),
                }
            }
        }
    }

    /// A reference to an object that was visited before.
    #[inline]
    fn meet(&mut self, target: u32, source: u32) {
        let entry = &mut self.entries[target as usize];
        if target > source {
            // From an ancestor, which is its own semidominator candidate.
            entry.semi = entry.semi.min(source);
        } else if target < source && entry.semi != 0 {
            let next = std::mem::replace(&mut entry.crossing, self.crossings.len() as u32);
            self.crossings.push(Crossing { source, next });
        }
    }
}

/// A node of the forest of evaluated objects.
#[derive(Clone, Copy)]
struct Link {
    ancestor: u32,
    /// Smallest semidominator on the way up to the ancestor, itself included.
    least: u32,
}

fn settle_semidominators(entries: &mut [Entry], parents: &[u32], crossings: Vec<Crossing>) {
    let mut links: Vec<Link> = parents
        .iter()
        .zip(entries.iter())
        .map(|(parent, entry)| Link { ancestor: *parent, least: entry.semi })
        .collect();
    let mut way = Vec::new();
    for number in (1..entries.len() as u32).rev() {
        let Entry { mut semi, crossing: mut next } = entries[number as usize];
        while next != 0 && semi != 0 {
            let crossing = crossings[next as usize];
            semi = semi.min(least_above(&mut links, &mut way, crossing.source, number));
            next = crossing.next;
        }
        entries[number as usize].semi = semi;
        links[number as usize].least = semi;
    }
}

/// The smallest semidominator among `from` and its ancestors with numbers above `limit`; makes the way shorter for
/// the next time.
#[inline]
fn least_above(links: &mut [Link], way: &mut Vec<u32>, from: u32, limit: u32) -> u32 {
    let mut link = links[from as usize];
    let mut at = from;
    while link.ancestor > limit {
        way.push(at);
        at = link.ancestor;
        link = links[at as usize];
    }
    // `at` is the highest; everything below it gets its ancestor and the least value on the way.
    while let Some(below) = way.pop() {
        let least = links[below as usize].least.min(link.least);
        link = Link { ancestor: link.ancestor, least };
        links[below as usize] = link;
    }
    link.least
}

/// Steps up the tree before jump pointers are worth their look-up.
const PLAIN_STEPS: u32 = 8;

/// A way up the dominator tree in big steps: lengths are such that any ancestor is found in logarithmic time.
#[derive(Clone, Copy, Default)]
struct Jump {
    depth: u32,
    to: u32,
}

/// Turns parents in the search tree into dominators: the nearest above with a number not above the semidominator's.
fn settle_dominators(parents: &mut [u32], entries: Vec<Entry>) {
    let mut jumps = vec![Jump::default(); parents.len()];
    for number in 1..parents.len() {
        let semi = entries[number].semi;
        let mut at = parents[number];
        let mut steps = 0;
        while at > semi && steps < PLAIN_STEPS {
            at = parents[at as usize];
            steps += 1;
        }
        while at > semi {
            let jump = jumps[at as usize].to;
            at = if jump >= semi { jump } else { parents[at as usize] };
        }
        parents[number] = at;
        let above = jumps[at as usize];
        let beyond = jumps[above.to as usize];
        let even = above.depth - beyond.depth == beyond.depth - jumps[beyond.to as usize].depth;
        jumps[number] = Jump { depth: above.depth + 1, to: if even { beyond.to } else { at } };
    }
}

#[cfg(test)]
mod tests;
