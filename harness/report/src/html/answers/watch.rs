//! The page of `watch`: memory over time, and what grew.

use bloathound_vocabulary::{GrowthRow, WatchReport, WatchRound, delta};
use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::pictures::{Curve, curves};
use super::super::shown::{short, shown};
use super::lead::{findings, lead, notes};
use crate::{describe, units};

/// Types that grew, in the table.
const ROWS_MAX: usize = 40;
/// Of these, lines in the picture.
const LINES_MAX: usize = 6;

/// Looks one after another. `typed`: the target, as the next command is to name it.
#[must_use]
pub fn watch(report: &WatchReport, typed: &str) -> String {
    let target = blocks::target(&report.target);
    let mut sections = vec![findings(&report.findings, &report.target, typed)];
    sections.push(Section { id: "time", title: "Memory over time", body: rounds(&report.rounds) });
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

fn rounds(rounds: &[WatchRound]) -> Markup {
    let points = |figure: &dyn Fn(&WatchRound) -> Option<u64>| {
        rounds.iter().filter_map(|round| Some((round.seconds, figure(round)?, moment(round)))).collect::<Vec<_>>()
    };
    let memory = [
        Curve::new("resident", points(&|round| round.rss_bytes), true),
        Curve::new("objects", points(&|round| Some(round.bytes)), true),
    ];
    let objects = [Curve::new("objects", points(&|round| Some(round.objects)), false)];
    let rows = html! {
        @for round in rounds {
            tr {
                th scope="row" { (round.round) } td { (units::seconds(round.seconds)) }
                td { (units::count(round.objects)) } td { (units::bytes(round.bytes)) }
                td { (round.rss_bytes.map_or_else(|| "–".to_owned(), units::bytes)) }
                td { (round.pause_ms.map_or_else(|| "–".to_owned(), units::milliseconds)) }
            }
        }
    };
    html! {
        (curves("Resident memory, and what objects take of it", &memory, &[]))
        (curves("Objects", &objects, &[]))
        (blocks::table("Every look", &["look", "after", "objects", "bytes", "resident", "pause ms"], rows))
    }
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
        (curves("Objects of the types that grew most", &lines, &[]))
        (blocks::table("Types that grew", &["type", "objects", "bytes", "every look", "<look by look"], rows))
        (blocks::more(report.growth.len().saturating_sub(ROWS_MAX), "type", "types"))
    }
}
