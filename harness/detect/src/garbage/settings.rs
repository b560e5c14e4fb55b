//! Why no collection comes: what the collector's settings and counts of several looks say.

use crate::Verdict;
use crate::series::{CollectorFacts, GenerationFacts, LookFacts, bytes_text};
use crate::thresholds::GarbageThresholds;

/// Why no collection comes.
pub(super) struct Cause {
    pub(super) verdict: Verdict,
    pub(super) text: String,
}

impl Cause {
    /// It is so by what the program set, whether garbage grows or not.
    pub(super) fn is_a_setting(&self) -> bool {
        self.verdict != Verdict::Waits
    }
}

/// What keeps the collector; `None` where it comes.
pub(super) fn cause(looks: &[LookFacts], limits: &GarbageThresholds) -> Option<Cause> {
    let collectors: Vec<&CollectorFacts> = looks.iter().map(|look| look.collector.as_ref()).collect::<Option<_>>()?;
    let last = collectors.last()?;
    if collectors.iter().all(|collector| collector.enabled == Some(false)) {
        return Some(Cause { verdict: Verdict::CollectorOff, text: "disabled: gc.disable() was called".into() });
    }
    let youngest = last.generations.first()?;
    if youngest.threshold == 0 {
        let text = "disabled by a threshold of 0: gc.set_threshold(0) was called".into();
        return Some(Cause { verdict: Verdict::CollectorFrozen, text });
    }
    // A collection follows as soon as the count passes the threshold; only between two looks may it be above.
    let far_above = |collector: &CollectorFacts| {
        collector
            .generations
            .first()
            .is_some_and(|one| one.count > one.threshold.saturating_mul(i64::from(limits.counts_above_min)))
    };
    if last.enabled.is_none() && collectors.iter().all(|collector| far_above(collector)) {
        let text = format!(
            "disabled, to all appearances: {} allocations since the last collection, where {} are enough for one",
            youngest.count, youngest.threshold
        );
        return Some(Cause { verdict: Verdict::CollectorOff, text });
    }
    never_reached(looks, &collectors, limits).or_else(|| waits(looks, last, limits))
}

/// A generation whose threshold was set so high that it is not reached in any time that matters.
fn never_reached(looks: &[LookFacts], collectors: &[&CollectorFacts], limits: &GarbageThresholds) -> Option<Cause> {
    // A recording has none.
    let seconds = Some(looks.last()?.seconds - looks.first()?.seconds).filter(|seconds| *seconds > 0.0);
    let garbage = looks.last()?.garbage.bytes.saturating_sub(looks.first()?.garbage.bytes);
    for index in 0..collectors.last()?.generations.len() {
        let series: Vec<GenerationFacts> =
            collectors.iter().map(|collector| collector.generations.get(index).copied()).collect::<Option<_>>()?;
        let (first, last) = (series.first()?, series.last()?);
        if last.threshold < last.usual_threshold.saturating_mul(i64::from(limits.raised_times_min)) {
            continue;
        }
        if series.windows(2).any(|pair| matches!(pair, [before, after] if after.count < before.count)) {
            continue;
        }
        let counted = (last.count - first.count) as f64;
        let left = (last.threshold - last.count).max(0) as f64 / counted.max(f64::MIN_POSITIVE);
        let left_seconds = seconds.map(|seconds| left * seconds);
        let left_bytes = garbage as f64 * left;
        let comes_late = left_seconds.is_some_and(|left| left >= limits.reached_seconds_max);
        if comes_late || left_bytes >= limits.reached_bytes_max as f64 {
            let when = match left_seconds.filter(|_| comes_late) {
                _ if counted <= 0.0 => "never at this rate".to_owned(),
                Some(left) => format!("{:.0} hours from now at this rate", left / 3600.0),
                None => format!("when {} of garbage wait, as it goes now", bytes_text(left_bytes as u64)),
            };
            let text = format!(
                "not disabled, but the threshold of generation {index} is {}, and its count, {}, reaches that {when}",
                last.threshold, last.count
            );
            return Some(Cause { verdict: Verdict::CollectorFrozen, text });
        }
    }
    None
}

/// More garbage than the thresholds let wait: what passes through the young generations before the oldest is due, and the
/// share of the old objects by which the interpreter puts off a full collection.
fn waits(looks: &[LookFacts], collector: &CollectorFacts, limits: &GarbageThresholds) -> Option<Cause> {
    let last = looks.last()?;
    let before_oldest: u64 = collector
        .generations
        .iter()
        .map(|one| u64::try_from(one.threshold).unwrap_or(0).saturating_add(1))
        .fold(1, u64::saturating_mul);
    let put_off = last.tracked.checked_div(collector.put_off_one_in).unwrap_or(0);
    let allowed = before_oldest.saturating_add(put_off);
    let waits = last.garbage.objects > allowed.saturating_mul(limits.waits_times_min);
    waits.then(|| Cause {
        verdict: Verdict::Waits,
        text: format!("on, but {} objects wait, where its thresholds let about {} wait", last.garbage.objects, allowed),
    })
}
