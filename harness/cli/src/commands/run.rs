use std::collections::BTreeMap;

use bloathound_driver::{
    Cache, Environment, Events, Launcher, Limits, LoadReport, PhaseReport, RunEvent, Search, ToggleOutcome,
    run as drive,
};
use bloathound_report::html::{self, HtmlReport, RunKey};
use bloathound_report::json::{
    DisturbanceRecord, ExpectedRecord, Finding, FindingClass, HostRecord, MismatchRecord, PartitionRecord, PhaseRecord,
    RunRecord, RunResults, ToggleRecord, ToolRecord, compare, outcome_of, outcome_with_toggle,
};
use bloathound_report::{junit, text};
use bloathound_scenario::{Expectation, Matcher, Scenario, Toggled, Variant, lookup};
use serde_json::Value;

use super::capture::effort;
use crate::args::{RunArguments, VariantChoice};
use crate::error::CliError;
use crate::home::Home;
use crate::observer::{Engine, EngineResult};
use crate::output;
use crate::recorder::{HowRecorded, Recorder};

/// `bloathound run`.
pub(crate) fn run(arguments: &RunArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let scenarios = bloathound_scenario::load_dir(&home.scenarios(), &home.services())?;
    let chosen = bloathound_scenario::select(&scenarios, &arguments.names)?;
    let planned = plan(&chosen, arguments)?;
    let found = Search::from_env().find()?;
    let environment = environment(&home, &found.interpreter)?;
    let host = host(Some(&found.interpreter.version));
    let launcher = Launcher { interpreter: found.interpreter, environment, services_dir: home.services() };
    let color = output::color();
    let layout = text::Layout::for_names(planned.iter().map(|(scenario, _)| scenario.name.as_str()));
    // With the JSON on stdout nothing else may be there.
    let quiet = arguments.json.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let show = |text: &str| {
        if !quiet {
            output::result(text);
        }
    };
    show(&layout.header(color));
    let mut runs = Vec::new();
    let mut extras = BTreeMap::new();
    for (scenario, variant) in &planned {
        let (record, result) = run_one(scenario, *variant, &launcher, arguments)?;
        if let Some(folder) = &arguments.report {
            extras.insert(RunKey::from(&record), super::report::extras(folder, scenario, &record, &result)?);
        }
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        runs.push(record);
    }
    let partition = arguments.partition.map(|(part, of)| PartitionRecord { part, of });
    let results =
        bloathound_report::json::results(ToolRecord::bloathound(env!("CARGO_PKG_VERSION")), host, partition, runs);
    show(&text::summary(&results, color));
    write_files(arguments, &results)?;
    if let Some(folder) = &arguments.report {
        let page = html::index(&HtmlReport { results: &results, extras: &extras });
        output::file(&folder.join("index.html"), page.as_bytes())?;
    }
    Ok(results.exit_code())
}

fn write_files(arguments: &RunArguments, results: &RunResults) -> Result<(), CliError> {
    if let Some(path) = &arguments.json {
        output::json(path, results)?;
    }
    if let Some(path) = &arguments.junit {
        let xml = junit::junit(results).map_err(|error| CliError::file(path, error))?;
        output::file(path, xml.as_bytes())?;
    }
    Ok(())
}

/// The twins to run, in order, after choice of variant and partition.
fn plan<'s>(chosen: &[&'s Scenario], arguments: &RunArguments) -> Result<Vec<(&'s Scenario, Variant)>, CliError> {
    let wanted = |variant: Variant| match arguments.variant {
        VariantChoice::All => true,
        VariantChoice::Buggy => variant == Variant::Buggy,
        VariantChoice::Fixed => variant == Variant::Fixed,
    };
    let all: Vec<(&Scenario, Variant)> = chosen
        .iter()
        .flat_map(|scenario| scenario.variants.keys().map(move |variant| (*scenario, *variant)))
        .filter(|(_, variant)| wanted(*variant))
        .collect();
    if all.is_empty() {
        return Err(CliError::Usage(
            "none of these scenarios has that variant; `bloathound list` shows which have".into(),
        ));
    }
    let Some((part, of)) = arguments.partition else { return Ok(all) };
    Ok(all.into_iter().enumerate().filter(|(n, _)| *n as u32 % of == part - 1).map(|(_, one)| one).collect())
}

fn environment(home: &Home, interpreter: &bloathound_driver::Interpreter) -> Result<Environment, CliError> {
    let mut tell = |event: RunEvent| match event {
        RunEvent::EnvironmentBuilding { packages, .. } => {
            output::message(&format!("installing {} for the services, once", packages.join(", ")));
        }
        RunEvent::EnvironmentAwaited { .. } => output::message("waiting for another run that is installing packages"),
        RunEvent::EnvironmentProgress { line } => output::progress(&format!("  {line}")),
        RunEvent::EnvironmentBuilt { took, .. } => {
            output::message(&format!("installed in {:.1} s", took.as_secs_f64()));
        }
        _ => {}
    };
    let cache = Cache::of_user()?;
    Ok(cache.prepare(interpreter, &home.lock_file(), &mut tell)?)
}

fn run_one(
    scenario: &Scenario,
    variant: Variant,
    launcher: &Launcher,
    arguments: &RunArguments,
) -> Result<(RunRecord, EngineResult), CliError> {
    let mut engine = Engine::new(&arguments.without, arguments.report.is_some());
    if let Some(folder) = &arguments.record {
        let how = HowRecorded { redact: arguments.redact, effort: effort(arguments.small) };
        engine.record_to(Recorder::create(folder, &scenario.name, variant.as_str(), how)?);
    }
    let mut tell = |event: RunEvent| progress(&event);
    let events: Events<'_> = &mut tell;
    let driven = drive(scenario, variant, launcher, &Limits::default(), &mut engine, events).map_err(|source| {
        CliError::Run { scenario: scenario.name.clone(), variant: variant.as_str().into(), source: Box::new(source) }
    })?;
    let recorder = engine.take_recorder();
    let result = engine.finish();
    if let Some(recorder) = recorder {
        super::replay::finish(recorder, scenario, variant, arguments, &driven, &result)?;
    }
    Ok((record(scenario, variant, arguments, &driven, &result), result))
}

fn progress(event: &RunEvent) {
    let line = match event {
        RunEvent::RunStarted { scenario, variant } => format!("{scenario}, {}: starting", variant.as_str()),
        RunEvent::WarmingUp { requests } => format!("  warm-up: {requests} requests"),
        RunEvent::RoundStarted { round, of } => format!("  round {round} of {of}"),
        RunEvent::Waiting { conditions } => format!("  waiting until {}", conditions.join(", ")),
        RunEvent::TogglePhaseStarted { phase } => format!("  a round with it {phase}"),
        RunEvent::MeasuringDisturbance => "  measuring the disturbance".to_owned(),
        _ => return,
    };
    output::progress(&line);
}

fn record(
    scenario: &Scenario,
    variant: Variant,
    arguments: &RunArguments,
    driven: &bloathound_driver::RunRecord,
    result: &EngineResult,
) -> RunRecord {
    let findings: Vec<Finding> = result.findings.clone();
    let expectations: &[Expectation] = scenario.variants.get(&variant).map_or(&[], |plan| &plan.expected);
    let expected = held_against(expectations, &findings);
    let valid = driven.unmet.is_empty();
    let disturbance = &driven.disturbance;
    let toggle = driven.toggle.as_ref().map(|toggled| toggle_record(scenario, variant, toggled));
    RunRecord {
        scenario: scenario.name.clone(),
        variant: variant,
        seed: arguments.seed.unwrap_or(scenario.seed),
        valid,
        outcome: outcome_with_toggle(outcome_of(valid, &expected, findings.len()), toggle.as_ref()),
        requests: driven.requests,
        seconds: driven.elapsed.as_secs_f64(),
        looked_for: looked_for(scenario),
        expected,
        findings,
        problems: result.problems.clone(),
        toggle,
        disturbance: DisturbanceRecord {
            pauses_ms: disturbance.pauses_ms.clone(),
            longest_pause_ms: disturbance.longest_pause_ms,
            latency_p99_ms: disturbance.latency_p99_ms,
            baseline_latency_p99_ms: disturbance.baseline_latency_p99_ms,
        },
        timing: result.timing,
        invalid_because: (!valid).then(|| driven.unmet.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        detected_after_requests: None,
        detected_after_seconds: None,
        recording: None,
        ledger: ledger(&driven.ledger),
    }
}

/// What switching a diagnostic came to, held against what the scenario wants of it.
fn toggle_record(scenario: &Scenario, variant: Variant, toggled: &ToggleOutcome) -> ToggleRecord {
    let facts = Value::Object(toggled.facts.clone());
    let wanted = scenario.variants.get(&variant).map(|plan| &plan.toggle);
    let mismatches = wanted.into_iter().flatten().filter_map(|(name, matcher)| {
        let seen = lookup(&facts, name);
        let matches = seen.is_some_and(|seen| matcher.matches(seen) || (name == "loop_file" && ends_so(matcher, seen)));
        let mismatch = || MismatchRecord {
            field: format!("toggle.{name}"),
            expected: matcher.to_json(),
            seen: seen.cloned().unwrap_or(Value::Null),
        };
        (!matches).then(mismatch)
    });
    ToggleRecord {
        what: toggled.toggle.what.as_str().to_owned(),
        reader: (toggled.toggle.what == Toggled::Trace).then(|| toggled.toggle.reader.as_str().to_owned()),
        phases: toggled.phases.iter().map(phase_record).collect(),
        facts: ledger(&facts),
        broken: toggled.broken.clone(),
        mismatches: mismatches.collect(),
    }
}

fn phase_record(phase: &PhaseReport) -> PhaseRecord {
    let load = phase.load.as_ref();
    PhaseRecord {
        phase: phase.phase.as_str().to_owned(),
        requests: phase.requests,
        answered: phase.answered,
        lost: phase.lost,
        seconds: load.map(|load| load.elapsed.as_secs_f64()),
        throughput_per_second: load.map(LoadReport::throughput_per_second),
        latency_p50_ms: load.map(|load| load.latency_ms(0.5)),
        latency_p99_ms: load.map(|load| load.latency_ms(0.99)),
    }
}

/// What had to be found, and what became of it.
pub(crate) fn held_against(expectations: &[Expectation], findings: &[Finding]) -> Vec<ExpectedRecord> {
    compare(
        expectations.iter().filter_map(|one| ExpectedRecord::try_from(one.to_json()).ok()).collect(),
        findings,
        |index, finding| expectations.get(index).map_or_else(Vec::new, |wanted| mismatches(wanted, finding)),
    )
}

pub(crate) fn looked_for(scenario: &Scenario) -> Vec<FindingClass> {
    scenario.observe.classes()
}

fn ledger(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().map(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()).unwrap_or_default()
}

/// The fields of a finding that are not as the scenario wants them.
fn mismatches(wanted: &Expectation, finding: &Finding) -> Vec<MismatchRecord> {
    let seen = serde_json::to_value(finding).unwrap_or_default();
    let mut found = Vec::new();
    let mut check = |field: String, expected: Value, value: Option<&Value>, matches: bool| {
        if !matches {
            found.push(MismatchRecord { field, expected, seen: value.cloned().unwrap_or(Value::Null) });
        }
    };
    if let Some(verdict) = &wanted.verdict {
        let is_it = *verdict == finding.verdict;
        check("verdict".into(), Value::from(verdict.as_str()), seen.get("verdict"), is_it);
    }
    let place = wanted.place.iter().map(|(name, matcher)| ("where", *name, matcher));
    let evidence = wanted.evidence.iter().map(|(name, matcher)| ("evidence", name.as_str(), matcher));
    let fields: Vec<(&str, &str, &Matcher)> = place.chain(evidence).collect();
    for (part, name, matcher) in fields {
        let value = seen.get(part).and_then(|fields| lookup(fields, name));
        let matches = value.is_some_and(|value| matcher.matches(value) || (name == "file" && ends_so(matcher, value)));
        check(format!("{part}.{name}"), matcher.to_json(), value, matches);
    }
    found
}

/// A scenario names a file by the end of its path: where the checkout is does not matter.
fn ends_so(matcher: &Matcher, file: &Value) -> bool {
    let path = file.as_str().unwrap_or_default();
    path.match_indices('/').any(|(at, _)| matcher.matches(&Value::from(&path[at + 1..])))
}

pub(crate) fn host(python: Option<&str>) -> HostRecord {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram()),
    );
    HostRecord {
        os: sysinfo::System::long_os_version().ok(),
        kernel: sysinfo::System::kernel_version().ok(),
        architecture: Some(sysinfo::System::cpu_arch()),
        cpus: std::thread::available_parallelism().ok().map(|n| n.get() as u64),
        memory_bytes: system.ok().map(|system| system.total_memory()),
        python: python.map(str::to_owned),
        ..HostRecord::default()
    }
}
