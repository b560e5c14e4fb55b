//! The page of `inspect`.

use bloathound_vocabulary::{
    HeatMap, InspectReport, Label, RetainedRecord, RetainedTile, TaskState, TasksRecord, ThreadRecord,
};
use maud::{Markup, PreEscaped, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::pictures;
use super::super::shown::{short, short_path, shown};
use super::lead::{findings, lead, notes};
use crate::{describe, heatmap, units};

/// Rows of a table.
const ROWS_MAX: usize = 40;

/// What is drawn of a look beside its record.
#[derive(Clone, Copy, Debug, Default)]
pub struct InspectPictures<'p> {
    /// The memory, cell by cell.
    pub heat: Option<&'p HeatMap>,
    /// Who keeps how much alive.
    pub retained: Option<&'p RetainedTile>,
}

/// Everything one look told. `typed`: the target, as the next command is to name it.
#[must_use]
pub fn inspect(report: &InspectReport, drawn: InspectPictures<'_>, typed: &str) -> String {
    let target = blocks::target(&report.target);
    let mut sections = vec![findings(&report.findings, &report.target, typed)];
    let mut add = |id, title, body: Markup| sections.push(Section { id, title, body });
    if let Some(rss) = &report.rss {
        add("memory", "Resident memory", blocks::account(rss));
    }
    if let Some(tiles) = drawn.retained {
        add("treemap", "Who keeps what alive", pictures::treemap(tiles));
    }
    if let Some(rows) = report.top_retained.as_ref().filter(|rows| !rows.is_empty()) {
        add("keeps", "Keeps most alive", retained(rows, report.heap.bytes));
    }
    add("types", "Objects by type", blocks::census(&report.heap));
    if let Some(map) = drawn.heat {
        add("heat", "Heat map", heat(map));
    }
    if let Some(arenas) = &report.arenas {
        add("arenas", "Arenas", blocks::arenas(arenas));
    }
    if let Some(garbage) = &report.garbage {
        add("garbage", "Garbage", blocks::garbage(garbage));
    }
    add("more", "Containers and strings", large(report));
    if let Some(rows) = report.threads.as_ref().filter(|rows| !rows.is_empty()) {
        add("threads", "Threads", threads(rows));
    }
    if let Some(found) = report.tasks.as_ref().filter(|found| found.count > 0) {
        add("tasks", "Tasks that are not done", tasks(found));
    }
    sections.extend(notes(&report.observations, &report.problems));
    page(&Page {
        title: &target,
        heading: html! { (shown(&target)) },
        lead: html! {
            (lead(&report.findings, &report.target, report.partial.as_ref()))
            p class="dim" {
                (units::plural(report.heap.objects, "object", "objects")) ", " (units::bytes(report.heap.bytes))
                @if let Some(references) = report.heap.references { ", " (units::plural(references, "reference", "references")) }
                @if let Some(pause) = report.timing.pause_ms { "; it stood still for " (units::milliseconds(pause)) " ms" }
            }
        },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

fn heat(map: &HeatMap) -> Markup {
    html! {
        figure class="heat" {
            div class="wide" tabindex="0" role="region" aria-label="Heat map of the memory" { (PreEscaped(heatmap::to_svg(map))) }
            figcaption { "Each cell is 1 KiB; a row is an arena or 256 KiB of the C heap. Point at a colour to see who is there." }
        }
    }
}

fn path(labels: &[Label]) -> Markup {
    short_path(&describe::owner_of(labels))
}

fn retained(rows: &[RetainedRecord], heap_bytes: u64) -> Markup {
    let body = html! {
        @for row in rows.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&row.type_name)) } td class="text" { (path(&row.path)) }
                td { (units::bytes(row.shallow_bytes)) } td { (units::bytes(row.retained_bytes)) }
                td { (units::percent(row.retained_bytes, heap_bytes)) } (blocks::bar(row.retained_bytes, heap_bytes))
            }
        }
    };
    let heads = ["type", "<held by", "its own", "would go with it", "% of heap", ""];
    html! {
        (blocks::table("Objects that keep most alive", &heads, body))
        (blocks::more(rows.len().saturating_sub(ROWS_MAX), "object", "objects"))
    }
}

/// Containers with many items, and strings that are there several times.
fn large(report: &InspectReport) -> Markup {
    let containers = report.largest_containers.as_deref().unwrap_or_default();
    let strings = report.duplicate_strings.as_deref().unwrap_or_default();
    let container_rows = html! {
        @for row in containers.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&row.type_name)) } td class="text" { (path(&row.path)) }
                td { (units::count(row.length)) } td { (units::bytes(row.bytes)) }
            }
        }
    };
    let string_rows = html! {
        @for row in strings.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(row.text.as_deref().unwrap_or("not kept"))) }
                td { (units::count(row.copies)) } td { (units::bytes(row.wasted_bytes)) }
            }
        }
    };
    html! {
        @if containers.is_empty() && strings.is_empty() { p class="none" { "None is large." } }
        @if !containers.is_empty() {
            (blocks::table("Containers with most items", &["type", "<held by", "items", "bytes"], container_rows))
        }
        @if !strings.is_empty() {
            (blocks::table("Equal strings", &["text", "copies", "bytes of all but one"], string_rows))
        }
    }
}

fn threads(rows: &[ThreadRecord]) -> Markup {
    html! {
        @for thread in rows.iter().take(ROWS_MAX) {
            @let id = thread.tid.map_or_else(|| format!("{:#x}", thread.id), |tid| tid.to_string());
            h3 {
                "Thread " (id)
                @if let Some(name) = &thread.name { " (" (shown(name)) ")" }
                @if thread.holds_gil { ", holds the interpreter lock" }
            }
            (blocks::stack(&thread.frames))
        }
        (blocks::more(rows.len().saturating_sub(ROWS_MAX), "thread", "threads"))
    }
}

/// Tasks with the calls that wait for each other, those at one place together.
fn tasks(found: &TasksRecord) -> Markup {
    html! {
        @for group in found.groups.iter().take(ROWS_MAX) {
            h3 {
                (units::count(group.count)) " of " (shown(&group.coroutine))
                @match (group.state, &group.waits_for) {
                    (TaskState::NotBegun, _) => ", not begun",
                    (TaskState::Runs, _) => ", running",
                    (TaskState::Waits, Some(future)) => { ", waiting for " (shown(future)) }
                    (TaskState::Waits, None) => "",
                }
            }
            (blocks::stack(&group.frames))
        }
        (blocks::more(found.groups.len().saturating_sub(ROWS_MAX), "place", "places"))
    }
}
