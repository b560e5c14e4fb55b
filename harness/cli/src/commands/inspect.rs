use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_cpython::Interpreter;
use bloathound_detect::fragmentation::judge;
use bloathound_detect::{Thresholds, find_cycles};
use bloathound_engine::examine::{ExamineOptions, Examined};
use bloathound_engine::memory_view::MemoryView;
use bloathound_heap::{Analysis, GcReplay, HeapSnapshot};
use bloathound_live::{CaptureMode, Stillness};
use bloathound_report::json::{
    GarbageRecord, HeapRecord, InspectReport, KindRow, ObservationRecord, Population, Problem, QualityRecord,
    TargetKind, TargetRecord, TimingRecord, ToolRecord, TypeRow, milliseconds,
};
use bloathound_report::text::{self, InspectView};

use crate::args::{InspectArguments, LookArguments};
use crate::error::CliError;
use crate::view::HeapView;
use crate::{analysis, heat, output, sections, target};

/// `bloathound inspect`.
pub(crate) fn inspect(arguments: &InspectArguments) -> Result<u8, CliError> {
    let (source, record) = target::open(&arguments.target, &arguments.look)?;
    let report = report(record, source.view());
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if let Some(path) = &arguments.heatmap {
        let map = heat::one_look(source.view(), &format!("memory of {}", arguments.target))
            .ok_or_else(|| CliError::NotHere("the arenas were not found: there is nothing to draw".into()))?;
        heat::write(path, &map)?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        let view = InspectView { rows: arguments.rows, color: output::color(), ..InspectView::default() };
        output::result(&text::inspect(&report, view));
    }
    Ok(0)
}

pub(crate) fn options(look: &LookArguments) -> ExamineOptions {
    let mode = match (look.no_pause, look.always_pause) {
        (true, _) => CaptureMode::NoPause,
        (_, true) => CaptureMode::Paused,
        _ => CaptureMode::PreferQuiet,
    };
    ExamineOptions {
        mode,
        pause_budget: Duration::from_millis(look.max_pause),
        exported_symbols_only: look.exported_symbols_only,
    }
}

/// Everything that one look tells.
pub(crate) fn report<'a>(target: TargetRecord, heap: impl Into<HeapView<'a>>) -> InspectReport {
    let heap = heap.into();
    let mut analysed = Duration::ZERO;
    let mut report = analysis::timed(&mut analysed, || analyse(target, heap));
    report.timing = TimingRecord {
        pause_ms: heap.memory.map(pause_ms),
        copy_ms: heap.memory.map(|memory| milliseconds(memory.timings.capture.copy)),
        decode_ms: Some(milliseconds(heap.decode)),
        analyse_ms: Some(milliseconds(analysed)),
    };
    report
}

fn analyse(target: TargetRecord, heap: HeapView<'_>) -> InspectReport {
    let thresholds = Thresholds::default();
    let analysis = Analysis::run(heap.snapshot);
    let replay = analysis.replay();
    let cycles = find_cycles(heap.snapshot, replay, &thresholds);
    let tool = ToolRecord::bloathound(env!("CARGO_PKG_VERSION"));
    let mut report = InspectReport::new(tool, target, heap_record(heap, &analysis));
    report.garbage = Some(garbage(heap.snapshot, replay));
    report.findings = cycles.findings.clone();
    let decode = heap.problems.iter().map(|message| problem("decode", message));
    report.problems = decode.chain(cycles.problems.iter().cloned()).collect();
    if let Some(examined) = heap.memory {
        analyse_memory(&mut report, examined, &analysis, &thresholds);
    }
    report.top_retained = Some(sections::top_retained(&analysis));
    report.largest_containers = Some(sections::largest_containers(&analysis));
    report
}

/// What only a copy of the memory tells.
fn analyse_memory(report: &mut InspectReport, examined: &Examined, analysis: &Analysis<'_>, thresholds: &Thresholds) {
    if let Some(view) = MemoryView::new(examined, &analysis.replay().awaiting_collection) {
        let census = view.census();
        let facts = view.facts(&census);
        // Asking for owners costs; a process without sparse arenas has nothing to explain.
        let pins = (facts.stranded_bytes() > 0).then(|| view.pins(&census, analysis.finder()));
        let groups = pins.as_ref().map_or(&[][..], |pins| &pins.groups);
        let judged = judge(&facts, None, groups, &thresholds.fragmentation);
        report.findings.extend(judged.findings.iter().cloned());
        report.observations = judged.observations.iter().map(ObservationRecord::from).collect();
        report.problems.extend(judged.problems.iter().cloned());
        report.arenas = Some(sections::arenas(&census, &facts, pins.as_ref()));
        if !examined.mappings.is_empty() {
            report.rss = Some(sections::rss(&view));
        }
        report.problems.extend(view.layout.problems.iter().map(|found| problem("memory", &found.to_string())));
    } else if !examined.mappings.is_empty() {
        report.rss = Some(sections::rss(&MemoryView::without_arenas(examined, &analysis.replay().awaiting_collection)));
    }
    report.threads = sections::threads(examined);
    report.duplicate_strings = Some(sections::duplicate_strings(examined));
}

fn problem(stage: &str, message: &str) -> Problem {
    Problem { stage: stage.into(), message: message.into() }
}

/// How long the target stood still; 0 where it was not stopped.
pub(crate) fn pause_ms(examined: &Examined) -> f64 {
    match examined.stillness {
        Some(Stillness::Paused) => milliseconds(examined.timings.capture.longest_pause),
        _ => 0.0,
    }
}

pub(crate) fn target_record(pid: u32, interpreter: &Interpreter, build_id: Option<String>) -> TargetRecord {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok().map(|bytes| {
        let words: Vec<_> = bytes.split(|b| *b == 0).map(String::from_utf8_lossy).collect();
        words.join(" ").trim().to_owned()
    });
    TargetRecord {
        kind: TargetKind::Process,
        pid: Some(pid),
        file: None,
        command,
        python: Some("2.7".into()),
        unicode: Some(format!("UCS{}", interpreter.unicode.bytes())),
        build_id,
        not_seen: Vec::new(),
    }
}

fn heap_record(heap: HeapView<'_>, analysis: &Analysis<'_>) -> HeapRecord {
    let snapshot = heap.snapshot;
    let kinds = analysis.census().rows.into_iter();
    let by_type = census(snapshot, |_| true);
    HeapRecord {
        objects: snapshot.len() as u64,
        bytes: by_type.iter().map(|row| row.bytes).sum(),
        tracked: Some(snapshot.records().iter().filter(|record| record.flags.is_tracked()).count() as u64),
        references: Some(snapshot.targets().len() as u64),
        by_type,
        by_kind: kinds
            .map(|row| KindRow { kind: row.name, count: row.tally.objects, bytes: row.tally.bytes })
            .collect(),
        quality: QualityRecord {
            layout_checks: heap
                .memory
                .map(|memory| memory.interpreter.known_by.iter().map(|(k, v)| format!("{k}: {v}")).collect())
                .unwrap_or_default(),
            ..QualityRecord::from(snapshot.quality())
        },
    }
}

/// Objects by type, most bytes first.
pub(crate) fn census(snapshot: &HeapSnapshot, counts: impl Fn(bloathound_heap::ObjectId) -> bool) -> Vec<TypeRow> {
    let mut sums = vec![(0_u64, 0_u64); snapshot.types().len()];
    for id in snapshot.ids().filter(|id| counts(*id)) {
        let record = snapshot.object(id);
        let sum = &mut sums[record.type_id.0 as usize];
        *sum = (sum.0 + 1, sum.1 + record.shallow_size);
    }
    let mut by_name: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (info, (count, bytes)) in snapshot.types().iter().zip(sums).filter(|(_, sum)| sum.0 > 0) {
        let sum = by_name.entry(info.qualified_name()).or_default();
        *sum = (sum.0 + count, sum.1 + bytes);
    }
    let mut rows: Vec<TypeRow> =
        by_name.into_iter().map(|(type_name, (count, bytes))| TypeRow { type_name, count, bytes }).collect();
    rows.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.type_name.cmp(&other.type_name)));
    rows
}

fn garbage(snapshot: &HeapSnapshot, replay: &GcReplay) -> GarbageRecord {
    let population = |tally: bloathound_heap::Tally| Population { objects: tally.objects, bytes: tally.bytes };
    GarbageRecord {
        awaiting_collection: population(replay.awaiting),
        uncollectable: population(replay.uncollected),
        in_gc_garbage: replay.parked.objects,
        by_type: census(snapshot, |id| replay.awaiting_collection.contains(id)),
    }
}
