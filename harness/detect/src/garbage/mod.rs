//! Garbage: what nothing refers to any more, and no collection comes for.
//!
//! [`frozen`] is what no collection will ever see, since it was garbage already when `gc.freeze()` was called.
//!
//! Needs the facts of several looks. Garbage goes up and down in every program that makes cycles; a finding is where it only
//! goes up, and the collector's own settings say why no collection comes.

mod frozen;
mod settings;

use crate::series::{Climb, LookFacts, bytes_text, figures};
use crate::thresholds::fixed::GARBAGE_TYPES_TOLD;
use bloathound_vocabulary::ObservationClass;

use crate::{Evidence, Finding, FindingClass, GarbageEvidence, Location, ObservationRecord, Thresholds, Verdict};
use bloathound_vocabulary::Grade;
use settings::Cause;

/// What the rule says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GarbageReport {
    /// None, or one of what waits and one of what was frozen.
    pub findings: Vec<Finding>,
    /// What is no bug.
    pub observations: Vec<ObservationRecord>,
}

/// Judges the garbage of several looks.
#[must_use]
pub fn find_garbage(looks: &[LookFacts], thresholds: &Thresholds) -> GarbageReport {
    let mut report = GarbageReport::default();
    let Some(last) = looks.last() else { return report };
    report.findings.extend(frozen::finding(looks, last, thresholds));
    let rounds = figures(looks, |look| look.garbage.objects);
    let climb = Climb::over(looks, &rounds);
    let grows = climb.is_steady(&thresholds.series) && climb.gained >= thresholds.garbage.garbage_objects_min;
    let Some(cause) = settings::cause(looks, &thresholds.garbage) else { return report };
    if !grows {
        if cause.is_a_setting() {
            let summary = format!(
                "the collector does not come ({}); garbage does not grow either: {} objects wait",
                cause.text, last.garbage.objects
            );
            report.observations.push(
                ObservationRecord::new(ObservationClass::CollectorOff, summary).with("objects", last.garbage.objects),
            );
        }
        return report;
    }
    report.findings.push(finding(last, rounds, climb, cause));
    report
}

fn finding(last: &LookFacts, rounds: Vec<u64>, climb: Climb, cause: Cause) -> Finding {
    let garbage = &last.garbage;
    let summary = format!(
        "{} objects ({}) that refer to each other, and nothing else to them, wait for a collection that does not come, {} more than at the first \
         look; mostly {}. The collector: {}.",
        garbage.objects,
        bytes_text(garbage.bytes),
        climb.gained,
        garbage.types.iter().take(GARBAGE_TYPES_TOLD).cloned().collect::<Vec<_>>().join(", "),
        cause.text
    );
    let (grade, why) = match cause.verdict {
        Verdict::Waits => (Grade::Low, "the collector is on: a collection may come later than we looked".to_owned()),
        _ if climb.rose_always() => {
            (Grade::High, "it grew from each look to the next, and the settings say why".to_owned())
        }
        _ => (
            Grade::Medium,
            "it grew, and the settings say why; a call of gc.collect() may come later than we looked".to_owned(),
        ),
    };
    let evidence = GarbageEvidence {
        objects: garbage.objects,
        bytes: garbage.bytes,
        types: garbage.types.clone(),
        collector: cause.text,
        rounds,
    };
    let types: Vec<&str> = garbage.types.iter().take(1).map(String::as_str).collect();
    let fingerprint = format!("garbage:{}:{}", cause.verdict, types.join("+"));
    let location = Location { module: Some("gc".into()), ..Location::default() };
    Finding::new(FindingClass::Garbage, cause.verdict, fingerprint, location, Evidence::Garbage(evidence))
        .saying(summary)
        .sure(grade, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::{CollectorFacts, GarbageFacts, GenerationFacts};

    fn looks(enabled: Option<bool>, thresholds: [i64; 3], counts: &[i64], garbage: &[u64]) -> Vec<LookFacts> {
        let look = |(index, (count, objects)): (usize, (&i64, &u64))| LookFacts {
            seconds: index as f64 * 3.0,
            collector: Some(CollectorFacts {
                enabled,
                generations: thresholds
                    .iter()
                    .zip([(*count, 700), (0, 10), (0, 10)])
                    .map(|(threshold, (count, usual_threshold))| GenerationFacts {
                        threshold: *threshold,
                        count,
                        usual_threshold,
                    })
                    .collect(),
                put_off_one_in: 4,
            }),
            garbage: GarbageFacts {
                objects: *objects,
                bytes: objects * 64,
                types: vec!["Node".into()],
                ..GarbageFacts::default()
            },
            tracked: 20_000,
            ..LookFacts::default()
        };
        counts.iter().zip(garbage).enumerate().map(look).collect()
    }

    fn told(looks: &[LookFacts]) -> Option<(Verdict, String)> {
        let finding = find_garbage(looks, &Thresholds::default()).findings.into_iter().next()?;
        let Evidence::Garbage(evidence) = finding.evidence else { return None };
        Some((finding.verdict, evidence.collector))
    }

    const RISING: [u64; 6] = [1000, 9000, 17_000, 19_000, 30_000, 41_000];
    const COUNTS: [i64; 6] = [2500, 10_000, 18_000, 20_000, 31_000, 42_000];

    #[test]
    fn a_collector_that_is_off_while_garbage_grows_is_told() {
        let (verdict, text) =
            told(&looks(Some(false), [700, 10, 10], &COUNTS, &RISING)).unwrap_or_else(|| panic!("silent"));
        assert_eq!(verdict, Verdict::CollectorOff);
        assert!(text.starts_with("disabled"), "{text}");
        // Where the flag was not found, the count beyond its threshold tells.
        let unknown = told(&looks(None, [700, 10, 10], &COUNTS, &RISING)).map(|told| told.0);
        assert_eq!(unknown, Some(Verdict::CollectorOff));
    }

    #[test]
    fn honest_work_with_the_collector_off_is_an_observation() {
        let quiet = looks(Some(false), [700, 10, 10], &COUNTS, &[900, 901, 900, 904, 904, 905]);
        let report = find_garbage(&quiet, &Thresholds::default());
        assert_eq!((report.findings.len(), report.observations.len()), (0, 1));
        // By hand: up and down.
        assert_eq!(told(&looks(Some(false), [700, 10, 10], &COUNTS, &[900, 9000, 17_000, 100, 9000, 18_000])), None);
    }

    #[test]
    fn thresholds_that_are_never_reached_are_told() {
        let zero = told(&looks(Some(true), [0, 10, 10], &COUNTS, &RISING));
        assert_eq!(zero.map(|told| told.0), Some(Verdict::CollectorFrozen));
        let huge = told(&looks(Some(true), [100_000_000, 10, 10], &COUNTS, &RISING));
        assert_eq!(huge.map(|told| told.0), Some(Verdict::CollectorFrozen));
    }

    #[test]
    fn a_threshold_is_too_high_by_the_garbage_that_waits_for_it() {
        // A recording has no clock; RISING has 64 bytes an object, and about one for each count.
        let without_clock = |threshold| {
            let mut looks = looks(Some(true), [threshold, 10, 10], &COUNTS, &RISING);
            looks.iter_mut().for_each(|look| look.seconds = 0.0);
            told(&looks)
        };
        let (verdict, text) = without_clock(200_000_000).unwrap_or_else(|| panic!("silent"));
        assert_eq!(verdict, Verdict::CollectorFrozen);
        assert!(text.contains("MiB of garbage wait"), "{text}");
        assert_eq!(without_clock(100_000), None);
    }

    #[test]
    fn a_collector_that_lags_behind_is_left_alone() {
        // A raised threshold that is reached every few seconds.
        let counts = [1500, 9000, 17_000, 18_500, 19_000, 19_500];
        assert_eq!(
            told(&looks(Some(true), [20_000, 10, 10], &counts, &[1000, 8000, 16_000, 17_000, 18_000, 19_000])),
            None
        );
        // The usual thresholds, and what they let wait.
        assert_eq!(told(&looks(Some(true), [700, 10, 10], &[50, 600, 300, 20, 500, 90], &RISING)), None);
        // Far more than they let wait.
        let far: Vec<u64> = RISING.iter().map(|objects| objects * 20).collect();
        let waits = told(&looks(Some(true), [700, 10, 10], &[50, 600, 300, 20, 500, 90], &far));
        assert_eq!(waits.map(|told| told.0), Some(Verdict::Waits));
    }
}
