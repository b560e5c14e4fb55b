//! Sizes and offsets of glibc's `malloc/malloc.c` and `malloc/arena.c`, 64-bit. Offsets in bytes.

/// `MALLOC_ALIGNMENT`: chunks start and end on it.
pub const CHUNK_ALIGN: u64 = 16;
/// `prev_size` and `size` stand before the memory a caller gets.
pub const CHUNK_HEADER_BYTES: u64 = 16;
/// Where the size word is in a chunk.
pub const SIZE: u64 = 8;
/// `MINSIZE`: the smallest real chunk; what is smaller is a fencepost.
pub const CHUNK_BYTES_MIN: u64 = 32;
/// `PREV_INUSE`, `IS_MMAPPED` and `NON_MAIN_ARENA`.
pub const FLAG_BITS: u64 = 7;
/// The chunk before is in use.
pub const PREV_INUSE: u64 = 1;
/// The chunk is a mapping of its own.
pub const IS_MMAPPED: u64 = 2;

/// `HEAP_MAX_SIZE`: heaps of other arenas than the main one are aligned on it.
pub const HEAP_BYTES_MAX: u64 = 64 << 20;

/// `struct _heap_info` at the start of such a heap.
pub mod heap_info {
    /// `mstate ar_ptr`.
    pub const AR_PTR: u64 = 0;
    /// `struct _heap_info *prev`; NULL in an arena's first heap.
    pub const PREV: u64 = 8;
    /// `size_t size`.
    pub const SIZE: u64 = 16;
    /// `sizeof`: 32 up to glibc 2.34, 48 since (`pagesize` was added), with room for one more field.
    pub const BYTES: [u64; 3] = [32, 48, 64];
}

/// `NFASTBINS`.
pub const FASTBINS: u64 = 10;
/// `NBINS` less the unused bin 0.
pub const BINS: u64 = 127;
/// `struct malloc_state`: bytes from `fastbinsY` to `top`.
pub const FASTBINS_BEFORE_TOP: u64 = FASTBINS * 8;
/// Smallest and largest `sizeof(struct malloc_state)` of 2.17 to 2.43, less the bytes before `top`.
pub const STATE_BYTES_AFTER_TOP: std::ops::RangeInclusive<u64> = 2080..=2144;

/// `tcache_perthread_struct` by the size of its chunk.
#[derive(Clone, Copy, Debug)]
pub struct TcacheShape {
    /// Size of the chunk it is in.
    pub chunk_bytes: u64,
    /// Number of bins.
    pub bins: u64,
    /// Bytes of one count.
    pub count_bytes: u64,
    /// True when counts say how many more may come (2.42), not how many are there.
    pub counts_free_slots: bool,
}

/// glibc 2.26 to 2.29, 2.30 to 2.41, and 2.42 on.
pub const TCACHES: [TcacheShape; 3] = [
    TcacheShape { chunk_bytes: 0x250, bins: 64, count_bytes: 1, counts_free_slots: false },
    TcacheShape { chunk_bytes: 0x290, bins: 64, count_bytes: 2, counts_free_slots: false },
    TcacheShape { chunk_bytes: 0x300, bins: 76, count_bytes: 2, counts_free_slots: true },
];
