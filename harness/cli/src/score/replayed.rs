//! A recorded run, replayed and brought to be judged again.

use std::path::{Path, PathBuf};
use std::time::Instant;

use bloathound_bounds::read_regular;
use bloathound_engine::looks::replay;
use bloathound_engine::record::{FINDINGS, MANIFEST, RecordedRun, findings_json};
use bloathound_report::html::RunExtras;
use bloathound_scenario::{Scenario, Traffic};
use bloathound_score::{Made, Recorded};
use bloathound_vocabulary::{RunRecord, name_under};
use serde_json::Value;

use crate::error::CliError;

/// Longest findings of one run; they have some kB.
const FINDINGS_BYTES_MAX: u64 = 64 << 20;

/// Which run it is, in a few words: `leak, buggy`.
pub(crate) fn told(run: &RecordedRun) -> String {
    format!("{}, {}", name_under(&run.scenario, run.series.as_deref(), run.traffic), run.variant.as_str())
}

/// Judges a recorded run, and holds what it finds against what its scenario wants and what it found then. Where a page is
/// `wanted`, what it shows beside that comes too.
pub(crate) fn judge(folder: &Path, run: &RecordedRun, wanted: bool) -> Result<(RunRecord, RunExtras), CliError> {
    let begun = Instant::now();
    let result = replay(folder, run, wanted)?;
    let extras = RunExtras { inspect: result.last_look, heat: result.heat_map, fix_diff: None };
    let mut scenario = scenario(folder, run)?;
    scenario.traffic = run.traffic.unwrap_or(Traffic::Steady);
    scenario.on = run.series.clone();
    let path = folder.join(FINDINGS);
    let stored = read_regular(&path, FINDINGS_BYTES_MAX).map_err(|error| CliError::file(&path, error))?;
    let differs = !says_the_same(&stored, findings_json(&result.findings)?.as_bytes());
    let recorded = Recorded { lacks_samples: run.lacks_samples(), differs_from: differs.then(|| FINDINGS.to_owned()) };
    let made = Made {
        seed: run.seed,
        requests: run.requests,
        invalid_because: run.invalid_because.clone(),
        findings: result.findings,
        observations: result.observations,
        problems: result.problems,
        timing: result.timing,
        seconds: begun.elapsed().as_secs_f64(),
        ..Made::default()
    };
    let mut record = bloathound_score::replayed(&scenario, run.variant, &recorded, made);
    record.recording = Some(folder.display().to_string());
    Ok((record, extras))
}

/// Whether what was found then is found now, byte for byte where a value is written. A field that came later says more and
/// nothing else: a recording outlives the tool that made it.
fn says_the_same(stored: &[u8], found: &[u8]) -> bool {
    let read = |text| serde_json::from_slice::<Value>(text).ok();
    stored == found || read(stored).zip(read(found)).is_some_and(|(stored, found)| is_told_by(&stored, &found))
}

fn is_told_by(stored: &Value, found: &Value) -> bool {
    match (stored, found) {
        (Value::Object(stored), Value::Object(found)) => {
            stored.iter().all(|(name, value)| found.get(name).is_some_and(|now| is_told_by(value, now)))
        }
        (Value::Array(stored), Value::Array(found)) => {
            stored.len() == found.len() && stored.iter().zip(found).all(|(value, now)| is_told_by(value, now))
        }
        _ => stored == found,
    }
}

/// The scenario as it was when recorded.
fn scenario(folder: &Path, run: &RecordedRun) -> Result<Scenario, CliError> {
    if Path::new(&run.service).file_name().is_none_or(|name| name != run.service.as_str()) {
        return Err(CliError::file(&folder.join(MANIFEST), format!("{:?} is no service's name", run.service)));
    }
    let file = PathBuf::from(format!("{}.yaml", run.scenario));
    Ok(bloathound_scenario::parse_recorded(&run.scenario_yaml, &file)?)
}

#[cfg(test)]
mod tests {
    use super::says_the_same;

    #[test]
    fn a_field_that_came_later_is_no_difference_and_all_else_is() {
        let stored = r#"[{"class": "leak", "where": {"path": ["a", "b"]}, "bytes": 1.50}]"#;
        let same = |found: &str| says_the_same(stored.as_bytes(), found.as_bytes());
        assert!(same(stored));
        assert!(same(
            r#"[{"class": "leak", "summary": "", "where": {"expression": "a.b", "path": ["a", "b"]}, "bytes": 1.5}]"#
        ));
        for other in [
            r#"[]"#,
            r#"[{"class": "leak", "where": {"path": ["a"]}, "bytes": 1.5}]"#,
            r#"[{"class": "leak", "where": {"path": ["a", "b"]}, "bytes": 1.6}]"#,
            r#"[{"class": "leak", "bytes": 1.5}]"#,
            r#"[{"class": "leak", "where": {"path": ["a", "b"]}, "bytes": 1.5}, {}]"#,
            "no JSON",
        ] {
            assert!(!same(other), "{other}");
        }
    }
}
