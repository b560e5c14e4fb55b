//! Looks at a scenario's service with the engine, and collects what the rules find.

use std::time::Duration;

use bloathound_cpython::frames::SamplerOptions;
use bloathound_detect::fragmentation::ArenaFacts;
use bloathound_detect::{
    Finding, GrowthRound, GrowthUnit, Problem, Thresholds, find_cycles, find_growth, hot_loop,
};
use bloathound_driver::examine::{ExamineOptions, Examined, Target};
use bloathound_driver::hot::sample_process;
use bloathound_driver::{Look, Looked, Moment, Observer};
use bloathound_heap::GcReplay;
use bloathound_live::CaptureMode;
use bloathound_report::json::{TimingRecord, milliseconds};

use crate::analysis::{self, RoundShapes};
use crate::args::Detector;

/// The engine as the driver's observer.
#[derive(Debug)]
pub(crate) struct Engine {
    without: Vec<Detector>,
    thresholds: Thresholds,
    rounds: Vec<RoundShapes>,
    /// The arenas of the fresh process.
    baseline: Option<ArenaFacts>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    timing: TimingRecord,
}

/// What the engine has to say after a run.
#[derive(Debug)]
pub(crate) struct EngineResult {
    pub(crate) findings: Vec<Finding>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) timing: TimingRecord,
}

impl Engine {
    pub(crate) fn new(without: &[Detector]) -> Self {
        Self {
            without: without.to_vec(),
            thresholds: Thresholds::default(),
            rounds: Vec::new(),
            baseline: None,
            findings: Vec::new(),
            problems: Vec::new(),
            timing: TimingRecord::default(),
        }
    }

    fn runs(&self, detector: Detector) -> bool {
        !self.without.contains(&detector)
    }

    /// Judges what needs all looks, and hands everything over.
    pub(crate) fn finish(mut self) -> EngineResult {
        if self.runs(Detector::Growth) && !self.rounds.is_empty() {
            let rounds: Vec<GrowthRound<'_>> = self
                .rounds
                .iter()
                .map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests })
                .collect();
            let report = find_growth(&rounds, GrowthUnit::Request, &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
        EngineResult { findings: self.findings, problems: self.problems, timing: self.timing }
    }

    fn examine(&mut self, pid: u32) -> Result<Examined, Box<dyn std::error::Error + Send + Sync>> {
        // The harness always stops its target: the harder way is the one to be gated.
        let options = ExamineOptions { mode: CaptureMode::Paused, ..ExamineOptions::default() };
        let examined = Target::open(pid, options)?.examine()?;
        self.timing.pause_ms = Some(milliseconds(examined.timings.capture.longest_pause));
        self.timing.copy_ms = Some(milliseconds(examined.timings.capture.copy));
        self.timing.decode_ms = Some(milliseconds(examined.timings.decode));
        Ok(examined)
    }

    fn note_problems(&mut self, examined: &Examined) {
        for message in &examined.problems {
            let problem = Problem { stage: "decode".into(), message: message.clone() };
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn inspect(&mut self, examined: &Examined) {
        let replay = GcReplay::run(&examined.snapshot);
        if self.runs(Detector::Cycles) {
            let report = find_cycles(&examined.snapshot, &replay, &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
        if self.runs(Detector::Fragmentation) {
            let report = analysis::fragmentation(examined, &replay, self.baseline.as_ref(), &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
    }

    fn sample(&mut self, pid: u32, duration: Duration) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let target = Target::open(pid, ExamineOptions::default())?;
        let options = SamplerOptions { seconds: duration.as_secs_f64(), ..SamplerOptions::default() };
        let profile = sample_process(&target, options)?;
        if self.runs(Detector::HotLoop) {
            let report = hot_loop::judge(&profile, &self.thresholds.hot_loop);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
        Ok(())
    }
}

impl Observer for Engine {
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Box<dyn std::error::Error + Send + Sync>> {
        let mut analysed = Duration::ZERO;
        let mut looked = Looked::default();
        match look.moment {
            Moment::Round { .. } => {
                let examined = self.examine(pid)?;
                looked.pauses.push(examined.timings.capture.longest_pause);
                let shapes = analysis::timed(&mut analysed, || analysis::shapes(&examined));
                self.rounds.push(RoundShapes { shapes, requests: look.requests_since });
                self.note_problems(&examined);
            }
            Moment::Inspect => {
                let examined = self.examine(pid)?;
                looked.pauses.push(examined.timings.capture.longest_pause);
                analysis::timed(&mut analysed, || self.inspect(&examined));
                self.note_problems(&examined);
            }
            Moment::Fresh => {
                let examined = self.examine(pid)?;
                looked.pauses.push(examined.timings.capture.longest_pause);
                let replay = GcReplay::run(&examined.snapshot);
                self.baseline = analysis::arena_facts(&examined, &replay);
            }
            Moment::UnderLoad => {
                let examined = self.examine(pid)?;
                looked.pauses.push(examined.timings.capture.longest_pause);
            }
            Moment::Hot { duration } => self.sample(pid, duration)?,
        }
        if !analysed.is_zero() {
            self.timing.analyse_ms = Some(milliseconds(analysed));
        }
        Ok(looked)
    }
}
