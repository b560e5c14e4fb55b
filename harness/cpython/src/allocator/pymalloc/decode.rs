//! Reads pymalloc's structures out of a copy.

use std::borrow::Cow;

use bloathound_memory::{Address, MemoryImage, PAGE_BYTES};

use super::{Arena, Pool, PoolUse, PymallocMap};
use crate::allocator::LayoutProblem;
use crate::dialect::BITMAP_WORDS;
use crate::dialect::Obmalloc;
use crate::objects::{half_at, read_word};

/// Counts of damage, told as one problem a kind.
#[derive(Default)]
struct Damage {
    inconsistent: (u64, Address),
    not_copied: (u64, Address),
    free_lists: (u64, Address),
    free_pools: (u64, Address),
}

fn note(slot: &mut (u64, Address), address: Address) {
    if slot.0 == 0 {
        slot.1 = address;
    }
    slot.0 += 1;
}

impl PymallocMap {
    /// Decodes the `max_arenas` entries of the array at `arenas` (the *values* of the static variables `arenas` and
    /// `maxarenas`). Entries that contradict themselves are left out and listed.
    #[must_use]
    pub fn decode(
        rules: &'static Obmalloc,
        image: &MemoryImage,
        arenas: Address,
        max_arenas: u32,
    ) -> (Self, Vec<LayoutProblem>) {
        let mut problems = Vec::new();
        let mut found = read_arena_array(rules, image, arenas, max_arenas, &mut problems);
        found.sort_by_key(|(arena, _)| arena.address);
        let mut map = Self::empty(rules);
        let mut damage = Damage::default();
        for (mut arena, free_list) in found {
            let overlaps = map.arenas.last().is_some_and(|last| last.contains(arena.address));
            if overlaps {
                problems.push(refused(&arena, "it overlaps another one"));
                continue;
            }
            // Keeps what we allocate in proportion to the image, whatever the array claims.
            if arena.untouched_pools < arena.total_pools && image.locate(arena.first_pool).is_none() {
                problems.push(refused(&arena, "its first pool was not copied"));
                continue;
            }
            map.decode_pools(image, &mut arena, free_list, &mut damage);
            map.arenas.push(arena);
        }
        map.index_arenas();
        damage.report(&mut problems);
        (map, problems)
    }

    fn decode_pools(&mut self, image: &MemoryImage, arena: &mut Arena, free_list: Address, damage: &mut Damage) {
        let rules = arena.rules;
        let position = self.arenas.len() as u32;
        let first = self.pools.len() as u32;
        let handed_out = arena.total_pools - arena.untouched_pools;
        let emptied = emptied_pools(image, arena, free_list, handed_out);
        let emptied_expected = arena.free_pools.saturating_sub(arena.untouched_pools);
        if emptied.is_none_or(|set| set.count_ones() != emptied_expected) {
            note(&mut damage.free_pools, arena.address);
        }
        for number in 0..handed_out {
            let address = arena.first_pool.offset(u64::from(number) * rules.pool_bytes);
            let listed_empty = emptied.is_some_and(|set| set >> number & 1 == 1);
            self.pools.push(decode_pool(image, arena, position, address, listed_empty, damage));
        }
        arena.pools = first..self.pools.len() as u32;
    }
}

fn refused(arena: &Arena, reason: &'static str) -> LayoutProblem {
    LayoutProblem::ArenaRefused { index: arena.index, address: arena.address, reason }
}

fn read_arena_array(
    rules: &'static Obmalloc,
    image: &MemoryImage,
    array: Address,
    max_arenas: u32,
    problems: &mut Vec<LayoutProblem>,
) -> Vec<(Arena, Address)> {
    let mut found = Vec::new();
    for index in 0..max_arenas {
        let entry = array.offset(u64::from(index) * rules.arena_object.bytes);
        let Some(bytes) = image.bytes(entry, rules.arena_object.bytes as usize) else {
            problems.push(LayoutProblem::ArenaArrayUnreadable { address: array, entries: max_arenas, readable: index });
            break;
        };
        match parse_arena_object(rules, bytes, index) {
            Ok(Some(arena)) => found.push((arena, Address(read_word(bytes, rules.arena_object.freepools)))),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    found
}

/// One `struct arena_object`; `None` for an unused entry.
pub(super) fn parse_arena_object(
    rules: &'static Obmalloc,
    bytes: &[u8],
    index: u32,
) -> Result<Option<Arena>, LayoutProblem> {
    let address = Address(read_word(bytes, rules.arena_object.address));
    if address.is_null() {
        return Ok(None);
    }
    let first_pool = Address(address.0.wrapping_add(rules.pool_bytes - 1) & !(rules.pool_bytes - 1));
    let total_pools = rules.pools_per_arena() - u32::from(first_pool != address);
    let free_pools = half_at(bytes, rules.arena_object.nfreepools as u64);
    let used_bytes = read_word(bytes, rules.arena_object.pool_address).wrapping_sub(first_pool.0);
    let mut arena =
        Arena { rules, address, first_pool, index, total_pools, free_pools, untouched_pools: 0, pools: 0..0 };
    if address.0 >> 47 != 0 {
        return Err(refused(&arena, "its address is no user address"));
    }
    if half_at(bytes, rules.arena_object.ntotalpools as u64) != total_pools {
        return Err(refused(&arena, "its number of pools is not 64 or 63"));
    }
    if free_pools > total_pools {
        return Err(refused(&arena, "more pools are free than it has"));
    }
    if !used_bytes.is_multiple_of(rules.pool_bytes) || used_bytes / rules.pool_bytes > u64::from(total_pools) {
        return Err(refused(&arena, "its next pool is not inside"));
    }
    arena.untouched_pools = total_pools - (used_bytes / rules.pool_bytes) as u32;
    Ok(Some(arena))
}

/// The arena's list of emptied pools as a set of pool numbers; `None` when it leaves the arena or goes in a circle.
fn emptied_pools(image: &MemoryImage, arena: &Arena, free_list: Address, handed_out: u32) -> Option<u64> {
    let rules = arena.rules;
    let mut set = 0_u64;
    let mut pool = free_list;
    while !pool.is_null() {
        let distance = pool.since(arena.first_pool);
        let number = distance / rules.pool_bytes;
        if !distance.is_multiple_of(rules.pool_bytes) || number >= u64::from(handed_out) || set >> number & 1 == 1 {
            return None;
        }
        set |= 1 << number;
        pool = image.pointer_at(pool.offset(rules.pool_header.nextpool as u64))?;
    }
    Some(set)
}

/// A pool's bytes; pages that were never touched are zero.
fn pool_memory(image: &MemoryImage, address: Address, bytes: u64) -> Option<Cow<'_, [u8]>> {
    if let Some(whole) = image.bytes(address, bytes as usize) {
        return Some(Cow::Borrowed(whole));
    }
    if bytes <= PAGE_BYTES {
        return None;
    }
    let mut memory = Vec::with_capacity(bytes as usize);
    for page in 0..bytes / PAGE_BYTES {
        match image.bytes(address.offset(page * PAGE_BYTES), PAGE_BYTES as usize) {
            Some(there) => memory.extend_from_slice(there),
            None => memory.resize(memory.len() + PAGE_BYTES as usize, 0),
        }
    }
    Some(Cow::Owned(memory))
}

fn decode_pool(
    image: &MemoryImage,
    arena: &Arena,
    position: u32,
    address: Address,
    listed_empty: bool,
    damage: &mut Damage,
) -> Pool {
    let rules = arena.rules;
    let mut pool = Pool {
        rules,
        address,
        flat: 0,
        arena: position,
        usage: PoolUse::Unknown,
        block_bytes: 0,
        size_class: 0,
        live_blocks: 0,
        free_blocks: 0,
        untouched_blocks: 0,
        allocated: [0; BITMAP_WORDS],
    };
    let Some(flat) = image.locate(address) else {
        note(&mut damage.not_copied, address);
        return pool;
    };
    let Some(page) = pool_memory(image, address, rules.pool_bytes) else {
        note(&mut damage.not_copied, address);
        return pool;
    };
    let page = page.as_ref();
    pool.flat = flat;
    let count = half_at(page, rules.pool_header.count as u64);
    if listed_empty || count == 0 {
        // An emptied pool keeps its old header until it is set up again.
        pool.usage = PoolUse::Emptied;
        if listed_empty != (count == 0) {
            note(&mut damage.inconsistent, address);
        }
        return pool;
    }
    let next_offset = half_at(page, rules.pool_header.nextoffset as u64);
    let Some(block_bytes) = block_bytes_of(rules, page).filter(|bytes| {
        let capacity = rules.blocks_per_pool(*bytes);
        count <= capacity
            && next_offset >= rules.pool_header_bytes
            && (next_offset - rules.pool_header_bytes).is_multiple_of(*bytes)
            && (next_offset - rules.pool_header_bytes) / bytes <= capacity
            && half_at(page, rules.pool_header.arenaindex as u64) == arena.index
    }) else {
        note(&mut damage.inconsistent, address);
        return pool;
    };
    let carved = (next_offset - rules.pool_header_bytes) / block_bytes;
    let capacity = rules.blocks_per_pool(block_bytes);
    pool.usage = PoolUse::InUse;
    pool.block_bytes = block_bytes as u16;
    pool.size_class = half_at(page, rules.pool_header.szidx as u64) as u8;
    pool.untouched_blocks = (capacity - carved) as u16;
    fill(&mut pool.allocated, carved);
    let is_whole = unmark_free(&mut pool, page, carved);
    let live: u32 = pool.allocated.iter().map(|word| word.count_ones()).sum();
    pool.live_blocks = live as u16;
    pool.free_blocks = (carved - live) as u16;
    if !is_whole || live != count {
        note(&mut damage.free_lists, address);
    }
    pool
}

/// The block size a pool header states, where size class and alignment agree with it.
pub(super) fn block_bytes_of(rules: &Obmalloc, page: &[u8]) -> Option<u32> {
    let size_class = half_at(page, rules.pool_header.szidx as u64);
    let block_bytes = (rules.pool_bytes as u32).checked_sub(half_at(page, rules.pool_header.maxnextoffset as u64))?;
    let classes = size_class.checked_add(1)?;
    let agrees = (rules.alignments.first().copied().unwrap_or(8)..=rules.block_bytes_max).contains(&block_bytes)
        && rules.alignments.iter().any(|alignment| classes.checked_mul(*alignment) == Some(block_bytes));
    agrees.then_some(block_bytes)
}

fn fill(bitmap: &mut [u64; BITMAP_WORDS], blocks: u32) {
    for (position, word) in bitmap.iter_mut().enumerate() {
        let from = position as u32 * 64;
        *word = match blocks.saturating_sub(from) {
            0 => 0,
            64.. => u64::MAX,
            some => (1 << some) - 1,
        };
    }
}

/// Walks the linked free blocks and takes them out of the bitmap. False when the list is broken.
fn unmark_free(pool: &mut Pool, page: &[u8], carved: u32) -> bool {
    let rules = pool.rules;
    let block_bytes = u64::from(pool.block_bytes);
    let mut block = read_word(page, rules.pool_header.freeblock);
    // Each step clears a bit that was set, so the walk ends after `carved` steps at the latest.
    while block != 0 {
        let Some(inside) = block.wrapping_sub(pool.address.0).checked_sub(u64::from(rules.pool_header_bytes)) else {
            return false;
        };
        let index = inside / block_bytes;
        if inside % block_bytes != 0 || index >= u64::from(carved) || !pool.is_allocated(index as u32) {
            return false;
        }
        if let Some(bits) = pool.allocated.get_mut(index as usize / 64) {
            *bits &= !(1 << (index % 64));
        }
        block = read_word(page, (inside + u64::from(rules.pool_header_bytes)) as usize);
    }
    true
}

impl Damage {
    fn report(self, problems: &mut Vec<LayoutProblem>) {
        let Self { inconsistent, not_copied, free_lists, free_pools } = self;
        if let (pools @ 1.., first) = inconsistent {
            problems.push(LayoutProblem::PoolsInconsistent { pools, first });
        }
        if let (pools @ 1.., first) = not_copied {
            problems.push(LayoutProblem::PoolsNotCopied { pools, first });
        }
        if let (pools @ 1.., first) = free_lists {
            problems.push(LayoutProblem::FreeListsBroken { pools, first });
        }
        if let (arenas @ 1.., first) = free_pools {
            problems.push(LayoutProblem::FreePoolListsBroken { arenas, first });
        }
    }
}
