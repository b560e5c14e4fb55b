//! How long a learner waits: `lab start` until its service answers, from a warm cache, for one learner and for a class that
//! starts at once. `cargo bench --bench lab_start`. Needs a CPython 2.7; without one it says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark ends by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_testkit::Owned;
use criterion::Criterion;

/// One that is small and one that runs on a release of a package.
const LABS: [&str; 2] = ["telemetry", "headers"];
/// A class.
const CLASS: usize = 20;
/// Past it the figure is no figure.
const STARTED: Duration = Duration::from_secs(120);

fn main() {
    if bloathound_testkit::python27().is_none() {
        return;
    }
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for lab in LABS {
        // The first one fills the cache of packages; what is measured has them.
        start(lab, 1);
        criterion.bench_function(&format!("lab start {lab}"), |bench| {
            bench.iter_custom(|times| (0..times).map(|_| start(lab, 1)).sum());
        });
        criterion.bench_function(&format!("lab start {lab}, {CLASS} learners at once: the last one"), |bench| {
            bench.iter_custom(|times| (0..times).map(|_| start(lab, CLASS)).sum());
        });
    }
    criterion.final_summary();
}

/// Starts a lab for so many learners, and ends them; the time until the last of their services ran.
fn start(lab: &str, learners: usize) -> Duration {
    let class = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let started: Vec<Owned> = (0..learners).map(|number| learner(lab, class.path(), number)).collect();
    let is_there = |number: usize| class.path().join(number.to_string()).join(lab).join("running.txt").is_file();
    while !(0..learners).all(is_there) {
        assert!(begun.elapsed() < STARTED, "not all of {learners} within {STARTED:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = begun.elapsed();
    drop(started);
    took
}

fn learner(lab: &str, class: &Path, number: usize) -> Owned {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    command
        .args(["lab", "start", lab, "--learner", &format!("learner {number}"), "--folder"])
        .arg(class.join(number.to_string()))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Owned::from(command.spawn().expect("the built command"))
}
