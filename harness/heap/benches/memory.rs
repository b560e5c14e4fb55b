//! Bytes that each algorithm holds at its peak, and how long it takes, as one table on the terminal.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::fs;
use std::time::Instant;

use bloathound_heap::{
    BitSet, Census, Dominators, GcReplay, Names, PathTree, ReferenceLabel, Reverse, ShapeLimits, ShapeTree,
    strongly_connected,
};

mod synthetic;

/// A line of `/proc/self/status`, in bytes.
fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.trim_matches([':', ' ', '\t']).split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn measure<T>(what: &str, objects: usize, run: impl FnOnce() -> T) -> T {
    // Writing 5 sets the peak back to what is resident now.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS");
    let start = Instant::now();
    let result = run();
    let millis = start.elapsed().as_secs_f64() * 1e3;
    let (peak, after) = (status("VmHWM").saturating_sub(before), status("VmRSS").saturating_sub(before));
    let per_object = |bytes: u64| bytes as f64 / objects.max(1) as f64;
    let peak = if reset { format!("{:9.1} {:9.1}", peak as f64 / 1e6, per_object(peak)) } else { "  unknown".into() };
    println!("{what:24} {millis:9.1} {peak} {:9.1}", per_object(after));
    result
}

fn main() {
    let size = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(2_500_000);
    println!("{:24} {:>9} {:>9} {:>9} {:>9}", "", "ms", "peak MB", "B/object", "kept");
    let heap = measure("make the heap", size as usize, || synthetic::heap(size));
    let n = heap.len();
    let tracked = heap.records().iter().filter(|record| record.flags.is_tracked()).count();
    println!("{n} objects, {tracked} tracked, {} references", heap.targets().len());
    let names = measure("names", n, || Names::new(&heap));
    measure("census", n, || Census::take(&heap, &names, None));
    let replay = measure("gc replay", n, || GcReplay::run(&heap));
    println!("{:?}", (replay.awaiting, replay.uncollected, replay.held));
    let found = measure("components of garbage", n, || {
        strongly_connected(&heap, &replay.awaiting_collection, ReferenceLabel::is_traversed)
    });
    println!("{} components", found.len());
    measure("components of all", n, || strongly_connected(&heap, &BitSet::full(n), ReferenceLabel::is_traversed));
    measure("reverse", n, || Reverse::build(&heap));
    let paths = measure("paths", n, || PathTree::build(&heap, Some(&replay.awaiting_collection)));
    let dominators = measure("dominators, retained", n, || Dominators::build(&heap, Some(&replay.awaiting_collection)));
    let (tree, _column) =
        measure("shapes", n, || ShapeTree::build(&names, &paths, Some(&dominators), ShapeLimits::default()));
    println!("{} shapes, {} reachable", tree.nodes().len(), dominators.reachable_count());
    measure("align shapes", n, || tree.align(&tree));
    for index in 1..tree.nodes().len().min(20) {
        println!(
            "{} {} {:?}",
            bloathound_heap::Label::join(tree.labels(index), " → "),
            tree.type_name(index),
            tree.nodes()[index]
        );
    }
}
