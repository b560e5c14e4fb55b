//! What each arena holds: live objects, garbage, free blocks, free pools.

use std::collections::HashMap;

use bloathound_heap::{BitSet, HeapSnapshot, ObjectId};
use bloathound_memory::{Address, MemoryImage};

use super::occupancy::kept_for_reuse;
use super::{Arena, Occupancy, Occupant, Pool, PoolUse, PymallocMap};
use crate::dialect::{Dialect, Obmalloc};

/// Bytes of one arena, or of several, by use. The sum is what its arenas have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArenaBytes {
    /// Blocks of live objects and of their storage.
    pub live: u64,
    /// Blocks of objects that nothing reaches, not collected yet, and of their storage.
    pub garbage: u64,
    /// Blocks of dead objects on free lists that a full collection does not clear (dicts, lists).
    pub kept_for_reuse: u64,
    /// Blocks of dead objects on free lists that a full collection clears (tuples, frames, methods, unicode).
    pub kept_until_collection: u64,
    /// Allocated blocks that hold no object we know, and pools whose header makes no sense.
    pub unidentified: u64,
    /// Blocks that were freed.
    pub free_blocks: u64,
    /// Blocks never handed out, in pools in use.
    pub untouched_blocks: u64,
    /// Pools whose blocks are all free again.
    pub free_pools: u64,
    /// Pools never handed out, and what alignment costs.
    pub untouched_pools: u64,
    /// Pool headers, and the ends of pools that are too short for a block.
    pub overhead: u64,
}

impl ArenaBytes {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.held()
            + self.garbage
            + self.kept_until_collection
            + self.free_blocks
            + self.untouched_blocks
            + self.free_pools
            + self.untouched_pools
            + self.overhead
    }

    /// What stays after a full collection: live, unidentified and kept for reuse.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.live + self.kept_for_reuse + self.unidentified
    }

    /// Adds another arena's.
    pub fn add(&mut self, other: &Self) {
        self.live += other.live;
        self.garbage += other.garbage;
        self.kept_for_reuse += other.kept_for_reuse;
        self.kept_until_collection += other.kept_until_collection;
        self.unidentified += other.unidentified;
        self.free_blocks += other.free_blocks;
        self.untouched_blocks += other.untouched_blocks;
        self.free_pools += other.free_pools;
        self.untouched_pools += other.untouched_pools;
        self.overhead += other.overhead;
    }
}

/// One arena's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArenaUse {
    /// First byte of the arena.
    pub start: Address,
    /// Bytes by use.
    pub bytes: ArenaBytes,
    /// Pools with at least one block that stays after a full collection.
    pub held_pools: u32,
}

/// Bytes and blocks of one block size over all arenas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SizeClassUse {
    /// Bytes of a block.
    pub block_bytes: u32,
    /// Pools in use.
    pub pools: u64,
    /// Blocks that stay after a full collection.
    pub held_blocks: u64,
    /// Blocks of garbage.
    pub garbage_blocks: u64,
    /// Freed and untouched blocks.
    pub free_blocks: u64,
}

/// What all arenas hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArenaCensus {
    /// One by one, sorted by address.
    pub arenas: Vec<ArenaUse>,
    /// All together.
    pub total: ArenaBytes,
    /// By block size, smallest first; only sizes in use.
    pub size_classes: Vec<SizeClassUse>,
    /// Arenas that what stays after a full collection would need if it was packed.
    pub packed_arenas: u64,
}

/// What is known of an allocated block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockUse {
    /// Of this live object.
    Live(ObjectId),
    /// Of this object, which nothing reaches.
    Garbage(ObjectId),
    /// A dead object on a free list that stays.
    KeptForReuse,
    /// A dead object on a free list that a full collection clears.
    KeptUntilCollection,
    /// No object we know.
    Unidentified,
}

/// Tells what allocated blocks are used for.
pub struct BlockJudge<'a> {
    d: &'static Dialect,
    image: &'a MemoryImage,
    occupancy: &'a Occupancy,
    garbage: Option<&'a BitSet>,
    /// What becomes of dead objects of a type, by the type's address.
    types: HashMap<Address, BlockUse>,
}

impl<'a> BlockJudge<'a> {
    /// `garbage` is what the replayed collector found unreachable; `None` when it was not replayed.
    #[must_use]
    pub fn new(
        d: &'static Dialect,
        image: &'a MemoryImage,
        snapshot: &HeapSnapshot,
        occupancy: &'a Occupancy,
        garbage: Option<&'a BitSet>,
    ) -> Self {
        let fate = |name: &str, is_heap_type: bool| match !is_heap_type && d.types.cleared.contains(&name) {
            true => BlockUse::KeptUntilCollection,
            false => BlockUse::KeptForReuse,
        };
        let types = snapshot
            .types()
            .iter()
            .filter_map(|info| Some((info.object?, fate(&info.name, info.is_heap_type))))
            .map(|(id, fate)| (Address(snapshot.object(id).address), fate))
            .collect();
        Self { d, image, occupancy, garbage, types }
    }

    /// What an object's memory is.
    #[inline]
    #[must_use]
    pub fn object(&self, id: ObjectId) -> BlockUse {
        match self.garbage {
            Some(garbage) if garbage.contains(id) => BlockUse::Garbage(id),
            _ => BlockUse::Live(id),
        }
    }

    /// What block `index` of `pool`, which is at `position`, is used for.
    #[inline]
    #[must_use]
    pub fn block(&self, pool: &Pool, position: u32, index: u32) -> BlockUse {
        match self.occupancy.block(position, index) {
            Occupant::Object(id) | Occupant::Storage(id) => self.object(id),
            Occupant::Nobody => {
                let dead_type = |address| self.types.get(&address).copied();
                kept_for_reuse(self.d, self.image, pool.block_address(index), dead_type)
                    .unwrap_or(BlockUse::Unidentified)
            }
        }
    }

    /// Whose memory the chunk at `position` is, and what it is.
    #[must_use]
    pub fn chunk(&self, position: u32) -> (Occupant, BlockUse) {
        let occupant = self.occupancy.chunk(position);
        let usage = match occupant {
            Occupant::Object(id) | Occupant::Storage(id) => self.object(id),
            Occupant::Nobody => BlockUse::Unidentified,
        };
        (occupant, usage)
    }
}

/// One pool's bytes by use, and how many of its blocks stay after a full collection and are garbage.
pub(super) fn pool_bytes(judge: &BlockJudge<'_>, pool: &Pool, position: u32) -> (ArenaBytes, u32, u32) {
    let mut bytes = ArenaBytes::default();
    match pool.usage {
        PoolUse::Emptied => bytes.free_pools = pool.rules.pool_bytes,
        PoolUse::Unknown => bytes.unidentified = pool.rules.pool_bytes,
        PoolUse::InUse => {
            let block = u64::from(pool.block_bytes);
            bytes.free_blocks = u64::from(pool.free_blocks) * block;
            bytes.untouched_blocks = u64::from(pool.untouched_blocks) * block;
            bytes.overhead = pool.rules.pool_bytes - u64::from(pool.capacity_blocks()) * block;
            for index in pool.allocated_indices() {
                match judge.block(pool, position, index) {
                    BlockUse::Live(_) => bytes.live += block,
                    BlockUse::Garbage(_) => bytes.garbage += block,
                    BlockUse::KeptForReuse => bytes.kept_for_reuse += block,
                    BlockUse::KeptUntilCollection => bytes.kept_until_collection += block,
                    BlockUse::Unidentified => bytes.unidentified += block,
                }
            }
            let held = (bytes.held() / block) as u32;
            let garbage = (bytes.garbage / block) as u32;
            return (bytes, held, garbage);
        }
    }
    let held = u32::from(pool.usage == PoolUse::Unknown);
    (bytes, held, 0)
}

impl ArenaCensus {
    /// Counts everything.
    #[must_use]
    pub fn new(pymalloc: &PymallocMap, judge: &BlockJudge<'_>) -> Self {
        let rules = pymalloc.rules();
        let mut census = Self::default();
        let mut classes = vec![SizeClassUse::default(); rules.block_bytes_max as usize + 1];
        let mut unknown_pools = 0;
        for arena in pymalloc.arenas() {
            let mut usage = ArenaUse { start: arena.address, bytes: ArenaBytes::default(), held_pools: 0 };
            for (pool, position) in pymalloc.pools_of(arena).iter().zip(arena.pools.clone()) {
                let (bytes, held, garbage) = pool_bytes(judge, pool, position);
                usage.bytes.add(&bytes);
                usage.held_pools += u32::from(held > 0);
                unknown_pools += u64::from(pool.usage == PoolUse::Unknown);
                if let Some(class) =
                    classes.get_mut(usize::from(pool.block_bytes)).filter(|_| pool.usage == PoolUse::InUse)
                {
                    class.block_bytes = u32::from(pool.block_bytes);
                    class.pools += 1;
                    class.held_blocks += u64::from(held);
                    class.garbage_blocks += u64::from(garbage);
                    class.free_blocks += u64::from(pool.free_blocks + pool.untouched_blocks);
                }
            }
            usage.bytes.untouched_pools += untouched_bytes(arena);
            census.total.add(&usage.bytes);
            census.arenas.push(usage);
        }
        census.size_classes = classes.into_iter().filter(|c| c.pools > 0).collect();
        let pools: u64 = census.size_classes.iter().map(|class| packed_pools(rules, class)).sum();
        census.packed_arenas = (pools + unknown_pools).div_ceil(u64::from(rules.pools_per_arena()));
        census
    }
}

fn untouched_bytes(arena: &Arena) -> u64 {
    arena.rules.arena_bytes - arena.pools.len() as u64 * arena.rules.pool_bytes
}

/// Pools that the held blocks of a size would need.
fn packed_pools(rules: &Obmalloc, class: &SizeClassUse) -> u64 {
    let capacity = rules.blocks_per_pool(class.block_bytes.max(1));
    class.held_blocks.div_ceil(u64::from(capacity.max(1)))
}
