//! First pass: where objects begin. The collector's lists, the type tree, the allocated blocks of all pools and the
//! blocks of numbers; what only a reference leads to is found in the second pass.

use bloathound_memory::{Address, FlatOffset};

use super::Decoder;
use super::marks::AddressMap;
use crate::allocator::PymallocMap;
use crate::dialect::{CollectorHeads, Core, Dialect, StaticTypeState};
use crate::objects::{plausible_count, read_word};

/// A tracked object's generation, by flat offset; [`FINALIZED`] where its finalizer ran.
pub(crate) type TrackedAt = (u32, u8);
/// A bit beside the generation.
pub(crate) const FINALIZED: u8 = 1 << 7;

/// How the collector's heads are read.
#[derive(Clone, Copy)]
struct Heads {
    /// What of a link is an address.
    links: u64,
    /// The flag of what was finalized, in the link back.
    finalized: u64,
    /// The flag of what a collection decides on.
    scratch: u64,
    /// What the count must be where it is a word of its own.
    count: Option<u64>,
}

impl Heads {
    fn of(d: &Dialect) -> Self {
        match d.collector_heads {
            CollectorHeads::Counted => Self {
                links: u64::MAX,
                finalized: 0,
                scratch: 0,
                count: Some(d.collector.refs_reachable.cast_unsigned()),
            },
            CollectorHeads::Flagged { mask, finalized, collecting } => {
                Self { links: !mask, finalized, scratch: collecting, count: None }
            }
        }
    }

    fn is_scratch(self, word: u64) -> bool {
        match self.count {
            Some(count) => word != count,
            None => word & self.scratch != 0,
        }
    }
}

impl Decoder<'_> {
    /// Walks the three lists; returns each tracked object's place and generation.
    pub(crate) fn walk_gc_lists(&mut self) -> Vec<TrackedAt> {
        let d = self.interpreter.dialect;
        let mut tracked = Vec::new();
        let limit = self.image.flat().len() as u64 / (d.collector.head_bytes + d.object.bytes);
        let mut unreachable_refs = 0_u64;
        let heads = Heads::of(d);
        for generation in 0..d.collector.generations + u8::from(d.collector.permanent.is_some()) {
            let offset = match d.collector.permanent {
                Some(permanent) if generation == d.collector.generations => permanent,
                _ => u64::from(generation) * self.interpreter.generation_stride,
            };
            let head = self.interpreter.generations.offset(offset);
            let mut prev = head;
            let mut walked = 0_u64;
            let mut node =
                self.image.pointer_at(head.offset(d.collector.gc_next)).map(|next| Address(next.0 & heads.links));
            while let Some(at) = node.filter(|at| *at != head) {
                let links = self.image.bytes(at, (d.collector.head_bytes + d.object.bytes) as usize);
                let Some(links) = links.filter(|_| at.is_aligned(8) && walked < limit) else {
                    self.broken_list(generation, walked);
                    break;
                };
                let word = |offset: u64| read_word(links, offset as usize);
                if word(d.collector.gc_prev) & heads.links != prev.0 {
                    self.builder.quality_mut().broken_links += 1;
                }
                if heads.is_scratch(word(d.collector.gc_refs)) {
                    unreachable_refs += 1;
                }
                let type_at = Address(word(d.collector.head_bytes + d.object.ob_type));
                let object_at = at.offset(d.collector.head_bytes);
                if let (Some(_), Some(flat)) = (self.resolve(type_at), self.image.locate(object_at)) {
                    if !self.marks.mark(flat) {
                        // Met before: the list has come back on itself.
                        self.broken_list(generation, walked);
                        break;
                    }
                    let finalized = heads.finalized & word(d.collector.gc_prev) != 0;
                    tracked.push(((flat / 8) as u32, generation | if finalized { FINALIZED } else { 0 }));
                } else {
                    self.builder.quality_mut().broken_links += 1;
                }
                walked += 1;
                prev = at;
                node = Some(Address(word(d.collector.gc_next) & heads.links));
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
        let d = self.interpreter.dialect;
        let mut seen = AddressMap::new();
        let mut pending = vec![self.interpreter.object_type, self.interpreter.type_type];
        pending.extend(self.types.static_types().rows().iter().map(|row| row.type_at));
        while let Some(at) = pending.pop() {
            if seen.get(at.0).is_some() || self.resolve(at).is_none() {
                continue;
            }
            seen.insert(at.0, 0);
            if let Some(flat) = self.image.locate(at) {
                self.marks.mark(flat);
            }
            let items = self.subclasses(at);
            if !self.budget.take(items.len() as u64) {
                break;
            }
            for weakref in items {
                if let Some(class) = self.image.pointer_at(weakref.offset(d.weak_reference.wr_object))
                    && self.objects().is_type_object(class, self.interpreter.type_type)
                {
                    pending.push(class);
                }
            }
        }
    }

    /// Weak references to the classes that derive from the type at `at`.
    fn subclasses(&self, at: Address) -> Vec<Address> {
        let d = self.interpreter.dialect;
        let own = || self.image.pointer_at(at.offset(d.type_object.tp_subclasses)).unwrap_or_default();
        match d.static_types {
            StaticTypeState::InType => self.objects().list_items(own()),
            StaticTypeState::InTypeByDict => self.dict_entries(own()).into_iter().map(|(_, weakref)| weakref).collect(),
            StaticTypeState::InInterpreter => {
                let subclasses = self.types.static_types().row(at).map_or_else(own, |row| row.subclasses);
                self.dict_entries(subclasses).into_iter().map(|(_, weakref)| weakref).collect()
            }
        }
    }

    /// Looks at every allocated block of every pool: is it an object, with or without a collector's head?
    pub(crate) fn sweep_pools(&mut self, pools: &PymallocMap) {
        let d = self.interpreter.dialect;
        for (block, len) in pools.allocated_blocks() {
            let Some(bytes) = self.image.bytes(block, len as usize) else { continue };
            let Some(flat) = self.image.locate(block) else { continue };
            if self.marks.is_marked(flat + d.collector.head_bytes as usize) {
                continue;
            }
            let block = match d.collector_heads {
                CollectorHeads::Counted => self.classify(bytes),
                CollectorHeads::Flagged { mask, .. } => self.classify_flagged(block, flat, bytes, mask),
            };
            match block {
                Block::Plain => {
                    self.marks.mark(flat);
                }
                Block::Headed => {
                    self.marks.mark(flat + d.collector.head_bytes as usize);
                }
                Block::Behind(bytes) => {
                    self.marks.mark(flat + bytes as usize);
                }
                Block::Known => {}
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
        let d = self.interpreter.dialect;
        let plain_type = Address(read_word(bytes, d.object.ob_type as usize));
        if let Some(layout) = self.known_type(plain_type)
            && (!layout.is_gc || (layout.core == Core::Type && !layout.is_heap))
        {
            return if plausible_count(read_word(bytes, 0)) { Block::Plain } else { Block::Dead };
        }
        let head = d.collector.head_bytes as usize;
        if bytes.len() < head + d.object.bytes as usize {
            return Block::Raw;
        }
        let headed_type = Address(read_word(bytes, head + d.object.ob_type as usize));
        let refs = read_word(bytes, d.collector.gc_refs as usize) as i64;
        match self.known_type(headed_type) {
            Some(layout) if layout.is_gc && refs >= d.collector.refs_tentatively_unreachable => {
                if !plausible_count(read_word(bytes, head)) {
                    return Block::Dead;
                }
                if refs == d.collector.refs_tentatively_unreachable {
                    self.undecided += 1;
                }
                Block::Headed
            }
            _ => Block::Raw,
        }
    }

    /// The same where an object may have words in front of the collector's head, and links tell whether it is on a list.
    fn classify_flagged(&mut self, at: Address, flat: FlatOffset, bytes: &[u8], mask: u64) -> Block {
        let d = self.interpreter.dialect;
        let head = d.collector.head_bytes;
        let header = self.objects().header_bytes(u64::MAX);
        let mut dead = false;
        for behind in [0, head, header + head, header] {
            if self.marks.is_marked(flat + behind as usize) {
                return Block::Known;
            }
            let type_at = Address(read_word(bytes, (behind + d.object.ob_type) as usize));
            let Some(layout) = self.known_type(type_at) else { continue };
            let is_headed = layout.is_gc && (layout.core != Core::Type || layout.is_heap);
            let expected = layout.header_bytes + if is_headed { head } else { 0 };
            // A static type has no head; the metatype says that types have one.
            if expected != behind {
                continue;
            }
            if !plausible_count(read_word(bytes, behind as usize)) {
                dead = true;
                continue;
            }
            if !is_headed {
                return if behind == 0 { Block::Plain } else { Block::Behind(behind) };
            }
            let place = behind - head;
            let next = read_word(bytes, (place + d.collector.gc_next) as usize) & !mask;
            if next != 0 {
                // On a list that we did not walk: that of a collection, if its neighbour says so, too.
                let back = self.image.u64_at(Address(next).offset(d.collector.gc_prev)).map(|back| back & !mask);
                if back != Some(at.offset(place).0) {
                    continue;
                }
                self.undecided += 1;
            }
            return Block::Behind(behind);
        }
        if dead { Block::Dead } else { Block::Raw }
    }

    /// The blocks that `int` and `float` objects live in are malloc chunks chained by their first word.
    pub(crate) fn sweep_number_blocks(&mut self) {
        let rules = &self.interpreter.dialect.number_blocks;
        let d = self.interpreter.dialect;
        // No more blocks than the image has room for: a chain that comes back on itself ends there.
        let blocks_max =
            self.image.flat().len() as u64 / (rules.header_bytes + u64::from(rules.numbers) * rules.number_bytes) + 1;
        for variable in self.interpreter.number_block_lists.clone() {
            let mut block = self.image.pointer_at(variable).unwrap_or_default();
            for _ in 0..blocks_max {
                if block.is_null() || !block.is_aligned(8) {
                    break;
                }
                for index in 0..u64::from(rules.numbers) {
                    let at = block.offset(rules.header_bytes + index * rules.number_bytes);
                    let (Some(count), Some(type_at), Some(flat)) = (
                        self.image.u64_at(at),
                        self.image.pointer_at(at.offset(d.object.ob_type)),
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
    /// An object so many bytes behind the block's beginning.
    Behind(u64),
    /// An object that was met already.
    Known,
    /// What a free list of the interpreter keeps: an object's remains, count 0.
    Dead,
    /// Something else: text of unicode objects, buffers of C code.
    Raw,
}
