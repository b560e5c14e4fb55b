//! How much memory may still be taken without anybody being killed for it.
//!
//! The machine has a limit, and so has each memory group (cgroup) that we are in, up to the topmost. Who takes more than
//! there is in a group makes the kernel kill the largest process *of that group*: the target, where it shares ours.

mod groups;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What sets a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// The machine's free memory.
    Host,
    /// A memory group: its folder, and the bytes it may have in all.
    Group {
        /// The folder that says so.
        path: PathBuf,
        /// Its limit.
        bytes: u64,
    },
    /// Whoever asked for the work.
    Asked,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => write!(formatter, "on this machine"),
            Self::Group { path, bytes } => {
                write!(formatter, "in the memory group {}, which may have {}", path.display(), in_words(*bytes))
            }
            Self::Asked => write!(formatter, "by the limit given"),
        }
    }
}

/// Memory that may still be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Bytes; what the kernel would give back without harm (pages of files that nobody used lately) counts as free.
    pub free: u64,
    /// What sets the limit: the tightest one.
    pub limit: Limit,
}

impl Room {
    /// What there is now.
    #[must_use]
    pub fn now() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same as it is told by files under `root`, which has `proc` and what is mounted.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        let host = Self { free: host_free(root).unwrap_or(u64::MAX), limit: Limit::Host };
        groups::of_self(root).into_iter().fold(host, |tightest, group| {
            if group.free < tightest.free {
                return Self { free: group.free, limit: Limit::Group { path: group.path, bytes: group.limit } };
            }
            tightest
        })
    }

    /// What may be planned for: nine tenths of it, as others take memory meanwhile.
    #[must_use]
    pub fn usable(&self) -> u64 {
        match self.limit {
            Limit::Asked => self.free,
            _ => self.free / 10 * 9,
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} may be used {}", in_words(self.usable()), self.limit)
    }
}

/// `MemAvailable` of `/proc/meminfo`.
fn host_free(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Bytes as people read them: `412 MB`.
#[must_use]
pub fn in_words(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        10_000_000..100_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

const OURS: &str = "/proc/self/oom_score_adj";
/// What stood there before we gave way.
static BEFORE: OnceLock<String> = OnceLock::new();

/// Should memory run out all the same, the kernel takes us and not who is looked at. Anybody may ask for that.
pub fn give_way() {
    BEFORE.get_or_init(|| {
        let before = fs::read_to_string(OURS).unwrap_or_default();
        // Where the file is not there or not ours to write, the limits alone have to do.
        let _ = fs::write(OURS, "1000");
        before
    });
}

/// A process that we started is not the one to be taken, although it got our mark with everything else of ours.
pub fn spare(pid: u32) {
    if let Some(before) = BEFORE.get().filter(|before| !before.is_empty()) {
        let _ = fs::write(format!("/proc/{pid}/oom_score_adj"), before);
    }
}
