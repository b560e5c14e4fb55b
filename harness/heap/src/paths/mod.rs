//! Paths from the roots by names people know, and objects grouped by the shape of their paths.

pub mod costs;
mod shape_maker;
mod shapes;
mod tree;

pub use shapes::{ShapeColumn, ShapeKey, ShapeLimits, ShapeNode, ShapeTree};
pub use tree::{Arrival, PathFinder, PathTree};
