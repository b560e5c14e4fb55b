//! A recorded run, judged and scored again.

use std::path::{Path, PathBuf};

use bloathound_engine::looks::replay;
use bloathound_engine::record::{FINDINGS, MANIFEST, RecordedRun, findings_json};
use bloathound_report::json::outcome_of;
use bloathound_report::json::{DisturbanceRecord, Finding, Outcome, Problem, RunRecord};
use bloathound_scenario::{FindingClass, Scenario};

use super::expected::{held_against, looked_for};
use crate::error::CliError;

/// Judges a recorded run, and holds what it finds against what its scenario wants and what it found then.
pub(crate) fn judge(folder: &Path, run: &RecordedRun) -> Result<RunRecord, CliError> {
    let result = replay(folder, run)?;
    let scenario = scenario(folder, run)?;
    let mut expectations = scenario.variants.get(&run.variant).map_or_else(Vec::new, |plan| plan.expected.clone());
    let mut problems: Vec<Problem> = result.problems.clone();
    let mut problem = |message: String| problems.push(Problem { stage: "replay".into(), message });
    if run.lacks_samples() {
        expectations.retain(|one| one.class != FindingClass::HotLoop);
        problem("samples of hot loops were not recorded: nothing is said about them here".into());
    }
    if scenario.observe.toggle.is_some() {
        problem("what a switched diagnostic did is not recorded: nothing is said about it here".into());
    }
    let findings: Vec<Finding> = result.findings.clone();
    let expected = held_against(&expectations, &findings);
    let valid = run.invalid_because.is_none();
    let mut outcome = outcome_of(valid, &expected, findings.len());
    let path = folder.join(FINDINGS);
    let stored = std::fs::read(&path).map_err(|error| CliError::file(&path, error))?;
    if stored != findings_json(&result.findings)?.as_bytes() {
        problem(format!("the findings are not those of the run, which are in {FINDINGS}"));
        outcome = Outcome::Fail;
    }
    Ok(RunRecord {
        scenario: scenario.name.clone(),
        variant: run.variant,
        seed: run.seed,
        valid,
        outcome,
        requests: run.requests,
        seconds: 0.0,
        looked_for: looked_for(&scenario),
        expected,
        findings,
        problems,
        toggle: None,
        disturbance: DisturbanceRecord::default(),
        timing: result.timing,
        invalid_because: run.invalid_because.clone(),
        detected_after_requests: None,
        detected_after_seconds: None,
        recording: Some(folder.display().to_string()),
        ledger: std::collections::BTreeMap::new(),
    })
}

/// The scenario as it was when recorded.
fn scenario(folder: &Path, run: &RecordedRun) -> Result<Scenario, CliError> {
    // A scenario is refused where its service isn't; a recorded one has no need of it.
    let services = bloathound_memory::temporary_folder().map_err(|error| CliError::file(folder, error))?;
    if Path::new(&run.service).file_name().is_none_or(|name| name != run.service.as_str()) {
        return Err(CliError::file(&folder.join(MANIFEST), format!("{:?} is no service's name", run.service)));
    }
    let service = services.path().join(&run.service);
    std::fs::create_dir_all(service.join("fix"))
        .and_then(|()| std::fs::write(service.join("service.py"), ""))
        .map_err(|error| CliError::file(folder, error))?;
    let file = PathBuf::from(format!("{}.yaml", run.scenario));
    Ok(bloathound_scenario::parse(&run.scenario_yaml, &file, services.path())?)
}
