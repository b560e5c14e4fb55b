//! The memory layout engine on heaps written by the testkit: the same bytes every time. Each arena is full of 64-byte
//! blocks with an object in each, every eighth one garbage and every ninth one freed; beside them a C heap with a chunk
//! for every tenth object.

use std::hint::black_box;

use bloathound_cpython::allocator::{
    ArenaCensus, BlockJudge, MallocMap, NumberBlocks, Occupancy, OwnMemory, PymallocMap, RssAccount, RssInput,
};
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_heap::{BitSet, HeapSnapshot, ObjectFlags, ObjectRecord, SnapshotBuilder, Tracking, Trust, TypeInfo};
use bloathound_memory::{Address, MemoryImage, RegionKind};
use bloathound_testkit::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const ARRAY: u64 = 0x5555_0000_0000;
const HEAP: u64 = 0x5555_4000_0000;
const ARENA: u64 = 0x7f00_0000_0000;
const BLOCKS_PER_POOL: u64 = 63;

struct Target {
    image: MemoryImage,
    snapshot: HeapSnapshot,
    garbage: BitSet,
    arenas: u32,
}

fn target(objects: u64) -> Target {
    let pools = objects.div_ceil(BLOCKS_PER_POOL * 8 / 9);
    let arenas = pools.div_ceil(64);
    let blocks: Vec<_> =
        (0..BLOCKS_PER_POOL).map(|n| if n % 9 == 8 { BlockFate::Freed } else { BlockFate::Allocated }).collect();
    let plans: Vec<_> = (0..arenas)
        .map(|arena| ArenaPlan {
            address: ARENA + arena * (256 << 10),
            pools: vec![PoolFate::InUse { block_bytes: 64, blocks: blocks.clone() }; 64],
        })
        .collect();
    let mut memory = MemoryWriter::new();
    write_arenas(&mut memory, ARRAY, arenas.next_power_of_two() as u32, 16, &plans);
    let chunks = vec![(96, ChunkFate::Held); (objects / 10) as usize];
    let heap_end = (HEAP + chunks.len() as u64 * 96 + (128 << 10)).next_multiple_of(4096);
    write_heap(&mut memory, HEAP, heap_end, &chunks);
    memory.map(HEAP, heap_end, RegionKind::Heap);
    memory.map(ARENA, ARENA + arenas * (256 << 10), RegionKind::Anonymous);
    let snapshot = objects_in(arenas * 64);
    let garbage = snapshot.ids().filter(|id| id.0 % 8 == 0).collect();
    Target { image: memory.finish(), snapshot, garbage, arenas: arenas.next_power_of_two() as u32 }
}

fn objects_in(pools: u64) -> HeapSnapshot {
    let mut builder = SnapshotBuilder::new(CPYTHON_2_7.words);
    let type_id = builder.add_type(TypeInfo {
        name: "Row".into(),
        module: Some("model".into()),
        object: None,
        is_heap_type: true,
        has_finalizer: false,
        finalizer: None,
    });
    for pool in 0..pools {
        for block in (0..BLOCKS_PER_POOL).filter(|n| n % 9 != 8) {
            builder.add_object(ObjectRecord {
                address: ARENA + pool * 4096 + 48 + block * 64,
                type_id,
                shallow_size: 64,
                refcount: 1,
                flags: ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool),
            });
        }
    }
    builder.finish()
}

fn stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("allocator");
    group.sample_size(20);
    for objects in [100_000, 1_000_000] {
        let target = target(objects);
        let image = &target.image;
        group.throughput(Throughput::Elements(target.snapshot.len() as u64));
        let id = |stage: &str| BenchmarkId::new(stage, objects);
        group.bench_function(id("arenas"), |b| {
            b.iter(|| PymallocMap::decode(&CPYTHON_2_7.obmalloc, black_box(image), Address(ARRAY), target.arenas));
        });
        let (pymalloc, problems) = PymallocMap::decode(&CPYTHON_2_7.obmalloc, image, Address(ARRAY), target.arenas);
        assert_eq!(problems, []);
        group.bench_function(id("allocated_blocks"), |b| {
            b.iter(|| pymalloc.allocated_blocks().fold(0, |sum, (address, bytes)| sum ^ address.0 ^ u64::from(bytes)));
        });
        group.bench_function(id("malloc"), |b| b.iter(|| MallocMap::decode(black_box(image), &pymalloc)));
        let (malloc, _) = MallocMap::decode(image, &pymalloc);
        let numbers = NumberBlocks::none(&CPYTHON_2_7);
        let snapshot = &target.snapshot;
        group.bench_function(id("occupancy"), |b| {
            b.iter(|| Occupancy::new(&CPYTHON_2_7, image, black_box(snapshot), &pymalloc, &malloc, &numbers));
        });
        let occupancy = Occupancy::new(&CPYTHON_2_7, image, snapshot, &pymalloc, &malloc, &numbers);
        let judge = BlockJudge::new(&CPYTHON_2_7, image, snapshot, &occupancy, Some(&target.garbage));
        group.bench_function(id("census"), |b| b.iter(|| ArenaCensus::new(black_box(&pymalloc), &judge)));
        let own = OwnMemory::default();
        let input = RssInput {
            image,
            snapshot,
            judge: &judge,
            pymalloc: &pymalloc,
            malloc: &malloc,
            numbers: &numbers,
            own: &own,
        };
        let account = RssAccount::new(&input);
        assert_eq!(account.unexplained_bytes, 0);
        group.bench_function(id("rss"), |b| b.iter(|| RssAccount::new(black_box(&input))));
    }
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
