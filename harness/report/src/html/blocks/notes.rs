//! What is said beside the findings: observations, problems, and that a look is not whole.

use bloathound_vocabulary::{ObservationRecord, Partial, Problem};
use maud::{Markup, html};

use super::super::shown::shown;
use crate::units;

/// Worth knowing, and no bug.
pub(crate) fn observations(rows: &[ObservationRecord]) -> Markup {
    html! {
        ul class="notes" {
            @for row in rows {
                li {
                    (shown(&row.summary))
                    @if let Some(bytes) = row.bytes() { " " span class="dim" { "(" (units::bytes(bytes)) ")" } }
                    " " span class="kind" { (shown(&row.class)) }
                }
            }
        }
    }
}

/// What could not be done or is not trusted.
pub(crate) fn problems(rows: &[Problem]) -> Markup {
    html! {
        ul class="notes" { @for row in rows { li { strong { (shown(&row.stage)) ": " } (shown(&row.message)) } } }
    }
}

/// That this is not all that was asked for.
pub(crate) fn partial(partial: Option<&Partial>) -> Markup {
    html! { @if let Some(partial) = partial { p class="warn" { strong { "Partial: " } (shown(&partial.why)) } } }
}
