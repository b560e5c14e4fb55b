//! Answers and summaries of the diagnostics as text.

use bloathound_kit::{Blindness, TraceLoop, TraceSummary};
use bloathound_report::sanitize;
use bloathound_report::text::{beside, ending};
use serde_json::{Map, Value};

/// Cells of a row before the place, of each of the tables.
const BEFORE_FUNCTION: usize = 23;
const BEFORE_LINE: usize = 12;
const BEFORE_STEP: usize = 2;
/// Lines of a loop that are shown.
const LOOP_LINES: usize = 12;

/// An answer's fields, one a line, those within others indented.
pub(super) fn fields(fields: &Map<String, Value>, depth: usize, out: &mut String) {
    for (name, value) in fields {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(inner) => {
                out.push_str(&format!("{indent}{}\n", sanitize::line(name)));
                self::fields(inner, depth + 1, out);
            }
            Value::Array(items) if items.iter().any(|item| item.as_str().is_some_and(|text| text.len() > 20)) => {
                out.push_str(&format!("{indent}{}\n", sanitize::line(name)));
                for item in items {
                    out.push_str(&format!("{indent}  {}\n", plain(item)));
                }
            }
            _ => out.push_str(&format!("{indent}{:18} {}\n", sanitize::line(name), plain(value))),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => sanitize::line(text).to_string(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Null => "-".into(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// One stretch of a trace.
pub(super) fn summary(summary: &TraceSummary, out: &mut String) {
    out.push_str(&beside(
        "",
        &format!(
            "{:.2} s traced of {:.2} s: {:.0} events/s, {:.0} calls/s",
            summary.traced_seconds,
            summary.seconds,
            summary.events_per_second(),
            summary.calls_per_second()
        ),
    ));
    if !summary.functions.is_empty() {
        out.push_str("\n    events      calls  function\n");
        for row in &summary.functions {
            let place = place(&row.file, None, &row.function, BEFORE_FUNCTION);
            out.push_str(&format!("{:10} {:10}  {place}\n", row.events, row.calls));
        }
        out.push_str("\n      runs  line\n");
        for row in &summary.lines {
            out.push_str(&format!(
                "{:10}  {}\n",
                row.runs,
                place(&row.file, Some(row.line), &row.function, BEFORE_LINE)
            ));
        }
    }
    if let Some(found) = &summary.repeating {
        repeating(found, out);
    }
    out.push('\n');
    blindness(&summary.blindness, summary.seconds - summary.traced_seconds, out);
}

fn repeating(found: &TraceLoop, out: &mut String) {
    out.push_str(&format!(
        "\nThe same {} {} over and over, {} times in a row:\n",
        found.sequence.period,
        if found.sequence.period == 1 { "event" } else { "events" },
        found.sequence.turns
    ));
    for row in found.lines.iter().take(LOOP_LINES) {
        out.push_str(&format!("  {}\n", place(&row.file, Some(row.line), &row.function, BEFORE_STEP)));
    }
    if found.lines.len() > LOOP_LINES {
        out.push_str(&format!("  … and {} more lines\n", found.lines.len() - LOOP_LINES));
    }
    if found.includes_event_loop() {
        let idle = "The event loop's own turn is part of it: the service is polling or idle, not stuck.";
        out.push_str(&beside("  ", idle));
    } else if let Some(place) = &found.place {
        let lines = format!("{}-{}", place.line_first, place.line_last);
        out.push_str(&beside("  ", &format!("the loop is in {}, lines {lines}", place.function)));
    }
}

/// Says plainly what isn't in the figures.
fn blindness(blindness: &Blindness, rested_seconds: f64, out: &mut String) {
    let mut say = |text: &str| out.push_str(&beside("not seen: ", text));
    if blindness.silent {
        say(
            "nothing came. The service is idle, or inside C code, which gives no events. `bloathound hot PID` tells the \
             two apart from outside.",
        );
    } else {
        say("C code: a call into it shows only as time between two events.");
    }
    if blindness.only_lines {
        say("calls, since the loop has none: it gives line events only.");
    }
    if rested_seconds >= 0.01 {
        say(&format!("{rested_seconds:.2} s of rests between bursts, which spare the service (--full: none)."));
    }
    if blindness.dropped > 0 {
        say(&format!("{} events that did not fit into the pipe.", blindness.dropped));
    }
    if blindness.untraced_threads > 0 {
        say(&format!(
            "{} threads that ran before tracing began and have not waited since.",
            blindness.untraced_threads
        ));
    }
    if blindness.unreadable > 0 {
        say(&format!("{} lines that could not be read.", blindness.unreadable));
    }
}

/// A place in what the row has left, its end kept: folders go first.
fn place(file: &str, line: Option<u32>, function: &str, taken: usize) -> String {
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    ending(&format!("{file}{line} {function}"), taken)
}

#[cfg(test)]
mod tests {
    use bloathound_kit::{TraceTally, parse_trace_line};

    #[test]
    fn a_loop_without_calls_is_told_with_what_is_not_seen() {
        let mut tally = TraceTally::default();
        for turn in 0..200 {
            let line = format!("l\t{}\t1\t{}\t/srv/loops.py\tnocall", turn * 5000, 12 + turn % 2);
            tally.add(&parse_trace_line(&line).unwrap());
        }
        let mut text = String::new();
        super::summary(&tally.summarise(5), &mut text);
        assert!(text.contains("The same 2 events over and over, 100 times in a row"), "{text}");
        assert!(
            text.contains("/srv/loops.py:12 nocall")
                && text.contains("the loop is in nocall, lines 12-13")
                && text.contains("line events only"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn what_a_service_says_can_not_act_on_the_terminal() {
        let mut text = String::new();
        let value: serde_json::Value = serde_json::from_str(r#"{"a": "\u001b[2Jx", "b": {"c": [1, true]}}"#).unwrap();
        super::fields(value.as_object().unwrap(), 0, &mut text);
        assert!(!text.contains('\u{1b}') && text.contains("1, yes"), "{text}");
    }
}
