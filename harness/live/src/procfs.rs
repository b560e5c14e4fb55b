//! `/proc/PID/stat` and `/proc/PID/status` (man 5 proc).

use crate::maps::kilobytes;

/// One line of `/proc/PID/stat` or `/proc/PID/task/TID/stat`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskStat {
    /// Name of the task, at most 15 bytes.
    pub name: String,
    /// State letter: R, S, D, Z, T, t, X, I.
    pub state: char,
    /// Parent's process id.
    pub parent: u32,
    /// Flags word (`PF_*`).
    pub flags: u64,
    /// Processor time in user mode, clock ticks.
    pub user_ticks: u64,
    /// Processor time in the kernel, clock ticks.
    pub system_ticks: u64,
    /// When it started, clock ticks since boot. With the pid, the identity of a process.
    pub start_ticks: u64,
}

/// What `/proc/PID/status` says, as far as it is used.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProcessStatus {
    /// Effective user id.
    pub effective_uid: Option<u32>,
    /// Process id of the tracer, if it is traced.
    pub tracer: Option<u32>,
    /// Threads.
    pub threads: u32,
    /// Resident bytes.
    pub rss_bytes: u64,
    /// Swapped-out bytes.
    pub swap_bytes: u64,
    /// Times it gave the processor up.
    pub voluntary_switches: u64,
    /// Times the processor was taken from it.
    pub involuntary_switches: u64,
    /// Effective capabilities, one bit each.
    pub effective_capabilities: u64,
    /// Permitted capabilities, one bit each.
    pub permitted_capabilities: u64,
    /// 2 when a filter looks at its system calls.
    pub seccomp_mode: u32,
    /// State letter.
    pub state: Option<char>,
}

/// Reads a `stat` line; `None` when it is cut short or is something else.
#[must_use]
pub fn parse_stat(text: &str) -> Option<TaskStat> {
    // The name may hold blanks and parentheses; the last ')' ends it.
    let open = text.find('(')?;
    let close = text.rfind(')')?;
    let name = text.get(open + 1..close)?.to_owned();
    let mut fields = text.get(close + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let flags = fields.nth(4)?.parse().ok()?;
    let user_ticks = fields.nth(4)?.parse().ok()?;
    let system_ticks = fields.next()?.parse().ok()?;
    let start_ticks = fields.nth(6)?.parse().ok()?;
    Some(TaskStat { name, state, parent, flags, user_ticks, system_ticks, start_ticks })
}

/// Reads a `status` file; what is missing keeps its default.
#[must_use]
pub fn parse_status(text: &str) -> ProcessStatus {
    let mut status = ProcessStatus::default();
    for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let number = || value.trim().parse::<u64>().unwrap_or(0);
        match name {
            "Uid" => {
                status.effective_uid = value.split_ascii_whitespace().nth(1).and_then(|uid| uid.parse().ok());
            }
            "TracerPid" => {
                status.tracer = value.trim().parse().ok().filter(|&tracer| tracer != 0);
            }
            "Threads" => status.threads = value.trim().parse().unwrap_or(0),
            "VmRSS" => status.rss_bytes = kilobytes(value),
            "VmSwap" => status.swap_bytes = kilobytes(value),
            "voluntary_ctxt_switches" => status.voluntary_switches = number(),
            "nonvoluntary_ctxt_switches" => status.involuntary_switches = number(),
            "CapEff" => {
                status.effective_capabilities = u64::from_str_radix(value.trim(), 16).unwrap_or(0);
            }
            "CapPrm" => {
                status.permitted_capabilities = u64::from_str_radix(value.trim(), 16).unwrap_or(0);
            }
            "Seccomp" => status.seccomp_mode = value.trim().parse().unwrap_or(0),
            "State" => status.state = value.trim().chars().next(),
            _ => {}
        }
    }
    status
}

/// The command line of a process, joined with spaces; `None` where it has gone or has none, as a kernel thread.
#[must_use]
pub fn command_line(pid: u32) -> Option<String> {
    Some(command_words(pid)?.join(" ").trim().to_owned())
}

/// The same as words; empty for a process that has none.
#[must_use]
pub fn command_words(pid: u32) -> Option<Vec<String>> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    Some(bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

/// Processes that this one started and that still run, with their command lines; none where the kernel does not say.
#[must_use]
pub fn children(pid: u32) -> Vec<(u32, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let mut all: Vec<u32> =
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect();
    all.sort_unstable();
    // One that has ended and was not waited for has no command line any more.
    all.into_iter().filter_map(|pid| Some((pid, command_line(pid).filter(|line| !line.is_empty())?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_with_parentheses() {
        let line = "77 (a (b) c) S 5 77 77 0 -1 4194304 9 8 7 6 120 34 0 0 20 0 3 0 987654 1 2";
        let stat = parse_stat(line).unwrap();
        assert_eq!(stat.name, "a (b) c");
        assert_eq!((stat.state, stat.parent, stat.flags), ('S', 5, 4_194_304));
        assert_eq!((stat.user_ticks, stat.system_ticks, stat.start_ticks), (120, 34, 987_654));
        assert_eq!(parse_stat("77 (x) S 5 77"), None);
    }

    #[test]
    fn own_status() {
        let status = parse_status(&std::fs::read_to_string("/proc/self/status").unwrap());
        assert_eq!(status.effective_uid, Some(nix::unistd::geteuid().as_raw()));
        assert!(status.threads >= 1 && status.rss_bytes > 4096);
        assert_eq!(status.tracer, None);
        assert!(status.state.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(?s).{0,300}") {
            let _ = parse_stat(&text);
            let _ = parse_status(&text);
        }
    }
}
