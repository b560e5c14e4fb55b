use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_detect::Thresholds;
use bloathound_driver::examine::{ExamineOptions, Examined, Target};
use bloathound_heap::{GcReplay, HeapSnapshot};
use bloathound_live::{CaptureMode, Stillness};
use bloathound_report::json::{
    FindingRecord, GarbageRecord, HeapRecord, InspectReport, Population, ProblemRecord, QualityRecord, TargetKind,
    TargetRecord, TimingRecord, ToolRecord, TypeRow, milliseconds,
};
use bloathound_report::text::{self, InspectView};

use crate::args::{InspectArguments, LookArguments};
use crate::error::CliError;
use crate::{analysis, output};

/// `bloathound inspect`.
pub(crate) fn inspect(arguments: &InspectArguments) -> Result<u8, CliError> {
    let pid: u32 = arguments
        .target
        .parse()
        .map_err(|_| CliError::Usage(format!("{:?} is no process id; meant a number", arguments.target)))?;
    let mut target = Target::open(pid, options(&arguments.look))?;
    let examined = target.examine()?;
    let report = report(pid, &examined);
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if arguments.json.as_deref().is_none_or(|path| path.as_os_str() != "-") {
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

fn report(pid: u32, examined: &Examined) -> InspectReport {
    let mut analysed = Duration::ZERO;
    let snapshot = &examined.snapshot;
    let replay = analysis::timed(&mut analysed, || GcReplay::run(snapshot));
    let cycles = analysis::timed(&mut analysed, || {
        bloathound_detect::find_cycles(snapshot, &replay, &Thresholds::default())
    });
    let heap = analysis::timed(&mut analysed, || heap(examined));
    let tool = ToolRecord::bloathound(env!("CARGO_PKG_VERSION"));
    let mut report = InspectReport::new(tool, target(pid, examined), heap);
    report.garbage = Some(garbage(snapshot, &replay));
    report.findings = cycles.findings.iter().map(FindingRecord::from).collect();
    let decode = examined.problems.iter().map(|message| ProblemRecord { stage: "decode".into(), message: message.clone() });
    report.problems = decode.chain(cycles.problems.iter().map(ProblemRecord::from)).collect();
    report.timing = TimingRecord {
        pause_ms: Some(match examined.stillness {
            Some(Stillness::Paused) => milliseconds(examined.timings.capture.longest_pause),
            _ => 0.0,
        }),
        copy_ms: Some(milliseconds(examined.timings.capture.copy)),
        decode_ms: Some(milliseconds(examined.timings.decode)),
        analyse_ms: Some(milliseconds(analysed)),
    };
    report
}

fn target(pid: u32, examined: &Examined) -> TargetRecord {
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
        unicode: Some(format!("UCS{}", examined.interpreter.unicode.bytes())),
        build_id: examined.build_id.clone(),
    }
}

fn heap(examined: &Examined) -> HeapRecord {
    let snapshot = &examined.snapshot;
    let by_type = census(snapshot, |_| true);
    HeapRecord {
        objects: snapshot.len() as u64,
        bytes: by_type.iter().map(|row| row.bytes).sum(),
        tracked: Some(snapshot.records().iter().filter(|record| record.flags.is_tracked()).count() as u64),
        references: Some(snapshot.targets().len() as u64),
        by_type,
        by_kind: Vec::new(),
        quality: QualityRecord {
            layout_checks: examined.interpreter.known_by.iter().map(|(k, v)| format!("{k}: {v}")).collect(),
            ..QualityRecord::from(snapshot.quality())
        },
    }
}

/// Objects by type, most bytes first.
fn census(snapshot: &HeapSnapshot, counts: impl Fn(bloathound_heap::ObjectId) -> bool) -> Vec<TypeRow> {
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
