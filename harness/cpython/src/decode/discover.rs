//! First pass: where objects begin. The collector's lists, the type tree, the allocated blocks of all pools and the
//! blocks of numbers; what only a reference leads to is found in the second pass.

use bloathound_memory::{Address, MemoryImage};

use super::Decoder;
use super::marks::AddressMap;
use super::types::is_type_object;
use crate::allocator::PymallocMap;
use crate::layouts::listobject_h as list;
use crate::layouts::object_h as object;
use crate::layouts::objimpl_h as gc;
use crate::layouts::stringobject_h::NUMBER_BYTES;

/// `wr_object` of a weak reference (`Include/weakrefobject.h`).
pub(crate) const WR_OBJECT: u64 = 16;
/// `sizeof(struct _intblock)` and `_floatblock`: a link and 41 numbers.
const NUMBERS_PER_BLOCK: u64 = 41;

/// A tracked object's generation, by flat offset.
pub(crate) type TrackedAt = (u32, u8);

impl Decoder<'_> {
    /// Walks the three lists; returns each tracked object's place and generation.
    pub(crate) fn walk_gc_lists(&mut self) -> Vec<TrackedAt> {
        let mut tracked = Vec::new();
        let limit = self.image.flat().len() as u64 / (gc::GC_HEAD_BYTES + object::PYOBJECT_BYTES);
        let mut unreachable_refs = 0_u64;
        for generation in 0..gc::GENERATIONS as u8 {
            let head = self.interpreter.generations.offset(u64::from(generation) * self.interpreter.generation_stride);
            let mut prev = head;
            let mut walked = 0_u64;
            let mut node = self.image.pointer_at(head.offset(gc::GC_NEXT));
            while let Some(at) = node.filter(|at| *at != head) {
                let links = self.image.bytes(at, (gc::GC_HEAD_BYTES + object::PYOBJECT_BYTES) as usize);
                let Some(links) = links.filter(|_| at.is_aligned(8) && walked < limit) else {
                    self.broken_list(generation, walked);
                    break;
                };
                let word = |offset: u64| read_word(links, offset as usize);
                if word(gc::GC_PREV) != prev.0 {
                    self.builder.quality_mut().broken_links += 1;
                }
                if word(gc::GC_REFS) as i64 != gc::GC_REFS_REACHABLE {
                    unreachable_refs += 1;
                }
                let type_at = Address(word(gc::GC_HEAD_BYTES + object::OB_TYPE));
                let object_at = at.offset(gc::GC_HEAD_BYTES);
                if let (Some(_), Some(flat)) = (self.resolve(type_at), self.image.locate(object_at)) {
                    if !self.marks.mark(flat) {
                        // Met before: the list has come back on itself.
                        self.broken_list(generation, walked);
                        break;
                    }
                    tracked.push(((flat / 8) as u32, generation));
                } else {
                    self.builder.quality_mut().broken_links += 1;
                }
                walked += 1;
                prev = at;
                node = Some(Address(word(gc::GC_NEXT)));
            }
            if node.is_none() {
                self.broken_list(generation, walked);
            }
        }
        let flagged = self.interpreter.is_collecting(self.image);
        if flagged || unreachable_refs > 0 {
            self.builder.quality_mut().collection_in_progress = true;
            self.problem(format!(
                "a collection was in progress ({unreachable_refs} objects with scratch reference counts): the \
                 collector's lists are incomplete"
            ));
        }
        tracked
    }

    fn broken_list(&mut self, generation: u8, walked: u64) {
        self.builder.quality_mut().broken_links += 1;
        self.problem(format!("the list of generation {generation} breaks off after {walked} objects"));
    }

    /// Follows `tp_subclasses` from `object` down: every type that was ever made ready is in this tree.
    pub(crate) fn walk_type_tree(&mut self) {
        let mut seen = AddressMap::new();
        let mut pending = vec![self.interpreter.object_type, self.interpreter.type_type];
        while let Some(at) = pending.pop() {
            if seen.get(at.0).is_some() || self.resolve(at).is_none() {
                continue;
            }
            seen.insert(at.0, 0);
            if let Some(flat) = self.image.locate(at) {
                self.marks.mark(flat);
            }
            let Some(subclasses) = self.image.pointer_at(at.offset(object::TP_SUBCLASSES)) else { continue };
            let items = list_items(self.image, subclasses);
            if !self.budget.take(items.len() as u64) {
                break;
            }
            for weakref in items {
                if let Some(class) = self.image.pointer_at(weakref.offset(WR_OBJECT))
                    && is_type_object(self.image, class, self.interpreter.type_type)
                {
                    pending.push(class);
                }
            }
        }
    }

    /// Looks at every allocated block of every pool: is it an object, with or without a collector's head?
    pub(crate) fn sweep_pools(&mut self, pools: &PymallocMap) {
        for (block, len) in pools.allocated_blocks() {
            let Some(bytes) = self.image.bytes(block, len as usize) else { continue };
            let Some(flat) = self.image.locate(block) else { continue };
            if self.marks.is_marked(flat + gc::GC_HEAD_BYTES as usize) {
                continue;
            }
            match self.classify(bytes) {
                Block::Plain => {
                    self.marks.mark(flat);
                }
                Block::Headed => {
                    self.marks.mark(flat + gc::GC_HEAD_BYTES as usize);
                }
                Block::Dead => self.dead_blocks += 1,
                Block::Raw => self.builder.quality_mut().unidentified_blocks += 1,
            }
        }
        // What a collection takes apart is on no list that we know: only the objects themselves tell.
        if self.undecided > 0 && !self.builder.quality_mut().collection_in_progress {
            self.builder.quality_mut().collection_in_progress = true;
            self.problem(format!(
                "a collection was in progress ({} objects were about to be freed): the collector's lists are incomplete",
                self.undecided
            ));
        }
    }

    fn classify(&mut self, bytes: &[u8]) -> Block {
        let plain_type = Address(read_word(bytes, object::OB_TYPE as usize));
        if let Some(layout) = self.known_type(plain_type)
            && (!layout.is_gc || (layout.core == super::types::Core::Type && !layout.is_heap))
        {
            return if plausible_count(read_word(bytes, 0)) { Block::Plain } else { Block::Dead };
        }
        let head = gc::GC_HEAD_BYTES as usize;
        if bytes.len() < head + object::PYOBJECT_BYTES as usize {
            return Block::Raw;
        }
        let headed_type = Address(read_word(bytes, head + object::OB_TYPE as usize));
        let refs = read_word(bytes, gc::GC_REFS as usize) as i64;
        match self.known_type(headed_type) {
            Some(layout) if layout.is_gc && refs >= gc::GC_REFS_TENTATIVELY_UNREACHABLE => {
                if !plausible_count(read_word(bytes, head)) {
                    return Block::Dead;
                }
                if refs == gc::GC_REFS_TENTATIVELY_UNREACHABLE {
                    self.undecided += 1;
                }
                Block::Headed
            }
            _ => Block::Raw,
        }
    }

    /// The blocks that `int` and `float` objects live in are malloc chunks chained by their first word.
    pub(crate) fn sweep_number_blocks(&mut self) {
        // No more blocks than the image has room for: a chain that comes back on itself ends there.
        let blocks_max = self.image.flat().len() as u64 / (8 + NUMBERS_PER_BLOCK * NUMBER_BYTES) + 1;
        for variable in self.interpreter.number_block_lists.clone() {
            let mut block = self.image.pointer_at(variable).unwrap_or_default();
            for _ in 0..blocks_max {
                if block.is_null() || !block.is_aligned(8) {
                    break;
                }
                for index in 0..NUMBERS_PER_BLOCK {
                    let at = block.offset(8 + index * NUMBER_BYTES);
                    let (Some(count), Some(type_at), Some(flat)) = (
                        self.image.u64_at(at),
                        self.image.pointer_at(at.offset(object::OB_TYPE)),
                        self.image.locate(at),
                    ) else {
                        break;
                    };
                    // A free number's type field links to the next free one.
                    if plausible_count(count) && self.known_type(type_at).is_some() {
                        self.marks.mark(flat);
                    }
                }
                block = self.image.pointer_at(block).unwrap_or_default();
            }
        }
    }
}

enum Block {
    /// An object without a collector's head.
    Plain,
    /// An object behind a collector's head.
    Headed,
    /// What a free list of the interpreter keeps: an object's remains, count 0.
    Dead,
    /// Something else: text of unicode objects, buffers of C code.
    Raw,
}

/// A live object's count: at least 1, and no pointer.
pub(crate) fn plausible_count(count: u64) -> bool {
    (1..1 << 40).contains(&count)
}

/// The items of a list or nothing.
pub(crate) fn list_items(image: &MemoryImage, at: Address) -> Vec<Address> {
    let read = || -> Option<Vec<Address>> {
        let len = usize::try_from(image.u64_at(at.offset(object::OB_SIZE))?).ok()?;
        let items = image.bytes(image.pointer_at(at.offset(list::LIST_ITEMS))?, len.checked_mul(8)?)?;
        Some(items.chunks_exact(8).map(|word| Address(read_word(word, 0))).collect())
    };
    if at.is_null() { Vec::new() } else { read().unwrap_or_default() }
}

/// A little-endian word of `bytes`; 0 where it is too short.
#[inline]
pub(crate) fn read_word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_le_bytes)
}
