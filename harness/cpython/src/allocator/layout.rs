//! Everything about where the memory goes, from one copy.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use bloathound_heap::{BitSet, HeapSnapshot, ObjectId};
use bloathound_memory::{Address, MemoryImage};

use super::census::BlockUse;
use super::native::{in_storage, native_bytes};
use super::{
    ArenaCensus, BlockJudge, LayoutProblem, MallocMap, NumberBlocks, NumberTypes, Occupancy, Occupant, OwnMemory,
    PymallocMap, RssAccount, RssInput, find_arena_array,
};
use crate::Interpreter;
use crate::dialect::{AllocatorState, Dialect};

/// The allocators of a target, and who holds what they handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryLayout {
    /// How they are laid out.
    pub dialect: &'static Dialect,
    /// pymalloc's arenas.
    pub pymalloc: PymallocMap,
    /// glibc's chunks.
    pub malloc: MallocMap,
    /// Int and float blocks.
    pub numbers: NumberBlocks,
    /// Who is in each block and chunk.
    pub occupancy: Occupancy,
    /// Memory of the interpreter's own.
    pub own: OwnMemory,
    /// What could not be read.
    pub problems: Vec<LayoutProblem>,
}

/// pymalloc's arenas: by the interpreter's variables where they are known, by the array's shape in `data_ranges` (the
/// interpreter's `.data` and `.bss`) where not. `None` where neither leads to an arena.
pub fn locate_arenas(
    image: &MemoryImage,
    interpreter: &Interpreter,
    data_ranges: &[Range<Address>],
) -> Option<(PymallocMap, Vec<LayoutProblem>)> {
    match interpreter.dialect.allocator_state {
        AllocatorState::Symbols => arenas_by_symbols(image, interpreter, data_ranges),
        AllocatorState::Embedded { offset } => {
            let state = interpreter.interpreter_state.unwrap_or_default();
            arenas_of_state(image, interpreter.dialect, state.offset(offset))
        }
        AllocatorState::Pointer { offset } => {
            let state = interpreter.interpreter_state.unwrap_or_default();
            let allocator = image.pointer_at(state.offset(offset)).unwrap_or_default();
            arenas_of_state(image, interpreter.dialect, allocator)
        }
    }
}

/// By the allocator's own state.
fn arenas_of_state(
    image: &MemoryImage,
    d: &'static Dialect,
    state: Address,
) -> Option<(PymallocMap, Vec<LayoutProblem>)> {
    let (arenas, maxarenas) = d.runtime?.arenas;
    let entries = image.pointer_at(state.offset(arenas)).filter(|entries| !entries.is_null())?;
    let (map, problems) = PymallocMap::decode(&d.obmalloc, image, entries, image.u32_at(state.offset(maxarenas))?);
    (!map.arenas().is_empty()).then_some((map, problems))
}

fn arenas_by_symbols(
    image: &MemoryImage,
    interpreter: &Interpreter,
    data_ranges: &[Range<Address>],
) -> Option<(PymallocMap, Vec<LayoutProblem>)> {
    let by_symbol = interpreter.arenas.zip(interpreter.maxarenas).and_then(|(arenas, maxarenas)| {
        let (map, problems) = PymallocMap::decode(
            &interpreter.dialect.obmalloc,
            image,
            image.pointer_at(arenas)?,
            image.u32_at(maxarenas)?,
        );
        (!map.arenas().is_empty()).then_some((map, problems))
    });
    by_symbol.or_else(|| {
        let found = find_arena_array(&interpreter.dialect.obmalloc, image, data_ranges)?;
        Some(PymallocMap::decode(&interpreter.dialect.obmalloc, image, found.entries, found.max_arenas))
    })
}

/// A block of an arena that stays after a full collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldBlock {
    /// Position of its arena.
    pub arena: u32,
    /// Its length.
    pub bytes: u32,
    /// What it is.
    pub usage: BlockUse,
    /// It is not the object itself but memory the object keeps outside itself.
    pub is_storage: bool,
}

impl MemoryLayout {
    /// Decodes the allocators and finds who holds what. `pymalloc` comes from [`locate_arenas`], with its problems.
    #[must_use]
    pub fn new(
        image: &MemoryImage,
        interpreter: &Interpreter,
        snapshot: &HeapSnapshot,
        pymalloc: PymallocMap,
        problems: Vec<LayoutProblem>,
    ) -> Self {
        let malloc = MallocMap::decode(image, &pymalloc);
        Self::with_malloc(image, interpreter, snapshot, (pymalloc, malloc), problems)
    }

    /// The same where glibc's chunks were decoded already, by [`MallocMap::decode`]: that needs no objects.
    #[must_use]
    pub fn with_malloc(
        image: &MemoryImage,
        interpreter: &Interpreter,
        snapshot: &HeapSnapshot,
        (pymalloc, (malloc, more)): (PymallocMap, (MallocMap, Vec<LayoutProblem>)),
        mut problems: Vec<LayoutProblem>,
    ) -> Self {
        problems.extend(more);
        let types = NumberTypes { int: built_in(snapshot, "int"), float: built_in(snapshot, "float") };
        let (numbers, more) =
            NumberBlocks::decode(interpreter.dialect, image, &interpreter.number_block_lists, types, &malloc);
        problems.extend(more);
        let occupancy = Occupancy::new(interpreter.dialect, image, snapshot, &pymalloc, &malloc, &numbers);
        let own = OwnMemory::find(image, interpreter);
        Self { dialect: interpreter.dialect, pymalloc, malloc, numbers, occupancy, own, problems }
    }

    /// Tells live from garbage; `garbage` is what the replayed collector found awaiting collection.
    #[must_use]
    pub fn judge<'a>(
        &'a self,
        image: &'a MemoryImage,
        snapshot: &HeapSnapshot,
        garbage: Option<&'a BitSet>,
    ) -> BlockJudge<'a> {
        BlockJudge::new(self.dialect, image, snapshot, &self.occupancy, garbage)
    }

    /// Memory of C code that belongs to objects, and that `sys.getsizeof` does not count.
    #[must_use]
    pub fn native_bytes(&self, image: &MemoryImage, snapshot: &HeapSnapshot) -> Vec<(ObjectId, u64)> {
        native_bytes(image, snapshot, self.dialect, (&self.pymalloc, &self.malloc, &self.occupancy))
    }

    /// Which of `wanted`, by their addresses, are pointed at by memory that objects keep outside themselves.
    #[must_use]
    pub fn in_storage(&self, image: &MemoryImage, wanted: &HashMap<u64, ObjectId>) -> Vec<ObjectId> {
        in_storage(image, (&self.pymalloc, &self.malloc, &self.occupancy), wanted)
    }

    /// Sizes of the chunks that no object explains, as their callers see them, and how many there are, most bytes first.
    #[must_use]
    pub fn unexplained_chunks(&self, rows_max: usize) -> Vec<(u64, u64)> {
        let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
        for (chunk, position) in self.malloc.chunks().iter().zip(0_u32..) {
            let is_known = self.numbers.block_containing(chunk.user_address()).is_some();
            if chunk.is_held() && !is_known && self.occupancy.chunk(position) == Occupant::Nobody {
                *sizes.entry(chunk.end().since(chunk.user_address())).or_default() += 1;
            }
        }
        let mut rows: Vec<(u64, u64)> = sizes.into_iter().collect();
        rows.sort_by_key(|(size, count)| (std::cmp::Reverse(size.saturating_mul(*count)), *size));
        rows.truncate(rows_max);
        rows
    }

    /// What each arena holds.
    #[must_use]
    pub fn census(&self, judge: &BlockJudge<'_>) -> ArenaCensus {
        ArenaCensus::new(&self.pymalloc, judge)
    }

    /// The account of resident memory.
    #[must_use]
    pub fn rss(&self, image: &MemoryImage, snapshot: &HeapSnapshot, judge: &BlockJudge<'_>) -> RssAccount {
        RssAccount::new(&RssInput {
            image,
            snapshot,
            judge,
            pymalloc: &self.pymalloc,
            malloc: &self.malloc,
            numbers: &self.numbers,
            own: &self.own,
        })
    }

    /// The blocks that stay after a full collection, sorted by address, of the arenas that `of` names by their position.
    pub fn held_blocks<'a>(
        &'a self,
        judge: &'a BlockJudge<'a>,
        of: impl Fn(u32) -> bool + 'a,
    ) -> impl Iterator<Item = HeldBlock> + 'a {
        let pools = self.pymalloc.pools().iter().zip(0_u32..).filter(move |(pool, _)| of(pool.arena));
        pools.flat_map(move |(pool, position)| {
            pool.allocated_indices().filter_map(move |index| {
                let usage = judge.block(pool, position, index);
                let is_held = !matches!(usage, BlockUse::Garbage(_) | BlockUse::KeptUntilCollection);
                is_held.then(|| HeldBlock {
                    arena: pool.arena,
                    bytes: u32::from(pool.block_bytes),
                    usage,
                    is_storage: self.occupancy.is_storage(position, index),
                })
            })
        })
    }
}

/// Address of a built-in type object; null where the heap has none of it.
fn built_in(snapshot: &HeapSnapshot, name: &str) -> Address {
    snapshot
        .types()
        .iter()
        .filter(|info| !info.is_heap_type && info.name == name)
        .find_map(|info| info.object)
        .map_or(Address::NULL, |id| Address(snapshot.object(id).address))
}
