//! Where the boxes and arrows go: a column for every layer, boxes near what they belong to, one port for every arrow.

use std::collections::BTreeMap;

use super::{GraphNode, NodeKind, ReferenceGraph};
use crate::sanitize;

/// Width of a character cell of the 12 px monospace font, pixels.
pub(super) const CELL: f64 = 7.3;
/// Height of a line of text.
pub(super) const LINE: f64 = 16.0;
/// Space between text and frame.
pub(super) const PADDING: f64 = 8.0;
const GAP_BELOW: f64 = 16.0;
/// Room for the curve between the labels and the next column.
const CURVE: f64 = 70.0;
const MARGIN: f64 = 24.0;
/// Height that an arrow takes which goes back below the boxes.
const LANE: f64 = 18.0;
/// More arrows back than these go behind the boxes.
const LANES_MAX: usize = 2;
const NODE_CELLS_MAX: usize = 34;
const LABEL_CELLS_MAX: usize = 28;

/// A box with its place.
pub(super) struct PlacedNode {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) lines: Vec<String>,
    pub(super) kind: NodeKind,
    pub(super) is_root: bool,
}

/// An arrow with its place. It leaves its holder's right side level, for as long as its label is, then bends.
pub(super) struct PlacedEdge {
    pub(super) from: (f64, f64),
    pub(super) bend_x: f64,
    pub(super) to: (f64, f64),
    /// It ends on its target's right side instead of the left, because that lies no further right.
    pub(super) returns: bool,
    /// It goes back below all boxes, at this height, and ends at its target's lower side.
    pub(super) below: Option<f64>,
    pub(super) label: String,
    pub(super) strong: bool,
}

pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) nodes: Vec<PlacedNode>,
    pub(super) edges: Vec<PlacedEdge>,
}

pub(super) fn layout(graph: &ReferenceGraph) -> Layout {
    let mut nodes: Vec<PlacedNode> = graph.nodes.iter().map(measure).collect();
    for (index, node) in nodes.iter_mut().enumerate() {
        let leaving = graph.edges().filter(|edge| leaves_or_returns(graph, edge, index)).count();
        let arriving = graph.edges().filter(|edge| edge.to == index).count();
        let ports = leaving.max(arriving) as f64;
        node.height = node.height.max(ports * LINE + PADDING);
    }
    let mut columns: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        columns.entry(node.layer).or_default().push(index);
    }
    place_columns(graph, &columns, &mut nodes);
    place_rows(graph, &columns, &mut nodes);
    let mut edges = place_edges(graph, &nodes);
    let lanes = place_lanes(graph, &nodes, &mut edges);
    let right = |edge: &PlacedEdge| {
        let loop_room = if edge.returns { CURVE } else { 0.0 };
        edge.bend_x + loop_room
    };
    let width = nodes.iter().map(|node| node.x + node.width).chain(edges.iter().map(right)).fold(0.0, f64::max);
    let height = nodes.iter().map(|node| node.y + node.height).fold(0.0, f64::max);
    Layout { width: width + MARGIN, height: height + MARGIN + lanes, nodes, edges }
}

/// Sends arrows that would go back behind boxes below all of them, each on a lane of its own; gives the room they take.
/// Only to a box with none below it in its column: else the arrow would go behind those.
fn place_lanes(graph: &ReferenceGraph, nodes: &[PlacedNode], edges: &mut [PlacedEdge]) -> f64 {
    let bottom = |node: &PlacedNode| node.y + node.height;
    let lowest = nodes.iter().map(bottom).fold(0.0, f64::max);
    let goes_below = |edge: &super::GraphEdge| {
        let target = &nodes[edge.to];
        let is_lowest = nodes.iter().all(|other| other.x != target.x || bottom(other) <= bottom(target));
        graph.nodes[edge.to].layer < graph.nodes[edge.from].layer && is_lowest
    };
    // Of many, lanes would be the larger part of the picture.
    if graph.edges().filter(|edge| goes_below(edge)).count() > LANES_MAX {
        return 0.0;
    }
    let mut room = 0.0;
    for (edge, placed) in graph.edges().zip(edges).filter(|(edge, _)| goes_below(edge)) {
        let target = &nodes[edge.to];
        room += LANE;
        placed.below = Some(lowest + room);
        placed.to = (target.x + target.width / 2.0, bottom(target));
    }
    room
}

fn leaves_or_returns(graph: &ReferenceGraph, edge: &super::GraphEdge, node: usize) -> bool {
    edge.from == node || (edge.to == node && returns(graph, edge))
}

fn returns(graph: &ReferenceGraph, edge: &super::GraphEdge) -> bool {
    graph.nodes[edge.to].layer <= graph.nodes[edge.from].layer
}

fn measure(node: &GraphNode) -> PlacedNode {
    let lines: Vec<String> = node.lines().iter().map(|line| sanitize::fit(line, NODE_CELLS_MAX)).collect();
    let cells = lines.iter().map(|line| sanitize::width(line)).max().unwrap_or(0);
    PlacedNode {
        x: 0.0,
        y: 0.0,
        width: cells as f64 * CELL + 2.0 * PADDING,
        height: lines.len() as f64 * LINE + 2.0 * PADDING,
        lines,
        kind: node.kind,
        is_root: node.root.is_some(),
    }
}

/// Columns from left to right, each as wide as its widest box and the labels that leave it.
fn place_columns(graph: &ReferenceGraph, columns: &BTreeMap<i32, Vec<usize>>, nodes: &mut [PlacedNode]) {
    let mut x = MARGIN;
    for members in columns.values() {
        let widest = members.iter().map(|index| nodes[*index].width).fold(0.0, f64::max);
        for index in members {
            nodes[*index].x = x;
            nodes[*index].width = widest;
        }
        let labels = graph
            .edges()
            .filter(|edge| members.contains(&edge.from))
            .map(|edge| label_width(&edge.label))
            .fold(0.0, f64::max);
        x += widest + labels + CURVE;
    }
}

fn label_width(label: &str) -> f64 {
    let cells = sanitize::width(&sanitize::fit(label, LABEL_CELLS_MAX));
    if cells == 0 { 0.0 } else { cells as f64 * CELL + 12.0 }
}

/// Rows outward from the focus: each box as near as it can be to those it belongs to.
fn place_rows(graph: &ReferenceGraph, columns: &BTreeMap<i32, Vec<usize>>, nodes: &mut [PlacedNode]) {
    let mut outward: Vec<(&i32, &Vec<usize>)> = columns.iter().collect();
    outward.sort_by_key(|(layer, _)| (layer.unsigned_abs(), **layer));
    let mut placed = vec![false; nodes.len()];
    for (_, members) in outward {
        let mut wanted: Vec<(f64, bool, usize)> = members
            .iter()
            .map(|index| {
                let is_more = matches!(graph.nodes[*index].kind, NodeKind::More(_));
                (desired(graph, nodes, &placed, *index), is_more, *index)
            })
            .collect();
        // `… more` after its siblings, else in the order of the references.
        wanted.sort_by(|one, other| one.0.total_cmp(&other.0).then((one.1, one.2).cmp(&(other.1, other.2))));
        let mut bottom = f64::NEG_INFINITY;
        let mut error = 0.0;
        for (centre, _, index) in &wanted {
            let node = &mut nodes[*index];
            node.y = (centre - node.height / 2.0).max(bottom);
            bottom = node.y + node.height + GAP_BELOW;
            error += node.y + node.height / 2.0 - centre;
        }
        // Pushing went downwards only; the whole column back by the mean.
        let shift = error / wanted.len().max(1) as f64;
        for (_, _, index) in &wanted {
            nodes[*index].y -= shift;
            placed[*index] = true;
        }
    }
    let top = nodes.iter().map(|node| node.y).fold(f64::INFINITY, f64::min);
    if top.is_finite() {
        for node in nodes {
            node.y += MARGIN - top;
        }
    }
}

/// The mean of the places it is connected with so far.
fn desired(graph: &ReferenceGraph, nodes: &[PlacedNode], placed: &[bool], index: usize) -> f64 {
    let mut sum = 0.0;
    let mut count = 0.0;
    for edge in graph.edges() {
        let other = if edge.from == index {
            edge.to
        } else if edge.to == index {
            edge.from
        } else {
            continue;
        };
        if placed[other] {
            sum += nodes[other].y + nodes[other].height / 2.0;
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Where an arrow meets a box.
struct Port {
    /// Height of the box at the arrow's other end.
    other_end: f64,
    edge: usize,
    is_start: bool,
}

/// A port of its own on each side for every arrow, in the order of the boxes at their other ends.
fn place_edges(graph: &ReferenceGraph, nodes: &[PlacedNode]) -> Vec<PlacedEdge> {
    // By box and side (true: right).
    let mut sides: BTreeMap<(usize, bool), Vec<Port>> = BTreeMap::new();
    let middle = |index: usize| nodes[index].y + nodes[index].height / 2.0;
    let edges: Vec<&super::GraphEdge> = graph.edges().collect();
    for (index, edge) in edges.iter().enumerate() {
        let right = returns(graph, edge);
        let start = Port { other_end: middle(edge.to), edge: index, is_start: true };
        sides.entry((edge.from, true)).or_default().push(start);
        let end = Port { other_end: middle(edge.from), edge: index, is_start: false };
        sides.entry((edge.to, right)).or_default().push(end);
    }
    let mut starts = vec![0.0; edges.len()];
    let mut ends = vec![0.0; edges.len()];
    for ((node, _), mut ports) in sides {
        ports.sort_by(|one, other| {
            let key = |port: &Port| (port.edge, port.is_start);
            one.other_end.total_cmp(&other.other_end).then_with(|| key(one).cmp(&key(other)))
        });
        let first = middle(node) - (ports.len() as f64 - 1.0) / 2.0 * LINE;
        for (rank, port) in ports.iter().enumerate() {
            let y = first + rank as f64 * LINE;
            if port.is_start {
                starts[port.edge] = y;
            } else {
                ends[port.edge] = y;
            }
        }
    }
    let place = |(index, edge): (usize, &&super::GraphEdge)| {
        let (from, to) = (&nodes[edge.from], &nodes[edge.to]);
        let right = from.x + from.width;
        let returns = returns(graph, edge);
        PlacedEdge {
            from: (right, starts[index]),
            bend_x: right + label_width(&edge.label),
            to: (if returns { to.x + to.width } else { to.x }, ends[index]),
            returns,
            below: None,
            label: sanitize::fit(&edge.label, LABEL_CELLS_MAX),
            strong: edge.strong,
        }
    };
    edges.iter().enumerate().map(place).collect()
}
