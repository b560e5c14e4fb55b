//! A build without local symbols, as distributions have them, is read as the same build with them.

use std::collections::BTreeMap;

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{Interpreter, decode, exported_only};
use bloathound_memory::{MemoryImage, SymbolTable};

use crate::support::Stopped;

crate::of_every_series!(local_symbols_change_nothing);

/// Types and how many objects are of each; problems; arenas.
fn told(image: &MemoryImage, symbols: &SymbolTable) -> (BTreeMap<String, usize>, Vec<String>, usize) {
    let interpreter = Interpreter::locate(image, symbols).expect("an interpreter");
    assert!(interpreter.is_complete(), "{:?}", interpreter.known_by);
    let (pools, problems) = locate_arenas(image, &interpreter, &symbols.data_ranges).expect("arenas");
    assert!(problems.is_empty(), "{problems:?}");
    let decoded = decode(image, &interpreter, Some(&pools));
    let mut types = BTreeMap::new();
    for id in decoded.value.ids() {
        *types.entry(decoded.value.type_of(id).name.clone()).or_default() += 1;
    }
    (types, decoded.problems, pools.arenas().len())
}

fn local_symbols_change_nothing(series: &str) {
    let Some(python) = bloathound_testkit::python3(series) else { return };
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/small.py");
    let stopped = Stopped::run(&python, &["-E", "-s", "-B", program]);
    let (image, symbols) = stopped.copy();
    let with_local_ones = told(&image, &symbols);
    assert_eq!(with_local_ones.1, [""; 0]);
    assert_eq!(with_local_ones.0.get("Session"), Some(&500));
    assert_eq!(told(&image, &exported_only(symbols)), with_local_ones);
}
