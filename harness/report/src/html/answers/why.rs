//! The page of `why`: how one object is held.

use bloathound_vocabulary::{ObjectRecord, WhyReport};
use maud::{Markup, PreEscaped, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::shown::{command, short, short_path, shown};
use super::lead::{about, notes};
use crate::graph::{self, ReferenceGraph};
use crate::units;

/// What keeps an object alive, with the references around it drawn.
#[must_use]
pub fn why(report: &WhyReport, drawn: Option<&ReferenceGraph>) -> String {
    let title = format!("Why {} is alive", report.what);
    let mut sections = vec![Section { id: "path", title: "How it is held", body: path(report) }];
    if let Some(drawn) = drawn.filter(|drawn| !drawn.nodes.is_empty()) {
        sections.push(Section { id: "references", title: "Who refers to whom", body: references(drawn) });
    }
    if report.kinds_in_all.unwrap_or(0) > 1 {
        sections.push(Section { id: "kinds", title: "By who holds it", body: kinds(report) });
    }
    if !report.dominators.is_empty() {
        sections.push(Section { id: "with", title: "Would go away with", body: dominators(&report.dominators) });
    }
    sections.extend(notes(&[], &report.problems));
    page(&Page {
        title: &title,
        heading: html! { "Why " (shown(&report.what)) " is alive" },
        lead: html! { p class="summary" { (shown(answer(report))) } (about(&report.target, report.partial.as_ref())) },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

/// The answer in a paragraph that can be pasted.
fn answer(report: &WhyReport) -> String {
    let Some(object) = &report.object else { return format!("There is no {}.", report.what) };
    let which = if report.matches > 1 {
        format!("One of {} of {}", units::count(report.matches), report.what)
    } else {
        report.what.clone()
    };
    let kept = match (&report.expression, report.path.is_empty()) {
        (Some(expression), _) => format!("is kept alive by {expression}"),
        (None, false) => "is held by the path below".to_owned(),
        (None, true) => "is not reachable from any root: it is garbage, or C code alone holds it".to_owned(),
    };
    let frees = object
        .retained_bytes
        .map_or_else(String::new, |bytes| format!(" Were it gone, {} would be free.", units::bytes(bytes)));
    format!("{which} ({}) {kept}.{frees}", words(object))
}

/// `dict 'text', 768 KiB`.
fn words(object: &ObjectRecord) -> String {
    let mut words = object.type_name.clone();
    if let Some(text) = &object.text {
        words.push(' ');
        words.push_str(text);
    }
    if object.shallow_bytes > 0 {
        words.push_str(&format!(", {}", units::bytes(object.shallow_bytes)));
    }
    words
}

fn path(report: &WhyReport) -> Markup {
    html! {
        @if report.path.is_empty() { p class="none" { "No root leads to it." } }
        ol class="steps" {
            @for step in &report.path {
                li {
                    code { (short_path(&step.label)) } " "
                    span class="dim" {
                        (shown(words(&step.object)))
                        @if let Some(bytes) = step.object.retained_bytes { ", retains " (units::bytes(bytes)) }
                    }
                }
            }
        }
    }
}

fn references(drawn: &ReferenceGraph) -> Markup {
    html! {
        figure {
            div class="wide" tabindex="0" role="region" aria-label="References around the object" {
                (PreEscaped(graph::svg_part(drawn, "why-")))
            }
            figcaption { "On the left who refers to it, on the right what it refers to; each arrow has the name of its reference" }
        }
    }
}

fn kinds(report: &WhyReport) -> Markup {
    let rows = html! {
        @for (index, kind) in report.kinds.iter().enumerate() {
            tr {
                th scope="row" { (index + 1) } td class="text" { (short_path(&kind.place)) }
                td { (units::count(kind.objects)) }
                td { (kind.new_objects.map_or_else(|| "–".to_owned(), units::count)) }
                td { (units::bytes(kind.bytes)) } td { (units::ratio(kind.share)) }
            }
        }
    };
    let rest = report.kinds_in_all.unwrap_or(0).saturating_sub(report.kinds.len() as u64);
    html! {
        (blocks::table("The objects by who holds them", &["kind", "<place", "objects", "new", "bytes", "share"], rows))
        (blocks::more(rest as usize, "place", "places"))
        @if let Some(next) = &report.next { p { "One of another kind: " (command(next)) } }
    }
}

fn dominators(rows: &[ObjectRecord]) -> Markup {
    // Containers say nothing of themselves.
    let said = rows.iter().any(|row| row.text.is_some());
    let body = html! {
        @for row in rows {
            tr {
                th scope="row" { (short(&row.type_name)) }
                @if said { td class="text" { (short(row.text.as_deref().unwrap_or_default())) } }
                td { (units::bytes(row.shallow_bytes)) }
                td { (row.retained_bytes.map_or_else(|| "–".to_owned(), units::bytes)) }
            }
        }
    };
    let heads: &[&str] =
        if said { &["type", "<what", "its own", "would go with it"] } else { &["type", "its own", "would go with it"] };
    blocks::table("Objects without which it would go away, nearest first", heads, body)
}
