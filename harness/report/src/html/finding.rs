//! A finding: the paragraph to paste, what it rests on, its picture, the next command, how sure it is and why.

use bloathound_vocabulary::{Evidence, Finding};
use maud::{Markup, html};

use super::blocks;
use super::pictures::{self, Curve};
use super::shown::{command, shown, slug};
use crate::describe;

/// What a finding is shown with beside itself.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'b> {
    /// Begins its anchor, so that findings of several runs have each their own.
    pub(super) anchor: &'b str,
    /// The target as the next command is to name it; empty where no command would do.
    pub(super) typed: &'b str,
}

/// All findings, or that there are none.
pub(super) fn findings(findings: &[Finding], beside: Beside<'_>) -> Markup {
    html! {
        @if findings.is_empty() { p class="none" { "Nothing was found." } }
        @for (number, finding) in findings.iter().enumerate() { (article(finding, number + 1, beside)) }
    }
}

fn article(finding: &Finding, number: usize, beside: Beside<'_>) -> Markup {
    let id = format!("{}finding-{number}-{}", beside.anchor, slug(&finding.fingerprint));
    let id = id.trim_end_matches('-');
    let mut rows = describe::evidence(finding);
    // Both stand above or below in a form of their own.
    rows.retain(|(name, _)| !matches!(*name, "path" | "pinned by"));
    rows.push(("fingerprint", finding.fingerprint.clone()));
    html! {
        article class="finding" id=(id) {
            h3 {
                a class="here" href={ "#" (id) } { (finding.class.as_str()) ": " (finding.verdict.as_str()) }
                " " span class="place" { (shown(describe::place_of(finding))) }
            }
            p class="summary" title="One click selects the paragraph" { (shown(paragraph(finding))) }
            (pictures::holding_path(finding, id))
            (picture(finding))
            (blocks::facts(&rows))
            @if let Evidence::Fragmentation(evidence) = &finding.evidence { (blocks::pins(&evidence.pinned_by)) }
            @if let Some(next) = describe::plain::next(finding, beside.typed) { p { "Next: " (command(&next)) } }
            @if let Some(confidence) = &finding.confidence {
                p class="sure" { strong { "How sure: " (confidence.grade.as_str()) } ", because " (shown(&confidence.why)) }
            }
        }
    }
}

/// The same paragraph as in the terminal and in JSON; the command stands by itself.
fn paragraph(finding: &Finding) -> String {
    let (first, rest) = describe::paragraph::told(finding);
    format!("{first} {rest}").trim_end().to_owned()
}

/// What grew, look by look.
fn picture(finding: &Finding) -> Markup {
    let (title, rounds, is_bytes) = match &finding.evidence {
        Evidence::Leak(evidence) | Evidence::Growth(evidence) => ("Objects at this place", &evidence.rounds, false),
        Evidence::Garbage(evidence) => ("Objects that wait", &evidence.rounds, false),
        Evidence::NativeMemory(evidence) => ("Bytes", &evidence.rounds, true),
        Evidence::Cycle(_) | Evidence::Fragmentation(_) | Evidence::HotLoop(_) | Evidence::Spin(_) => return html! {},
    };
    let unit = if is_bytes { "of it" } else { "objects" };
    pictures::curves(&format!("{title}, look by look"), &[Curve::by_round(unit, rounds, is_bytes)], None)
}
