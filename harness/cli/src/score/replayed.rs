//! A recorded run, replayed and brought to be judged again.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular;
use bloathound_engine::looks::replay;
use bloathound_engine::record::{FINDINGS, MANIFEST, RecordedRun, findings_json};
use bloathound_scenario::Scenario;
use bloathound_score::{Made, Recorded};
use bloathound_vocabulary::RunRecord;

use crate::error::CliError;

/// Longest findings of one run; they have some kB.
const FINDINGS_BYTES_MAX: u64 = 64 << 20;

/// Judges a recorded run, and holds what it finds against what its scenario wants and what it found then.
pub(crate) fn judge(folder: &Path, run: &RecordedRun) -> Result<RunRecord, CliError> {
    let result = replay(folder, run)?;
    let scenario = scenario(folder, run)?;
    let path = folder.join(FINDINGS);
    let stored = read_regular(&path, FINDINGS_BYTES_MAX).map_err(|error| CliError::file(&path, error))?;
    let differs = stored != findings_json(&result.findings)?.as_bytes();
    let recorded = Recorded { lacks_samples: run.lacks_samples(), differs_from: differs.then(|| FINDINGS.to_owned()) };
    let made = Made {
        seed: run.seed,
        requests: run.requests,
        invalid_because: run.invalid_because.clone(),
        findings: result.findings,
        problems: result.problems,
        timing: result.timing,
        ..Made::default()
    };
    let mut record = bloathound_score::replayed(&scenario, run.variant, &recorded, made);
    record.recording = Some(folder.display().to_string());
    Ok(record)
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
