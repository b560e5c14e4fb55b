//! The moment to stop the target, and the pause itself: where stopping does no harm, for as long as is allowed.

use std::path::Path;
use std::time::{Duration, Instant};

use bloathound_memory::MemorySource;

use super::interruptible::interruptible;
use super::priority::{Raised, predicted_pause, processor_share};
use super::{Taken, Work};
use crate::capture::{CaptureJudge, CaptureMode, MomentVerdict, Stillness};
use crate::error::LiveError;
use crate::forecast::foretell;
use crate::pause::{HOLD, Pause, PauseOptions, Prepared, Released, process_of_thread};
use crate::plan::Layout;

/// How long a moment is waited for at which nobody is in a call that shows the stop.
const MOMENT_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks whether it has come.
const MOMENT_EVERY: Duration = Duration::from_millis(2);
/// How long we wait for another bloathound beside the longest pause it may make.
const OTHER_WITHIN: Duration = Duration::from_secs(10);
/// Said when that takes longer.
const OTHER_IS_LONG: Duration = Duration::from_secs(1);
/// What programs of ours are called.
const OUR_NAME: &str = "bloathound";

impl Work<'_> {
    /// Stops, asks, copies, lets go; again while the caller says so.
    pub(super) fn paused(&mut self, judge: &mut dyn CaptureJudge) -> Result<(), LiveError> {
        let budget = self.options.pause_budget;
        let _raised = self.at_their_level()?;
        if self.options.budget_is_asked_for && !self.is_affordable(judge)? {
            return Ok(());
        }
        for attempt in 0..self.options.tries_max.max(1) {
            let Some(pause) = self.stop(judge)? else {
                return Ok(());
            };
            if let MomentVerdict::Retry(reason) = judge.accept(self.process) {
                self.account(pause);
                self.refusals.push(reason);
                // Short at first: a young collection takes less than a millisecond.
                std::thread::sleep(Duration::from_micros(200 << attempt.min(8)));
                continue;
            }
            self.timings.stop = pause.stop_took();
            self.torn.unstoppable_threads = pause.unstoppable().to_vec();
            let since = pause.since();
            let result = self.take(&mut || since.elapsed() < budget);
            let released = self.account(pause);
            let (look, copied) = result?;
            if released.holder_lost {
                return Err(LiveError::HolderLost { pid: self.process.pid() });
            }
            // What was copied after the target went on is of no one moment.
            if copied.stopped_early || !released.until_asked {
                return Err(LiveError::PauseBudget {
                    budget,
                    paused: released.held,
                    copied_bytes: copied.bytes,
                    planned_bytes: look.layout.live_bytes,
                });
            }
            self.taken = Some(Taken { look, copied, stillness: Stillness::Paused });
            return Ok(());
        }
        Err(LiveError::NeverAcceptable {
            pid: self.process.pid(),
            tries: self.options.tries_max.max(1),
            reason: self.refusals.last().cloned().unwrap_or_default(),
        })
    }

    /// Whether the pause will be as short as was asked for, by what copying takes here and now; false where it would not, and
    /// the target was copied as it slept.
    fn is_affordable(&mut self, judge: &mut dyn CaptureJudge) -> Result<bool, LiveError> {
        let layout = Layout::new(&self.survey.page_runs, &self.files, self.options.with_swapped, &self.survey.unbacked);
        let forecast = foretell(self.process, &self.survey, &layout)?;
        let budget = self.options.pause_budget;
        if forecast.pause <= budget {
            return Ok(true);
        }
        let began = Instant::now();
        while self.options.mode == CaptureMode::PreferQuiet && began.elapsed() < MOMENT_WITHIN {
            self.unpaused(judge, true)?;
            if self.taken.is_some() {
                return Ok(false);
            }
            std::thread::sleep(MOMENT_EVERY);
        }
        Err(LiveError::PauseTooLong {
            pid: self.process.pid(),
            predicted: forecast.pause,
            budget,
            bytes: forecast.copied_bytes,
            bytes_per_second: forecast.bytes_per_second,
        })
    }

    fn account(&mut self, pause: Pause) -> Released {
        let released = pause.release();
        self.timings.paused += released.held;
        self.timings.longest_pause = self.timings.longest_pause.max(released.held);
        released
    }

    /// We may not be slower than the target while it waits for us: raised to its level, or refused with the figure.
    fn at_their_level(&self) -> Result<Raised, LiveError> {
        if let Some(raised) = Raised::to_level_of(self.process) {
            return Ok(raised);
        }
        let share = processor_share();
        let predicted = predicted_pause(self.planned, share);
        let budget = self.options.pause_budget;
        if self.options.budget_is_asked_for && predicted <= budget {
            return Ok(Raised::not_at_all());
        }
        Err(LiveError::TooLowPriority {
            pid: self.process.pid(),
            predicted,
            bytes: self.planned,
            share_percent: share * 100.0,
        })
    }

    /// Stops the target at a moment that does no harm; `None` when a quiet copy was taken instead. Another bloathound
    /// that holds it is waited for.
    fn stop(&mut self, judge: &mut dyn CaptureJudge) -> Result<Option<Pause>, LiveError> {
        let budget = self.options.pause_budget;
        let options = PauseOptions { stop_within: budget, longest: budget, holder: self.options.holder.clone() };
        let began = Instant::now();
        let mut said = false;
        loop {
            let prepared = Prepared::new(self.process, &options);
            if !self.moment_has_come(judge)? {
                return Ok(None);
            }
            let first = match prepared.stop(self.process) {
                Err(LiveError::AlreadyTraced { tracer, .. }) if began.elapsed() < budget + OTHER_WITHIN => tracer,
                other => return other.map(Some),
            };
            let pid = self.process.pid();
            // The one who was first may be gone by now, and another one in its place.
            let now = self.process.status()?.tracer.map(process_of_thread);
            if let Some(tracer) = now.filter(|tracer| !is_one_of_us(*tracer) && !is_one_of_us(first)) {
                return Err(LiveError::AlreadyTraced { pid, tracer });
            }
            if began.elapsed() > OTHER_IS_LONG && !std::mem::replace(&mut said, true) {
                self.options.tell(&format!("waiting for another bloathound, which looks at process {pid}"));
            }
            // Two that find each other at once must not come back at once.
            let apart = u64::from(std::process::id() % 7) + 1;
            std::thread::sleep(Duration::from_millis(apart));
        }
    }

    /// Waits until no thread is in a call that would harm it to be interrupted; false when it could be copied without
    /// stopping it meanwhile.
    fn moment_has_come(&mut self, judge: &mut dyn CaptureJudge) -> Result<bool, LiveError> {
        let began = Instant::now();
        loop {
            self.freshen()?;
            let Some(harm) = self.harm(judge) else {
                return Ok(true);
            };
            if self.options.mode == CaptureMode::PreferQuiet {
                self.unpaused(judge, true)?;
                if self.taken.is_some() {
                    return Ok(false);
                }
            }
            if began.elapsed() > MOMENT_WITHIN {
                return Err(harm);
            }
            std::thread::sleep(MOMENT_EVERY);
        }
    }

    /// The first thread that would take a stop for an error.
    fn harm(&self, judge: &mut dyn CaptureJudge) -> Option<LiveError> {
        if self.options.even_if_interrupting {
            return None;
        }
        let source: &dyn MemorySource = self.process;
        let mut waiting = interruptible(self.process).into_iter();
        waiting.find_map(|one| {
            let place = judge.may_interrupt(source, one).err()?;
            Some(LiveError::WouldInterrupt { pid: self.process.pid(), tid: one.tid, call: one.call, place })
        })
    }
}

/// True for a process that pauses as we do, and so not for long: a holder, or a program of our name.
fn is_one_of_us(pid: u32) -> bool {
    if pid == std::process::id() {
        return true;
    }
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if words.split(|byte| *byte == 0).nth(1) == Some(HOLD.as_bytes()) {
        return true;
    }
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().replace(" (deleted)", ""));
    let executable = |pid: &str| std::fs::read_link(format!("/proc/{pid}/exe")).ok().and_then(|path| name(&path));
    let theirs = executable(&pid.to_string());
    theirs.is_some() && (theirs.as_deref() == Some(OUR_NAME) || theirs == executable("self"))
}
