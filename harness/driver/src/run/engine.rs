//! The engine as who looks while a scenario runs, and the recording of what it saw.

use std::path::PathBuf;
use std::time::Duration;

use bloathound_bounds::read_regular_text;
use bloathound_engine::looks::{ReplayError, RunFindings, RunJudge, SamplerOptions, Sampling, replay, sample_process};
use bloathound_engine::record::{
    FINDINGS, FORMAT, FileError, RecordedRun, Recorder, findings_json, read_run, write_whole,
};
use bloathound_engine::source::{ExamineOptions, Examined, LiveProcess};
use bloathound_engine::{Interrupt, Look, Moment, tool};
use bloathound_live::CaptureMode;
use bloathound_scenario::{Scenario, Traffic, Variant};

use super::DrivenRun;
use super::observer::{Looked, Observer};

/// Asks the engine to look, and to judge what it saw.
#[derive(Debug)]
pub struct EngineObserver {
    judge: RunJudge,
    without: Vec<&'static str>,
    /// Where looks are kept, if they are.
    recorder: Option<Recorder>,
    /// The program that holds pauses, if there is one.
    holder: Option<PathBuf>,
    /// Why they are not kept any more: a full disk costs the recording, and no run.
    unrecorded: Option<Failure>,
}

/// How a run is told apart in its recording.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'r> {
    /// Which scenario.
    pub scenario: &'r Scenario,
    /// Which twin.
    pub variant: Variant,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl EngineObserver {
    /// Judges by all rules but those named as the registry of rules does; `illustrate` keeps pictures and the last look
    /// for a report.
    #[must_use]
    pub fn new(without: &[&'static str], illustrate: bool) -> Self {
        Self {
            judge: RunJudge::new(without, illustrate),
            without: without.to_vec(),
            recorder: None,
            holder: None,
            unrecorded: None,
        }
    }

    /// Has pauses held by this program ([`ExamineOptions::holder`]) from now on.
    pub fn held_by(&mut self, program: PathBuf) {
        self.holder = Some(program);
    }

    /// Keeps every look from now on.
    pub fn record_to(&mut self, recorder: Recorder) {
        self.recorder = Some(recorder);
    }

    /// Why looks are not kept any more, where they were to be.
    #[must_use]
    pub fn unrecorded(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.unrecorded.as_deref()
    }

    /// Judges what needs all looks, and ends the recording: the findings, and what is needed to judge again. Beside the
    /// findings comes the recording's folder, where there is one, or why it could not be written or read back: what was
    /// found is lost by neither.
    pub fn finish(self, of: Recorded<'_>, driven: &DrivenRun) -> (RunFindings, Option<Result<PathBuf, Failure>>) {
        let Self { judge, without, recorder, holder: _, unrecorded } = self;
        let found = judge.finish();
        let kept = recorder.map(|recorder| keep(recorder, &without, of, driven, &found).map_err(Failure::from));
        (found, unrecorded.map(Err).or(kept))
    }

    fn examine(&mut self, pid: u32, look: &Look) -> Result<Examined, Failure> {
        // The harness always stops its target: the harder way is the one to be gated.
        let holder = self.holder.clone();
        let options = ExamineOptions { mode: CaptureMode::Paused, holder, ..ExamineOptions::default() };
        let mut process = LiveProcess::open(pid, options)?;
        let mut examined = process.examine()?;
        self.judge.note_copy(&examined);
        let kept = self.recorder.as_mut().map(|recorder| recorder.keep(look, pid, &mut examined, process.symbols()));
        self.note_kept(kept.transpose());
        Ok(examined)
    }

    /// A recording that lacks a look is none: it is given up, and what there is of it removed.
    fn note_kept<E: Into<Failure>>(&mut self, kept: Result<Option<()>, E>) {
        if let Err(error) = kept {
            self.recorder = None;
            self.unrecorded = Some(error.into());
        }
    }

    fn sample(&mut self, pid: u32, look: &Look, duration: Duration) -> Result<(), Failure> {
        let process = LiveProcess::open(pid, ExamineOptions::default())?;
        let options = SamplerOptions { seconds: duration.as_secs_f64(), ..SamplerOptions::default() };
        // An interrupt ends the service, and that the sampling.
        let Sampling { profile, .. } = sample_process(&process, options, &Interrupt::default())?;
        let kept = self.recorder.as_mut().map(|recorder| recorder.keep_samples(look, &process, &profile));
        self.note_kept(kept.transpose());
        self.judge.judge_samples(&profile);
        Ok(())
    }
}

impl Observer for EngineObserver {
    fn observe(&mut self, pid: u32, look: &Look) -> Result<Looked, Failure> {
        let mut looked = Looked::default();
        if let Moment::Hot { duration } = look.moment {
            self.sample(pid, look, duration)?;
            return Ok(looked);
        }
        let examined = self.examine(pid, look)?;
        looked.pauses.push(examined.timings.capture.longest_pause);
        self.judge.judge(pid, look, &examined);
        Ok(looked)
    }
}

/// Longest scenario file: one that was read before, so this only bounds what it may have become.
const SCENARIO_BYTES_MAX: u64 = 256 << 10;

/// Ends a recording: the findings, then the manifest that makes its folder one.
fn keep(
    recorder: Recorder,
    without: &[&'static str],
    of: Recorded<'_>,
    driven: &DrivenRun,
    found: &RunFindings,
) -> Result<PathBuf, ReplayError> {
    let Recorded { scenario, variant } = of;
    let scenario_yaml =
        read_regular_text(&scenario.file, SCENARIO_BYTES_MAX).map_err(|error| FileError::new(&scenario.file, error))?;
    let unmet: Vec<String> =
        driven.unmet.iter().map(ToString::to_string).chain(found.abstained.iter().cloned()).collect();
    let run = RecordedRun {
        format: FORMAT,
        tool: tool(),
        scenario: scenario.name.clone(),
        variant,
        seed: scenario.seed,
        series: scenario.on.clone(),
        traffic: (scenario.traffic != Traffic::Steady).then_some(scenario.traffic),
        service: scenario.service.clone(),
        requests: driven.requests,
        invalid_because: (!unmet.is_empty()).then(|| unmet.join("; ")),
        without: without.iter().map(|one| (*one).to_owned()).collect(),
        redacted: false,
        looks: Vec::new(),
        scenario_yaml,
    };
    let (folder, redacts) = (recorder.folder().to_owned(), recorder.redacts());
    recorder.finish(run, &found.findings)?;
    if redacts {
        // Texts of findings may come from strings that are gone now: what counts is what the images tell.
        let again = replay(&folder, &read_run(&folder)?, false)?;
        write_whole(&folder.join(FINDINGS), findings_json(&again.findings)?.as_bytes())?;
    }
    Ok(folder)
}
