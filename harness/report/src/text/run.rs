//! `run` and `replay`: a line a run, what failed, the summary.

use super::inspect::partial;
use super::style::Style;
use super::table::{Align, Table, labelled};
use super::{NEXT_MAX, page};
use crate::typing::again;
use crate::{describe, sanitize, units};
use bloathound_vocabulary::{Outcome, RunRecord, RunResults, TimingRecord};

/// Width of the name column, so that lines printed one by one stand under each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    name_width: usize,
}

/// `INVALID` is the longest word.
const STATUS_WIDTH: usize = 7;
const VARIANT_WIDTH: usize = 5;
/// Names beyond this are cut.
const NAME_WIDTH_MAX: usize = 28;
/// What the last column is.
const TIMES: &str = "pause/copy/decode/analyse ms";
const TIMES_WIDTH: usize = TIMES.len();
/// On narrower lines the place of what was found goes before the times, which are in the JSON too.
const WIDTH_WITH_TIMES: usize = 100;
/// Cells for what was found where lines may be as long as they like.
const FOUND_WIDTH_UNCUT: usize = 40;
/// More for it would only put the times far away.
const FOUND_WIDTH_MAX: usize = 72;
/// Cells of the labels in a failure block.
const LABEL_WIDTH: usize = 9;

impl Layout {
    /// For the scenarios that are going to run.
    pub fn for_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let widest = names.into_iter().map(|name| sanitize::width(&sanitize::line(name))).max().unwrap_or(0);
        Self { name_width: widest.clamp("scenario".len(), NAME_WIDTH_MAX) }
    }

    fn found_width(self) -> usize {
        if page::is_uncut() {
            return FOUND_WIDTH_UNCUT;
        }
        let times = if with_times() { TIMES_WIDTH + 2 } else { 0 };
        let room = page::width().saturating_sub(STATUS_WIDTH + self.name_width + VARIANT_WIDTH + 6 + times);
        room.min(FOUND_WIDTH_MAX)
    }

    /// The line above the runs that says what the columns are.
    #[must_use]
    pub fn header(self, color: bool) -> String {
        let line = format!(
            "{:STATUS_WIDTH$}  {:name$}  {:VARIANT_WIDTH$}  {:found$}  {:>TIMES_WIDTH$}",
            "",
            "scenario",
            "twin",
            "found",
            if with_times() { TIMES } else { "" },
            name = self.name_width,
            found = self.found_width()
        );
        format!("{}\n", Style::new(color).dim(line.trim_end()))
    }
}

/// One run in one line: `ok  leak  buggy  leak 1000/request model.DBModel._field_cache  12/10/41/121`.
#[must_use]
pub fn run_line(run: &RunRecord, layout: Layout, color: bool) -> String {
    let style = Style::new(color);
    let status = match run.outcome {
        Outcome::Pass => style.green("ok     "),
        Outcome::Fail => style.red("FAIL   "),
        Outcome::Invalid => style.yellow("INVALID"),
        Outcome::Error => style.red("ERROR  "),
    };
    let found = match (&run.outcome, &run.invalid_because, &run.error) {
        (Outcome::Invalid, Some(reason), _) => reason.clone(),
        (Outcome::Error, _, Some(error)) => error.why.clone(),
        _ if page::is_uncut() => describe::seen(run, usize::MAX),
        _ => describe::seen(run, layout.found_width()),
    };
    let name = pad(&page::fit(&run.name(), layout.name_width), layout.name_width);
    let found_width = layout.found_width();
    let found = pad(&page::fit(&found, found_width), found_width);
    let line = format!(
        "{name}  {:VARIANT_WIDTH$}  {found}  {:>TIMES_WIDTH$}",
        run.variant.as_str(),
        if with_times() { times(&run.timing) } else { String::new() }
    );
    format!("{status}  {}\n", line.trim_end())
}

fn pad(text: &str, cells: usize) -> String {
    let padding = cells.saturating_sub(sanitize::width(text));
    format!("{text}{}", " ".repeat(padding))
}

fn with_times() -> bool {
    page::is_uncut() || page::width() >= WIDTH_WITH_TIMES
}

/// Whole milliseconds, rounded up: `12/10/41/121`, `-` for a step that did not happen, nothing when none did.
fn times(timing: &TimingRecord) -> String {
    let steps = [timing.pause_ms, timing.copy_ms, timing.decode_ms, timing.analyse_ms];
    if steps.iter().all(Option::is_none) {
        return String::new();
    }
    let steps: Vec<String> = steps
        .into_iter()
        .map(|step| step.map_or_else(|| "-".to_owned(), |step| units::milliseconds(step.ceil())))
        .collect();
    steps.join("/")
}

/// What was expected, what was seen, the evidence, where the recording is, and what to type next. Empty for a pass.
#[must_use]
pub fn failure(run: &RunRecord, color: bool) -> String {
    if run.outcome == Outcome::Pass {
        return String::new();
    }
    let style = Style::new(color);
    let word = match run.outcome {
        Outcome::Invalid => style.yellow("INVALID"),
        Outcome::Error => style.red("ERROR"),
        _ => style.red("FAIL"),
    };
    let title = page::fit(&run.title(), page::width() - 10);
    let mut out = format!("{word}  {}\n", style.bold(&title));
    let mut add = |label: &str, text: &str, lines: usize| {
        out.push_str(&labelled(label, LABEL_WIDTH, text, lines));
    };
    if let Some(reason) = &run.invalid_because {
        add("invalid", reason, 4);
    }
    if let Some(error) = &run.error {
        add("error", &error.why, 6);
        let mut label = "stderr";
        for line in &error.stderr_tail {
            add(label, line, 3);
            label = "";
        }
    }
    if run.expected.is_empty() && run.toggle.is_none() {
        add("expected", "nothing", 1);
    }
    for expected in &run.expected {
        add("expected", &describe::expectation(expected), 4);
    }
    for observation in &run.observations {
        add("told", &observation.summary, 4);
    }
    if run.findings.is_empty() && run.toggle.is_none() && run.error.is_none() {
        add("seen", "nothing", 1);
    }
    if let Some(toggle) = &run.toggle {
        add("toggled", &describe::toggle::title(toggle), 1);
        for phase in &toggle.phases {
            add("", &format!("{}: {}", phase.phase, describe::toggle::phase(phase)), 2);
        }
    }
    for finding in &run.findings {
        add("seen", &describe::sentence(finding), 4);
        let (first, rest) = describe::paragraph::told(finding);
        add("", &format!("{first} {rest}"), 16);
    }
    if run.outcome == Outcome::Fail {
        for line in describe::failures(run) {
            add("wrong", &line, 4);
        }
    }
    for finding in &run.findings {
        let mut label = "evidence";
        for (name, text) in describe::evidence(finding) {
            add(label, &format!("{name}: {text}"), 3);
            label = "";
        }
    }
    let mut label = "evidence";
    for (name, text) in run.toggle.iter().flat_map(describe::toggle::facts) {
        add(label, &format!("{name}: {text}"), 2);
        label = "";
    }
    for problem in &run.problems {
        add("problem", &format!("{}: {}", problem.stage, problem.message), 3);
    }
    if let Some(recording) = &run.recording {
        add("recorded", recording, 4);
    }
    // A command is to be copied: it is not broken into lines.
    out.push_str(&format!("  {:LABEL_WIDTH$}  {}\n", "next", page::fit(&again(run), NEXT_MAX)));
    out
}

/// The last lines: how many of what, and the scores by class.
#[must_use]
pub fn summary(results: &RunResults, color: bool) -> String {
    let style = Style::new(color);
    let (passed, failed, invalid) =
        (results.count(Outcome::Pass), results.count(Outcome::Fail), results.count(Outcome::Invalid));
    let mut out = scores(results, style);
    let seconds: f64 = results.runs.iter().map(|run| run.seconds).sum();
    let errors = results.count(Outcome::Error);
    let broken = if errors > 0 { format!(", {errors} could not be made") } else { String::new() };
    let counts = format!("{passed} ok, {failed} failed, {invalid} invalid{broken}");
    let counts = if failed + errors > 0 {
        style.red(&counts)
    } else if invalid > 0 {
        style.yellow(&counts)
    } else {
        style.green(&counts)
    };
    let runs = units::plural(results.runs.len() as u64, "run", "runs");
    out.push_str(&format!("{runs}: {counts}, {}\n", units::seconds(seconds)));
    out.push_str(&partial(results.partial.as_ref(), style));
    out
}

/// A line a class: what was there and found, how sure that is, and false alarms.
fn scores(results: &RunResults, style: Style) -> String {
    if results.scores.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("class", Align::Left),
        ("found", Align::Right),
        ("recall, 95 %", Align::Left),
        ("right place", Align::Right),
        ("false alarms", Align::Right),
        ("invalid", Align::Right),
    ]);
    let of = |part: u64, whole: u64| {
        if whole == 0 { "-".to_owned() } else { format!("{part} of {whole}") }
    };
    for (class, score) in &results.scores {
        let interval = match (score.recall_low, score.recall_high) {
            (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
            _ => "-".to_owned(),
        };
        table.row(vec![
            class.to_string(),
            of(score.found, score.expected),
            interval,
            of(score.localised, score.found),
            score.false_alarms.to_string(),
            score.invalid_runs.to_string(),
        ]);
    }
    table.render(style)
}

/// Everything at once: header, lines, failures, summary.
#[must_use]
pub fn run(results: &RunResults, color: bool) -> String {
    let names: Vec<String> = results.runs.iter().map(RunRecord::name).collect();
    let layout = Layout::for_names(names.iter().map(String::as_str));
    let mut out = layout.header(color);
    for run in &results.runs {
        out.push_str(&run_line(run, layout, color));
    }
    for run in &results.runs {
        let block = failure(run, color);
        if !block.is_empty() {
            out.push('\n');
            out.push_str(&block);
        }
    }
    out.push('\n');
    out.push_str(&summary(results, color));
    out
}

/// Warnings of joining results, a line each, for stderr.
#[must_use]
pub fn merge_warnings(warnings: &[String]) -> String {
    warnings.iter().map(|warning| format!("warning: {}\n", sanitize::line(warning))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use crate::text::shell_word;

    #[test]
    fn a_run_with_one_of_everything() {
        insta::assert_snapshot!(run(&samples::mixed_results(), false));
    }

    #[test]
    fn a_quiet_success_is_a_line_a_scenario() {
        let results = samples::results(vec![samples::run_pass(), samples::run_cycle()]);
        insta::assert_snapshot!(run(&results, false));
    }

    #[test]
    fn a_toggle_that_went_well_is_a_line_and_one_that_did_not_tells_all() {
        let results = samples::results(vec![samples::run_toggle(), samples::run_toggle_broken()]);
        insta::assert_snapshot!(run(&results, false));
    }

    #[test]
    fn a_run_that_could_not_be_made_tells_why_and_what_the_service_said() {
        let text = run(&samples::results(vec![samples::run_pass(), samples::run_error()]), false);
        assert!(text.contains("ERROR    leak-dies"), "{text}");
        assert!(text.contains("stderr     Traceback (most recent call last):"), "{text}");
        assert!(text.contains("2 runs: 1 ok, 0 failed, 0 invalid, 1 could not be made"), "{text}");
    }

    #[test]
    fn hostile_names_reach_no_terminal() {
        let text = run(&samples::results(vec![samples::run_hostile()]), false);
        assert!(!text.chars().any(|c| sanitize::is_hostile(c) && c != '\n'), "{text:?}");
        for line in text.lines() {
            assert!(sanitize::width(line) <= page::width(), "{line}");
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let results = samples::mixed_results();
        let colored = run(&results, true);
        assert!(colored.contains("\x1b[1;31mFAIL"));
        let mut plain = String::new();
        let mut rest = colored.as_str();
        while let Some(start) = rest.find("\x1b[") {
            plain.push_str(&rest[..start]);
            let after = &rest[start..];
            rest = &after[after.find('m').unwrap() + 1..];
        }
        plain.push_str(rest);
        assert_eq!(plain, run(&results, false));
    }

    #[test]
    fn the_next_command_can_be_typed() {
        assert_eq!(shell_word("recordings/leak-fixed"), "recordings/leak-fixed");
        assert_eq!(shell_word("it's $(here)"), "'it'\\''s $(here)'");
    }
}
