//! What a process has done since it started, by what the kernel counts: read before and after, it tells how much work
//! lies between two looks.

use std::fs;
use std::path::Path;

use crate::threads::ticks_per_second;

/// Counters of a process since it started; `None` for what can't be read.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Odometer {
    /// Processor seconds: of the threads there are to the nanosecond (`/proc/PID/task/TID/schedstat`); where the kernel
    /// does not count them so, of all threads in clock ticks (`utime` and `stime` of `/proc/PID/stat`).
    pub processor_seconds: Option<f64>,
    /// Context switches that the threads there are asked for (`/proc/PID/task/TID/status`).
    pub switches: Option<u64>,
    /// Bytes read and written (`rchar` and `wchar` of `/proc/PID/io`): sockets and pipes count too.
    pub moved_bytes: Option<u64>,
    /// Seconds since the process started.
    pub age_seconds: Option<f64>,
}

impl Odometer {
    /// What the kernel shows now.
    #[must_use]
    pub fn read(pid: u32) -> Self {
        let folder = Path::new("/proc").join(pid.to_string());
        let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        // The name may hold spaces and parentheses; what follows the last one does not.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        let uptime = fs::read_to_string("/proc/uptime").ok();
        let uptime = uptime.as_deref().and_then(|text| text.split_ascii_whitespace().next()?.parse::<f64>().ok());
        let a_second = ticks_per_second().max(1) as f64;
        let seconds = |ticks: u64| ticks as f64 / a_second;
        let (fine, switches) = of_threads(&folder);
        Self {
            processor_seconds: fine
                .or_else(|| ticks(UTIME).zip(ticks(STIME)).map(|(user, system)| seconds(user + system))),
            switches,
            moved_bytes: moved(&folder),
            age_seconds: uptime.zip(ticks(STARTTIME)).map(|(now, start)| (now - seconds(start)).max(0.0)),
        }
    }
}

/// Fields of `/proc/PID/stat` after the name (`proc(5)`: 14, 15 and 22, counted from 1 with the name as the second).
const UTIME: usize = 11;
const STIME: usize = 12;
const STARTTIME: usize = 19;

/// Processor seconds and context switches of the threads there are.
fn of_threads(folder: &Path) -> (Option<f64>, Option<u64>) {
    let Ok(tasks) = fs::read_dir(folder.join("task")) else { return (None, None) };
    let (mut nanoseconds, mut switches) = (Some(0_u64), 0_u64);
    for task in tasks.flatten() {
        // A thread that ended meanwhile has nothing more to say.
        let Ok(status) = fs::read_to_string(task.path().join("status")) else { continue };
        switches = switches.saturating_add(field(&status, "voluntary_ctxt_switches:").unwrap_or(0));
        let counted = fs::read_to_string(task.path().join("schedstat")).ok();
        let ran = counted.as_deref().and_then(|text| text.split_ascii_whitespace().next()?.parse::<u64>().ok());
        nanoseconds = nanoseconds.zip(ran).map(|(sum, ran)| sum.saturating_add(ran));
    }
    (nanoseconds.filter(|sum| *sum > 0).map(|sum| sum as f64 / 1e9), Some(switches))
}

fn moved(folder: &Path) -> Option<u64> {
    let io = fs::read_to_string(folder.join("io")).ok()?;
    Some(field(&io, "rchar:")?.saturating_add(field(&io, "wchar:")?))
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_work_is_counted() {
        let pid = std::process::id();
        let before = Odometer::read(pid);
        let text = fs::read_to_string("/proc/self/maps").unwrap();
        let after = Odometer::read(pid);
        let moved = after.moved_bytes.unwrap() - before.moved_bytes.unwrap();
        assert!(moved >= text.len() as u64, "{moved}");
        assert!(after.processor_seconds.unwrap() >= before.processor_seconds.unwrap());
        assert!(after.age_seconds.unwrap() >= before.age_seconds.unwrap() && after.switches.is_some());
    }

    #[test]
    fn a_process_that_is_not_there_has_nothing_to_show() {
        let nobody = Odometer::read(u32::MAX);
        assert_eq!(nobody, Odometer::default());
    }
}
