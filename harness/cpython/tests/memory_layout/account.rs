//! The account of resident memory of a real interpreter: it must balance, and put known things where they belong.

use bloathound_cpython::memory_layout::{
    ArenaCensus, BlockJudge, MallocMap, NumberBlocks, NumberTypes, Occupancy, PymallocMap, RssAccount, RssCategory,
    RssInput,
};
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
}

fn look(image: &MemoryImage, symbols: &SymbolTable) -> Look {
    let interpreter = Interpreter::locate(image, symbols).unwrap();
    let array = image.pointer_at(interpreter.arenas.unwrap()).unwrap();
    let entries = image.u32_at(interpreter.maxarenas.unwrap()).unwrap();
    let (pymalloc, problems) = PymallocMap::decode(image, array, entries);
    assert_eq!(problems, []);
    let snapshot = decode(image, &interpreter, Some(&pymalloc)).value;
    let replay = GcReplay::run(&snapshot);
    let (malloc, problems) = MallocMap::decode(image, &pymalloc);
    assert_eq!(problems, []);
    let types = NumberTypes {
        int: symbols.unique("PyInt_Type").unwrap().address,
        float: symbols.unique("PyFloat_Type").unwrap().address,
    };
    let (numbers, problems) = NumberBlocks::decode(image, &interpreter.number_block_lists, types, &malloc);
    assert_eq!(problems, []);
    let occupancy = Occupancy::new(image, &snapshot, &pymalloc, &malloc, &numbers);
    let judge = BlockJudge::new(image, &snapshot, &occupancy, Some(&replay.awaiting_collection));
    let account = RssAccount::new(&RssInput {
        image,
        snapshot: &snapshot,
        judge: &judge,
        pymalloc: &pymalloc,
        malloc: &malloc,
        numbers: &numbers,
    });
    let census = ArenaCensus::new(&pymalloc, &judge);
    Look { snapshot, replay, account, census }
}

fn print(look: &Look) {
    for (category, bytes) in look.account.rows() {
        println!("{:>32} {bytes:>12}", category.name());
    }
    println!("{:>32} {:>12}", "kernel", look.account.kernel_bytes);
    println!("{:>32} {:>12}", "unexplained", look.account.unexplained_bytes);
    println!("arenas {} packed {} {:?}", look.census.arenas.len(), look.census.packed_arenas, look.census.total);
    let mut types: Vec<_> = look.account.by_type.iter().zip(look.snapshot.types()).collect();
    types.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.live + bytes.garbage));
    for (bytes, info) in types.iter().take(12) {
        println!("{:>32} {:>12} {:>12}", info.qualified_name(), bytes.live, bytes.garbage);
    }
    println!("{:?} {:?}", look.snapshot.quality(), look.replay.awaiting);
}

#[test]
fn a_fresh_interpreter_balances() {
    let mut target = Target::start("wait()\n");
    target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let look = look(&image, &symbols);
    print(&look);
    assert_eq!(look.account.kernel_bytes, kernel_rss_bytes);
    assert_eq!(look.account.unexplained_bytes, 0);
}

#[test]
fn known_objects_their_storage_and_garbage_are_where_they_belong() {
    let mut target = Target::start(
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
    );
    target.facts();
    let kernel_rss_bytes = target.kernel_rss_bytes();
    let (image, symbols) = target.copy();
    let look = look(&image, &symbols);
    print(&look);
    assert_eq!(look.account.kernel_bytes, kernel_rss_bytes);
    assert_eq!(look.account.unexplained_bytes, 0);
}
