//! `inspect`, and what other answers share with it: the target in a line, stacks, conclusions.

use super::extent::InspectView;
use super::stack::stack;
use super::style::Style;
use super::table::{Align, Table, labelled, labelled_at};
use super::{NEXT_MAX, memory, page, tasks};
use crate::sanitize::shell_word;
use crate::{describe, sanitize, typing, units};
use bloathound_vocabulary::{
    Finding, HeapRecord, InspectReport, KindRow, ObservationRecord, Partial, Problem, QualityRecord, TargetKind,
    TargetRecord, ThreadRecord, TimingRecord,
};

/// Everything one look told.
#[must_use]
pub fn inspect(report: &InspectReport, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("{}\n", style.bold(&target_line(&report.target)));
    out.push_str(&children(&report.target));
    out.push_str(&partial(report.partial.as_ref(), style));
    let is_told = matches!(report.target.kind, TargetKind::Dump | TargetKind::Manhole);
    out.push_str(&quality(&report.heap.quality, is_told, view));
    out.push_str(&findings(&report.findings, Some(&report.target), view));
    out.push('\n');
    out.push_str(&heap_line(&report.heap));
    if view.verbose {
        out.push_str(&timing(&report.timing));
    }
    out.push_str(&not_seen(&report.target));
    section(&mut out, style, "heap", &census(&report.heap, view));
    if let Some(rss) = &report.rss {
        section(&mut out, style, "resident memory", &memory::rss(rss, style));
    }
    if let Some(arenas) = &report.arenas {
        section(&mut out, style, "arenas", &memory::arenas(arenas, view));
    }
    if let Some(garbage) = &report.garbage {
        section(&mut out, style, "garbage", &memory::garbage(garbage, view));
    }
    if let Some(rows) = &report.top_retained {
        section(&mut out, style, "keeps most alive", &memory::retained(rows, view));
    }
    if let Some(rows) = report.largest_containers.as_ref().filter(|_| view.verbose) {
        section(&mut out, style, "largest containers", &memory::containers(rows, view));
    }
    if let Some(rows) = report.duplicate_strings.as_ref().filter(|_| view.verbose) {
        section(&mut out, style, "equal strings", &memory::duplicates(rows, view));
    }
    if let Some(rows) = &report.threads {
        section(&mut out, style, "threads", &threads(rows, view));
    }
    if let Some(found) = report.tasks.as_ref().filter(|found| found.count > 0) {
        section(&mut out, style, "tasks", &tasks::tasks(found, view));
    }
    if !report.observations.is_empty() {
        section(&mut out, style, "worth knowing", &observations(&report.observations));
    }
    out.push_str(&problems(&report.problems, style));
    if !view.verbose && !view.typed.is_empty() {
        out.push_str(&format!("\nall of it: {}\n", typing::command(&format!("inspect {} -v", shell_word(view.typed)))));
    }
    out
}

fn section(out: &mut String, style: Style, title: &str, body: &str) {
    out.push('\n');
    out.push_str(&style.bold(title));
    out.push('\n');
    out.push_str(if body.is_empty() { "  nothing\n" } else { body });
}

/// `process 4242 (CPython 2.7.18, UCS4) python2.7 service.py`.
pub(super) fn target_line(target: &TargetRecord) -> String {
    target_within(target, page::width())
}

/// The same in so many cells: of a file its end is told, of a command line what there is room for.
pub(super) fn target_within(target: &TargetRecord, cells: usize) -> String {
    /// Less of a command line tells nothing.
    const COMMAND_MIN: usize = 8;
    let kind = match target.kind {
        TargetKind::Process => "process",
        TargetKind::Image => "image",
        TargetKind::Core => "core",
        TargetKind::Dump => "dump",
        TargetKind::Manhole => "by manhole",
    };
    let pid = target.pid.map(|pid| match target.kind {
        TargetKind::Process => pid.to_string(),
        _ => format!("of process {pid}"),
    });
    let interpreter: Vec<String> =
        [target.python.as_ref().map(|version| format!("CPython {version}")), target.unicode.clone()]
            .into_iter()
            .flatten()
            .collect();
    let interpreter = (!interpreter.is_empty()).then(|| format!("({})", interpreter.join(", ")));
    let told = |part: &Option<String>| part.as_ref().map_or(0, |part| sanitize::width(&sanitize::line(part)) + 1);
    let mut room = cells.saturating_sub(kind.len() + told(&pid) + told(&interpreter));
    let file = target.file.as_ref().map(|file| page::fit_end(file, room.saturating_sub(1)));
    room = room.saturating_sub(told(&file) + 1);
    let command = target.command.as_ref().filter(|_| room >= COMMAND_MIN || page::is_uncut());
    let command = command.map(|command| page::fit(command, room));
    let parts = [Some(kind.to_owned()), file, pid, interpreter, command];
    page::fit(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "), cells)
}

/// The processes that it started, by name: they are others, and nothing of them is in what is told.
pub(super) fn children(target: &TargetRecord) -> String {
    const CHILDREN_MAX: usize = 8;
    if target.children.is_empty() {
        return String::new();
    }
    let shown = target.children.iter().take(CHILDREN_MAX);
    let shown: Vec<String> = shown.map(|child| format!("{} ({})", child.pid, page::fit(&child.command, 60))).collect();
    let rest = target.children.len().saturating_sub(CHILDREN_MAX);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let many = units::plural(target.children.len() as u64, "child process", "child processes");
    let text = format!("has {many}, each to be looked at by its own id: {}{rest}", shown.join(", "));
    page::wrap(&text, page::width(), 6).into_iter().map(|line| format!("{line}\n")).collect()
}

/// What nobody should conclude from its absence.
pub(super) fn not_seen(target: &TargetRecord) -> String {
    if target.not_seen.is_empty() {
        return String::new();
    }
    let text = format!("not seen: {}", target.not_seen.join("; "));
    page::wrap(&text, page::width(), 8).into_iter().map(|line| format!("{line}\n")).collect()
}

fn heap_line(heap: &HeapRecord) -> String {
    let mut parts = vec![units::plural(heap.objects, "object", "objects"), units::bytes(heap.bytes)];
    parts.extend(heap.tracked.map(|tracked| format!("{} tracked", units::count(tracked))));
    parts.extend(heap.references.map(|count| units::plural(count, "reference", "references")));
    lines(&parts)
}

/// Facts beside each other, on as many lines as they take.
pub(super) fn lines(facts: &[String]) -> String {
    page::wrap(&facts.join(", "), page::width(), 4).into_iter().map(|line| format!("{line}\n")).collect()
}

/// What is wrong with the snapshot, or that nothing is. `is_told`: the process told it of itself; what the telling made
/// is referred to and not in it.
fn quality(quality: &QualityRecord, is_told: bool, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut faults = Vec::new();
    if quality.collection_in_progress {
        faults.push("a collection was in progress: lists are incomplete".to_owned());
    }
    let mut add = |number: u64, one: &str, many: &str| {
        if number > 0 {
            faults.push(units::plural(number, one, many));
        }
    };
    add(quality.broken_links, "broken link", "broken links");
    if !is_told {
        add(quality.unmapped_pointers, "pointer out of the copy", "pointers out of the copy");
    }
    add(
        quality.surplus_references,
        "object with more references than its count",
        "objects with more references than their counts",
    );
    let mut notes = Vec::new();
    if is_told && quality.unmapped_pointers > 0 {
        let few = units::plural(quality.unmapped_pointers, "reference leads", "references lead");
        notes.push(format!("{few} to what is not in the dump, such as what it was made with"));
    }
    if quality.conservative_objects > 0 {
        notes.push(format!(
            "{} of extension types read conservatively",
            units::plural(quality.conservative_objects, "object", "objects")
        ));
    }
    if quality.unidentified_blocks > 0 {
        notes.push(units::plural(quality.unidentified_blocks, "block that is no object", "blocks that are no objects"));
    }
    if !quality.layout_checks.is_empty() {
        notes.push(format!("layout checked by {}", quality.layout_checks.join(", ")));
    }
    let mut out = String::new();
    if faults.is_empty() && !view.verbose {
        return out;
    }
    if faults.is_empty() {
        out.push_str(&format!("{}\n", style.green("snapshot sound")));
    } else {
        let verdict = format!("snapshot doubtful: {}", faults.join(", "));
        for line in page::wrap(&verdict, page::width(), 4) {
            out.push_str(&format!("{}\n", style.yellow(&line)));
        }
    }
    if !notes.is_empty() {
        for line in page::wrap(&notes.join("; "), page::width() - 2, 4) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

fn timing(timing: &TimingRecord) -> String {
    let steps: Vec<String> = [
        ("paused", timing.pause_ms),
        ("copied", timing.copy_ms),
        ("decoded", timing.decode_ms),
        ("analysed", timing.analyse_ms),
    ]
    .into_iter()
    .filter_map(|(name, step)| Some(format!("{name} {} ms", units::milliseconds(step?))))
    .collect();
    if steps.is_empty() { String::new() } else { format!("{}\n", steps.join(", ")) }
}

/// Cells of a page that has room for the running share.
const WIDTH_WITH_SUM: usize = 80;

/// Count, share, bytes, share, running share, kind: most bytes first.
fn census(heap: &HeapRecord, view: InspectView<'_>) -> String {
    let mut kinds: Vec<KindRow> = if heap.by_kind.is_empty() {
        heap.by_type
            .iter()
            .map(|row| KindRow { kind: row.type_name.clone(), count: row.count, bytes: row.bytes })
            .collect()
    } else {
        heap.by_kind.clone()
    };
    kinds.sort_by(|one, other| (other.bytes, &one.kind).cmp(&(one.bytes, &other.kind)));
    let mut columns = vec![
        ("count", Align::Right),
        ("% of objects", Align::Right),
        ("bytes", Align::Right),
        ("% of bytes", Align::Right),
    ];
    // On a narrow page the name of the kind tells more than a sum.
    let with_sum = page::is_uncut() || page::width() >= WIDTH_WITH_SUM;
    columns.extend(with_sum.then_some(("% so far", Align::Right)));
    columns.push(("kind", Align::Rest));
    let mut table = Table::new(&columns);
    let mut running = 0u64;
    let mut add = |kind: &str, count: u64, bytes: u64| {
        running = running.saturating_add(bytes);
        let mut row = vec![
            units::count(count),
            units::percent(count, heap.objects),
            units::bytes(bytes),
            units::percent(bytes, heap.bytes),
        ];
        row.extend(with_sum.then(|| units::percent(running, heap.bytes)));
        row.push(kind.to_owned());
        table.row(row);
    };
    let (shown, rest) = kinds.split_at(view.rows.min(kinds.len()));
    for row in shown {
        add(&row.kind, row.count, row.bytes);
    }
    if !rest.is_empty() {
        let objects = rest.iter().map(|row| row.count).sum();
        let bytes = rest.iter().map(|row| row.bytes).sum();
        let more = units::plural(rest.len() as u64, "kind", "kinds");
        add(&format!("… {more} more"), objects, bytes);
    }
    table.render(Style::new(view.color))
}

fn threads(threads: &[ThreadRecord], view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = String::new();
    for thread in threads {
        let gil = if thread.holds_gil { ", holds the interpreter lock" } else { "" };
        let id = thread.tid.map_or_else(|| format!("{:#x}", thread.id), |tid| tid.to_string());
        let name = thread.name.as_ref().map_or_else(String::new, |name| format!(" ({})", page::fit(name, 40)));
        out.push_str(&format!("  thread {id}{name}{}\n", style.yellow(gil)));
        out.push_str(&stack(&thread.frames, view.frames));
    }
    out
}

pub(super) fn observations(rows: &[ObservationRecord]) -> String {
    let figure = |row: &ObservationRecord| row.bytes().map(units::bytes).unwrap_or_default();
    rows.iter().map(|row| labelled(&figure(row), 10, &row.summary, 3)).collect()
}

/// That this is not all that was asked for, and why; nothing where it is.
pub(super) fn partial(partial: Option<&Partial>, style: Style) -> String {
    let Some(Partial { why }) = partial else { return String::new() };
    let mut out = String::new();
    for (index, line) in page::wrap(&format!("partial: {why}"), page::width() - 2, 4).iter().enumerate() {
        out.push_str(&format!("{}{}\n", if index == 0 { "" } else { "  " }, style.yellow(line)));
    }
    out
}

/// Findings, first of all: the sentence, what it rests on, the next command. Without any, that is said.
pub(super) fn findings(findings: &[Finding], target: Option<&TargetRecord>, view: InspectView<'_>) -> String {
    const LABEL_WIDTH: usize = 10;
    let style = Style::new(view.color);
    let named = || target.map(describe::plain::typed).unwrap_or_default();
    let typed = if view.typed.is_empty() { named() } else { view.typed.to_owned() };
    let mut out = format!("\n{}\n", style.bold("findings"));
    if findings.is_empty() {
        out.push_str("  none\n");
    }
    for (number, finding) in findings.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let (first, rest) = describe::paragraph::told(finding);
        for line in page::wrap(&first, page::width() - 4, 6) {
            out.push_str(&format!("  {}\n", style.red(&line)));
        }
        for line in page::wrap(&rest, page::width() - 4, 16).iter().filter(|line| !line.is_empty()) {
            out.push_str(&format!("  {line}\n"));
        }
        out.push_str(&labelled_at(4, "found", LABEL_WIDTH, &describe::sentence(finding), 4));
        for (name, text) in describe::evidence(finding) {
            out.push_str(&labelled_at(4, name, LABEL_WIDTH, &text, 3));
        }
        if let Some(next) = describe::plain::next(finding, &typed) {
            // A command is to be copied: it is not broken into lines.
            out.push_str(&format!("    {:<LABEL_WIDTH$}  {}\n", "next", style.bold(&page::fit(&next, NEXT_MAX))));
        }
    }
    out
}

/// What could not be done or is not trusted.
pub(super) fn problems(problems: &[Problem], style: Style) -> String {
    const LABEL_WIDTH: usize = 10;
    let mut out = String::new();
    if !problems.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("problems")));
        for problem in problems {
            out.push_str(&labelled(&page::fit(&problem.stage, LABEL_WIDTH), LABEL_WIDTH, &problem.message, 4));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn check_width(text: &str) {
        for line in text.lines() {
            let is_command = line.contains("bloathound ");
            assert!(is_command || sanitize::width(line) <= page::width(), "{line}");
            assert!(!line.chars().any(sanitize::is_hostile), "{line:?}");
        }
    }

    #[test]
    fn a_look_with_every_section() {
        let view = InspectView { rows: 5, verbose: true, typed: "4242", ..InspectView::default() };
        let text = inspect(&samples::inspect(), view);
        check_width(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_findings_stand_above_every_table_with_a_command_to_type() {
        let view = InspectView { rows: 5, typed: "4242", ..InspectView::default() };
        let text = inspect(&samples::inspect(), view);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing: {text}"));
        assert!(at("findings") < at("next        bloathound why 4242 type") && at("bloathound why") < at("\nheap\n"));
        assert!(!text.contains("snapshot sound") && text.contains("bloathound inspect 4242 -v"), "{text}");
        check_width(&text);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_first_look_at_a_doubtful_heap() {
        let mut report = InspectReport::new(samples::inspect().tool, samples::target(), samples::heap());
        report.heap.by_kind.clear();
        report.heap.quality.broken_links = 1;
        report.heap.quality.collection_in_progress = true;
        insta::assert_snapshot!(inspect(&report, InspectView::default()));
    }

    #[test]
    fn hostile_names_reach_no_terminal() {
        let mut report = samples::inspect();
        let hostile = || samples::HOSTILE.to_owned();
        report.target.command = Some(hostile());
        report.heap.by_kind[0].kind = hostile();
        if let Some(rss) = &mut report.rss {
            rss.categories.insert(hostile(), 1 << 20);
        }
        for row in report.top_retained.iter_mut().flatten() {
            row.path = vec![bloathound_vocabulary::Label::Name(hostile().into())];
            row.type_name = hostile();
        }
        for row in report.largest_containers.iter_mut().flatten() {
            row.path = vec![bloathound_vocabulary::Label::Name(hostile().into())];
            row.type_name = hostile();
        }
        for row in report.duplicate_strings.iter_mut().flatten() {
            row.text = Some(hostile());
        }
        for thread in report.threads.iter_mut().flatten() {
            thread.frames[0] = samples::frame(samples::HOSTILE, samples::HOSTILE, 1);
        }
        for group in report.tasks.iter_mut().flat_map(|tasks| &mut tasks.groups) {
            group.coroutine = hostile();
            group.waits_for = Some(hostile());
            group.names = vec![hostile()];
            group.frames = vec![samples::frame(samples::HOSTILE, samples::HOSTILE, 1); 2];
        }
        report.heap.quality.layout_checks = vec![hostile()];
        report.problems[0].stage = hostile();
        report.problems[0].message = hostile();
        report.findings = samples::run_hostile().findings;
        if let Some(arenas) = &mut report.arenas {
            arenas.pinned_by[0].type_name = hostile();
            arenas.pinned_by[0].owner = vec![bloathound_vocabulary::Label::Name(hostile().into())];
        }
        if let Some(garbage) = &mut report.garbage {
            garbage.by_type[0].type_name = hostile();
            garbage.cycle = vec![bloathound_vocabulary::Label::Name(hostile().into())];
        }
        check_width(&inspect(&report, InspectView::default()));
        check_width(&inspect(&report, InspectView { verbose: true, ..InspectView::default() }));
    }
}
