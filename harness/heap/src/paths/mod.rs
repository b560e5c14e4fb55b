//! Paths from the roots by names people know, and objects grouped by the shape of their paths.

mod alike;
mod callees;
mod codes;
pub mod costs;
mod forest;
mod keys;
pub mod rules;
mod shape_maker;
mod shapes;
mod sources;
#[cfg(test)]
mod tests;
mod tree;

pub use shapes::{Callee, ShapeColumn, ShapeKey, ShapeLimits, ShapeNode, ShapeTree, Source, Written};
pub use tree::{Arrival, PathFinder, PathTree};
