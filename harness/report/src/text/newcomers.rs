//! What is new since an earlier look, and who holds it.

use super::extent::InspectView;
use super::page;
use super::style::Style;
use super::table::{Align, Table};
use crate::{describe, sanitize, units};
use bloathound_vocabulary::{AgreementTypeRow, CrossCheckRecord, NewObjectsRecord, Population};

/// Types whose referrers are shown, and sorts of referrers for each.
const TYPES_MAX: usize = 3;
const REFERRERS_MAX: usize = 4;

const TYPE_CELLS: usize = 16;

/// Who holds what is new, by paths.
pub(super) fn holders(new: &NewObjectsRecord, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("\n{}\n", style.bold("new, and who holds it"));
    out.push_str(&format!("  {}", population(new.staying)));
    if new.awaiting_collection.objects > 0 {
        out.push_str(&format!("; {} more await collection", units::count(new.awaiting_collection.objects)));
    }
    if new.unrooted.objects > 0 {
        out.push_str(&format!("; of {} no holder is known", units::count(new.unrooted.objects)));
    }
    out.push('\n');
    if new.holders.is_empty() {
        return out;
    }
    let mut table = Table::new(&[
        ("new", Align::Right),
        ("below", Align::Right),
        ("bytes", Align::Right),
        ("type", Align::Left),
        ("path", Align::RestEnd),
    ]);
    for row in new.holders.iter().take(view.rows) {
        table.row(vec![
            units::count(row.held.objects),
            units::count(row.with_below.objects),
            units::bytes(row.with_below.bytes),
            // The path says more.
            page::fit_end(&row.type_name, TYPE_CELLS),
            describe::owner_of(&row.path),
        ]);
    }
    out.push_str(&table.render(style));
    let rest = new.holders.len().saturating_sub(view.rows);
    if rest > 0 {
        out.push_str(&format!("  … {} more\n", units::plural(rest as u64, "place", "places")));
    }
    out
}

/// Who refers to what is new, by type: the talk's `refs`.
pub(super) fn referrers(new: &NewObjectsRecord, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("\n{}\n", style.bold("who refers to what is new"));
    for of_type in new.by_type.iter().take(TYPES_MAX.min(view.rows)) {
        let head = format!("{}, {} new", page::fit(&of_type.type_name, 40), population(of_type.new));
        out.push_str(&format!("  {}\n", page::fit(&head, page::width() - 2)));
        if of_type.referrers.is_empty() {
            out.push_str("    nothing that is known\n");
        }
        for row in of_type.referrers.iter().take(REFERRERS_MAX) {
            let age = if row.new { "new " } else { "" };
            let mut line = format!(
                "{} from {} {age}{}",
                units::count(row.references),
                units::count(row.objects),
                page::fit(&row.kind, 34)
            );
            if !row.new && !row.path.is_empty() {
                let most = match row.objects {
                    0 | 1 => String::new(),
                    _ => format!(" ({} of them)", units::count(row.path_references)),
                };
                let room = page::width().saturating_sub(4 + sanitize::width(&line) + 2 + most.len());
                line = format!("{line}: {}{most}", page::fit_end(&describe::owner_of(&row.path), room.max(12)));
            }
            out.push_str(&format!("    {}\n", page::fit(&line, page::width() - 4)));
        }
    }
    out
}

/// Where the view from inside and the view from outside differ.
pub(super) fn cross_check(checked: &CrossCheckRecord, view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let mut out = format!("\n{}\n", style.bold("from inside against from outside"));
    let mut table = Table::new(&[
        ("only A", Align::Right),
        ("only B", Align::Right),
        ("both", Align::Right),
        ("sizes", Align::Right),
        ("counts", Align::Right),
        ("references", Align::Right),
        ("tracked objects of type", Align::Rest),
    ]);
    let mut add = |row: &AgreementTypeRow| {
        table.row(vec![
            units::count(row.before.saturating_sub(row.both)),
            units::count(row.after.saturating_sub(row.both)),
            units::count(row.both),
            units::count(row.sizes_differ),
            units::count(row.counts_differ),
            units::count(row.references_differ),
            row.type_name.clone(),
        ]);
    };
    add(&checked.all);
    checked.by_type.iter().take(view.rows).for_each(&mut add);
    out.push_str(&table.render(style));
    let note = "Sizes, counts and references: how many of those in both differ. What ran between the two looks differs, \
                and so does what the look from inside itself needs: frames, the connection that asked for it. Objects that \
                the collector does not track are compared by the table above only: from inside one sees those that a \
                tracked object leads to.";
    for line in page::wrap(note, page::width() - 2, 8) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn population(of: Population) -> String {
    format!("{}, {}", units::plural(of.objects, "object", "objects"), units::bytes(of.bytes))
}
