//! The page of `diff`: new, removed, grew, shrank, unchanged, by type and by place.

use bloathound_vocabulary::{DiffReport, DiffRow, NewObjectsRecord, Population, delta};
use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::shown::{command, short, short_path, shown};
use super::lead::notes;
use crate::{describe, units};

/// Rows of a table.
const ROWS_MAX: usize = 60;

/// Two looks, compared.
#[must_use]
pub fn diff(report: &DiffReport) -> String {
    let (before, after) = (blocks::target(&report.before), blocks::target(&report.after));
    let mut sections = vec![Section { id: "types", title: "By type", body: by_type(report) }];
    if let Some(new) = &report.new_objects {
        sections.push(Section { id: "places", title: "New, and who holds it", body: holders(new) });
        sections.push(Section { id: "referrers", title: "Who refers to what is new", body: referrers(new) });
    }
    if let Some(checked) = &report.cross_check {
        let rows = [
            ("in both", units::count(checked.all.both)),
            ("only in the first", units::count(checked.all.before.saturating_sub(checked.all.both))),
            ("only in the second", units::count(checked.all.after.saturating_sub(checked.all.both))),
        ];
        sections.push(Section { id: "check", title: "From inside against from outside", body: blocks::facts(&rows) });
    }
    sections.extend(notes(&[], &report.problems));
    page(&Page {
        title: &format!("{before} against {after}"),
        heading: html! { "From " (shown(within(&before))) " to " (shown(within(&after))) },
        lead: html! {
            (blocks::partial(report.partial.as_ref()))
            p class="summary" { (shown(describe::plain::changed(report))) }
            @if let Some(next) = &report.next { p { "Next: " (command(next)) } }
        },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

/// `Process 12` within a sentence.
fn within(target: &str) -> String {
    let mut letters = target.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What became of a type's objects, in a word.
fn word(row: &DiffRow) -> (&'static str, &'static str) {
    let now = (row.count_delta(), row.bytes_delta());
    match (row.count_before, row.count_after) {
        (0, _) => ("new", "fail"),
        (_, 0) => ("removed", "ok"),
        _ if now.0 > 0 || (now.0 == 0 && now.1 > 0) => ("grew", "fail"),
        _ if now == (0, 0) => ("unchanged", "dim"),
        _ => ("shrank", "ok"),
    }
}

fn by_type(report: &DiffReport) -> Markup {
    let most = report.by_type.iter().map(|row| row.bytes_delta().unsigned_abs()).max().unwrap_or(1);
    let (before, after) = (report.total_before, report.total_after);
    let rows = html! {
        tr class="sum" {
            th scope="row" { "all" } td {}
            td { (units::signed_count(delta(before.objects, after.objects))) }
            td { (units::signed_bytes(delta(before.bytes, after.bytes))) } td {}
            td { (units::count(before.objects)) } td { (units::count(after.objects)) }
        }
        @for row in report.by_type.iter().take(ROWS_MAX) {
            @let (word, class) = word(row);
            tr {
                th scope="row" { (short(&row.type_name)) } td class={ "word " (class) } { (word) }
                td { (units::signed_count(row.count_delta())) } td { (units::signed_bytes(row.bytes_delta())) }
                (blocks::bar(row.bytes_delta().unsigned_abs(), most))
                td { (units::count(row.count_before)) } td { (units::count(row.count_after)) }
            }
        }
    };
    let count = |wanted: &str| report.by_type.iter().filter(|row| word(row).0 == wanted).count() as u64;
    html! {
        p {
            @for (index, wanted) in ["new", "removed", "grew", "shrank"].iter().enumerate() {
                @if index > 0 { ", " } (units::count(count(wanted))) " " (*wanted)
            }
            ". Types that are not here are unchanged."
        }
        (blocks::table("Types whose figures differ", &["type", "", "objects", "bytes", "", "before", "after"], rows))
        (blocks::more(report.by_type.len().saturating_sub(ROWS_MAX), "type", "types"))
    }
}

fn population(of: Population) -> String {
    format!("{}, {}", units::plural(of.objects, "object", "objects"), units::bytes(of.bytes))
}

fn holders(new: &NewObjectsRecord) -> Markup {
    let facts = [
        ("stay", population(new.staying)),
        ("await collection", population(new.awaiting_collection)),
        ("no holder known", population(new.unrooted)),
    ];
    let rows = html! {
        @for row in new.holders.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&row.type_name)) } td class="text" { (short_path(&describe::owner_of(&row.path))) }
                td { (units::count(row.held.objects)) } td { (units::count(row.with_below.objects)) }
                td { (units::bytes(row.with_below.bytes)) } (blocks::bar(row.with_below.bytes, new.staying.bytes))
            }
        }
    };
    html! {
        (blocks::facts(&facts))
        @if !new.holders.is_empty() {
            (blocks::table("Where something old holds something new", &["type", "<held at", "new", "with what hangs on it", "bytes", ""], rows))
            (blocks::more(new.holders.len().saturating_sub(ROWS_MAX), "place", "places"))
        }
    }
}

fn referrers(new: &NewObjectsRecord) -> Markup {
    html! {
        @if new.by_type.is_empty() { p class="none" { "Nothing is new." } }
        @for of_type in new.by_type.iter().take(12) {
            details {
                summary { (short(&of_type.type_name)) ", " (population(of_type.new)) " new" }
                ul {
                    @for row in of_type.referrers.iter().take(ROWS_MAX) {
                        li {
                            (units::plural(row.references, "reference", "references")) " from " (units::count(row.objects))
                            @if row.new { " new" } " " (short(&row.kind))
                            @if !row.path.is_empty() { ": " code { (short_path(&describe::owner_of(&row.path))) } }
                        }
                    }
                }
            }
        }
    }
}
