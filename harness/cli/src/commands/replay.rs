use std::path::{Path, PathBuf};

use bloathound_driver::Look;
use bloathound_engine::recording::open_recording;
use bloathound_engine::samples::open_samples;
use bloathound_report::json::{DisturbanceRecord, Outcome, Problem, RunRecord, ToolRecord, Variant, outcome_of};
use bloathound_report::text;
use bloathound_scenario::{FindingClass, Scenario};
use clap::ValueEnum;

use super::run::{held_against, host, looked_for};
use crate::args::{Detector, ReplayArguments, RunArguments};
use crate::error::CliError;
use crate::observer::{Engine, EngineResult};
use crate::recorder::{FINDINGS, FORMAT, FORMATS_READ, MANIFEST, RecordedRun, Recorder, findings_json};
use crate::{output, target};

/// `bloathound replay`: recorded runs through the same rules again.
pub(crate) fn replay(arguments: &ReplayArguments) -> Result<u8, CliError> {
    let folders = folders(&arguments.dir)?;
    let color = output::color();
    let runs: Vec<(PathBuf, RecordedRun)> =
        folders.into_iter().map(|folder| Ok((folder.clone(), read_run(&folder)?))).collect::<Result<_, CliError>>()?;
    let layout = text::Layout::for_names(runs.iter().map(|(_, run)| run.scenario.as_str()));
    let show = |text: &str| {
        if !output::is_stdout(arguments.json.as_deref()) {
            output::result(text);
        }
    };
    show(&layout.header(color));
    let mut records = Vec::new();
    for (folder, run) in &runs {
        let record = judge(folder, run)?;
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        records.push(record);
    }
    let results =
        bloathound_report::json::results(ToolRecord::bloathound(env!("CARGO_PKG_VERSION")), host(None), None, records);
    show(&text::summary(&results, color));
    if let Some(path) = &arguments.json {
        output::json(path, &results)?;
    }
    Ok(results.exit_code())
}

/// Ends a recording: the findings, and what is needed to judge again.
pub(crate) fn finish(
    recorder: Recorder,
    scenario: &Scenario,
    variant: Variant,
    arguments: &RunArguments,
    driven: &bloathound_driver::RunRecord,
    result: &EngineResult,
) -> Result<(), CliError> {
    let scenario_yaml =
        std::fs::read_to_string(&scenario.file).map_err(|error| CliError::file(&scenario.file, error))?;
    let unmet: Vec<String> = driven.unmet.iter().map(ToString::to_string).collect();
    let run = RecordedRun {
        format: FORMAT,
        tool: ToolRecord::bloathound(env!("CARGO_PKG_VERSION")),
        scenario: scenario.name.clone(),
        variant,
        seed: arguments.seed.unwrap_or(scenario.seed),
        service: scenario.service.clone(),
        requests: driven.requests,
        invalid_because: (!unmet.is_empty()).then(|| unmet.join("; ")),
        without: arguments
            .without
            .iter()
            .filter_map(|one| Some(one.to_possible_value()?.get_name().to_owned()))
            .collect(),
        redacted: false,
        looks: Vec::new(),
        scenario_yaml,
    };
    let folder = recorder.folder().to_owned();
    recorder.finish(run, &result.findings)?;
    if arguments.redact {
        // Texts of findings may come from strings that are gone now: what counts is what the images tell.
        let run = read_run(&folder)?;
        let again = analyse(&folder, &run)?;
        output::file(&folder.join(FINDINGS), findings_json(&again.findings)?.as_bytes())?;
    }
    Ok(())
}

/// The folder itself, or those in it that hold a recorded run.
fn folders(dir: &Path) -> Result<Vec<PathBuf>, CliError> {
    if dir.join(MANIFEST).is_file() {
        return Ok(vec![dir.to_owned()]);
    }
    let entries = std::fs::read_dir(dir).map_err(|error| CliError::file(dir, error))?;
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.join(MANIFEST).is_file()).collect();
    found.sort();
    if found.is_empty() {
        let message = format!("{}: no recorded run here; `bloathound run --record DIR` makes one", dir.display());
        return Err(CliError::Usage(message));
    }
    Ok(found)
}

fn read_run(folder: &Path) -> Result<RecordedRun, CliError> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(|error| CliError::file(&path, error))?;
    let run: RecordedRun = serde_json::from_str(&text).map_err(|error| CliError::file(&path, error))?;
    if !FORMATS_READ.contains(&run.format) {
        let message = format!("format {} of another release of bloathound; this one reads 1 to {FORMAT}", run.format);
        return Err(CliError::file(&path, message));
    }
    Ok(run)
}

/// All images and samples through the rules, in the order of the looks.
fn analyse(folder: &Path, run: &RecordedRun) -> Result<EngineResult, CliError> {
    let without: Vec<Detector> = run.without.iter().filter_map(|name| Detector::from_str(name, true).ok()).collect();
    let mut engine = Engine::new(&without, false);
    for recorded in &run.looks {
        let Some(name) = &recorded.file else { continue };
        // The manifest may come from anywhere: only files beside it are read.
        if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
            return Err(CliError::file(&folder.join(MANIFEST), format!("{name:?} is no file in this folder")));
        }
        let Some(moment) = recorded.moment.to_moment() else {
            let samples = open_samples(&folder.join(name)).map_err(target::explain_samples)?;
            engine.judge_samples(&samples.profile);
            continue;
        };
        let reopened = open_recording(&folder.join(name), target::memory_limit()).map_err(target::explain)?;
        let look = Look { moment, requests: recorded.requests, requests_since: recorded.requests_since };
        engine.judge(reopened.manifest.pid, &look, &reopened.examined);
    }
    Ok(engine.finish())
}

fn judge(folder: &Path, run: &RecordedRun) -> Result<RunRecord, CliError> {
    let result = analyse(folder, run)?;
    let scenario = scenario(folder, run)?;
    let mut expectations = scenario.variants.get(&run.variant).map_or_else(Vec::new, |plan| plan.expected.clone());
    let mut problems = result.problems.clone();
    let mut problem = |message: String| problems.push(Problem { stage: "replay".into(), message });
    if run.lacks_samples() {
        expectations.retain(|one| one.class != FindingClass::HotLoop);
        problem("samples of hot loops were not recorded: nothing is said about them here".into());
    }
    if scenario.observe.toggle.is_some() {
        problem("what a switched diagnostic did is not recorded: nothing is said about it here".into());
    }
    let findings = result.findings.clone();
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
    let services = tempfile::tempdir().map_err(|error| CliError::file(folder, error))?;
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
