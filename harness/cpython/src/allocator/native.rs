//! Memory of C code that belongs to objects: an array's data, a tree of a C library, a compressor's window.

use std::collections::HashMap;

use bloathound_heap::{HeapSnapshot, ObjectId, TypeInfo};
use bloathound_memory::{Address, MemoryImage, MemorySource, Region};

use super::{MallocChunk, MallocMap, Occupancy, Occupant, PymallocMap};
use crate::dialect::{Dialect, SingledOut};

/// Chunks below this count whole; of larger ones only the pages that are there.
const WHOLE_BYTES_MAX: u64 = 1 << 20;
/// Where an object's size counts memory outside it, what allocators round up is this at most, beyond as much again.
const ROUNDING_BYTES: u64 = 4096;

/// The bytes of blocks and chunks that objects lead to and that are in no object's own size, by object. A chunk that several
/// lead to is one's: that of the one which the others refer to.
pub(super) fn native_bytes(
    image: &MemoryImage,
    snapshot: &HeapSnapshot,
    d: &'static Dialect,
    (pymalloc, malloc, occupancy): (&PymallocMap, &MallocMap, &Occupancy),
) -> Vec<(ObjectId, u64)> {
    let mut storage = vec![0_u64; snapshot.len()];
    let mut add = |occupant: Occupant, bytes: u64| {
        if let Occupant::Storage(id) = occupant
            && let Some(sum) = storage.get_mut(id.index())
        {
            *sum += bytes;
        }
    };
    for (pool, position) in pymalloc.pools().iter().zip(0_u32..) {
        // From inside: an iterator of iterators that is asked for one after the other takes a fifth more.
        pool.allocated_indices().for_each(|index| add(occupancy.block(position, index), u64::from(pool.block_bytes)));
    }
    for (chunk, position) in malloc.chunks().iter().zip(0_u32..) {
        if chunk.is_held() {
            add(occupancy.chunk(position), present(image, chunk));
        }
    }
    let counted = counted_outside(image, snapshot, d);
    let with_storage = snapshot.ids().zip(storage).filter(|(_, bytes)| *bytes > 0);
    let native = with_storage.map(|(id, bytes)| (id, counted(id).map_or(0, |counted| beyond(bytes, counted))));
    let mapped = mapped_bytes(image, snapshot, d);
    native.chain(mapped).filter(|(_, bytes)| *bytes > 0).collect()
}

/// What of the memory that objects map the machine keeps pages for: of a mapping that was not copied its share of what is
/// resident.
fn mapped_bytes(image: &MemoryImage, snapshot: &HeapSnapshot, d: &'static Dialect) -> Vec<(ObjectId, u64)> {
    let place = |info: &TypeInfo| {
        // The whole name is made only where its end fits: there are thousands of types.
        let is_meant = |known: &str| known.ends_with(&*info.name) && *known == *info.qualified_name();
        d.types.mappings.iter().find(|(known, ..)| is_meant(known)).map(|(_, at, length)| (*at, *length))
    };
    let places: Vec<Option<(u64, u64)>> = snapshot.types().iter().map(place).collect();
    if places.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mapped = snapshot.ids().filter_map(|id| {
        let (at, length) = places.get(snapshot.type_id(id).0 as usize).copied().flatten()?;
        let object = Address(snapshot.object(id).address);
        let start = image.pointer_at(object.offset(at)).filter(|start| !start.is_null())?;
        let end = start.offset(image.u64_at(object.offset(length))?);
        Some((id, resident(image, start, end)))
    });
    mapped.collect()
}

fn resident(image: &MemoryImage, start: Address, end: Address) -> u64 {
    let regions = image.regions();
    let first = regions.partition_point(|region| region.end <= start);
    let overlapping = regions.get(first..).unwrap_or_default().iter().take_while(|region| region.start < end);
    let share = |region: &Region| {
        let both = region.end.min(end).since(region.start.max(start));
        let all = region.len_bytes().max(1);
        let rss = region.rss_bytes.unwrap_or(0).min(all);
        (u128::from(rss) * u128::from(both) / u128::from(all)) as u64
    };
    overlapping.map(share).sum::<u64>().max(image.present_bytes(start, end.since(start)))
}

/// Which of `wanted`, by their addresses, the memory points at that objects keep outside themselves: C code holds them there,
/// for who keeps that memory.
pub(super) fn in_storage(
    image: &MemoryImage,
    (pymalloc, malloc, occupancy): (&PymallocMap, &MallocMap, &Occupancy),
    wanted: &HashMap<u64, ObjectId>,
) -> Vec<ObjectId> {
    let is_storage = |occupant: Occupant| matches!(occupant, Occupant::Storage(_));
    let mut found = Vec::new();
    let mut read = |start: Address, bytes: u64| {
        let words = image.bytes(start, bytes as usize).unwrap_or_default().chunks_exact(8);
        let words = words.filter_map(|word| word.try_into().ok()).map(u64::from_le_bytes);
        // Some keep a flag in the lowest bit: no object is at an odd address.
        found.extend(words.filter_map(|word| wanted.get(&(word & !1)).copied()));
    };
    for (pool, position) in pymalloc.pools().iter().zip(0_u32..) {
        let storage = pool.allocated_indices().filter(|index| is_storage(occupancy.block(position, *index)));
        storage.for_each(|index| read(pool.block_address(index), u64::from(pool.block_bytes)));
    }
    for (chunk, position) in malloc.chunks().iter().zip(0_u32..) {
        if chunk.is_held() && is_storage(occupancy.chunk(position)) {
            let header = chunk.user_address().since(chunk.address) / 2;
            read(chunk.user_address(), chunk.bytes().saturating_sub(2 * header).min(WHOLE_BYTES_MAX));
        }
    }
    found
}

/// What of the chunk the machine keeps pages for, without its header.
pub(super) fn present(image: &MemoryImage, chunk: &MallocChunk) -> u64 {
    let header = chunk.user_address().since(chunk.address) / 2;
    match chunk.bytes() {
        bytes if bytes < WHOLE_BYTES_MAX => bytes.saturating_sub(header),
        bytes => image.present_bytes(chunk.address, bytes),
    }
}

/// What an object's size does not count of the memory outside it.
fn beyond(storage: u64, counted: u64) -> u64 {
    match counted {
        0 => storage,
        _ if storage > counted.saturating_mul(2).saturating_add(ROUNDING_BYTES) => storage - counted,
        _ => 0,
    }
}

/// How many bytes outside itself an object's own size counts; none for what is no part of any program's doing: code and
/// classes.
fn counted_outside<'a>(
    image: &'a MemoryImage,
    snapshot: &'a HeapSnapshot,
    d: &'static Dialect,
) -> impl Fn(ObjectId) -> Option<u64> + 'a {
    let types: Vec<Option<(u64, u64)>> = snapshot
        .types()
        .iter()
        .map(|info| {
            let at = Address(snapshot.object(info.object?).address);
            let word = |offset: u64| image.u64_at(at.offset(offset));
            let flags = word(d.type_object.tp_flags)?;
            if flags & d.flags.type_subclass != 0
                || (!info.is_heap_type && d.types.singled_out(&info.name) == Some(SingledOut::Code))
            {
                return None;
            }
            let head = if flags & d.flags.have_gc != 0 { d.collector.head_bytes } else { 0 };
            Some((word(d.type_object.tp_basicsize)?.saturating_add(head), word(d.type_object.tp_itemsize)?))
        })
        .collect();
    move |id| {
        let record = snapshot.object(id);
        let (inline, itemsize) = types.get(record.type_id.0 as usize).copied().flatten()?;
        let items = match itemsize {
            0 => 0,
            _ => {
                let length = image.u64_at(Address(record.address).offset(d.object.ob_size))?;
                itemsize.saturating_mul(length.cast_signed().unsigned_abs())
            }
        };
        Some(record.shallow_size.saturating_sub(inline).saturating_sub(items))
    }
}
