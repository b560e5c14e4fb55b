use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bloathound_detect::{GrowthRound, GrowthUnit, Thresholds, find_growth};
use bloathound_engine::examine::{Examined, Target};
use bloathound_report::json::{GrowthRow, Problem, SCHEMA_VERSION, ToolRecord, TypeRow, WatchReport, WatchRound};
use bloathound_report::text::{self, InspectView};

use super::inspect;
use crate::analysis::{self, RoundShapes};
use crate::args::WatchArguments;
use crate::error::CliError;
use crate::output;

/// `bloathound watch`: growth over time on a live process.
pub(crate) fn watch(arguments: &WatchArguments) -> Result<u8, CliError> {
    let mut target = Target::open(arguments.pid, inspect::options(&arguments.look))?;
    let started = Instant::now();
    let mut shapes = Vec::new();
    let mut rounds = Vec::new();
    let mut censuses = Vec::new();
    let mut problems: Vec<String> = Vec::new();
    // A first look as the base, then one after each interval.
    for round in 0..=arguments.rounds {
        let due = Duration::from_secs_f64(arguments.interval).saturating_mul(round);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        let examined = target.examine()?;
        output::progress(&format!("look {round} of {}: {} objects", arguments.rounds, examined.snapshot.len()));
        rounds.push(round_record(round, started.elapsed(), &examined));
        problems.extend(
            examined.problems.iter().filter(|problem| !problems.contains(problem)).cloned().collect::<Vec<_>>(),
        );
        shapes.push(RoundShapes { shapes: analysis::shapes(&examined), requests: 1 });
        censuses.push(inspect::census(&examined.snapshot, |_| true));
    }
    let looks: Vec<GrowthRound<'_>> =
        shapes.iter().map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests }).collect();
    let judged = find_growth(&looks, GrowthUnit::Round, &Thresholds::default());
    let decode = problems.into_iter().map(|message| Problem { stage: "decode".into(), message });
    let report = WatchReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound(env!("CARGO_PKG_VERSION")),
        target: inspect::target_record(arguments.pid, target.interpreter(), target.symbols().build_id.clone()),
        rounds,
        growth: growth(&censuses),
        findings: judged.findings.clone(),
        problems: decode.chain(judged.problems.iter().cloned()).collect(),
    };
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        let view = InspectView { color: output::color(), ..InspectView::default() };
        output::result(&text::watch(&report, view));
    }
    Ok(0)
}

fn round_record(round: u32, elapsed: Duration, examined: &Examined) -> WatchRound {
    let rss: u64 = examined.mappings.iter().filter_map(|mapping| mapping.region.rss_bytes).sum();
    WatchRound {
        round: u64::from(round),
        seconds: elapsed.as_secs_f64(),
        objects: examined.snapshot.len() as u64,
        bytes: examined.snapshot.ids().map(|id| examined.snapshot.object(id).shallow_size).sum(),
        rss_bytes: Some(rss),
        pause_ms: Some(inspect::pause_ms(examined)),
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
