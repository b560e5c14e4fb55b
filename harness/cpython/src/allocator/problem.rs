//! What of the allocators' memory could not be read or contradicts itself.

use bloathound_memory::Address;

/// What a walk over the allocators' structures could not read or does not believe.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LayoutProblem {
    /// The array of arenas is not in the image, or ends early.
    #[error("the array of {entries} arenas at {address} is readable for {readable} entries only")]
    ArenaArrayUnreadable {
        /// Where it should begin.
        address: Address,
        /// `maxarenas`.
        entries: u32,
        /// Entries that were there.
        readable: u32,
    },
    /// An arena contradicts itself, or overlaps another one; it was left out.
    #[error("arena {index} at {address} was left out: {reason}")]
    ArenaRefused {
        /// Index into the array.
        index: u32,
        /// What it says its address is.
        address: Address,
        /// Which check failed.
        reason: &'static str,
    },
    /// Pools whose header contradicts itself; their blocks are unknown and count as allocated bytes.
    #[error("{pools} pools have an inconsistent header, the first at {first}")]
    PoolsInconsistent {
        /// How many.
        pools: u64,
        /// The first of them.
        first: Address,
    },
    /// Pools in use whose page was not copied.
    #[error("{pools} pools in use were not copied, the first at {first}")]
    PoolsNotCopied {
        /// How many.
        pools: u64,
        /// The first of them.
        first: Address,
    },
    /// Pools whose list of free blocks leaves the pool, goes round in a circle or has another length than the header says.
    #[error("{pools} pools have a broken list of free blocks, the first at {first}")]
    FreeListsBroken {
        /// How many.
        pools: u64,
        /// The first of them.
        first: Address,
    },
    /// Arenas whose list of emptied pools is broken; the count of blocks in each pool decides instead.
    #[error("{arenas} arenas have a broken list of free pools, the first at {first}")]
    FreePoolListsBroken {
        /// How many.
        arenas: u64,
        /// The first of them.
        first: Address,
    },
    /// The C library's allocator is not glibc's (musl, jemalloc, …): its heap can't be told into held and free.
    #[error("the C heap is not glibc's as we know it ({name}): what of it is held can't be told from what is free")]
    AllocatorNotRecognised {
        /// What gave it away.
        name: String,
    },
    /// There is no `[heap]` mapping.
    #[error("the target has no [heap] mapping: glibc's main heap was not found")]
    NoMainHeap,
    /// A size word makes no sense; what follows in this heap is not explained.
    #[error("the chain of malloc chunks breaks at {at}; {bytes} bytes after it are not explained")]
    ChunkChainBroken {
        /// Where.
        at: Address,
        /// Bytes to the end of this heap.
        bytes: u64,
    },
    /// glibc's `main_arena` was not found.
    #[error("glibc's main_arena was not found: freed chunks in its fastbins count as held")]
    MainArenaNotFound,
    /// Fastbins whose list leaves the heap.
    #[error("{bins} fastbins could not be followed: their chunks count as held")]
    FastbinsUnreadable {
        /// How many.
        bins: u32,
    },
    /// Blocks of int or float objects that contradict themselves.
    #[error("the list of number blocks that begins at {list} breaks after {blocks} blocks")]
    NumberBlocksBroken {
        /// The variable `block_list`.
        list: Address,
        /// Blocks that could be read.
        blocks: u64,
    },
}
