//! Writes synthetic CPython images; shares no layout code with the decoder.

mod allocator;

pub use allocator::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
