//! Caches and bins of several glibc versions, written by hand: their heaps differ, and only one is on this machine.

use bloathound_cpython::allocator::{ChunkState, LayoutProblem, MallocMap, PymallocMap};
use bloathound_cpython::dialect::CPYTHON_2_7;
use bloathound_memory::{Address, MemoryImage, MemorySource, Region, RegionKind};
use bloathound_testkit::{ChunkFate, MemoryWriter, write_heap};

const HEAP: u64 = 0x5555_1000_0000;
const HEAP_END: u64 = HEAP + (132 << 10);
const LIBC: u64 = 0x7f11_0000_0000;

/// What differs.
#[derive(Clone, Copy)]
struct Version {
    tcache_chunk: u64,
    bins: u64,
    count_bytes: u64,
    /// Links are XORed with their own address over 4096 (2.32 and later).
    mangled: bool,
    /// Counts are free places, not entries (2.42 and later).
    counts_free: bool,
    /// Where `top` is in `struct malloc_state`.
    top: u64,
}

const GLIBC_2_26: Version =
    Version { tcache_chunk: 0x250, bins: 64, count_bytes: 1, mangled: false, counts_free: false, top: 88 };
const GLIBC_2_31: Version = Version { tcache_chunk: 0x290, count_bytes: 2, top: 96, ..GLIBC_2_26 };
const GLIBC_2_36: Version = Version { mangled: true, ..GLIBC_2_31 };
const GLIBC_2_42: Version = Version { tcache_chunk: 0x300, bins: 76, counts_free: true, ..GLIBC_2_36 };

impl Version {
    fn link(self, memory: &mut MemoryWriter, at: u64, to: u64) {
        memory.put_u64(at, if self.mangled { to ^ (at >> 12) } else { to });
    }

    /// A heap with the thread cache, then six chunks of 32 and two of 48 bytes: the cache holds two of 32 and one of 48,
    /// a fastbin holds two of 32.
    fn image(self) -> MemoryImage {
        let mut memory = MemoryWriter::new();
        memory.touch(HEAP, HEAP_END - HEAP);
        let mut chunks = vec![(self.tcache_chunk, ChunkFate::Held)];
        chunks.extend([(32, ChunkFate::Held); 6]);
        chunks.extend([(48, ChunkFate::Held); 2]);
        let addresses = write_heap(&mut memory, HEAP, HEAP_END, &chunks);
        let user = |n: usize| addresses[n] + 16;
        let counts = user(0);
        let entries = counts + (self.bins * self.count_bytes).next_multiple_of(8);
        for bin in 0..self.bins {
            let held = [2, 1].get(bin as usize).copied().unwrap_or(0);
            let count: u16 = if self.counts_free { 7 - held } else { held };
            memory.put(counts + bin * self.count_bytes, &count.to_le_bytes()[..self.count_bytes as usize]);
        }
        memory.put_u64(entries, user(1));
        self.link(&mut memory, user(1), user(2));
        self.link(&mut memory, user(2), 0);
        memory.put_u64(entries + 8, user(7));
        self.link(&mut memory, user(7), 0);
        // The main arena in libc's data: empty bins point at themselves, the fastbin of 32 bytes at two chunks.
        let state = LIBC + 0x100;
        let top = state + self.top;
        memory.touch(LIBC, 2 * 4096);
        memory.put_u64(top, addresses[9]);
        memory.put_u64(top - 80, addresses[3]);
        self.link(&mut memory, user(3), addresses[4]);
        self.link(&mut memory, user(4), 0);
        for bin in 0..127 {
            let header = top + bin * 16;
            memory.put_u64(header + 16, header);
            memory.put_u64(header + 24, header);
        }
        memory.map(HEAP, HEAP_END, RegionKind::Heap);
        memory.map(LIBC, LIBC + 2 * 4096, RegionKind::File { path: "/lib/libc.so.6".into(), deleted: false });
        memory.finish()
    }
}

#[test]
fn what_caches_and_fastbins_hold_is_not_held_by_anyone_in_any_version() {
    for (version, name) in [(GLIBC_2_26, "2.26"), (GLIBC_2_31, "2.31"), (GLIBC_2_36, "2.36"), (GLIBC_2_42, "2.42")] {
        let (map, problems) = MallocMap::decode(&version.image(), &PymallocMap::empty(&CPYTHON_2_7.obmalloc));
        assert_eq!(problems, [], "{name}");
        use ChunkState::{Cached, Live, Top};
        let states: Vec<_> = map.chunks().iter().map(|chunk| chunk.state).collect();
        let wanted = [Live, Cached, Cached, Cached, Cached, Live, Live, Cached, Live, Top];
        assert_eq!(states, wanted, "{name}");
    }
}

#[test]
fn a_cache_that_goes_round_in_circles_is_not_believed() {
    let image = GLIBC_2_36.image();
    let mut flat = image.flat().to_vec();
    let second = image.locate(Address(HEAP + 0x290 + 32 + 16)).unwrap();
    let link = (HEAP + 0x290 + 16) ^ ((HEAP + 0x290 + 32 + 16) >> 12);
    flat[second..second + 8].copy_from_slice(&link.to_le_bytes());
    let image = MemoryImage::new(image.regions().to_vec(), image.runs().to_vec(), flat);
    let (map, _) = MallocMap::decode(&image, &PymallocMap::empty(&CPYTHON_2_7.obmalloc));
    assert_eq!(map.chunks()[1].state, ChunkState::Live);
}

#[test]
fn another_allocator_is_named_and_its_heap_left_alone() {
    let image = GLIBC_2_36.image();
    let mut regions = image.regions().to_vec();
    let musl = RegionKind::File { path: "/lib/ld-musl-x86_64.so.1".into(), deleted: false };
    regions.push(Region {
        start: Address(LIBC + (1 << 20)),
        end: Address(LIBC + (2 << 20)),
        kind: musl,
        ..regions[1].clone()
    });
    // Data that is only called so is no allocator.
    let called_so = MemoryImage::new(regions.clone(), image.runs().to_vec(), image.flat().to_vec());
    assert_eq!(MallocMap::decode(&called_so, &PymallocMap::empty(&CPYTHON_2_7.obmalloc)).0.other_allocator, None);
    if let Some(library) = regions.last_mut() {
        library.permissions.execute = true;
    }
    let image = MemoryImage::new(regions, image.runs().to_vec(), image.flat().to_vec());
    let (map, problems) = MallocMap::decode(&image, &PymallocMap::empty(&CPYTHON_2_7.obmalloc));
    assert_eq!(map.chunks(), []);
    assert_eq!(problems, [LayoutProblem::AllocatorNotRecognised { name: "ld-musl-x86_64.so.1".into() }]);
    assert_eq!(map.other_allocator.as_deref(), Some("ld-musl-x86_64.so.1"));
}
