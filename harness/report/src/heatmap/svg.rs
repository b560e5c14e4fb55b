//! A heat map as SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Colour;
use super::layout::Drawing;
use crate::sanitize;

fn hex(colour: Colour) -> String {
    let [red, green, blue] = colour;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

pub(crate) fn draw(drawing: &Drawing) -> String {
    let Drawing { width, height, .. } = drawing;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" shape-rendering=\"crispEdges\">\n"
    );
    if let Some(title) = drawing.lines.first() {
        let _ = writeln!(svg, "<title>{}</title>", sanitize::markup(&title.text));
    }
    let _ = writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", hex(drawing.background));
    // One path a colour: a rectangle element for each of a hundred thousand cells would be ten times as long.
    let mut paths: BTreeMap<Colour, String> = BTreeMap::new();
    for rect in &drawing.rects {
        let path = paths.entry(rect.colour).or_default();
        let _ = write!(path, "M{} {}h{}v{}h-{}z", rect.x, rect.y, rect.width, rect.height, rect.width);
    }
    for (colour, path) in paths {
        // Shown where somebody points at it.
        let who = drawing.names.get(&colour).map_or_else(String::new, |name| sanitize::markup(name));
        let _ = writeln!(svg, "<path fill=\"{}\" d=\"{path}\"><title>{who}</title></path>", hex(colour));
    }
    svg.push_str("<g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">\n");
    for line in &drawing.lines {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" xml:space=\"preserve\">{}</text>",
            line.x,
            line.base(),
            line.size(),
            hex(line.colour),
            sanitize::markup(&line.text)
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}
