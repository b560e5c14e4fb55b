//! Sections of `inspect` about memory.

use super::extent::InspectView;
use super::style::Style;
use super::table::{Align, Table, labelled};
use crate::{describe, units};
use bloathound_vocabulary::{ArenasRecord, ContainerRecord, DuplicateRecord, GarbageRecord, RetainedRecord, RssRecord};

/// Cells of the bars beside the categories.
const BAR_WIDTH: usize = 20;
/// Above this share of RSS the unexplained rest is coloured.
const UNEXPLAINED_PERCENT_MAX: u64 = 2;

pub(super) fn rss(rss: &RssRecord, style: Style) -> String {
    let mut table = Table::new(&[
        ("bytes", Align::Right),
        ("% of resident", Align::Right),
        ("", Align::Left),
        ("category", Align::Rest),
    ]);
    let mut categories: Vec<(&String, u64)> = rss.categories.iter().map(|(name, bytes)| (name, *bytes)).collect();
    categories.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    for (name, bytes) in categories {
        table.row(vec![
            units::bytes(bytes),
            units::percent(bytes, rss.total),
            bar(bytes, rss.total),
            name.replace('_', " "),
        ]);
    }
    table.row(vec![
        units::signed_bytes(rss.unexplained),
        units::percent(rss.unexplained.unsigned_abs(), rss.total),
        String::new(),
        "unexplained".to_owned(),
    ]);
    table.row(vec![units::bytes(rss.total), "100".to_owned(), String::new(), "resident, by the kernel".to_owned()]);
    let mut out = table.render(style);
    let limit = rss.total / 100 * UNEXPLAINED_PERCENT_MAX;
    if rss.unexplained.unsigned_abs() > limit {
        let words = format!("  more than {UNEXPLAINED_PERCENT_MAX} % is unexplained");
        out.push_str(&format!("{}\n", style.yellow(&words)));
    }
    out
}

fn bar(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let cells = (part as f64 / whole as f64 * BAR_WIDTH as f64).round() as usize;
    "▇".repeat(cells.min(BAR_WIDTH))
}

pub(super) fn arenas(arenas: &ArenasRecord, view: InspectView<'_>) -> String {
    const LABEL_WIDTH: usize = 11;
    let mut out = String::new();
    let mut add = |label: &str, text: &str| out.push_str(&labelled(label, LABEL_WIDTH, text, 3));
    for (label, text) in describe::arenas(arenas) {
        add(label, &text);
    }
    for pin in arenas.pinned_by.iter().take(view.rows) {
        add("pinned by", &describe::pin(pin));
    }
    if view.verbose {
        out.push_str(&size_classes(arenas, view));
    }
    out
}

/// Block sizes with most free bytes first.
fn size_classes(arenas: &ArenasRecord, view: InspectView<'_>) -> String {
    if arenas.size_classes.is_empty() {
        return String::new();
    }
    let mut classes = arenas.size_classes.clone();
    classes.sort_by_key(|class| {
        let free = class.blocks_free.saturating_mul(class.block_bytes);
        (std::cmp::Reverse(free), class.block_bytes)
    });
    let mut table = Table::new(&[
        ("block", Align::Right),
        ("pools", Align::Right),
        ("in use", Align::Right),
        ("free", Align::Right),
        ("free bytes", Align::Right),
        ("% in use", Align::Right),
    ]);
    for class in classes.iter().take(view.rows) {
        table.row(vec![
            units::bytes(class.block_bytes),
            units::count(class.pools),
            units::count(class.blocks_used),
            units::count(class.blocks_free),
            units::bytes(class.blocks_free.saturating_mul(class.block_bytes)),
            units::percent(class.blocks_used, class.blocks_used.saturating_add(class.blocks_free)),
        ]);
    }
    table.render(Style::new(view.color))
}

pub(super) fn garbage(garbage: &GarbageRecord, view: InspectView<'_>) -> String {
    const LABEL_WIDTH: usize = 20;
    let words = describe::garbage::population;
    let mut out = labelled("awaiting collection", LABEL_WIDTH, &words(garbage.awaiting_collection), 1);
    out.push_str(&labelled("never collected", LABEL_WIDTH, &words(garbage.uncollectable), 1));
    let entries = units::plural(garbage.in_gc_garbage, "entry", "entries");
    out.push_str(&labelled("gc.garbage", LABEL_WIDTH, &entries, 1));
    for (name, text) in describe::garbage::rows(garbage) {
        out.push_str(&labelled(name, LABEL_WIDTH, &text, 4));
    }
    if !garbage.by_type.is_empty() {
        let mut table = Table::new(&[("count", Align::Right), ("bytes", Align::Right), ("type", Align::Rest)]);
        for row in garbage.by_type.iter().take(view.rows) {
            table.row(vec![units::count(row.count), units::bytes(row.bytes), row.type_name.clone()]);
        }
        out.push_str(&table.render(Style::new(view.color)));
    }
    out
}

pub(super) fn retained(rows: &[RetainedRecord], view: InspectView<'_>) -> String {
    let mut table = Table::new(&[
        ("retains", Align::Right),
        ("own", Align::Right),
        ("type", Align::Left),
        ("path", Align::RestEnd),
    ]);
    for row in rows.iter().take(view.rows) {
        table.row(vec![
            units::bytes(row.retained_bytes),
            units::bytes(row.shallow_bytes),
            row.type_name.clone(),
            describe::owner_of(&row.path),
        ]);
    }
    rendered(&table, rows.is_empty(), view)
}

pub(super) fn containers(rows: &[ContainerRecord], view: InspectView<'_>) -> String {
    let mut table =
        Table::new(&[("items", Align::Right), ("own", Align::Right), ("type", Align::Left), ("path", Align::RestEnd)]);
    for row in rows.iter().take(view.rows) {
        table.row(vec![
            units::count(row.length),
            units::bytes(row.bytes),
            row.type_name.clone(),
            describe::owner_of(&row.path),
        ]);
    }
    rendered(&table, rows.is_empty(), view)
}

pub(super) fn duplicates(rows: &[DuplicateRecord], view: InspectView<'_>) -> String {
    let mut table = Table::new(&[("wasted", Align::Right), ("copies", Align::Right), ("text", Align::Rest)]);
    for row in rows.iter().take(view.rows) {
        let text = match &row.text {
            Some(text) => format!("'{text}'"),
            None => "redacted".to_owned(),
        };
        table.row(vec![units::bytes(row.wasted_bytes), units::count(row.copies), text]);
    }
    rendered(&table, rows.is_empty(), view)
}

fn rendered(table: &Table, is_empty: bool, view: InspectView<'_>) -> String {
    if is_empty { String::new() } else { table.render(Style::new(view.color)) }
}
