//! Arenas, number blocks and malloc chunks of a real interpreter, against numbers it told about itself.

use bloathound_cpython::allocator::{
    ChunkState, MallocMap, NumberBlocks, NumberKind, NumberTypes, PymallocMap, find_arena_array,
};
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_memory::{Address, MemoryImage, MemorySource, SymbolTable};

use crate::target::Target;

fn arenas(image: &MemoryImage, symbols: &SymbolTable) -> PymallocMap {
    let array = image.read_address(symbols.unique("arenas").unwrap().address).unwrap();
    let entries = image.read_u32(symbols.unique("maxarenas").unwrap().address).unwrap();
    let (map, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, image, array, entries);
    assert_eq!(problems, [], "a stopped interpreter has nothing to complain about");
    map
}

fn number_types(symbols: &SymbolTable) -> NumberTypes {
    NumberTypes {
        int: symbols.unique("PyInt_Type").unwrap().address,
        float: symbols.unique("PyFloat_Type").unwrap().address,
    }
}

/// Allocated blocks whose second word is `type_object`: objects without a GC head.
fn objects_of(map: &PymallocMap, image: &MemoryImage, type_object: Address) -> Vec<(Address, u32)> {
    map.allocated_blocks().filter(|(address, _)| image.pointer_at(address.offset(8)) == Some(type_object)).collect()
}

#[test]
fn known_objects_are_found_block_by_block_and_freed_ones_are_not() {
    // Strings of 100 characters have 137 bytes: blocks of 144 (16-byte steps) or 144 (8-byte steps).
    let Some(mut target) = Target::start(
        "kept = ['%0100d' % n for n in xrange(20000)]\n\
         tell('first', id(kept[0]))\ntell('size', sys.getsizeof(kept[0]))\nwait()\n\
         del kept[1::2]\ngc.collect()\n\
         tell('kept', len(kept))\ntell('last', id(kept[-1]))\nwait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    let (image, symbols) = target.copy();
    let string_type = symbols.unique("PyString_Type").unwrap().address;
    let before = arenas(&image, &symbols);
    let size = facts["size"].next_multiple_of(8);
    let strings_before = objects_of(&before, &image, string_type)
        .iter()
        .filter(|(_, bytes)| u64::from(*bytes) == size.next_multiple_of(16))
        .count();
    assert!(strings_before >= 20_000, "{strings_before}");
    let block = before.block_containing(Address(facts["first"] + 99)).unwrap();
    assert_eq!(block.address, Address(facts["first"]));
    assert!(block.is_allocated);

    target.go_on();
    let facts = target.facts();
    let (image, symbols) = target.copy();
    let after = arenas(&image, &symbols);
    let strings_after = objects_of(&after, &image, string_type)
        .iter()
        .filter(|(_, bytes)| u64::from(*bytes) == size.next_multiple_of(16))
        .count();
    assert_eq!(facts["kept"], 10_000);
    assert_eq!(strings_before - strings_after, 10_000, "exactly the deleted ones went");
    assert!(after.block_containing(Address(facts["last"])).unwrap().is_allocated);
}

#[test]
fn blocks_are_in_order_and_agree_with_the_lookup() {
    let Some(mut target) = Target::start("kept = [object() for n in xrange(3000)]\nwait()\n") else { return };
    target.facts();
    let (image, symbols) = target.copy();
    let map = arenas(&image, &symbols);
    let blocks: Vec<_> = map.allocated_blocks().collect();
    assert_eq!(blocks.len() as u64, map.pools().iter().map(|pool| u64::from(pool.live_blocks)).sum::<u64>());
    assert!(blocks.windows(2).all(|w| w[0].0.0 + u64::from(w[0].1) <= w[1].0.0));
    for (address, bytes) in &blocks {
        let block = map.block_containing(address.offset(u64::from(bytes - 1))).unwrap();
        assert_eq!((block.address, block.bytes, block.is_allocated), (*address, *bytes, true));
    }
    for arena in map.arenas() {
        assert_eq!(arena.pools.len() as u32 + arena.untouched_pools, arena.total_pools);
    }
}

#[test]
fn the_arena_array_is_found_without_symbols() {
    let Some(mut target) = Target::start("kept = [object() for n in xrange(300000)]\nwait()\n") else { return };
    target.facts();
    let (image, symbols) = target.copy();
    let found = find_arena_array(&CPYTHON_2_7.obmalloc, &image, &symbols.data_ranges).unwrap();
    assert_eq!(found.variable, symbols.unique("arenas").unwrap().address);
    let by_symbol = arenas(&image, &symbols);
    let (by_shape, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, found.entries, found.max_arenas);
    assert_eq!(problems, []);
    assert_eq!(by_shape, by_symbol);
    assert!(by_shape.arenas().len() > 16, "the array was enlarged at least once");
}

#[test]
fn ints_and_floats_are_counted_in_their_blocks_with_symbols_and_without() {
    let Some(mut target) = Target::start(
        "ints = range(100000, 400000)\nfloats = [n * 1.5 for n in xrange(50000)]\n\
         del ints[1::3]\ndel floats[:20000]\n\
         tell('ints', len(ints))\ntell('floats', len(floats))\nwait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    let (image, symbols) = target.copy();
    let map = arenas(&image, &symbols);
    let (malloc, problems) = MallocMap::decode(&image, &map);
    assert_eq!(problems, []);
    let types = number_types(&symbols);
    let lists: Vec<Address> = symbols.all("block_list").iter().map(|s| s.address).collect();
    assert_eq!(lists.len(), 2);
    let (by_list, problems) = NumberBlocks::decode(&CPYTHON_2_7, &image, &lists, types, &malloc);
    assert_eq!(problems, []);
    let (by_shape, problems) = NumberBlocks::decode(&CPYTHON_2_7, &image, &[], types, &malloc);
    assert_eq!(problems, []);
    for numbers in [&by_list, &by_shape] {
        let ints = numbers.totals(NumberKind::Int);
        let floats = numbers.totals(NumberKind::Float);
        // The interpreter itself holds some hundred numbers.
        assert!((facts["ints"]..facts["ints"] + 2000).contains(&ints.live), "{ints:?}");
        assert!((facts["floats"]..facts["floats"] + 500).contains(&floats.live), "{floats:?}");
        assert!(ints.free >= 100_000 && floats.free >= 20_000, "{ints:?} {floats:?}");
        assert_eq!(ints.live + ints.free, ints.blocks * 41);
    }
    assert_eq!(by_list.blocks().len(), by_shape.blocks().len());
}

#[test]
fn malloc_chunks_cover_the_heap_without_a_gap() {
    // Lists of 200 items have tables of 1600 bytes: malloc, not pymalloc.
    let Some(mut target) = Target::start(
        "kept = [range(200) for n in xrange(5000)]\nbig = 'x' * (8 << 20)\n\
         tell('big', id(big))\ndel kept[::2]\ngc.collect()\nwait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    let (image, symbols) = target.copy();
    let map = arenas(&image, &symbols);
    let (malloc, problems) = MallocMap::decode(&image, &map);
    assert_eq!(problems, []);
    assert!(malloc.free_lists_known);
    let segment = &malloc.segments()[0];
    let chunks = malloc.chunks_of(segment);
    assert!(chunks.windows(2).all(|pair| pair[0].end() == pair[1].address));
    assert_eq!(chunks.last().unwrap().end(), segment.range.end);
    let bytes = |state| -> u64 { chunks.iter().filter(|c| c.state == state).map(|c| c.bytes()).sum() };
    assert!(bytes(ChunkState::Free) > 2400 * 1600, "{}", bytes(ChunkState::Free));
    assert!(bytes(ChunkState::Live) > 2500 * 1600);
    let big = malloc.chunk_containing(Address(facts["big"])).unwrap();
    let big = malloc.chunks()[big as usize];
    assert_eq!(big.state, ChunkState::Mmapped);
    assert_eq!(big.user_address(), Address(facts["big"]));
    for (position, chunk) in malloc.chunks().iter().enumerate() {
        assert_eq!(malloc.chunk_containing(chunk.address), Some(position as u32));
        assert_eq!(malloc.chunk_containing(chunk.end().back(1)), Some(position as u32));
    }
}

#[test]
fn live_numbers_agree_with_the_interpreters_own_count() {
    // Both functions return how many numbers are alive, after giving back the blocks without any.
    let Some(mut target) = Target::start(
        "import ctypes\n\
         ints = range(100000, 200000)\ndel ints[1::7]\nfloats = [n * 1.5 for n in xrange(30000)]\ndel floats[::5]\n\
         live_floats = ctypes.pythonapi.PyFloat_ClearFreeList()\n\
         live_ints = ctypes.pythonapi.PyInt_ClearFreeList()\n\
         tell('floats', live_floats)\ntell('ints', live_ints)\nwait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    let (image, symbols) = target.copy();
    let map = arenas(&image, &symbols);
    let (malloc, _) = MallocMap::decode(&image, &map);
    let lists: Vec<Address> = symbols.all("block_list").iter().map(|s| s.address).collect();
    for lists in [&lists[..], &[]] {
        let (numbers, problems) = NumberBlocks::decode(&CPYTHON_2_7, &image, lists, number_types(&symbols), &malloc);
        assert_eq!(problems, []);
        let ints = numbers.totals(NumberKind::Int).live;
        let floats = numbers.totals(NumberKind::Float).live;
        // Telling makes an int or two.
        assert!(ints.abs_diff(facts["ints"]) <= 4, "{ints} {facts:?}");
        assert!(floats.abs_diff(facts["floats"]) <= 1, "{floats} {facts:?}");
    }
}

#[test]
fn free_and_held_bytes_agree_with_mallocs_own_count() {
    let Some(mut target) = Target::start(
        "import ctypes\n\
         class Info(ctypes.Structure):\n    _fields_ = [(name, ctypes.c_size_t) for name in \
         'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'.split()]\n\
         libc = ctypes.CDLL(None)\n\
         if hasattr(libc, 'mallinfo2'):\n    libc.mallinfo2.restype = Info\n    ask = libc.mallinfo2\n\
         else:\n    ask = None\n\
         kept = [range(1000 + n % 50) for n in xrange(3000)]\ndel kept[1::3]\nbig = bytearray(3 << 20)\n\
         small = [bytearray(600 + n % 60) for n in xrange(2000)]\ndel small[::2]\ngc.collect()\n\
         info = ask and ask()\n\
         for name in 'hblks hblkhd fsmblks uordblks fordblks keepcost'.split():\n    \
         tell(name, getattr(info, name) if info else 0)\n\
         wait()\n",
    ) else {
        return;
    };
    let facts = target.facts();
    if facts["uordblks"] == 0 {
        bloathound_testkit::cannot("this glibc has no mallinfo2 (before 2.33): nothing to compare with");
        return;
    }
    let (image, symbols) = target.copy();
    let map = arenas(&image, &symbols);
    let (malloc, problems) = MallocMap::decode(&image, &map);
    assert_eq!(problems, []);
    let totals = malloc.totals();
    let mapped: Vec<_> = malloc.chunks().iter().filter(|c| c.state == ChunkState::Mmapped).collect();
    let mapped_bytes: u64 = mapped.iter().map(|chunk| chunk.bytes()).sum();
    assert_eq!((mapped.len() as u64, mapped_bytes), (facts["hblks"], facts["hblkhd"]));
    // glibc counts what its thread caches hold as in use, and what fastbins hold as free.
    let in_use = totals.held - mapped_bytes + totals.cached;
    let telling = 8 << 10;
    assert!((in_use - facts["fsmblks"]).abs_diff(facts["uordblks"]) < telling, "{totals:?} {facts:?}");
    assert!(
        (totals.free + totals.top + facts["fsmblks"]).abs_diff(facts["fordblks"]) < telling,
        "{totals:?} {facts:?}"
    );
    assert!(totals.top.abs_diff(facts["keepcost"]) < telling, "{totals:?} {facts:?}");
    assert!(totals.free > 1 << 20 && totals.cached > 1000, "{totals:?}");
}
