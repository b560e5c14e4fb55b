//! The threads of a process: state, processor time, context switches.

use std::fs;
use std::io;
use std::path::Path;

use crate::procfs::{parse_stat, parse_status};

/// What a thread is doing, as the scheduler sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreadState {
    /// Running or ready to run.
    Running,
    /// Asleep; a signal would wake it.
    Sleeping,
    /// Asleep in the kernel; nothing wakes it but what it waits for.
    Uninterruptible,
    /// Stopped by a signal.
    Stopped,
    /// Stopped by a tracer.
    Traced,
    /// Ended.
    Dead,
}

impl ThreadState {
    pub(crate) fn from_letter(letter: char) -> Self {
        match letter {
            'S' | 'I' | 'P' => Self::Sleeping,
            'D' | 'K' | 'W' => Self::Uninterruptible,
            'T' => Self::Stopped,
            't' => Self::Traced,
            'Z' | 'X' | 'x' => Self::Dead,
            _ => Self::Running,
        }
    }
}

/// Processor time used so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CpuTime {
    /// In user mode, clock ticks (see [`ticks_per_second`]).
    pub user_ticks: u64,
    /// In the kernel, clock ticks.
    pub system_ticks: u64,
    /// Both, nanoseconds, from `schedstat`; `None` where the kernel does not count it.
    pub run_ns: Option<u64>,
}

impl CpuTime {
    /// Nanoseconds, from the finest count there is.
    #[must_use]
    pub fn total_ns(&self) -> u64 {
        self.run_ns.unwrap_or_else(|| {
            let ticks = self.user_ticks.saturating_add(self.system_ticks);
            ticks.saturating_mul(1_000_000_000 / ticks_per_second())
        })
    }
}

/// A thread of the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Thread id.
    pub tid: u32,
    /// Name, at most 15 bytes.
    pub name: String,
    /// What it is doing.
    pub state: ThreadState,
    /// Processor time.
    pub cpu: CpuTime,
    /// Times it gave the processor up.
    pub voluntary_switches: u64,
    /// Times the processor was taken from it.
    pub involuntary_switches: u64,
    /// Kernel function it sleeps in, where readable.
    pub wait_channel: Option<String>,
    /// Number of the system call it is in, where readable.
    pub system_call: Option<i64>,
}

/// Clock ticks a second (`sysconf(_SC_CLK_TCK)`), 100 on every x86-64 Linux.
#[must_use]
pub fn ticks_per_second() -> u64 {
    use nix::unistd::{SysconfVar, sysconf};
    match sysconf(SysconfVar::CLK_TCK) {
        Ok(Some(ticks)) if ticks > 0 => ticks.unsigned_abs(),
        _ => 100,
    }
}

/// Thread ids, ascending; the first thread's is the process id.
pub(crate) fn thread_ids(directory: &Path) -> io::Result<Vec<u32>> {
    let mut ids: Vec<u32> = fs::read_dir(directory.join("task"))?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

fn task_file(directory: &Path, tid: u32, name: &str) -> io::Result<String> {
    let bytes = fs::read(directory.join("task").join(tid.to_string()).join(name))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// State and processor time of one thread; `None` when it has gone.
pub(crate) fn thread_cpu(directory: &Path, tid: u32) -> Option<(ThreadState, CpuTime)> {
    let stat = parse_stat(&task_file(directory, tid, "stat").ok()?)?;
    let run_ns =
        task_file(directory, tid, "schedstat").ok().and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
    let cpu = CpuTime { user_ticks: stat.user_ticks, system_ticks: stat.system_ticks, run_ns };
    Some((ThreadState::from_letter(stat.state), cpu))
}

/// State letter alone: the cheapest question.
pub(crate) fn thread_state(directory: &Path, tid: u32) -> Option<ThreadState> {
    let stat = parse_stat(&task_file(directory, tid, "stat").ok()?)?;
    Some(ThreadState::from_letter(stat.state))
}

/// Context switches of one thread, voluntary and not; `None` when it has gone.
pub(crate) fn thread_switches(directory: &Path, tid: u32) -> Option<(u64, u64)> {
    let status = parse_status(&task_file(directory, tid, "status").ok()?);
    Some((status.voluntary_switches, status.involuntary_switches))
}

/// All threads; those that end while we look are left out.
pub(crate) fn threads(directory: &Path) -> io::Result<Vec<Thread>> {
    let describe = |tid: u32| {
        let name = parse_stat(&task_file(directory, tid, "stat").ok()?)?.name;
        let (state, cpu) = thread_cpu(directory, tid)?;
        let (voluntary_switches, involuntary_switches) = thread_switches(directory, tid)?;
        let wait_channel =
            task_file(directory, tid, "wchan").ok().filter(|channel| !channel.is_empty() && channel != "0");
        let system_call = task_file(directory, tid, "syscall")
            .ok()
            .and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
        Some(Thread { tid, name, state, cpu, voluntary_switches, involuntary_switches, wait_channel, system_call })
    };
    Ok(thread_ids(directory)?.into_iter().filter_map(describe).collect())
}
