//! What the tests of the driver share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "each test file uses some of it; a test fails by panicking and a skip is told"
)]

pub mod kit;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bloathound_driver::{Cache, Launch, Launcher, PythonProgram, Search};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The machine's Python 2.7 with the services' packages. Without one the test is skipped with a notice, or
/// fails where `BLOATHOUND_REQUIRE_LIVE` says that there has to be one.
pub fn launcher() -> Option<Launcher> {
    let python = bloathound_testkit::python27()?;
    let search = Search { configured: Some(python.into()), ..Search::default() };
    let found = search.find().unwrap_or_else(|error| panic!("{error}"));
    let services_dir = root().join("reference-services");
    let lock_file = services_dir.join("requirements.lock");
    let environment =
        Cache::of_user().unwrap().prepare(&found.interpreter, &lock_file, &mut |_| ()).unwrap_or_else(|error| {
            panic!("{error}");
        });
    Some(Launcher { interpreter: found.interpreter, environment: Some(environment), services_dir })
}

/// Where its packages are.
pub fn packages(launcher: &Launcher) -> PathBuf {
    launcher.environment.as_ref().unwrap().dir.clone()
}

/// A file that can be run. Another process writes it: while we had it open ourselves, a fork of another
/// test's thread could keep it open, and a file that is open for writing can't be run.
pub fn script(path: &Path, text: &str) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    duct::cmd!("sh", "-c", "cat > \"$0\" && chmod 755 \"$0\"", path)
        .stdin_bytes(format!("#!/bin/sh\n{text}\n"))
        .run()
        .unwrap();
    path.to_owned()
}

/// A service that a shell plays.
pub fn shell_service(body: &str) -> Launch {
    Launch {
        name: "shell".to_owned(),
        program: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), body.to_owned(), "shell".to_owned()],
        python_path: Vec::new(),
        seed: 1,
        ready_within: Duration::from_secs(20),
    }
}

/// An interpreter as a search would find it, played by a script.
pub fn played_interpreter(program: PathBuf) -> PythonProgram {
    PythonProgram { executable: program, version: "2.7.18".to_owned(), max_unicode: 0x10ffff, abi: "cp27mu".to_owned() }
}

/// Waits for a condition; a test that waits in vain fails.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process exists and is no zombie.
pub fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses and may have anything in it.
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}
