use std::collections::BTreeMap;

use bloathound_driver::examine::Examined;
use bloathound_report::json::{DiffReport, DiffRow, Population, ProblemRecord, ToolRecord, TypeRow};
use bloathound_report::text::{self, InspectView};

use super::inspect;
use crate::args::DiffArguments;
use crate::error::CliError;
use crate::{output, target};

/// `bloathound diff`: what is more and what is less, by type.
pub(crate) fn diff(arguments: &DiffArguments) -> Result<u8, CliError> {
    // One after the other: only what is compared stays in memory.
    let (before, before_record) = target::open(&arguments.before, &arguments.look)?;
    let before = Side::of(&before);
    let (after, after_record) = target::open(&arguments.after, &arguments.look)?;
    let after = Side::of(&after);
    let mut report = DiffReport::new(
        ToolRecord::bloathound(env!("CARGO_PKG_VERSION")),
        (before_record, after_record),
        (before.total, after.total),
        rows(&before.by_type, &after.by_type),
    );
    let sides = [(&arguments.before, before.problems), (&arguments.after, after.problems)];
    report.problems = sides
        .into_iter()
        .flat_map(|(name, problems)| {
            problems
                .into_iter()
                .map(move |problem| ProblemRecord { stage: "decode".into(), message: format!("{name}: {problem}") })
        })
        .collect();
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        let view = InspectView { rows: arguments.rows, color: output::color(), ..InspectView::default() };
        output::result(&text::diff(&report, view));
    }
    Ok(0)
}

/// What is compared of a target.
struct Side {
    total: Population,
    by_type: Vec<TypeRow>,
    problems: Vec<String>,
}

impl Side {
    fn of(examined: &Examined) -> Self {
        let by_type = inspect::census(&examined.snapshot, |_| true);
        let total = Population {
            objects: by_type.iter().map(|row| row.count).sum(),
            bytes: by_type.iter().map(|row| row.bytes).sum(),
        };
        Self { total, by_type, problems: examined.problems.clone() }
    }
}

fn rows(before: &[TypeRow], after: &[TypeRow]) -> Vec<DiffRow> {
    let mut rows: BTreeMap<&str, DiffRow> = BTreeMap::new();
    for (is_after, row) in before.iter().map(|row| (false, row)).chain(after.iter().map(|row| (true, row))) {
        let entry = rows.entry(&row.type_name).or_insert_with(|| DiffRow {
            type_name: row.type_name.clone(),
            count_before: 0,
            count_after: 0,
            bytes_before: 0,
            bytes_after: 0,
        });
        if is_after {
            (entry.count_after, entry.bytes_after) = (row.count, row.bytes);
        } else {
            (entry.count_before, entry.bytes_before) = (row.count, row.bytes);
        }
    }
    rows.into_values().collect()
}
