//! Writes synthetic CPython images; shares no layout code with the decoder.

mod allocator;
mod elf;
mod heap;
mod objects;

pub use allocator::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
pub use elf::{CorePiece, write_core, write_module};
pub use heap::{HeapImage, HeapWriter};
pub use objects::small_heap;
