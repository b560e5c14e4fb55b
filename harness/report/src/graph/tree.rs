//! A graph as a tree of text.

use super::{GraphNode, NodeKind, ReferenceGraph};
use crate::sanitize;
use crate::text::{Style, page};

/// Both directions as trees for the terminal: who refers to the object, and what it refers to. An object that is there
/// already is named again but not opened again.
#[must_use]
pub fn tree(graph: &ReferenceGraph, color: bool) -> String {
    let style = Style::new(color);
    let Some(focus) = graph.nodes.iter().position(|node| node.kind == NodeKind::Focus) else {
        return String::new();
    };
    let mut out = String::new();
    for (title, forward) in [("is referred to by", false), ("refers to", true)] {
        let children = children(graph, forward);
        if children[focus].is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let words = page::fit(&words(&graph.nodes[focus]), page::width() - 20);
        out.push_str(&format!("{} {title}\n", style.bold(&words)));
        // Backward the label is the referrer's: `.__dict__ of type DBModel`.
        let gap = if forward { "  " } else { " of " };
        branches(graph, focus, &children, (gap, style), &mut out);
    }
    out
}

/// For every node what was found from it in this direction, with the label of the reference.
fn children(graph: &ReferenceGraph, forward: bool) -> Vec<Vec<(usize, &str)>> {
    let mut children = vec![Vec::new(); graph.nodes.len()];
    for edge in graph.edges() {
        if forward && edge.forward {
            children[edge.from].push((edge.to, edge.label.as_str()));
        }
        if !forward && edge.backward {
            children[edge.to].push((edge.from, edge.label.as_str()));
        }
    }
    children
}

fn branches(
    graph: &ReferenceGraph,
    focus: usize,
    children: &[Vec<(usize, &str)>],
    (gap, style): (&str, Style),
    out: &mut String,
) {
    /// Deeper branches keep this indent, so that something of them still fits.
    const PREFIX_MAX: usize = 36;
    let mut opened = vec![false; graph.nodes.len()];
    opened[focus] = true;
    // An explicit stack: a path of objects may be long.
    let mut pending = branches_of(&children[focus], "");
    while let Some(branch) = pending.pop() {
        let node = branch.node;
        let prefix = branch.prefix;
        let again = opened[node] && !children[node].is_empty();
        let fork = if branch.last { "└─ " } else { "├─ " };
        let label = page::fit(branch.label, 30);
        let gap = if label.is_empty() { "" } else { gap };
        let used = sanitize::width(&prefix) + 3 + sanitize::width(&label) + gap.len();
        let mut text = words(&graph.nodes[node]);
        if again {
            text.push_str(" (above)");
        }
        let text = page::fit(&text, page::width().saturating_sub(used).max(8));
        let line = format!("{prefix}{fork}{}{gap}{}\n", style.bold(&label), style.dim(&text));
        out.push_str(&line);
        if !again {
            opened[node] = true;
            let deeper = if sanitize::width(&prefix) >= PREFIX_MAX {
                prefix
            } else {
                format!("{prefix}{}", if branch.last { "   " } else { "│  " })
            };
            pending.extend(branches_of(&children[node], &deeper));
        }
    }
}

struct Branch<'g> {
    node: usize,
    label: &'g str,
    prefix: String,
    last: bool,
}

/// In reverse, for a stack.
fn branches_of<'g>(children: &[(usize, &'g str)], prefix: &str) -> Vec<Branch<'g>> {
    let branch = |(index, (node, label)): (usize, &(usize, &'g str))| Branch {
        node: *node,
        label,
        prefix: prefix.to_owned(),
        last: index + 1 == children.len(),
    };
    children.iter().enumerate().map(branch).rev().collect()
}

/// `type DBModel, 904 B, retains 31.5 MiB, held by module model`.
fn words(node: &GraphNode) -> String {
    let lines = node.lines();
    let [first, rest @ ..] = &lines[..] else {
        return String::new();
    };
    match (&node.text, rest) {
        (Some(text), [_, rest @ ..]) => {
            let mut words = vec![format!("{first} {text}")];
            words.extend(rest.iter().cloned());
            words.join(", ")
        }
        _ => lines.join(", "),
    }
}
