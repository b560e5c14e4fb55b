//! Memory in tables: what is resident, by type, in arenas, and what awaits the collector.

use bloathound_vocabulary::{ArenasRecord, GarbageRecord, HeapRecord, KindRow, Pin, RssRecord};
use maud::{Markup, html};

use super::super::shown::{short, short_path};
use super::{bar, facts, more, table};
use crate::{describe, units};

/// Rows of a table of types.
const ROWS_MAX: usize = 40;

/// What every resident byte is, as one bar that adds up and as rows; the rows say what the bar shows.
pub(crate) fn account(rss: &RssRecord) -> Markup {
    let mut categories: Vec<(String, u64)> =
        rss.categories.iter().map(|(name, bytes)| (name.replace('_', " "), *bytes)).collect();
    categories.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    let rest = rss.unexplained;
    let rows = html! {
        @for (number, (name, bytes)) in categories.iter().enumerate() {
            tr {
                th scope="row" { i class={ "swatch s" (number % 8) } aria-hidden="true" {} (short(name)) }
                td { (units::bytes(*bytes)) } td { (units::percent(*bytes, rss.total)) }
                (bar(*bytes, rss.total))
            }
        }
        tr {
            th scope="row" { i class="swatch rest" aria-hidden="true" {} "unexplained" }
            td { (units::signed_bytes(rest)) } td { (units::percent(rest.unsigned_abs(), rss.total)) } td {}
        }
        tr class="sum" {
            th scope="row" { "resident, by the kernel" } td { (units::bytes(rss.total)) } td { "100" } td {}
        }
    };
    html! { (whole(&categories, rss)) (table("Resident memory by what it is", &["what", "bytes", "%", ""], rows)) }
}

/// The bar: each category as wide as its share. Where they are more than the whole, all of them are drawn to fit.
fn whole(categories: &[(String, u64)], rss: &RssRecord) -> Markup {
    let sum: u128 = categories.iter().map(|(_, bytes)| u128::from(*bytes)).sum();
    let whole = sum.max(u128::from(rss.total)).max(1) as f64;
    html! {
        div class="whole" role="img" aria-label={ "Resident memory: " (units::bytes(rss.total)) ", each part as wide as it is large; the rows below say the same" } {
            @for (number, (name, bytes)) in categories.iter().enumerate() {
                @let share = *bytes as f64 * 100.0 / whole;
                @if share >= 0.05 {
                    span class={ "s" (number % 8) } style=(format!("width:{share:.2}%"))
                        title={ (short(name)) ": " (units::bytes(*bytes)) } {}
                }
            }
            span class="rest" title="unexplained" {}
        }
    }
}

/// Objects by type, and dicts by owner.
pub(crate) fn census(heap: &HeapRecord) -> Markup {
    let mut kinds: Vec<KindRow> = heap.by_kind.clone();
    if kinds.is_empty() {
        let of_type = |row: &bloathound_vocabulary::TypeRow| KindRow {
            kind: row.type_name.clone(),
            count: row.count,
            bytes: row.bytes,
        };
        kinds = heap.by_type.iter().map(of_type).collect();
    }
    kinds.sort_by(|one, other| (other.bytes, &one.kind).cmp(&(one.bytes, &other.kind)));
    let rows = html! {
        @for row in kinds.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&row.kind)) }
                td { (units::count(row.count)) } td { (units::bytes(row.bytes)) }
                td { (units::percent(row.bytes, heap.bytes)) } (bar(row.bytes, heap.bytes))
            }
        }
    };
    html! {
        (table("Objects by type, most bytes first", &["type", "objects", "bytes", "% of heap", ""], rows))
        (more(kinds.len().saturating_sub(ROWS_MAX), "type", "types"))
    }
}

/// pymalloc's arenas in figures, and who keeps the emptiest.
pub(crate) fn arenas(arenas: &ArenasRecord) -> Markup {
    html! { (facts(&describe::arenas(arenas))) (pins(&arenas.pinned_by)) }
}

/// What is unreachable.
pub(crate) fn garbage(garbage: &GarbageRecord) -> Markup {
    let words = describe::garbage::population;
    let mut rows = vec![
        ("awaiting collection", words(garbage.awaiting_collection)),
        ("uncollectable", words(garbage.uncollectable)),
        ("in gc.garbage", units::count(garbage.in_gc_garbage)),
    ];
    rows.extend(describe::garbage::rows(garbage));
    let types = html! {
        @for row in garbage.by_type.iter().take(ROWS_MAX) {
            tr { th scope="row" { (short(&row.type_name)) } td { (units::count(row.count)) } td { (units::bytes(row.bytes)) } }
        }
    };
    html! {
        (facts(&rows))
        @if !garbage.by_type.is_empty() {
            (table("Unreachable objects by type", &["type", "objects", "bytes"], types))
            (more(garbage.by_type.len().saturating_sub(ROWS_MAX), "type", "types"))
        }
    }
}

/// Who keeps sparse arenas; nothing where nobody does.
pub(crate) fn pins(pins: &[Pin]) -> Markup {
    let rows = html! {
        @for pin in pins.iter().take(ROWS_MAX) {
            tr {
                th scope="row" { (short(&pin.type_name)) }
                td class="text" { (short_path(&describe::owner_of(&pin.owner))) }
                td { (units::count(pin.objects)) } td { (units::bytes(pin.bytes)) } td { (units::count(pin.arenas)) }
            }
        }
    };
    html! {
        @if !pins.is_empty() {
            (table("Who keeps sparse arenas", &["type", "<owner", "objects", "bytes", "arenas"], rows))
            (more(pins.len().saturating_sub(ROWS_MAX), "owner", "owners"))
        }
    }
}
