//! Growth over time on a live process.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bloathound_detect::{GrowthUnit, Thresholds};
use bloathound_vocabulary::{GrowthRow, Problem, SCHEMA_VERSION, TypeRow, WatchReport, WatchRound};

use super::growth::{RoundShapes, find};
use super::inspect::pause_ms;
use crate::session::Session;
use crate::source::{ExamineError, ExamineOptions, Examined, LiveProcess, process_record};
use crate::tool;

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
/// there were.
///
/// # Errors
/// [`ExamineError`] of the first look that fails.
pub fn watch(options: &WatchOptions, tell: &mut dyn FnMut(u32, usize)) -> Result<WatchReport, ExamineError> {
    let mut process = LiveProcess::open(options.pid, options.look.clone())?;
    let started = Instant::now();
    let mut shapes = Vec::new();
    let mut rounds = Vec::new();
    let mut censuses = Vec::new();
    let mut problems: Vec<String> = Vec::new();
    for round in 0..=options.rounds {
        let due = options.interval.saturating_mul(round);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        let examined = process.examine()?;
        tell(round, examined.snapshot.len());
        rounds.push(round_record(round, started.elapsed(), &examined));
        problems.extend(
            examined.problems.iter().filter(|problem| !problems.contains(problem)).cloned().collect::<Vec<_>>(),
        );
        let session = Session::from(&examined);
        censuses.push(session.types().to_vec());
        shapes.push(RoundShapes { shapes: session.into_shapes(), requests: 1 });
    }
    let judged = find(&shapes, GrowthUnit::Round, &[], &Thresholds::default());
    let decode = problems.into_iter().map(|message| Problem { stage: "decode".into(), message });
    Ok(WatchReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target: process_record(options.pid, process.interpreter(), process.symbols().build_id.clone()),
        rounds,
        growth: growth(&censuses),
        findings: judged.findings,
        problems: decode.chain(judged.problems).collect(),
    })
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
