//! Made-up trees of groups, as machines have them that this one is not.

use std::fs;
use std::path::Path;

use crate::{Limit, Room};

const MIB: u64 = 1 << 20;

fn tree(files: &[(&str, String)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn host(free: u64) -> (&'static str, String) {
    ("proc/meminfo", format!("MemTotal: 99999 kB\nMemAvailable: {} kB\n", free / 1024))
}

fn group(path: &str, bytes: u64) -> Limit {
    Limit::Group { path: Path::new(path).to_owned(), bytes }
}

const V2: &str = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";

#[test]
fn version_2_counts_every_group_above_and_both_limits() {
    let at = |name: &'static str, text: String| (name, text);
    let mut files = vec![
        host(1000 * MIB),
        at("proc/self/cgroup", "0::/pod/inner\n".into()),
        at("proc/self/mountinfo", V2.into()),
        at("sys/fs/cgroup/memory.stat", "inactive_file 0\n".into()),
        at("sys/fs/cgroup/pod/memory.max", format!("{}\n", 600 * MIB)),
        at("sys/fs/cgroup/pod/memory.high", "max\n".into()),
        at("sys/fs/cgroup/pod/memory.current", format!("{}\n", 500 * MIB)),
        at("sys/fs/cgroup/pod/memory.stat", format!("anon 5\nactive_file 7\ninactive_file {}\n", 50 * MIB)),
        at("sys/fs/cgroup/pod/inner/memory.max", "max\n".into()),
        at("sys/fs/cgroup/pod/inner/memory.high", "max\n".into()),
        at("sys/fs/cgroup/pod/inner/memory.current", format!("{}\n", 490 * MIB)),
    ];
    let room = Room::below(tree(&files).path());
    // 600 of which 500 are used, 50 of them for files nobody reads.
    assert_eq!(room, Room { free: 150 * MIB, limit: group("/sys/fs/cgroup/pod", 600 * MIB) });
    assert!(room.to_string().contains("/sys/fs/cgroup/pod, which may have 629 MB"), "{room}");

    files[9].1 = format!("{}\n", 520 * MIB);
    let room = Room::below(tree(&files).path());
    assert_eq!(room, Room { free: 30 * MIB, limit: group("/sys/fs/cgroup/pod/inner", 520 * MIB) });

    files[0] = host(20 * MIB);
    let room = Room::below(tree(&files).path());
    assert_eq!(room, Room { free: 20 * MIB, limit: Limit::Host });
}

#[test]
fn version_1_counts_every_group_above() {
    let at = |name: &'static str, text: String| (name, text);
    let files = [
        host(1000 * MIB),
        at("proc/self/cgroup", "5:devices:/x\n4:memory:/one/two\n0::/\n".into()),
        at("proc/self/mountinfo", format!("{V1}{}", V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))),
        at("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n".into()),
        at("sys/fs/cgroup/memory/memory.usage_in_bytes", "9\n".into()),
        at("sys/fs/cgroup/memory/one/memory.limit_in_bytes", format!("{}\n", 256 * MIB)),
        at("sys/fs/cgroup/memory/one/memory.usage_in_bytes", format!("{}\n", 300 * MIB)),
        at("sys/fs/cgroup/memory/one/memory.stat", "inactive_file 1\ntotal_inactive_file 104857600\n".into()),
        at("sys/fs/cgroup/memory/one/two/memory.limit_in_bytes", "9223372036854771712\n".into()),
        at("sys/fs/cgroup/memory/one/two/memory.usage_in_bytes", "9\n".into()),
    ];
    let room = Room::below(tree(&files).path());
    assert_eq!(room, Room { free: 56 * MIB, limit: group("/sys/fs/cgroup/memory/one", 256 * MIB) });
}

#[test]
fn a_container_sees_its_own_group_at_the_top() {
    // The path is the host's; what is mounted here begins at the container's own.
    for (path, top) in [("/docker/77", "/docker/77"), ("/docker/77", "/elsewhere"), ("/../other", "/")] {
        let files = [
            host(1000 * MIB),
            ("proc/self/cgroup", format!("0::{path}\n")),
            ("proc/self/mountinfo", V2.replace(" / ", &format!(" {top} "))),
            ("sys/fs/cgroup/memory.max", format!("{}\n", 64 * MIB)),
            ("sys/fs/cgroup/memory.current", format!("{}\n", MIB)),
        ];
        let room = Room::below(tree(&files).path());
        assert_eq!(room, Room { free: 63 * MIB, limit: group("/sys/fs/cgroup", 64 * MIB) }, "{path} {top}");
    }
}

#[test]
fn what_is_no_tree_limits_nothing() {
    let room = Room::below(tree(&[]).path());
    assert_eq!(room, Room { free: u64::MAX, limit: Limit::Host });
    let nonsense = [
        host(MIB),
        ("proc/self/cgroup", "::\n4\n0::/x\n".to_owned()),
        ("proc/self/mountinfo", " - \n1 2 - cgroup2\n".to_owned()),
    ];
    assert_eq!(Room::below(tree(&nonsense).path()), Room { free: MIB, limit: Limit::Host });
}
