//! What of pymalloc's and of malloc's memory is needed, beside the objects in it.

use std::ops::Range;

use bloathound_heap::{HeapSnapshot, ObjectId};
use bloathound_memory::Address;

use super::objects::Outside;
use super::{Marker, WORD};
use crate::Interpreter;
use crate::allocator::{ChunkState, MallocChunk, MemoryLayout, Occupant, Pool, PoolUse, SegmentKind};

/// `prev_size` and `size` of a chunk.
const SIZE_AT: u64 = 8;
/// The chunk before is in use, and its caller has this chunk's first word.
const PREV_INUSE: u64 = 1;

/// The stretches that the allocators manage, sorted.
pub(super) fn managed_ranges(layout: &MemoryLayout) -> Vec<Range<Address>> {
    let arenas = layout.pymalloc.arenas().iter().map(|arena| arena.address..arena.end());
    let segments = layout.malloc.segments().iter().map(|segment| segment.range.clone());
    let mut ranges: Vec<Range<Address>> = arenas.chain(segments).collect();
    ranges.sort_by_key(|range| range.start);
    ranges
}

impl Marker<'_> {
    /// Headers, links of free blocks, and what of blocks that are no objects tells something.
    pub(super) fn arenas(&mut self, snapshot: &HeapSnapshot, interpreter: &Interpreter, layout: &MemoryLayout) {
        let d = self.d;
        let mut outside = Outside::new(self.image, interpreter);
        for (pool, position) in layout.pymalloc.pools().iter().zip(0_u32..) {
            self.keep(pool.address, u64::from(self.d.obmalloc.pool_header_bytes));
            match pool.usage {
                PoolUse::Emptied => {}
                PoolUse::Unknown => self.keep_telling(pool.address, self.d.obmalloc.pool_bytes),
                PoolUse::InUse => self.blocks(pool, |marker, index| {
                    let at = pool.block_address(index);
                    match layout.occupancy.block(position, index) {
                        // Its object is kept for itself.
                        Occupant::Object(_) => {}
                        Occupant::Storage(owner) if outside.is_known(marker.image, snapshot, owner) => {
                            // Its first words decide whether it is taken for an object.
                            let head = d.collector.head_bytes + d.header_bytes();
                            let first = u64::from(pool.block_bytes).min(head + d.object.bytes);
                            marker.no_object(at, first, &mut outside);
                        }
                        _ => marker.no_object(at, u64::from(pool.block_bytes), &mut outside),
                    }
                }),
            }
        }
        // What was taken for a type once is to be taken for one again, if it is a dead one too.
        self.types_met(&outside);
    }

    /// Calls `allocated` for each allocated block and keeps the link in each free one.
    fn blocks(&mut self, pool: &Pool, mut allocated: impl FnMut(&mut Self, u32)) {
        let carved = pool.capacity_blocks().saturating_sub(u32::from(pool.untouched_blocks));
        for index in 0..carved {
            match pool.is_allocated(index) {
                true => allocated(self, index),
                false => self.keep(pool.block_address(index), WORD as u64),
            }
        }
    }

    /// A block of C code, of an object's storage, or a dead object on a free list: whether it is taken for an object depends
    /// on the count before what may be its type, and on the collector's count.
    fn no_object(&mut self, at: Address, bytes: u64, outside: &mut Outside) {
        let d = self.d;
        self.keep_telling(at, bytes);
        for head in [0, d.collector.head_bytes, d.header_bytes(), d.header_bytes() + d.collector.head_bytes] {
            let type_at = self.image.pointer_at(at.offset(head + d.object.ob_type));
            let has_room = bytes >= head + d.object.bytes;
            if has_room && type_at.is_some_and(|type_at| outside.is_type(self.image, type_at)) {
                self.keep_unless_text(at.offset(head));
                self.keep_unless_text(at.offset(d.collector.gc_refs));
            }
        }
    }

    fn keep_unless_text(&mut self, at: Address) {
        let is_text = |byte: u8| byte == 0 || byte.is_ascii_graphic() || byte == b' ';
        if self.image.u64_at(at).is_some_and(|word| !word.to_le_bytes().into_iter().all(is_text)) {
            self.keep(at, WORD as u64);
        }
    }

    /// Size words, and what of chunks that are no objects tells something.
    pub(super) fn chunks(&mut self, snapshot: &HeapSnapshot, interpreter: &Interpreter, layout: &MemoryLayout) {
        let mut outside = Outside::new(self.image, interpreter);
        for segment in layout.malloc.segments() {
            let chunks = layout.malloc.chunks_of(segment);
            if segment.kind == SegmentKind::Thread
                && let Some(first) = chunks.first()
            {
                // A thread's heap begins with its own administration: numbers and addresses.
                self.keep(segment.range.start, first.address.since(segment.range.start));
            }
            for (chunk, position) in chunks.iter().zip(segment.chunks.clone()) {
                self.chunk_header(chunk);
                let user = chunk.user_address();
                match (chunk.state, layout.occupancy.chunk(position)) {
                    (ChunkState::Free | ChunkState::Top | ChunkState::Fencepost, _) => {}
                    (ChunkState::Cached, _) => self.keep(user, WORD as u64),
                    (_, Occupant::Object(_)) => {}
                    (_, Occupant::Storage(owner)) if outside.is_known(self.image, snapshot, owner) => {}
                    // The caller has the next chunk's first word too.
                    (_, _) => self.keep_telling(user, chunk.end().since(user) + SIZE_AT),
                }
            }
            self.keep_telling(segment.walked_to, segment.range.end.since(segment.walked_to));
        }
        for block in layout.numbers.blocks() {
            // The numbers are objects; free entries may never have been anything but links.
            self.keep_telling(block.address, self.d.number_blocks.block_bytes());
        }
    }

    fn chunk_header(&mut self, chunk: &MallocChunk) {
        let size_at = chunk.address.offset(SIZE_AT);
        self.keep(size_at, WORD as u64);
        // A free chunk repeats its size here; one in use has its caller's last word here.
        if self.image.u64_at(size_at).is_some_and(|size| size & PREV_INUSE == 0) {
            self.keep(chunk.address, WORD as u64);
        }
    }
}

impl Outside {
    /// True when what the object keeps outside itself is marked item by item.
    fn is_known(&mut self, image: &bloathound_memory::MemoryImage, snapshot: &HeapSnapshot, owner: ObjectId) -> bool {
        let at = Address(snapshot.object(owner).address);
        self.keeps_items(image, at)
    }
}
