//! A capture from its first step to its last: [`Process::capture`].

mod interruptible;
mod priority;
mod stopping;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use bloathound_memory::{MemoryImage, MemorySource, PAGE_BYTES, Region};

use crate::capture::{
    Capture, CaptureJudge, CaptureMode, CaptureOptions, CaptureTimings, MomentVerdict, Stillness, TornInfo,
};
use crate::copy::{Copied, copy_pieces, copy_sparse};
use crate::destination::{check_room, destination};
use crate::error::LiveError;
use crate::plan::{FilePages, Layout};
use crate::process::Process;
use crate::quiet::Quiet;
use crate::survey::Survey;

/// A survey older than this is taken anew before stopping.
const SURVEY_AGE_MAX: Duration = Duration::from_millis(20);

/// Looks for a moment when all threads sleep.
const QUIET_TRIES: u32 = 3;

impl Process {
    /// Copies the process's private memory. `accept` is asked right after stopping, with live reads, before any copying.
    ///
    /// Pages that are not there are not touched: the target does not grow.
    ///
    /// # Errors
    /// When the process goes away, may not be traced, does not stop, is larger than allowed, the budget is used up, or
    /// no stop was acceptable. In every case the target runs on.
    pub fn capture(
        &self,
        options: CaptureOptions,
        accept: &mut dyn FnMut(&dyn MemorySource) -> MomentVerdict,
    ) -> Result<Capture, LiveError> {
        self.capture_judged(options, &mut Accepting(accept))
    }

    /// The same, with a judge who is also asked beforehand about threads that would see the stop.
    ///
    /// # Errors
    /// As [`Process::capture`], and when a thread would be harmed by being stopped, or we are of too low a priority.
    pub fn capture_judged(&self, options: CaptureOptions, judge: &mut dyn CaptureJudge) -> Result<Capture, LiveError> {
        let mut work = Work::prepare(self, options)?;
        match work.options.mode {
            CaptureMode::NoPause => work.unpaused(judge, false)?,
            CaptureMode::PreferQuiet => {
                for _ in 0..QUIET_TRIES {
                    work.unpaused(judge, true)?;
                    if work.taken.is_some() {
                        break;
                    }
                    std::thread::sleep(Duration::from_micros(300));
                }
                if work.taken.is_none() {
                    work.paused(judge)?;
                }
            }
            CaptureMode::Paused => work.paused(judge)?,
        }
        work.finish()
    }
}

/// A judge of the moment alone.
struct Accepting<'f>(&'f mut dyn FnMut(&dyn MemorySource) -> MomentVerdict);

impl CaptureJudge for Accepting<'_> {
    fn accept(&mut self, source: &dyn MemorySource) -> MomentVerdict {
        (self.0)(source)
    }
}

/// A capture under way.
struct Work<'a> {
    process: &'a Process,
    options: CaptureOptions,
    /// Taken while the target ran.
    survey: Survey,
    surveyed: Instant,
    files: FilePages,
    /// Bytes to copy, as planned while the target ran.
    planned: u64,
    flat: Vec<u8>,
    timings: CaptureTimings,
    refusals: Vec<String>,
    torn: TornInfo,
    taken: Option<Taken>,
}

/// What there is at one moment, and where it goes.
struct Look {
    survey: Survey,
    layout: Layout,
}

struct Taken {
    look: Look,
    copied: Copied,
    stillness: Stillness,
}

impl<'a> Work<'a> {
    fn prepare(process: &'a Process, mut options: CaptureOptions) -> Result<Self, LiveError> {
        let started = Instant::now();
        let survey = Survey::take(process)?;
        let surveyed = Instant::now();
        let regions: Vec<Region> = survey.mappings.iter().map(|mapping| mapping.region.clone()).collect();
        let files = FilePages::read(process, &regions, options.with_swapped)?;
        let layout = Layout::new(&survey.page_runs, &files, options.with_swapped, &survey.unbacked);
        check_room(process, &layout, &options, options.buffer.capacity() as u64)?;
        let flat = destination(process, std::mem::take(&mut options.buffer), &layout)?;
        let timings = CaptureTimings { prepare: started.elapsed(), ..CaptureTimings::default() };
        Ok(Self {
            process,
            options,
            survey,
            surveyed,
            files,
            planned: layout.bytes as u64,
            flat,
            timings,
            refusals: Vec::new(),
            torn: TornInfo::default(),
            taken: None,
        })
    }

    /// Copies without stopping. With `only_if_quiet`, keeps the copy only if nobody ran meanwhile.
    fn unpaused(&mut self, judge: &mut dyn CaptureJudge, only_if_quiet: bool) -> Result<(), LiveError> {
        self.freshen()?;
        let quiet = Quiet::observe(self.process)?;
        if only_if_quiet && quiet.is_none() {
            return Ok(());
        }
        let mut attempt = 0;
        while let MomentVerdict::Retry(reason) = judge.accept(self.process) {
            self.refusals.push(reason.clone());
            attempt += 1;
            if only_if_quiet {
                return Ok(());
            }
            if attempt >= self.options.tries_max {
                return Err(LiveError::NeverAcceptable { pid: self.process.pid(), tries: attempt, reason });
            }
            std::thread::sleep(Duration::from_micros(200 << attempt.min(8)));
        }
        let counts = Quiet::counts(self.process);
        let cpu = self.cpu();
        let (look, copied) = self.take(&mut || true)?;
        let held = match &quiet {
            Some(quiet) => quiet.still_holds(self.process)?,
            None => false,
        };
        if only_if_quiet && !held {
            return Ok(());
        }
        if !held {
            self.torn.switches = Quiet::switches_between(&counts, &Quiet::counts(self.process));
            self.torn.cpu = self.cpu().saturating_sub(cpu);
        }
        self.process.check_alive()?;
        let stillness = if held { Stillness::Quiet } else { Stillness::Running };
        self.taken = Some(Taken { look, copied, stillness });
        Ok(())
    }

    /// Processor time of all threads so far.
    fn cpu(&self) -> Duration {
        let tids = self.process.thread_ids().unwrap_or_default();
        let used = tids.iter().filter_map(|tid| self.process.thread_cpu(*tid));
        Duration::from_nanos(used.map(|(_, cpu)| cpu.total_ns()).sum())
    }

    /// Copies all there is at this moment.
    fn take(&mut self, in_time: &mut dyn FnMut() -> bool) -> Result<(Look, Copied), LiveError> {
        let started = Instant::now();
        let survey = self.survey.update(self.process)?;
        let layout = Layout::new(&survey.page_runs, &self.files, self.options.with_swapped, &survey.unbacked);
        if layout.bytes > self.flat.len() {
            // It has grown since, and may have grown a lot.
            check_room(self.process, &layout, &self.options, self.flat.len() as u64)?;
            self.flat.resize(layout.bytes, 0);
        }
        self.timings.look = started.elapsed();
        let copied = self.copy(&layout, in_time)?;
        Ok((Look { survey, layout }, copied))
    }

    /// Takes the survey anew when it is from too long ago.
    fn freshen(&mut self) -> Result<(), LiveError> {
        if self.surveyed.elapsed() > SURVEY_AGE_MAX {
            self.survey = Survey::take(self.process)?;
            self.surveyed = Instant::now();
        }
        Ok(())
    }

    fn copy(&mut self, layout: &Layout, in_time: &mut dyn FnMut() -> bool) -> Result<Copied, LiveError> {
        let started = Instant::now();
        let mut go_on = |_| if in_time() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let pid = self.process.nix_pid();
        let refused = |errno: nix::errno::Errno| self.process.refused("mem", errno.into());
        let mut copied = copy_pieces(pid, &layout.live, &mut self.flat, &mut go_on).map_err(refused)?;
        if !copied.stopped_early && !layout.sparse.is_empty() {
            let more = copy_sparse(pid, &layout.sparse, &mut self.flat, &mut go_on).map_err(refused)?;
            copied.bytes += more.bytes;
            copied.lost.extend(more.lost);
            copied.stopped_early = more.stopped_early;
        }
        self.timings.copy = started.elapsed();
        Ok(copied)
    }

    fn finish(self) -> Result<Capture, LiveError> {
        let started = Instant::now();
        let Some(Taken { look, copied, stillness }) = self.taken else {
            return Err(LiveError::Gone { pid: self.process.pid() });
        };
        let Look { survey, mut layout } = look;
        let Survey { mappings, page_runs, unbacked: _ } = survey;
        let mut flat = self.flat;
        flat.truncate(layout.bytes);
        layout.clear_zeroes(&mut flat);
        layout.place_files(&self.files, &mut flat);
        if !copied.lost.is_empty() {
            layout.remove(&copied.lost, &mut flat);
        }
        let lost: usize = copied.lost.iter().map(|piece| piece.bytes).sum();
        let regions: Vec<Region> = mappings.iter().map(|mapping| mapping.region.clone()).collect();
        let image = MemoryImage::new(regions, layout.runs, flat);
        let mut timings = self.timings;
        timings.finish = started.elapsed();
        Ok(Capture {
            image,
            mappings,
            page_runs,
            identity: self.process.identity(),
            executable: self.process.executable().to_owned(),
            stillness,
            timings,
            copied_bytes: copied.bytes,
            swapped_pages: layout.swapped_pages,
            constants_left_out_bytes: self.files.left_out,
            refusals: self.refusals,
            torn: TornInfo { lost_pages: lost as u64 / PAGE_BYTES + self.files.lost_pages, ..self.torn },
        })
    }
}
