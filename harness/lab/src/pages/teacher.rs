//! The guide and the answer key.

use maud::{Markup, html};

use super::prose;
use crate::data::Kind;
use crate::drawn::Drawn;
use crate::error::LabError;
use crate::shelf::Shelf;

/// Timings, what goes wrong, what to do then.
pub(super) fn guide(shelf: &Shelf) -> Markup {
    html! {
        h1 { "The teacher's guide" }
        @for section in &shelf.shared.guide {
            h2 { (section.title) }
            @for text in &section.text { (prose(text)) }
        }
        @for plan in &shelf.shared.plans {
            h2 { "With " (plan.minutes) " minutes" }
            table {
                tr { th { "minute" } th { "what" } }
                @for (minute, what) in &plan.steps { tr { td { (minute) } td { (prose(what)) } } }
            }
        }
        h2 { "The labs" }
        table {
            tr { th { "lab" } th { "what is wrong" } th { "minutes" } th { "from" } }
            @for lab in shelf.labs() {
                tr { td { code { (lab.name) } } td { (lab.mechanism) } td { (lab.minutes) } td { (lab.upstream) } }
            }
        }
    }
}

/// Every answer of every lab for one seed, the wrong ones with what is said of them, and the solution.
pub(super) fn key(shelf: &Shelf, seed: u64) -> Result<Markup, LabError> {
    let mut parts = Vec::new();
    for lab in shelf.labs().iter().filter(|lab| lab.of.is_empty()) {
        let drawn = Drawn::new(shelf, &lab.name, seed)?;
        let mut answers = Vec::new();
        for question in &lab.questions {
            answers.push((question.id.clone(), drawn.told(&question.ask, &[])?, right(&drawn, &question.kind)?));
        }
        let mut wrong = Vec::new();
        for question in &lab.questions {
            wrong.extend(drawn.wrong(&question.id)?);
        }
        let cure = drawn.told(&lab.cure, &[])?;
        parts.push(html! {
            h2 { (lab.order) ". " (lab.name) ": " (lab.title) }
            p { (lab.mechanism) " About " (lab.minutes) " minutes." }
            table { @for (id, ask, is) in &answers { tr { th { (id) } td { (ask) } td { strong { (is) } } } } }
            p { "The cure: " (cure) }
            table {
                tr { th { "often answered" } th { "what is said of it" } }
                @for one in &wrong { tr { td { (one.to) "=" (one.says) } td { (prose(&one.because)) } } }
            }
        });
    }
    Ok(html! {
        h1 { "The answer key" }
        p { "Names, figures and lines are drawn for each learner: these are those of seed " (seed) ". For another: "
            code { "bloathound lab pages DIR --seed N" } ", with the seed of the learner's " code { "lab.txt" } "." }
        @for part in &parts { (part) }
    })
}

fn right(drawn: &Drawn, kind: &Kind) -> Result<String, LabError> {
    let filled = |words: &[String]| -> Result<Vec<String>, LabError> {
        words.iter().map(|word| drawn.told(word, &[])).collect()
    };
    Ok(match kind {
        Kind::Class { is, also } => {
            let also: Vec<String> = also.iter().map(|one| format!(" (or {one})")).collect();
            format!("{is}{}", also.concat())
        }
        Kind::Holder { must, .. } => filled(must)?.join(" … "),
        Kind::Number { is, within, unit } => {
            format!("{} {unit}, give or take {:.0} %", drawn.told(is, &[])?, within * 100.0)
        }
        Kind::Lines { mark } => {
            drawn.lines(mark).map_or_else(String::new, |(first, last)| format!("lines {first} to {last}"))
        }
        Kind::Word { any } => filled(any)?.join(" or "),
    })
}
