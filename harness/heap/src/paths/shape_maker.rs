//! How a [`ShapeTree`] comes about.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use super::callees::add_sources;
use super::codes::{Code, Codes};
use super::forest::{Forest, Shape};
use super::keys::fold_keys;
use super::shapes::{KEYS_FOLDED, NO_SHAPE};
use crate::model::IdHasher;
use crate::{
    Arrival, Carrier, Dominators, GenericLabel, HeapSnapshot, Label, Names, ObjectId, Passage, PathTree, ReferenceKind,
    ReferenceLabel, ShapeColumn, ShapeKey, ShapeLimits, ShapeNode, ShapeTree, TypeInfo, TypeRole,
};

/// What the types of shapes beyond a limit are called.
const OVERFLOW: &str = "…";

pub(crate) struct Maker<'a, 'b> {
    names: &'b Names<'a>,
    snapshot: &'a HeapSnapshot,
    codes: Codes<'a>,
    limits: ShapeLimits,
    /// First type with the same qualified name, by type.
    canonical: Vec<u32>,
    forest: Forest,
    column: Vec<u32>,
    /// What objects are that lie between an owner and its variable.
    carriers: HashMap<ObjectId, Carrier, BuildHasherDefault<IdHasher>>,
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

impl<'a, 'b> Maker<'a, 'b> {
    pub(crate) fn new(names: &'b Names<'a>, limits: ShapeLimits) -> Self {
        let snapshot = names.snapshot();
        let codes = Codes::new(snapshot);
        Self {
            names,
            snapshot,
            limits,
            canonical: canonical_types(snapshot.types()),
            forest: Forest::new(codes.ranges, limits),
            codes,
            column: vec![NO_SHAPE; snapshot.len()],
            carriers: HashMap::default(),
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
            let shape = self.forest.below(0, self.codes.ranges.root(rank), self.type_index(root.object));
            self.enter(root.object, shape, &mut pending);
        }
        let mut ranked: Vec<(Label, u32)> = root_codes.into_iter().collect();
        ranked.sort_by_key(|(_, rank)| *rank);
        self.codes.roots = ranked.into_iter().map(|(root, _)| root).collect();
        while let Some(from) = pending.pop() {
            let shape = self.column[from.index()];
            let carrier = self.carriers.get(&from).copied();
            let mut strong = 0;
            for index in snapshot.span(from) {
                let (to, label) = (snapshot.targets()[index], snapshot.labels()[index]);
                strong += u64::from(label.is_strong());
                if paths.ends_with(to, index) {
                    self.step(shape, carrier, (from, to, label), &mut pending);
                }
            }
            self.forest.shapes[shape as usize].references += strong;
        }
        if let Some((forest, moved)) = fold_keys(&mut self.forest, &self.codes, self.limits) {
            self.forest = forest;
            for shape in self.column.iter_mut().filter(|shape| **shape != NO_SHAPE) {
                *shape = moved[*shape as usize];
            }
        }
    }

    /// Follows one reference: into an own dict and whatever else lies between, or to an object with a shape of its own.
    fn step(
        &mut self,
        shape: u32,
        carrier: Option<Carrier>,
        (from, to, label): (ObjectId, ObjectId, ReferenceLabel),
        pending: &mut Vec<ObjectId>,
    ) {
        let passage = match self.names.is_dict_field(label) {
            true => None,
            false => Some(self.names.passage(carrier, from, to, label)),
        };
        match passage {
            Some(Passage::Labelled(generic)) => {
                let code = match generic {
                    GenericLabel::Index if label.kind() == ReferenceKind::Value => self.entry_code(shape, from, label),
                    generic => self.codes.ranges.of(generic),
                };
                let below = self.forest.below(shape, code, self.type_index(to));
                self.enter(to, below, pending);
            }
            between => {
                if let Some(Passage::Carried(carrier)) = between {
                    self.carriers.insert(to, carrier);
                }
                self.forest.shapes[shape as usize].bytes += self.snapshot.owned_bytes(to);
                self.column[to.index()] = shape;
                pending.push(to);
            }
        }
    }

    /// The label of a dict's value: its key, where keys are few and told, and `[x]`.
    fn entry_code(&mut self, shape: u32, dict: ObjectId, label: ReferenceLabel) -> Code {
        let at = &mut self.forest.shapes[shape as usize];
        if self.forest.keyless || at.folded {
            return self.codes.ranges.index();
        }
        let told = label.key().and_then(|key| {
            let name = self.snapshot.text_name(key)?;
            Some(self.codes.ranges.entry(name, self.snapshot.role(key) == TypeRole::Integer))
        });
        match told {
            Some(code) if self.snapshot.span(dict).len() / 2 <= self.limits.keys_max as usize => code,
            _ => {
                at.folded = true;
                self.codes.ranges.index()
            }
        }
    }

    fn type_index(&self, object: ObjectId) -> u32 {
        self.canonical[self.snapshot.type_id(object).0 as usize]
    }

    fn enter(&mut self, object: ObjectId, shape: u32, pending: &mut Vec<ObjectId>) {
        let node = &mut self.forest.shapes[shape as usize];
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

    /// Adds each object's retained size to its shape's, unless an object of that shape above it holds it already.
    pub(crate) fn add_retained(&mut self, dominators: &Dominators) {
        let children = dominators.children();
        let mut open = vec![0_u32; self.forest.shapes.len()];
        let mut line: Option<ObjectId> = None;
        let mut next = children.first_below(None);
        loop {
            while let Some(id) = next {
                let shape = self.column[id.index()];
                if shape != NO_SHAPE {
                    if open[shape as usize] == 0 {
                        let sum = &mut self.forest.shapes[shape as usize].retained;
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
        let mut moved = vec![NO_SHAPE; self.forest.shapes.len()];
        let mut nodes: Vec<ShapeNode> = Vec::with_capacity(keeps.iter().filter(|keep| **keep).count());
        for (index, shape) in self.forest.shapes.iter().enumerate().filter(|(index, _)| keeps[*index]) {
            moved[index] = nodes.len() as u32;
            let parent = moved[shape.parent as usize] as usize;
            let label = label_ids.get(&shape.label.0).copied().unwrap_or(no_label);
            let type_name = type_ids.get(&shape.type_index).copied().unwrap_or(no_type);
            let above = nodes.get(parent).map_or(ShapeKey(0), |node| node.key);
            nodes.push(ShapeNode {
                parent,
                depth: shape.depth,
                key: ShapeKey::of(above, &labels.all[label as usize], &types.all[type_name as usize]),
                objects: shape.objects,
                bytes: shape.bytes,
                references: shape.references,
                retained_bytes: shape.retained,
                example: shape.example,
                source: None,
                nested_at: nested_at(index, shape),
                keys: if shape.folded { KEYS_FOLDED } else { shape.keys },
                label,
                type_name,
            });
        }
        for node in &mut nodes {
            node.nested_at = node.nested_at.map(|at| moved[at]).filter(|at| *at != NO_SHAPE).map(|at| at as usize);
        }
        for shape in self.column.iter_mut().filter(|shape| **shape != NO_SHAPE) {
            *shape = moved[*shape as usize];
        }
        let column = ShapeColumn { shapes: self.column };
        add_sources(&mut nodes, &column, self.names, self.limits.words);
        (ShapeTree { nodes, labels: labels.all, types: types.all }, column)
    }

    fn kept(&self) -> Vec<bool> {
        let mut keeps = vec![false; self.forest.shapes.len()];
        keeps[0] = true;
        for (index, shape) in self.forest.shapes.iter().enumerate() {
            if let Some(at) = nested_at(index, shape) {
                keeps[at] = true;
            }
        }
        for (index, shape) in self.forest.shapes.iter().enumerate().skip(1).rev() {
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
        for (_, shape) in self.forest.shapes.iter().enumerate().filter(|(index, _)| *index > 0 && keeps[*index]) {
            label_ids.entry(shape.label.0).or_insert_with(|| labels.id(self.codes.label(shape.label)));
            type_ids.entry(shape.type_index).or_insert_with(|| {
                let info = self.snapshot.types().get(shape.type_index as usize);
                types.id(info.map_or(OVERFLOW.into(), |info| info.qualified_name().into()))
            });
        }
        (label_ids, type_ids)
    }
}

/// The shape below a shape that most of its objects hang at.
fn nested_at(index: usize, shape: &Shape) -> Option<usize> {
    (shape.turns.count > shape.objects / 2).then_some(shape.turns.from as usize).filter(|at| *at > index)
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
