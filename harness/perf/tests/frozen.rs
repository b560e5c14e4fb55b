//! What can't be noisy is frozen: allocations and peak bytes of each stage, and the system calls of a whole look, on
//! recorded images of the repository. `BLOATHOUND_UPDATE=1 cargo test -p bloathound-perf --test frozen` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../benches/stages/mod.rs"]
mod stages;

use std::fmt::Write;
use std::path::Path;

use bloathound_perf::STAGES;

const INPUTS: [&str; 3] = ["cycles-buggy/inspect.bhi", "fragmentation-buggy/inspect.bhi", "leak-buggy/round-00.bhi"];

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

/// One test, because all threads' allocations are counted.
#[test]
fn allocations_of_a_stage_are_what_they_were() {
    let mut found = String::from("input, stage, allocations, bytes at the peak\n");
    for input in INPUTS {
        for stage in STAGES {
            let prepared = stages::prepare(input, stage);
            let counted = dhat::Profiler::builder().testing().trim_backtraces(Some(2)).build();
            let product = stages::run(&prepared);
            let stats = dhat::HeapStats::get();
            drop(counted);
            drop(product);
            writeln!(found, "{input}, {stage}, {}, {}", stats.total_blocks, stats.max_bytes).unwrap();
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen.csv");
    if std::env::var_os("BLOATHOUND_UPDATE").is_some() {
        std::fs::write(&file, &found).unwrap();
    }
    let frozen = std::fs::read_to_string(&file).unwrap_or_default();
    let differs: Vec<(&str, &str)> = frozen.lines().zip(found.lines()).filter(|(before, now)| before != now).collect();
    assert!(
        frozen == found,
        "before and now: {differs:#?}; where that is meant: BLOATHOUND_UPDATE=1 cargo test -p bloathound-perf --test frozen"
    );
}
