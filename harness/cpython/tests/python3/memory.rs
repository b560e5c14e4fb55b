//! pymalloc's arenas against the interpreter's own statistics, and every resident page in a category.

use std::collections::BTreeMap;

use bloathound_cpython::allocator::{MemoryLayout, PoolUse, RssCategory, locate_arenas};
use bloathound_cpython::{Interpreter, decode};
use bloathound_heap::GcReplay;

use crate::support::Stopped;

const PROGRAM: &str = "
import os, sys, threading
kept = [[n, str(n), {n: n}] for n in range(60000)]
del kept[::3]
big = [bytes(5000 + n) for n in range(500)]
def deep(n):
    if n:
        return deep(n - 1)
    waits.set(); ends.wait()
waits, ends = threading.Event(), threading.Event()
threading.Thread(target=deep, args=(400,), daemon=True).start()
waits.wait()
# All that the report allocates is there before it is made.
sys._debugmallocstats()
os.write(2, b'=== the last one\\n')
sys._debugmallocstats()
os.write(1, b'ready\\n')
os.read(0, 1)
";

/// What `sys._debugmallocstats()` says at its last call: block size to pools, blocks in use, blocks free; and arenas.
fn stated(text: &str) -> (BTreeMap<u32, [u64; 3]>, u64) {
    let last = text.rsplit("=== the last one").next().unwrap_or_default();
    let mut classes = BTreeMap::new();
    let mut arenas = 0;
    for line in last.lines() {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if let [_, size, pools, used, free] = numbers[..]
            && line.split_whitespace().count() == 5
        {
            classes.insert(size as u32, [pools, used, free]);
        }
        if let Some(rest) = line.strip_prefix("# arenas allocated current") {
            arenas = rest.trim_start_matches([' ', '=']).replace(',', "").trim().parse().unwrap_or(0);
        }
    }
    (classes, arenas)
}

crate::of_every_series!(arenas_and_pages_are_those_that_the_interpreter_and_the_kernel_tell);

fn arenas_and_pages_are_those_that_the_interpreter_and_the_kernel_tell(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report");
    let stopped = Stopped::run_with_errors_in(&python, &["-E", "-s", "-c", PROGRAM], &report);
    assert_eq!(stopped.first_line, "ready\n");
    let (image, symbols) = stopped.copy_what_is_there();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let (pools, problems) = locate_arenas(&image, &interpreter, &symbols.data_ranges).expect("arenas");
    assert!(problems.is_empty(), "{problems:?}");
    let (classes, arenas) = stated(&std::fs::read_to_string(&report).expect("a report"));
    assert_eq!(pools.arenas().len() as u64, arenas);
    let mut found: BTreeMap<u32, [u64; 3]> = BTreeMap::new();
    for pool in pools.pools().iter().filter(|pool| pool.usage == PoolUse::InUse) {
        let class = found.entry(u32::from(pool.block_bytes)).or_default();
        class[0] += 1;
        class[1] += u64::from(pool.live_blocks);
        class[2] += u64::from(pool.free_blocks + pool.untouched_blocks);
    }
    // Between the report and the look the report's own text and the next call's are allocated and freed.
    assert_eq!(found.keys().collect::<Vec<_>>(), classes.keys().collect::<Vec<_>>());
    for (size, [_, used, _]) in &found {
        let stated = classes[size][1];
        assert!(used.abs_diff(stated) <= 8, "blocks of {size}: {used} found, {stated} stated");
    }
    let decoded = decode(&image, &interpreter, Some(&pools));
    let replay = GcReplay::run(&decoded.value);
    let layout = MemoryLayout::new(&image, &interpreter, &decoded.value, pools, problems);
    let judge = layout.judge(&image, &decoded.value, Some(&replay.awaiting_collection));
    let account = layout.rss(&image, &decoded.value, &judge);
    let rows: BTreeMap<&str, u64> = account.rows().map(|(category, bytes)| (category.name(), bytes)).collect();
    assert!(account.unexplained_bytes.unsigned_abs() * 100 < account.kernel_bytes, "{rows:?}");
    // Up to 3.10 the interpreter's state is allocated, and calls are objects.
    let is_apart = series != "3.10";
    let of_state = if is_apart { RssCategory::InterpreterState } else { RssCategory::MallocLive };
    assert!(account.bytes(of_state) > 100_000, "{rows:?}");
    assert_eq!(account.bytes(RssCategory::DataStacks) >= 16 << 10, is_apart, "{rows:?}");
    assert!(account.bytes(RssCategory::LiveObjects) > 5 << 20, "{rows:?}");
    let unknown = account.bytes(RssCategory::UnidentifiedBlocks) + account.bytes(RssCategory::OtherAnonymous);
    assert!(unknown * 10 < account.kernel_bytes, "{rows:?}");
}
