//! Pictures of who refers to whom, forward and backward from one object: DOT, SVG and a tree for the terminal.
//!
//! The layout is our own and needs no graphviz: one column for every distance from the object in the middle.

mod build;
mod dot;
mod layout;
mod svg;
#[cfg(test)]
mod tests;
mod tree;

pub use build::{GraphOptions, around, with_root};
pub use dot::dot;
pub use svg::svg;
pub(crate) use svg::svg_part;
pub use tree::tree;

/// What a node stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeKind {
    /// The object that was asked about.
    Focus,
    /// Another object.
    Object,
    /// So many more neighbours of one object, which aren't shown.
    More(u64),
}

/// A box in the picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphNode {
    /// What it stands for.
    pub kind: NodeKind,
    /// Qualified type; empty for [`NodeKind::More`].
    pub type_name: String,
    /// A string's content, a number's digits, a class's name.
    pub text: Option<String>,
    /// What holds it from outside the heap: `module model`.
    pub root: Option<String>,
    /// Own bytes.
    pub shallow_bytes: u64,
    /// Bytes freed if it went away.
    pub retained_bytes: Option<u64>,
    /// Distance from the focus: positive for what it refers to, negative for what refers to it.
    pub layer: i32,
}

/// An arrow: the reference's holder, its target, and the names it goes by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GraphEdge {
    /// Index of the node that refers.
    pub from: usize,
    /// Index of the node referred to.
    pub to: usize,
    /// `.name`, `['key']`, `[3]`; empty for one to [`NodeKind::More`].
    pub label: String,
    /// Keeps its target alive.
    pub strong: bool,
    /// Found on the way along what the focus refers to.
    pub forward: bool,
    /// Found on the way along what refers to the focus.
    pub backward: bool,
}

/// A part of the heap around one object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReferenceGraph {
    /// All nodes.
    pub nodes: Vec<GraphNode>,
    /// All edges, each holder's together. Edges of nodes that don't exist are ignored.
    pub edges: Vec<GraphEdge>,
}

impl ReferenceGraph {
    fn edges(&self) -> impl Iterator<Item = &GraphEdge> {
        self.edges.iter().filter(|edge| edge.from < self.nodes.len() && edge.to < self.nodes.len())
    }
}

impl GraphNode {
    /// Lines of the box, the most telling first. Not yet harmless.
    fn lines(&self) -> Vec<String> {
        if let NodeKind::More(count) = self.kind {
            return vec![format!("… {} more", crate::units::count(count))];
        }
        let mut lines = vec![self.type_name.clone()];
        lines.extend(self.text.clone());
        // A box that stands for no object of its own has no size.
        lines.extend((self.shallow_bytes > 0 || self.retained_bytes.is_some()).then(|| self.size()));
        lines.extend(
            self.root.as_ref().map(|root| if root == "held from C" { root.clone() } else { format!("held by {root}") }),
        );
        lines
    }

    /// `904 B, retains 1.61 KiB`.
    fn size(&self) -> String {
        let own = crate::units::bytes(self.shallow_bytes);
        match self.retained_bytes {
            Some(retained) => format!("{own}, retains {}", crate::units::bytes(retained)),
            None => own,
        }
    }
}
