//! What tests need and the product must not share: the writer of synthetic CPython images, which has its own idea of
//! the layout, the finder of a real Python 2.7, the guard of processes, and the ordinary user who repeats a test.

mod allocator;
mod elf;
mod heap;
mod objects;
mod ordinary;
mod owned;
mod python27;
mod python3;
mod reads;
mod service;

pub use allocator::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};
pub use elf::{CorePiece, write_core, write_module};
pub use heap::{HeapImage, HeapWriter};
pub use objects::small_heap;
pub use ordinary::{again_as_an_ordinary_user, brought_packages};
pub use owned::Owned;
pub use python3::{PYTHON3_VARIABLE, REQUIRE_PYTHON3, python3};
pub use python27::{PYTHON_VARIABLE, REQUIRE_LIVE, cannot, live_required, python27, skip};
pub use reads::wait_until_it_reads;
pub use service::service_heap;
