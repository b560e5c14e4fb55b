//! Iterators that a call into C consumes: no frame and no variable shows them, but the heap does.
//!
//! `sum(xrange(10 ** 9))` and a regular expression that backtracks look the same from Python: one call that lasts. The
//! first gets on, and the position of the iterator it keeps to itself tells so.

use std::collections::{BTreeMap, HashMap};

use bloathound_memory::{Address, MemorySource, Region, RegionKind};

use super::memory::Memory;
use super::types::Kind;
use super::values::Values;
use crate::objects::{word_at, words};

/// Bytes of the target that are searched at most; a quarter of a second's reading.
const SEARCHED_BYTES_MAX: u64 = 1 << 30;
/// Bytes read at once.
const CHUNK_BYTES: u64 = 1 << 18;
/// Iterators watched at most.
const ITERATORS_MAX: usize = 1 << 14;
/// Bytes of static data that are searched for types.
const TYPE_DATA_MAX: u64 = 1 << 23;

/// An iterator found, with the offset of its position.
#[derive(Clone, Debug)]
pub(super) struct FoundIterator {
    name: String,
    type_at: Address,
    offset: u64,
    position: u64,
}

/// The built-in iterators there are. `frame_type` is any built-in type: the others lie around it.
pub(super) fn iterators(
    source: &dyn MemorySource,
    memory: &Memory<'_>,
    values: &mut Values,
    frame_type: Address,
) -> BTreeMap<Address, FoundIterator> {
    let mut found = BTreeMap::new();
    let Some(data) = source.regions().iter().find(|region| region.contains(frame_type)) else {
        return found;
    };
    let types = iterator_types(memory, values, data, frame_type);
    let mut left = SEARCHED_BYTES_MAX;
    let heap = source.regions().iter().filter(|region| {
        region.is_private_writable() && matches!(region.kind, RegionKind::Heap | RegionKind::Anonymous)
    });
    for region in heap {
        let mut at = region.start;
        while at < region.end && left > 0 && found.len() < ITERATORS_MAX {
            let len = CHUNK_BYTES.min(region.end.since(at));
            left = left.saturating_sub(len);
            // Pages never touched, or given back meanwhile, hold no iterator.
            if let Some(bytes) = memory.bytes(at, len, CHUNK_BYTES as usize) {
                search(&bytes, at, &types, &mut found);
            }
            at = at.offset(len);
        }
    }
    found
}

/// Types of iterators in static data, with the offset of the position.
fn iterator_types(
    memory: &Memory<'_>,
    values: &mut Values,
    data: &Region,
    frame_type: Address,
) -> HashMap<u64, (String, u64)> {
    let d = memory.d;
    let mut types = HashMap::new();
    let Some(type_type) = memory.word(frame_type.offset(d.object.ob_type)) else {
        return types;
    };
    let Some(bytes) = memory.bytes(data.start, data.len_bytes().min(TYPE_DATA_MAX), TYPE_DATA_MAX as usize) else {
        return types;
    };
    for (index, word) in words(&bytes).enumerate().skip(1) {
        let at = data.start.offset(8 * (index as u64 - 1));
        if word == type_type
            && let Some(info) = values.types.get(memory, at)
            && let Kind::Iterator(offset) = info.kind
        {
            types.insert(at.0, (info.name.to_string(), offset));
        }
    }
    types
}

fn search(
    bytes: &[u8],
    start: Address,
    types: &HashMap<u64, (String, u64)>,
    found: &mut BTreeMap<Address, FoundIterator>,
) {
    let (Some(lowest), Some(highest)) = (types.keys().min(), types.keys().max()) else {
        return;
    };
    for (index, word) in words(bytes).enumerate().skip(1) {
        if word < *lowest || word > *highest {
            continue;
        }
        if let Some((name, offset)) = types.get(&word) {
            let at = 8 * (index as u64 - 1);
            let references = word_at(bytes, at);
            if references > 0 && references < 1 << 32 {
                let position = word_at(bytes, at + offset);
                let seen = FoundIterator { name: name.clone(), type_at: Address(word), offset: *offset, position };
                found.insert(start.offset(at), seen);
            }
        }
    }
}

/// Names of those iterators whose position is another by now.
pub(super) fn moved(memory: &Memory<'_>, iterators: &BTreeMap<Address, FoundIterator>) -> Vec<String> {
    let d = memory.d;
    let has_moved = |address: Address, seen: &FoundIterator| {
        memory.pointer(address.offset(d.object.ob_type)) == Some(seen.type_at)
            && memory.word(address.offset(seen.offset)).is_some_and(|position| position != seen.position)
    };
    let mut names: Vec<String> = iterators
        .iter()
        .filter(|(address, seen)| has_moved(**address, seen))
        .map(|(_, seen)| seen.name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
