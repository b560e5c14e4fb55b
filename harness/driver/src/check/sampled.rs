//! Samples of a process, judged for loops.

use bloathound_engine::Interrupt;
use bloathound_engine::looks::{RunJudge, SampleError, SamplerOptions, sample_process};
use bloathound_engine::source::LiveProcess;

use super::{CheckError, CheckPlan};

/// Samples a process for as long as the plan says; whether anything was found in it by now.
pub(super) fn sample(
    pid: u32,
    judge: &mut RunJudge,
    plan: &CheckPlan,
    interrupt: &Interrupt,
) -> Result<bool, CheckError> {
    if plan.sample.is_zero() {
        return Ok(false);
    }
    let process = LiveProcess::open(pid, plan.look.clone())?;
    let options = SamplerOptions { seconds: plan.sample.as_secs_f64(), ..SamplerOptions::default() };
    let sampling = sample_process(&process, options, interrupt).map_err(SampleError::from)?;
    judge.judge_samples(&sampling.profile);
    Ok(judge.has_found())
}
