//! Copying a process: everything slow before or after the pause, only the copy within it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use bloathound_memory::{Address, MemoryImage, MemorySource, PAGE_BYTES, PageRun, PageState};

use crate::copy::{Piece, copy_pieces};
use crate::error::LiveError;
use crate::maps::Mapping;
use crate::process::{Identity, Process};

/// How still the target has to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CaptureMode {
    /// Stop it, copy, let it go.
    #[default]
    Paused,
    /// Copy without stopping while it sleeps, and prove afterwards that nobody ran; else stop it.
    PreferQuiet,
    /// Never stop it, and count what may be torn.
    NoPause,
}

/// How still the target stood in fact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stillness {
    /// It was stopped.
    Paused,
    /// It was not stopped, and none of its threads ran during the copy.
    Quiet,
    /// It was not stopped, and may have run during the copy.
    Running,
}

/// What the caller says of a moment, before anything is copied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MomentVerdict {
    /// Copy now.
    Accept,
    /// Let go and try again, because of this (such as `a collection is running`).
    Retry(String),
}

/// A thread that would see a stop: it waits in a system call that the kernel does not go on with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interruptible {
    /// Thread id.
    pub tid: u32,
    /// The system call it waits in.
    pub call: &'static str,
}

/// Who knows what the target's memory means: asked before it is stopped, and when it has been.
pub trait CaptureJudge {
    /// Whether the moment is one to copy. The target stands still, or is looked at as it runs where it is not stopped.
    fn accept(&mut self, source: &dyn MemorySource) -> MomentVerdict;

    /// Whether a thread that waits in a call which shows the stop (`EINTR`) knows how to take that. The target runs.
    ///
    /// # Errors
    /// Where it waits (`at FILE:LINE FUNCTION`), when it does not or nobody can tell.
    fn may_interrupt(&mut self, _source: &dyn MemorySource, _thread: Interruptible) -> Result<(), String> {
        Ok(())
    }
}

/// How to capture.
#[derive(Debug)]
pub struct CaptureOptions {
    /// How still the target has to stand.
    pub mode: CaptureMode,
    /// Longest pause; past it the target is let go and nothing is returned.
    pub pause_budget: Duration,
    /// Whoever asks has named that budget, and so accepts a pause as long as it where our priority is low.
    pub budget_is_asked_for: bool,
    /// The program that holds the pause ([`crate::PauseOptions::holder`]).
    pub holder: Option<PathBuf>,
    /// Stop threads too that will take it for an error.
    pub even_if_interrupting: bool,
    /// Told what takes long.
    pub notice: Option<fn(&str)>,
    /// Most stops made when the caller's verdict is to try again.
    pub tries_max: u32,
    /// Most bytes to copy; `None`: nine tenths of the memory this machine has to spare.
    pub bytes_max: Option<u64>,
    /// Copy swapped-out pages too, although that brings them back into the target's memory.
    pub with_swapped: bool,
    /// A buffer of an earlier capture, faulted in already ([`MemoryImage::into_flat`]).
    pub buffer: Vec<u8>,
}

impl Default for CaptureOptions {
    fn default() -> Self {
        Self {
            mode: CaptureMode::Paused,
            pause_budget: Duration::from_secs(2),
            budget_is_asked_for: false,
            holder: None,
            even_if_interrupting: false,
            notice: None,
            tries_max: 50,
            bytes_max: None,
            with_swapped: true,
            buffer: Vec::new(),
        }
    }
}

impl CaptureOptions {
    pub(crate) fn tell(&self, text: &str) {
        if let Some(notice) = self.notice {
            notice(text);
        }
    }
}

/// Where the time went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CaptureTimings {
    /// Planning, reading constants, faulting our memory in. The target runs.
    pub prepare: Duration,
    /// How long the target could not run, all stops added up. Zero without a pause.
    pub paused: Duration,
    /// The longest single stop.
    pub longest_pause: Duration,
    /// Of the last pause: until the last thread stood still.
    pub stop: Duration,
    /// Of the last pause: reading mappings and page presence.
    pub look: Duration,
    /// Of the last pause: copying.
    pub copy: Duration,
    /// Building the image. The target runs.
    pub finish: Duration,
}

/// What may be wrong with a copy because the target was not stopped, or not wholly.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TornInfo {
    /// Pages that were there when planned and could not be read.
    pub lost_pages: u64,
    /// Context switches of the target's threads during an unpaused copy. A thread that ran all the time has none.
    pub switches: u64,
    /// Processor time the target used during an unpaused copy.
    pub cpu: Duration,
    /// Threads asleep in the kernel where nothing stops them; they run none of the program's code.
    pub unstoppable_threads: Vec<u32>,
}

/// A copied process.
#[derive(Debug)]
pub struct Capture {
    /// The bytes. Its regions carry the resident bytes of the same moment.
    pub image: MemoryImage,
    /// The mappings of the same moment.
    pub mappings: Vec<Mapping>,
    /// Page presence of all private writable memory, of the same moment.
    pub page_runs: Vec<PageRun>,
    /// Whose memory it is.
    pub identity: Identity,
    /// Path of the executable.
    pub executable: String,
    /// How still it stood.
    pub stillness: Stillness,
    /// Where the time went.
    pub timings: CaptureTimings,
    /// Bytes copied from the target at that moment.
    pub copied_bytes: u64,
    /// Pages found swapped out.
    pub swapped_pages: u64,
    /// Bytes of constants left out because there were too many.
    pub constants_left_out_bytes: u64,
    /// Why earlier stops were let go.
    pub refusals: Vec<String>,
    /// What may be wrong with it.
    pub torn: TornInfo,
}

impl Capture {
    /// Bytes a second while copying.
    #[must_use]
    pub fn copy_rate(&self) -> f64 {
        self.copied_bytes as f64 / self.timings.copy.as_secs_f64().max(1e-9)
    }

    /// The present pages of all memory that changes: what [`copy_again`] can read without bringing anything in.
    #[must_use]
    pub fn present_runs(&self) -> Vec<(Address, u32)> {
        self.page_runs
            .iter()
            .filter(|run| matches!(run.state, PageState::Private | PageState::FileBacked))
            .map(|run| (run.start, run.pages))
            .collect()
    }

    /// Resident bytes of the whole process at the moment of the copy.
    #[must_use]
    pub fn rss_bytes(&self) -> u64 {
        self.mappings.iter().filter_map(|mapping| mapping.region.rss_bytes).sum()
    }
}

/// Copies `runs` (as [`MemoryImage::runs`] gives them) once more into `flat`, without stopping anything: the measure of
/// how fast copying can be, and all a sampler needs that reads the same places over and over. `go_on` is asked before
/// each chunk, with the bytes copied so far. Returns the bytes copied.
///
/// # Errors
/// When the process has gone.
pub fn copy_again(
    process: &Process,
    runs: &[(Address, u32)],
    flat: &mut [u8],
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<u64, LiveError> {
    let mut pieces = Vec::with_capacity(runs.len());
    let mut at = 0;
    for (address, pages) in runs {
        let bytes = *pages as usize * PAGE_BYTES as usize;
        if at + bytes > flat.len() {
            break;
        }
        pieces.push(Piece { address: *address, flat: at, bytes });
        at += bytes;
    }
    copy_pieces(process.nix_pid(), &pieces, flat, go_on)
        .map(|copied| copied.bytes)
        .map_err(|errno| process.refused("mem", errno.into()))
}
