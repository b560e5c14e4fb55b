//! Hot loops in plain sentences, and how sure they are.

use bloathound_profile::Callee;
use bloathound_profile::Code;
use bloathound_profile::Outside;
use bloathound_vocabulary::{Grade, Verdict};

use super::candidate::Candidate;
use super::place::file_name;
use super::progress::Judged;
use super::window::Window;

/// What a function in C was called with, as far as it is plain: ` with 'abc' (40 characters), of the pattern '(a+)+$'`.
pub(super) fn arguments(callee: &Callee) -> String {
    let shown = |value: &bloathound_profile::Value| match value.length {
        Some(length) if value.kind.is_text() && !value.is_cut() => {
            format!("{} ({length} characters)", value.summary)
        }
        _ => value.summary.clone(),
    };
    let of = callee.pattern.iter().map(|pattern| format!(" of the pattern {}", pattern.summary));
    let with: Vec<String> = callee.arguments.iter().map(shown).collect();
    let with = (!with.is_empty()).then(|| format!(" with {}", with.join(", ")));
    of.chain(with).collect()
}

/// A loop that goes round.
pub(super) fn of_loop(
    candidate: &Candidate<'_>,
    judged: &Judged,
    window: &Window<'_>,
    starved_seconds: Option<f64>,
) -> String {
    let found = candidate.found;
    let lines = if found.line_first == found.line_last {
        format!("line {}", found.line_first)
    } else {
        format!("lines {} to {}", found.line_first, found.line_last)
    };
    let exits = match (found.exits.is_empty(), judged.exit_values.as_slice()) {
        (true, _) => "each turn is like the one before, with no condition by which it would end".to_owned(),
        (false, []) => "nothing that would end it changes".to_owned(),
        (false, values) => format!("what would end it does not change: {}", values.join(", ")),
    };
    let failing = judged.failure.as_ref().map(|failure| failure.told(candidate)).unwrap_or_default();
    let starving = starved_seconds
        .map(|seconds| format!("; meanwhile its event loop had no turn for {seconds:.1} s at least"))
        .unwrap_or_default();
    let at_end = window.profile.outside.as_ref().and_then(at_its_end).unwrap_or_default();
    format!(
        "The loop in {} ({}, {lines}) goes round and round without getting on: it was busy for {:.0} % of {:.1} s, and \
         {exits}{failing}{starving}.{at_end}",
        candidate.code.function,
        file_name(candidate.code),
        100.0 * window.cpu_fraction,
        window.seconds
    )
}

/// The only descriptor that nothing more comes from, where there is one: a loop that asks for what is ready gets it for ever.
fn at_its_end(outside: &Outside) -> Option<String> {
    let mut ended = outside.descriptors.iter().filter(|one| one.is_at_end && !one.is_new);
    let one = ended.next().filter(|_| ended.next().is_none())?;
    Some(format!(
        " Nothing more comes from descriptor {} ({}): to whoever waits for it, it is always ready.",
        one.number, one.what
    ))
}

/// A call of a function in C, with what it was called with, that does not return: because it `is_lost` in backtracking, or
/// while an event loop is `starved`.
pub(super) fn of_c_call(
    code: &Code,
    line: u32,
    (callee, with): (&str, &str),
    window: &Window<'_>,
    (starved, is_lost): (bool, bool),
) -> String {
    let waits = if starved { ", and the event loop waits for it" } else { "" };
    let lost = if is_lost {
        ": it backtracks, as no match of such a text takes so long that tries each part of it once; each character more \
         multiplies its time"
    } else {
        ""
    };
    format!(
        "One call of {callee}{with} in {} ({}:{line}) has not returned for {:.1} s at least{waits}{lost}.",
        code.function,
        file_name(code),
        window.seconds
    )
}

/// How sure a match that backtracks is.
pub(super) fn confidence_of_backtracking() -> (Grade, String) {
    (Grade::High, "its pattern and the length of its text are known, and it took longer than they explain".to_owned())
}

/// How sure a verdict is, and why not surer.
pub(super) fn confidence(verdict: Verdict) -> (Grade, String) {
    match verdict {
        Verdict::NoObservedProgress => {
            (Grade::High, "all its variables came back to the same few states again and again".to_owned())
        }
        Verdict::InsideOneCCall => {
            (Grade::Medium, "a call into C may still return; nothing in it can be seen".to_owned())
        }
        Verdict::EventLoopStarved => {
            (Grade::Medium, "something moves, though nothing that an exit depends on".to_owned())
        }
        _ => (Grade::Medium, "something counts, though nothing that an exit depends on".to_owned()),
    }
}
