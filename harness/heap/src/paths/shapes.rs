//! Objects grouped by the shape of their paths.

use std::collections::HashMap;

use super::rules::{CallWords, SINGLE_BYTES_MIN};
use crate::{Label, ObjectId};

/// Bounds of a [`ShapeTree`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShapeLimits {
    /// Steps from a root; what is deeper counts for a shape `…` there.
    pub depth_max: u32,
    /// Shapes while the tree is made; further ones count for a shape `…` of their parent.
    pub shapes_max: usize,
    /// Shapes below one; further ones count for a shape `…` below it.
    pub children_max: u32,
    /// Keys that are told below one dict, or below all dicts of one shape; with more of them, keys are data.
    pub keys_max: u32,
    /// A shape of a single object with fewer bytes, and nothing kept below it, is left out of the result: nearly all
    /// of a program's functions, constants and names. Nothing grows in it; 0 keeps all.
    pub single_bytes_min: u64,
    /// Names that registrations are known by.
    pub words: CallWords,
}

impl Default for ShapeLimits {
    fn default() -> Self {
        Self {
            depth_max: 40,
            shapes_max: 400_000,
            children_max: 2048,
            keys_max: 64,
            single_bytes_min: SINGLE_BYTES_MIN,
            words: CallWords::default(),
        }
    }
}

/// Identifies a shape by the names on its path: equal in every snapshot of every process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ShapeKey(pub u64);

impl ShapeKey {
    /// FNV-1a over the names, begun with the parent's key. An attribute's name may read like a label that is none.
    pub(super) fn of(parent: Self, label: &Label, type_name: &str) -> Self {
        let text = label.to_string();
        let bytes = [u8::from(label.name().is_some())]
            .into_iter()
            .chain(text.bytes())
            .chain([0])
            .chain(type_name.bytes())
            .chain([0]);
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325 ^ parent.0.rotate_left(17), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }
}

/// Where something is written in the source.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Written {
    /// The file, as code names it.
    pub file: Box<str>,
    /// First line, or the line at which a generator waits; 0 where the whole file is meant.
    pub line: u32,
}

/// A function that objects of a shape are there to call.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Callee {
    /// As a person would: `Query.giveUp`, `Poller.poll.<lambda>`.
    pub name: Box<str>,
    /// Where it is written, or where it waits.
    pub written: Option<Written>,
}

/// What the source says of the objects of a shape.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Source {
    /// Where their class is written, or they themselves: a function, a module, a class.
    pub written: Option<Written>,
    /// The function that most of them will call.
    pub callee: Option<Callee>,
    /// One of them in a few words: its keys, its items' types.
    pub sample: Option<Box<str>>,
}

/// All objects whose paths look alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeNode {
    /// The shape their path comes from; the shape at index 0, which has no objects, is above all roots.
    pub parent: usize,
    /// Steps from a root, folded ones once; 1 for roots.
    pub depth: u32,
    /// See [`ShapeKey`].
    pub key: ShapeKey,
    /// How many. The `__dict__` of an object counts with it and not as one more.
    pub objects: u64,
    /// Their own bytes, their `__dict__`s' and the memory of C code that belongs to them included.
    pub bytes: u64,
    /// Strong references from them, and from their `__dict__`s.
    pub references: u64,
    /// Bytes that would be freed if they all went away, as far as each is held by one side only.
    pub retained_bytes: u64,
    /// One of them. Means something in the snapshot the tree was made of, and only there.
    pub example: ObjectId,
    /// Of data that nests in itself: the shape below this one that most of its objects hang at.
    pub nested_at: Option<usize>,
    /// Which keys are told below it, as a number that is equal for equal keys; 0 for none. [`KEYS_FOLDED`] where keys
    /// are data.
    pub(crate) keys: u64,
    pub(crate) source: Option<Box<Source>>,
    pub(crate) label: u32,
    pub(crate) type_name: u32,
}

/// Objects by the shape of their paths: what grows from round to round shows as one shape that grows.
///
/// A shape is its parent's shape, the generic label of the reference and the type of the object. Data that nests in
/// itself with period one or two (`next`, `next`; `children`, `[x]`, `children`, `[x]`) folds into one turn, and with up
/// to six where an attribute comes again.
///
/// The value of a dict goes by its key while these are few, and something hangs on it: `topics['order.paid']`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeTree {
    pub(crate) nodes: Vec<ShapeNode>,
    pub(crate) labels: Vec<Label>,
    pub(crate) types: Vec<Box<str>>,
}

/// The shape of each object: 4 bytes an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeColumn {
    pub(crate) shapes: Vec<u32>,
}

impl ShapeColumn {
    /// Index of the shape that `id` counts for; `None` for objects that no root leads to and for shapes left out.
    #[must_use]
    pub fn shape_of(&self, id: ObjectId) -> Option<usize> {
        self.shapes.get(id.index()).filter(|shape| **shape != NO_SHAPE).map(|shape| *shape as usize)
    }
}

pub(crate) const NO_SHAPE: u32 = u32::MAX;
/// See [`ShapeNode::keys`].
pub(crate) const KEYS_FOLDED: u64 = u64::MAX;

impl ShapeTree {
    /// All shapes; the index is what [`ShapeNode::parent`] means. Parents stand before their children.
    #[must_use]
    pub fn nodes(&self) -> &[ShapeNode] {
        &self.nodes
    }

    /// The last label of a shape's path: `_field_cache`, `[x]`, `module model`.
    #[must_use]
    pub fn label(&self, index: usize) -> &Label {
        self.nodes.get(index).and_then(|node| self.labels.get(node.label as usize)).unwrap_or(&Label::Unknown)
    }

    /// Qualified type of a shape's objects.
    #[must_use]
    pub fn type_name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", |node| &self.types[node.type_name as usize])
    }

    /// What the source says of a shape's objects, where it is known.
    #[must_use]
    pub fn source(&self, index: usize) -> Option<&Source> {
        self.nodes.get(index)?.source.as_deref()
    }

    /// Shapes from below the root down to `index`.
    #[must_use]
    pub fn line(&self, index: usize) -> Vec<usize> {
        let mut line = Vec::new();
        let mut at = index;
        while at != 0 && at < self.nodes.len() {
            line.push(at);
            at = self.nodes[at].parent;
        }
        line.reverse();
        line
    }

    /// The labels of a shape's path: `module model`, `DBModel`, `_field_cache`, `key`.
    #[must_use]
    pub fn labels(&self, index: usize) -> Vec<&Label> {
        self.line(index).into_iter().map(|shape| self.label(shape)).collect()
    }

    /// For each shape here the index of the same one in `other`; compares labels, not keys.
    #[must_use]
    pub fn align(&self, other: &Self) -> Vec<Option<usize>> {
        let theirs: HashMap<(usize, &Label, &str), usize> = (1..other.nodes.len())
            .map(|index| ((other.nodes[index].parent, other.label(index), other.type_name(index)), index))
            .collect();
        let mut found: Vec<Option<usize>> = Vec::with_capacity(self.nodes.len());
        found.push(Some(0));
        for index in 1..self.nodes.len() {
            let parent = found.get(self.nodes[index].parent).copied().flatten();
            let same = |parent| theirs.get(&(parent, self.label(index), self.type_name(index))).copied();
            found.push(parent.and_then(same));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, model_heap_of, sketches};
    use crate::{Dominators, HeapSnapshot, Names, PathTree, ReferenceKind, RootKind};
    use proptest::prelude::*;

    fn shapes_within(heap: &HeapSnapshot, limits: ShapeLimits) -> (ShapeTree, ShapeColumn) {
        let paths = PathTree::build(heap, None);
        ShapeTree::build(&Names::new(heap), &paths, Some(&Dominators::build(heap, None)), limits)
    }

    fn all_shapes(heap: &HeapSnapshot) -> ShapeTree {
        shapes_within(heap, ShapeLimits { single_bytes_min: 0, ..ShapeLimits::default() }).0
    }

    fn find<'a>(tree: &'a ShapeTree, path: &str) -> Option<&'a ShapeNode> {
        (1..tree.nodes().len())
            .find(|index| Label::join(tree.labels(*index), " → ") == path)
            .map(|index| &tree.nodes()[index])
    }

    #[test]
    fn the_talks_leak_is_one_shape_that_grows() {
        let trees: Vec<ShapeTree> = [10, 20].map(|rows| all_shapes(&model_heap_of(rows, 4).0)).into();
        let path = "module model → DBModel → _field_cache → key";
        let nodes: Vec<&ShapeNode> = trees.iter().map(|tree| find(tree, path).unwrap()).collect();
        assert_eq!((nodes[0].objects, nodes[1].objects), (10, 20));
        assert_eq!((nodes[0].bytes, nodes[1].bytes), (9040, 18080));
        // Each class holds its own `__mro__` tuple, 72 bytes; the value in the cache is not its.
        assert_eq!(nodes[1].retained_bytes, 20 * (904 + 72));
        assert_eq!(nodes[0].key, nodes[1].key);
        let aligned = trees[0].align(&trees[1]);
        assert!(
            aligned.iter().enumerate().all(|(mine, theirs)| {
                theirs.is_some_and(|theirs| trees[1].labels(theirs) == trees[0].labels(mine))
            })
        );
        // Growth of the cache itself shows as references of one object.
        let cache = find(&trees[1], "module model → DBModel → _field_cache").unwrap();
        assert_eq!((cache.objects, cache.references), (1, 40));
    }

    #[test]
    fn a_list_that_links_to_itself_is_one_shape_however_long() {
        let trees: Vec<ShapeTree> = [4, 5000].map(|nodes| all_shapes(&model_heap_of(1, nodes).0)).into();
        assert_eq!(trees[0].nodes().len(), trees[1].nodes().len());
        let node = find(&trees[1], "module model → head → next").unwrap();
        assert_eq!(node.objects, 4999);
        // All but the first are held by their predecessor; the last has no `__dict__`.
        assert_eq!((node.bytes, node.retained_bytes), (4999 * 64 + 4998 * 280, 4999 * 64 + 4998 * 280));
    }

    #[test]
    fn data_that_nests_in_turns_folds_too() {
        let mut scene = Scene::new();
        let module = scene.object("module", "module", 56);
        let mut last = module;
        for depth in 0..100 {
            let children = scene.object(&format!("children_{depth}"), "list", 72);
            let node = scene.object(&format!("node_{depth}"), "Node", 64);
            scene.attribute(last, "children", children);
            scene.refer(children, node, ReferenceKind::Item, 0);
            last = node;
        }
        scene.root(module, RootKind::Module, "tree");
        let (heap, _) = scene.build();
        let tree = all_shapes(&heap);
        assert_eq!(find(&tree, "module tree → children → [x]").map(|node| node.objects), Some(100));
        assert_eq!(find(&tree, "module tree → children").map(|node| node.objects), Some(100));
        assert!(find(&tree, "module tree → children → [x] → children").is_none());
    }

    #[test]
    fn singles_are_left_out_and_nothing_that_repeats_or_weighs() {
        let (heap, ids) = model_heap_of(10, 4);
        let (tree, column) = shapes_within(&heap, ShapeLimits::default());
        assert!(find(&tree, "module model → table → [x]").is_none());
        assert_eq!(column.shape_of(ids["entry"]), None);
        assert!(find(&tree, "module model → DBModel → _field_cache").is_some());
        let shape = column.shape_of(ids["row_class_3"]).unwrap();
        assert_eq!(Label::join(tree.labels(shape), " → "), "module model → DBModel → _field_cache → key");
        assert_eq!(tree.type_name(shape), "type");
    }

    proptest! {
        #[test]
        fn every_reachable_object_counts_once_within_any_limits(
            heap in sketches(16), depth_max in 1_u32..4, shapes_max in 1_usize..8, children_max in 1_u32..3,
        ) {
            let snapshot = heap.build();
            let few = ShapeLimits { depth_max, shapes_max, children_max, ..ShapeLimits::default() };
            let limits = ShapeLimits { keys_max: 2, single_bytes_min: 0, ..few };
            let (tree, column) = shapes_within(&snapshot, limits);
            let dominators = Dominators::build(&snapshot, None);
            prop_assert!(tree.nodes().len() <= shapes_max * 2 + 1);
            prop_assert!(tree.nodes().iter().all(|node| node.depth <= depth_max + 1));
            let mut sums = vec![(0, 0, 0, 0); tree.nodes().len()];
            for id in snapshot.ids() {
                let Some(shape) = column.shape_of(id) else {
                    prop_assert_eq!(dominators.retained_size(id), 0);
                    continue;
                };
                let strong = snapshot.labels_of(id).iter().filter(|label| label.is_strong()).count() as u64;
                let held = dominators.above(id).any(|above| column.shape_of(above) == Some(shape));
                let retained = if held { 0 } else { dominators.retained_size(id) };
                let sum: &mut (u64, u64, u64, u64) = &mut sums[shape];
                *sum = (sum.0 + 1, sum.1 + snapshot.owned_bytes(id), sum.2 + strong, sum.3 + retained);
            }
            for (node, sum) in tree.nodes().iter().zip(sums) {
                prop_assert_eq!((node.objects, node.bytes, node.references, node.retained_bytes), sum);
            }
        }
    }
}
