//! Waiting for a target to come to where it waits.

use std::fs;
use std::time::{Duration, Instant};

/// `read` of the kernel's calls, as `/proc/PID/syscall` begins with it on x86-64.
const READ: &str = "0 ";
/// A target that does not come there has gone wrong.
const WITHIN: Duration = Duration::from_secs(20);

/// Waits until a process that said that it is ready waits for its input, and all its threads sleep: the line was written before
/// `read` was entered, and a thread that was joined frees memory until it has ended.
///
/// # Panics
/// It does not within 20 s.
pub fn wait_until_it_reads(pid: u32) {
    let deadline = Instant::now() + WITHIN;
    let sleeps = |stat: &str| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    let waits = || {
        let is_reading = fs::read_to_string(format!("/proc/{pid}/syscall")).is_ok_and(|call| call.starts_with(READ));
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        // One that ended in between has no state any more.
        let states = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok());
        is_reading && states.into_iter().all(|stat| sleeps(&stat))
    };
    while !waits() {
        assert!(Instant::now() < deadline, "it does not wait for its input");
        std::thread::yield_now();
    }
}
