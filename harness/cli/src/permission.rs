//! What to type where a process may not be read.

use bloathound_engine::SUPPORTED;
use bloathound_live::{LiveError, NoAccess, Obstacle};
use bloathound_report::text::shell_word;

use crate::typed;

/// What our user typed after `bloathound`, to be typed again: whoever asked for `hot` is told of `hot`.
fn typed_again() -> String {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| shell_word(&word.to_string_lossy())).collect();
    words.join(" ")
}

/// Lines for the user, the most promising first. `command` is what to run again, such as `inspect 77`.
pub(crate) fn hints(access: &NoAccess, command: &str) -> Vec<String> {
    let again = typed::command(command);
    let sudo = format!("sudo {again}");
    let program = Some(typed::ourselves()).filter(|path| path.contains('/')).map(|path| shell_word(&path));
    let program = program.unwrap_or_else(|| "\"$(command -v bloathound)\"".to_owned());
    let capability = format!("sudo setcap cap_sys_ptrace=ep {program}");
    let container = || "in a container: docker run --cap-add SYS_PTRACE …, or run bloathound on the host".to_owned();
    let mut lines = match access.obstacle() {
        Obstacle::YamaNobody => vec![
            "remove kernel.yama.ptrace_scope = 3 from /etc/sysctl.d and boot again; nothing else undoes it".to_owned(),
        ],
        Obstacle::YamaAdministrator | Obstacle::YamaDescendants => {
            vec![sudo, capability, "sudo sysctl kernel.yama.ptrace_scope=0".to_owned()]
        }
        Obstacle::OtherUser => {
            let as_user = access.target_uid.map(|uid| format!("sudo -u '#{uid}' {again}"));
            std::iter::once(sudo).chain(as_user).collect()
        }
        Obstacle::NotDumpable => vec![sudo, capability],
        Obstacle::UserNamespace | Obstacle::Capabilities => {
            vec![format!("on the host, outside all containers: {sudo}"), container()]
        }
        Obstacle::FilesOfOthers => {
            let as_user =
                access.target_uid.map(|uid| format!("or as its user, which takes no capability: --user {uid}"));
            let both = "docker run --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH …".to_owned();
            std::iter::once(both).chain(as_user).collect()
        }
        Obstacle::Seccomp => vec![
            "docker run --cap-add SYS_PTRACE --security-opt seccomp=unconfined …, or run bloathound on the host"
                .to_owned(),
        ],
        Obstacle::SecurityModule => {
            vec!["sudo dmesg | grep -i denied tells which; with SELinux: sudo setsebool deny_ptrace off".to_owned()]
        }
        Obstacle::Unknown => vec![sudo],
    };
    if access.surroundings.container && !lines.iter().any(|line| line.contains("docker")) {
        lines.push(container());
    }
    lines
}

/// What to do about a process that can't be read or stopped; nothing where the error says it all.
pub(crate) fn live_hints(error: &LiveError) -> Vec<String> {
    let others = "`pgrep -af python` lists the Python processes that run";
    let line = match error {
        LiveError::NoPermission { access, .. } => return hints(access, &typed_again()),
        LiveError::Gone { .. } | LiveError::Reused { .. } | LiveError::Zombie { .. } => {
            format!("the process has ended; {others}")
        }
        LiveError::KernelThread { .. } => others.to_owned(),
        LiveError::Unsupported { .. } => {
            format!("bloathound reads {SUPPORTED} (64-bit x86, release builds); for others try gdb or py-spy")
        }
        LiveError::AlreadyTraced { tracer, .. } => {
            format!("end the debugger first (process {tracer}), or read without stopping: --no-pause")
        }
        LiveError::WouldInterrupt { .. } => {
            return vec![
                "read without stopping: --no-pause, or try again while it sleeps, without --always-pause".to_owned(),
                "or accept that the program sees an error there, and may end by it: --even-if-interrupting".to_owned(),
            ];
        }
        LiveError::TooLowPriority { predicted, .. } => {
            let enough = (predicted.as_millis() + 1).next_multiple_of(1000);
            return vec![
                "start bloathound without `nice`, or as root; or read without stopping: --no-pause".to_owned(),
                format!("or allow a pause that long: --max-pause {enough}"),
            ];
        }
        LiveError::PauseTooLong { predicted, .. } => {
            let enough = (predicted.as_millis() + 1).next_multiple_of(10);
            return vec![
                "look again while it sleeps, or read without stopping: --no-pause".to_owned(),
                format!("or allow a pause that long: --max-pause {enough}"),
            ];
        }
        LiveError::HolderLost { .. } => "try again".to_owned(),
        LiveError::DidNotStop { .. } | LiveError::PauseBudget { .. } => {
            "raise the budget with --max-pause MILLISECONDS, or read without stopping: --no-pause".to_owned()
        }
        LiveError::NeverAcceptable { .. } => {
            "the target collects all the time, or stands still inside a collection: try again later".to_owned()
        }
        LiveError::TooLarge { .. } => {
            "nothing was done to it: look from outside its memory group, raise the group's limit, or take a core with \
             `gcore PID` and inspect that on a machine with more memory"
                .to_owned()
        }
        LiveError::Procfs { .. } | LiveError::Malformed { .. } | LiveError::System { .. } => {
            "bloathound needs /proc of the target's own pid namespace: run it where `ls /proc/PID` works".to_owned()
        }
    };
    vec![line]
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_live::Surroundings;

    fn typed(access: &NoAccess) -> String {
        hints(access, "inspect 77").join("\n")
    }

    #[test]
    fn each_level_of_yama_has_its_remedy() {
        let at = |scope| NoAccess {
            target_uid: Some(1000),
            our_uid: 1000,
            surroundings: Surroundings { yama_ptrace_scope: Some(scope), ..Surroundings::default() },
            ..NoAccess::default()
        };
        assert_eq!(typed(&at(0)), "sudo bloathound inspect 77");
        for scope in [1, 2] {
            let lines = typed(&at(scope));
            assert!(lines.starts_with("sudo bloathound inspect 77\n"), "{lines}");
            assert!(lines.contains("setcap cap_sys_ptrace=ep"), "{lines}");
            assert!(lines.contains("sysctl kernel.yama.ptrace_scope=0"), "{lines}");
        }
        let lines = typed(&at(3));
        assert!(lines.contains("boot again") && !lines.contains("sudo"), "{lines}");
    }

    #[test]
    fn containers_are_told_of_docker() {
        let mut access = NoAccess {
            target_uid: Some(0),
            surroundings: Surroundings { container: true, ..Surroundings::default() },
            ..NoAccess::default()
        };
        assert!(typed(&access).contains("docker run --cap-add SYS_PTRACE"), "{}", typed(&access));
        access.surroundings.seccomp_filter = true;
        assert!(typed(&access).contains("--security-opt seccomp=unconfined"), "{}", typed(&access));
        let other = NoAccess { our_uid: 65534, ..access };
        assert!(typed(&other).contains("sudo -u '#0' bloathound inspect 77"), "{}", typed(&other));
    }
}
