//! What every page is made of: one file with its style, nothing fetched, no script.
//!
//! Pictures are in it as SVG; what opens and closes is `details`, and what one descends into is a link to a part of the
//! page. So it reads, prints and is walked by keyboard in a browser that runs nothing, and the policy allows nothing to run.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::shown::shown;
use crate::sanitize;

const STYLE: &str = include_str!("style.css");

/// Stops whatever might slip through the escaping from doing anything.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; base-uri 'none'; form-action 'none'";

/// A page without its frame.
pub(super) struct Page<'p> {
    /// What the browser's tab says.
    pub(super) title: &'p str,
    /// What was looked at, or done.
    pub(super) heading: Markup,
    /// The verdict and what else stands above everything.
    pub(super) lead: Markup,
    /// In their order.
    pub(super) sections: Vec<Section>,
    /// Who made it, and where.
    pub(super) foot: &'p str,
}

/// A part of a page that one can go to.
pub(super) struct Section {
    /// Its anchor: letters, digits and hyphens.
    pub(super) id: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// What is in it.
    pub(super) body: Markup,
}

/// The whole file.
pub(super) fn page(page: &Page<'_>) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "Bloathound: " (shown(page.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "To the findings" }
                header {
                    p class="brand" { "Bloathound" }
                    h1 { (page.heading) }
                    (page.lead)
                }
                @if page.sections.len() > 1 {
                    nav aria-label="On this page" {
                        ul { @for section in &page.sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                    }
                }
                main id="main" {
                    @for section in &page.sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
                            h2 id={ (section.id) "-title" } { a class="here" href={ "#" (section.id) } { (section.title) } }
                            (section.body)
                        }
                    }
                }
                footer { p { (shown(page.foot)) } }
            }
        }
    };
    harmless(document.into_string())
}

/// What a part forgot to make harmless is spelled out all the same: no page has a character that reorders or hides text.
fn harmless(document: String) -> String {
    let is_bad = |c: char| sanitize::is_hostile(c) && c != '\n';
    if !document.contains(is_bad) {
        return document + "\n";
    }
    let lines: Vec<String> = document.split('\n').map(|line| sanitize::line(line).into_owned()).collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_forgot_to_clean_is_clean_on_the_page() {
        let body = html! { p { "a\u{202e}b\u{1b}[2J" } };
        let whole = page(&Page {
            title: "</title><script>",
            heading: html! { "x" },
            lead: html! {},
            sections: vec![Section { id: "findings", title: "Findings", body }],
            foot: "",
        });
        assert!(!whole.chars().any(|c| sanitize::is_hostile(c) && c != '\n'));
        assert!(whole.contains("a\\u{202e}b\\x1b[2J") && !whole.contains("<script"), "{whole}");
        assert!(!whole.contains("<nav"), "one section needs no list of them");
    }
}
