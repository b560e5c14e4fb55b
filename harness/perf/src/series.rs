//! The history by series: rows that may be compared with each other.

use std::collections::BTreeMap;

use bloathound_vocabulary::{Acceptance, HistoryLine, MachineKind, Measurement};

/// What rows have in common that are compared: the same bytes, the same stage, the same kind of machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    /// What was analysed.
    pub input: String,
    /// Its bytes.
    pub input_hash: String,
    /// Which stage.
    pub stage: String,
    /// On what.
    pub machine: MachineKind,
}

impl Key {
    /// The series that a row belongs to.
    #[must_use]
    pub fn of(row: &Measurement) -> Self {
        Self {
            input: row.input.clone(),
            input_hash: row.input_hash.clone(),
            stage: row.stage.clone(),
            machine: row.machine.clone(),
        }
    }

    fn is_meant_by(&self, accepted: &Acceptance) -> bool {
        let says = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        says(&accepted.input, &self.input) && says(&accepted.stage, &self.stage)
    }
}

/// The rows of one series, oldest first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series<'h> {
    /// What was measured.
    pub rows: Vec<&'h Measurement>,
    /// What was accepted, each with the number of rows that stood before it.
    pub accepted: Vec<(usize, &'h Acceptance)>,
}

impl Series<'_> {
    /// The first row that still counts by what was accepted.
    #[must_use]
    pub fn accepted_from(&self) -> usize {
        self.accepted.last().map_or(0, |(rows, _)| *rows)
    }
}

/// Lines in their order, by series.
#[must_use]
pub fn series(lines: &[HistoryLine]) -> BTreeMap<Key, Series<'_>> {
    let mut found: BTreeMap<Key, Series<'_>> = BTreeMap::new();
    for line in lines {
        if let HistoryLine::Measured(row) = line {
            found.entry(Key::of(row)).or_default().rows.push(row);
        }
    }
    for (key, series) in &mut found {
        let mut rows = 0;
        for line in lines {
            match line {
                HistoryLine::Measured(row) if Key::of(row) == *key => rows += 1,
                HistoryLine::Accepted(accepted) if key.is_meant_by(accepted) => series.accepted.push((rows, accepted)),
                HistoryLine::Measured(_) | HistoryLine::Accepted(_) => {}
            }
        }
    }
    found
}
