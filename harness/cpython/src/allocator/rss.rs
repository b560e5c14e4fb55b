//! The account of resident memory: every resident page of every mapping in a named category.

use bloathound_heap::{HeapSnapshot, TypeId};
use bloathound_memory::{MemoryImage, MemorySource, Region};

use super::category::RssCategory;
use super::census::{BlockUse, pool_bytes};
use super::malloc::glibc_h::SIZE;
use super::mappings::{MappingRole, roles};
use super::present::Present;
use super::{
    Arena, ArenaBytes, BlockJudge, ChunkState, HeapSegment, MallocChunk, MallocMap, NumberBlocks, Occupant, OwnMemory,
    PymallocMap,
};

/// Resident bytes that objects of a type account for, with their storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TypeBytes {
    /// Of live objects.
    pub live: u64,
    /// Of objects awaiting collection.
    pub garbage: u64,
}

/// The account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RssAccount {
    /// Resident bytes of all mappings, by the kernel.
    pub kernel_bytes: u64,
    bytes: [u64; RssCategory::ALL.len()],
    /// `kernel_bytes` less the sum of all categories.
    pub unexplained_bytes: i64,
    /// By type; the index is the [`TypeId`]. Ints and floats in blocks of their own are not here.
    pub by_type: Vec<TypeBytes>,
    /// Mappings whose resident bytes the kernel did not tell: the copied pages stand in for them.
    pub mappings_without_rss: u64,
}

impl RssAccount {
    /// Bytes of a category.
    #[must_use]
    pub fn bytes(&self, category: RssCategory) -> u64 {
        self.bytes[category as usize]
    }

    /// All categories with their bytes, in order.
    pub fn rows(&self) -> impl Iterator<Item = (RssCategory, u64)> + '_ {
        RssCategory::ALL.into_iter().map(|category| (category, self.bytes(category)))
    }

    /// Sum of all categories.
    #[must_use]
    pub fn explained_bytes(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// Draws up the account.
    #[must_use]
    pub fn new(input: &RssInput<'_>) -> Self {
        let mut accountant = Accountant {
            input,
            present: Present::new(input.image),
            account: Self { by_type: vec![TypeBytes::default(); input.snapshot.types().len()], ..Self::default() },
        };
        let roles = roles(input.image, input.pymalloc, input.malloc);
        for (region, role) in input.image.regions().iter().zip(roles) {
            accountant.region(region, role);
        }
        let mut account = accountant.account;
        account.unexplained_bytes = account.kernel_bytes as i64 - account.explained_bytes() as i64;
        account
    }
}

/// A pool's bytes without those that the machine keeps no page for: nobody used them since they were handed out.
fn resident_part(mut bytes: ArenaBytes, absent: u64) -> ArenaBytes {
    let mut left = absent;
    for part in [
        &mut bytes.untouched_blocks,
        &mut bytes.free_pools,
        &mut bytes.free_blocks,
        &mut bytes.overhead,
        &mut bytes.unidentified,
        &mut bytes.live,
    ] {
        let taken = left.min(*part);
        *part -= taken;
        left -= taken;
    }
    bytes
}

/// What the account is drawn up from; all of the same moment.
#[derive(Clone, Copy)]
pub struct RssInput<'a> {
    /// The copy, with resident bytes of each mapping.
    pub image: &'a MemoryImage,
    /// Its objects.
    pub snapshot: &'a HeapSnapshot,
    /// What is live and what is garbage.
    pub judge: &'a BlockJudge<'a>,
    /// Its arenas.
    pub pymalloc: &'a PymallocMap,
    /// Its C heap.
    pub malloc: &'a MallocMap,
    /// Its int and float blocks.
    pub numbers: &'a NumberBlocks,
    /// Memory of the interpreter's own.
    pub own: &'a OwnMemory,
}

struct Accountant<'a> {
    input: &'a RssInput<'a>,
    present: Present,
    account: RssAccount,
}

impl Accountant<'_> {
    fn add(&mut self, category: RssCategory, bytes: u64) {
        self.account.bytes[category as usize] += bytes;
    }

    fn region(&mut self, region: &Region, role: MappingRole) {
        let copied = self.present.bytes(region.start..region.end);
        let resident = region.rss_bytes.unwrap_or_else(|| {
            self.account.mappings_without_rss += 1;
            copied
        });
        self.account.kernel_bytes += resident;
        let own = self.interpreter_bytes(region);
        let MappingRole::Private(rest) = role else {
            let category = role.category();
            self.add(category, resident.saturating_sub(own));
            return;
        };
        let mut itemised = own;
        for arena in self.input.pymalloc.arenas_from(region.start..region.end) {
            itemised += self.arena(arena);
        }
        for segment in self.input.malloc.segments_from(region.start..region.end) {
            itemised += self.segment(segment);
        }
        self.add(rest, copied.saturating_sub(itemised));
    }

    /// Adds what of the mapping is the interpreter's own: its state, and chunks of calls; how many bytes these are.
    fn interpreter_bytes(&mut self, region: &Region) -> u64 {
        let mut all = 0;
        for (range, category) in &self.input.own.0 {
            let (from, to) = (range.start.max(region.start), range.end.min(region.end));
            if from < to {
                let bytes = self.present.bytes(from..to);
                self.account.bytes[*category as usize] += bytes;
                all += bytes;
            }
        }
        all
    }

    /// Adds an arena's resident pages; how many bytes these are.
    fn arena(&mut self, arena: &Arena) -> u64 {
        let end = arena.end();
        let mut itemised = 0;
        let first = arena.pools.start as usize;
        let pools = self.input.pymalloc.pools();
        for (position, pool) in pools.iter().enumerate().take(arena.pools.end as usize).skip(first) {
            if self.input.image.locate(pool.address).is_none() {
                continue;
            }
            let position = position as u32;
            let (bytes, _, _) = pool_bytes(self.input.judge, pool, position);
            let there = self.present.bytes(pool.address..pool.address.offset(arena.rules.pool_bytes));
            self.arena_bytes(&resident_part(bytes, arena.rules.pool_bytes - there));
            if bytes.live + bytes.garbage > 0 {
                for index in pool.allocated_indices() {
                    let usage = self.input.judge.block(pool, position, index);
                    self.by_type(usage, u64::from(pool.block_bytes));
                }
            }
            itemised += there;
        }
        let slack = self.present.bytes(arena.address..end).saturating_sub(itemised);
        self.add(RssCategory::ArenaUntouched, slack);
        itemised + slack
    }

    fn arena_bytes(&mut self, bytes: &ArenaBytes) {
        self.add(RssCategory::LiveObjects, bytes.live);
        self.add(RssCategory::GarbageAwaitingCollection, bytes.garbage);
        self.add(RssCategory::KeptForReuse, bytes.kept_for_reuse + bytes.kept_until_collection);
        self.add(RssCategory::UnidentifiedBlocks, bytes.unidentified);
        self.add(RssCategory::FreeBlocks, bytes.free_blocks);
        self.add(RssCategory::UntouchedBlocks, bytes.untouched_blocks);
        self.add(RssCategory::FreePools, bytes.free_pools);
        self.add(RssCategory::ArenaUntouched, bytes.untouched_pools);
        self.add(RssCategory::PoolOverhead, bytes.overhead);
    }

    fn by_type(&mut self, usage: BlockUse, bytes: u64) {
        let (id, is_live) = match usage {
            BlockUse::Live(id) => (id, true),
            BlockUse::Garbage(id) => (id, false),
            _ => return,
        };
        let TypeId(type_id) = self.input.snapshot.object(id).type_id;
        if let Some(entry) = self.account.by_type.get_mut(type_id as usize) {
            match is_live {
                true => entry.live += bytes,
                false => entry.garbage += bytes,
            }
        }
    }

    /// Adds the resident bytes of a stretch of the C heap; how many these are.
    fn segment(&mut self, segment: &HeapSegment) -> u64 {
        let total = self.present.bytes(segment.range.clone());
        let mut itemised = 0;
        let first = segment.chunks.start;
        for (chunk, position) in self.input.malloc.chunks_of(segment).iter().zip(first..) {
            let bytes = self.present.bytes(chunk.address..chunk.end());
            itemised += bytes;
            self.chunk(chunk, position, bytes);
        }
        let unknown = self.present.bytes(segment.walked_to..segment.range.end);
        self.add(RssCategory::MallocUnknown, unknown);
        self.add(RssCategory::MallocOverhead, total.saturating_sub(itemised + unknown));
        total
    }

    fn chunk(&mut self, chunk: &MallocChunk, position: u32, resident: u64) {
        let category = match chunk.state {
            ChunkState::Free => RssCategory::MallocFree,
            ChunkState::Cached => RssCategory::MallocCached,
            ChunkState::Top => RssCategory::MallocTop,
            ChunkState::Fencepost => RssCategory::MallocOverhead,
            ChunkState::Live | ChunkState::Mmapped => return self.held(chunk, position, resident),
        };
        self.add(category, resident);
    }

    fn held(&mut self, chunk: &MallocChunk, position: u32, resident: u64) {
        // A held chunk uses the word after it too, so its header costs one word, not two.
        let header = SIZE.min(resident);
        self.add(RssCategory::MallocOverhead, header);
        let rest = resident - header;
        let (occupant, usage) = self.input.judge.chunk(position);
        let number_block = self
            .input
            .numbers
            .block_containing(chunk.user_address())
            .and_then(|at| self.input.numbers.blocks().get(at));
        if let Some(block) = number_block.filter(|_| occupant == Occupant::Nobody) {
            let number_bytes = self.input.numbers.rules().number_bytes;
            let live = (u64::from(block.live_count()) * number_bytes).min(rest);
            let free = (u64::from(block.free_count()) * number_bytes).min(rest - live);
            self.add(RssCategory::NumbersLive, live);
            self.add(RssCategory::NumbersFree, free);
            self.add(RssCategory::MallocOverhead, rest - live - free);
            return;
        }
        let category = match (occupant, usage) {
            (Occupant::Nobody, _) => RssCategory::MallocLive,
            (_, BlockUse::Garbage(_)) => RssCategory::GarbageAwaitingCollection,
            (Occupant::Object(_), _) => RssCategory::LiveObjects,
            (Occupant::Storage(_), _) => RssCategory::LiveStorage,
        };
        self.add(category, rest);
        self.by_type(usage, rest);
    }
}
