//! The page of `watch`: memory over time, and what grew.

use bloathound_vocabulary::{GrowthRow, WatchReport, WatchRound, delta};
use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::pictures::{Curve, Load, LoadUnit, Phase, curves};
use super::super::shown::{short, shown};
use super::lead::{findings, lead, notes};
use crate::{describe, sanitize, units};

/// Types that grew, in the table.
const ROWS_MAX: usize = 40;
/// Of these, lines in the picture.
const LINES_MAX: usize = 6;
/// Share of a processor that counts as load even where no look saw more.
const BUSY: f64 = 0.1;
/// Cells of the head that names what the program counts.
const COUNT_CELLS: usize = 30;

/// Looks one after another. `typed`: the target, as the next command is to name it.
#[must_use]
pub fn watch(report: &WatchReport, typed: &str) -> String {
    let target = blocks::target(&report.target);
    let mut sections = vec![findings(&report.findings, &report.target, typed)];
    sections.push(Section { id: "time", title: "Memory over time", body: rounds(report) });
    sections.push(Section { id: "grew", title: "What grew", body: growth(report) });
    sections.extend(notes(&report.observations, &report.problems));
    page(&Page {
        title: &format!("{target} over time"),
        heading: html! { (shown(&target)) " over time" },
        lead: html! {
            (lead(&report.findings, &report.target, report.partial.as_ref()))
            @if let Some(sureness) = &report.sureness { p { (shown(sureness)) } }
        },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

fn moment(round: &WatchRound) -> String {
    format!("look {} after {}", round.round, units::seconds(round.seconds))
}

/// What the load did between the looks: by what the program counts itself, else by its processor time.
fn load(report: &WatchReport) -> Option<Load> {
    let rounds = &report.rounds;
    let counted = report.counted.first().filter(|counted| counted.values.len() == rounds.len());
    let done: Option<Vec<u64>> = match counted {
        Some(counted) => Some(counted.values.clone()),
        // A negative or unbounded figure of a file that somebody else wrote becomes the nearest one there is.
        None => rounds.iter().map(|round| Some((round.processor_seconds? * 1000.0) as u64)).collect(),
    };
    let phases: Vec<Phase> = rounds.windows(2).zip(done?.windows(2)).map(|(pair, done)| phase(pair, done)).collect();
    let (unit, strong) = match counted {
        Some(counted) => (LoadUnit::Counted(counted.expression.clone()), 0.0),
        None => (LoadUnit::Processor, BUSY * 1000.0),
    };
    (!phases.is_empty()).then_some(Load { unit, phases, strong })
}

/// What was done between two looks, and how much a second.
fn phase(pair: &[WatchRound], done: &[u64]) -> Phase {
    let span = (pair[0].seconds, pair[1].seconds);
    let amount = done[1].saturating_sub(done[0]);
    Phase { span, amount, strength: amount as f64 / (span.1 - span.0).max(f64::MIN_POSITIVE) }
}

fn rounds(report: &WatchReport) -> Markup {
    let rounds = &report.rounds;
    let points = |figure: &dyn Fn(&WatchRound) -> Option<u64>| {
        rounds.iter().filter_map(|round| Some((round.seconds, figure(round)?, moment(round)))).collect::<Vec<_>>()
    };
    let memory = [
        Curve::new("resident", points(&|round| round.rss_bytes), true),
        Curve::new("objects", points(&|round| Some(round.bytes)), true),
    ];
    let objects = [Curve::new("objects", points(&|round| Some(round.objects)), false)];
    let load = load(report);
    html! {
        (curves("Resident memory, and what objects take of it; behind it, the work done between two looks", &memory, load.as_ref()))
        (curves("Objects", &objects, load.as_ref()))
        (every_look(report))
    }
}

fn every_look(report: &WatchReport) -> Markup {
    let counted = report.counted.first().filter(|counted| counted.values.len() == report.rounds.len());
    let first = report.rounds.first().and_then(|round| round.processor_seconds);
    let processor = |round: &WatchRound| Some(units::seconds((round.processor_seconds? - first?).max(0.0)));
    let rows = html! {
        @for (index, round) in report.rounds.iter().enumerate() {
            tr {
                th scope="row" { (round.round) } td { (units::seconds(round.seconds)) }
                td { (units::count(round.objects)) } td { (units::bytes(round.bytes)) }
                td { (round.rss_bytes.map_or_else(|| "–".to_owned(), units::bytes)) }
                @if let Some(counted) = counted { td { (units::count(counted.values[index])) } }
                td { (processor(round).unwrap_or_else(|| "–".to_owned())) }
                td { (round.pause_ms.map_or_else(|| "–".to_owned(), units::milliseconds)) }
            }
        }
    };
    let counts = counted.map(|counted| sanitize::fit(&sanitize::line(&counted.expression), COUNT_CELLS));
    let mut heads = vec!["look", "after", "objects", "bytes", "resident"];
    heads.extend(counts.as_deref());
    heads.extend(["processor", "pause ms"]);
    blocks::table("Every look", &heads, rows)
}

fn growth(report: &WatchReport) -> Markup {
    if report.growth.is_empty() {
        return html! { p class="none" { "Nothing grew." } };
    }
    let line = |row: &GrowthRow| {
        let points = row.counts.iter().zip(&report.rounds);
        Curve::new(&row.type_name, points.map(|(count, round)| (round.seconds, *count, moment(round))).collect(), false)
    };
    let lines: Vec<Curve> = report.growth.iter().take(LINES_MAX).map(line).collect();
    let change = |series: &[u64]| series.first().zip(series.last()).map_or(0, |(first, last)| delta(*first, *last));
    let rows = html! {
        @for row in report.growth.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&row.type_name)) }
                td { (units::signed_count(change(&row.counts))) } td { (units::signed_bytes(change(&row.bytes))) }
                td class="word" { (if row.every_round { "yes" } else { "no" }) }
                td class="text" { (short(&describe::series(&row.counts))) }
            }
        }
    };
    html! {
        (curves("Objects of the types that grew most", &lines, load(report).as_ref()))
        (blocks::table("Types that grew", &["type", "objects", "bytes", "every look", "<look by look"], rows))
        (blocks::more(report.growth.len().saturating_sub(ROWS_MAX), "type", "types"))
    }
}
