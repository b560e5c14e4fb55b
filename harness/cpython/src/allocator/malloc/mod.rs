//! glibc's heap: its chunks, in address order, and what each of them is used for.

pub(super) mod glibc_h;
mod lists;
mod walk;

use std::ops::Range;

use bloathound_memory::Address;

use glibc_h::{CHUNK_ALIGN, CHUNK_HEADER_BYTES};

/// What a chunk is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum ChunkState {
    /// Somebody holds it.
    Live,
    /// Free, merged with free neighbours, in a bin.
    Free,
    /// Freed, kept by a thread's cache or in a fastbin; not merged.
    Cached,
    /// The end of a heap that was never cut up.
    Top,
    /// Marks the end of a heap that is not extended any more.
    Fencepost,
    /// A mapping of its own; held by somebody.
    Mmapped,
}

/// A chunk: 16 bytes of header and what the caller got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MallocChunk {
    /// Its header.
    pub address: Address,
    granules: u32,
    /// What it is used for.
    pub state: ChunkState,
}

impl MallocChunk {
    /// A chunk; `None` where the size is not one.
    pub(super) fn new(address: Address, bytes: u64, state: ChunkState) -> Option<Self> {
        Some(Self { address, granules: u32::try_from(bytes / CHUNK_ALIGN).ok()?, state })
    }

    /// Length, header included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.granules) * CHUNK_ALIGN
    }

    /// One past its last byte.
    #[must_use]
    pub fn end(&self) -> Address {
        self.address.offset(self.bytes())
    }

    /// What `malloc` returned.
    #[must_use]
    pub fn user_address(&self) -> Address {
        self.address.offset(CHUNK_HEADER_BYTES)
    }

    /// True when somebody holds it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.state, ChunkState::Live | ChunkState::Mmapped)
    }
}

/// What kind of memory a stretch of chunks is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SegmentKind {
    /// The main arena's, at the program break.
    Main,
    /// A heap of another arena (made for threads).
    Thread,
    /// One chunk with a mapping of its own.
    Mmapped,
}

/// A stretch of memory that malloc manages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapSegment {
    /// What kind.
    pub kind: SegmentKind,
    /// All of it, administration at its start included.
    pub range: Range<Address>,
    /// Where its chunks are in [`MallocMap::chunks`].
    pub chunks: Range<u32>,
    /// How far the chain of chunks could be followed; what is beyond is not explained.
    pub walked_to: Address,
}

/// Bytes of chunks by use, headers included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MallocTotals {
    /// Somebody holds them.
    pub held: u64,
    /// In bins.
    pub free: u64,
    /// In thread caches and fastbins.
    pub cached: u64,
    /// Ends of heaps.
    pub top: u64,
    /// Free and cached ones with a held one above them in the same heap: lowering the heap's end can't return them.
    pub free_below_held: u64,
}

/// All chunks of a target's C heap, sorted by address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MallocMap {
    pub(super) segments: Vec<HeapSegment>,
    pub(super) chunks: Vec<MallocChunk>,
    /// First chunk that ends above the start of each page of a segment, segment after segment.
    pub(super) page_index: Vec<u32>,
    /// Where each segment's pages begin in `page_index`; `None` where a search is better.
    pub(super) page_index_of: Vec<Option<u32>>,
    /// True when free lists outside the chunks' own marks (thread caches, fastbins) were found and followed.
    pub free_lists_known: bool,
    /// The library whose allocator the process uses instead of glibc's; then there is no chunk here.
    pub other_allocator: Option<String>,
}

impl MallocMap {
    /// The stretches, sorted by address.
    #[must_use]
    pub fn segments(&self) -> &[HeapSegment] {
        &self.segments
    }

    /// The stretches that begin in `range`.
    #[must_use]
    pub fn segments_from(&self, range: Range<Address>) -> &[HeapSegment] {
        let first = self.segments.partition_point(|segment| segment.range.start < range.start);
        let end = self.segments.partition_point(|segment| segment.range.start < range.end);
        self.segments.get(first..end).unwrap_or_default()
    }

    /// All chunks, sorted by address.
    #[must_use]
    pub fn chunks(&self) -> &[MallocChunk] {
        &self.chunks
    }

    /// The chunks of a segment.
    #[must_use]
    pub fn chunks_of(&self, segment: &HeapSegment) -> &[MallocChunk] {
        self.chunks.get(segment.chunks.start as usize..segment.chunks.end as usize).unwrap_or_default()
    }

    /// Totals over all chunks.
    #[must_use]
    pub fn totals(&self) -> MallocTotals {
        let mut totals = MallocTotals::default();
        for segment in &self.segments {
            let mut free_since_held = 0;
            for chunk in self.chunks_of(segment) {
                match chunk.state {
                    ChunkState::Live | ChunkState::Mmapped => {
                        totals.held += chunk.bytes();
                        totals.free_below_held += free_since_held;
                        free_since_held = 0;
                    }
                    ChunkState::Free => {
                        totals.free += chunk.bytes();
                        free_since_held += chunk.bytes();
                    }
                    ChunkState::Cached => {
                        totals.cached += chunk.bytes();
                        free_since_held += chunk.bytes();
                    }
                    ChunkState::Top => totals.top += chunk.bytes(),
                    ChunkState::Fencepost => {}
                }
            }
        }
        totals
    }

    /// The chunk that `address` is in, by position.
    #[inline]
    #[must_use]
    pub fn chunk_containing(&self, address: Address) -> Option<u32> {
        let position = self.segments.partition_point(|segment| segment.range.start <= address).checked_sub(1)?;
        let segment = self.segments.get(position)?;
        if address >= segment.walked_to {
            return None;
        }
        let (from, to) = self.search_range(position, segment, address)?;
        let after =
            self.chunks.get(from as usize..to as usize)?.partition_point(|chunk| chunk.address <= address) as u32;
        let found = (from + after).checked_sub(1)?;
        let chunk = self.chunks.get(found as usize)?;
        (found >= segment.chunks.start && address.since(chunk.address) < chunk.bytes()).then_some(found)
    }

    /// The chunk whose caller got exactly `address`, by position.
    #[inline]
    #[must_use]
    pub fn chunk_of_user(&self, address: Address) -> Option<u32> {
        let found = self.chunk_containing(address)?;
        (self.chunks.get(found as usize)?.user_address() == address).then_some(found)
    }

    fn search_range(&self, position: usize, segment: &HeapSegment, address: Address) -> Option<(u32, u32)> {
        let Some(base) = self.page_index_of.get(position).copied().flatten() else {
            return Some((segment.chunks.start, segment.chunks.end));
        };
        let page = address.since(segment.range.start.page_start()) / bloathound_memory::PAGE_BYTES;
        let entry = u64::from(base) + page;
        let from = *self.page_index.get(entry as usize)?;
        // Chunks that begin on this page end at the first one that reaches the next.
        let to = self
            .page_index
            .get(entry as usize + 1)
            .map_or(segment.chunks.end, |next| (next + 1).min(segment.chunks.end));
        Some((from, to.max(from)))
    }

    /// Makes the table of first chunks by page, for segments with about as many chunks as pages.
    pub(super) fn index_pages(&mut self) {
        for segment in &self.segments {
            let pages =
                segment.walked_to.since(segment.range.start.page_start()).div_ceil(bloathound_memory::PAGE_BYTES);
            let chunks = segment.chunks.len() as u64;
            if pages > chunks * 16 + 64 {
                self.page_index_of.push(None);
                continue;
            }
            self.page_index_of.push(Some(self.page_index.len() as u32));
            let mut next = segment.chunks.start;
            for page in 0..=pages {
                let start = segment.range.start.page_start().offset(page * bloathound_memory::PAGE_BYTES);
                while next + 1 < segment.chunks.end
                    && self.chunks.get(next as usize).is_some_and(|chunk| chunk.end() <= start)
                {
                    next += 1;
                }
                self.page_index.push(next);
            }
        }
    }
}
