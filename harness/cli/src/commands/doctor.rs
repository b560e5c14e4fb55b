use std::process::{Command, Stdio};

use bloathound_driver::{Cache, HOW_TO_GET_ONE, Search};
use bloathound_report::text::{self, Check, CheckStatus};

use crate::error::CliError;
use crate::home::Home;
use crate::output;

/// `bloathound doctor`: everything a run needs, and what to do where it is missing.
pub(crate) fn doctor() -> Result<u8, CliError> {
    let mut checks = vec![system()];
    let python = Search::from_env().find();
    match &python {
        Ok(found) => checks.push(ok(
            "Python 2.7",
            format!("{} at {}", found.interpreter.version, found.interpreter.executable.display()),
        )),
        Err(error) => {
            let hints = HOW_TO_GET_ONE.to_string().lines().map(str::to_owned).collect();
            checks.push(no("Python 2.7", error.to_string(), hints));
        }
    }
    checks.push(compiler());
    match Home::find(None) {
        Ok(home) => {
            match bloathound_scenario::load_dir(&home.scenarios(), &home.services()) {
                Ok(scenarios) => checks.push(ok("scenarios", format!("{} of them, all valid", scenarios.len()))),
                Err(error) => checks.push(no("scenarios", error.to_string(), Vec::new())),
            }
            if let Ok(found) = &python {
                checks.push(packages(&home, &found.interpreter));
            }
        }
        Err(error) => checks.push(no("scenarios", error.to_string(), Vec::new())),
    }
    checks.push(reading());
    output::result(&text::doctor(&checks, output::color()));
    let works = checks.iter().all(|check| check.status != CheckStatus::No);
    Ok(if works { 0 } else { 3 })
}

fn ok(name: &str, message: String) -> Check {
    Check { name: name.into(), status: CheckStatus::Ok, message, hints: Vec::new() }
}

fn no(name: &str, message: String, hints: Vec<String>) -> Check {
    Check { name: name.into(), status: CheckStatus::No, message, hints }
}

fn system() -> Check {
    let name = sysinfo::System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into());
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return ok("system", name);
    }
    let message = format!("{name}: live processes are read on Linux, x86-64 only; recorded runs can be replayed here");
    no("system", message, vec!["bloathound replay snapshots/recorded/leak".into()])
}

/// pip builds Twisted and zope.interface, for which no ready wheels of these versions exist.
fn compiler() -> Check {
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

fn packages(home: &Home, interpreter: &bloathound_driver::Interpreter) -> Check {
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

/// May this user read another process of his own, and stop it? Tried on a child, and on one that is no child of ours.
fn reading() -> Check {
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok();
    let scope = scope.as_deref().map(str::trim);
    let tried = try_reading_child();
    match (tried, scope) {
        (Err(why), _) => {
            let hints = vec!["sudo bloathound doctor".into(), "docker run --cap-add=SYS_PTRACE …".into()];
            no("reading", format!("a process of our own can't be read: {why}"), hints)
        }
        (Ok(()), None | Some("0")) => ok("reading", "this user may read his own processes".into()),
        (Ok(()), Some("1")) if !nix_is_root() => Check {
            name: "reading".into(),
            status: CheckStatus::Warning,
            message: "Yama's ptrace_scope is 1: services that bloathound starts can be read, others can't".into(),
            hints: vec!["sudo bloathound inspect PID".into(), "sudo sysctl kernel.yama.ptrace_scope=0".into()],
        },
        (Ok(()), Some("3")) => no(
            "reading",
            "Yama's ptrace_scope is 3: nobody may read another process until the next boot".into(),
            vec!["remove kernel.yama.ptrace_scope=3 from /etc/sysctl.d and boot again".into()],
        ),
        (Ok(()), Some(_)) => ok("reading", "this user may read processes".into()),
    }
}

fn nix_is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

fn try_reading_child() -> Result<(), String> {
    // `cat` waits for its input, which ends with us.
    let mut child =
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    let tried = bloathound_live::Process::open(child.id())
        .and_then(|process| process.pause(&bloathound_live::PauseOptions::default()).map(drop))
        .map_err(|error| error.to_string());
    let _ = child.kill();
    let _ = child.wait();
    tried
}
