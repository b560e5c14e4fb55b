//! Threads that wait in a system call which shows them that they were stopped.
//!
//! A stop interrupts every system call, and the kernel goes on with nearly all of them as if nothing had been. Some it
//! does not (signal(7), "Interruption of system calls and library functions by stop signals"): they fail with `EINTR`,
//! and whoever does not expect that takes it for an error. Not seen from outside are sockets with a timeout that was set
//! by `setsockopt` (`SO_RCVTIMEO`); Python's own timeouts are none of those.

use crate::capture::Interruptible;
use crate::process::Process;

/// Numbers of x86-64 (`asm/unistd_64.h`) and names of the calls that are not restarted by Linux 3.8 and later.
const NOT_RESTARTED: [(i64, &str); 9] = [
    (65, "semop"),
    (128, "rt_sigtimedwait"),
    (208, "io_getevents"),
    (220, "semtimedop"),
    (232, "epoll_wait"),
    (281, "epoll_pwait"),
    (333, "io_pgetevents"),
    (426, "io_uring_enter"),
    (441, "epoll_pwait2"),
];
/// Where the kernel's name of what a thread sleeps in is all there is to see.
const CHANNELS: [(&str, &str); 1] = [("ep_poll", "epoll_wait")];

/// All of them, now.
pub(super) fn interruptible(process: &Process) -> Vec<Interruptible> {
    let waits_in = |tid: u32| {
        let read = |name: &str| std::fs::read_to_string(process.directory().join(format!("task/{tid}/{name}"))).ok();
        match read("syscall") {
            // "running", or -1 for one that sleeps outside any call: no number, or one that is in no table.
            Some(text) => of_syscall(&text),
            None => read("wchan").as_deref().and_then(of_channel),
        }
    };
    let threads = process.thread_ids().unwrap_or_default().into_iter();
    threads.filter_map(|tid| Some(Interruptible { tid, call: waits_in(tid)? })).collect()
}

fn of_syscall(text: &str) -> Option<&'static str> {
    let number: i64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    NOT_RESTARTED.into_iter().find(|(known, _)| *known == number).map(|(_, name)| name)
}

fn of_channel(text: &str) -> Option<&'static str> {
    CHANNELS.into_iter().find(|(known, _)| text.trim() == *known).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_that_are_not_restarted() {
        assert_eq!(of_syscall("232 0x4 0x7f 0x3 0xffffffff 0x0 0x0 0x7ffe 0x7f"), Some("epoll_wait"));
        assert_eq!(of_syscall("0 0x0 0x7f 0x1 0x0 0x0 0x0 0x7ffe 0x7f"), None, "read");
        assert_eq!((of_syscall("running"), of_syscall("-1 0x7ffe 0x7f"), of_syscall("")), (None, None, None));
        assert_eq!((of_channel("ep_poll"), of_channel("poll_schedule_timeout")), (Some("epoll_wait"), None));
    }
}
