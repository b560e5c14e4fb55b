//! Looks at a scenario's service with the engine, and collects what the rules find.

use std::time::Duration;

use bloathound_cpython::frames::SamplerOptions;
use bloathound_detect::fragmentation::ArenaFacts;
use bloathound_detect::{Finding, GrowthRound, GrowthUnit, Problem, Thresholds, find_cycles, find_growth, hot_loop};
use bloathound_driver::{Look, Looked, Moment, Observer};
use bloathound_engine::examine::{ExamineOptions, Examined, Target};
use bloathound_engine::hot::sample_process;
use bloathound_engine::memory_view::MemoryView;
use bloathound_heap::{Analysis, GcReplay};
use bloathound_live::CaptureMode;
use bloathound_profile::Profile;
use bloathound_report::heatmap::{HeatMap, HeatPanel};
use bloathound_report::json::{FindingClass, InspectReport, TimingRecord, milliseconds};

use crate::analysis::{self, RoundShapes};
use crate::args::Detector;
use crate::commands::inspect;
use crate::heat;
use crate::recorder::Recorder;

/// The engine as the driver's observer.
#[derive(Debug)]
pub(crate) struct Engine {
    without: Vec<Detector>,
    thresholds: Thresholds,
    rounds: Vec<RoundShapes>,
    /// The arenas of the fresh process.
    baseline: Option<ArenaFacts>,
    /// Where looks are kept, if they are.
    recorder: Option<Recorder>,
    /// Whether to keep pictures and the last look for a report.
    illustrate: bool,
    before: Option<HeatPanel>,
    heat_map: Option<HeatMap>,
    last_look: Option<InspectReport>,
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
    /// Before and after, where a report was asked for.
    pub(crate) heat_map: Option<HeatMap>,
    /// Everything the last look told, where a report was asked for.
    pub(crate) last_look: Option<InspectReport>,
}

impl Engine {
    pub(crate) fn new(without: &[Detector], illustrate: bool) -> Self {
        Self {
            without: without.to_vec(),
            thresholds: Thresholds::default(),
            rounds: Vec::new(),
            baseline: None,
            recorder: None,
            illustrate,
            before: None,
            heat_map: None,
            last_look: None,
            findings: Vec::new(),
            problems: Vec::new(),
            timing: TimingRecord::default(),
        }
    }

    /// Keeps every look from now on.
    pub(crate) fn record_to(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Hands the recorder over, to be finished.
    pub(crate) fn take_recorder(&mut self) -> Option<Recorder> {
        self.recorder.take()
    }

    fn runs(&self, class: FindingClass) -> bool {
        !self.without.contains(&Detector(class))
    }

    /// Judges what needs all looks, and hands everything over.
    pub(crate) fn finish(mut self) -> EngineResult {
        if self.runs(FindingClass::Leak) && !self.rounds.is_empty() {
            let rounds: Vec<GrowthRound<'_>> = self
                .rounds
                .iter()
                .map(|round| GrowthRound { shapes: &round.shapes, requests: round.requests })
                .collect();
            let report = find_growth(&rounds, GrowthUnit::Request, &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
        EngineResult {
            findings: self.findings,
            problems: self.problems,
            timing: self.timing,
            heat_map: self.heat_map,
            last_look: self.last_look,
        }
    }

    fn examine(&mut self, pid: u32, look: &Look) -> Result<Examined, Box<dyn std::error::Error + Send + Sync>> {
        // The harness always stops its target: the harder way is the one to be gated.
        let options = ExamineOptions { mode: CaptureMode::Paused, ..ExamineOptions::default() };
        let mut target = Target::open(pid, options)?;
        let mut examined = target.examine()?;
        self.timing.pause_ms = Some(milliseconds(examined.timings.capture.longest_pause));
        self.timing.copy_ms = Some(milliseconds(examined.timings.capture.copy));
        self.timing.decode_ms = Some(milliseconds(examined.timings.decode));
        if let Some(recorder) = &mut self.recorder {
            recorder.keep(look, pid, &mut examined, target.symbols())?;
        }
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
        if self.runs(FindingClass::Cycle) {
            let report = find_cycles(&examined.snapshot, &replay, &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
        if self.runs(FindingClass::Fragmentation) {
            let report = analysis::fragmentation(examined, &replay, self.baseline.as_ref(), &self.thresholds);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
    }

    /// Pictures and tables for a report; their cost counts for nothing.
    fn illustrate(&mut self, pid: u32, examined: &Examined, is_fresh: bool) {
        if !self.illustrate {
            return;
        }
        let analysis = Analysis::run(&examined.snapshot);
        let Some(view) = MemoryView::new(examined, &analysis.replay().awaiting_collection) else { return };
        if is_fresh {
            self.before = Some(heat::panel(&view, &analysis, None, "before the load"));
            return;
        }
        let pins = view.pins(&view.census(), analysis.finder());
        let after = heat::panel(&view, &analysis, Some(&pins), "after");
        self.heat_map = Some(HeatMap {
            title: "memory of the service".into(),
            panels: self.before.clone().into_iter().chain([after]).collect(),
            groups: heat::group_names(Some(&pins)),
        });
        let target = inspect::target_record(pid, &examined.interpreter, examined.build_id.clone());
        self.last_look = Some(inspect::report(target, examined));
    }

    /// What the rules have to say of one look, live or recorded.
    pub(crate) fn judge(&mut self, pid: u32, look: &Look, examined: &Examined) {
        let mut analysed = Duration::ZERO;
        match look.moment {
            Moment::Round { round, of } => {
                let shapes = analysis::timed(&mut analysed, || analysis::shapes(examined));
                self.rounds.push(RoundShapes { shapes, requests: look.requests_since });
                self.note_problems(examined);
                if round == of {
                    self.illustrate(pid, examined, false);
                }
            }
            Moment::Inspect => {
                analysis::timed(&mut analysed, || self.inspect(examined));
                self.note_problems(examined);
                self.illustrate(pid, examined, false);
            }
            Moment::Fresh => {
                let replay = GcReplay::run(&examined.snapshot);
                self.baseline = analysis::arena_facts(examined, &replay);
                self.illustrate(pid, examined, true);
            }
            Moment::UnderLoad | Moment::Hot { .. } => {}
        }
        if !analysed.is_zero() {
            self.timing.analyse_ms = Some(milliseconds(analysed));
        }
    }

    fn sample(
        &mut self,
        pid: u32,
        look: &Look,
        duration: Duration,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let target = Target::open(pid, ExamineOptions::default())?;
        let options = SamplerOptions { seconds: duration.as_secs_f64(), ..SamplerOptions::default() };
        let profile = sample_process(&target, options)?;
        if let Some(recorder) = &mut self.recorder {
            recorder.keep_samples(look, &target, &profile)?;
        }
        self.judge_samples(&profile);
        Ok(())
    }

    /// What the rules have to say of samples, live or recorded.
    pub(crate) fn judge_samples(&mut self, profile: &Profile) {
        if self.runs(FindingClass::HotLoop) {
            let report = hot_loop::judge(profile, &self.thresholds.hot_loop);
            self.findings.extend(report.findings);
            self.problems.extend(report.problems);
        }
    }
}

impl Observer for Engine {
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Box<dyn std::error::Error + Send + Sync>> {
        let mut looked = Looked::default();
        if let Moment::Hot { duration } = look.moment {
            self.sample(pid, look, duration)?;
            return Ok(looked);
        }
        let examined = self.examine(pid, look)?;
        looked.pauses.push(examined.timings.capture.longest_pause);
        self.judge(pid, look, &examined);
        Ok(looked)
    }
}
