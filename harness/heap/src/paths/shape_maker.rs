//! How a [`ShapeTree`] comes about.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use super::shapes::NO_SHAPE;
use crate::model::IdHasher;
use crate::{
    Arrival, Dominators, GenericLabel, HeapSnapshot, Label, Names, ObjectId, PathTree, ReferenceLabel, ShapeColumn,
    ShapeKey, ShapeLimits, ShapeNode, ShapeTree, TypeInfo,
};

/// What the types of shapes beyond a limit are called.
const OVERFLOW: &str = "…";

/// A label or a root as a number, within one snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Code(u32);

struct Shape {
    parent: u32,
    label: Code,
    type_index: u32,
    depth: u32,
    children: u32,
    objects: u64,
    bytes: u64,
    references: u64,
    retained: u64,
    example: ObjectId,
}

pub(crate) struct Maker<'a, 'b> {
    names: &'b Names<'a>,
    snapshot: &'a HeapSnapshot,
    limits: ShapeLimits,
    /// First type with the same qualified name, by type.
    canonical: Vec<u32>,
    shapes: Vec<Shape>,
    children: HashMap<(u32, u32, u32), u32, BuildHasherDefault<IdHasher>>,
    column: Vec<u32>,
    /// Roots; their codes follow those of labels.
    roots: Vec<Label>,
}

impl ShapeTree {
    /// The shapes of all objects that `paths` leads to. `dominators` must have been built with the same exclusion;
    /// without them retained sizes stay 0.
    ///
    /// Holds 4 bytes an object beyond the tree, and 8 more while retained sizes are summed up.
    #[must_use]
    pub fn build(
        names: &Names<'_>,
        paths: &PathTree,
        dominators: Option<&Dominators>,
        limits: ShapeLimits,
    ) -> (Self, ShapeColumn) {
        let mut maker = Maker::new(names, limits);
        maker.assign(paths);
        if let Some(dominators) = dominators {
            maker.add_retained(dominators);
        }
        maker.finish()
    }
}

/// Codes after those of names.
const CODE_INDEX: u32 = 0;
const CODE_KEY: u32 = 1;
const CODE_MEMBER: u32 = 2;
const CODE_STACK: u32 = 3;
const CODE_TYPE: u32 = 4;
const CODE_OVERFLOW: u32 = 5;
const CODE_UNKNOWN: u32 = 6;
/// Words of structures nobody described, by their offset; roots come after the last.
const CODE_WORDS: u32 = 8;
const WORDS_MAX: u32 = 1 << 20;

impl<'a, 'b> Maker<'a, 'b> {
    pub(crate) fn new(names: &'b Names<'a>, limits: ShapeLimits) -> Self {
        let snapshot = names.snapshot();
        let above = Shape {
            parent: 0,
            label: Code(NO_SHAPE),
            type_index: NO_SHAPE,
            depth: 0,
            children: 0,
            objects: 0,
            bytes: 0,
            references: 0,
            retained: 0,
            example: ObjectId(0),
        };
        Self {
            names,
            snapshot,
            limits,
            canonical: canonical_types(snapshot.types()),
            shapes: vec![above],
            children: HashMap::default(),
            column: vec![NO_SHAPE; snapshot.len()],
            roots: Vec::new(),
        }
    }

    fn code(&self, offset: u32) -> Code {
        Code(self.snapshot.names().len() as u32 + offset)
    }

    fn label_code(&self, from: ObjectId, label: ReferenceLabel) -> Code {
        match self.names.generic(from, label) {
            GenericLabel::Name(name) if (name.0 as usize) < self.snapshot.names().len() => Code(name.0),
            GenericLabel::Name(_) => self.code(CODE_UNKNOWN),
            GenericLabel::Index => self.code(CODE_INDEX),
            GenericLabel::Key => self.code(CODE_KEY),
            GenericLabel::Member => self.code(CODE_MEMBER),
            GenericLabel::Stack => self.code(CODE_STACK),
            GenericLabel::Type => self.code(CODE_TYPE),
            GenericLabel::Word(offset) => self.code(CODE_WORDS + offset.min(WORDS_MAX - 1)),
            GenericLabel::Weak => self.code(CODE_UNKNOWN),
        }
    }

    fn code_label(&self, code: Code) -> Label {
        if let Some(name) = self.snapshot.names().get(code.0 as usize) {
            return Label::Name((**name).into());
        }
        match code.0.wrapping_sub(self.snapshot.names().len() as u32) {
            CODE_INDEX => Label::Index,
            CODE_KEY => Label::Key,
            CODE_MEMBER => Label::Member,
            CODE_STACK => Label::Stack,
            CODE_TYPE => Label::Type,
            CODE_OVERFLOW => Label::Beyond,
            CODE_UNKNOWN..CODE_WORDS => Label::Unknown,
            other => match other.checked_sub(CODE_WORDS + WORDS_MAX) {
                None => Label::Word(other - CODE_WORDS),
                Some(root) => self.roots.get(root as usize).cloned().unwrap_or(Label::Unknown),
            },
        }
    }

    /// Gives every object its shape, from the roots down.
    pub(crate) fn assign(&mut self, paths: &PathTree) {
        let snapshot = self.snapshot;
        let mut pending = Vec::new();
        let mut root_codes: HashMap<Label, u32> = HashMap::new();
        for (index, root) in snapshot.roots().iter().enumerate() {
            if paths.arrival(root.object) != Some(Arrival::Root(index)) {
                continue;
            }
            let next = root_codes.len() as u32;
            let rank = *root_codes.entry(self.names.root(root)).or_insert(next);
            let label = self.code(CODE_WORDS + WORDS_MAX + rank);
            let shape = self.shape_below(0, label, root.object);
            self.enter(root.object, shape, &mut pending);
        }
        let mut ranked: Vec<(Label, u32)> = root_codes.into_iter().collect();
        ranked.sort_by_key(|(_, rank)| *rank);
        self.roots = ranked.into_iter().map(|(root, _)| root).collect();
        while let Some(from) = pending.pop() {
            let shape = self.column[from.index()];
            let span = snapshot.span(from);
            let mut strong = 0;
            for index in span {
                let (to, label) = (snapshot.targets()[index], snapshot.labels()[index]);
                strong += u64::from(label.is_strong());
                if !paths.ends_with(to, index) {
                    continue;
                }
                if self.names.is_dict_field(label) {
                    self.shapes[shape as usize].bytes += snapshot.owned_bytes(to);
                    self.column[to.index()] = shape;
                    pending.push(to);
                } else {
                    let below = self.shape_below(shape, self.label_code(from, label), to);
                    self.enter(to, below, &mut pending);
                }
            }
            self.shapes[shape as usize].references += strong;
        }
    }

    fn enter(&mut self, object: ObjectId, shape: u32, pending: &mut Vec<ObjectId>) {
        let node = &mut self.shapes[shape as usize];
        if node.objects == 0 {
            node.example = object;
        }
        node.objects += 1;
        node.bytes = node.bytes.saturating_add(self.snapshot.owned_bytes(object));
        self.column[object.index()] = shape;
        if !self.snapshot.span(object).is_empty() {
            pending.push(object);
        }
    }

    /// The shape of `object` when `label` leads to it from `parent`.
    fn shape_below(&mut self, parent: u32, label: Code, object: ObjectId) -> u32 {
        let type_index = self.canonical[self.snapshot.type_id(object).0 as usize];
        let above = &self.shapes[parent as usize];
        let overflow = self.code(CODE_OVERFLOW);
        if above.label == overflow || (above.label, above.type_index) == (label, type_index) {
            return parent;
        }
        let before = &self.shapes[above.parent as usize];
        if (before.label, before.type_index) == (label, type_index) {
            return above.parent;
        }
        if let Some(child) = self.children.get(&(parent, label.0, type_index)) {
            return *child;
        }
        let full = above.depth >= self.limits.depth_max
            || above.children >= self.limits.children_max
            || self.shapes.len() >= self.limits.shapes_max;
        if !full {
            return self.add_shape(parent, label, type_index);
        }
        match self.children.get(&(parent, overflow.0, NO_SHAPE)) {
            Some(child) => *child,
            None => self.add_shape(parent, overflow, NO_SHAPE),
        }
    }

    fn add_shape(&mut self, parent: u32, label: Code, type_index: u32) -> u32 {
        let index = self.shapes.len() as u32;
        let above = &mut self.shapes[parent as usize];
        above.children += 1;
        let depth = above.depth + 1;
        let (objects, bytes, references, retained, example) = (0, 0, 0, 0, ObjectId(0));
        self.shapes.push(Shape {
            parent,
            label,
            type_index,
            depth,
            children: 0,
            objects,
            bytes,
            references,
            retained,
            example,
        });
        self.children.insert((parent, label.0, type_index), index);
        index
    }

    /// Adds each object's retained size to its shape's, unless an object of that shape above it holds it already.
    pub(crate) fn add_retained(&mut self, dominators: &Dominators) {
        let children = dominators.children();
        let mut open = vec![0_u32; self.shapes.len()];
        let mut line: Option<ObjectId> = None;
        let mut next = children.first_below(None);
        loop {
            while let Some(id) = next {
                let shape = self.column[id.index()];
                if shape != NO_SHAPE {
                    if open[shape as usize] == 0 {
                        let sum = &mut self.shapes[shape as usize].retained;
                        *sum = sum.saturating_add(dominators.retained_size(id));
                    }
                    open[shape as usize] += 1;
                }
                line = Some(id);
                next = children.first_below(line);
            }
            // Leave the objects whose subtree is done, up to one with a neighbour.
            let Some(id) = line else { return };
            let shape = self.column[id.index()];
            if shape != NO_SHAPE {
                open[shape as usize] -= 1;
            }
            next = children.next_beside(id);
            line = dominators.above(id).next();
        }
    }

    /// Leaves out what cannot grow, and puts names for codes.
    pub(crate) fn finish(mut self) -> (ShapeTree, ShapeColumn) {
        let keeps = self.kept();
        let (mut labels, mut types) = (Once::default(), Once::default());
        // Of the shape above all roots.
        let (no_label, no_type) = (labels.id(Label::Unknown), types.id("".into()));
        let (label_ids, type_ids) = self.texts(&keeps, &mut labels, &mut types);
        let mut moved = vec![NO_SHAPE; self.shapes.len()];
        let mut nodes: Vec<ShapeNode> = Vec::with_capacity(keeps.iter().filter(|keep| **keep).count());
        for (index, shape) in self.shapes.iter().enumerate().filter(|(index, _)| keeps[*index]) {
            moved[index] = nodes.len() as u32;
            let parent = moved[shape.parent as usize] as usize;
            let label = label_ids.get(&shape.label.0).copied().unwrap_or(no_label);
            let type_name = type_ids.get(&shape.type_index).copied().unwrap_or(no_type);
            let above = nodes.get(parent).map_or(0, |node| node.key.0);
            nodes.push(ShapeNode {
                parent,
                depth: shape.depth,
                key: shape_key(above, &labels.all[label as usize], &types.all[type_name as usize]),
                objects: shape.objects,
                bytes: shape.bytes,
                references: shape.references,
                retained_bytes: shape.retained,
                example: shape.example,
                label,
                type_name,
            });
        }
        for shape in self.column.iter_mut().filter(|shape| **shape != NO_SHAPE) {
            *shape = moved[*shape as usize];
        }
        (ShapeTree { nodes, labels: labels.all, types: types.all }, ShapeColumn { shapes: self.column })
    }

    fn kept(&self) -> Vec<bool> {
        let mut keeps = vec![false; self.shapes.len()];
        keeps[0] = true;
        for (index, shape) in self.shapes.iter().enumerate().skip(1).rev() {
            if keeps[index] || shape.objects != 1 || shape.bytes >= self.limits.single_bytes_min {
                keeps[index] = true;
                keeps[shape.parent as usize] = true;
            }
        }
        keeps
    }

    fn texts(
        &self,
        keeps: &[bool],
        labels: &mut Once<Label>,
        types: &mut Once<Box<str>>,
    ) -> (HashMap<u32, u32>, HashMap<u32, u32>) {
        let (mut label_ids, mut type_ids) = (HashMap::new(), HashMap::new());
        for (_, shape) in self.shapes.iter().enumerate().filter(|(index, _)| *index > 0 && keeps[*index]) {
            label_ids.entry(shape.label.0).or_insert_with(|| labels.id(self.code_label(shape.label)));
            type_ids.entry(shape.type_index).or_insert_with(|| {
                let info = self.snapshot.types().get(shape.type_index as usize);
                types.id(info.map_or(OVERFLOW.into(), |info| info.qualified_name().into()))
            });
        }
        (label_ids, type_ids)
    }
}

/// Labels or type names, each once.
struct Once<T> {
    all: Vec<T>,
    ids: HashMap<T, u32>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { all: Vec::new(), ids: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Once<T> {
    fn id(&mut self, one: T) -> u32 {
        let Self { all, ids } = self;
        *ids.entry(one).or_insert_with_key(|one| {
            all.push(one.clone());
            all.len() as u32 - 1
        })
    }
}

/// For each type the first one with the same name and module.
fn canonical_types(types: &[TypeInfo]) -> Vec<u32> {
    let mut first = HashMap::new();
    let named = types.iter().map(|info| (info.module.as_deref(), &*info.name));
    named.enumerate().map(|(index, name)| *first.entry(name).or_insert(index as u32)).collect()
}

/// FNV-1a over the names, begun with the parent's key. An attribute's name may read like a label that is none.
fn shape_key(parent: u64, label: &Label, type_name: &str) -> ShapeKey {
    let text = label.to_string();
    let bytes = [u8::from(label.name().is_some())]
        .into_iter()
        .chain(text.bytes())
        .chain([0])
        .chain(type_name.bytes())
        .chain([0]);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325 ^ parent.rotate_left(17), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ShapeKey(hash)
}
