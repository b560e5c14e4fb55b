//! The kernel's counts of a live process for the sampler.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bloathound_cpython::frames::ThreadProbe;
use bloathound_profile::ThreadFacts;

/// Reads `/proc/PID/task/TID/schedstat` and `status`; keeps the files open.
pub struct ProcProbe {
    pid: u32,
    begin: Instant,
    schedstat: HashMap<u32, File>,
}

impl ProcProbe {
    pub fn new(pid: u32) -> Self {
        Self { pid, begin: Instant::now(), schedstat: HashMap::new() }
    }

    fn path(&self, tid: u32, name: &str) -> String {
        format!("/proc/{}/task/{tid}/{name}", self.pid)
    }
}

impl ThreadProbe for ProcProbe {
    fn monotonic_ns(&mut self) -> u64 {
        self.begin.elapsed().as_nanos() as u64
    }

    fn wall_seconds(&mut self) -> f64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    fn wait_until(&mut self, monotonic_ns: u64) {
        let left = Duration::from_nanos(monotonic_ns).saturating_sub(self.begin.elapsed());
        std::thread::sleep(left);
    }

    fn thread_ids(&mut self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(format!("/proc/{}/task", self.pid)) else {
            return Vec::new();
        };
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    fn facts(&mut self, tid: u32, with_switches: bool) -> Option<ThreadFacts> {
        let path = self.path(tid, "schedstat");
        let file = match self.schedstat.entry(tid) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => new.insert(File::open(path).ok()?),
        };
        let mut buffer = [0; 96];
        let len = file.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(buffer.get(..len)?).ok()?;
        let mut fields = text.split_ascii_whitespace().map(str::parse::<u64>);
        let mut facts =
            ThreadFacts { cpu_ns: fields.next()?.ok()?, wait_ns: fields.next()?.ok()?, ..ThreadFacts::default() };
        if with_switches {
            let status = std::fs::read_to_string(self.path(tid, "status")).ok()?;
            let count = |name: &str| {
                let line = status.lines().find(|line| line.starts_with(name))?;
                line.rsplit_once('\t')?.1.trim().parse().ok()
            };
            facts.voluntary_switches = count("voluntary_ctxt_switches")?;
            facts.involuntary_switches = count("nonvoluntary_ctxt_switches")?;
        }
        Some(facts)
    }
}
