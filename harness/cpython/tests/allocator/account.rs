//! The account of resident memory of a real interpreter: it must balance, and put known things where they belong.

use bloathound_cpython::allocator::{
    ArenaCensus, BlockJudge, MallocMap, NumberBlocks, NumberTypes, Occupancy, Occupant, OwnMemory, PymallocMap,
    RssAccount, RssCategory, RssInput, SegmentKind,
};
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_cpython::{Interpreter, decode};
use bloathound_heap::{GcReplay, HeapSnapshot};
use bloathound_memory::{Address, MemoryImage, SymbolTable};

use crate::target::Target;

/// Everything decoded from one look.
struct Look {
    snapshot: HeapSnapshot,
    replay: GcReplay,
    account: RssAccount,
    census: ArenaCensus,
    malloc: MallocMap,
    occupancy: Occupancy,
}

fn look(image: &MemoryImage, symbols: &SymbolTable) -> Look {
    let interpreter = Interpreter::locate(image, symbols).unwrap();
    let array = image.pointer_at(interpreter.arenas.unwrap()).unwrap();
    let entries = image.u32_at(interpreter.maxarenas.unwrap()).unwrap();
    let (pymalloc, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, image, array, entries);
    assert_eq!(problems, []);
    let snapshot = decode(image, &interpreter, Some(&pymalloc)).value;
    let replay = GcReplay::run(&snapshot);
    let (malloc, problems) = MallocMap::decode(image, &pymalloc);
    assert_eq!(problems, []);
    let types = NumberTypes {
        int: symbols.unique("PyInt_Type").unwrap().address,
        float: symbols.unique("PyFloat_Type").unwrap().address,
    };
    let (numbers, problems) =
        NumberBlocks::decode(&CPYTHON_2_7, image, &interpreter.number_block_lists, types, &malloc);
    assert_eq!(problems, []);
    let occupancy = Occupancy::new(&CPYTHON_2_7, image, &snapshot, &pymalloc, &malloc, &numbers);
    let judge = BlockJudge::new(&CPYTHON_2_7, image, &snapshot, &occupancy, Some(&replay.awaiting_collection));
    let account = RssAccount::new(&RssInput {
        image,
        snapshot: &snapshot,
        judge: &judge,
        pymalloc: &pymalloc,
        malloc: &malloc,
        numbers: &numbers,
        own: &OwnMemory::default(),
    });
    let census = ArenaCensus::new(&pymalloc, &judge);
    Look { snapshot, replay, account, census, malloc, occupancy }
}

/// Live bytes of a type in the account.
fn live(look: &Look, name: &str) -> u64 {
    let types = look.snapshot.types().iter().zip(&look.account.by_type);
    types.filter(|(info, _)| info.qualified_name() == name).map(|(_, bytes)| bytes.live).sum()
}

/// The account adds up to the kernel's own sum, and its parts to each other.
fn assert_balances(look: &Look, kernel_rss_bytes: u64) {
    let account = &look.account;
    assert_eq!(account.kernel_bytes, kernel_rss_bytes);
    assert_eq!(account.unexplained_bytes, 0, "{:?}", account.rows().collect::<Vec<_>>());
    assert_eq!(account.mappings_without_rss, 0);
    let bytes = |category| account.bytes(category);
    assert_eq!(bytes(RssCategory::MallocUnknown), 0);
    let live: u64 = account.by_type.iter().map(|bytes| bytes.live).sum();
    assert_eq!(live, bytes(RssCategory::LiveObjects) + bytes(RssCategory::LiveStorage));
    let garbage: u64 = account.by_type.iter().map(|bytes| bytes.garbage).sum();
    assert_eq!(garbage, bytes(RssCategory::GarbageAwaitingCollection));
    assert_eq!(look.census.total.total(), look.census.arenas.len() as u64 * (256 << 10));
}

#[test]
fn a_fresh_interpreter_balances() {
    let Some(mut target) = Target::start("wait()\n") else { return };
    target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let look = look(&image, &symbols);
    assert_balances(&look, kernel_rss_bytes);
    // A fresh interpreter is packed: what stays fills its arenas, and next to nothing is unidentified.
    let census = &look.census;
    assert!(census.packed_arenas + 1 >= census.arenas.len() as u64);
    assert!(census.total.unidentified * 50 < census.total.live, "{:?}", census.total);
    assert_eq!(look.account.bytes(RssCategory::GarbageAwaitingCollection), 0);
}

#[test]
fn known_objects_their_storage_and_garbage_are_where_they_belong() {
    let Some(mut target) = Target::start(
        "import threading, json, decimal, collections, re\n\
         gc.collect(); gc.disable()\n\
         class Row(object): pass\n\
         class Node(object): pass\n\
         rows = []\n\
         for n in xrange(5000):\n    row = Row(); row.name = 'row %d' % n; row.rest = range(1000, 1200); rows.append(row)\n\
         texts = [u'x' * 300 for n in xrange(2000)]\n\
         for n in xrange(10000):\n    a = Node(); a.me = a; a.load = 'load %d' % n\n\
         del a\n\
         numbers = range(1000000, 1200000); numbers = numbers[::41]\n\
         big = bytearray(5 << 20)\n\
         queue = collections.deque(xrange(20000))\n\
         stop = threading.Event()\n\
         for n in range(3):\n    t = threading.Thread(target=stop.wait); t.daemon = True; t.start()\n\
         wait()\n",
    ) else {
        return;
    };
    target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let look = look(&image, &symbols);
    assert_balances(&look, kernel_rss_bytes);
    let bytes = |category| look.account.bytes(category);
    // 2000 texts of 300 wide characters, kept outside the objects; 20 000 entries of a deque in blocks of 62.
    assert!(live(&look, "unicode") >= 2000 * 300 * 4);
    assert!((5 << 20..6 << 20).contains(&live(&look, "bytearray")));
    assert!(live(&look, "collections.deque") >= 20_000 / 62 * 512);
    assert!(live(&look, "list") >= 5000 * 200 * 8);
    assert!(live(&look, "__main__.Row") >= 5000 * 64);
    // An instance with its dict and a string each: 64 (Node), 280 in a block of 288 (dict), 48 (str), 10 000 times.
    assert_eq!(bytes(RssCategory::GarbageAwaitingCollection), 10_000 * (64 + 288 + 48));
    assert_eq!(look.replay.awaiting.objects, 30_000);
    assert!(bytes(RssCategory::NumbersLive) >= 5000 * 200 * 24);
    assert!(bytes(RssCategory::NumbersFree) >= 195_000 * 20, "one of 41 entries of these blocks lives");
    assert!(bytes(RssCategory::Stacks) >= 4 * 4096, "three threads and the first one");
    assert!(look.census.packed_arenas < look.census.arenas.len() as u64);
}

#[test]
fn what_threads_allocate_is_found_in_their_own_heaps() {
    let Some(mut target) = Target::start(
        "import threading\nkept = []\n\
         def work():\n    kept.append([range(300) for n in xrange(400)])\n\
         threads = [threading.Thread(target=work) for n in range(3)]\n\
         [t.start() for t in threads]\n[t.join() for t in threads]\n\
         tell('list', id(kept[0][7]))\nwait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let look = look(&image, &symbols);
    assert_balances(&look, kernel_rss_bytes);
    let segments = look.malloc.segments();
    assert!(segments.iter().any(|segment| segment.kind == SegmentKind::Thread), "{segments:?}");
    // PyListObject.ob_item, in the heap of the thread that made it.
    let items = image.pointer_at(Address(facts["list"] + 24)).unwrap();
    let position = look.malloc.chunk_of_user(items).unwrap();
    let segment = segments.iter().find(|segment| segment.chunks.contains(&position)).unwrap();
    assert_eq!(segment.kind, SegmentKind::Thread);
    assert!(matches!(look.occupancy.chunk(position), Occupant::Storage(_)));
    assert!(live(&look, "list") >= 3 * 400 * 300 * 8);
}

#[test]
fn survivors_of_a_load_pin_arenas_that_would_fit_in_a_few() {
    let Some(mut target) = Target::start(
        "rows = []\nkept = []\n\
         for n in xrange(200000):\n    rows.append('a row with some text %d' % n)\n    \
         if n % 500 == 0: kept.append(rows[-1])\n\
         wait()\ndel rows[:]\ngc.collect()\nwait()\n",
    ) else {
        return;
    };
    target.facts();
    let (image, symbols) = target.copy();
    let loaded = look(&image, &symbols);
    target.go_on();
    target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let after = look(&image, &symbols);
    assert_balances(&after, kernel_rss_bytes);
    let arenas = |look: &Look| look.census.arenas.len() as u64;
    assert!(arenas(&loaded) > 50 && loaded.census.packed_arenas + 2 >= arenas(&loaded), "a big heap, packed");
    assert!(arenas(&after) > 40 && after.census.packed_arenas < 10, "{} arenas", arenas(&after));
    assert!(after.census.total.free_pools > 8 << 20);
}

#[test]
fn what_a_full_collection_leaves_is_foretold() {
    let Some(mut target) = Target::start(
        "gc.collect(); gc.disable()\n\
         class Node(object): pass\n\
         kept = []\n\
         for n in xrange(30000):\n    a = Node(); a.me = a; a.load = ('load %d' % n, n, a)\n    \
         if n % 900 == 0: kept.append('survivor %d' % n)\n\
         del a\n\
         for size in range(1, 20):\n    many = [(None,) * size for n in xrange(3000)]\n    del many\n\
         def deep(n):\n    return n and deep(n - 1)\n\
         deep(400)\nwait()\ngc.collect()\nwait()\n",
    ) else {
        return;
    };
    target.facts();
    let (image, symbols) = target.copy();
    let foretold = look(&image, &symbols).census;
    target.go_on();
    target.facts();
    let (image, symbols) = target.copy();
    let left = look(&image, &symbols).census;
    assert!(foretold.total.garbage > 8 << 20 && left.total.garbage == 0);
    assert!(foretold.total.kept_until_collection > 1 << 20, "{:?}", foretold.total);
    assert!(left.total.kept_until_collection < 16 << 10, "{:?}", left.total);
    // The next `wait()` takes a frame and a handful of tuples.
    assert!(foretold.total.held().abs_diff(left.total.held()) < 32 << 10, "{:?} {:?}", foretold.total, left.total);
    let pinned = |census: &ArenaCensus| census.arenas.iter().filter(|arena| arena.bytes.held() > 0).count();
    assert!(pinned(&foretold).abs_diff(pinned(&left)) <= 1, "{} {}", pinned(&foretold), pinned(&left));
    assert!(pinned(&foretold) + 10 < foretold.arenas.len());
}
