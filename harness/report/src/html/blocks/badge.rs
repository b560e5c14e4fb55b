//! The badge of an outcome.

use bloathound_vocabulary::Outcome;
use maud::{Markup, html};

/// Word and class of an outcome; the word says it without the colour.
pub(crate) fn badge(outcome: Outcome) -> Markup {
    let (class, word) = match outcome {
        Outcome::Pass => ("ok", "ok"),
        Outcome::Fail => ("fail", "FAIL"),
        Outcome::Invalid => ("invalid", "INVALID"),
        Outcome::Error => ("fail", "ERROR"),
    };
    html! { span class={ "badge " (class) } { (word) } }
}
