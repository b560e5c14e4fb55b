//! A graph as SVG.

use std::fmt::Write as _;

use super::layout::{CELL, LINE, Layout, PADDING, PlacedEdge, PlacedNode, layout};
use super::{NodeKind, ReferenceGraph};
use crate::sanitize;

/// Its own, so that a page may have other pictures beside it.
const STYLE: &str = "\
.references text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1c1c1c}\
.references .back{fill:#fff}.references .box{fill:#f3f4f6;stroke:#5b6470}\
.references .focus .box{fill:#ffe2bd;stroke:#a85b00;stroke-width:2}.references .root .box{fill:#d9f0db;stroke:#2d6a33}\
.references .more .box{fill:none;stroke:#8a929c;stroke-dasharray:3 3}.references .first{font-weight:700}\
.references .fact{fill:#4a525c}.references .edge{fill:none;stroke:#5b6470}.references .weak{stroke-dasharray:4 3}\
.references .back-edge{opacity:.55}\
.references .label{font-size:11px;fill:#0b4f8a;stroke:#fff;stroke-width:4px;paint-order:stroke}\
.references .head{fill:#5b6470}\
@media screen and (prefers-color-scheme:dark){.references text{fill:#e8e8e8}.references .back{fill:#16181c}\
.references .box{fill:#262a31;stroke:#9aa4b0}.references .focus .box{fill:#5a3a10;stroke:#ffb45e}\
.references .root .box{fill:#1d3b22;stroke:#7fc98a}.references .fact{fill:#b6bfca}.references .edge{stroke:#9aa4b0}\
.references .label{fill:#8ec5ff;stroke:#16181c}.references .head{fill:#9aa4b0}}";

/// How far out an arrow swings that turns back.
const TURN: f64 = 30.0;
/// The smallest share of its size that a picture is still read at, where a page is narrower than it.
const READABLE: f64 = 0.72;

/// The graph as a picture that needs nothing else: left to right, who refers to the object, the object, what it refers to.
#[must_use]
pub fn svg(graph: &ReferenceGraph) -> String {
    svg_part(graph, "")
}

/// The same as a part of a page; `prefix` keeps its anchors apart from those of other pictures there.
pub(crate) fn svg_part(graph: &ReferenceGraph, prefix: &str) -> String {
    let layout = layout(graph);
    let mut out = String::new();
    let title = graph.nodes.iter().find(|node| node.kind == NodeKind::Focus).map_or_else(String::new, |node| {
        let text = node.text.as_deref().unwrap_or_default();
        sanitize::fit(format!("{} {text}", node.type_name).trim(), 80)
    });
    let Layout { width, height, .. } = layout;
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"references\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" style=\"min-width:{:.0}px\" role=\"img\" aria-labelledby=\"{prefix}t {prefix}d\">\n<title id=\"{prefix}t\">References around {}</title>\n<desc id=\"{prefix}d\">{}</desc>\n<style>{STYLE}</style>\n",
        width * READABLE,
        sanitize::markup(&title),
        sanitize::markup(&description(graph)),
    );
    let _ = writeln!(
        out,
        "<defs><marker id=\"{prefix}a\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\"><path class=\"head\" d=\"M0 0L9 4L0 8z\"/></marker></defs>\n<rect class=\"back\" width=\"100%\" height=\"100%\"/>",
    );
    for edge in &layout.edges {
        line(edge, prefix, &mut out);
    }
    for node in &layout.nodes {
        node_box(node, &mut out);
    }
    // Last, so that no line and no box lies over a name.
    for edge in &layout.edges {
        if !edge.label.is_empty() {
            let (x, y) = (edge.from.0 + 6.0, edge.from.1 - 5.0);
            let label = sanitize::markup(&edge.label);
            let _ = writeln!(out, "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>");
        }
    }
    out.push_str("</svg>\n");
    out
}

fn description(graph: &ReferenceGraph) -> String {
    let (before, after) = graph.nodes.iter().fold((0, 0), |(before, after), node| {
        (before + usize::from(node.layer < 0), after + usize::from(node.layer > 0))
    });
    format!(
        "{before} boxes on the left refer to the object in the middle, directly or through others; it refers to {after} on the right. {} arrows.",
        graph.edges().count()
    )
}

fn line(edge: &PlacedEdge, prefix: &str, out: &mut String) {
    let (x0, y0) = edge.from;
    let (x1, y1) = edge.to;
    let bend = edge.bend_x;
    let weak = if edge.strong { "" } else { " weak" };
    let back = if edge.returns { " back-edge" } else { "" };
    let curve = if let Some(lane) = edge.below {
        let turn = bend + TURN;
        format!(
            "C{turn:.1} {y0:.1} {turn:.1} {lane:.1} {bend:.1} {lane:.1}H{:.1}Q{x1:.1} {lane:.1} {x1:.1} {y1:.1}",
            x1 + TURN
        )
    } else if edge.returns {
        let out_x = bend.max(x1) + 55.0;
        format!("C{out_x:.1} {y0:.1} {:.1} {y1:.1} {x1:.1} {y1:.1}", out_x.max(x1 + 40.0))
    } else {
        let middle = (bend + x1) / 2.0;
        format!("C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}")
    };
    let _ = writeln!(
        out,
        "<path class=\"edge{weak}{back}\" marker-end=\"url(#{prefix}a)\" d=\"M{x0:.1} {y0:.1}H{bend:.1}{curve}\"/>"
    );
}

fn node_box(node: &PlacedNode, out: &mut String) {
    let class = match node.kind {
        NodeKind::Focus => "focus",
        NodeKind::More(_) => "more",
        NodeKind::Object if node.is_root => "root",
        NodeKind::Object => "object",
    };
    let _ = writeln!(
        out,
        "<g class=\"{class}\"><rect class=\"box\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>",
        node.x, node.y, node.width, node.height
    );
    let text_height = node.lines.len() as f64 * LINE;
    let first = node.y + (node.height - text_height) / 2.0 + LINE * 0.75;
    for (index, text) in node.lines.iter().enumerate() {
        let class = if index == 0 { "first" } else { "fact" };
        // Where the reader's font is wider than ours, the text is drawn together rather than out of its box.
        let cells = sanitize::width(text) as f64;
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            node.x + PADDING,
            first + index as f64 * LINE,
            cells * CELL,
            sanitize::markup(text)
        );
    }
    out.push_str("</g>\n");
}
