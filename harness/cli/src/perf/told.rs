//! Measurements in words, for a terminal, a summary and a page.

use bloathound_engine::TOOL;
use bloathound_perf::{ChangePoint, Judgement, Key, Outcome, SHIFT_MIN, StageFigure, change_points, series};
use bloathound_report::html::{self, Plot, PlotPoint};
use bloathound_report::text::beside;
use bloathound_vocabulary::{HistoryLine, Measurement};

fn percent(shift: f64) -> String {
    format!("{:+.2} %", shift * 100.0)
}

/// What the gate says, worst first; all in Markdown where `marked`.
pub(crate) fn judgements(judged: &[Judgement], marked: bool) -> String {
    let of = |outcome: Outcome| judged.iter().filter(move |one| one.outcome == outcome);
    let mut out = String::new();
    let line = |head: &str, text: &str| if marked { format!("- {head}{text}\n") } else { beside(head, text) };
    for (outcome, word) in [(Outcome::Worse, "WORSE"), (Outcome::Better, "better")] {
        for one in of(outcome) {
            let (after, to) = &one.commits;
            let said = format!(
                "{}, {}, {}: {:.2} → {:.2} ({}) · commits {after}..{to} · {} rows before",
                one.key.stage,
                one.key.input,
                one.figure.words(),
                one.before,
                one.now,
                percent(one.shift()),
                one.rows,
            );
            out.push_str(&line(&format!("{word}: "), &said));
        }
    }
    let (same, unknown) = (of(Outcome::Same).count(), of(Outcome::Unknown).count());
    out.push_str(&line("", &format!("{same} figures as before, within {:.0} % or their spread", SHIFT_MIN * 100.0)));
    if unknown > 0 {
        let why = "figures have nothing to be compared with: no row of this toolchain, valgrind, C library and kind of \
                   processor since the last acceptance";
        out.push_str(&line("", &format!("{unknown} {why}")));
    }
    out
}

/// Two sets of rows, stage by stage.
pub(crate) fn comparison(a: &[&Measurement], b: &[&Measurement]) -> String {
    let mut out = String::new();
    for new in b {
        let is_same = |old: &&&Measurement| {
            (&old.stage, &old.input, &old.input_hash) == (&new.stage, &new.input, &new.input_hash)
        };
        let Some(old) = a.iter().find(is_same) else { continue };
        let other = if old.machine == new.machine { "" } else { "  (another kind of machine)" };
        let mut figures = Vec::new();
        for figure in StageFigure::ALL {
            if let Some((old, new)) = figure.of(old).zip(figure.of(new)) {
                let shift = if old == 0.0 { 0.0 } else { new / old - 1.0 };
                figures.push(format!("{} {old:.2} → {new:.2} ({})", figure.words(), percent(shift)));
            }
        }
        if let Some((old, new)) = old.wall_ratio.zip(new.wall_ratio) {
            figures.push(format!("wall time {} (told, never gated)", percent(new / old - 1.0)));
        }
        let head = format!("{:11} {:25} ", new.stage, new.input);
        out.push_str(&beside(&head, &format!("{}{other}", figures.join(", "))));
    }
    if out.is_empty() {
        out.push_str("nothing that both have: no stage of the same input\n");
    }
    out
}

/// The steps of a figure that are more than the gate's 1 %.
fn steps(values: &[f64]) -> Vec<ChangePoint> {
    let found = change_points(values);
    let mut from = 0;
    let mut kept = Vec::new();
    for (index, change) in found.iter().enumerate() {
        let to = found.get(index + 1).map_or(values.len(), |next| next.at);
        let level = |range: std::ops::Range<usize>| bloathound_perf::median(&values[range]).unwrap_or_default();
        let (before, after) = (level(from..change.at), level(change.at..to));
        if before > 0.0 && (after / before - 1.0).abs() > SHIFT_MIN {
            kept.push(*change);
        }
        from = change.at;
    }
    kept
}

/// Takes one figure out of a row, where it has that.
type FigureOf = fn(&Measurement) -> Option<f64>;

/// What of a row is plotted: what it is called, and the figure. Wall time is told and never gated.
const PLOTTED: [(&str, FigureOf); 3] = [
    ("instructions an object", |row| row.instructions),
    ("peak bytes an object", |row| row.bytes),
    ("wall time, by a fixed calculation's", |row| row.wall_ratio),
];

/// Every series of the history, with steps and what was accepted: inputs with most stages first, stages in their order.
fn plots(lines: &[HistoryLine]) -> Vec<Plot> {
    let all = series(lines);
    let stages_of =
        |key: &Key| all.keys().filter(|other| (&other.input, &other.machine) == (&key.input, &key.machine)).count();
    let place = |stage: &str| bloathound_perf::STAGES.iter().position(|known| *known == stage);
    let mut ordered: Vec<_> = all.iter().collect();
    ordered.sort_by_key(|(key, _)| (std::cmp::Reverse(stages_of(key)), &key.input, &key.machine, place(&key.stage)));
    let mut plots = Vec::new();
    for (key, series) in ordered {
        for (unit, figure_of) in PLOTTED {
            let rows: Vec<(&Measurement, f64)> =
                series.rows.iter().filter_map(|row| figure_of(row).map(|value| (*row, value))).collect();
            if rows.is_empty() {
                continue;
            }
            let values: Vec<f64> = rows.iter().map(|(_, value)| *value).collect();
            let changes = steps(&values).into_iter().map(|change| {
                let commits = (rows[change.at - 1].0.commit.clone(), rows[change.at].0.commit.clone());
                (change.at, format!("{}..{}", commits.0, commits.1))
            });
            plots.push(Plot {
                stage: key.stage.clone(),
                input: key.input.clone(),
                unit: unit.to_owned(),
                machine: format!(
                    "{} · rustc {} · valgrind {} · {}",
                    key.machine.processor,
                    key.machine.toolchain,
                    key.machine.valgrind.as_deref().unwrap_or("none"),
                    key.machine.libc
                ),
                points: rows
                    .iter()
                    .map(|(row, value)| PlotPoint { commit: row.commit.clone(), date: row.date.clone(), value: *value })
                    .collect(),
                changes: changes.collect(),
                accepted: series.accepted.iter().map(|(at, line)| (*at, line.reason.clone())).collect(),
            });
        }
    }
    plots
}

/// The history for a terminal.
pub(crate) fn history(lines: &[HistoryLine]) -> String {
    let mut out = String::new();
    for plot in plots(lines) {
        out.push_str(&beside("", &format!("{} · {} · {}", plot.stage, plot.input, plot.unit)));
        for (index, point) in plot.points.iter().enumerate() {
            let change = plot.changes.iter().find(|(at, _)| *at == index);
            let mark = change.map(|(_, blame)| format!("  ← changed, commits {blame}")).unwrap_or_default();
            let head = format!("  {:20} {:11} {:12.2}", point.date, point.commit, point.value);
            out.push_str(&if mark.is_empty() { format!("{head}\n") } else { beside(&head, &mark) });
        }
    }
    out
}

/// The history as a page.
pub(crate) fn page(lines: &[HistoryLine]) -> String {
    html::history(&plots(lines), TOOL)
}
