//! Where the memory of an examined process goes, in the form that the fragmentation rule takes.

use bloathound_cpython::memory_layout::{ArenaCensus, BlockJudge, BlockUse, MemoryLayout, PymallocMap, RssAccount};
use bloathound_detect::fragmentation::{ArenaFacts, ArenaLoad, HeldBlock, Holder, PinLimits, Pins, group_pins};
use bloathound_heap::{BitSet, PathFinder};

use crate::examine::Examined;

/// The allocators of one look, told into what stays and what is garbage.
#[derive(Debug)]
pub struct MemoryView<'a> {
    examined: &'a Examined,
    garbage: &'a BitSet,
    /// pymalloc, malloc, numbers and who holds what.
    pub layout: MemoryLayout,
}

impl<'a> MemoryView<'a> {
    /// `garbage` is what the replayed collector would free. `None` where pymalloc's arenas are unknown.
    #[must_use]
    pub fn new(examined: &'a Examined, garbage: &'a BitSet) -> Option<Self> {
        let pools = examined.pools.clone()?;
        Some(Self::of(examined, garbage, pools))
    }

    /// The account of resident memory makes sense without arenas too; what is said of arenas does not.
    #[must_use]
    pub fn without_arenas(examined: &'a Examined, garbage: &'a BitSet) -> Self {
        Self::of(examined, garbage, PymallocMap::default())
    }

    fn of(examined: &'a Examined, garbage: &'a BitSet, pools: PymallocMap) -> Self {
        let layout = MemoryLayout::new(&examined.image, &examined.interpreter, &examined.snapshot, pools, Vec::new());
        Self { examined, garbage, layout }
    }

    /// Tells what blocks are used for.
    #[must_use]
    pub fn judge(&self) -> BlockJudge<'_> {
        self.layout.judge(&self.examined.image, &self.examined.snapshot, Some(self.garbage))
    }

    /// What each arena holds.
    #[must_use]
    pub fn census(&self) -> ArenaCensus {
        self.layout.census(&self.judge())
    }

    /// The arenas in the rule's numbers.
    #[must_use]
    pub fn facts(&self, census: &ArenaCensus) -> ArenaFacts {
        let malloc = self.layout.malloc.totals();
        ArenaFacts {
            arenas: census.arenas.len() as u64,
            pinned_arenas: census.arenas.iter().filter(|arena| arena.bytes.held() > 0).count() as u64,
            packed_arenas: census.packed_arenas,
            held_bytes: census.total.held(),
            garbage_bytes: census.total.garbage,
            free_pool_bytes: census.total.free_pools + census.total.untouched_pools,
            malloc_stranded_bytes: malloc.free_below_held,
            malloc_held_bytes: malloc.held,
            number_free_bytes: self.layout.numbers.free_bytes(),
        }
    }

    /// Who keeps the sparse arenas. `paths` names the owners.
    #[must_use]
    pub fn pins(&self, census: &ArenaCensus, paths: &PathFinder<'_>) -> Pins {
        let loads: Vec<ArenaLoad> =
            census.arenas.iter().map(|arena| ArenaLoad { held_bytes: arena.bytes.held() }).collect();
        let judge = self.judge();
        let held = self.layout.held_blocks(&judge).map(|block| HeldBlock {
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
        group_pins(&self.examined.snapshot, &loads, held, &PinLimits::default(), owner_of)
    }

    /// Every resident page in a named category.
    #[must_use]
    pub fn rss(&self) -> RssAccount {
        self.layout.rss(&self.examined.image, &self.examined.snapshot, &self.judge())
    }
}
