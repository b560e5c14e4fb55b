//! What a check came to, as a record of a run: whatever reads results of `run` reads these.

use std::collections::BTreeMap;

use bloathound_driver::{Checked, CheckedProcess};
use bloathound_report::html::{RunExtras, RunKey};
use bloathound_report::sanitize;
use bloathound_vocabulary::{DisturbanceRecord, FindingClass, Outcome, RunRecord, RunSource, Variant};

use super::arguments::CheckArguments;
use crate::pages::Extras;

/// A record for each process, and what its page shows beside.
pub(crate) fn records(arguments: &CheckArguments, checked: Checked) -> (Vec<RunRecord>, Extras) {
    let name = name(arguments);
    let several = checked.processes.len() > 1;
    let about = About {
        requests: checked.requests,
        seconds: checked.elapsed.as_secs_f64(),
        cut_short: checked.cut_short.map(|why| sanitize::line(&why).into_owned()),
        load: checked.load.map(|load| (load.latency_ms(0.99), load.throughput_per_second())),
    };
    let mut extras = BTreeMap::new();
    let mut records = Vec::new();
    for process in checked.processes {
        let name = if several { format!("{name} {}", process.pid) } else { name.clone() };
        let shown = RunExtras {
            inspect: process.found.last_look.clone(),
            heat: process.found.heat_map.clone(),
            ..RunExtras::default()
        };
        let record = record(arguments, name, process, &about);
        extras.insert(RunKey::from(&record), shown);
        records.push(record);
    }
    (records, extras)
}

/// What holds for all processes of a check.
struct About {
    requests: u64,
    seconds: f64,
    cut_short: Option<String>,
    /// p99 in milliseconds, and requests a second.
    load: Option<(f64, f64)>,
}

fn record(arguments: &CheckArguments, name: String, process: CheckedProcess, about: &About) -> RunRecord {
    let found = process.found;
    let reasons: Vec<String> = about.cut_short.iter().chain(&found.abstained).cloned().collect();
    let pauses: Vec<f64> = process.pauses.iter().map(|pause| pause.as_secs_f64() * 1e3).collect();
    let mut run = RunRecord {
        scenario: name,
        variant: Variant::Fixed,
        seed: 1,
        series: None,
        traffic: None,
        source: RunSource::Live,
        valid: reasons.is_empty(),
        outcome: Outcome::Pass,
        requests: about.requests,
        seconds: about.seconds,
        looked_for: FindingClass::ALL.to_vec(),
        expected: Vec::new(),
        findings: found.findings,
        told: Vec::new(),
        observations: found.observations,
        problems: found.problems,
        toggle: None,
        disturbance: DisturbanceRecord {
            longest_pause_ms: pauses.iter().copied().reduce(f64::max),
            pauses_ms: pauses,
            baseline_latency_p99_ms: about.load.map(|(p99, _)| p99),
            baseline_throughput_per_second: about.load.map(|(_, throughput)| throughput),
            ..DisturbanceRecord::default()
        },
        timing: found.timing,
        invalid_because: (!reasons.is_empty()).then(|| reasons.join("; ")),
        error: None,
        detected_after_requests: found.detected.and_then(|detected| detected.requests),
        detected_after_looks: found.detected.and_then(|detected| detected.looks),
        detected_after_seconds: found.detected.and_then(|detected| detected.seconds),
        looks: found.looks.into_iter().map(|look| look.record).collect(),
        dose: None,
        baselines: Vec::new(),
        recording: None,
        ledger: BTreeMap::new(),
    };
    run.outcome = outcome(&run, &arguments.fail_on);
    run
}

/// How a check ends: findings of these classes, of all where none is named, fail it.
pub(super) fn outcome(run: &RunRecord, fail_on: &[FindingClass]) -> Outcome {
    let fails = |class: &FindingClass| fail_on.is_empty() || fail_on.contains(class);
    match run.findings.iter().any(|finding| fails(&finding.class)) {
        true => Outcome::Fail,
        // Nothing was found, and not everything was looked at.
        false if !run.valid => Outcome::Invalid,
        false => Outcome::Pass,
    }
}

/// What the check is called: the script that runs, or the program, or the process.
fn name(arguments: &CheckArguments) -> String {
    if let Some(pid) = arguments.pid {
        return format!("process-{pid}");
    }
    let file = |word: &String| std::path::Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned());
    let script = arguments.command.iter().skip(1).find(|word| word.ends_with(".py"));
    let name = script.or(arguments.command.first()).and_then(file).unwrap_or_default();
    sanitize::line(name.trim_end_matches(".py")).into_owned()
}
