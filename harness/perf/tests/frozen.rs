//! Allocations of each stage can't be noisy, so they are frozen, on recorded images of the repository: a stage that begins
//! to allocate for each object fails here, without valgrind. `BLOATHOUND_UPDATE=1 cargo test -p bloathound-perf --test
//! frozen` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../benches/stages/mod.rs"]
mod stages;

use std::fmt::Write;
use std::path::Path;

use bloathound_perf::STAGES;

const INPUTS: [&str; 3] = ["cycles-buggy/inspect.bhi", "fragmentation-buggy/inspect.bhi", "leak-buggy/round-00.bhi"];
/// What a few more names or sentences take is no change: that many, or a twentieth.
const MORE: u64 = 20;
const SHARE: u64 = 20;

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

/// One test, because all threads' allocations are counted.
#[test]
fn no_stage_allocates_more_often_than_it_did() {
    let mut found: Vec<(String, u64)> = Vec::new();
    for input in INPUTS {
        for stage in STAGES {
            let prepared = stages::prepare(input, stage);
            let counted = dhat::Profiler::builder().testing().trim_backtraces(Some(2)).build();
            let product = stages::run(&prepared);
            let stats = dhat::HeapStats::get();
            drop(counted);
            drop(product);
            found.push((format!("{input}, {stage}"), stats.total_blocks));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen.csv");
    if std::env::var_os("BLOATHOUND_UPDATE").is_some() {
        let mut text = String::from("input, stage, allocations\n");
        found.iter().for_each(|(what, count)| writeln!(text, "{what}, {count}").unwrap());
        std::fs::write(&file, text).unwrap();
    }
    let frozen = std::fs::read_to_string(&file).unwrap();
    assert_eq!(frozen.lines().count(), found.len() + 1, "a stage or an input is missing in {}", file.display());
    for (line, (what, now)) in frozen.lines().skip(1).zip(&found) {
        let (of, before) = line.rsplit_once(", ").unwrap();
        let before: u64 = before.parse().unwrap();
        assert_eq!(of, what);
        assert!(
            *now <= before + MORE + before / SHARE,
            "{what}: {before} allocations before, {now} now; where that is meant: BLOATHOUND_UPDATE=1 cargo test -p \
             bloathound-perf --test frozen"
        );
        assert!(*now >= before / 2, "{what}: {before} allocations before, {now} now: freeze that, so that it stays");
    }
}
