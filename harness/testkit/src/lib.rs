//! What tests need and the product must not share: the writer of synthetic CPython images, which has its own idea of
//! the layout, the finder of a real Python 2.7, and the guard of processes.

mod allocator;
mod elf;
mod heap;
mod objects;
mod owned;
mod python27;

pub use allocator::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
pub use elf::{CorePiece, write_core, write_module};
pub use heap::{HeapImage, HeapWriter};
pub use objects::small_heap;
pub use owned::Owned;
pub use python27::{PYTHON_VARIABLE, REQUIRE_LIVE, cannot, live_required, python27, skip};
