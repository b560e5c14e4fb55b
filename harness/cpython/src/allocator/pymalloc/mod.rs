//! pymalloc's arenas, pools and blocks (`Objects/obmalloc.c`): what was found, and which block an address is in.

mod decode;
mod find;

use std::ops::Range;

use bloathound_memory::{Address, FlatOffset};

use crate::dialect::{BITMAP_WORDS, Obmalloc};

pub use find::{ArenaArray, find_arena_array};

/// Most entries of the table that finds an arena by address: 256 GiB of span.
const LOOKUP_ENTRIES_MAX: u64 = 1 << 20;

/// What a pool is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PoolUse {
    /// At least one block is allocated.
    InUse,
    /// Was used, all blocks are free again; can serve any size class.
    Emptied,
    /// The header contradicts itself or was not copied: nothing is known of its blocks.
    Unknown,
}

/// One pool that was handed out at least once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pool {
    /// What pools look like.
    pub rules: &'static Obmalloc,
    /// Its page.
    pub address: Address,
    /// The page in the image's flat buffer; meaningless for [`PoolUse::Unknown`].
    pub flat: FlatOffset,
    /// Position in [`PymallocMap::arenas`].
    pub arena: u32,
    /// What it is used for.
    pub usage: PoolUse,
    /// Bytes of a block; 0 where unknown. In an emptied pool: of the blocks it had.
    pub block_bytes: u16,
    /// `szidx`.
    pub size_class: u8,
    /// Allocated blocks.
    pub live_blocks: u16,
    /// Blocks freed after use.
    pub free_blocks: u16,
    /// Blocks never handed out since the pool was set up.
    pub untouched_blocks: u16,
    /// Bit *n* is set when block *n* is allocated.
    pub(super) allocated: [u64; BITMAP_WORDS],
}

impl Pool {
    /// Address of block `index`.
    #[must_use]
    pub fn block_address(&self, index: u32) -> Address {
        self.address.offset(u64::from(self.rules.pool_header_bytes) + u64::from(index) * u64::from(self.block_bytes))
    }

    /// True when block `index` is allocated.
    #[must_use]
    pub fn is_allocated(&self, index: u32) -> bool {
        self.allocated.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Indices of the allocated blocks, in order.
    pub fn allocated_indices(&self) -> impl Iterator<Item = u32> + use<> {
        let words = self.allocated;
        (0..BITMAP_WORDS as u32).flat_map(move |position| {
            let mut word = words[position as usize];
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    let bit = word.trailing_zeros();
                    word &= word - 1;
                    position * 64 + bit
                })
            })
        })
    }

    /// Blocks that fit.
    #[must_use]
    pub fn capacity_blocks(&self) -> u32 {
        match self.block_bytes {
            0 => 0,
            bytes => self.rules.blocks_per_pool(u32::from(bytes)),
        }
    }
}

/// One arena: 256 KiB from the system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arena {
    /// What arenas look like.
    pub rules: &'static Obmalloc,
    /// First byte of the mapping.
    pub address: Address,
    /// First pool: `address` aligned up to a pool.
    pub first_pool: Address,
    /// Position in the interpreter's array.
    pub index: u32,
    /// Pools it has room for: 64, or 63 where the mapping was not aligned.
    pub total_pools: u32,
    /// `nfreepools`: emptied and untouched ones together.
    pub free_pools: u32,
    /// Pools never handed out.
    pub untouched_pools: u32,
    /// Where its handed-out pools are in [`PymallocMap::pools`].
    pub pools: Range<u32>,
}

impl Arena {
    /// One past its last byte.
    #[must_use]
    pub fn end(&self) -> Address {
        self.address.offset(self.rules.arena_bytes)
    }

    /// True when `address` is inside the arena.
    #[must_use]
    pub fn contains(&self, address: Address) -> bool {
        address.since(self.address) < self.rules.arena_bytes
    }
}

/// A block of pymalloc's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its first byte.
    pub address: Address,
    /// Its length.
    pub bytes: u32,
    /// Position of its pool in [`PymallocMap::pools`].
    pub pool: u32,
    /// Its number in the pool.
    pub index: u32,
    /// Allocated, not free.
    pub is_allocated: bool,
}

/// All arenas of a target, sorted by address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PymallocMap {
    rules: &'static Obmalloc,
    pub(super) arenas: Vec<Arena>,
    pub(super) pools: Vec<Pool>,
    /// First arena that ends above each stretch of 256 KiB from `lookup_base` on; empty when arenas are too far apart.
    lookup: Vec<u32>,
    lookup_base: u64,
}

impl PymallocMap {
    /// No arenas of that kind.
    #[must_use]
    pub fn empty(rules: &'static Obmalloc) -> Self {
        Self { rules, arenas: Vec::new(), pools: Vec::new(), lookup: Vec::new(), lookup_base: 0 }
    }

    /// What its arenas and pools look like.
    #[must_use]
    pub fn rules(&self) -> &'static Obmalloc {
        self.rules
    }

    pub(super) fn index_arenas(&mut self) {
        let (Some(first), Some(last)) = (self.arenas.first(), self.arenas.last()) else {
            return;
        };
        let base = first.address.0;
        let entries = last.address.0.saturating_sub(base) / self.rules.arena_bytes + 2;
        if entries > LOOKUP_ENTRIES_MAX {
            return;
        }
        self.lookup_base = base;
        let mut arena = 0;
        self.lookup = (0..entries)
            .map(|entry| {
                let start = base + entry * self.rules.arena_bytes;
                while self.arenas.get(arena as usize).is_some_and(|a| a.address.0 + self.rules.arena_bytes <= start) {
                    arena += 1;
                }
                arena
            })
            .collect();
    }

    /// All arenas, sorted by address.
    #[must_use]
    pub fn arenas(&self) -> &[Arena] {
        &self.arenas
    }

    /// The arenas that begin in `range`.
    #[must_use]
    pub fn arenas_from(&self, range: Range<Address>) -> &[Arena] {
        let first = self.arenas.partition_point(|arena| arena.address < range.start);
        let end = self.arenas.partition_point(|arena| arena.address < range.end);
        self.arenas.get(first..end).unwrap_or_default()
    }

    /// All pools that were ever handed out, sorted by address.
    #[must_use]
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The pools of one arena that were ever handed out.
    #[must_use]
    pub fn pools_of(&self, arena: &Arena) -> &[Pool] {
        self.pools.get(arena.pools.start as usize..arena.pools.end as usize).unwrap_or_default()
    }

    /// Address and length of every allocated block, sorted by address.
    pub fn allocated_blocks(&self) -> impl Iterator<Item = (Address, u32)> + '_ {
        self.pools.iter().flat_map(|pool| {
            pool.allocated_indices().map(|index| (pool.block_address(index), u32::from(pool.block_bytes)))
        })
    }

    /// The arena that `address` is in, by position.
    #[inline]
    #[must_use]
    pub fn arena_containing(&self, address: Address) -> Option<u32> {
        let mut position = match self.lookup.is_empty() {
            false => {
                let entry = address.0.checked_sub(self.lookup_base)? / self.rules.arena_bytes;
                *self.lookup.get(entry as usize)?
            }
            true => self.arenas.partition_point(|arena| arena.address.0 + self.rules.arena_bytes <= address.0) as u32,
        };
        // A stretch of 256 KiB that begins inside one arena can end inside the next.
        if !self.arenas.get(position as usize)?.contains(address) {
            position += 1;
        }
        self.arenas.get(position as usize)?.contains(address).then_some(position)
    }

    /// The pool that `address` is in, by position; `None` also for pools never handed out.
    #[inline]
    #[must_use]
    pub fn pool_containing(&self, address: Address) -> Option<u32> {
        let arena = self.arenas.get(self.arena_containing(address)? as usize)?;
        let number = address.0.checked_sub(arena.first_pool.0)? / self.rules.pool_bytes;
        let pool = u64::from(arena.pools.start) + number;
        (pool < u64::from(arena.pools.end)).then_some(pool as u32)
    }

    /// The block that `address` is in; `None` in headers, tails and unknown pools, and outside the arenas.
    #[inline]
    #[must_use]
    pub fn block_containing(&self, address: Address) -> Option<Block> {
        self.block_of_pool(self.pool_containing(address)?, address)
    }

    /// The same in the pool at `position`, where `address` is in that.
    #[inline]
    #[must_use]
    pub fn block_of_pool(&self, position: u32, address: Address) -> Option<Block> {
        let pool = self.pools.get(position as usize)?;
        let bytes = u32::from(pool.block_bytes);
        let inside = (address.since(pool.address) as u32).checked_sub(self.rules.pool_header_bytes)?;
        let index = inside.checked_div(bytes)?;
        // As many blocks as fit: asked for millions of objects, and a division takes longer than all else here.
        let end = (u64::from(index) + 1) * u64::from(bytes) + u64::from(self.rules.pool_header_bytes);
        let is_whole = end <= self.rules.pool_bytes;
        is_whole.then(|| Block {
            address: pool.block_address(index),
            bytes,
            pool: position,
            index,
            is_allocated: pool.is_allocated(index),
        })
    }
}
