//! Shapes while a tree of them is made.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::codes::{Code, Ranges};
use super::rules::{KEYED_SHAPES_ONE_IN, PLAIN_TURN_MAX, TURN_MAX};
use super::shapes::NO_SHAPE;
use crate::model::IdHasher;
use crate::{ObjectId, ShapeLimits};

/// A shape while the tree is made.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) parent: u32,
    pub(super) label: Code,
    pub(super) type_index: u32,
    pub(super) depth: u32,
    pub(super) children: u32,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) references: u64,
    pub(super) retained: u64,
    pub(super) example: ObjectId,
    /// It has values under keys that are data: all its values are alike.
    pub(super) folded: bool,
    /// A value under a key that is told, or below one.
    pub(super) under_key: bool,
    /// Which keys are told below it: see [`ShapeNode::keys`].
    pub(super) keys: u64,
    /// Objects that data which nests in itself led to, and the shape below that most of them hang at.
    pub(super) turns: Turns,
}

/// From where below it a shape was entered again, by the vote of what was entered: the candidate, and how far it leads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    pub(super) count: u64,
    pub(super) from: u32,
    lead: u64,
}

impl Turns {
    pub(super) fn add(&mut self, from: u32, count: u64) {
        self.count += count;
        if self.from == from || self.lead == 0 {
            self.from = from;
            self.lead += count;
        } else {
            self.lead = self.lead.saturating_sub(count);
        }
    }
}

impl Shape {
    /// The shape above all roots, and all that a new one begins with.
    pub(super) fn above() -> Self {
        Self {
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
            folded: false,
            under_key: false,
            keys: 0,
            turns: Turns::default(),
        }
    }

    /// Adds the objects of a shape that becomes one with this.
    pub(super) fn add(&mut self, other: &Self) {
        if self.objects == 0 {
            self.example = other.example;
        }
        self.objects += other.objects;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.references += other.references;
        self.folded |= other.folded;
    }
}

/// All shapes so far; the one at index 0 is above all roots.
#[derive(Debug)]
pub(super) struct Forest {
    ranges: Ranges,
    limits: ShapeLimits,
    pub(super) shapes: Vec<Shape>,
    children: HashMap<(u32, u32, u32), u32, BuildHasherDefault<IdHasher>>,
    /// Shapes under keys.
    under_keys: usize,
    /// There are too many of them: no key is told.
    pub(super) keyless: bool,
}

impl Forest {
    pub(super) fn new(ranges: Ranges, limits: ShapeLimits) -> Self {
        let shapes = vec![Shape::above()];
        Self { ranges, limits, shapes, children: HashMap::default(), under_keys: 0, keyless: false }
    }

    /// The shape of objects of a type that `label` leads to from `parent`.
    pub(super) fn below(&mut self, parent: u32, label: Code, type_index: u32) -> u32 {
        if let Some(child) = self.children.get(&(parent, label.0, type_index)) {
            return *child;
        }
        let above = &self.shapes[parent as usize];
        let overflow = self.ranges.overflow();
        if above.label == overflow {
            return parent;
        }
        if let Some(turn) = self.turn(parent, label, type_index) {
            self.shapes[turn as usize].turns.add(parent, 1);
            return turn;
        }
        let full = above.depth >= self.limits.depth_max
            || above.children >= self.limits.children_max
            || self.shapes.len() >= self.limits.shapes_max;
        if !full && label != overflow {
            return self.add_shape(parent, label, type_index);
        }
        match self.children.get(&(parent, overflow.0, NO_SHAPE)) {
            Some(child) => *child,
            None => self.add_shape(parent, overflow, NO_SHAPE),
        }
    }

    /// The shape above, or `parent` itself, of which data that nests in itself is one more turn.
    fn turn(&self, parent: u32, label: Code, type_index: u32) -> Option<u32> {
        let is_variable = self.ranges.is_variable(label);
        let mut at = parent;
        for distance in 1..=if is_variable { TURN_MAX } else { PLAIN_TURN_MAX } {
            let shape = &self.shapes[at as usize];
            if distance > PLAIN_TURN_MAX && shape.depth == 0 {
                return None;
            }
            if (shape.label, shape.type_index) == (label, type_index) {
                return Some(at);
            }
            at = shape.parent;
        }
        None
    }

    fn add_shape(&mut self, parent: u32, label: Code, type_index: u32) -> u32 {
        let index = self.shapes.len() as u32;
        let above = &mut self.shapes[parent as usize];
        above.children += 1;
        let under_key = above.under_key || self.ranges.is_entry(label);
        let depth = above.depth + 1;
        self.shapes.push(Shape { parent, label, type_index, depth, under_key, ..Shape::above() });
        self.under_keys += usize::from(under_key);
        self.keyless |= self.under_keys > self.limits.shapes_max / KEYED_SHAPES_ONE_IN;
        self.children.insert((parent, label.0, type_index), index);
        index
    }
}
