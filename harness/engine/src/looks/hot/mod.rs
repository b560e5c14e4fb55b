//! Hot loops: a process sampled without stopping it, or samples that were kept, judged.

mod lines;
mod sampling;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloathound_cpython::dialect::FIRST;
use bloathound_cpython::frames::{FramesError, SamplerOptions};
use bloathound_detect::{Finding, HotObservation, HotObservationKind, Observation, Report, Seen, Thresholds, judge};
use bloathound_memory::{Effort, SealedError};
use bloathound_profile::{Profile, ThreadProfile};
use bloathound_vocabulary::{
    FrameRecord, HotReport, ObservationRecord, SCHEMA_VERSION, StackRecord, TargetKind, TargetRecord,
};

pub use self::lines::source_lines;
pub use self::sampling::{Sampling, sample_process};
use crate::interrupt::Interrupt;
use crate::record::{RecordedSamples, SamplesManifest, open_samples, record_samples};
use crate::source::{ExamineError, ExamineOptions, LiveProcess, process_record};
use crate::{TOOL, tool};

/// What to judge.
#[derive(Clone, Debug)]
pub enum Samples {
    /// A process, sampled now.
    Process {
        /// Its id.
        pid: u32,
        /// Where to keep the samples, and whether to replace what strings say in them.
        keep: Option<(PathBuf, bool)>,
    },
    /// A file of samples that were kept.
    File(PathBuf),
}

/// How long and how often.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HotOptions {
    /// How long to watch a process, seconds.
    pub seconds: f64,
    /// Samples a second.
    pub rate: f64,
}

/// Why there are no samples to judge.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The process can't be examined.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// Its threads can't be found.
    #[error(transparent)]
    Frames(#[from] FramesError),
    /// The file can't be read.
    #[error(transparent)]
    Read(SealedError),
    /// Neither a number nor a file.
    #[error("{}: meant a process id or a file of samples", path.display())]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
}

/// Samples, judged.
#[derive(Debug)]
pub struct Sampled {
    /// The samples.
    pub profile: Profile,
    /// What the rules have to say.
    pub report: HotReport,
    /// Why the samples could not be kept, where they were to be.
    pub unkept: Option<SealedError>,
}

/// Samples a process, or reads what was kept, and judges. `begins` is called when sampling begins. What there is when
/// the process or we are to end is judged all the same.
///
/// # Errors
/// [`SampleError`] when there are none. Samples that can't be kept are no error of this: they are in what comes back.
pub fn hot(
    samples: &Samples,
    options: HotOptions,
    interrupt: &Interrupt,
    begins: &mut dyn FnMut(),
) -> Result<Sampled, SampleError> {
    let OfTarget { sampling: Sampling { profile, partial }, target, unkept, process } = match samples {
        Samples::Process { pid, keep } => of_process(*pid, keep.as_ref(), options, interrupt, begins)?,
        Samples::File(path) => of_file(path)?,
    };
    let judged = judge(&Seen { profile: Some(&profile), ..Seen::default() }, &[], &Thresholds::default());
    let seen: Vec<&HotObservation> = judged.observations.iter().filter_map(of_a_thread).collect();
    let mut report = report(options.seconds, target, &profile, &judged, &seen);
    report.partial = partial;
    if let Some(process) = &process {
        report.sources = source_lines(process, &profile, &report.findings);
    }
    Ok(Sampled { profile, report, unkept })
}

struct OfTarget {
    sampling: Sampling,
    target: TargetRecord,
    unkept: Option<SealedError>,
    /// The process, where it was not a file of samples.
    process: Option<LiveProcess>,
}

fn of_a_thread(observation: &Observation) -> Option<&HotObservation> {
    match observation {
        Observation::Thread(seen) => Some(seen),
        Observation::Memory(_) | Observation::Collectable { .. } | Observation::Told(_) => None,
    }
}

fn of_process(
    pid: u32,
    keep: Option<&(PathBuf, bool)>,
    options: HotOptions,
    interrupt: &Interrupt,
    begins: &mut dyn FnMut(),
) -> Result<OfTarget, SampleError> {
    let process = LiveProcess::open(pid, ExamineOptions::default())?;
    begins();
    let options = SamplerOptions { seconds: options.seconds, rate_hz: options.rate };
    let sampling = sample_process(&process, options, interrupt)?;
    let unkept = keep.and_then(|(path, redact)| {
        let manifest = SamplesManifest::of(&process, TOOL);
        record_samples(path, manifest, &sampling.profile, *redact, Effort::Quick).err()
    });
    let target = process_record(pid, process.interpreter(), process.symbols().build_id.clone());
    Ok(OfTarget { sampling, target, unkept, process: Some(process) })
}

fn of_file(path: &Path) -> Result<OfTarget, SampleError> {
    if !path.exists() {
        return Err(SampleError::NoFile { path: path.to_owned() });
    }
    let RecordedSamples { manifest, profile } = open_samples(path).map_err(SampleError::Read)?;
    let record = TargetRecord {
        kind: TargetKind::Image,
        pid: Some(manifest.pid),
        file: Some(path.display().to_string()),
        command: Some(manifest.executable).filter(|name| !name.is_empty()),
        python: Some(manifest.python.unwrap_or_else(|| FIRST.series.to_owned())),
        unicode: Some(format!("UCS{}", manifest.unicode_bytes)),
        build_id: manifest.build_id,
        children: Vec::new(),
        not_seen: Vec::new(),
    };
    Ok(OfTarget { sampling: Sampling { profile, partial: None }, target: record, unkept: None, process: None })
}

fn report(
    asked_seconds: f64,
    target: TargetRecord,
    profile: &Profile,
    judged: &Report,
    seen: &[&HotObservation],
) -> HotReport {
    let main = profile.threads.iter().max_by_key(|thread| cpu_ns(thread));
    let samples: u64 = profile.threads.iter().map(|thread| thread.samples.len() as u64).sum();
    HotReport {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target,
        seconds: main.map_or(asked_seconds, seconds),
        samples,
        torn_samples: profile.cost.torn,
        cpu_fraction: main.map(|thread| cpu_ns(thread) as f64 / 1e9 / seconds(thread).max(1e-9)),
        voluntary_switches: main.map(voluntary_switches),
        verdict: verdict(&judged.findings, seen),
        stacks: main.map(|thread| stacks(profile, thread)).unwrap_or_default(),
        findings: judged.findings.clone(),
        sources: Vec::new(),
        observations: seen.iter().map(|seen| ObservationRecord::from(*seen)).collect(),
        problems: judged.problems.clone(),
        partial: None,
    }
}

/// The strongest finding, else what the busiest thread did.
fn verdict(findings: &[Finding], seen: &[&HotObservation]) -> String {
    if let Some(finding) = findings.first() {
        return finding.verdict.to_string();
    }
    let rank = |kind: HotObservationKind| match kind {
        HotObservationKind::InsideOneCCall => 4,
        HotObservationKind::Busy => 3,
        HotObservationKind::Blocked => 2,
        HotObservationKind::Polling => 1,
        HotObservationKind::Idle => 0,
    };
    let strongest = seen.iter().map(|observation| observation.kind).max_by_key(|kind| rank(*kind));
    strongest.map_or("unknown", HotObservationKind::as_str).to_owned()
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
