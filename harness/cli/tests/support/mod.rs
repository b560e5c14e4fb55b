//! What the end-to-end tests share.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "each test program uses its own part; a test fails by panicking"
)]

pub mod ran;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_driver::{Cache, PythonProgram, Search};
use tempfile::TempDir;

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the checkout")
}

/// The real binary, in the checkout, without colour, called by its name as on a path.
pub fn bloathound() -> assert_cmd::Command {
    let mut named = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    named.arg0("bloathound");
    let mut command = assert_cmd::Command::from_std(named);
    command.current_dir(root()).env("NO_COLOR", "1").env_remove("BLOATHOUND_HOME");
    command
}

/// False, with a notice, where no Python 2.7 is. `BLOATHOUND_REQUIRE_LIVE` makes that a failure.
pub fn live() -> bool {
    bloathound_testkit::python27().is_some()
}

/// The machine's Python 2.7, where [`live`] has said that there is one.
pub fn python() -> PathBuf {
    bloathound_testkit::python27().expect("a Python 2.7")
}

/// The same as services are started with it.
pub fn interpreter() -> PythonProgram {
    let search = Search { configured: Some(python().into()), ..Search::default() };
    search.find().expect("what tests take for a Python 2.7 is one for the product").interpreter
}

/// Where the packages of the reference services are; `None`, with a notice, without a Python 2.7.
pub fn packages() -> Option<PathBuf> {
    let made = || {
        let lock = root().join("reference-services/requirements.lock");
        let cache = Cache::of_user().expect("a cache");
        cache.prepare(&interpreter(), &lock, &mut |_| ()).expect("the services' packages").dir
    };
    bloathound_testkit::brought_packages().or_else(|| live().then(made))
}

/// A folder with `scenarios/NAME.yaml` and all services, to be changed at will.
pub fn home_with(scenario: &str) -> TempDir {
    let home = tempfile::tempdir().expect("a temporary folder");
    let scenarios = home.path().join("scenarios");
    fs::create_dir(&scenarios).expect("a folder");
    let file = format!("{scenario}.yaml");
    fs::copy(root().join("scenarios").join(&file), scenarios.join(&file)).expect("the scenario is copied");
    // The lists of packages that some scenarios have.
    let lists = root().join("scenarios/twisted-3");
    if lists.is_dir() {
        copy_folder(&lists, &scenarios.join("twisted-3"));
    }
    copy_folder(&root().join("reference-services"), &home.path().join("reference-services"));
    home
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

/// Waits for a condition, up to a deadline. Never for a time.
pub fn wait_until<T>(what: &str, within: Duration, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A child that ends with the test.
pub struct Bystander(Child);

impl Bystander {
    pub fn start(command: &mut Command) -> Option<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok().map(Self)
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Fields of `/proc/PID/stat` after the command's name (man 5 proc): state, parent, ...
pub fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Pids whose parent is this one.
pub fn children(parent: u32) -> Vec<u32> {
    let wanted = parent.to_string();
    let pids = fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        (stat(pid)?.get(1)? == &wanted).then_some(pid)
    });
    pids.collect()
}

/// Waits until all threads of a process sleep and none used the processor between two looks: it has done what it had to.
pub fn asleep(pid: u32) {
    let look = || -> Option<Vec<String>> {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
        threads
            .map(|thread| {
                let status = fs::read_to_string(thread.path().join("status")).ok()?;
                let switches: String = status.lines().filter(|line| line.contains("ctxt_switches")).collect();
                status.contains("State:\tS").then_some(switches)
            })
            .collect()
    };
    let mut before = None;
    wait_until("the process to sleep", Duration::from_secs(30), || {
        let now = look();
        let still = now.is_some() && now == before;
        before = now;
        still.then_some(())
    });
}
