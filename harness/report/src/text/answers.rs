//! What `watch`, `hot`, `diff` and `why` answer.

use super::extent::InspectView;
use super::holders;
use super::inspect::{
    children, findings, lines, not_seen, observations, partial, problems, target_line, target_within,
};
use super::newcomers;
use super::source;
use super::stack::stack;
use super::style::Style;
use super::table::{Align, Table, labelled};
use super::{NEXT_MAX, page, tasks};
use crate::{describe, sanitize, units};
use bloathound_vocabulary::GrowthRow;
use bloathound_vocabulary::{DiffReport, HotReport, ObjectRecord, WatchReport, WhyReport};

/// Growth over time: a line a round, then the types that grew.
#[must_use]
pub fn watch(report: &WatchReport, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("{}\n", style.bold(&target_line(&report.target)));
    out.push_str(&children(&report.target));
    out.push_str(&partial(report.partial.as_ref(), style));
    out.push_str(&findings(&report.findings, Some(&report.target), view));
    if let Some(sureness) = &report.sureness {
        out.push_str(&format!("\n{sureness}\n"));
    }
    out.push('\n');
    let mut table = Table::new(&[
        ("round", Align::Right),
        ("after", Align::Right),
        ("objects", Align::Right),
        ("bytes", Align::Right),
        ("resident", Align::Right),
        ("pause ms", Align::Right),
    ]);
    for round in &report.rounds {
        table.row(vec![
            round.round.to_string(),
            units::seconds(round.seconds),
            units::count(round.objects),
            units::bytes(round.bytes),
            round.rss_bytes.map_or_else(|| "-".to_owned(), units::bytes),
            round.pause_ms.map_or_else(|| "-".to_owned(), units::milliseconds),
        ]);
    }
    out.push_str(&table.render(style));
    out.push_str(&format!("\n{}\n", style.bold("grew")));
    if report.growth.is_empty() {
        out.push_str("  nothing\n");
    } else {
        out.push_str(&growth(&report.growth, view));
    }
    if let Some(found) = report.tasks.as_ref().filter(|found| found.count > 0) {
        out.push_str(&format!("\n{}\n{}", style.bold("tasks"), tasks::tasks(found, view)));
    }
    if !report.observations.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("worth knowing")));
        out.push_str(&observations(&report.observations));
    }
    out.push_str(&problems(&report.problems, style));
    out
}

fn growth(rows: &[GrowthRow], view: InspectView<'_>) -> String {
    let mut table = Table::new(&[
        ("objects", Align::Right),
        ("bytes", Align::Right),
        ("every round", Align::Left),
        ("type", Align::Left),
        ("counts", Align::Rest),
    ]);
    let change = |series: &[u64]| match (series.first(), series.last()) {
        (Some(first), Some(last)) => bloathound_vocabulary::delta(*first, *last),
        _ => 0,
    };
    for row in rows.iter().take(view.rows) {
        table.row(vec![
            units::signed_count(change(&row.counts)),
            units::signed_bytes(change(&row.bytes)),
            if row.every_round { "yes" } else { "no" }.to_owned(),
            row.type_name.clone(),
            describe::series(&row.counts),
        ]);
    }
    table.render(Style::new(view.color))
}

/// The verdict on a process's CPU time, with the stacks it rests on.
#[must_use]
pub fn hot(report: &HotReport, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("{}\n", style.bold(&target_line(&report.target)));
    out.push_str(&children(&report.target));
    out.push_str(&partial(report.partial.as_ref(), style));
    let mut facts = vec![units::plural(report.samples, "sample", "samples"), units::seconds(report.seconds)];
    if report.torn_samples > 0 {
        facts.push(format!("{} torn", units::count(report.torn_samples)));
    }
    facts.extend(report.cpu_fraction.map(|share| format!("{} of a processor", units::ratio(share))));
    facts.extend(
        report
            .voluntary_switches
            .map(|count| units::plural(count, "voluntary context switch", "voluntary context switches")),
    );
    let verdict = page::fit(&report.verdict, page::width() - 9);
    let verdict = if report.findings.is_empty() { style.green(&verdict) } else { style.red(&verdict) };
    out.push_str(&format!("verdict: {verdict}\n"));
    out.push_str(&findings(&report.findings, Some(&report.target), view));
    out.push_str(&source::sources(&report.sources, view.verbose, style));
    out.push_str(&format!("\n{}\n{}\n", lines(&facts), style.bold("stacks")));
    if report.stacks.is_empty() {
        out.push_str("  none seen\n");
    }
    for one in report.stacks.iter().take(view.rows) {
        out.push_str(&format!(
            "  {} ({} % of all)\n",
            units::plural(one.samples, "sample", "samples"),
            units::percent(one.samples, report.samples)
        ));
        out.push_str(&stack(&one.frames, view.frames));
    }
    if !report.observations.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("observations")));
        for seen in &report.observations {
            out.push_str(&labelled(&page::fit(&seen.class, OBSERVED_WIDTH), OBSERVED_WIDTH, &seen.summary, 4));
        }
    }
    out.push_str(&problems(&report.problems, style));
    out
}

/// Cells for the class of an observation.
const OBSERVED_WIDTH: usize = 16;

/// What is more and what is less, by type.
#[must_use]
pub fn diff(report: &DiffReport, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let room = page::width().saturating_sub("from ".len());
    let mut out = format!(
        "{}\n{}\n\n",
        style.bold(&format!("from {}", target_within(&report.before, room))),
        style.bold(&format!("to   {}", target_within(&report.after, room)))
    );
    out.push_str(&what_changed(report, style));
    let mut table = Table::new(&[
        ("objects", Align::Right),
        ("bytes", Align::Right),
        ("before", Align::Right),
        ("after", Align::Right),
        ("type", Align::Rest),
    ]);
    let (before, after) = (report.total_before, report.total_after);
    table.row(vec![
        units::signed_count(bloathound_vocabulary::delta(before.objects, after.objects)),
        units::signed_bytes(bloathound_vocabulary::delta(before.bytes, after.bytes)),
        units::count(before.objects),
        units::count(after.objects),
        "all".to_owned(),
    ]);
    let shown = view.rows.min(report.by_type.len());
    let (rows, rest) = report.by_type.split_at(shown);
    for row in rows {
        table.row(vec![
            units::signed_count(row.count_delta()),
            units::signed_bytes(row.bytes_delta()),
            units::count(row.count_before),
            units::count(row.count_after),
            row.type_name.clone(),
        ]);
    }
    if !rest.is_empty() {
        let objects = rest.iter().fold(0i64, |sum, row| sum.saturating_add(row.count_delta()));
        let bytes = rest.iter().fold(0i64, |sum, row| sum.saturating_add(row.bytes_delta()));
        let more = units::plural(rest.len() as u64, "type", "types");
        table.row(vec![
            units::signed_count(objects),
            units::signed_bytes(bytes),
            String::new(),
            String::new(),
            format!("… {more} more"),
        ]);
    }
    out.push_str(&table.render(style));
    if let Some(new) = &report.new_objects {
        out.push_str(&newcomers::holders(new, view));
        out.push_str(&newcomers::referrers(new, view));
    }
    if let Some(checked) = &report.cross_check {
        out.push_str(&newcomers::cross_check(checked, view));
    }
    for target in [&report.before, &report.after] {
        let words = not_seen(target);
        if !words.is_empty() {
            // Said once where both are of a kind.
            out.push_str(&format!("\n{words}"));
            break;
        }
    }
    out.push_str(&problems(&report.problems, style));
    out
}

/// The answer in a sentence, and the command that tells more of it.
fn what_changed(report: &DiffReport, style: Style) -> String {
    let said = describe::plain::changed(report);
    let mut out: String = page::wrap(&said, page::width(), 6).into_iter().map(|line| format!("{line}\n")).collect();
    if let Some(next) = &report.next {
        // A command is to be copied: it is not broken into lines.
        out.push_str(&format!("next: {}\n", style.bold(&page::fit(next, NEXT_MAX))));
    }
    out.push('\n');
    out
}

/// Why an object is alive: the path from the root as a tree, the root on top.
#[must_use]
pub fn why(report: &WhyReport, color: bool) -> String {
    let style = Style::new(color);
    let mut out = format!("{}\n", style.bold(&target_line(&report.target)));
    let what = page::fit(&report.what, 50);
    let Some(object) = &report.object else {
        out.push_str(&format!("{what}: no such object\n"));
        out.push_str(&problems(&report.problems, style));
        return out;
    };
    let which = match report.matches {
        0 | 1 => String::new(),
        many => format!(", one of {}", units::count(many)),
    };
    let head = format!("{what}{which}: ");
    let room = page::width().saturating_sub(sanitize::width(&head));
    if room >= 30 {
        out.push_str(&format!("{head}{}\n\n", object_words(object, room)));
    } else {
        out.push_str(&format!("{head}\n  {}\n\n", object_words(object, page::width() - 2)));
    }
    if let Some(expression) = &report.expression {
        for line in page::wrap(&format!("kept alive by {expression}"), page::width(), 6) {
            out.push_str(&format!("{line}\n"));
        }
        out.push('\n');
    }
    out.push_str(&holders::kinds(report, style));
    if report.path.is_empty() {
        out.push_str("  not reachable from any root: garbage, or held by C code alone\n");
    }
    // Deep structures would walk off the right side of the screen.
    const INDENT_MAX: usize = 24;
    for (depth, step) in report.path.iter().enumerate() {
        let indent = (depth * 2).min(INDENT_MAX);
        let branch = if depth == 0 { "" } else { "└ " };
        let used = 2 + indent + sanitize::width(branch);
        let label = page::fit(&step.label, 36);
        let room = page::width().saturating_sub(used + sanitize::width(&label) + 2);
        out.push_str(&format!(
            "  {}{branch}{}  {}\n",
            " ".repeat(indent),
            style.bold(&label),
            style.dim(&object_words(&step.object, room))
        ));
    }
    if !report.dominators.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("would go away with")));
        for dominator in &report.dominators {
            out.push_str(&format!("  {}\n", object_words(dominator, page::width() - 2)));
        }
    }
    let words = not_seen(&report.target);
    if !words.is_empty() {
        out.push_str(&format!("\n{words}"));
    }
    out.push_str(&problems(&report.problems, style));
    out
}

/// `dict 'text', 768 KiB, retains 31.5 MiB`, no wider than `cells`.
fn object_words(object: &ObjectRecord, cells: usize) -> String {
    let mut name = object.type_name.clone();
    if let Some(text) = &object.text {
        name = format!("{name} {text}");
    }
    let mut facts = String::new();
    if object.shallow_bytes > 0 {
        facts.push_str(&format!(", {}", units::bytes(object.shallow_bytes)));
    }
    if let Some(retained) = object.retained_bytes {
        facts.push_str(&format!(", retains {}", units::bytes(retained)));
    }
    let room = cells.saturating_sub(sanitize::width(&facts)).max(8);
    page::fit(&format!("{}{facts}", page::fit(&name, room)), cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn check(text: &str) {
        for line in text.lines() {
            assert!(sanitize::width(line) <= page::width(), "{line}");
            assert!(!line.chars().any(sanitize::is_hostile), "{line:?}");
        }
    }

    #[test]
    fn watch_shows_rounds_and_growth() {
        let text = watch(&samples::watch(), InspectView::default());
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn hot_shows_the_verdict_and_the_stacks() {
        let text = hot(&samples::hot(), InspectView::default());
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn diff_shows_growth_by_type() {
        let text = diff(&samples::diff(), InspectView { rows: 2, ..InspectView::default() });
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn diff_of_one_run_shows_who_holds_what_is_new() {
        let text = diff(&samples::diff_of_one_run(), InspectView { rows: 2, ..InspectView::default() });
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn why_shows_the_path_as_a_tree() {
        let text = why(&samples::why(), false);
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn why_lists_who_holds_them_where_these_are_several() {
        let text = why(&samples::why_by_kinds(), false);
        check(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn hostile_texts_reach_no_terminal() {
        let mut report = samples::why_by_kinds();
        report.kinds[0].place = samples::HOSTILE.to_owned();
        report.what = samples::HOSTILE.to_owned();
        report.expression = Some(samples::HOSTILE.to_owned());
        for step in &mut report.path {
            step.label = samples::HOSTILE.to_owned();
            step.object.text = Some(samples::HOSTILE.to_owned());
        }
        check(&why(&report, false));
        let mut report = samples::hot();
        report.verdict = samples::HOSTILE.to_owned();
        report.stacks[0].frames[0] = samples::frame(samples::HOSTILE, samples::HOSTILE, 1);
        report.sources[0].file = samples::HOSTILE.to_owned();
        report.sources[0].lines[0].text = samples::HOSTILE.to_owned();
        check(&hot(&report, InspectView::default()));
        let mut report = samples::watch();
        report.growth[0].type_name = samples::HOSTILE.to_owned();
        check(&watch(&report, InspectView::default()));
        let mut report = samples::diff_of_one_run();
        report.by_type[0].type_name = samples::HOSTILE.to_owned();
        report.after.file = Some(samples::HOSTILE.to_owned());
        report.after.not_seen = vec![samples::HOSTILE.to_owned()];
        for new in report.new_objects.iter_mut() {
            new.holders[0].path = vec![bloathound_vocabulary::Label::Name(samples::HOSTILE.into())];
            new.holders[0].type_name = samples::HOSTILE.to_owned();
            new.by_type[0].type_name = samples::HOSTILE.to_owned();
            new.by_type[0].referrers[0].kind = samples::HOSTILE.to_owned();
            new.by_type[0].referrers[0].path = vec![bloathound_vocabulary::Label::Name(samples::HOSTILE.into())];
        }
        for checked in report.cross_check.iter_mut() {
            checked.by_type[0].type_name = samples::HOSTILE.to_owned();
        }
        check(&diff(&report, InspectView::default()));
        report.next = Some(samples::HOSTILE.repeat(100));
        let text = diff(&report, InspectView::default());
        assert!(
            text.lines().all(|line| sanitize::width(line) <= NEXT_MAX + 6 && !line.chars().any(sanitize::is_hostile))
        );
    }
}
