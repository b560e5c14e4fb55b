//! Writes pymalloc arenas and glibc heaps byte by byte, from what `Objects/obmalloc.c` and glibc's `malloc/malloc.c` say
//! of their structures. Nothing here is shared with the decoder: offsets stand as plain numbers on purpose.

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemoryImage, Permissions, Region, RegionKind};

/// Memory to be: pages appear when they are written to.
#[derive(Clone, Debug, Default)]
pub struct MemoryWriter {
    pages: BTreeMap<u64, Vec<u8>>,
    regions: Vec<Region>,
}

impl MemoryWriter {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes bytes, across pages where need be.
    pub fn put(&mut self, address: u64, bytes: &[u8]) {
        let (mut at, mut rest) = (address, bytes);
        while !rest.is_empty() {
            let page = self.pages.entry(at >> 12).or_insert_with(|| vec![0; 4096]);
            let within = (at & 4095) as usize;
            let (now, later) = rest.split_at(rest.len().min(4096 - within));
            page[within..within + now.len()].copy_from_slice(now);
            (at, rest) = (at + now.len() as u64, later);
        }
    }

    /// Writes a word.
    pub fn put_u64(&mut self, address: u64, value: u64) {
        self.put(address, &value.to_le_bytes());
    }

    /// Writes a half word.
    pub fn put_u32(&mut self, address: u64, value: u32) {
        self.put(address, &value.to_le_bytes());
    }

    /// Makes the pages of a range present, zero where nothing is written.
    pub fn touch(&mut self, start: u64, bytes: u64) {
        for page in start >> 12..(start + bytes).div_ceil(4096) {
            self.pages.entry(page).or_insert_with(|| vec![0; 4096]);
        }
    }

    /// A word as it was written so far.
    #[must_use]
    pub fn u64_at(&self, address: u64) -> u64 {
        let within = (address & 4095) as usize;
        let page = self.pages.get(&(address >> 12));
        if let Some(word) = page.and_then(|page| page.get(within..within + 8)?.try_into().ok()) {
            return u64::from_le_bytes(word);
        }
        let byte = |at: u64| self.pages.get(&(at >> 12)).map_or(0, |page| page[(at & 4095) as usize]);
        u64::from_le_bytes(std::array::from_fn(|index| byte(address + index as u64)))
    }

    /// Adds a writable private mapping; its resident bytes are those of the pages written in the end.
    pub fn map(&mut self, start: u64, end: u64, kind: RegionKind) {
        let permissions = Permissions { read: true, write: true, execute: false, shared: false };
        self.map_with(start, end, kind, permissions, 0);
    }

    /// The same with other rights, or at an offset of a file.
    pub fn map_with(&mut self, start: u64, end: u64, kind: RegionKind, permissions: Permissions, file_offset: u64) {
        self.regions.push(Region {
            start: Address(start),
            end: Address(end),
            permissions,
            file_offset,
            kind,
            rss_bytes: None,
        });
    }

    /// The image.
    #[must_use]
    pub fn finish(mut self) -> MemoryImage {
        self.regions.sort_by_key(|region| region.start);
        for region in &mut self.regions {
            let pages = self.pages.range(region.start.0 >> 12..region.end.0 >> 12).count();
            region.rss_bytes = Some(pages as u64 * 4096);
        }
        let mut runs: Vec<(Address, u32)> = Vec::new();
        let mut flat = Vec::with_capacity(self.pages.len() * 4096);
        for (page, bytes) in self.pages {
            flat.extend(bytes);
            match runs.last_mut() {
                Some((start, count)) if (start.0 >> 12) + u64::from(*count) == page => *count += 1,
                _ => runs.push((Address(page << 12), 1)),
            }
        }
        MemoryImage::new(self.regions, runs, flat)
    }
}

/// What becomes of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockFate {
    /// Stays allocated.
    Allocated,
    /// Was allocated and freed.
    Freed,
}

/// What becomes of a pool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PoolFate {
    /// Serves blocks of a size. The blocks not listed were never handed out.
    InUse {
        /// Bytes of a block.
        block_bytes: u32,
        /// What became of the first blocks.
        blocks: Vec<BlockFate>,
    },
    /// All its blocks were freed; the header is as it was when it served blocks of this size.
    Emptied {
        /// Bytes of a block.
        block_bytes: u32,
    },
}

/// An arena: the pools handed out so far, from its first on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArenaPlan {
    /// Where it is mapped; 63 pools fit when that is not a multiple of 4096.
    pub address: u64,
    /// What became of them.
    pub pools: Vec<PoolFate>,
}

/// Writes arenas and, at `array`, the table of `entries` arena objects of which arena *n* is the *n*th.
/// `alignment` is 8 or 16.
pub fn write_arenas(memory: &mut MemoryWriter, array: u64, entries: u32, alignment: u32, arenas: &[ArenaPlan]) {
    memory.touch(array, u64::from(entries) * 48);
    for (index, arena) in arenas.iter().enumerate() {
        let first_pool = arena.address.next_multiple_of(4096);
        let total = if first_pool == arena.address { 64 } else { 63 };
        let mut free_list = 0;
        let mut free = total - arena.pools.len() as u32;
        for (number, pool) in arena.pools.iter().enumerate() {
            let address = first_pool + number as u64 * 4096;
            match pool {
                PoolFate::InUse { block_bytes, blocks } => {
                    write_pool(memory, address, *block_bytes, blocks, alignment, index as u32);
                }
                PoolFate::Emptied { block_bytes } => {
                    write_pool(memory, address, *block_bytes, &[BlockFate::Freed; 3], alignment, index as u32);
                    // nextpool links emptied pools of an arena.
                    memory.put_u64(address + 16, free_list);
                    free_list = address;
                    free += 1;
                }
            }
        }
        // struct arena_object { uptr address; block *pool_address; uint nfreepools; uint ntotalpools;
        // struct pool_header *freepools; struct arena_object *nextarena, *prevarena; }
        let entry = array + index as u64 * 48;
        memory.put_u64(entry, arena.address);
        memory.put_u64(entry + 8, first_pool + arena.pools.len() as u64 * 4096);
        memory.put_u32(entry + 16, free);
        memory.put_u32(entry + 20, total);
        memory.put_u64(entry + 24, free_list);
    }
}

/// struct pool_header { uint count; block *freeblock; pool *nextpool, *prevpool; uint arenaindex, szidx, nextoffset,
/// maxnextoffset; } in 48 bytes, then the blocks.
fn write_pool(memory: &mut MemoryWriter, address: u64, size: u32, blocks: &[BlockFate], alignment: u32, arena: u32) {
    memory.touch(address, 4096);
    let size = u64::from(size);
    let mut freeblock = 0;
    for (index, _) in blocks.iter().enumerate().filter(|(_, fate)| **fate == BlockFate::Freed) {
        let block = address + 48 + index as u64 * size;
        memory.put_u64(block, freeblock);
        freeblock = block;
    }
    let count = blocks.iter().filter(|fate| **fate == BlockFate::Allocated).count();
    memory.put_u32(address, count as u32);
    memory.put_u64(address + 8, freeblock);
    memory.put_u32(address + 32, arena);
    memory.put_u32(address + 36, size as u32 / alignment - 1);
    memory.put_u32(address + 40, 48 + blocks.len() as u32 * size as u32);
    memory.put_u32(address + 44, 4096 - size as u32);
}

/// What becomes of a malloc chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChunkFate {
    /// Stays allocated.
    Held,
    /// Freed and merged: its size stands at its end as well, and the next chunk knows.
    Free,
}

/// Writes the chunks of a glibc heap from `start` to `end`, the rest being the top chunk. Returns the chunks' addresses,
/// that of the top chunk last. Sizes are multiples of 16 from 32 on; two free chunks must not follow each other.
pub fn write_heap(memory: &mut MemoryWriter, start: u64, end: u64, chunks: &[(u64, ChunkFate)]) -> Vec<u64> {
    let mut at = start;
    let mut before_in_use = 1;
    let mut addresses = Vec::new();
    for (size, fate) in chunks {
        addresses.push(at);
        memory.touch(at, *size);
        memory.put_u64(at + 8, size | before_in_use);
        before_in_use = u64::from(*fate == ChunkFate::Held);
        if *fate == ChunkFate::Free {
            memory.put_u64(at + size, *size);
        }
        at += size;
    }
    addresses.push(at);
    memory.put_u64(at + 8, (end - at) | before_in_use);
    addresses
}
