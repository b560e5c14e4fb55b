//! What `run` tells: every scenario with what had to be found and what was.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    BaselineRecord, BaselineScore, DisturbanceRecord, DosePoint, DoseRecord, Finding, FindingClass, HostRecord,
    LookRecord, ObservationRecord, Outcome, Partial, PartitionRecord, Problem, RunSource, ScoreRecord, TimingRecord,
    ToolRecord, Traffic, Variant, Verdict,
};

/// A field that was not as expected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MismatchRecord {
    /// Dotted: `verdict`, `where.attribute`, `evidence.objects_per_request`.
    pub field: String,
    /// A value, a `{min, max}`, a list or a `{contains}`.
    pub expected: Value,
    /// What was found; null where nothing is.
    pub seen: Value,
}

/// One finding that had to be there, and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedRecord {
    /// Class.
    pub class: FindingClass,
    /// Other classes that it may be told as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_as: Vec<FindingClass>,
    /// Verdict, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Fields of `where` and what each must be.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub location: BTreeMap<String, Value>,
    /// Fields of `evidence` and what each must be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Value>,
    /// A finding of the class is there.
    #[serde(default)]
    pub found: bool,
    /// And its `where` is as expected.
    #[serde(default)]
    pub localised: bool,
    /// Which one: index into the run's `findings`.
    #[serde(default)]
    pub finding: Option<usize>,
    /// What was not as expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<MismatchRecord>,
}

/// One observation that had to be told, and what became of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToldRecord {
    /// The word of its class: `bounded`.
    pub class: String,
    /// Fields of `where` and what each must be.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub location: BTreeMap<String, Value>,
    /// Its figures and what each must be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Value>,
    /// Which one: index into the run's `observations`; null where none of the class is there.
    #[serde(default)]
    pub observation: Option<usize>,
    /// What was not as expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<MismatchRecord>,
}

impl ToldRecord {
    /// It is there, and as expected.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.observation.is_some() && self.mismatches.is_empty()
    }
}

impl TryFrom<Value> for ExpectedRecord {
    type Error = serde_json::Error;

    /// From an expectation as a scenario writes it: `{class, verdict, where, evidence}`.
    fn try_from(value: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(value)
    }
}

/// A round of the load while a diagnostic was off, on, or off again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// `off`, `on`, `off again`.
    pub phase: String,
    /// Requests to be made.
    pub requests: u64,
    /// Requests answered.
    pub answered: u64,
    /// Requests that failed; after the first no more were begun.
    pub lost: u64,
    /// How long it took; null where a request was lost, as are the rest.
    pub seconds: Option<f64>,
    /// Requests answered a second.
    pub throughput_per_second: Option<f64>,
    /// Median of the latency, milliseconds.
    pub latency_p50_ms: Option<f64>,
    /// 99th percentile of the latency, milliseconds.
    pub latency_p99_ms: Option<f64>,
}

/// One of the service's own diagnostics, switched on and off again under load.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToggleRecord {
    /// `debug-log`, `manhole`, `trace`, `dump`.
    pub what: String,
    /// Who read the trace: `none`, `steady`, `slow`, `leaves`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// In their order.
    pub phases: Vec<PhaseRecord>,
    /// What was seen, by name: lines written, events read, ratios of the phases.
    pub facts: BTreeMap<String, Value>,
    /// What may never be: a request lost, not on, not off, something left behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
    /// Facts that are not as the scenario wants them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<MismatchRecord>,
}

impl ToggleRecord {
    /// Nothing broken and every fact as wanted.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.broken.is_empty() && self.mismatches.is_empty()
    }
}

/// Why a run could not be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunErrorRecord {
    /// In a sentence.
    pub why: String,
    /// The last lines that the service wrote to standard error.
    pub stderr_tail: Vec<String>,
}

/// What a scenario's runs on a series of CPython 3 and under a traffic are called in a line: `leak`, `leak bursts`,
/// `aio-leak 3.13`.
#[must_use]
pub fn name_under(scenario: &str, series: Option<&str>, traffic: Option<Traffic>) -> String {
    let words = [Some(scenario), series, traffic.map(Traffic::as_str)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What one run of the results is told by: its scenario, twin, seed, series and traffic.
pub type RunName<'r> = (&'r str, Variant, u64, Option<&'r str>, Option<Traffic>);

/// One scenario in one variant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The scenario's name.
    pub scenario: String,
    /// Buggy or fixed.
    pub variant: Variant,
    /// The seed of what varies.
    pub seed: u64,
    /// The series of CPython 3 that its service ran on, such as `3.13`; null for 2.7 and for services of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// How the requests were spread over the rounds; null for steady traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// Whether a service ran for it, or a recording was judged again. A recorded run enters no score.
    #[serde(default)]
    pub source: RunSource,
    /// False where the ledger says that the bug did not happen, where there was too little processor to judge by, and
    /// where the run could not be made.
    pub valid: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Requests made, warm-up included.
    pub requests: u64,
    /// Wall time of the whole run.
    pub seconds: f64,
    /// Classes whose detectors ran.
    #[serde(default)]
    pub looked_for: Vec<FindingClass>,
    /// What had to be found.
    pub expected: Vec<ExpectedRecord>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What had to be told although it is no finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<ToldRecord>,
    /// What the rounds tell that is no bug by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<ObservationRecord>,
    /// What could not be done or is not trusted.
    pub problems: Vec<Problem>,
    /// What switching one of the service's own diagnostics came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toggle: Option<ToggleRecord>,
    /// What the target noticed of us.
    #[serde(default)]
    pub disturbance: DisturbanceRecord,
    /// The last look's steps.
    #[serde(default)]
    pub timing: TimingRecord,
    /// Why the run is INVALID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid_because: Option<String>,
    /// Why the run could not be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunErrorRecord>,
    /// Requests after the warm-up until the verdict stood; null where it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_after_requests: Option<u64>,
    /// Looks until the verdict stood, the one after the warm-up not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_after_looks: Option<u64>,
    /// Seconds after the warm-up until the verdict stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_after_seconds: Option<f64>,
    /// The looks that are compared with each other, in figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<LookRecord>,
    /// How much there was of a bug of growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<DoseRecord>,
    /// What simple baselines say of the same looks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<BaselineRecord>,
    /// Folder of the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// What the service says it did; no detector reads it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ledger: BTreeMap<String, Value>,
}

impl RunRecord {
    /// `leak, buggy (seed 7)`, `leak, buggy (seed 7, bursts)`, `aio-leak, buggy (seed 7, 3.13)`.
    #[must_use]
    pub fn title(&self) -> String {
        let series = self.series.as_ref().map(|series| format!(", {series}")).unwrap_or_default();
        let traffic = self.traffic.map(|traffic| format!(", {traffic}")).unwrap_or_default();
        format!("{}, {} (seed {}{series}{traffic})", self.scenario, self.variant.as_str(), self.seed)
    }

    /// `leak`, `leak bursts`, `aio-leak 3.13`.
    #[must_use]
    pub fn name(&self) -> String {
        name_under(&self.scenario, self.series.as_deref(), self.traffic)
    }

    /// Findings that no expectation accounts for: false alarms.
    pub fn unexpected(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.expected.iter().any(|expected| expected.finding == Some(*index)))
            .map(|(_, finding)| finding)
    }

    /// What one run of the results is told by.
    #[must_use]
    pub fn key(&self) -> RunName<'_> {
        (&self.scenario, self.variant, self.seed, self.series.as_deref(), self.traffic)
    }
}

/// Everything `bloathound run --json` writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunResults {
    /// See [`super::SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who wrote it.
    pub tool: ToolRecord,
    /// Where it ran.
    pub host: HostRecord,
    /// The part this is, of a partitioned run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionRecord>,
    /// Every run, by scenario, variant and seed.
    pub runs: Vec<RunRecord>,
    /// Scores by class; a class nobody looked for is not there.
    pub scores: BTreeMap<FindingClass, ScoreRecord>,
    /// Scores of simple baselines on the same runs, by class; those that could judge none are not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub baselines: BTreeMap<FindingClass, Vec<BaselineScore>>,
    /// Dose and response of the runs with a bug of growth, least first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dose: Vec<DosePoint>,
    /// Hash of all thresholds, word lists and bounds that verdicts hang on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Why this is not all that was asked for; null where it is.
    #[serde(default)]
    pub partial: Option<Partial>,
}

impl RunResults {
    /// Runs that ended this way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.runs.iter().filter(|run| run.outcome == outcome).count()
    }

    /// The same without what a clock or this machine put in: equal for equal behaviour. Samples, values and states seen, shares of CPU time
    /// and context switches go too; they are measured in time.
    #[must_use]
    pub fn without_measurements(&self) -> Self {
        let mut results = self.clone();
        results.host = HostRecord::default();
        results.baselines.clear();
        results.dose.clear();
        for score in results.scores.values_mut() {
            score.seconds_to_detection = None;
        }
        for run in &mut results.runs {
            run.seconds = 0.0;
            run.disturbance = DisturbanceRecord::default();
            run.timing = TimingRecord::default();
            run.detected_after_seconds = None;
            // Resident memory is the machine's as much as the program's.
            run.looks.clear();
            run.baselines.clear();
            run.dose = None;
            run.recording = None;
            // Times of events and totals of what runs by the clock stand in it; the run was judged by it already.
            run.ledger.clear();
            if let Some(toggle) = &mut run.toggle {
                toggle.facts.clear();
                for phase in &mut toggle.phases {
                    phase.seconds = None;
                    phase.throughput_per_second = None;
                    phase.latency_p50_ms = None;
                    phase.latency_p99_ms = None;
                }
            }
            for finding in &mut run.findings {
                if let crate::Evidence::HotLoop(evidence) = &mut finding.evidence {
                    evidence.samples = 0;
                    evidence.cpu_fraction = None;
                    evidence.starved_seconds = None;
                    evidence.voluntary_switches = 0;
                    evidence.distinct_states = 0;
                    evidence.thread = None;
                    evidence.exit_values.clear();
                }
            }
        }
        results
    }
}
