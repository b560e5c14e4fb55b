//! Walks glibc's chunks from size word to size word.

use std::ops::Range;

use bloathound_memory::{Address, MemoryImage, MemorySource, PAGE_BYTES, Region, RegionKind};

use super::glibc_h::{
    CHUNK_ALIGN, CHUNK_BYTES_MIN, FLAG_BITS, HEAP_BYTES_MAX, IS_MMAPPED, PREV_INUSE, SIZE, STATE_BYTES_AFTER_TOP,
    heap_info,
};
use super::{ChunkState, HeapSegment, MallocChunk, MallocMap, SegmentKind};
use crate::allocator::present::runs_within;
use crate::allocator::{LayoutProblem, PymallocMap};

/// How far into the brk heap its first chunk may be.
const FIRST_CHUNK_SEARCH_BYTES: u64 = 4096;
/// Chunks in a row that a start must lead to before it is believed.
const CONVINCING_CHUNKS: usize = 4;

/// Names in a mapped library's file name that tell of another allocator.
const OTHER_ALLOCATORS: [&str; 6] = ["ld-musl", "libc.musl", "jemalloc", "tcmalloc", "mimalloc", "libhoard"];

impl MallocMap {
    /// Finds and walks everything glibc's malloc manages. Arenas of pymalloc are taken out first: some releases get
    /// them from malloc's own mappings.
    #[must_use]
    pub fn decode(image: &MemoryImage, pymalloc: &PymallocMap) -> (Self, Vec<LayoutProblem>) {
        let mut problems = Vec::new();
        let mut map = Self::default();
        if let Some(name) = other_allocator(image.regions()) {
            problems.push(LayoutProblem::AllocatorNotRecognised { name: name.clone() });
            map.other_allocator = Some(name);
            return (map, problems);
        }
        let mut parts = Vec::new();
        match main_heap(image.regions()) {
            Some(range) => parts.extend(walk_main(image, range, &mut problems)),
            None => problems.push(LayoutProblem::NoMainHeap),
        }
        parts.extend(thread_heaps(image, &mut problems));
        let taken: Vec<Range<Address>> = {
            let mut taken: Vec<_> = parts.iter().map(|part| part.range.clone()).collect();
            taken.extend(pymalloc.arenas().iter().map(|a| a.address..a.end()));
            taken.sort_by_key(|range| range.start);
            taken
        };
        parts.extend(mmapped_chunks(image, &taken));
        parts.sort_by_key(|part| part.range.start);
        for part in parts {
            let first = map.chunks.len() as u32;
            map.chunks.extend(part.chunks);
            map.segments.push(HeapSegment {
                kind: part.kind,
                range: part.range,
                chunks: first..map.chunks.len() as u32,
                walked_to: part.walked_to,
            });
        }
        map.index_pages();
        super::lists::mark_cached(image, &mut map, &mut problems);
        (map, problems)
    }
}

/// A segment and its chunks, before they are joined.
struct Part {
    kind: SegmentKind,
    range: Range<Address>,
    chunks: Vec<MallocChunk>,
    walked_to: Address,
}

fn other_allocator(regions: &[Region]) -> Option<String> {
    // A library, not a file that is called like one.
    let has_code = |path: &str| regions.iter().any(|one| one.permissions.execute && one.path() == Some(path));
    regions.iter().filter_map(Region::path).find_map(|path| {
        let file = path.rsplit('/').next().unwrap_or(path);
        OTHER_ALLOCATORS.iter().find(|name| file.contains(*name) && has_code(path)).map(|_| file.to_owned())
    })
}

fn main_heap(regions: &[Region]) -> Option<Range<Address>> {
    let mut heaps = regions.iter().filter(|region| region.kind == RegionKind::Heap);
    let first = heaps.next()?;
    // A changed protection splits the mapping; the heap goes on.
    let end = heaps.fold(first.end, |end, region| if region.start == end { region.end } else { end });
    Some(first.start..end)
}

fn walk_main(image: &MemoryImage, range: Range<Address>, problems: &mut Vec<LayoutProblem>) -> Option<Part> {
    let start = (0..FIRST_CHUNK_SEARCH_BYTES / CHUNK_ALIGN)
        .map(|step| range.start.offset(step * CHUNK_ALIGN))
        .find(|start| is_convincing(image, *start, range.end));
    let Some(start) = start else {
        problems.push(LayoutProblem::AllocatorNotRecognised {
            name: "the heap does not begin with a chain of glibc chunks".into(),
        });
        return None;
    };
    Some(finish_walk(image, SegmentKind::Main, range, start, problems))
}

fn finish_walk(
    image: &MemoryImage,
    kind: SegmentKind,
    range: Range<Address>,
    start: Address,
    problems: &mut Vec<LayoutProblem>,
) -> Part {
    let (chunks, walked_to) = walk(image, start, range.end, usize::MAX);
    if walked_to != range.end {
        problems.push(LayoutProblem::ChunkChainBroken { at: walked_to, bytes: range.end.since(walked_to) });
    }
    Part { kind, range, chunks, walked_to }
}

fn is_convincing(image: &MemoryImage, start: Address, end: Address) -> bool {
    let (chunks, walked_to) = walk(image, start, end, CONVINCING_CHUNKS);
    chunks.len() >= CONVINCING_CHUNKS || (walked_to == end && !chunks.is_empty())
}

/// Chunks from `start` on, at most `limit`, and how far they reach.
fn walk(image: &MemoryImage, start: Address, end: Address, limit: usize) -> (Vec<MallocChunk>, Address) {
    let mut chunks: Vec<MallocChunk> = Vec::new();
    let mut at = start;
    while at < end && chunks.len() < limit {
        let Some(word) = image.u64_at(at.offset(SIZE)) else {
            break;
        };
        let bytes = word & !FLAG_BITS;
        if bytes < CHUNK_ALIGN || !bytes.is_multiple_of(CHUNK_ALIGN) || bytes > end.since(at) || word & IS_MMAPPED != 0
        {
            break;
        }
        if word & PREV_INUSE == 0
            && let Some(before) = chunks.last_mut()
        {
            // A free chunk repeats its size at its end; where it does not, the chain was left before.
            if image.u64_at(at) != Some(before.bytes()) {
                break;
            }
            before.state = ChunkState::Free;
        }
        let state = match () {
            () if bytes < CHUNK_BYTES_MIN => ChunkState::Fencepost,
            () if bytes == end.since(at) => ChunkState::Top,
            () => ChunkState::Live,
        };
        let Some(chunk) = MallocChunk::new(at, bytes, state) else {
            break;
        };
        chunks.push(chunk);
        at = at.offset(bytes);
    }
    (chunks, at)
}

fn is_anonymous_writable(region: &Region) -> bool {
    let is_anonymous = match &region.kind {
        RegionKind::Anonymous => true,
        RegionKind::Special(name) => name.starts_with("[anon"),
        _ => false,
    };
    is_anonymous && region.is_private_writable()
}

fn thread_heaps(image: &MemoryImage, problems: &mut Vec<LayoutProblem>) -> Vec<Part> {
    let mut parts = Vec::new();
    for region in image.regions().iter().filter(|r| is_anonymous_writable(r)) {
        // Boundaries without a copied page can't be heaps, so go by the copied runs.
        for (run, pages) in runs_within(image, region.start..region.end) {
            let run_end = run.offset(u64::from(pages) * PAGE_BYTES);
            let mut start = Address(run.0.next_multiple_of(HEAP_BYTES_MAX));
            while start < run_end {
                parts.extend(thread_heap(image, start, region.end, problems));
                start = start.offset(HEAP_BYTES_MAX);
            }
        }
    }
    parts
}

fn thread_heap(
    image: &MemoryImage,
    start: Address,
    region_end: Address,
    problems: &mut Vec<LayoutProblem>,
) -> Option<Part> {
    let arena = image.pointer_at(start.offset(heap_info::AR_PTR))?;
    let previous = image.pointer_at(start.offset(heap_info::PREV))?;
    let bytes = image.u64_at(start.offset(heap_info::SIZE))?;
    let end = start.offset(bytes);
    if bytes == 0 || !bytes.is_multiple_of(PAGE_BYTES) || bytes > HEAP_BYTES_MAX || end > region_end {
        return None;
    }
    let starts: Vec<Address> = if previous.is_null() {
        let header = arena.since(start);
        if !heap_info::BYTES.contains(&header) {
            return None;
        }
        let state_end = |after_top: u64| arena.offset(96 + after_top);
        STATE_BYTES_AFTER_TOP
            .step_by(8)
            .map(|after_top| Address(state_end(after_top).0.next_multiple_of(CHUNK_ALIGN)))
            .collect()
    } else {
        heap_info::BYTES.iter().map(|b| start.offset(*b)).collect()
    };
    let first = starts.into_iter().find(|first| is_convincing(image, *first, end))?;
    Some(finish_walk(image, SegmentKind::Thread, start..end, first, problems))
}

fn mmapped_chunks(image: &MemoryImage, taken: &[Range<Address>]) -> Vec<Part> {
    let mut parts = Vec::new();
    for region in image.regions().iter().filter(|r| is_anonymous_writable(r)) {
        let mut at = region.start;
        for (run, pages) in runs_within(image, region.start..region.end) {
            let run_end = run.offset(u64::from(pages) * PAGE_BYTES);
            at = at.max(run);
            while at < run_end {
                let before = taken.partition_point(|range| range.end <= at);
                let next_taken = taken.get(before);
                if let Some(range) = next_taken.filter(|range| range.start <= at) {
                    at = range.end;
                    continue;
                }
                let gap_end = next_taken.map_or(region.end, |r| r.start.min(region.end));
                match mmapped_chunk(image, at, gap_end) {
                    Some(part) => {
                        at = part.range.end;
                        parts.push(part);
                    }
                    None => at = at.offset(PAGE_BYTES).page_start(),
                }
            }
        }
    }
    parts
}

fn mmapped_chunk(image: &MemoryImage, at: Address, gap_end: Address) -> Option<Part> {
    let word = image.u64_at(at.offset(SIZE))?;
    let bytes = word & !FLAG_BITS;
    // `prev_size` is the distance to the mapping's start: 0 except after `memalign`.
    let is_chunk = word & FLAG_BITS == IS_MMAPPED
        && bytes >= PAGE_BYTES
        && bytes.is_multiple_of(PAGE_BYTES)
        && bytes <= gap_end.since(at)
        && image.u64_at(at) == Some(0);
    let chunk = is_chunk.then(|| MallocChunk::new(at, bytes, ChunkState::Mmapped))??;
    Some(Part { kind: SegmentKind::Mmapped, range: at..chunk.end(), walked_to: chunk.end(), chunks: vec![chunk] })
}
