//! Memory groups: the tool in one group with its target, as in a container.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{live, python};
use crate::target::{Target, copied, copy_interpreter};
use crate::wait_until;

const MIB: u64 = 1 << 20;
const GROUPS: &str = "/sys/fs/cgroup/memory";

/// Some 120 MB of small strings, that take twice as much again to analyse; answers as long as it lives.
const HEAP: &str = "
import sys
kept = ['%032d' % i for i in xrange(1500000)]
print 'ready'
sys.stdout.flush()
while True:
    line = sys.stdin.readline()
    if not line: break
    print 'alive', len(kept)
    sys.stdout.flush()
";

/// A memory group of the test's own, version 1.
struct Group(PathBuf);

impl Group {
    /// `None` with a notice where this user or this machine can't.
    fn new(name: &str, limit: u64) -> Option<Self> {
        let folder = Path::new(GROUPS).join(format!("bloathound-test-{}-{name}", std::process::id()));
        if let Err(error) = fs::create_dir(&folder) {
            bloathound_testkit::cannot(&format!(
                "no memory group of version 1 can be made ({}: {error})",
                folder.display()
            ));
            return None;
        }
        let group = Self(folder);
        fs::write(group.0.join("memory.limit_in_bytes"), limit.to_string()).unwrap();
        Some(group)
    }

    /// A command that runs in it, by root or by nobody.
    fn command(&self, program: &Path, as_nobody: bool) -> Command {
        let mut command = Command::new("sh");
        let become_nobody = if as_nobody { "setpriv --reuid=65534 --regid=65534 --clear-groups" } else { "" };
        command
            .arg("-c")
            .arg(format!("echo $$ > {}/cgroup.procs && exec {become_nobody} \"$0\" \"$@\"", self.0.display()))
            .arg(program)
            .current_dir("/");
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Empty once the last one in it is waited for.
        wait_until("the group to be empty", Duration::from_secs(30), || fs::remove_dir(&self.0).ok());
    }
}

/// The binary and an interpreter where nobody may run them.
struct Programs {
    _folder: TempDir,
    bloathound: PathBuf,
    python: PathBuf,
}

impl Programs {
    fn copy() -> Self {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let bloathound = folder.path().join("bloathound");
        fs::copy(env!("CARGO_BIN_EXE_bloathound"), &bloathound).unwrap();
        let python = copy_interpreter(folder.path());
        for path in [folder.path(), &bloathound, &python] {
            fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Self { _folder: folder, bloathound, python }
    }

    fn target(&self, group: &Group, as_nobody: bool) -> Target {
        let mut command = group.command(&self.python, as_nobody);
        for (name, value) in copied(&self.python).get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        // Its library is out of reach for nobody, and not needed.
        Target::start(command.args(["-S", "-c", HEAP]).stderr(Stdio::null()))
    }

    fn inspect(&self, group: &Group, as_nobody: bool, pid: u32) -> Output {
        let mut command = group.command(&self.bloathound, as_nobody);
        command.args(["inspect", &pid.to_string()]).env("NO_COLOR", "1").output().unwrap()
    }
}

fn users() -> Vec<bool> {
    let able = Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups", "true"]).status();
    if able.is_ok_and(|status| status.success()) {
        return vec![false, true];
    }
    bloathound_testkit::cannot("this user can't become nobody (setpriv)");
    vec![false]
}

#[test]
fn a_target_in_the_same_group_outlives_a_look_that_does_not_fit() {
    if !live() {
        return;
    }
    let programs = Programs::copy();
    for as_nobody in users() {
        // The copy does not fit; the copy fits and its objects don't; everything fits.
        for (limit, said) in [(200, Some("to copy")), (340, Some("to analyse")), (1200, None)] {
            let name = format!("look-{limit}-{as_nobody}");
            let Some(group) = Group::new(&name, limit * MIB) else { return };
            let mut target = programs.target(&group, as_nobody);
            let output = programs.inspect(&group, as_nobody, target.pid());
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("{limit} MiB, nobody: {as_nobody}: {:?}\n{text}", output.status);
            target.say("?");
            assert_eq!(target.line(), "alive 1500000", "{text}");
            match said {
                Some(said) => {
                    assert_eq!(output.status.code(), Some(3), "{text}");
                    let figure = format!("{} MB", limit * MIB / 1_000_000);
                    for part in [said, "of memory", &name, &figure, "raise the group's limit"] {
                        assert!(text.contains(part), "{part:?} is not in {text}");
                    }
                }
                None => assert_eq!(output.status.code(), Some(0), "{text}"),
            }
        }
    }
}

#[test]
fn who_looks_is_the_one_to_be_killed() {
    if !live() {
        return;
    }
    let programs = Programs::copy();
    for as_nobody in users() {
        let Some(group) = Group::new(&format!("watch-{as_nobody}"), 1200 * MIB) else { return };
        let target = programs.target(&group, as_nobody);
        let mut command = group.command(&programs.bloathound, as_nobody);
        command.args(["watch", &target.pid().to_string(), "--rounds", "5", "--interval", "60"]);
        let mut watch = crate::support::Bystander::start(&mut command).unwrap();
        let mark = |pid: u32| fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap_or_default();
        wait_until("the mark", Duration::from_secs(60), || (mark(watch.pid()).trim() == "1000").then_some(()));
        assert_ne!(mark(target.pid()).trim(), "1000", "the target has its own");
        assert!(!watch.ended());
        watch.kill();
    }
    assert!(python().exists());
}
