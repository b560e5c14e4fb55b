//! Regular expressions that have lost their way: a match that takes longer than any honest one of its input can.

use bloathound_profile::{Callee, CalleeKind};

use crate::thresholds::fixed::PATTERN_STEPS_A_SECOND;
use crate::thresholds::predicates;

/// Seconds that a match honestly takes at most: from each character the rest of the text is tried once against each part of the
/// pattern. `None` for what is no match, or where pattern or text are not known.
///
/// What takes longer tries the same characters in ever other divisions, and each character more multiplies these.
fn honest_seconds(callee: &Callee) -> Option<f64> {
    if callee.kind != CalleeKind::C {
        return None;
    }
    // Only a method of a regular expression has one, whatever the series calls its type.
    let pattern = callee.pattern.as_ref()?.length?;
    // A replacement is an argument too: the text is the longest.
    let texts = callee.arguments.iter().filter(|argument| argument.kind.is_text());
    let text = texts.filter_map(|text| text.length).max()?;
    let steps = text as f64 * text as f64 * pattern as f64;
    Some(steps / PATTERN_STEPS_A_SECOND)
}

/// True where `callee` is a match on which so many `seconds` of processor time went without coming to its end, and an honest one
/// would have.
pub(super) fn is_lost(callee: &Callee, seconds: f64) -> bool {
    predicates::BACKTRACKS.says(honest_seconds(callee).is_some_and(|most| seconds > most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_profile::{Value, ValueKind};

    fn text(length: u64) -> Value {
        Value { kind: ValueKind::Str, length: Some(length), ..Value::default() }
    }

    fn of(name: &str, text_length: u64) -> Callee {
        Callee {
            kind: CalleeKind::C,
            name: name.to_owned(),
            arguments: vec![text(3), text(text_length)],
            receiver: None,
            pattern: Some(text(20)),
        }
    }

    #[test]
    fn a_short_text_that_takes_seconds_is_lost_and_a_long_one_is_not() {
        assert!(is_lost(&of("SRE_Pattern.sub", 60), 2.0));
        assert!(!is_lost(&of("SRE_Pattern.sub", 60), 0.001));
        assert!(!is_lost(&of("SRE_Pattern.search", 60_000), 20.0));
        assert!(is_lost(&of("re.Pattern.match", 60), 2.0), "as Python 3 calls it");
    }

    #[test]
    fn what_matches_nothing_or_is_not_known_is_not_called_lost() {
        let unknown = Callee { pattern: None, ..of("zlib.compress", 60) };
        assert!(!is_lost(&unknown, 20.0));
        let no_text = Callee { arguments: Vec::new(), ..of("SRE_Pattern.match", 60) };
        assert!(!is_lost(&no_text, 20.0));
        let python = Callee { kind: CalleeKind::Python, ..of("match", 60) };
        assert!(!is_lost(&python, 20.0));
    }
}
