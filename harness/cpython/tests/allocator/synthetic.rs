//! Arenas and C heaps written byte by byte, with holes at known places.

use bloathound_cpython::allocator::{
    ArenaCensus, BlockJudge, ChunkState, LayoutProblem, MallocMap, NumberBlocks, Occupancy, OwnMemory, PoolUse,
    PymallocMap, RssAccount, RssCategory, RssInput, find_arena_array,
};
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_heap::{BitSet, HeapSnapshot, ObjectFlags, ObjectRecord, SnapshotBuilder, Tracking, Trust, TypeInfo};
use bloathound_memory::{Address, MemoryImage, RegionKind};
use bloathound_testkit::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
use proptest::prelude::*;

pub const ARRAY: u64 = 0x5555_0000_1000;
pub const ARENA: u64 = 0x7f00_0000_0000;
const HEAP: u64 = 0x5555_1000_0000;

fn fates(pattern: &str) -> Vec<BlockFate> {
    pattern.chars().map(|c| if c == 'x' { BlockFate::Allocated } else { BlockFate::Freed }).collect()
}

fn in_use(block_bytes: u32, pattern: &str) -> PoolFate {
    PoolFate::InUse { block_bytes, blocks: fates(pattern) }
}

fn image(alignment: u32, arenas: &[ArenaPlan]) -> MemoryImage {
    let mut memory = MemoryWriter::new();
    write_arenas(&mut memory, ARRAY, 16, alignment, arenas);
    for arena in arenas {
        memory.map(arena.address & !4095, (arena.address & !4095) + (256 << 10) + 4096, RegionKind::Anonymous);
    }
    memory.finish()
}

#[test]
fn holes_are_found_where_they_were_made() {
    for alignment in [8, 16] {
        let plan = ArenaPlan {
            address: ARENA,
            pools: vec![in_use(48, "x.xx..x"), PoolFate::Emptied { block_bytes: 512 }, in_use(512, "xxxxxxx")],
        };
        let image = image(alignment, &[plan]);
        let (map, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, Address(ARRAY), 16);
        assert_eq!(problems, []);
        let arena = &map.arenas()[0];
        assert_eq!((arena.total_pools, arena.free_pools, arena.untouched_pools), (64, 62, 61));
        let [holes, emptied, full] = map.pools() else { panic!("three pools") };
        assert_eq!((holes.live_blocks, holes.free_blocks, holes.untouched_blocks), (4, 3, 77));
        assert_eq!(holes.allocated_indices().collect::<Vec<_>>(), [0, 2, 3, 6]);
        assert_eq!(emptied.usage, PoolUse::Emptied);
        assert_eq!((full.live_blocks, full.capacity_blocks(), full.block_bytes), (7, 7, 512));
        let blocks: Vec<_> = map.allocated_blocks().map(|(address, bytes)| (address.0 - ARENA, bytes)).collect();
        assert_eq!(blocks[..4], [(48, 48), (48 + 96, 48), (48 + 144, 48), (48 + 288, 48)]);
        assert_eq!(blocks.len(), 11);
        assert!(!map.block_containing(Address(ARENA + 48 + 48)).unwrap().is_allocated);
        assert_eq!(map.block_containing(Address(ARENA + 47)), None, "a header is no block");
        assert_eq!(map.block_containing(Address(ARENA + 4096 + 100)), None, "an emptied pool has no blocks");
        assert_eq!(map.block_containing(Address(ARENA + (256 << 10))), None);
    }
}

#[test]
fn an_arena_that_is_not_aligned_has_63_pools() {
    let plan = ArenaPlan { address: ARENA + 16, pools: vec![in_use(16, "x")] };
    let image = image(16, &[plan]);
    let (map, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, Address(ARRAY), 16);
    assert_eq!(problems, []);
    assert_eq!(map.arenas()[0].total_pools, 63);
    assert_eq!(map.pools()[0].address, Address(ARENA + 4096));
    assert_eq!(map.block_containing(Address(ARENA + 32)), None, "what alignment costs is no pool");
}

#[test]
fn what_contradicts_itself_is_left_out_and_told() {
    let plans = [ArenaPlan { address: ARENA, pools: vec![in_use(32, "x.x."), in_use(32, "xx"), in_use(64, "xx.")] }];
    let mut memory = MemoryWriter::new();
    write_arenas(&mut memory, ARRAY, 16, 16, &plans);
    // The freed block of the first pool points at itself; the second pool claims another arena; the third one's list
    // leaves the pool.
    memory.put_u64(ARENA + 48 + 3 * 32, ARENA + 48 + 3 * 32);
    memory.put_u32(ARENA + 4096 + 32, 9);
    memory.put_u64(ARENA + 2 * 4096 + 8, ARENA + 48);
    // A second arena overlaps the first, a third one states 65 free pools.
    memory.put_u64(ARRAY + 48, ARENA + 4096);
    memory.put_u64(ARRAY + 48 + 8, ARENA + 2 * 4096);
    memory.put_u32(ARRAY + 48 + 16, 63);
    memory.put_u32(ARRAY + 48 + 20, 64);
    memory.put_u64(ARRAY + 96, ARENA + (1 << 20));
    memory.put_u64(ARRAY + 96 + 8, ARENA + (1 << 20));
    memory.put_u32(ARRAY + 96 + 16, 65);
    memory.put_u32(ARRAY + 96 + 20, 64);
    let image = memory.finish();
    let (map, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, Address(ARRAY), 1 << 30);
    assert_eq!(map.arenas().len(), 1);
    let told = |wanted: fn(&LayoutProblem) -> bool| problems.iter().filter(|p| wanted(p)).count();
    assert_eq!(told(|p| matches!(p, LayoutProblem::FreeListsBroken { pools: 2, .. })), 1, "{problems:?}");
    assert_eq!(told(|p| matches!(p, LayoutProblem::PoolsInconsistent { pools: 1, .. })), 1);
    assert_eq!(told(|p| matches!(p, LayoutProblem::ArenaRefused { .. })), 2);
    assert_eq!(told(|p| matches!(p, LayoutProblem::ArenaArrayUnreadable { .. })), 1);
}

#[test]
fn the_array_is_found_by_shape_among_decoys() {
    let plan = |n: u64| ArenaPlan { address: ARENA + n * (1 << 20), pools: vec![in_use(32, "xx.x")] };
    let mut memory = MemoryWriter::new();
    write_arenas(&mut memory, ARRAY, 32, 16, &[plan(0), plan(1), plan(2)]);
    let data = 0x5555_2000_0000;
    memory.touch(data, 8192);
    // A pointer at an entry in the middle (as `usable_arenas` is), one at a pool, one into nothing; then the real one.
    memory.put_u64(data + 64, ARRAY + 48);
    memory.put_u64(data + 72, ARENA);
    memory.put_u64(data + 80, 0x1234_5678);
    memory.put_u32(data + 4000, 32);
    memory.put_u64(data + 4008, ARRAY);
    let image = memory.finish();
    let found = find_arena_array(&CPYTHON_2_7.obmalloc, &image, &[Address(data)..Address(data + 8192)]).unwrap();
    assert_eq!((found.variable, found.entries), (Address(data + 4008), Address(ARRAY)));
    assert_eq!((found.max_arenas, found.arenas), (32, 3));
}

fn heap_image(chunks: &[(u64, ChunkFate)]) -> (MemoryImage, Vec<u64>) {
    let mut memory = MemoryWriter::new();
    let end = HEAP + (132 << 10);
    memory.touch(HEAP, 132 << 10);
    let addresses = write_heap(&mut memory, HEAP, end, chunks);
    memory.map(HEAP, end, RegionKind::Heap);
    (memory.finish(), addresses)
}

#[test]
fn chunks_are_told_by_their_neighbours_marks() {
    let chunks = [
        (0x290, ChunkFate::Held),
        (1008, ChunkFate::Held),
        (64, ChunkFate::Free),
        (32, ChunkFate::Held),
        (48, ChunkFate::Free),
    ];
    let (image, addresses) = heap_image(&chunks);
    let (map, problems) = MallocMap::decode(&image, &PymallocMap::empty(&CPYTHON_2_7.obmalloc));
    assert_eq!(problems, [LayoutProblem::MainArenaNotFound], "there is no libc in this image");
    let told: Vec<_> = map.chunks().iter().map(|c| (c.address.0, c.state)).collect();
    let states =
        [ChunkState::Live, ChunkState::Live, ChunkState::Free, ChunkState::Live, ChunkState::Free, ChunkState::Top];
    assert_eq!(told, addresses.into_iter().zip(states).collect::<Vec<_>>());
    assert_eq!((map.totals().free, map.totals().free_below_held), (112, 64));
}

#[test]
fn a_broken_chain_ends_the_walk_and_says_how_much_is_left() {
    let chunks: Vec<_> = (0..20).map(|_| (64, ChunkFate::Held)).collect();
    let mut memory = MemoryWriter::new();
    memory.touch(HEAP, 132 << 10);
    let end = HEAP + (132 << 10);
    write_heap(&mut memory, HEAP, end, &chunks);
    memory.put_u64(HEAP + 10 * 64 + 8, 24);
    memory.map(HEAP, end, RegionKind::Heap);
    let (map, problems) = MallocMap::decode(&memory.finish(), &PymallocMap::empty(&CPYTHON_2_7.obmalloc));
    assert_eq!(map.chunks().len(), 10);
    let at = Address(HEAP + 640);
    assert!(problems.contains(&LayoutProblem::ChunkChainBroken { at, bytes: end - at.0 }), "{problems:?}");
}

fn snapshot(addresses: &[u64]) -> HeapSnapshot {
    let mut builder = SnapshotBuilder::new(CPYTHON_2_7.words);
    let type_id = builder.add_type(TypeInfo {
        name: "thing".into(),
        module: None,
        object: None,
        is_heap_type: false,
        has_finalizer: false,
        finalizer: None,
    });
    for address in addresses {
        builder.add_object(ObjectRecord {
            address: *address,
            type_id,
            shallow_size: 40,
            refcount: 1,
            flags: ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool),
        });
    }
    builder.finish()
}

#[test]
fn live_garbage_and_holes_add_up_to_every_byte_and_survivors_would_fit_in_one_arena() {
    let plan = |n: u64| ArenaPlan {
        address: ARENA + n * (1 << 20),
        pools: vec![in_use(48, "x.x."), in_use(64, "x"), PoolFate::Emptied { block_bytes: 32 }],
    };
    let image = image(16, &[plan(0), plan(1)]);
    let (pymalloc, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, Address(ARRAY), 16);
    assert_eq!(problems, []);
    // In each arena: one live object, one garbage object, one block of nobody.
    let second = ARENA + (1 << 20);
    let snapshot = snapshot(&[ARENA + 48, ARENA + 48 + 96, second + 48, second + 48 + 96]);
    let garbage: BitSet = snapshot.ids().filter(|id| id.0 % 2 == 1).collect();
    let malloc = MallocMap::default();
    let numbers = NumberBlocks::none(&CPYTHON_2_7);
    let occupancy = Occupancy::new(&CPYTHON_2_7, &image, &snapshot, &pymalloc, &malloc, &numbers);
    let judge = BlockJudge::new(&CPYTHON_2_7, &image, &snapshot, &occupancy, Some(&garbage));
    let census = ArenaCensus::new(&pymalloc, &judge);
    assert_eq!(census.total.total(), 2 * (256 << 10));
    assert_eq!((census.total.live, census.total.garbage, census.total.unidentified), (96, 96, 128));
    assert_eq!((census.total.free_pools, census.total.untouched_pools), (2 * 4096, 2 * 61 * 4096));
    assert_eq!((census.arenas[0].held_pools, census.packed_arenas), (2, 1));
    let input = RssInput {
        image: &image,
        snapshot: &snapshot,
        judge: &judge,
        pymalloc: &pymalloc,
        malloc: &malloc,
        numbers: &numbers,
        own: &OwnMemory::default(),
    };
    let account = RssAccount::new(&input);
    assert_eq!(account.kernel_bytes, 2 * 3 * 4096, "untouched pools are not resident");
    assert_eq!(account.unexplained_bytes, 0);
    assert_eq!(account.bytes(RssCategory::LiveObjects), 96);
    assert_eq!(account.bytes(RssCategory::GarbageAwaitingCollection), 96);
    assert_eq!((account.by_type[0].live, account.by_type[0].garbage), (96, 96));
}

#[test]
fn resident_bytes_that_were_not_copied_are_shown_as_unexplained() {
    let mut memory = MemoryWriter::new();
    memory.touch(ARENA, 8192);
    memory.map(ARENA, ARENA + 8192, RegionKind::Anonymous);
    let copied = memory.finish();
    let mut regions = bloathound_memory::MemorySource::regions(&copied).to_vec();
    regions[0].rss_bytes = Some(12288);
    let image = MemoryImage::new(regions, copied.runs().to_vec(), copied.flat().to_vec());
    let snapshot = snapshot(&[]);
    let occupancy = Occupancy::default();
    let judge = BlockJudge::new(&CPYTHON_2_7, &image, &snapshot, &occupancy, None);
    let (pymalloc, malloc, numbers) =
        (PymallocMap::empty(&CPYTHON_2_7.obmalloc), MallocMap::default(), NumberBlocks::none(&CPYTHON_2_7));
    let input = RssInput {
        image: &image,
        snapshot: &snapshot,
        judge: &judge,
        pymalloc: &pymalloc,
        malloc: &malloc,
        numbers: &numbers,
        own: &OwnMemory::default(),
    };
    let account = RssAccount::new(&input);
    assert_eq!((account.kernel_bytes, account.unexplained_bytes), (12288, 4096));
    assert_eq!(account.bytes(RssCategory::OtherAnonymous), 8192);
}

fn any_pool() -> impl Strategy<Value = PoolFate> {
    let blocks = prop::collection::vec(prop_oneof![Just(BlockFate::Allocated), Just(BlockFate::Freed)], 1..60);
    prop_oneof![
        (1_u32..33, blocks).prop_map(|(class, mut blocks)| {
            let block_bytes = class * 16;
            blocks.truncate((4048 / block_bytes) as usize);
            blocks[0] = BlockFate::Allocated;
            PoolFate::InUse { block_bytes, blocks }
        }),
        (1_u32..33).prop_map(|class| PoolFate::Emptied { block_bytes: class * 16 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_what_is_read(pools in prop::collection::vec(any_pool(), 0..64), pad in 0_u64..2) {
        let pools: Vec<_> = pools.into_iter().take(63).collect();
        let image = image(16, &[ArenaPlan { address: ARENA + pad * 32, pools: pools.clone() }]);
        let (map, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, &image, Address(ARRAY), 16);
        prop_assert_eq!(problems, []);
        prop_assert_eq!(map.pools().len(), pools.len());
        for (pool, plan) in map.pools().iter().zip(&pools) {
            let wanted: Vec<u32> = match plan {
                PoolFate::Emptied { .. } => Vec::new(),
                PoolFate::InUse { blocks, .. } => (0..).zip(blocks).filter(|(_, f)| **f == BlockFate::Allocated).map(|(i, _)| i).collect(),
            };
            prop_assert_eq!(pool.allocated_indices().collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn torn_memory_ends_in_problems_not_in_panics_or_circles(
        pools in prop::collection::vec(any_pool(), 1..20),
        heap in prop::collection::vec((2_u64..80, any::<bool>()), 1..60),
        tears in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), any::<bool>()), 0..30),
    ) {
        let mut memory = MemoryWriter::new();
        write_arenas(&mut memory, ARRAY, 16, 16, &[ArenaPlan { address: ARENA, pools }]);
        let end = HEAP + (132 << 10);
        memory.touch(HEAP, 132 << 10);
        let mut before_free = false;
        let chunks: Vec<_> = heap.into_iter().map(|(granules, is_free)| {
            before_free = is_free && !before_free;
            (granules * 16, if before_free { ChunkFate::Free } else { ChunkFate::Held })
        }).collect();
        write_heap(&mut memory, HEAP, end, &chunks);
        memory.map(HEAP, end, RegionKind::Heap);
        memory.map(ARENA, ARENA + (256 << 10), RegionKind::Anonymous);
        memory.map(ARRAY & !0xfff, (ARRAY & !0xfff) + 4096, RegionKind::Anonymous);
        let whole = memory.finish();
        let mut flat = whole.flat().to_vec();
        let words = flat.len() / 8;
        for (place, value, is_pointer) in tears {
            let value = if is_pointer { ARENA + value % (300 << 10) } else { value };
            let at = place.index(words) * 8;
            flat[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let regions = bloathound_memory::MemorySource::regions(&whole).to_vec();
        let image = MemoryImage::new(regions, whole.runs().to_vec(), flat);
        explain_everything(&image)?;
    }

    #[test]
    fn random_bytes_end_in_problems_not_in_panics_or_circles(bytes in prop::collection::vec(any::<u8>(), 4096 * 8)) {
        let runs = vec![(Address(ARRAY & !0xfff), 2), (Address(HEAP), 2), (Address(ARENA), 4)];
        let region = |start: u64, pages: u64, kind| {
            let mut memory = MemoryWriter::new();
            memory.map(start, start + pages * 4096, kind);
            bloathound_memory::MemorySource::regions(&memory.finish())[0].clone()
        };
        let regions = vec![
            region(ARRAY & !0xfff, 2, RegionKind::Anonymous),
            region(HEAP, 2, RegionKind::Heap),
            region(ARENA, 4, RegionKind::Anonymous),
        ];
        explain_everything(&MemoryImage::new(regions, runs, bytes))?;
    }
}

/// The whole engine on an image; the account still has to add up.
fn explain_everything(image: &MemoryImage) -> Result<(), TestCaseError> {
    let _ = find_arena_array(&CPYTHON_2_7.obmalloc, image, &[Address(ARENA)..Address(ARENA + 4096)]);
    let (pymalloc, _) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, image, Address(ARRAY), u32::MAX);
    let (malloc, _) = MallocMap::decode(image, &pymalloc);
    let types = bloathound_cpython::allocator::NumberTypes { int: Address(ARENA), float: Address(ARRAY) };
    let (numbers, _) = NumberBlocks::decode(&CPYTHON_2_7, image, &[Address(ARENA), Address(HEAP + 16)], types, &malloc);
    let addresses: Vec<u64> = (0..200).map(|n| ARENA + n * 112).chain((0..200).map(|n| HEAP + n * 48)).collect();
    let snapshot = snapshot(&addresses);
    let garbage: BitSet = snapshot.ids().filter(|id| id.0 % 3 == 0).collect();
    let occupancy = Occupancy::new(&CPYTHON_2_7, image, &snapshot, &pymalloc, &malloc, &numbers);
    let judge = BlockJudge::new(&CPYTHON_2_7, image, &snapshot, &occupancy, Some(&garbage));
    let census = ArenaCensus::new(&pymalloc, &judge);
    prop_assert_eq!(census.total.total(), pymalloc.arenas().len() as u64 * (256 << 10));
    let account = RssAccount::new(&RssInput {
        image,
        snapshot: &snapshot,
        judge: &judge,
        pymalloc: &pymalloc,
        malloc: &malloc,
        numbers: &numbers,
        own: &OwnMemory::default(),
    });
    prop_assert_eq!(account.explained_bytes() as i64 + account.unexplained_bytes, account.kernel_bytes as i64);
    let resident: u64 =
        bloathound_memory::MemorySource::regions(image).iter().filter_map(|region| region.rss_bytes).sum();
    prop_assert_eq!(account.kernel_bytes, resident);
    Ok(())
}
