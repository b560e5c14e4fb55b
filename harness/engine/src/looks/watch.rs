//! Growth over time on a live process.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bloathound_detect::{GrowthUnit, Thresholds};
use bloathound_live::LiveError;
use bloathound_vocabulary::{GrowthRow, Partial, Problem, SCHEMA_VERSION, TypeRow, WatchReport, WatchRound};

use super::growth::{RoundShapes, find};
use super::inspect::pause_ms;
use super::series::Series;
use crate::interrupt::Interrupt;
use crate::session::Session;
use crate::source::{ExamineError, ExamineOptions, Examined, LiveProcess, process_record};
use crate::tool;

/// How often is looked whether the process is still there: its end is when the results are wanted.
const ALIVE_EVERY: Duration = Duration::from_millis(100);

/// What to watch and how often.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// The process.
    pub pid: u32,
    /// Looks after the first one.
    pub rounds: u32,
    /// From one look to the next.
    pub interval: Duration,
    /// How to look.
    pub look: ExamineOptions,
}

/// A first look as the base, then one after each interval. `tell` hears of each look: its number and how many objects
/// there were; none where it failed. When the process or we are to end, the looks so far are judged. A look that failed in a way that the next
/// may not (a pause past its budget) is left out, and said to be.
///
/// # Errors
/// [`ExamineError`] where no look succeeded.
pub fn watch(
    options: &WatchOptions,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(u32, Option<usize>),
) -> Result<WatchReport, ExamineError> {
    let mut process = LiveProcess::open(options.pid, options.look.clone())?;
    let started = Instant::now();
    let mut looks = Looks::default();
    let mut ended = None;
    for round in 0..=options.rounds {
        let due = options.interval.saturating_mul(round);
        ended = wait(&process, due, started, interrupt);
        if ended.is_some() {
            break;
        }
        match process.examine() {
            Ok(examined) => {
                tell(round, Some(examined.snapshot.len()));
                looks.add(round, started.elapsed(), &examined);
            }
            Err(error) if costs_one_look(&error) && process.process().check_alive().is_ok() => {
                tell(round, None);
                looks.miss(round, &error);
                // Nothing was seen, and nothing will be: that is the answer.
                if looks.rounds.is_empty() && round == options.rounds {
                    return Err(error);
                }
            }
            Err(error) if looks.rounds.is_empty() => return Err(error),
            Err(error) => {
                // That the process ended explains whatever failed because of it.
                let gone = process.process().check_alive().err();
                ended = Some(gone.map_or_else(|| error.to_string(), |gone| gone.to_string()));
                break;
            }
        }
    }
    let far = |why: String| format!("{why}; {} of {} looks", looks.rounds.len(), u64::from(options.rounds) + 1);
    let missed = (looks.missed > 0).then(|| "a look was not possible".to_owned());
    let partial = ended.or(missed).map(far).map(Partial::from);
    let mut judged = find(&looks.shapes, GrowthUnit::Round, &[], &Thresholds::default());
    let observations = looks.series.judge(&mut judged, &Thresholds::default());
    Ok(WatchReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target: process_record(options.pid, process.interpreter(), process.symbols().build_id.clone()),
        rounds: looks.rounds,
        growth: growth(&looks.censuses),
        findings: judged.findings,
        observations,
        problems: looks.problems.into_iter().chain(judged.problems).collect(),
        partial,
    })
}

/// Waits for the next look to be due. Why there will be none, where the process or we are to end.
fn wait(process: &LiveProcess, due: Duration, started: Instant, interrupt: &Interrupt) -> Option<String> {
    loop {
        let left = due.saturating_sub(started.elapsed());
        if let Some(stop) = interrupt.sleep(left.min(ALIVE_EVERY)) {
            return Some(format!("ended by {}", stop.as_str()));
        }
        if left.is_zero() {
            return None;
        }
        if let Err(gone) = process.process().check_alive() {
            return Some(gone.to_string());
        }
    }
}

/// Whether the next look may succeed where this one did not.
fn costs_one_look(error: &ExamineError) -> bool {
    let ExamineError::Live(error) = error else { return false };
    matches!(error, LiveError::PauseBudget { .. } | LiveError::DidNotStop { .. } | LiveError::NeverAcceptable { .. })
}

/// The looks so far.
#[derive(Default)]
struct Looks {
    shapes: Vec<RoundShapes>,
    series: Series,
    rounds: Vec<WatchRound>,
    censuses: Vec<Vec<TypeRow>>,
    problems: Vec<Problem>,
    missed: u32,
    last: u32,
}

impl Looks {
    fn add(&mut self, round: u32, elapsed: Duration, examined: &Examined) {
        for message in &examined.problems {
            self.problem("decode", message.clone());
        }
        self.rounds.push(round_record(round, elapsed, examined));
        let session = Session::from(examined);
        self.censuses.push(session.types().to_vec());
        self.series.add(&session, elapsed.as_secs_f64());
        // After a look that was not possible there is the growth of two rounds.
        let requests = u64::from(round - self.last).max(1);
        self.last = round;
        self.shapes.push(RoundShapes { shapes: session.into_shapes(), requests });
    }

    fn miss(&mut self, round: u32, error: &ExamineError) {
        self.missed += 1;
        self.problem("look", format!("round {round} was not seen: {error}"));
    }

    fn problem(&mut self, stage: &str, message: String) {
        let problem = Problem { stage: stage.into(), message };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

fn round_record(round: u32, elapsed: Duration, examined: &Examined) -> WatchRound {
    let rss: u64 = examined.mappings.iter().filter_map(|mapping| mapping.region.rss_bytes).sum();
    WatchRound {
        round: u64::from(round),
        seconds: elapsed.as_secs_f64(),
        objects: examined.snapshot.len() as u64,
        bytes: examined.snapshot.ids().map(|id| examined.snapshot.object(id).shallow_size).sum(),
        rss_bytes: Some(rss),
        pause_ms: Some(pause_ms(examined)),
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
