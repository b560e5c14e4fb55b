//! What a look costs and can't be noisy is frozen: how often and how much it reads of the process, and its system calls.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed test ends by a panic")]

mod support;
#[path = "support/target.rs"]
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{bloathound, live, stat, wait_until};
use target::Target;

/// Reads of the process that is looked at: 89 were measured at 20,000 rows, 90 at 60,000.
const READS_MAX: u64 = 100;
/// System calls of the command, most of them on `/proc` and the files of the interpreter: 1285 to 1325 were measured since
/// threads and children are named; one that waits for a quiet moment asks more often.
const CALLS_MAX: u64 = 1_800;
/// How the system's allocator gets its memory hangs on the system, and how threads wait for each other on the moment.
const OF_THE_SYSTEM: [&str; 7] = ["brk", "futex", "madvise", "mmap", "mprotect", "mremap", "munmap"];

/// Sleeps with that many rows: an instance, its dict, a list and two more things each.
fn resting(rows: u32) -> Target {
    let script = format!(
        "
import sys
class Row(object):
    def __init__(self, n): self.n, self.name, self.parts = n, 'row-%d' % n, [n, (n, [n])]
rows = [Row(n) for n in xrange({rows})]
print 'ready'
sys.stdout.flush()
sys.stdin.read()
"
    );
    Target::script(&script).at_rest()
}

/// What one look did, by `strace`.
#[derive(Debug, PartialEq, Eq)]
struct Costs {
    calls: u64,
    reads: u64,
    read_bytes: u64,
}

fn look_at(pid: u32, folder: &Path) -> Costs {
    let trace = folder.join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(&trace).arg(env!("CARGO_BIN_EXE_bloathound"));
    command.args(["inspect", "--quiet", &pid.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut read_bytes = 0;
    for line in fs::read_to_string(trace).unwrap().lines() {
        // `PID call(…) = result`; one that another thread interrupted ends in a line `PID <... call resumed>… = result`.
        let Some((_, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start().trim_start_matches("<... ");
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if name.is_empty() || OF_THE_SYSTEM.contains(&name.as_str()) || rest.ends_with("<unfinished ...>") {
            continue;
        }
        if name == "process_vm_readv" {
            let result = rest.rsplit_once("= ").and_then(|(_, result)| result.split_whitespace().next());
            read_bytes += result.and_then(|bytes| bytes.parse::<u64>().ok()).unwrap_or(0);
        }
        *counts.entry(name).or_default() += 1;
    }
    let reads = counts.get("process_vm_readv").copied().unwrap_or(0);
    Costs { calls: counts.values().sum(), reads, read_bytes }
}

#[test]
fn a_look_reads_a_process_once_and_asks_the_kernel_as_often_as_before() {
    if !live() {
        return;
    }
    if Command::new("strace").arg("-V").output().is_err() {
        bloathound_testkit::cannot("no strace here: apt-get install strace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    for rows in [20_000, 60_000] {
        let target = resting(rows);
        let pages: u64 =
            stat(target.pid()).and_then(|fields| fields.get(21)?.parse().ok()).expect("its resident pages");
        let (first, second) = (look_at(target.pid(), folder.path()), look_at(target.pid(), folder.path()));
        assert_eq!(first.read_bytes, second.read_bytes, "the same process, twice");
        assert_eq!(first.reads, second.reads, "the same process, twice");
        // Constants are taken from files, so that it's less than what is resident.
        assert!(first.read_bytes > 0 && first.read_bytes <= pages * 4096, "{first:?} of {pages} pages");
        assert!(first.reads <= READS_MAX, "{first:?}");
        assert!(first.calls.max(second.calls) <= CALLS_MAX, "{first:?}, {second:?}");
        sizes.push(first);
    }
    assert!(sizes[1].reads <= sizes[0].reads + 8, "reads grow with the heap: {sizes:?}");
}
