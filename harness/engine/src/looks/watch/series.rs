//! The looks of a watch so far, and what they say together.

use std::collections::BTreeMap;
use std::time::Duration;

use bloathound_cpython::Interpreter;
use bloathound_detect::{
    Counter, Counts, GrowthUnit, Observation, Report, Seen, Thresholds, Values, Work, judge, rising,
};
use bloathound_heap::{HeapSnapshot, ObjectId, TypeRole};
use bloathound_memory::{Address, MemoryImage};
use bloathound_vocabulary::{
    CountedWork, Finding, GrowthRow, ObservationRecord, Problem, TasksRecord, TypeRow, WatchRound,
};

use crate::looks::growth::{RoundShapes, alike, rounds};
use crate::looks::inspect::pause_ms;
use crate::looks::series::{CYCLES, Series};
use crate::looks::tasks::tell_where_tasks_wait;
use crate::session::Session;
use crate::source::Examined;

/// Numbers of the program that are told beside the looks: the first says how the load was spread.
const COUNTED_MAX: usize = 3;

/// The looks so far.
#[derive(Debug, Default)]
pub(super) struct Looks {
    shapes: Vec<RoundShapes>,
    /// What the program counts of its work.
    counts: Vec<Counts>,
    series: Series,
    pub(super) rounds: Vec<WatchRound>,
    censuses: Vec<Vec<TypeRow>>,
    pub(super) problems: Vec<Problem>,
    /// Those of the last look.
    pub(super) tasks: Option<TasksRecord>,
    pub(super) missed: u32,
    last: u32,
    /// Rules that are switched off.
    without: Vec<&'static str>,
    /// What all looks say together, as of the last one.
    pub(super) judged: Report,
}

impl Looks {
    /// Judged by all rules but those named.
    pub(super) fn without(without: &[&'static str]) -> Self {
        Self { without: without.to_vec(), ..Self::default() }
    }

    /// Adds a look and judges all of them.
    pub(super) fn add(&mut self, round: u32, elapsed: Duration, work: Work, examined: &Examined) {
        self.note(round, elapsed, work, examined);
        self.judged = self.judge(examined, &self.without, &Thresholds::default());
        if let Some(tasks) = &self.tasks {
            tell_where_tasks_wait(&mut self.judged.findings, tasks);
        }
    }

    /// Adds a look.
    pub(super) fn note(&mut self, round: u32, elapsed: Duration, work: Work, examined: &Examined) {
        for message in &examined.problems {
            self.problem("decode", message.clone());
        }
        self.rounds.push(round_record(round, elapsed, &work, examined));
        let session = Session::from(examined);
        self.censuses.push(session.types().to_vec());
        self.tasks = session.tasks().cloned();
        self.series.add(&session, elapsed.as_secs_f64(), work.requests);
        self.counts.push(Counts::read(session.snapshot(), &ValuesOf::of(examined, session.snapshot(), &[])));
        // After a look that was not possible there is the growth of two rounds.
        let requests = u64::from(round - self.last).max(1);
        self.last = round;
        self.shapes.push(RoundShapes { shapes: session.into_shapes(), requests, work });
    }

    /// What all looks say together, of which `last` is the last, by all rules but those named.
    pub(super) fn judge(&self, last: &Examined, without: &[&'static str], thresholds: &Thresholds) -> Report {
        let session = Session::from(last);
        let counters = rising(&self.counts);
        let values = ValuesOf::of(last, session.snapshot(), &counters);
        let alike = alike(&self.shapes);
        let looks = rounds(&self.shapes, &alike);
        let seen = Seen {
            looks: Some((&looks, GrowthUnit::Round)),
            snapshot: Some((session.snapshot(), session.replay())),
            values: Some(&values),
            ..Seen::default()
        };
        // How cycles grew is told by the series of looks.
        let with_cycles: Vec<&'static str> = without.iter().copied().chain([CYCLES]).collect();
        let mut judged = judge(&seen, &with_cycles, thresholds);
        self.series.judge(&mut judged, without, thresholds);
        judged
    }

    pub(super) fn miss(&mut self, round: u32, error: &dyn std::fmt::Display) {
        self.missed += 1;
        self.problem("look", format!("round {round} was not seen: {error}"));
    }

    fn problem(&mut self, stage: &str, message: String) {
        let problem = Problem { stage: stage.into(), message };
        // Of what differs from look to look by its figures only, the last is told.
        let kind = |message: &str| message.replace(|c: char| c.is_ascii_digit(), "");
        let same =
            |known: &&mut Problem| known.stage == problem.stage && kind(&known.message) == kind(&problem.message);
        match self.problems.iter_mut().find(same) {
            Some(known) if problem.stage == "decode" => *known = problem,
            Some(known) if *known == problem => {}
            _ => self.problems.push(problem),
        }
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.judged.findings
    }

    pub(super) fn observations(&self) -> Vec<ObservationRecord> {
        let told = |observation: &Observation| match observation {
            Observation::Told(record) => Some(record.clone()),
            _ => None,
        };
        self.judged.observations.iter().filter_map(told).collect()
    }

    /// By what the program itself counts its work.
    pub(super) fn counted(&self) -> Vec<CountedWork> {
        let told = |counter: Counter| CountedWork { expression: counter.expression, values: counter.values };
        rising(&self.counts).into_iter().take(COUNTED_MAX).map(told).collect()
    }

    /// Types whose count at the end is above that at the beginning, most bytes gained first.
    pub(super) fn growth(&self) -> Vec<GrowthRow> {
        growth(&self.censuses)
    }
}

/// What a look's memory holds and its snapshot does not.
pub(in crate::looks) struct ValuesOf<'a> {
    image: &'a MemoryImage,
    interpreter: &'a Interpreter,
    snapshot: &'a HeapSnapshot,
    counters: &'a [Counter],
}

impl Values for ValuesOf<'_> {
    fn number(&self, id: ObjectId) -> Option<i64> {
        let is_number = self.snapshot.role(id) == TypeRole::Integer;
        is_number.then(|| self.word(id, self.interpreter.dialect.number.value)).flatten().map(|word| word as i64)
    }

    fn items_max(&self, id: ObjectId) -> Option<u64> {
        let is_deque = self.snapshot.type_of(id).qualified_name() == "collections.deque";
        let most = is_deque.then(|| self.word(id, self.interpreter.dialect.deque.maxlen)).flatten()?;
        // Below zero there is none.
        i64::try_from(most).ok().map(|_| most)
    }

    fn counters(&self) -> &[Counter] {
        self.counters
    }
}

impl<'a> ValuesOf<'a> {
    /// Of a look, and of what the program counts.
    pub(in crate::looks) fn of(examined: &'a Examined, snapshot: &'a HeapSnapshot, counters: &'a [Counter]) -> Self {
        Self { image: &examined.image, interpreter: &examined.interpreter, snapshot, counters }
    }

    fn word(&self, id: ObjectId, offset: u64) -> Option<u64> {
        self.image.u64_at(Address(self.snapshot.object(id).address).offset(offset))
    }
}

fn round_record(round: u32, elapsed: Duration, work: &Work, examined: &Examined) -> WatchRound {
    let rss: u64 = examined.mappings.iter().filter_map(|mapping| mapping.region.rss_bytes).sum();
    WatchRound {
        round: u64::from(round),
        seconds: elapsed.as_secs_f64(),
        objects: examined.snapshot.len() as u64,
        bytes: examined.snapshot.ids().map(|id| examined.snapshot.object(id).shallow_size).sum(),
        rss_bytes: Some(rss),
        pause_ms: Some(pause_ms(examined)),
        processor_seconds: work.processor_seconds,
    }
}

/// Types whose count at the end is above that at the beginning, most bytes gained first.
fn growth(censuses: &[Vec<TypeRow>]) -> Vec<GrowthRow> {
    let mut by_type: BTreeMap<&str, GrowthRow> = BTreeMap::new();
    for (round, census) in censuses.iter().enumerate() {
        for row in census {
            let entry = by_type.entry(&row.type_name).or_insert_with(|| GrowthRow {
                type_name: row.type_name.clone(),
                counts: vec![0; censuses.len()],
                bytes: vec![0; censuses.len()],
                every_round: false,
            });
            entry.counts[round] = row.count;
            entry.bytes[round] = row.bytes;
        }
    }
    let gained = |row: &GrowthRow| match (row.bytes.first(), row.bytes.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => 0,
    };
    let mut rows: Vec<GrowthRow> = by_type
        .into_values()
        .map(|row| GrowthRow { every_round: row.counts.windows(2).all(|pair| pair[1] > pair[0]), ..row })
        .filter(|row| gained(row) > 0)
        .collect();
    rows.sort_by(|one, other| gained(other).cmp(&gained(one)).then_with(|| one.type_name.cmp(&other.type_name)));
    rows
}
