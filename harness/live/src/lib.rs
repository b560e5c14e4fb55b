//! A running process as a source: find it, pause it, copy it, read `/proc`. Linux on x86-64.
//!
//! Nothing is ever written into the target and nothing is run in it. The way in is `/proc`, `process_vm_readv` and,
//! for a pause, `PTRACE_SEIZE` with `PTRACE_INTERRUPT`: should we be killed, the kernel lets the target go on.
//!
//! [`Process`] is the target; [`Process::capture`] copies it; [`Pause`] holds it still for whoever needs more.

mod access;
mod capture;
mod copy;
mod descriptors;
mod destination;
mod error;
mod files;
mod forecast;
mod maps;
mod odometer;
mod pagemap;
mod pause;
mod plan;
mod process;
mod procfs;
mod quiet;
mod resident;
mod survey;
mod threads;
mod unbacked;
mod work;

pub use access::{NoAccess, Obstacle, Surroundings};
pub use bloathound_memory::{PageRun, PageState};
pub use capture::{
    Capture, CaptureJudge, CaptureMode, CaptureOptions, CaptureTimings, Interruptible, MomentVerdict, Stillness,
    TornInfo, copy_again,
};
pub use descriptors::{IoCounts, OpenDescriptor, OpenDescriptors};
pub use error::{LiveError, Work};
pub use forecast::Forecast;
pub use maps::{Mapping, parse_maps, parse_smaps};
pub use odometer::Odometer;
pub use pause::{HOLD, Pause, PauseOptions, Released, hold};
pub use process::{Identity, Process, kernel_release};
pub use procfs::{ProcessStatus, TaskStat, children, command_line, command_words, parse_stat, parse_status};
pub use resident::Resident;
pub use threads::{CpuTime, Thread, ThreadState, ticks_per_second};
