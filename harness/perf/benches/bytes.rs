//! Bytes at the peak and allocations of each stage, counted by DHAT's allocator from the moment the stage begins, as lines
//! of JSON: `{"input": …, "stage": …, "objects": …, "peak": …, "blocks": …, "file": …}`. Arguments: names of inputs; of
//! `objects:NAME` only the objects are told.
//!
//! valgrind's own DHAT knows the peak of a process only; what was made for a stage would hide what the stage takes.
#![allow(clippy::print_stdout, reason = "the lines are what this program is for")]

mod stages;

use bloathound_perf::{STAGES, WHOLE};

#[global_allocator]
static COUNTED: dhat::Alloc = dhat::Alloc;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let inputs = if named.is_empty() { vec!["generated 100k".to_owned()] } else { named };
    for named in inputs {
        let input = named.trim_start_matches("objects:");
        let is_by_stage = input == named;
        let file = stages::input::path(input);
        let objects = stages::objects(&file);
        // Of the whole command; its bytes are those of another process.
        println!("{}", serde_json::json!({ "input": input, "stage": WHOLE, "objects": objects, "file": file }));
        if !is_by_stage {
            continue;
        }
        for stage in STAGES {
            let prepared = stages::prepare(input, stage);
            let counted = dhat::Profiler::builder().testing().trim_backtraces(Some(2)).build();
            let product = stages::run(&prepared);
            let stats = dhat::HeapStats::get();
            drop(counted);
            drop(product);
            let line = serde_json::json!({
                "input": input, "stage": stage, "objects": objects,
                "peak": stats.max_bytes, "blocks": stats.total_blocks, "file": file,
            });
            println!("{line}");
        }
    }
}
