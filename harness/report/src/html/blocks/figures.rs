//! Figures in tables, in lists of names and texts, and as bars.

use maud::{Markup, html};

use super::super::shown::shown;
use crate::units;

/// Names with their texts.
pub(crate) fn facts<N: AsRef<str>>(rows: &[(N, String)]) -> Markup {
    html! {
        dl { @for (name, text) in rows { div { dt { (shown(name)) } dd { (shown(text)) } } } }
    }
}

/// A table that can be scrolled by keyboard where it is wider than the page: the caption, heads, and rows of cells.
/// The first cell of a row is its name. A head that begins with `<` stands above words, the others above figures.
pub(crate) fn table(caption: &str, heads: &[&str], rows: Markup) -> Markup {
    html! {
        div class="wide" tabindex="0" role="region" aria-label=(caption) {
            table class="numbers" {
                caption { (caption) }
                thead { tr { @for head in heads { (column(head)) } } }
                tbody { (rows) }
            }
        }
    }
}

fn column(head: &str) -> Markup {
    match head.strip_prefix('<') {
        Some(words) => html! { th scope="col" class="words" { (words) } },
        None => html! { th scope="col" { (head) } },
    }
}

/// A bar that repeats a figure beside it; not for screen readers.
pub(crate) fn bar(part: u64, whole: u64) -> Markup {
    let share = part.min(whole) as f64 * 100.0 / whole.max(1) as f64;
    html! {
        td class="bar" aria-hidden="true" { span style=(format!("width:{share:.1}%")) {} }
    }
}

/// That so many rows are left out; nothing where none is.
pub(crate) fn more(rest: usize, one: &str, many: &str) -> Markup {
    html! { @if rest > 0 { p class="more" { "… " (units::plural(rest as u64, one, many)) " more" } } }
}
