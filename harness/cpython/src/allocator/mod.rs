//! Where the target's memory goes: pymalloc's arenas, int and float blocks, glibc's chunks, and every resident page.
//!
//! [`PymallocMap`] is the base of the object decoder as well: it says which blocks are allocated, in address order.

mod category;
mod census;
mod layout;
mod malloc;
mod mappings;
mod native;
mod numbers;
mod occupancy;
mod own;
mod picture;
mod present;
mod problem;
mod pymalloc;
mod rss;

pub use category::RssCategory;
pub use census::{ArenaBytes, ArenaCensus, ArenaUse, BlockJudge, BlockUse, SizeClassUse};
pub use layout::{HeldBlock, MemoryLayout, locate_arenas};
pub use malloc::{ChunkState, HeapSegment, MallocChunk, MallocMap, MallocTotals, SegmentKind};
pub use numbers::{NumberBlock, NumberBlocks, NumberKind, NumberTotals, NumberTypes};
pub use occupancy::{Occupancy, Occupant};
pub use own::OwnMemory;
pub use picture::MemoryPicture;
pub use problem::LayoutProblem;
pub use pymalloc::{Arena, ArenaArray, Block, Pool, PoolUse, PymallocMap, find_arena_array};
pub use rss::{RssAccount, RssInput, TypeBytes};
