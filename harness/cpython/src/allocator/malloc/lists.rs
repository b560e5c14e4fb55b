//! Chunks that look held but are not: thread caches (`tcache`) and fastbins.

use std::ops::Range;

use bloathound_memory::{Address, MemoryImage, MemorySource, RegionKind};

use super::glibc_h::{
    BINS, CHUNK_ALIGN, CHUNK_BYTES_MIN, CHUNK_HEADER_BYTES, FASTBINS, FASTBINS_BEFORE_TOP, TCACHES, TcacheShape,
};
use super::{ChunkState, MallocMap, SegmentKind};
use crate::allocator::LayoutProblem;
use crate::allocator::present::runs_within;

/// Links followed at most, as a multiple of the number of chunks: circular lists can't make the search long.
const LINKS_PER_CHUNK: usize = 8;
/// Bins that must be empty or lead into the heap before a `malloc_state` is believed.
const BINS_CONVINCING: u64 = 120;
/// Offsets of `top` in `struct malloc_state`: since glibc 2.27, and before.
const TOP_OFFSETS: [u64; 2] = [96, 88];

/// Marks what caches and fastbins hold. Links are mangled with their own address since glibc 2.32; both readings are tried.
pub(super) fn mark_cached(image: &MemoryImage, map: &mut MallocMap, problems: &mut Vec<LayoutProblem>) {
    let mut links_left = map.chunks.len() * LINKS_PER_CHUNK;
    let tcaches = find_tcaches(image, map, &mut links_left);
    for chunk in &tcaches {
        if let Some(chunk) = map.chunks.get_mut(*chunk as usize) {
            chunk.state = ChunkState::Cached;
        }
    }
    let tops = find_tops(image, map);
    let main_exists = map.segments.iter().any(|s| s.kind == SegmentKind::Main);
    if main_exists && tops.is_empty() {
        problems.push(LayoutProblem::MainArenaNotFound);
    }
    map.free_lists_known = !tops.is_empty();
    let mut broken = 0;
    for top in tops {
        for bin in 0..FASTBINS {
            let head = top.back(FASTBINS_BEFORE_TOP).offset(bin * 8);
            let bytes = CHUNK_BYTES_MIN + bin * CHUNK_ALIGN;
            match fastbin(image, map, head, bytes, &mut links_left) {
                Some(chunks) => chunks.into_iter().for_each(|position| {
                    if let Some(chunk) = map.chunks.get_mut(position as usize) {
                        chunk.state = ChunkState::Cached;
                    }
                }),
                None => broken += 1,
            }
        }
    }
    if broken > 0 {
        problems.push(LayoutProblem::FastbinsUnreadable { bins: broken });
    }
}

/// How a link is stored.
#[derive(Clone, Copy)]
enum Link {
    Mangled,
    Plain,
}

impl Link {
    fn read(self, image: &MemoryImage, at: Address) -> Option<Address> {
        let raw = image.u64_at(at)?;
        Some(match self {
            Self::Mangled => Address(raw ^ (at.0 >> 12)),
            Self::Plain => Address(raw),
        })
    }
}

/// A list of live chunks of `bytes` each, from the *user* address `first` on; `None` when it leads anywhere else.
fn follow(
    image: &MemoryImage,
    map: &MallocMap,
    first: Address,
    bytes: u64,
    link: Link,
    links_left: &mut usize,
) -> Option<Vec<u32>> {
    let mut chunks = Vec::new();
    let mut at = first;
    while !at.is_null() {
        let position = map.chunk_of_user(at)?;
        let chunk = map.chunks.get(position as usize)?;
        if chunk.bytes() != bytes || chunk.state != ChunkState::Live || chunks.first() == Some(&position) {
            return None;
        }
        *links_left = links_left.checked_sub(1)?;
        chunks.push(position);
        at = link.read(image, at)?;
    }
    Some(chunks)
}

fn find_tcaches(image: &MemoryImage, map: &MallocMap, links_left: &mut usize) -> Vec<u32> {
    let mut cached = Vec::new();
    for chunk in map.chunks.iter().filter(|c| c.state == ChunkState::Live) {
        let Some(shape) = TCACHES.iter().find(|s| s.chunk_bytes == chunk.bytes()) else {
            continue;
        };
        for link in [Link::Mangled, Link::Plain] {
            if let Some(found) = tcache(image, map, chunk.user_address(), shape, link, links_left) {
                cached.extend(found);
                break;
            }
        }
    }
    cached
}

/// Everything one thread cache holds; `None` when this is no thread cache.
fn tcache(
    image: &MemoryImage,
    map: &MallocMap,
    user: Address,
    shape: &TcacheShape,
    link: Link,
    links_left: &mut usize,
) -> Option<Vec<u32>> {
    let entries = user.offset((shape.bins * shape.count_bytes).next_multiple_of(8));
    let mut all = Vec::new();
    for bin in 0..shape.bins {
        let count_at = user.offset(bin * shape.count_bytes);
        let count = image
            .bytes(count_at, shape.count_bytes as usize)?
            .iter()
            .rev()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let first = image.pointer_at(entries.offset(bin * 8))?;
        if !shape.counts_free_slots && first.is_null() != (count == 0) {
            return None;
        }
        if first.is_null() {
            continue;
        }
        let bytes = match bin < 64 {
            true => CHUNK_BYTES_MIN + bin * CHUNK_ALIGN,
            // Bins of large chunks (since 2.42) hold mixed sizes.
            false => map.chunks.get(map.chunk_of_user(first)? as usize).map(super::MallocChunk::bytes)?,
        };
        let chunks = follow(image, map, first, bytes, link, links_left)?;
        if !shape.counts_free_slots && chunks.len() != count {
            return None;
        }
        all.extend(chunks);
    }
    (!all.is_empty()).then_some(all)
}

/// Addresses of the field `top` of all arenas: the main arena's by its shape in libc's data, the others' in their heaps.
fn find_tops(image: &MemoryImage, map: &MallocMap) -> Vec<Address> {
    let mut tops = Vec::new();
    for segment in &map.segments {
        let Some(top) = map.chunks_of(segment).last().filter(|chunk| chunk.state == ChunkState::Top) else {
            continue;
        };
        match segment.kind {
            SegmentKind::Main => tops.extend(search_top(image, map, top.address)),
            SegmentKind::Thread => {
                let state = image.pointer_at(segment.range.start);
                tops.extend(
                    TOP_OFFSETS
                        .iter()
                        .filter_map(|offset| state.map(|s| s.offset(*offset)))
                        .find(|at| image.pointer_at(*at) == Some(top.address)),
                );
            }
            SegmentKind::Mmapped => {}
        }
    }
    tops
}

/// Searches the libraries' data for a word that is `top` with a `malloc_state` around it.
fn search_top(image: &MemoryImage, map: &MallocMap, top: Address) -> Option<Address> {
    let libraries = image
        .regions()
        .iter()
        .filter(|region| region.is_private_writable() && matches!(region.kind, RegionKind::File { .. }));
    let pattern = top.0.to_le_bytes();
    for region in libraries {
        for (start, pages) in runs_within(image, region.start..region.end) {
            let len = pages as usize * bloathound_memory::PAGE_BYTES as usize;
            let bytes = image.bytes(start, len)?;
            let hit = bytes
                .chunks_exact(8)
                .enumerate()
                .filter(|(_, word)| *word == pattern)
                .map(|(index, _)| start.offset(index as u64 * 8))
                .find(|at| has_bins(image, map, *at));
            if hit.is_some() {
                return hit;
            }
        }
    }
    None
}

/// True when the 127 bins after `top` are empty (point at themselves) or lead into the heap.
fn has_bins(image: &MemoryImage, map: &MallocMap, top: Address) -> bool {
    let heap: Option<Range<Address>> =
        map.segments.iter().find(|s| s.kind == SegmentKind::Main).map(|s| s.range.clone());
    let good = (0..BINS)
        .filter(|bin| {
            // A bin's header is laid so that its links are where a chunk's would be: two words on.
            let header = top.offset(bin * 16);
            [0, 8].iter().all(|link| {
                image
                    .pointer_at(header.offset(CHUNK_HEADER_BYTES + link))
                    .is_some_and(|to| to == header || heap.as_ref().is_some_and(|range| range.contains(&to)))
            })
        })
        .count() as u64;
    good >= BINS_CONVINCING
}

fn fastbin(
    image: &MemoryImage,
    map: &MallocMap,
    head: Address,
    bytes: u64,
    links_left: &mut usize,
) -> Option<Vec<u32>> {
    let first = image.pointer_at(head)?;
    if first.is_null() {
        return Some(Vec::new());
    }
    // Fastbins link chunks, thread caches link what callers got.
    let to_user = |chunk: Address| match chunk {
        Address::NULL => chunk,
        _ => chunk.offset(CHUNK_HEADER_BYTES),
    };
    [Link::Mangled, Link::Plain].into_iter().find_map(|link| {
        let mut chunks = Vec::new();
        let mut at = to_user(first);
        while !at.is_null() {
            let position = map.chunk_of_user(at)?;
            let chunk = map.chunks.get(position as usize)?;
            if chunk.bytes() != bytes || chunks.first() == Some(&position) {
                return None;
            }
            *links_left = links_left.checked_sub(1)?;
            chunks.push(position);
            at = to_user(link.read(image, at)?);
        }
        Some(chunks)
    })
}
