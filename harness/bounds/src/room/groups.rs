//! Memory groups, version 1 and 2 (Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst).

use std::fs;
use std::path::{Path, PathBuf};

/// A group with a limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) path: PathBuf,
    pub(super) limit: u64,
    pub(super) free: u64,
}

/// How a version names its files.
struct Names {
    /// Each is a limit of its own; the lowest counts. Beyond `memory.high` nobody is killed, but everybody is held up.
    limits: &'static [&'static str],
    usage: &'static str,
    /// In `memory.stat`, of the group and those below it.
    inactive_file: &'static str,
}

static VERSION_1: Names =
    Names { limits: &["memory.limit_in_bytes"], usage: "memory.usage_in_bytes", inactive_file: "total_inactive_file" };
static VERSION_2: Names =
    Names { limits: &["memory.max", "memory.high"], usage: "memory.current", inactive_file: "inactive_file" };

/// The groups with a limit that this process is in, from its own up to the one that is mounted.
pub(super) fn of_self(root: &Path) -> Vec<Group> {
    let text = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_default();
    let (ours, mounts) = (text("proc/self/cgroup"), text("proc/self/mountinfo"));
    let mut found = Vec::new();
    for line in ours.lines() {
        // `4:memory:/the/path`, and `0::/the/path` in version 2.
        let mut fields = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let names = match () {
            () if controllers.split(',').any(|name| name == "memory") => &VERSION_1,
            () if number == "0" && controllers.is_empty() => &VERSION_2,
            () => continue,
        };
        for mount in mounts.lines().filter_map(|line| Mount::parse(line, std::ptr::eq(names, &VERSION_1))) {
            found.extend(up_from(root, &mount, path, names));
        }
    }
    found
}

/// Where groups are mounted, and which of them is at the top there.
struct Mount {
    top: String,
    point: String,
}

impl Mount {
    /// `32 31 0:29 /top /point rw,relatime - cgroup cgroup rw,memory`
    fn parse(line: &str, is_first: bool) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1).unwrap_or_default());
        let fits = match kind {
            "cgroup" => is_first && options.split(',').any(|option| option == "memory"),
            "cgroup2" => !is_first,
            _ => false,
        };
        let mut before = before.split(' ').skip(3);
        fits.then_some(Self { top: plain(before.next()?), point: plain(before.next()?) })
    }
}

/// Blanks and the like stand as `\040` there.
fn plain(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// The limits on the way from `path` up to the mounted top.
fn up_from(root: &Path, mount: &Mount, path: &str, names: &Names) -> Vec<Group> {
    // In a container the path may be the host's, of which only the end is mounted here; or lead out of it (`/../x`).
    let below = Path::new(path).strip_prefix(&mount.top).unwrap_or(Path::new(""));
    let is_plain = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let below = if is_plain { below } else { Path::new("") };
    let point = mount.point.trim_start_matches('/');
    let parts: Vec<&Path> = below.ancestors().collect();
    parts
        .into_iter()
        .filter_map(|part| {
            let shown = Path::new("/").join(point).join(part);
            read(&root.join(point).join(part), shown, names)
        })
        .collect()
}

fn read(folder: &Path, shown: PathBuf, names: &Names) -> Option<Group> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    // `max` is no number, and no limit.
    let limit = names.limits.iter().filter_map(|name| number(name)).min()?;
    let usage = number(names.usage)?;
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    // As Kubernetes has it: what nobody used lately is given back before anybody is killed.
    let idle =
        stat.lines().find_map(|line| line.strip_prefix(names.inactive_file)?.trim().parse::<u64>().ok()).unwrap_or(0);
    let free = limit.saturating_sub(usage.saturating_sub(idle));
    // The kernel's word for "none" in version 1 is a limit that no machine has.
    (limit < 1 << 60).then_some(Group { path: shown, limit, free })
}

#[cfg(test)]
mod tests;
