//! Why another process can't be read. The facts are gathered here; what to do about them is said at the edge.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::procfs::{ProcessStatus, parse_status};

/// Number of `CAP_SYS_PTRACE` (`linux/capability.h`).
const CAP_SYS_PTRACE: u32 = 19;

/// Numbers of `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`: either opens files of other users.
const CAP_DAC: [u32; 2] = [1, 2];

/// What this machine, and the place we run in, allow us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Surroundings {
    /// `kernel.yama.ptrace_scope`: 0 same user, 1 descendants only, 2 administrator only, 3 nobody. `None` without Yama.
    pub yama_ptrace_scope: Option<u32>,
    /// We have `CAP_SYS_PTRACE` in our user namespace.
    pub has_cap_sys_ptrace: bool,
    /// A seccomp filter looks at our system calls, as in most containers.
    pub seccomp_filter: bool,
    /// We run in a container.
    pub container: bool,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn ours() -> Self {
        Self::read(Path::new("/"))
    }

    /// As the files below `root` tell.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let text = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_default();
        let status = parse_status(&text("proc/self/status"));
        // Docker, Podman; systemd, which is told by either.
        let marks = [".dockerenv", "run/.containerenv", "run/systemd/container"];
        Self {
            yama_ptrace_scope: text("proc/sys/kernel/yama/ptrace_scope").trim().parse().ok(),
            has_cap_sys_ptrace: status.effective_capabilities >> CAP_SYS_PTRACE & 1 == 1,
            seccomp_filter: status.seccomp_mode == 2,
            container: marks.iter().any(|mark| root.join(mark).exists()),
        }
    }
}

/// Why another process can't be read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NoAccess {
    /// Effective user id the target runs under.
    pub target_uid: Option<u32>,
    /// Our effective user id.
    pub our_uid: u32,
    /// What we are allowed in general.
    pub surroundings: Surroundings,
    /// The target lives in another user namespace, where our capabilities may count for nothing.
    pub other_user_namespace: bool,
    /// The target has capabilities that we lack.
    pub more_capabilities: bool,
    /// We have no capability that opens other users' files, as those of its folder in `/proc` are.
    pub lacks_file_rights: bool,
    /// The target gave up being readable by its own user (`PR_SET_DUMPABLE`, or credentials changed since it started).
    pub not_dumpable: bool,
    /// Process id that already traces the target; a second tracer is not possible.
    pub tracer: Option<u32>,
}

/// The most likely obstacle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// Yama at 3.
    YamaNobody,
    /// A seccomp filter refuses the system calls.
    Seccomp,
    /// The target is in another user namespace.
    UserNamespace,
    /// The target has capabilities that we lack.
    Capabilities,
    /// Another user's process: `CAP_SYS_PTRACE` is there, and no right to open its files in `/proc`.
    FilesOfOthers,
    /// SELinux, AppArmor and the like.
    SecurityModule,
    /// Another user's process, and no `CAP_SYS_PTRACE`.
    OtherUser,
    /// Not dumpable, and no `CAP_SYS_PTRACE`.
    NotDumpable,
    /// Yama at 2.
    YamaAdministrator,
    /// Yama at 1.
    YamaDescendants,
    /// None of these shows.
    Unknown,
}

impl NoAccess {
    /// Gathers what is known about process `pid`, whose status is given.
    #[must_use]
    pub fn gather(root: &Path, pid: u32, target: &ProcessStatus, our_uid: u32) -> Self {
        let directory = root.join("proc").join(pid.to_string());
        let ours = parse_status(&fs::read_to_string(root.join("proc/self/status")).unwrap_or_default());
        let namespace = |directory: &Path| fs::read_link(directory.join("ns/user")).ok();
        // The kernel gives the files of a process that is not dumpable to root.
        let owner = fs::metadata(directory.join("status")).ok().map(|facts| facts.uid());
        let theirs = target.effective_uid;
        Self {
            target_uid: theirs,
            our_uid,
            surroundings: Surroundings::read(root),
            other_user_namespace: namespace(&directory)
                .is_some_and(|other| Some(other) != namespace(&root.join("proc/self"))),
            more_capabilities: target.permitted_capabilities & !ours.effective_capabilities != 0,
            lacks_file_rights: !CAP_DAC.iter().any(|number| ours.effective_capabilities >> number & 1 == 1),
            not_dumpable: theirs.is_some_and(|uid| uid != 0) && owner.is_some() && owner != theirs,
            tracer: target.tracer,
        }
    }

    /// The most likely one.
    #[must_use]
    pub fn obstacle(&self) -> Obstacle {
        let Surroundings { yama_ptrace_scope: yama, has_cap_sys_ptrace: able, seccomp_filter, .. } = self.surroundings;
        let same_user = self.target_uid == Some(self.our_uid);
        match yama {
            Some(3) => Obstacle::YamaNobody,
            _ if self.other_user_namespace => Obstacle::UserNamespace,
            _ if !able && !same_user => Obstacle::OtherUser,
            _ if !able && self.not_dumpable => Obstacle::NotDumpable,
            Some(2) if !able => Obstacle::YamaAdministrator,
            Some(1) if !able => Obstacle::YamaDescendants,
            _ if self.more_capabilities => Obstacle::Capabilities,
            _ if able && !same_user && self.lacks_file_rights => Obstacle::FilesOfOthers,
            _ if seccomp_filter => Obstacle::Seccomp,
            _ if able => Obstacle::SecurityModule,
            _ => Obstacle::Unknown,
        }
    }

    /// The same in words that fit after "because".
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.obstacle() {
            Obstacle::YamaNobody => "kernel.yama.ptrace_scope is 3: nobody may trace until the next boot",
            Obstacle::UserNamespace => "it lives in another user namespace",
            Obstacle::OtherUser => "it belongs to another user and CAP_SYS_PTRACE is missing",
            Obstacle::NotDumpable => {
                "it is not dumpable (it forbade that itself or changed its user) and CAP_SYS_PTRACE is missing"
            }
            Obstacle::YamaAdministrator => "kernel.yama.ptrace_scope is 2 and CAP_SYS_PTRACE is missing",
            Obstacle::YamaDescendants => {
                "kernel.yama.ptrace_scope is 1: only descendants may be traced without CAP_SYS_PTRACE"
            }
            Obstacle::Capabilities => "it has capabilities that we lack, as a process outside our container has",
            Obstacle::FilesOfOthers => {
                "it belongs to another user, and beside CAP_SYS_PTRACE that takes CAP_DAC_READ_SEARCH, for its files in /proc"
            }
            Obstacle::Seccomp => "a seccomp filter refuses the system call, as in a container",
            Obstacle::SecurityModule => "a security module forbids it",
            Obstacle::Unknown => "it changed its credentials, and CAP_SYS_PTRACE is missing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `/proc` as a user without rights sees it, with Yama at `scope`.
    fn proc_root(scope: Option<&str>, our_status: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("proc/self/status", our_status);
        if let Some(scope) = scope {
            write("proc/sys/kernel/yama/ptrace_scope", scope);
        }
        root
    }

    const NOBODY: &str = "Uid:\t65534\t65534\t65534\t65534\nCapEff:\t0000000000000000\nSeccomp:\t0\n";
    const ABLE: &str = "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000080000\nSeccomp:\t0\n";
    const FILTERED: &str = "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\nSeccomp:\t2\n";

    fn obstacle(scope: Option<&str>, our_status: &str, our_uid: u32, target: &ProcessStatus) -> Obstacle {
        let root = proc_root(scope, our_status);
        NoAccess::gather(root.path(), 77, target, our_uid).obstacle()
    }

    #[test]
    fn yama_is_read_at_each_of_its_levels() {
        let mine = ProcessStatus { effective_uid: Some(65534), ..ProcessStatus::default() };
        assert_eq!(obstacle(None, NOBODY, 65534, &mine), Obstacle::Unknown);
        assert_eq!(obstacle(Some("0\n"), NOBODY, 65534, &mine), Obstacle::Unknown);
        assert_eq!(obstacle(Some("1\n"), NOBODY, 65534, &mine), Obstacle::YamaDescendants);
        assert_eq!(obstacle(Some("2\n"), NOBODY, 65534, &mine), Obstacle::YamaAdministrator);
        assert_eq!(obstacle(Some("3\n"), NOBODY, 65534, &mine), Obstacle::YamaNobody);
        // The capability is above 1 and 2, not above 3.
        let roots = ProcessStatus { effective_uid: Some(0), ..ProcessStatus::default() };
        assert_eq!(obstacle(Some("2\n"), ABLE, 0, &roots), Obstacle::SecurityModule);
        assert_eq!(obstacle(Some("3\n"), ABLE, 0, &roots), Obstacle::YamaNobody);
        // To open another user's files is a right of its own.
        assert_eq!(obstacle(Some("0\n"), ABLE, 0, &mine), Obstacle::FilesOfOthers);
        let both = ABLE.replace("0000000000080000", "0000000000080004");
        assert_eq!(obstacle(Some("0\n"), &both, 0, &mine), Obstacle::SecurityModule);
        // Another user's process is that first of all.
        assert_eq!(obstacle(Some("1\n"), NOBODY, 65534, &roots), Obstacle::OtherUser);
    }

    #[test]
    fn containers_are_recognised() {
        let target =
            ProcessStatus { effective_uid: Some(0), permitted_capabilities: 1 << 25, ..ProcessStatus::default() };
        assert_eq!(obstacle(None, ABLE, 0, &target), Obstacle::Capabilities);
        let plain = ProcessStatus { permitted_capabilities: 0, ..target };
        assert_eq!(obstacle(None, FILTERED, 0, &plain), Obstacle::Seccomp);
        let root = proc_root(None, FILTERED);
        assert!(!Surroundings::read(root.path()).container);
        fs::write(root.path().join(".dockerenv"), "").unwrap();
        let seen = Surroundings::read(root.path());
        assert!(seen.container && seen.seccomp_filter && !seen.has_cap_sys_ptrace);
    }

    #[test]
    fn files_that_belong_to_another_user_betray_what_is_not_dumpable() {
        let root = proc_root(None, NOBODY);
        fs::create_dir_all(root.path().join("proc/77")).unwrap();
        fs::write(root.path().join("proc/77/status"), "").unwrap();
        let owner = fs::metadata(root.path().join("proc/77/status")).unwrap().uid();
        let of = |uid| {
            let target = ProcessStatus { effective_uid: Some(uid), ..ProcessStatus::default() };
            NoAccess::gather(root.path(), 77, &target, uid).obstacle()
        };
        assert_eq!(of(owner + 1), Obstacle::NotDumpable);
        assert_eq!(of(owner), Obstacle::Unknown);
    }
}
