//! The looks of a run in figures, and when its verdict stood: what scores and simple baselines are made of.

use std::time::Instant;

use bloathound_detect::{Finding, GrowthUnit, Thresholds};
use bloathound_profile::{Profile, ThreadProfile};
use bloathound_vocabulary::{LookRecord, TypeRow};

use super::growth::{self, RoundShapes};
use crate::moment::Look;
use crate::session::Session;
use crate::source::Examined;

/// One look, in figures.
#[derive(Clone, Debug)]
pub struct LookFigures {
    /// What is told of it.
    pub record: LookRecord,
    /// All objects by type.
    pub types: Vec<TypeRow>,
}

/// From when on a verdict stood to the end.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Detected {
    /// Looks it took, the one after the warm-up not counted; `None` for what is judged by samples.
    pub looks: Option<u64>,
    /// Requests answered by then, the warm-up's too; `None` where none were counted.
    pub requests: Option<u64>,
    /// Seconds since the first look, or of sampling; `None` in a recording.
    pub seconds: Option<f64>,
}

impl Detected {
    /// What took longer of both: a run is detected when all that is found of it stands.
    pub(super) fn or_later(self, other: Self) -> Self {
        Self {
            looks: self.looks.max(other.looks),
            requests: self.requests.max(other.requests),
            seconds: [self.seconds, other.seconds].into_iter().flatten().reduce(f64::max),
        }
    }
}

/// The figures of one look; `since` is when the first one was taken, where that is known.
pub(super) fn of_look(look: &Look, session: &Session<'_>, examined: &Examined, since: Option<Instant>) -> LookFigures {
    let types = session.types().to_vec();
    let record = LookRecord {
        requests: look.requests,
        seconds: since.map(|since| since.elapsed().as_secs_f64()),
        rss_bytes: examined.mappings.iter().filter_map(|mapping| mapping.region.rss_bytes).sum(),
        objects: types.iter().map(|row| row.count).sum(),
        object_bytes: types.iter().map(|row| row.bytes).sum(),
    };
    LookFigures { record, types }
}

/// The first look from which on every later one, taken as the last, would have told all of `found` too.
pub(super) fn stood_from(
    found: &[Finding],
    rounds: &[RoundShapes],
    figures: &[LookFigures],
    without: &[&'static str],
    thresholds: &Thresholds,
) -> Option<Detected> {
    if found.is_empty() {
        return None;
    }
    let told = |until: usize| {
        let earlier = growth::find(&rounds[..until], GrowthUnit::Request, without, thresholds).findings;
        found.iter().all(|one| earlier.iter().any(|two| two.class == one.class && two.fingerprint == one.fingerprint))
    };
    let stood = (1..rounds.len()).rev().take_while(|until| told(*until)).last().unwrap_or(rounds.len());
    let record = figures.get(stood - 1).map(|look| &look.record);
    Some(Detected {
        looks: Some(stood as u64 - 1),
        requests: record.map(|record| record.requests),
        seconds: record.and_then(|record| record.seconds),
    })
}

/// Of the time that it was sampled, the share in which the busiest thread had a processor; waiting for one counts for
/// nothing. `None` without two samples of a thread.
pub(super) fn busiest_thread(profile: &Profile) -> Option<f64> {
    let share = |thread: &ThreadProfile| {
        let (first, last) = (thread.samples.first()?, thread.samples.last()?);
        let wall = last.monotonic_ns.checked_sub(first.monotonic_ns)?;
        let waited = last.facts.wait_ns.saturating_sub(first.facts.wait_ns);
        let could = wall.saturating_sub(waited);
        (could > 0).then(|| last.facts.cpu_ns.saturating_sub(first.facts.cpu_ns) as f64 / could as f64)
    };
    profile.threads.iter().filter_map(share).reduce(f64::max).map(|share| share.min(1.0))
}
