//! Everything that one look tells.

mod sections;

use std::time::Instant;

use bloathound_cpython::{CollectorState, UntilFull};
use bloathound_detect::{MemorySeen, Observation, Report, Seen, Thresholds, judge};
use bloathound_heap::{GcReplay, HeapSnapshot, Tally};
use bloathound_live::Stillness;
use bloathound_vocabulary::{
    CollectorRecord, GarbageRecord, GenerationRecord, HeapRecord, InspectReport, KindRow, Label, NextFull,
    ObservationRecord, Population, Problem, QualityRecord, TargetRecord, TimingRecord, milliseconds,
};

use crate::session::Session;
use crate::source::Examined;
use crate::tool;

/// Everything that one look tells. `target` is what the session's source is of.
#[must_use]
pub fn inspect(session: &Session<'_>, target: TargetRecord) -> InspectReport {
    let heap = session.heap();
    let started = Instant::now();
    let mut report = analyse(session, target);
    report.timing = TimingRecord {
        pause_ms: heap.memory.map(pause_ms),
        copy_ms: heap.memory.map(|memory| milliseconds(memory.timings.capture.copy)),
        decode_ms: Some(milliseconds(heap.decode)),
        analyse_ms: Some(milliseconds(started.elapsed())),
    };
    report
}

fn analyse(session: &Session<'_>, target: TargetRecord) -> InspectReport {
    let heap = session.heap();
    session.compute_side_by_side();
    let analysis = session.analysis();
    let replay = session.replay();
    let judged = judge_look(session);
    let mut report = InspectReport::new(tool(), target, heap_record(session));
    report.garbage = Some(garbage(session, replay, &judged));
    report.findings = judged.findings;
    let decode = heap.problems.iter().map(|message| problem("decode", message));
    report.problems = decode.chain(judged.problems).collect();
    if let Some(examined) = heap.memory {
        // What a full collection frees is told by `garbage`.
        let of_memory = judged.observations.iter().filter_map(|observation| match observation {
            Observation::Memory(seen) => Some(ObservationRecord::from(seen)),
            Observation::Told(record) => Some(record.clone()),
            Observation::Collectable { .. } | Observation::Thread(_) => None,
        });
        report.observations = of_memory.collect();
        analyse_memory(&mut report, session, examined);
    }
    report.top_retained = Some(sections::top_retained(analysis));
    report.largest_containers = Some(sections::largest_containers(analysis));
    report
}

/// What all rules say that one look is enough for.
#[must_use]
pub fn judge_look(session: &Session<'_>) -> Report {
    let pins = || session.pins().map(|pins| pins.groups.clone()).unwrap_or_default();
    let holes = || session.holes();
    let seen = Seen {
        snapshot: Some((session.snapshot(), session.replay())),
        memory: session.arenas().map(|arenas| MemorySeen {
            now: &arenas.facts,
            before: None,
            pins: &pins,
            holes: &holes,
        }),
        ..Seen::default()
    };
    judge(&seen, &[], &Thresholds::default())
}

/// What only a copy of the memory tells.
fn analyse_memory(report: &mut InspectReport, session: &Session<'_>, examined: &Examined) {
    if let Some(arenas) = session.arenas() {
        // Asking for owners costs; a process without sparse arenas has nothing to explain.
        let pins = if arenas.facts.stranded_bytes() > 0 { session.pins() } else { None };
        report.arenas = Some(sections::arenas(&arenas.census, &arenas.facts, pins));
        let found = session.layout().map_or(&[][..], |layout| &layout.problems);
        report.problems.extend(found.iter().map(|found| problem("memory", &found.to_string())));
    }
    if !examined.mappings.is_empty() {
        report.rss = session.rss().map(sections::rss);
    }
    report.threads = session.threads().map(<[_]>::to_vec);
    report.tasks = session.tasks().cloned();
    report.duplicate_strings = Some(sections::duplicate_strings(session, examined));
}

fn problem(stage: &str, message: &str) -> Problem {
    Problem { stage: stage.into(), message: message.into() }
}

/// How long the target stood still, milliseconds; 0 where it was not stopped.
#[must_use]
pub fn pause_ms(examined: &Examined) -> f64 {
    match examined.stillness {
        Some(Stillness::Paused) => milliseconds(examined.timings.capture.longest_pause),
        _ => 0.0,
    }
}

fn heap_record(session: &Session<'_>) -> HeapRecord {
    let heap = session.heap();
    let snapshot: &HeapSnapshot = heap.snapshot;
    let kinds = session.analysis().census().rows.into_iter();
    let by_type = session.types().to_vec();
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

/// References of an example that are told.
const CYCLE_MAX: usize = 12;

fn garbage(session: &Session<'_>, replay: &GcReplay, judged: &Report) -> GarbageRecord {
    let population = |tally: Tally| Population { objects: tally.objects, bytes: tally.bytes };
    let cycle = judged.observations.iter().find_map(|observation| match observation {
        Observation::Collectable { cycle, .. } => Some(cycle.clone()),
        _ => None,
    });
    let mut cycle = cycle.unwrap_or_default();
    if cycle.len() > CYCLE_MAX {
        cycle.truncate(CYCLE_MAX);
        cycle.push(Label::Beyond);
    }
    let memory = session.heap().memory;
    let can_freeze = memory.is_some_and(|memory| memory.interpreter.dialect.collector.permanent.is_some());
    GarbageRecord {
        awaiting_collection: population(replay.awaiting),
        uncollectable: population(replay.uncollected),
        in_gc_garbage: replay.parked.objects,
        by_type: session.garbage_types(),
        cycle,
        frozen: can_freeze.then(|| population(replay.frozen)),
        frozen_garbage: replay.frozen_garbage.as_ref().map(|set| population(Tally::of(session.snapshot(), set))),
        collector: memory.and_then(collector),
    }
}

/// When a full collection will come; `None` where nothing of the collector's settings was found.
fn collector(examined: &Examined) -> Option<CollectorRecord> {
    let state = CollectorState::read(&examined.image, &examined.interpreter);
    let youngest = state.generations.first()?;
    let left = state.until_full();
    let is_due = |left: UntilFull| left.collections == 0 && left.objects.is_none_or(|objects| objects == 0);
    Some(CollectorRecord {
        enabled: state.enabled,
        generations: state
            .generations
            .iter()
            .map(|one| GenerationRecord { threshold: one.threshold, count: one.count })
            .collect(),
        long_lived_total: state.long_lived.map(|old| old.total),
        long_lived_pending: state.long_lived.map(|old| old.pending),
        next_full: match (state.enabled, left) {
            (Some(false), _) => NextFull::Off,
            _ if youngest.threshold == 0 => NextFull::ThresholdZero,
            (Some(true), Some(left)) if is_due(left) => NextFull::Due,
            (Some(true), Some(_)) => NextFull::Later,
            _ => NextFull::Unknown,
        },
        collections_left: left.map(|left| left.collections),
        objects_left: left.and_then(|left| left.objects),
        allocations_left: left.map(|left| left.allocations),
    })
}
