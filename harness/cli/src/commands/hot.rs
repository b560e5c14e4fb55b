use std::collections::BTreeMap;
use std::path::Path;

use bloathound_cpython::frames::SamplerOptions;
use bloathound_detect::{HotObservationKind, HotReport as Judged, Thresholds, hot_loop};
use bloathound_engine::examine::{ExamineOptions, Target};
use bloathound_engine::hot::sample_process;
use bloathound_engine::samples::{RecordedSamples, SamplesManifest, open_samples, record_samples};
use bloathound_memory::Effort;
use bloathound_profile::{Profile, ThreadProfile};
use bloathound_report::json::{
    FrameRecord, HotReport, SCHEMA_VERSION, StackRecord, TargetKind, TargetRecord, ToolRecord,
};
use bloathound_report::text::{self, InspectView};

use super::capture::TOOL;
use crate::args::HotArguments;
use crate::error::CliError;
use crate::output;
use crate::target::explain_samples;

/// `bloathound hot`.
pub(crate) fn hot(arguments: &HotArguments) -> Result<u8, CliError> {
    let (profile, target) = match arguments.target.parse() {
        Ok(pid) => of_process(arguments, pid)?,
        Err(_) => of_file(arguments)?,
    };
    let judged = hot_loop::judge(&profile, &Thresholds::default().hot_loop);
    let report = report(arguments, target, &profile, &judged);
    if let Some(path) = &arguments.json {
        output::json(path, &report)?;
    }
    if let Some(path) = &arguments.folded {
        let stacks: Vec<String> =
            profile.threads.iter().map(|thread| bloathound_profile::folded(&profile, thread)).collect();
        output::file(path, stacks.concat().as_bytes())?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        let view = InspectView { color: output::color(), ..InspectView::default() };
        output::result(&text::hot(&report, view));
        for observation in &judged.observations {
            output::result(&format!("  {}\n", bloathound_report::sanitize::line(&observation.message)));
        }
    }
    Ok(0)
}

fn of_process(arguments: &HotArguments, pid: u32) -> Result<(Profile, TargetRecord), CliError> {
    let target = Target::open(pid, ExamineOptions::default())?;
    output::progress(&format!("sampling process {pid} for {} s", arguments.seconds));
    let options = SamplerOptions { seconds: arguments.seconds, rate_hz: arguments.rate };
    let profile = sample_process(&target, options).map_err(|error| CliError::NotHere(error.to_string()))?;
    if let Some(path) = &arguments.record {
        let manifest = SamplesManifest::of(&target, TOOL);
        record_samples(path, manifest, &profile, arguments.redact, Effort::Quick)
            .map_err(|error| CliError::Usage(error.to_string()))?;
    }
    let record = super::inspect::target_record(pid, target.interpreter(), target.symbols().build_id.clone());
    Ok((profile, record))
}

fn of_file(arguments: &HotArguments) -> Result<(Profile, TargetRecord), CliError> {
    if arguments.record.is_some() {
        return Err(CliError::Usage("--record keeps samples of a process; these are in a file already".into()));
    }
    let path = Path::new(&arguments.target);
    // A pipe or a device would be waited for.
    if !path.is_file() {
        let message = format!("{}: meant a process id or a file of samples", path.display());
        return Err(CliError::Usage(message));
    }
    let RecordedSamples { manifest, profile } = open_samples(path).map_err(explain_samples)?;
    let record = TargetRecord {
        kind: TargetKind::Image,
        pid: Some(manifest.pid),
        file: Some(arguments.target.clone()),
        command: Some(manifest.executable).filter(|name| !name.is_empty()),
        python: Some("2.7".into()),
        unicode: Some(format!("UCS{}", manifest.unicode_bytes)),
        build_id: manifest.build_id,
        not_seen: Vec::new(),
    };
    Ok((profile, record))
}

fn report(arguments: &HotArguments, target: TargetRecord, profile: &Profile, judged: &Judged) -> HotReport {
    let main = profile.threads.iter().max_by_key(|thread| cpu_ns(thread));
    let samples: u64 = profile.threads.iter().map(|thread| thread.samples.len() as u64).sum();
    HotReport {
        schema_version: SCHEMA_VERSION,
        tool: ToolRecord::bloathound(env!("CARGO_PKG_VERSION")),
        target,
        seconds: main.map_or(arguments.seconds, seconds),
        samples,
        torn_samples: profile.cost.torn,
        cpu_fraction: main.map(|thread| cpu_ns(thread) as f64 / 1e9 / seconds(thread).max(1e-9)),
        voluntary_switches: main.map(voluntary_switches),
        verdict: verdict(judged),
        stacks: main.map(|thread| stacks(profile, thread)).unwrap_or_default(),
        findings: judged.findings.clone(),
        problems: judged.problems.clone(),
    }
}

/// The strongest finding, else what the busiest thread did.
fn verdict(judged: &Judged) -> String {
    if let Some(finding) = judged.findings.first() {
        return finding.verdict.to_string();
    }
    let rank = |kind: HotObservationKind| match kind {
        HotObservationKind::InsideOneCCall => (4, "inside-one-c-call"),
        HotObservationKind::Busy => (3, "busy"),
        HotObservationKind::Blocked => (2, "blocked"),
        HotObservationKind::Polling => (1, "polling"),
        HotObservationKind::Idle => (0, "idle"),
    };
    let strongest = judged.observations.iter().map(|observation| rank(observation.kind)).max();
    strongest.map_or("unknown", |(_, word)| word).to_owned()
}

fn cpu_ns(thread: &ThreadProfile) -> u64 {
    match (thread.samples.first(), thread.samples.last()) {
        (Some(first), Some(last)) => last.facts.cpu_ns.saturating_sub(first.facts.cpu_ns),
        _ => 0,
    }
}

fn seconds(thread: &ThreadProfile) -> f64 {
    match (thread.samples.first(), thread.samples.last()) {
        (Some(first), Some(last)) => last.monotonic_ns.saturating_sub(first.monotonic_ns) as f64 / 1e9,
        _ => 0.0,
    }
}

fn voluntary_switches(thread: &ThreadProfile) -> u64 {
    // Only some samples carry the counts; those without have 0.
    let counts: Vec<u64> =
        thread.samples.iter().map(|sample| sample.facts.voluntary_switches).filter(|count| *count > 0).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) => most - least,
        _ => 0,
    }
}

/// Stacks that were seen, most often first.
fn stacks(profile: &Profile, thread: &ThreadProfile) -> Vec<StackRecord> {
    let mut seen: BTreeMap<Vec<(u32, u32)>, u64> = BTreeMap::new();
    for sample in thread.samples.iter().filter(|sample| !sample.torn) {
        let key = sample.stack.0.iter().rev().map(|frame| (frame.code.0, frame.line)).collect();
        *seen.entry(key).or_default() += 1;
    }
    let mut stacks: Vec<(Vec<(u32, u32)>, u64)> = seen.into_iter().collect();
    stacks.sort_by_key(|(_, samples)| std::cmp::Reverse(*samples));
    let frame = |(code, line): (u32, u32)| {
        let code = profile.code(bloathound_profile::CodeId(code));
        FrameRecord {
            function: code.map_or_else(|| "?".into(), |code| code.function.to_string()),
            file: code.map_or_else(|| "?".into(), |code| code.file.to_string()),
            line: Some(line),
        }
    };
    stacks
        .into_iter()
        .take(20)
        .map(|(frames, samples)| StackRecord { samples, frames: frames.into_iter().map(frame).collect() })
        .collect()
}
