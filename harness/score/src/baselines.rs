//! Simple ways to notice a bug, on the same runs as the rules: what a rule has to beat.
//!
//! Their limits are ours, and generous: a baseline that is made to look bad proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use bloathound_vocabulary::{Baseline, BaselineRecord, BaselineScore, FindingClass, LookRecord, RunRecord, TypeRow};

use crate::shares::{concerns, rounded, share};

/// Looks from which on a trend can be spoken of.
const LOOKS_MIN: usize = 3;
/// A line explains this share of how resident memory varies, at least: less is noise around no trend.
const FIT_MIN: f64 = 0.7;
/// Resident memory rises by this share over the looks, at least.
const RISE_SHARE_MIN: f64 = 0.01;
/// What a thread that computes without a rest has of a processor, at least.
const BUSY_SHARE_MIN: f64 = 0.9;

/// What a run's looks gave, for the baselines.
#[derive(Clone, Copy, Debug, Default)]
pub struct BaselineFacts<'f> {
    /// The looks that are compared with each other, and their objects by type.
    pub looks: &'f [(LookRecord, Vec<TypeRow>)],
    /// The share of a processor that the busiest thread had, where threads were sampled.
    pub busiest_thread: Option<f64>,
}

/// What each baseline says of a run; those that have nothing to go by are not there.
#[must_use]
pub fn baselines(facts: &BaselineFacts<'_>) -> Vec<BaselineRecord> {
    [rss_slope(facts.looks), growth_by_type(facts.looks), busy_thread(facts.busiest_thread)]
        .into_iter()
        .flatten()
        .collect()
}

fn rss_slope(looks: &[(LookRecord, Vec<TypeRow>)]) -> Option<BaselineRecord> {
    let (first, last) = (looks.first()?.0.rss_bytes as f64, looks.last()?.0.rss_bytes as f64);
    if looks.len() < LOOKS_MIN || first == 0.0 {
        return None;
    }
    let n = looks.len() as f64;
    let rss = || looks.iter().enumerate().map(|(x, (look, _))| (x as f64, look.rss_bytes as f64));
    let (mean_x, mean_y) = (rss().map(|(x, _)| x).sum::<f64>() / n, rss().map(|(_, y)| y).sum::<f64>() / n);
    let xy: f64 = rss().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let xx: f64 = rss().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let yy: f64 = rss().map(|(_, y)| (y - mean_y).powi(2)).sum();
    let fit = if yy > 0.0 { xy * xy / (xx * yy) } else { 0.0 };
    let (slope, rise) = (xy / xx, (last - first) / first);
    Some(BaselineRecord {
        baseline: Baseline::RssSlope,
        alarm: slope > 0.0 && fit >= FIT_MIN && rise >= RISE_SHARE_MIN,
        why: format!(
            "resident memory rose by {:.1} % over {} looks; a line explains {fit:.2} of it",
            rise * 100.0,
            looks.len()
        ),
    })
}

fn growth_by_type(looks: &[(LookRecord, Vec<TypeRow>)]) -> Option<BaselineRecord> {
    let ((_, first), rest) = looks.split_first()?;
    if looks.len() < LOOKS_MIN {
        return None;
    }
    let counts = |types: &[TypeRow]| -> BTreeMap<String, u64> {
        types.iter().map(|row| (row.type_name.clone(), row.count)).collect()
    };
    let mut peak = counts(first);
    let mut growing: Option<BTreeSet<String>> = None;
    for (_, types) in rest {
        let now = counts(types);
        let above =
            |(name, count): (&String, &u64)| (*count > peak.get(name).copied().unwrap_or(0)).then(|| name.clone());
        let grown: BTreeSet<String> = now.iter().filter_map(above).collect();
        growing = Some(growing.map_or_else(|| grown.clone(), |before| before.intersection(&grown).cloned().collect()));
        for (name, count) in now {
            let most = peak.entry(name).or_default();
            *most = (*most).max(count);
        }
    }
    let growing = growing.unwrap_or_default();
    let named: Vec<&str> = growing.iter().map(String::as_str).take(3).collect();
    let why = match growing.len() {
        0 => format!("no type has more objects at each of {} looks than ever before", looks.len()),
        more => format!("{more} types have more objects at each of {} looks: {}", looks.len(), named.join(", ")),
    };
    Some(BaselineRecord { baseline: Baseline::GrowthByType, alarm: !growing.is_empty(), why })
}

fn busy_thread(share: Option<f64>) -> Option<BaselineRecord> {
    let share = share?;
    Some(BaselineRecord {
        baseline: Baseline::BusyThread,
        alarm: share >= BUSY_SHARE_MIN,
        why: format!("the busiest thread had {:.0} % of a processor", share * 100.0),
    })
}

/// How well the baselines tell runs with a bug of each class from runs without any.
#[must_use]
pub fn baseline_scores(runs: &[RunRecord]) -> BTreeMap<FindingClass, Vec<BaselineScore>> {
    let of_class = |class: FindingClass| {
        let scores = Baseline::ALL.into_iter().filter_map(|baseline| score(baseline, class, runs));
        (class, scores.collect::<Vec<_>>())
    };
    FindingClass::ALL.into_iter().map(of_class).filter(|(_, scores)| !scores.is_empty()).collect()
}

fn score(baseline: Baseline, class: FindingClass, runs: &[RunRecord]) -> Option<BaselineScore> {
    let says = |run: &RunRecord| Some(run.baselines.iter().find(|one| one.baseline == baseline)?.alarm);
    let (mut expected, mut found, mut clean_runs, mut alarmed_runs) = (0, 0, 0, 0);
    for run in runs.iter().filter(|run| run.valid && concerns(run, class)) {
        let Some(alarm) = says(run) else { continue };
        if run.expected.iter().any(|bug| bug.class == class) {
            expected += 1;
            found += u64::from(alarm);
        } else if run.expected.is_empty() {
            clean_runs += 1;
            alarmed_runs += u64::from(alarm);
        }
    }
    if expected == 0 {
        return None;
    }
    let (recall, false_alarm_rate) = (share(found, expected), share(alarmed_runs, clean_runs));
    Some(BaselineScore {
        baseline,
        recall,
        false_alarm_rate,
        youden: recall.zip(false_alarm_rate).map(|(recall, rate)| rounded(recall - rate)),
        expected,
        found,
        clean_runs,
        alarmed_runs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn looks(rss: &[u64], counts: &[u64]) -> Vec<(LookRecord, Vec<TypeRow>)> {
        let look = |(rss, count): (&u64, &u64)| {
            let record = LookRecord { requests: 0, seconds: None, rss_bytes: *rss, objects: *count, object_bytes: 0 };
            (record, vec![TypeRow { type_name: "app.Session".into(), count: *count, bytes: 0 }])
        };
        rss.iter().zip(counts).map(look).collect()
    }

    fn says(looks: &[(LookRecord, Vec<TypeRow>)], baseline: Baseline) -> Option<bool> {
        let said = baselines(&BaselineFacts { looks, busiest_thread: None });
        said.into_iter().find(|one| one.baseline == baseline).map(|one| one.alarm)
    }

    #[test]
    fn a_steady_rise_alarms_and_a_jump_a_wobble_and_a_thousandth_do_not() {
        for (rss, alarm) in [
            ([100_000, 102_000, 104_000, 106_000], true),
            ([100_000, 101_900, 104_300, 105_900], true),
            ([100_000, 108_000, 99_000, 102_000], false),
            ([100_000, 100_010, 100_020, 100_030], false),
            ([106_000, 104_000, 102_000, 100_000], false),
        ] {
            assert_eq!(says(&looks(&rss, &[1; 4]), Baseline::RssSlope), Some(alarm), "{rss:?}");
        }
        assert_eq!(says(&looks(&[1, 2], &[1, 2]), Baseline::RssSlope), None);
    }

    #[test]
    fn a_type_has_to_pass_its_peak_at_every_look() {
        for (counts, alarm) in [([5, 6, 7, 8], true), ([5, 6, 6, 7], false), ([5, 9, 6, 8], false), ([5; 4], false)] {
            assert_eq!(says(&looks(&[1; 4], &counts), Baseline::GrowthByType), Some(alarm), "{counts:?}");
        }
    }

    #[test]
    fn a_baseline_is_scored_on_the_runs_that_it_could_judge() {
        let alarm = |alarm| vec![BaselineRecord { baseline: Baseline::RssSlope, alarm, why: String::new() }];
        let mut found = samples::run_pass();
        found.baselines = alarm(true);
        let mut missed = samples::run_missed();
        missed.baselines = alarm(false);
        let mut clean = samples::run_false_alarm();
        clean.baselines = alarm(true);
        let scores = baseline_scores(&[found, missed, clean, samples::run_pass(), samples::run_hot_loop()]);
        let of_leaks = &scores[&FindingClass::Leak];
        assert_eq!(of_leaks.len(), 1);
        assert_eq!((of_leaks[0].expected, of_leaks[0].found, of_leaks[0].alarmed_runs), (2, 1, 1));
        assert_eq!(of_leaks[0].youden, Some(-0.5));
        assert!(!scores.contains_key(&FindingClass::HotLoop));
    }
}
