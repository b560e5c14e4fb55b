//! What the collector is set to, and what memory of C code belongs to objects, of real interpreters.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it lacks and stops")]

mod support;

use bloathound_cpython::allocator::{MemoryLayout, locate_arenas};
use bloathound_cpython::{CollectorState, Interpreter, exported_only};

#[test]
fn the_collectors_settings_are_those_that_the_interpreter_tells() {
    let Some(python) = support::python27() else { return };
    for (code, enabled, thresholds) in [
        ("gc.enable()", true, [700, 10, 10]),
        ("gc.disable()", false, [700, 10, 10]),
        ("gc.set_threshold(0)", true, [0, 10, 10]),
        ("gc.disable(); gc.set_threshold(20000, 5, 7); gc.collect()", false, [20_000, 5, 7]),
    ] {
        let program = format!(
            "import gc, sys\n{code}\nprint gc.isenabled(), gc.get_threshold()\nsys.stdout.flush()\nsys.stdin.read()\n"
        );
        let stopped = support::Stopped::run(&python, &["-E", "-s", "-c", &program]);
        let (image, symbols) = stopped.copy();
        // By its symbol, and in a stripped build by the code that asks for it.
        for symbols in [symbols.clone(), exported_only(symbols)] {
            let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
            let state = CollectorState::read(&image, &interpreter);
            let how = interpreter.known_by.get("enabled");
            assert_eq!(state.enabled, Some(enabled), "{code}, {how:?}: {}", stopped.first_line);
            let found: Vec<i64> = state.generations.iter().map(|one| one.threshold).collect();
            assert_eq!(found, thresholds, "{code}: {}", stopped.first_line);
        }
    }
}

#[test]
fn memory_of_c_code_belongs_to_the_object_that_the_others_refer_to() {
    let Some(python) = support::python27() else { return };
    let program = "import sys, zlib, array, collections\n\
        views, packers, keep = [], [], []\n\
        for n in range(300):\n    b = bytearray(3000); views.append(memoryview(b)); del b\n\
        packers = [zlib.compressobj() for n in range(3)]\n\
        keep = [bytearray(100000), array.array('d', [0.5]) * 5000, collections.deque(range(5000)), u'x' * 9000, {}]\n\
        keep[4].update((n, n) for n in range(5000))\n\
        print 'ready'\nsys.stdout.flush()\nsys.stdin.read()\n";
    let stopped = support::Stopped::run(&python, &["-E", "-s", "-c", program]);
    let (image, symbols) = stopped.copy();
    let (interpreter, decoded) = support::decode_all(&image, &symbols);
    let mut snapshot = decoded.value;
    let pools = locate_arenas(&image, &interpreter, &[]).expect("arenas").0;
    let layout = MemoryLayout::new(&image, &interpreter, &snapshot, pools, Vec::new());
    let native = layout.native_bytes(&image, &snapshot);
    snapshot.set_native_bytes(native);
    let of_type = |name: &str| {
        let ids = snapshot.ids().filter(|id| snapshot.type_of(*id).qualified_name() == name);
        ids.map(|id| snapshot.native_bytes(id)).collect::<Vec<_>>()
    };
    // A compressor's window and tables: 268 KB, `zconf.h`.
    let packers = of_type("zlib.Compress");
    assert_eq!(packers.len(), 3);
    assert!(packers.iter().all(|bytes| (250_000..300_000).contains(bytes)), "{packers:?}");
    // What `sys.getsizeof` counts is not counted again, and a view holds nothing of what it looks at.
    for name in ["bytearray", "array.array", "collections.deque", "unicode", "dict", "memoryview"] {
        let bytes = of_type(name);
        assert!(!bytes.is_empty() && bytes.iter().all(|bytes| *bytes == 0), "{name}: {bytes:?}");
    }
}
