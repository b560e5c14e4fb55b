//! How what was found is held, drawn: the chain from the root with the counts on its last edge, or the cycle.

use bloathound_vocabulary::{CycleEvidence, Evidence, Finding, Label, Verdict};
use maud::{Markup, PreEscaped, html};

use super::super::shown::{short, short_path};
use crate::graph::{self, GraphEdge, GraphNode, NodeKind, ReferenceGraph};
use crate::{describe, units};

/// The picture of a finding's path or cycle; nothing where it has none. `anchor` is the finding's own.
pub(crate) fn holding_path(finding: &Finding, anchor: &str) -> Markup {
    if let Evidence::Cycle(cycle) = &finding.evidence
        && let Some(drawn) = circle(cycle)
    {
        return html! {
            figure {
                div class="wide" tabindex="0" role="region" aria-label="The cycle" { (PreEscaped(graph::svg_part(&drawn, anchor))) }
                figcaption { "The cycle, each arrow with the name of its reference" }
            }
        };
    }
    chain(finding)
}

/// Boxes that wrap where the page is narrow; the last one is what grows.
fn chain(finding: &Finding) -> Markup {
    let path = &finding.location.path;
    if path.is_empty() {
        return html! {};
    }
    let (edge, held) = held(finding);
    html! {
        ol class="chain" aria-label="How it is held, from the root on" {
            @for (index, label) in path.iter().enumerate() {
                li {
                    @if index > 0 { span class="arrow" aria-hidden="true" { "→" } }
                    code class=(if index == 0 { "box root" } else { "box" }) { (short_path(&label.to_string())) }
                }
            }
            @if let Some(held) = held {
                li {
                    span class="arrow counted" { @if let Some(edge) = edge { (edge) " " } "→" }
                    span class="box focus" { (short(&held)) }
                }
            }
        }
    }
}

/// What hangs at the path's end, and how much of it comes by the arrow.
fn held(finding: &Finding) -> (Option<String>, Option<String>) {
    let each = if finding.verdict == Verdict::GrowsWithRequests { "request" } else { "round" };
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => {
            let edge =
                (leak.objects_per_request > 0).then(|| format!("+{} a {each}", units::count(leak.objects_per_request)));
            let now = leak.rounds.last().map(|objects| units::plural(*objects, "object", "objects"));
            let held = match now {
                Some(now) => {
                    format!("{}: {now} by now, {} retained", leak.type_name, units::bytes(leak.retained_bytes))
                }
                None => leak.type_name.clone(),
            };
            (edge, Some(held))
        }
        Evidence::NativeMemory(native) => (None, Some(format!("+{} of C code", units::bytes(native.gained_bytes)))),
        _ => (None, None),
    }
}

/// The cycle as boxes in a row, the last of which refers back to the first. `None` where its labels are only text.
fn circle(cycle: &CycleEvidence) -> Option<ReferenceGraph> {
    let parts: Vec<(&str, String)> = cycle
        .cycle
        .iter()
        .map(|label| match label {
            Label::Of(class, label) => Some((&**class, label.to_string())),
            _ => None,
        })
        .collect::<Option<_>>()?;
    if parts.is_empty() {
        return None;
    }
    let node = |(layer, (class, _)): (usize, &(&str, String))| GraphNode {
        kind: if finalizer(cycle, class).is_some() { NodeKind::Focus } else { NodeKind::Object },
        type_name: (*class).to_owned(),
        text: finalizer(cycle, class).map(|text| own_part(text)),
        root: None,
        shallow_bytes: 0,
        retained_bytes: None,
        layer: layer as i32,
    };
    let edge = |(from, (_, label)): (usize, &(&str, String))| GraphEdge {
        from,
        to: (from + 1) % parts.len(),
        label: label.clone(),
        strong: true,
        forward: true,
        backward: false,
    };
    Some(ReferenceGraph {
        nodes: parts.iter().enumerate().map(node).collect(),
        edges: parts.iter().enumerate().map(edge).collect(),
    })
}

/// `__del__ (model.py:21)`: the class is in the box, and the folders stand below the picture.
fn own_part(finalizer: &str) -> String {
    let short = describe::paragraph::short(finalizer);
    short.find("__del__").map_or_else(|| short.clone(), |from| short[from..].to_owned())
}

/// `Attendee.__del__ (model.py:21)`, where a class of the cycle has one.
fn finalizer<'c>(cycle: &'c CycleEvidence, class: &str) -> Option<&'c String> {
    let short = class.rsplit('.').next().unwrap_or(class);
    let of_class = |text: &&String| {
        let named = text.split(".__del__").next().unwrap_or_default();
        named == class || named.rsplit('.').next() == Some(short)
    };
    cycle.finalizers.iter().find(of_class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_chain_ends_with_what_grows_and_how_much_of_it_comes() {
        let drawn = holding_path(&samples::leak_finding(), "x").into_string();
        assert!(drawn.contains("<li><code class=\"box root\">module model</code></li>"), "{drawn}");
        assert!(drawn.contains(">+1000 a request →</span>"), "{drawn}");
        assert!(drawn.contains("20 000 objects by now"), "{drawn}");
    }

    #[test]
    fn a_cycle_is_drawn_closed_with_its_finalizer() {
        let mut finding = samples::cycle_finding();
        let Evidence::Cycle(cycle) = &mut finding.evidence else { unreachable!() };
        let of = |class: &str, name: &str| Label::Of(class.into(), Box::new(Label::Name(name.into())));
        cycle.cycle = vec![of("Attendee", "address"), of("Address", "attendee")];
        cycle.finalizers = vec!["model.Attendee.__del__ (/srv/app/with/many/folders/model.py:21)".to_owned()];
        let drawn = holding_path(&finding, "x").into_string();
        assert_eq!(drawn.matches("marker-end").count(), 2, "{drawn}");
        assert!(drawn.contains("back-edge") && drawn.contains(">__del__ (model.py:21)<"), "{drawn}");
    }
}
