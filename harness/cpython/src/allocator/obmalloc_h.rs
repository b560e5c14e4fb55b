//! Sizes and offsets of `Objects/obmalloc.c`, CPython 2.7 on 64-bit machines. Offsets in bytes.

/// `ARENA_SIZE`.
pub const ARENA_BYTES: u64 = 256 << 10;
/// `POOL_SIZE`.
pub const POOL_BYTES: u64 = 4096;
/// `POOL_OVERHEAD`: `sizeof(struct pool_header)`, a multiple of both alignments.
pub const POOL_HEADER_BYTES: u32 = 48;
/// `SMALL_REQUEST_THRESHOLD`: the largest block.
pub const BLOCK_BYTES_MAX: u32 = 512;
/// The smaller of the two alignments in use (8 in older releases, 16 in 2.7.18): the smallest block.
pub const BLOCK_BYTES_MIN: u32 = 8;
/// Pools an arena holds at most.
pub const POOLS_PER_ARENA: u32 = (ARENA_BYTES / POOL_BYTES) as u32;
/// Blocks a pool holds at most: 8-byte blocks.
pub const BLOCKS_PER_POOL_MAX: u32 = (POOL_BYTES as u32 - POOL_HEADER_BYTES) / BLOCK_BYTES_MIN;

/// `sizeof(struct arena_object)`.
pub const ARENA_OBJECT_BYTES: u64 = 48;

/// `struct arena_object`.
pub mod arena_object {
    /// `uptr address`; 0 in an unused entry.
    pub const ADDRESS: usize = 0;
    /// `block *pool_address`: the next pool never used so far.
    pub const POOL_ADDRESS: usize = 8;
    /// `uint nfreepools`: emptied and untouched ones.
    pub const NFREEPOOLS: usize = 16;
    /// `uint ntotalpools`.
    pub const NTOTALPOOLS: usize = 20;
    /// `struct pool_header *freepools`: emptied ones.
    pub const FREEPOOLS: usize = 24;
}

/// `struct pool_header`.
pub mod pool_header {
    /// `ref.count`: allocated blocks.
    pub const COUNT: usize = 0;
    /// `block *freeblock`: first of the linked free blocks.
    pub const FREEBLOCK: usize = 8;
    /// `struct pool_header *nextpool`.
    pub const NEXTPOOL: usize = 16;
    /// `uint arenaindex`: index into `arenas`.
    pub const ARENAINDEX: usize = 32;
    /// `uint szidx`: size class.
    pub const SZIDX: usize = 36;
    /// `uint nextoffset`: where the untouched tail begins.
    pub const NEXTOFFSET: usize = 40;
    /// `uint maxnextoffset`: last value of `nextoffset` that still is a whole block; pool size less block size.
    pub const MAXNEXTOFFSET: usize = 44;
}

const _: () = assert!(POOLS_PER_ARENA == 64 && BLOCKS_PER_POOL_MAX == 506);
