//! Objects that somebody asked for, by who holds them.

use super::style::Style;
use super::table::{Align, Table};
use super::{NEXT_MAX, page};
use crate::units;
use bloathound_vocabulary::WhyReport;

/// Kinds that are shown.
const KINDS_MAX: usize = 10;

/// Who holds the objects, where these are several; nothing where it is one.
pub(super) fn kinds(report: &WhyReport, style: Style) -> String {
    let in_all = report.kinds_in_all.unwrap_or(0);
    if in_all < 2 {
        return String::new();
    }
    let since = report.kinds.iter().any(|kind| kind.new_objects.is_some());
    let head = match since {
        true => "new, by who holds it",
        false => "by who holds it",
    };
    let mut out = format!("{}\n", style.bold(head));
    let mut columns = vec![("kind", Align::Right)];
    columns.extend(since.then_some(("new", Align::Right)));
    columns.extend([
        ("objects", Align::Right),
        ("bytes", Align::Right),
        ("share", Align::Right),
        ("place", Align::RestEnd),
    ]);
    let mut table = Table::new(&columns);
    for (index, kind) in report.kinds.iter().take(KINDS_MAX).enumerate() {
        let mut row = vec![(index + 1).to_string()];
        row.extend(since.then(|| kind.new_objects.map_or_else(|| "-".to_owned(), units::count)));
        row.extend([
            units::count(kind.objects),
            units::bytes(kind.bytes),
            format!("{:.0} %", kind.share * 100.0),
            kind.place.clone(),
        ]);
        table.row(row);
    }
    out.push_str(&table.render(style));
    let rest = in_all.saturating_sub(report.kinds.len().min(KINDS_MAX) as u64);
    if rest > 0 {
        out.push_str(&format!("  … {} more\n", units::plural(rest, "place", "places")));
    }
    if let Some(next) = &report.next {
        // Here and not at the end, past a long path; a command is to be copied: it is not broken into lines.
        out.push_str(&format!("  another: {}\n", page::fit(next, NEXT_MAX)));
    }
    let place = report.kind.and_then(|kind| report.kinds.get((kind as usize).checked_sub(1)?));
    if let (Some(kind), Some(place)) = (report.kind, place) {
        let line = format!("one of kind {kind}, {}:", place.place);
        out.push_str(&format!("\n{}\n", page::fit(&line, page::width())));
    }
    out.push('\n');
    out
}
