//! The one way by which text of the target gets onto a page: harmless, and never longer than somebody reads.

use maud::{Markup, PreEscaped, html};

use crate::sanitize;

/// Cells of one text; a name of ten million letters tells no more than its beginning.
const CELLS_MAX: usize = 1200;

/// The part of a text that is looked at: some letters take several bytes and some no cell at all.
const BYTES_MAX: usize = 8 * CELLS_MAX;

/// `text` as markup that does nothing.
pub(super) fn shown(text: impl AsRef<str>) -> Markup {
    PreEscaped(sanitize::markup(&sanitize::fit(beginning(text.as_ref()), CELLS_MAX)))
}

/// The same for the name of a row of a table.
pub(super) fn short(text: &str) -> Markup {
    PreEscaped(sanitize::markup(&sanitize::fit(beginning(text), 90)))
}

/// The same of a path, of which the end tells most.
pub(super) fn short_path(text: &str) -> Markup {
    PreEscaped(sanitize::markup(&sanitize::fit_end(beginning(text), 110)))
}

fn beginning(text: &str) -> &str {
    let end = (0..=BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// A command that can be typed: a click selects all of it.
pub(super) fn command(typed: &str) -> Markup {
    html! { code class="typed" { (shown(typed)) } }
}

/// A part of an anchor: letters and digits of `text`, as many as a link needs.
pub(super) fn slug(text: &str) -> String {
    const LENGTH_MAX: usize = 60;
    let mut slug = String::new();
    for c in text.chars().take(400) {
        if slug.len() >= LENGTH_MAX {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_ten_million_letters_is_cut() {
        let long = "é".repeat(10_000_000);
        let text = shown(&long).into_string();
        assert!(text.len() < 3 * CELLS_MAX && text.ends_with('…'), "{}", text.len());
        let marks = "\u{301}".repeat(1_000_000);
        assert!(shown(marks).into_string().len() < 12 * BYTES_MAX);
    }

    #[test]
    fn an_anchor_is_letters_and_digits() {
        assert_eq!(slug("leak:module model/.DBModel/._field_cache/key"), "leak-module-model-dbmodel-field-cache-key");
        assert_eq!(slug("\"><script>\u{202e}é"), "script");
    }
}
