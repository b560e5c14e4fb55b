//! What is more and what is less, by type; of one run also which objects are new and who holds them.

use std::collections::BTreeMap;

use bloathound_heap::{Agreement, AgreementRow, Analysis, HeapSnapshot, Newcomers, ObjectId, Tally};
use bloathound_vocabulary::{
    AgreementTypeRow, CrossCheckRecord, DiffReport, DiffRow, HolderRow, NewObjectsRecord, NewTypeRow, Population,
    Problem, ReferrerRow, TargetKind, TargetRecord, TypeRow,
};

use crate::session::Session;
use crate::source::{ExamineOptions, Source, SourceError, is_inside};
use crate::tool;

/// Types whose referrers are told.
const TYPES_MAX: usize = 10;
/// Rows in the results beyond what a terminal shows.
const ROWS_MAX: usize = 100;

/// Two looks, compared.
#[derive(Debug)]
pub struct Compared {
    /// What is different.
    pub report: DiffReport,
    /// What to ask of the second look to learn what holds most of what is new: a type's name or an address.
    pub ask_why: Option<String>,
}

/// Compares two targets. They are opened one after the other: only what is compared stays in memory.
///
/// # Errors
/// [`SourceError`] of the one that can't be opened.
pub fn diff(before_name: &str, after_name: &str, options: &ExamineOptions) -> Result<Compared, SourceError> {
    let first = Source::open(before_name, options)?;
    let (before_record, before_inside) = (first.target().clone(), first.is_inside());
    let session = Session::from(&first);
    let (before, inventory) = (Side::of(&session), session.inventory());
    drop(session);
    // A view from inside and one from outside are compared object by object: then the first is needed once more.
    let kept = (before_inside != is_inside(after_name)).then_some(first);
    let second = Source::open(after_name, options)?;
    let (after_record, after_inside) = (second.target().clone(), second.is_inside());
    let session = Session::from(&second);
    let after = Side::of(&session);
    let snapshot = session.snapshot();
    let same_run = could_be_one(&before_record, &after_record) && inventory.is_same_run(snapshot);
    let mut ask_why = None;
    let mut report = DiffReport::new(
        tool(),
        (before_record, after_record),
        (before.total, after.total),
        rows(&before.by_type, &after.by_type),
    );
    match kept {
        Some(kept) if same_run && before_inside != after_inside => {
            report.cross_check = Some(cross_check(kept.heap().snapshot, snapshot));
        }
        _ if same_run && before_inside == after_inside => {
            let analysis = session.analysis();
            let found = Newcomers::find(analysis, inventory.new_in(snapshot), TYPES_MAX);
            ask_why = next(snapshot, &found);
            report.new_objects = Some(new_objects(analysis, &found));
        }
        _ => {}
    }
    report.problems = problems([(before_name, before.problems), (after_name, after.problems)], same_run);
    Ok(Compared { report, ask_why })
}

fn problems(sides: [(&str, Vec<String>); 2], same_run: bool) -> Vec<Problem> {
    let decode = sides.into_iter().flat_map(|(name, problems)| {
        problems
            .into_iter()
            .map(move |problem| Problem { stage: "decode".into(), message: format!("{name}: {problem}") })
    });
    let message = "not two looks at one run, by where the modules are: which objects are new can't be told";
    let apart = (!same_run).then(|| Problem { stage: "diff".into(), message: message.into() });
    decode.chain(apart).collect()
}

/// What is compared of a target.
struct Side {
    total: Population,
    by_type: Vec<TypeRow>,
    problems: Vec<String>,
}

impl Side {
    fn of(session: &Session<'_>) -> Self {
        let by_type = session.types().to_vec();
        let total = Population {
            objects: by_type.iter().map(|row| row.count).sum(),
            bytes: by_type.iter().map(|row| row.bytes).sum(),
        };
        Self { total, by_type, problems: session.heap().problems.to_vec() }
    }
}

/// False for two processes; a dump may know its process by another id than we do.
pub(super) fn could_be_one(before: &TargetRecord, after: &TargetRecord) -> bool {
    let told_inside = |record: &TargetRecord| matches!(record.kind, TargetKind::Dump | TargetKind::Manhole);
    match (before.pid, after.pid) {
        (Some(one), Some(other)) => one == other || told_inside(before) || told_inside(after),
        _ => true,
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

fn population(tally: Tally) -> Population {
    Population { objects: tally.objects, bytes: tally.bytes }
}

fn address(snapshot: &HeapSnapshot, id: ObjectId) -> String {
    format!("{:#x}", snapshot.object(id).address)
}

fn new_objects(analysis: &Analysis<'_>, found: &Newcomers) -> NewObjectsRecord {
    let snapshot = analysis.snapshot();
    let holders = found.holders.iter().take(ROWS_MAX).map(|holder| HolderRow {
        path: holder.path.clone(),
        type_name: holder.type_name.clone(),
        held: population(holder.direct),
        with_below: population(holder.with_below),
        example: Some(address(snapshot, holder.example)),
    });
    let by_type = found.referrers.iter().map(|of_type| NewTypeRow {
        type_name: of_type.type_name.clone(),
        new: population(of_type.new),
        referrers: of_type
            .rows
            .iter()
            .take(ROWS_MAX)
            .map(|row| ReferrerRow {
                kind: row.kind.clone(),
                new: row.is_new,
                objects: row.objects,
                references: row.references,
                path: analysis.finder().labels_to(row.example).unwrap_or_default(),
                path_references: row.example_references,
                address: Some(address(snapshot, row.example)),
            })
            .collect(),
    });
    NewObjectsRecord {
        staying: population(found.staying),
        awaiting_collection: population(found.awaiting),
        unrooted: population(found.unrooted),
        holders: holders.collect(),
        by_type: by_type.collect(),
    }
}

/// What to ask for to learn what holds most of what is new. A class is asked for by its name, which is also that of
/// its likes; anything else by address, since the name of its type means old ones too.
fn next(snapshot: &HeapSnapshot, found: &Newcomers) -> Option<String> {
    let example = found.holders.first()?.example;
    let class = snapshot.types().iter().find(|info| info.object == Some(example) && info.is_heap_type);
    Some(class.map_or_else(|| address(snapshot, example), |info| info.qualified_name()))
}

fn cross_check(before: &HeapSnapshot, after: &HeapSnapshot) -> CrossCheckRecord {
    let found = Agreement::between(before, after);
    let record = |name: &str, row: &AgreementRow| AgreementTypeRow {
        type_name: name.to_owned(),
        before: row.first,
        after: row.second,
        both: row.both,
        sizes_differ: row.sizes,
        counts_differ: row.counts,
        references_differ: row.references,
    };
    let differing =
        |row: &AgreementRow| row.first + row.second - 2 * row.both + row.sizes + row.counts + row.references;
    let mut rows: Vec<(&String, &AgreementRow)> = found.types.iter().filter(|(_, row)| differing(row) > 0).collect();
    rows.sort_by_key(|(name, row)| (std::cmp::Reverse(differing(row)), (*name).clone()));
    CrossCheckRecord {
        all: record("all", &found.total()),
        by_type: rows.into_iter().map(|(name, row)| record(name, row)).collect(),
    }
}
