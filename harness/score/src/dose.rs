//! Dose and response: how much has to grow a request until it is found.

use std::collections::BTreeMap;

use bloathound_vocabulary::{
    Baseline, DosePoint, DoseRecord, ExpectedRecord, FindingClass, LookRecord, RunRecord, RunSource,
};

use crate::shares::{median, rounded, wilson};

/// What the heap grew by a request, from the first of these looks to the last; `None` without requests in between, and
/// where it did not grow.
#[must_use]
pub fn dose(looks: &[LookRecord]) -> Option<DoseRecord> {
    let (first, last) = (looks.first()?, looks.last()?);
    let requests = last.requests.checked_sub(first.requests).filter(|requests| *requests > 0)? as f64;
    let objects = last.objects.checked_sub(first.objects)? as f64 / requests;
    let bytes = last.object_bytes.checked_sub(first.object_bytes).filter(|bytes| *bytes > 0)? as f64 / requests;
    Some(DoseRecord { objects_per_request: rounded(objects), bytes_per_request: rounded(bytes) })
}

/// Valid live runs with a bug of growth, by powers of two of their dose in bytes a request.
#[must_use]
pub fn dose_response(runs: &[RunRecord]) -> Vec<DosePoint> {
    let mut points: BTreeMap<u64, Vec<(&RunRecord, DoseRecord)>> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.valid && run.source == RunSource::Live && bugs(run).next().is_some()) {
        if let Some(dose) = run.dose {
            let from = (dose.bytes_per_request.max(1.0) as u64).checked_ilog2().map_or(1, |power| 1 << power);
            points.entry(from).or_default().push((run, dose));
        }
    }
    points.into_iter().map(|(from, runs)| point(from, &runs)).collect()
}

fn bugs(run: &RunRecord) -> impl Iterator<Item = &ExpectedRecord> {
    run.expected.iter().filter(|bug| matches!(bug.class, FindingClass::Leak | FindingClass::Growth))
}

fn point(from: u64, runs: &[(&RunRecord, DoseRecord)]) -> DosePoint {
    let cases = runs.len() as u64;
    let found = runs.iter().filter(|(run, _)| bugs(run).all(|bug| bug.found)).count() as u64;
    let (found_low, found_high) = wilson(found, cases).unwrap_or_default();
    let of = |value: fn(&DoseRecord) -> f64| {
        median(runs.iter().map(|(_, dose)| value(dose)).collect(), f64::total_cmp).unwrap_or_default()
    };
    let noticed = |baseline: Baseline| {
        let says = |run: &RunRecord| Some(run.baselines.iter().find(|one| one.baseline == baseline)?.alarm);
        let said: Vec<bool> = runs.iter().filter_map(|(run, _)| says(run)).collect();
        (!said.is_empty()).then(|| (baseline, said.iter().filter(|alarm| **alarm).count() as u64))
    };
    DosePoint {
        bytes_from: from,
        objects_per_request: of(|dose| dose.objects_per_request),
        bytes_per_request: of(|dose| dose.bytes_per_request),
        cases,
        found,
        found_low,
        found_high,
        baselines: Baseline::ALL.into_iter().filter_map(noticed).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn look(requests: u64, objects: u64, object_bytes: u64) -> LookRecord {
        LookRecord { requests, seconds: None, rss_bytes: 0, objects, object_bytes }
    }

    #[test]
    fn a_dose_is_growth_by_requests_and_none_without_either() {
        let dose = dose(&[look(4, 100, 1000), look(6, 130, 1900), look(14, 150, 2000)]).unwrap();
        assert_eq!((dose.objects_per_request, dose.bytes_per_request), (5.0, 100.0));
        for looks in [&[look(4, 100, 1000), look(4, 200, 2000)][..], &[look(1, 9, 9), look(2, 9, 9)], &[look(1, 2, 2)]]
        {
            assert_eq!(super::dose(looks), None);
        }
    }

    #[test]
    fn runs_are_put_together_by_powers_of_two_and_twins_stand_nowhere() {
        let dosed = |mut run: RunRecord, bytes: f64| {
            run.dose = Some(DoseRecord { objects_per_request: bytes / 50.0, bytes_per_request: bytes });
            run
        };
        let runs = [
            dosed(samples::run_pass(), 900.0),
            dosed(samples::run_missed(), 520.0),
            dosed(samples::run_pass(), 5000.0),
            dosed(samples::run_false_alarm(), 700.0),
            dosed(samples::run_invalid(), 700.0),
            samples::run_pass(),
        ];
        let points = dose_response(&runs);
        let figures: Vec<_> = points.iter().map(|point| (point.bytes_from, point.cases, point.found)).collect();
        assert_eq!(figures, [(512, 2, 1), (4096, 1, 1)]);
        assert_eq!(points[0].bytes_per_request, 520.0);
    }
}
