//! Pages of the workshop, made from the labs' own files: slides and a handout for the class, a guide and a key for the
//! teacher. Each is one file that fetches nothing and runs nothing, and prints.

mod learners;
mod teacher;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::error::LabError;
use crate::shelf::Shelf;

/// One file.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its name.
    pub name: &'static str,
    /// All of it.
    pub html: String,
}

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#1b1b1b;\
background:#fff}h1,h2{line-height:1.2}code,pre{background:#f0f0ec;padding:.1em .3em;border-radius:3px}pre{padding:.7em;\
white-space:pre-wrap}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left;\
vertical-align:top}.slide{min-height:85vh;border-bottom:1px solid #ccc;padding-top:2em;font-size:1.25em}.slide h2{\
font-size:1.7em}@media print{.slide{break-after:page;border:0}}";

/// All pages; `seed` is the one whose answers the key shows.
///
/// # Errors
/// A lab's text asks for what nobody drew.
pub fn pages(shelf: &Shelf, seed: u64) -> Result<Vec<Sheet>, LabError> {
    Ok(vec![
        Sheet { name: "slides.html", html: framed("Workshop: slides", &learners::slides(shelf)) },
        Sheet { name: "handout.html", html: framed("Workshop: handout", &learners::handout(shelf)) },
        Sheet { name: "guide.html", html: framed("Workshop: the teacher's guide", &teacher::guide(shelf)) },
        Sheet { name: "key.html", html: framed("Workshop: the answer key", &teacher::key(shelf, seed)?) },
    ])
}

fn framed(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (body) } }
        }
    };
    page.into_string()
}

/// A text of ours as paragraphs; what stands between backticks is code.
fn prose(text: &str) -> Markup {
    html! {
        @for paragraph in text.trim().split("\n\n") {
            p {
                @for (number, part) in paragraph.split('`').enumerate() {
                    @if number % 2 == 1 { code { (part) } } @else { (part) }
                }
            }
        }
    }
}
