//! The badge of an outcome.

use bloathound_vocabulary::Outcome;

/// Word and class of an outcome; the word says it without the colour.
pub(super) fn badge(outcome: Outcome) -> String {
    let (class, word) = match outcome {
        Outcome::Pass => ("ok", "ok"),
        Outcome::Fail => ("fail", "FAIL"),
        Outcome::Invalid => ("invalid", "INVALID"),
        Outcome::Error => ("fail", "ERROR"),
    };
    format!("<span class=\"badge {class}\">{word}</span>")
}
