//! Sizes and offsets of pymalloc (`Objects/obmalloc.c`), and of the blocks that numbers live in.

/// Words of a pool's bitmap, enough in every series: for the 1021 blocks of 16 bytes that a pool of 16 KiB has room for.
pub const BITMAP_WORDS: usize = 16;

/// What pymalloc's memory looks like. Offsets in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Obmalloc {
    /// `ARENA_SIZE`.
    pub arena_bytes: u64,
    /// `POOL_SIZE`.
    pub pool_bytes: u64,
    /// `POOL_OVERHEAD`: `sizeof(struct pool_header)`, a multiple of all alignments.
    pub pool_header_bytes: u32,
    /// `SMALL_REQUEST_THRESHOLD`: the largest block.
    pub block_bytes_max: u32,
    /// The alignments in use: block sizes of class *n* are *n* + 1 times one of these. The first is the smallest block.
    pub alignments: &'static [u32],
    /// `INITIAL_ARENA_OBJECTS`: the array of arenas starts with so many entries and doubles.
    pub arenas_initial: u32,
    /// `struct arena_object`.
    pub arena_object: ArenaObject,
    /// `struct pool_header`.
    pub pool_header: PoolHeader,
}

impl Obmalloc {
    /// Pools an arena holds at most.
    #[must_use]
    pub const fn pools_per_arena(&self) -> u32 {
        (self.arena_bytes / self.pool_bytes) as u32
    }

    /// Blocks of `bytes` that a pool holds.
    #[inline]
    #[must_use]
    pub const fn blocks_per_pool(&self, bytes: u32) -> u32 {
        (self.pool_bytes as u32 - self.pool_header_bytes) / bytes
    }
}

/// `struct arena_object`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArenaObject {
    /// `sizeof`.
    pub bytes: u64,
    /// `uptr address`; 0 in an unused entry.
    pub address: usize,
    /// `block *pool_address`: the next pool never used so far.
    pub pool_address: usize,
    /// `uint nfreepools`: emptied and untouched ones.
    pub nfreepools: usize,
    /// `uint ntotalpools`.
    pub ntotalpools: usize,
    /// `struct pool_header *freepools`: emptied ones.
    pub freepools: usize,
}

/// `struct pool_header`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolHeader {
    /// `ref.count`: allocated blocks.
    pub count: usize,
    /// `block *freeblock`: first of the linked free blocks.
    pub freeblock: usize,
    /// `struct pool_header *nextpool`.
    pub nextpool: usize,
    /// `uint arenaindex`: index into `arenas`.
    pub arenaindex: usize,
    /// `uint szidx`: size class.
    pub szidx: usize,
    /// `uint nextoffset`: where the untouched tail begins.
    pub nextoffset: usize,
    /// `uint maxnextoffset`: last value of `nextoffset` that still is a whole block; pool size less block size.
    pub maxnextoffset: usize,
}
