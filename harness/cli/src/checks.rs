//! What a run needs, checked piece by piece, and what to type where it is missing.

use std::process::{Command, Stdio};

use bloathound_driver::{Cache, HOW_TO_GET_A_3, PythonError, Search};
use bloathound_live::{LiveError, NoAccess, Surroundings};
use bloathound_vocabulary::{Check, CheckStatus};

use crate::home::Home;
use crate::{permission, typed};

pub(crate) fn ok(name: &str, message: String) -> Check {
    Check { name: name.into(), status: CheckStatus::Ok, message, hints: Vec::new() }
}

pub(crate) fn no(name: &str, message: String, hints: Vec<String>) -> Check {
    Check { name: name.into(), status: CheckStatus::No, message, hints }
}

pub(crate) fn system() -> Check {
    let name = sysinfo::System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into());
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return ok("system", name);
    }
    let message = format!("{name}: live processes are read on Linux, x86-64 only; recorded runs can be replayed here");
    no("system", message, vec![typed::command("replay snapshots/recorded/leak-buggy")])
}

/// The Pythons of 3 that services run on; those of 2.7 need none of them.
pub(crate) fn python_3() -> Check {
    let name = "Python 3";
    match Search::from_env().find_3() {
        Ok(found) => {
            let all = found
                .iter()
                .map(|one| format!("{} at {}", one.interpreter.version, one.interpreter.executable.display()));
            ok(name, all.collect::<Vec<_>>().join("; "))
        }
        Err(error) => Check {
            name: name.into(),
            status: CheckStatus::Warning,
            message: match error {
                PythonError::NoPython3 { .. } => "none that is read; scenarios for it are left out".into(),
                other => other.to_string(),
            },
            hints: HOW_TO_GET_A_3.lines().map(str::to_owned).collect(),
        },
    }
}

/// pip builds Twisted and zope.interface, for which no ready wheels of these versions exist.
pub(crate) fn compiler() -> Check {
    let found = ["cc", "gcc", "clang"].into_iter().find(|name| {
        let run = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        run.is_ok_and(|status| status.success())
    });
    match found {
        Some(name) => ok("C compiler", format!("{name} (pip builds Twisted 16.0.0 with it, once)")),
        None => {
            let hints = vec!["apt-get install gcc libc6-dev".into(), "dnf install gcc".into()];
            no("C compiler", "none; pip needs one to build Twisted 16.0.0".into(), hints)
        }
    }
}

pub(crate) fn packages(home: &Home, interpreter: &bloathound_driver::PythonProgram) -> Check {
    let cache = Cache::of_user().and_then(|cache| cache.ready(interpreter, &home.lock_file()));
    match cache {
        Ok(Some(environment)) => ok("packages", format!("installed in {}", environment.dir.display())),
        Ok(None) => Check {
            name: "packages".into(),
            status: CheckStatus::Warning,
            message: "not installed yet; the first run does it (needs the Python package index)".into(),
            hints: Vec::new(),
        },
        Err(error) => no("packages", error.to_string(), Vec::new()),
    }
}

/// May this user read another process of his own, and stop it?
pub(crate) fn reading() -> Check {
    judge_reading(try_reading_child(), first_process(), Surroundings::ours())
}

/// Why the first process, which is root's, may not be read; it is opened and neither stopped nor read.
fn first_process() -> Option<NoAccess> {
    match bloathound_live::Process::open(1) {
        Err(LiveError::NoPermission { access, .. }) => Some(*access),
        _ => None,
    }
}

/// Tried on a child of ours; what holds for others' children, Yama tells. `first`: why process 1 may not be read, as
/// capabilities that count in a container may not outside of it.
fn judge_reading(tried: Result<(), LiveError>, first: Option<NoAccess>, surroundings: Surroundings) -> Check {
    let able = surroundings.has_cap_sys_ptrace;
    match (tried, surroundings.yama_ptrace_scope) {
        (Err(LiveError::NoPermission { access, .. }), _) => {
            let message = format!("a process of our own can't be read: {}", access.reason());
            no("reading", message, permission::hints(&access, "doctor"))
        }
        (Err(error), _) => {
            no("reading", format!("a process of our own can't be read: {error}"), permission::live_hints(&error))
        }
        // The kernel allows a parent nothing more at 3; should it do so some day, others are refused still.
        (Ok(()), Some(3)) => {
            let access = NoAccess { surroundings, ..NoAccess::default() };
            no("reading", access.reason().to_owned(), permission::hints(&access, "doctor"))
        }
        (Ok(()), Some(scope @ (1 | 2))) if !able => Check {
            name: "reading".into(),
            status: CheckStatus::Warning,
            message: format!(
                "Yama's ptrace_scope is {scope}: services that bloathound starts can be read, others can't"
            ),
            hints: vec![
                format!("sudo {}", typed::command("inspect PID")),
                "sudo sysctl kernel.yama.ptrace_scope=0".into(),
            ],
        },
        (Ok(()), _) if able => match first {
            Some(access) => Check {
                name: "reading".into(),
                status: CheckStatus::Warning,
                message: format!(
                    "services that bloathound starts can be read, others not all: process 1, for one, may not be: {}",
                    access.reason()
                ),
                hints: permission::hints(&access, "inspect PID"),
            },
            None => ok("reading", "this user may read any process".into()),
        },
        (Ok(()), _) => {
            let others = typed::command("inspect PID");
            ok("reading", format!("this user may read his own processes; others with sudo {others}"))
        }
    }
}

fn try_reading_child() -> Result<(), LiveError> {
    // `cat` waits for its input, which ends with us.
    let started = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut child = started.map_err(|cause| LiveError::System { pid: 0, call: "starting cat", cause })?;
    let tried = bloathound_live::Process::open(child.id())
        .and_then(|process| process.pause(&bloathound_live::PauseOptions::default()).map(drop));
    let _ = child.kill();
    let _ = child.wait();
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tried: Result<(), LiveError>, scope: Option<u32>, able: bool) -> Check {
        let surroundings =
            Surroundings { yama_ptrace_scope: scope, has_cap_sys_ptrace: able, ..Surroundings::default() };
        judge_reading(tried, None, surroundings)
    }

    fn refused(surroundings: Surroundings) -> LiveError {
        let access = NoAccess { target_uid: Some(1000), our_uid: 1000, surroundings, ..NoAccess::default() };
        LiveError::NoPermission { pid: 77, access: Box::new(access) }
    }

    #[test]
    fn yama_is_told_at_each_of_its_levels() {
        for (scope, able, expected) in [
            (None, false, CheckStatus::Ok),
            (Some(0), false, CheckStatus::Ok),
            (Some(1), false, CheckStatus::Warning),
            (Some(1), true, CheckStatus::Ok),
            (Some(2), true, CheckStatus::Ok),
            (Some(3), true, CheckStatus::No),
        ] {
            let check = check(Ok(()), scope, able);
            assert_eq!(check.status, expected, "{scope:?} {able}: {}", check.message);
            assert_eq!(check.hints.is_empty(), expected == CheckStatus::Ok, "{scope:?}: {:?}", check.hints);
        }
        let surroundings = Surroundings { yama_ptrace_scope: Some(2), ..Surroundings::default() };
        let check = judge_reading(Err(refused(surroundings)), None, surroundings);
        assert_eq!(check.status, CheckStatus::No);
        assert!(check.message.contains("ptrace_scope is 2"), "{}", check.message);
        assert!(check.hints.contains(&"sudo bloathound doctor".to_owned()), "{:?}", check.hints);
    }

    #[test]
    fn no_right_is_promised_that_the_first_process_refuses() {
        let surroundings = Surroundings { has_cap_sys_ptrace: true, container: true, ..Surroundings::default() };
        let access = NoAccess { target_uid: Some(0), more_capabilities: true, surroundings, ..NoAccess::default() };
        let check = judge_reading(Ok(()), Some(access), surroundings);
        assert_eq!(check.status, CheckStatus::Warning);
        assert!(check.message.contains("process 1") && !check.message.contains("any process"), "{}", check.message);
        assert!(check.hints.iter().any(|line| line.contains("inspect PID")), "{:?}", check.hints);
    }

    #[test]
    fn a_container_is_told_what_it_lacks() {
        let surroundings = Surroundings { seccomp_filter: true, container: true, ..Surroundings::default() };
        let check = judge_reading(Err(refused(surroundings)), None, surroundings);
        assert!(check.message.contains("seccomp"), "{}", check.message);
        assert!(check.hints.iter().any(|line| line.contains("--cap-add SYS_PTRACE")), "{:?}", check.hints);
    }
}
