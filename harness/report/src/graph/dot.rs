//! A graph as Graphviz DOT.

use std::fmt::Write as _;

use super::{NodeKind, ReferenceGraph};
use crate::sanitize;

/// Cells of a line in a box.
const LINE_MAX: usize = 60;

/// The graph in graphviz' language.
#[must_use]
pub fn dot(graph: &ReferenceGraph) -> String {
    let mut out = String::from(
        "digraph references {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\", fontsize=10];\n  edge [fontname=\"monospace\", fontsize=9];\n",
    );
    for (index, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> =
            node.lines().iter().map(|line| sanitize::dot(&sanitize::fit(line, LINE_MAX))).collect();
        let style = match node.kind {
            NodeKind::Focus => ", style=filled, fillcolor=\"#ffd7a8\"",
            NodeKind::More(_) => ", shape=plaintext",
            NodeKind::Object if node.root.is_some() => ", style=filled, fillcolor=\"#cfe8cf\"",
            NodeKind::Object => "",
        };
        let _ = writeln!(out, "  n{index} [label=\"{}\"{style}];", lines.join("\\n"));
    }
    for edge in graph.edges() {
        let style = if edge.strong { "" } else { ", style=dashed" };
        let label = sanitize::dot(&sanitize::fit(&edge.label, LINE_MAX));
        let _ = writeln!(out, "  n{} -> n{} [label=\"{label}\"{style}];", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}
