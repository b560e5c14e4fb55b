//! Findings with their evidence, and the small pictures beside it.

use crate::describe;
use crate::sanitize::{self, markup};
use crate::units;
use bloathound_vocabulary::{Evidence, Finding, Pin};

/// One finding with its evidence.
pub(super) fn article(finding: &Finding) -> String {
    let mut out = format!(
        "<article class=\"finding\">\n<h4>{}: {}</h4>\n<p>{}</p>\n",
        finding.class,
        finding.verdict,
        markup(&describe::place_of(finding))
    );
    if !finding.location.path.is_empty() {
        out.push_str("<ol class=\"path\" aria-label=\"Path from the root\">");
        for label in &finding.location.path {
            out.push_str(&format!("<li><code>{}</code></li>", markup(&label.to_string())));
        }
        out.push_str("</ol>\n");
    }
    let mut rows = describe::evidence(finding);
    // Both stand above or below in a form of their own.
    rows.retain(|(name, _)| !matches!(*name, "path" | "pinned by"));
    rows.push(("fingerprint", finding.fingerprint.clone()));
    out.push_str(&facts(&rows));
    match &finding.evidence {
        Evidence::Fragmentation(evidence) => out.push_str(&pins(&evidence.pinned_by)),
        Evidence::Leak(evidence) | Evidence::Growth(evidence) => out.push_str(&sparkline(&evidence.rounds)),
        Evidence::Garbage(evidence) => out.push_str(&sparkline(&evidence.rounds)),
        Evidence::NativeMemory(evidence) => out.push_str(&sparkline(&evidence.rounds)),
        Evidence::Cycle(_) | Evidence::HotLoop(_) | Evidence::Spin(_) => {}
    }
    out.push_str("</article>\n");
    out
}

pub(crate) fn facts(rows: &[(&str, String)]) -> String {
    let mut out = String::from("<dl>\n");
    for (name, text) in rows {
        out.push_str(&format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", markup(text)));
    }
    out.push_str("</dl>\n");
    out
}

fn pins(pins: &[Pin]) -> String {
    if pins.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"wide\"><table class=\"numbers\"><caption>Who keeps sparse arenas</caption>\n<thead><tr><th scope=\"col\">type</th><th scope=\"col\">owner</th><th scope=\"col\">objects</th><th scope=\"col\">bytes</th><th scope=\"col\">arenas</th></tr></thead>\n<tbody>\n",
    );
    for pin in pins {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            markup(&sanitize::fit(&pin.type_name, 80)),
            markup(&describe::owner_of(&pin.owner)),
            units::count(pin.objects),
            units::bytes(pin.bytes),
            units::count(pin.arenas)
        ));
    }
    out.push_str("</tbody>\n</table></div>\n");
    out
}

/// Objects by round as a curve; the figures stand in the evidence above it.
fn sparkline(rounds: &[u64]) -> String {
    const WIDTH: f64 = 240.0;
    const HEIGHT: f64 = 60.0;
    let most = rounds.iter().copied().max().unwrap_or(0);
    if rounds.len() < 2 || most == 0 {
        return String::new();
    }
    let step = WIDTH / (rounds.len() - 1) as f64;
    let points: Vec<String> = rounds
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let y = HEIGHT - *count as f64 / most as f64 * (HEIGHT - 4.0) - 2.0;
            format!("{:.1},{y:.1}", index as f64 * step)
        })
        .collect();
    format!(
        "<svg class=\"curve\" viewBox=\"-4 0 {} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"Objects by round, from {} to {}\"><polyline points=\"{}\"/></svg>\n",
        WIDTH + 8.0,
        units::count(rounds.first().copied().unwrap_or(0)),
        units::count(rounds.last().copied().unwrap_or(0)),
        points.join(" ")
    )
}
