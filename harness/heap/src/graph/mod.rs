//! Algorithms on the graph of references: dominators, cycles, who refers to whom, what the collector would do.

mod collector;
mod components;
mod dominators;
mod reverse;

pub use collector::{GcReplay, Tally};
pub use components::{Components, shortest_cycle, strongly_connected};
pub use dominators::{Dominator, DominatorChildren, Dominators};
pub use reverse::{Direction, Neighbourhood, NeighbourhoodLimits, Reverse, neighbourhood};
