//! All looks of one run, judged: each as it comes, and the series of them at the end.

use std::time::{Duration, Instant};

use bloathound_detect::fragmentation::ArenaFacts;
use bloathound_detect::{
    Finding, GrowthUnit, MemorySeen, Observation, Problem, Report, Seen, Thresholds, Work, judge, needs,
};
use bloathound_profile::Profile;
use bloathound_vocabulary::{HeatMap, HeatPanel, ObservationRecord};
use bloathound_vocabulary::{InspectReport, TimingRecord, milliseconds};

use super::figures::{self, Detected, LookFigures};
use super::growth::{self, RoundShapes, alike, rounds};
use super::series::{CYCLES, Series};
use super::watch::ValuesOf;
use super::{heat, inspect};
use crate::moment::{Look, Moment};
use crate::session::Session;
use crate::source::{Examined, process_record};

/// What the rules have to say of a run's looks so far.
#[derive(Debug)]
pub struct RunJudge {
    /// Names of rules that are switched off.
    without: Vec<&'static str>,
    thresholds: Thresholds,
    rounds: Vec<RoundShapes>,
    /// The same looks in figures.
    figures: Vec<LookFigures>,
    /// When the first look was taken; unknown in a recording.
    since: Option<Instant>,
    detected: Option<Detected>,
    busiest_thread: Option<f64>,
    /// The facts of the same looks.
    series: Series,
    /// What the rounds say with the heap of the last of them, once that was seen.
    grown: Option<Report>,
    /// The arenas of the fresh process.
    baseline: Option<ArenaFacts>,
    /// Whether to keep pictures and the last look for a report.
    illustrate: bool,
    before: Option<HeatPanel>,
    heat_map: Option<HeatMap>,
    last_look: Option<InspectReport>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    abstained: Vec<String>,
    observations: Vec<ObservationRecord>,
    timing: TimingRecord,
}

/// What all looks of a run gave.
#[derive(Debug)]
pub struct RunFindings {
    /// What was found.
    pub findings: Vec<Finding>,
    /// What could not be read, or not be judged.
    pub problems: Vec<Problem>,
    /// What was not judged because there was too little processor: such a run is invalid.
    pub abstained: Vec<String>,
    /// The looks that are compared with each other, in figures.
    pub looks: Vec<LookFigures>,
    /// From when on all that was found stood; `None` where nothing was found.
    pub detected: Option<Detected>,
    /// The share of a processor that the busiest thread had, where threads were sampled.
    pub busiest_thread: Option<f64>,
    /// What the rounds tell that is no bug by itself, such as growth below a limit.
    pub observations: Vec<ObservationRecord>,
    /// Of the last look.
    pub timing: TimingRecord,
    /// Before and after, where a report was asked for.
    pub heat_map: Option<HeatMap>,
    /// Everything the last look told, where a report was asked for.
    pub last_look: Option<InspectReport>,
}

impl RunJudge {
    /// Judges by all rules but those named; `illustrate` keeps pictures and the last look for a report.
    #[must_use]
    pub fn new(without: &[&'static str], illustrate: bool) -> Self {
        Self {
            without: without.to_vec(),
            thresholds: Thresholds::default(),
            rounds: Vec::new(),
            figures: Vec::new(),
            since: None,
            detected: None,
            busiest_thread: None,
            series: Series::default(),
            grown: None,
            baseline: None,
            illustrate,
            before: None,
            heat_map: None,
            last_look: None,
            findings: Vec::new(),
            problems: Vec::new(),
            abstained: Vec::new(),
            observations: Vec::new(),
            timing: TimingRecord::default(),
        }
    }

    /// Judges by these limits instead of ours, without pictures.
    pub(super) fn by(thresholds: Thresholds, without: &[&'static str]) -> Self {
        Self { thresholds, ..Self::new(without, false) }
    }

    fn note(&mut self, report: Report, detected: Option<Detected>) {
        if let (false, Some(detected)) = (report.findings.is_empty(), detected) {
            self.detected = Some(self.detected.map_or(detected, |before| before.or_later(detected)));
        }
        self.findings.extend(report.findings);
        self.problems.extend(report.problems);
        self.abstained.extend(report.abstained);
    }

    /// Judges what needs all looks, and hands everything over.
    #[must_use]
    pub fn finish(mut self) -> RunFindings {
        if !self.rounds.is_empty() {
            let (without, thresholds) = (&self.without, &self.thresholds);
            // Without the last look nobody knows of limits.
            let find = || growth::find(&self.rounds, GrowthUnit::Request, without, thresholds);
            let mut report = self.grown.take().unwrap_or_else(find);
            let stood = figures::stood_from(&report.findings, &self.rounds, &self.figures, without, thresholds);
            if needs(without).series {
                self.series.judge(&mut report, &but_cycles(without), thresholds);
            }
            let told = |observation: &Observation| match observation {
                Observation::Told(record) => Some(record.clone()),
                _ => None,
            };
            self.observations.extend(report.observations.iter().filter_map(told));
            self.note(report, stood);
        }
        RunFindings {
            findings: self.findings,
            problems: self.problems,
            abstained: self.abstained,
            looks: self.figures,
            detected: self.detected,
            busiest_thread: self.busiest_thread,
            observations: self.observations,
            timing: self.timing,
            heat_map: self.heat_map,
            last_look: self.last_look,
        }
    }

    fn note_problems(&mut self, examined: &Examined) {
        for message in &examined.problems {
            let problem = Problem { stage: "decode".into(), message: message.clone() };
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// What grew, with the heap of the last look: limits that are in memory are known then.
    fn judge_growth(&self, last: &Examined) -> Report {
        let session = Session::from(last);
        // The load is counted: what the program counts itself measures nothing better.
        let values = ValuesOf::of(last, session.snapshot(), &[]);
        let alike = alike(&self.rounds);
        let looks = rounds(&self.rounds, &alike);
        let seen = Seen {
            looks: Some((&looks, GrowthUnit::Request)),
            snapshot: Some((session.snapshot(), session.replay())),
            values: Some(&values),
            ..Seen::default()
        };
        judge(&seen, &but_cycles(&self.without), &self.thresholds)
    }

    /// The rules that one look is enough for.
    fn judge_one(&mut self, look: &Look, session: &Session<'_>) {
        let needs = needs(&self.without);
        let arenas = if needs.memory { session.arenas() } else { None };
        let pins = || session.pins().map(|pins| pins.groups.clone()).unwrap_or_default();
        let holes = || session.holes();
        let seen = Seen {
            snapshot: needs.snapshot.then(|| (session.snapshot(), session.replay())),
            memory: arenas.map(|arenas| MemorySeen {
                now: &arenas.facts,
                before: self.baseline.as_ref(),
                pins: &pins,
                holes: &holes,
            }),
            ..Seen::default()
        };
        let report = judge(&seen, &self.without, &self.thresholds);
        let seconds = self.since.map(|since| since.elapsed().as_secs_f64());
        self.note(report, Some(Detected { looks: Some(1), requests: Some(look.requests), seconds }));
    }

    /// Pictures and tables for a report; their cost counts for nothing.
    fn illustrate(&mut self, pid: u32, session: &Session<'_>, examined: &Examined, is_fresh: bool) {
        if !self.illustrate || session.arenas().is_none() {
            return;
        }
        if is_fresh {
            self.before = heat::panel(session, None, "before the load");
            return;
        }
        let pins = session.pins();
        let after = heat::panel(session, pins, "after");
        self.heat_map = Some(HeatMap {
            title: "memory of the service".into(),
            panels: self.before.clone().into_iter().chain(after).collect(),
            groups: heat::group_names(pins),
        });
        let target = process_record(pid, &examined.interpreter, examined.build_id.clone());
        self.last_look = Some(inspect::inspect(session, target));
    }

    /// How long the copy took, live.
    pub fn note_copy(&mut self, examined: &Examined) {
        self.since.get_or_insert_with(Instant::now);
        self.timing.pause_ms = Some(milliseconds(examined.timings.capture.longest_pause));
        self.timing.copy_ms = Some(milliseconds(examined.timings.capture.copy));
        self.timing.decode_ms = Some(milliseconds(examined.timings.decode));
    }

    /// What the rules have to say of one look, live or recorded.
    pub fn judge(&mut self, pid: u32, look: &Look, examined: &Examined) {
        let mut analysed = Duration::ZERO;
        let session = Session::from(examined);
        match look.moment {
            Moment::Round { round, of } => {
                timed(&mut analysed, || session.shapes());
                if needs(&self.without).series {
                    // Without a clock: the same recording has to say the same again.
                    timed(&mut analysed, || self.series.add(&session, 0.0, Some(look.requests)));
                }
                self.note_problems(examined);
                if round == of {
                    self.illustrate(pid, &session, examined, false);
                }
                self.figures.push(figures::of_look(look, &session, examined, self.since));
                self.rounds.push(RoundShapes {
                    shapes: session.into_shapes(),
                    requests: look.requests_since,
                    work: Work::default(),
                });
                if round == of {
                    let grown = timed(&mut analysed, || self.judge_growth(examined));
                    self.grown = Some(grown);
                }
            }
            Moment::Inspect => {
                timed(&mut analysed, || self.judge_one(look, &session));
                self.note_problems(examined);
                self.illustrate(pid, &session, examined, false);
            }
            Moment::Fresh => {
                self.baseline = session.arenas().map(|arenas| arenas.facts);
                self.illustrate(pid, &session, examined, true);
            }
            Moment::UnderLoad | Moment::Hot { .. } => {}
        }
        if !analysed.is_zero() {
            self.timing.analyse_ms = Some(milliseconds(analysed));
        }
    }

    /// Whether anything was found by now; what needs all looks is not known yet.
    #[must_use]
    pub fn has_found(&self) -> bool {
        !self.findings.is_empty()
    }

    /// What the rules have to say of samples, live or recorded.
    pub fn judge_samples(&mut self, profile: &Profile) {
        let seen = Seen { profile: Some(profile), ..Seen::default() };
        let report = judge(&seen, &self.without, &self.thresholds);
        let busiest = figures::busiest_thread(profile);
        self.busiest_thread = [self.busiest_thread, busiest].into_iter().flatten().reduce(f64::max);
        let seconds = Some(profile.cost.took_ns as f64 / 1e9).filter(|seconds| *seconds > 0.0);
        self.note(report, Some(Detected { seconds, ..Detected::default() }));
    }
}

/// Cycles are judged by a look of their own.
fn but_cycles(without: &[&'static str]) -> Vec<&'static str> {
    without.iter().copied().chain([CYCLES]).collect()
}

/// Runs `work` and adds the time it took to `sum`.
fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = work();
    *sum += started.elapsed();
    value
}
