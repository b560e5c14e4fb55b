//! Instructions of each stage, by gungraun: callgrind counts from the moment a stage begins to its end. `bloathound perf
//! record` reads the summaries; run by itself it prints them.
#![allow(missing_docs, reason = "gungraun writes the functions around these")]

mod stages;

use std::any::Any;

use bloathound_perf as _;
use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use stages::{Prepared, prepare, run};

#[library_benchmark(setup = prepare)]
#[bench::read("generated 100k", "read")]
#[bench::copy("generated 100k", "copy")]
#[bench::decode("generated 100k", "decode")]
#[bench::arenas("generated 100k", "arenas")]
#[bench::collector("generated 100k", "collector")]
#[bench::components("generated 100k", "components")]
#[bench::paths("generated 100k", "paths")]
#[bench::dominators("generated 100k", "dominators")]
#[bench::shapes("generated 100k", "shapes")]
#[bench::judging("generated 100k", "judging")]
#[bench::write("generated 100k", "write")]
fn generated(prepared: Prepared) -> (Box<dyn Any>, Prepared) {
    (run(&prepared), prepared)
}

#[library_benchmark(setup = prepare)]
#[bench::read("cycles-buggy/inspect.bhi", "read")]
#[bench::copy("cycles-buggy/inspect.bhi", "copy")]
#[bench::decode("cycles-buggy/inspect.bhi", "decode")]
#[bench::arenas("cycles-buggy/inspect.bhi", "arenas")]
#[bench::collector("cycles-buggy/inspect.bhi", "collector")]
#[bench::components("cycles-buggy/inspect.bhi", "components")]
#[bench::paths("cycles-buggy/inspect.bhi", "paths")]
#[bench::dominators("cycles-buggy/inspect.bhi", "dominators")]
#[bench::shapes("cycles-buggy/inspect.bhi", "shapes")]
#[bench::judging("cycles-buggy/inspect.bhi", "judging")]
#[bench::write("cycles-buggy/inspect.bhi", "write")]
fn recorded(prepared: Prepared) -> (Box<dyn Any>, Prepared) {
    (run(&prepared), prepared)
}

library_benchmark_group!(name = looks, benchmarks = [generated, recorded]);
// Caches aren't simulated: nothing reads that, and it takes twice as long as counting.
main!(
    config = LibraryBenchmarkConfig::default()
        .pass_through_envs(stages::planted::VARIABLES)
        .tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = looks
);
