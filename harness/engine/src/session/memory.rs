//! Where the memory of an examined process goes, in the form that the fragmentation rule takes.

use bloathound_cpython::allocator::{
    ArenaCensus, BlockJudge, BlockUse, ChunkState, MemoryLayout, Occupant, RssAccount,
};
use bloathound_detect::fragmentation::{
    ArenaFacts, ArenaLoad, HeldChunk, Holder, HolePin, PinLimits, PinningBlock, Pins, group_holes, group_pins, sparse,
};
use bloathound_heap::{BitSet, HeapSnapshot, PathFinder};
use bloathound_vocabulary::TypeRow;

use super::Duplicates;
use crate::source::Examined;

/// The arenas of one look.
#[derive(Debug)]
pub struct Arenas {
    /// What each arena holds.
    pub census: ArenaCensus,
    /// The same in the rule's numbers.
    pub facts: ArenaFacts,
}

impl Arenas {
    pub(super) fn new(layout: &MemoryLayout, judge: &BlockJudge<'_>) -> Self {
        let census = layout.census(judge);
        let facts = facts(layout, &census);
        Self { census, facts }
    }
}

/// What needs no more than the memory, the objects and what of them is garbage: no paths, and nobody who holds them.
pub(super) struct OfMemory {
    pub types: Vec<TypeRow>,
    pub arenas: Option<Arenas>,
    pub rss: RssAccount,
    pub duplicates: Vec<Duplicates>,
}

impl OfMemory {
    pub(super) fn compute(examined: &Examined, garbage: &BitSet) -> Self {
        let (layout, snapshot) = (&examined.layout, &examined.snapshot);
        let judge = layout.judge(&examined.image, snapshot, Some(garbage));
        Self {
            types: super::census(snapshot, |_| true),
            arenas: examined.pools.as_ref().map(|_| Arenas::new(layout, &judge)),
            rss: layout.rss(&examined.image, snapshot, &judge),
            duplicates: super::duplicates::find(examined),
        }
    }
}

fn facts(layout: &MemoryLayout, census: &ArenaCensus) -> ArenaFacts {
    let malloc = layout.malloc.totals();
    ArenaFacts {
        bytes_each: layout.pymalloc.rules().arena_bytes,
        arenas: census.arenas.len() as u64,
        pinned_arenas: census.arenas.iter().filter(|arena| arena.bytes.held() > 0).count() as u64,
        packed_arenas: census.packed_arenas,
        held_bytes: census.total.held(),
        garbage_bytes: census.total.garbage,
        free_pool_bytes: census.total.free_pools + census.total.untouched_pools,
        malloc_stranded_bytes: malloc.free_below_held,
        malloc_held_bytes: malloc.held,
        number_free_bytes: layout.numbers.free_bytes(),
    }
}

/// Who keeps the sparse arenas. `paths` names the owners.
pub(super) fn pins(
    layout: &MemoryLayout,
    judge: &BlockJudge<'_>,
    census: &ArenaCensus,
    snapshot: &HeapSnapshot,
    paths: &PathFinder<'_>,
) -> Pins {
    let bytes = layout.pymalloc.rules().arena_bytes;
    let load = |held_bytes| ArenaLoad { bytes, held_bytes };
    let loads: Vec<ArenaLoad> = census.arenas.iter().map(|arena| load(arena.bytes.held())).collect();
    let limits = PinLimits::default();
    let is_sparse = sparse(&loads, &limits);
    let of_sparse = |arena: u32| is_sparse.get(arena as usize).copied().unwrap_or(false);
    let held = layout.held_blocks(judge, of_sparse).map(|block| PinningBlock {
        arena: block.arena,
        bytes: block.bytes,
        holder: match block.usage {
            BlockUse::KeptForReuse | BlockUse::KeptUntilCollection => Holder::KeptForReuse,
            BlockUse::Unidentified => Holder::Unknown,
            BlockUse::Live(id) | BlockUse::Garbage(id) if block.is_storage => Holder::StorageOf(id),
            BlockUse::Live(id) | BlockUse::Garbage(id) => Holder::Object(id),
        },
    });
    let owner_of = |id| paths.labels_to(id).unwrap_or_default();
    group_pins(snapshot, &loads, held, &limits, owner_of)
}

/// Who is in the chunks right above the holes of the C heap. `paths` names the owners.
pub(super) fn holes(
    layout: &MemoryLayout,
    judge: &BlockJudge<'_>,
    snapshot: &HeapSnapshot,
    paths: &PathFinder<'_>,
) -> Vec<HolePin> {
    let mut held = Vec::new();
    for segment in layout.malloc.segments() {
        let mut free_below = 0;
        for (chunk, position) in layout.malloc.chunks_of(segment).iter().zip(segment.chunks.start..) {
            match chunk.state {
                ChunkState::Free | ChunkState::Cached => free_below += chunk.bytes(),
                ChunkState::Live | ChunkState::Mmapped => {
                    let holder = match judge.chunk(position).0 {
                        Occupant::Object(id) => Holder::Object(id),
                        Occupant::Storage(id) => Holder::StorageOf(id),
                        Occupant::Nobody => Holder::Unknown,
                    };
                    if free_below > 0 {
                        held.push(HeldChunk { bytes: chunk.bytes(), free_below, holder });
                    }
                    free_below = 0;
                }
                ChunkState::Top | ChunkState::Fencepost => {}
            }
        }
    }
    let owner_of = |id| paths.labels_to(id).unwrap_or_default();
    group_holes(snapshot, held, &PinLimits::default(), owner_of)
}
