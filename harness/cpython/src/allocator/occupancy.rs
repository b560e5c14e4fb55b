//! Who is in each allocated block and chunk: an object, the storage of an object (a dict's table, a list's items), or
//! nobody we know.

use bloathound_heap::{BitSet, HeapSnapshot, ObjectId, TypeInfo};
use bloathound_memory::{Address, MemoryImage};

use super::{Block, ChunkState, MallocMap, NumberBlocks, PymallocMap};
use crate::dialect::{Dialect, DictTable, SingledOut, TextStorage};
use crate::objects::Objects;

/// Longest structure, and longest storage, that is searched for pointers to more storage.
const SCAN_BYTES_MAX: u64 = 4096;

/// Who holds a block or chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occupant {
    /// The object itself.
    Object(ObjectId),
    /// Memory that the object keeps outside itself.
    Storage(ObjectId),
    /// Nobody we know: C code's own memory, or objects on the interpreter's free lists.
    Nobody,
}

/// [`Occupant`] in four bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Packed(u32);

const NOBODY: Packed = Packed(u32::MAX);
const STORAGE: u32 = 1 << 31;

impl Packed {
    #[inline]
    fn unpack(self) -> Occupant {
        match self {
            NOBODY => Occupant::Nobody,
            Self(id) if id & STORAGE != 0 => Occupant::Storage(ObjectId(id & !STORAGE)),
            Self(id) => Occupant::Object(ObjectId(id)),
        }
    }
}

/// Occupants of all blocks and chunks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Occupancy {
    /// Where each pool's blocks begin in `blocks`.
    pool_base: Vec<u32>,
    blocks: Vec<Packed>,
    chunks: Vec<Packed>,
}

/// Where objects of a type keep memory outside themselves.
#[derive(Clone, Copy)]
enum Plan {
    Inline,
    /// One pointer at this offset.
    Pointer(u64),
    /// A pointer at each of these offsets.
    Pointers(u64, u64),
    /// A dict's keys, and its values where these stand apart.
    Keys,
    /// Of code: one pointer at this offset to a dead object with a collector's head, and its tables where it has such.
    DeadObject(u64),
    /// Any word of the structure, so many bytes of it.
    Scan(u64),
}

impl Occupancy {
    /// Finds the occupants of everything.
    #[must_use]
    pub fn new(
        d: &'static Dialect,
        image: &MemoryImage,
        snapshot: &HeapSnapshot,
        pymalloc: &PymallocMap,
        malloc: &MallocMap,
        numbers: &NumberBlocks,
    ) -> Self {
        let mut pool_base = Vec::with_capacity(pymalloc.pools().len());
        let mut total = 0_u32;
        for pool in pymalloc.pools() {
            pool_base.push(total);
            total = total.saturating_add(pool.capacity_blocks());
        }
        let mut finder = Finder {
            d,
            image,
            pymalloc,
            malloc,
            found: Self {
                pool_base,
                blocks: vec![NOBODY; total as usize],
                chunks: vec![NOBODY; malloc.chunks().len()],
            },
            bounds: bounds(pymalloc, malloc),
            near: Near::Nothing,
        };
        for (id, record) in snapshot.ids().zip(snapshot.records()) {
            finder.place(Address(record.address), id);
        }
        // Number blocks are full of objects, but belong to none of them.
        for block in numbers.blocks() {
            if let Some(slot) =
                malloc.chunk_containing(block.address).and_then(|chunk| finder.found.chunks.get_mut(chunk as usize))
            {
                *slot = NOBODY;
            }
        }
        finder.claim_storage(snapshot, numbers);
        finder.found
    }

    /// Who is in block `index` of the pool at `pool`.
    #[inline]
    #[must_use]
    pub fn block(&self, pool: u32, index: u32) -> Occupant {
        self.pool_base
            .get(pool as usize)
            .and_then(|base| self.blocks.get((base + index) as usize))
            .map_or(Occupant::Nobody, |packed| packed.unpack())
    }

    /// True when block `index` of the pool at `pool` is memory that an object keeps outside itself.
    #[must_use]
    pub fn is_storage(&self, pool: u32, index: u32) -> bool {
        matches!(self.block(pool, index), Occupant::Storage(_))
    }

    /// Who is in the chunk at `position`.
    #[inline]
    #[must_use]
    pub fn chunk(&self, position: u32) -> Occupant {
        self.chunks.get(position as usize).map_or(Occupant::Nobody, |packed| packed.unpack())
    }
}

/// Lowest and highest address of anything that can be held.
fn bounds(pymalloc: &PymallocMap, malloc: &MallocMap) -> (Address, Address) {
    let mut low = Address(u64::MAX);
    let mut high = Address::NULL;
    if let (Some(first), Some(last)) = (pymalloc.arenas().first(), pymalloc.arenas().last()) {
        low = first.address;
        high = last.end();
    }
    for segment in malloc.segments() {
        low = low.min(segment.range.start);
        high = high.max(segment.range.end);
    }
    (low, high)
}

struct Finder<'a> {
    d: &'static Dialect,
    image: &'a MemoryImage,
    pymalloc: &'a PymallocMap,
    malloc: &'a MallocMap,
    found: Occupancy,
    bounds: (Address, Address),
    near: Near,
}

/// Where the object before was: ids follow addresses, so that the next one is there, too, more often than not.
#[derive(Clone, Copy)]
enum Near {
    Nothing,
    Pool(u32, Address),
    Chunk(u32, Address, u64),
}

impl Finder<'_> {
    fn place(&mut self, address: Address, id: ObjectId) {
        let d = self.d;
        if let Some(block) = self.block_near(address) {
            if block.is_allocated {
                self.put_block(block.pool, block.index, Packed(id.0 & !STORAGE));
            }
        } else if let Some(position) = self.chunk_near(address) {
            let inside = self.malloc.chunks().get(position as usize).map(|chunk| address.since(chunk.user_address()));
            let header = d.header_bytes();
            let head = d.collector.head_bytes;
            if inside.is_some_and(|bytes| [0, head, header, header + head].contains(&bytes)) {
                self.put_chunk(position, Packed(id.0 & !STORAGE));
            }
        }
    }

    fn block_near(&mut self, address: Address) -> Option<Block> {
        let pool = match self.near {
            Near::Pool(pool, start) if address.since(start) < self.pymalloc.rules().pool_bytes => pool,
            _ => {
                let pool = self.pymalloc.pool_containing(address)?;
                let start = self.pymalloc.pools().get(pool as usize)?.address;
                self.near = Near::Pool(pool, start);
                pool
            }
        };
        self.pymalloc.block_of_pool(pool, address)
    }

    fn chunk_near(&mut self, address: Address) -> Option<u32> {
        match self.near {
            Near::Chunk(chunk, start, bytes) if address.since(start) < bytes => Some(chunk),
            _ => {
                let position = self.malloc.chunk_containing(address)?;
                let chunk = self.malloc.chunks().get(position as usize)?;
                self.near = Near::Chunk(position, chunk.address, chunk.bytes());
                Some(position)
            }
        }
    }

    fn put_block(&mut self, pool: u32, index: u32, packed: Packed) -> bool {
        let slot =
            self.found.pool_base.get(pool as usize).and_then(|base| self.found.blocks.get_mut((base + index) as usize));
        match slot {
            Some(slot) if *slot == NOBODY => {
                *slot = packed;
                true
            }
            _ => false,
        }
    }

    fn put_chunk(&mut self, position: u32, packed: Packed) -> bool {
        match self.found.chunks.get_mut(position as usize) {
            Some(slot) if *slot == NOBODY => {
                *slot = packed;
                true
            }
            _ => false,
        }
    }

    fn claim_storage(&mut self, snapshot: &HeapSnapshot, numbers: &NumberBlocks) {
        let d = self.d;
        let objects = Objects::new(self.image, d);
        let type_at = |info: &TypeInfo| info.object.map(|id| Address(snapshot.object(id).address));
        let plans: Vec<Plan> = snapshot.types().iter().map(|info| plan(d, self.image, info, type_at(info))).collect();
        let keeps_values = |info| type_at(info).is_some_and(|at| objects.keeps_values_apart(at));
        let have_values: Vec<bool> = snapshot.types().iter().map(keeps_values).collect();
        // What is known exactly comes before what is only reached.
        for (id, record) in snapshot.ids().zip(snapshot.records()) {
            let address = Address(record.address);
            if have_values.get(record.type_id.0 as usize) == Some(&true)
                && let Some(values) = objects.values_apart(address)
            {
                self.claim(objects.values_memory(values), id, numbers);
            }
            match plans.get(record.type_id.0 as usize) {
                Some(Plan::Pointer(offset)) => {
                    if let Some(to) = self.image.pointer_at(address.offset(*offset)) {
                        self.claim(to, id, numbers);
                    }
                }
                Some(Plan::Pointers(first, second)) => {
                    for offset in [*first, *second] {
                        if let Some(to) = self.image.pointer_at(address.offset(offset)) {
                            self.claim(to, id, numbers);
                        }
                    }
                }
                Some(Plan::Keys) => {
                    let keys = objects.word(address, d.dict.keys.ma_keys);
                    let values = Address(objects.word(address, d.dict.keys.ma_values));
                    self.claim(Address(keys), id, numbers);
                    if !values.is_null() {
                        self.claim(objects.values_memory(values), id, numbers);
                    }
                }
                Some(Plan::DeadObject(offset)) => {
                    if let Some(to) = self.image.pointer_at(address.offset(*offset)) {
                        self.claim(to.back(d.collector.head_bytes), id, numbers);
                    }
                    let caches = d.code.caches;
                    for offset in [caches.arguments, caches.map, caches.entries].into_iter().filter(|at| *at != 0) {
                        self.claim(Address(objects.word(address, offset)), id, numbers);
                    }
                }
                Some(Plan::Scan(_) | Plan::Inline) | None => {}
            }
        }
        let scanned = |id: ObjectId| match plans.get(snapshot.type_id(id).0 as usize) {
            Some(Plan::Scan(bytes)) => Some(*bytes),
            _ => None,
        };
        for id in held_ones_first(snapshot, |id| scanned(id).is_some()) {
            let bytes = scanned(id).unwrap_or(0);
            self.scan_object(Address(snapshot.object(id).address), bytes, id, numbers);
        }
    }

    /// Claims what the object's words lead to, and what the words of that lead to: C structures chain their memory.
    fn scan_object(&mut self, object: Address, bytes: u64, id: ObjectId, numbers: &NumberBlocks) {
        let d = self.d;
        let mut open = vec![(object.offset(d.object.bytes), bytes)];
        // Everything is claimed once at most, so this ends.
        while let Some((start, bytes)) = open.pop() {
            for offset in (0..bytes.min(SCAN_BYTES_MAX)).step_by(8) {
                let Some(to) = self.image.pointer_at(start.offset(offset)) else {
                    break;
                };
                if let Some(len) = self.claim(to, id, numbers) {
                    open.push((to, len));
                }
            }
        }
    }

    /// Gives what begins at `address` to `id`, if it is held and nobody has it; its length then.
    fn claim(&mut self, address: Address, id: ObjectId, numbers: &NumberBlocks) -> Option<u64> {
        if address < self.bounds.0 || address >= self.bounds.1 || !address.is_aligned(8) {
            return None;
        }
        let packed = Packed(id.0 | STORAGE);
        if let Some(block) = self.pymalloc.block_containing(address) {
            let is_whole = block.is_allocated && block.address == address;
            return (is_whole && self.put_block(block.pool, block.index, packed)).then_some(u64::from(block.bytes));
        }
        let position = self.malloc.chunk_of_user(address)?;
        let chunk = *self.malloc.chunks().get(position as usize)?;
        let is_storage = matches!(chunk.state, ChunkState::Live | ChunkState::Mmapped)
            && numbers.block_containing(address).is_none();
        (is_storage && self.put_chunk(position, packed))
            .then(|| chunk.bytes().saturating_sub(super::malloc::glibc_h::CHUNK_HEADER_BYTES))
    }
}

/// The objects that `counts` lets through, each after those that it refers to: memory that a document and the views of it
/// lead to is the document's.
fn held_ones_first(snapshot: &HeapSnapshot, counts: impl Fn(ObjectId) -> bool) -> Vec<ObjectId> {
    let mut met = BitSet::with_len(snapshot.len());
    let mut order = Vec::new();
    let mut open: Vec<(ObjectId, usize)> = Vec::new();
    for start in snapshot.ids().filter(|id| counts(*id)) {
        if met.insert(start) {
            open.push((start, snapshot.span(start).start));
        }
        while let Some((id, next)) = open.last_mut() {
            if *next >= snapshot.span(*id).end {
                order.push(*id);
                open.pop();
                continue;
            }
            let (target, label) = (snapshot.targets()[*next], snapshot.labels()[*next]);
            *next += 1;
            if label.is_strong() && counts(target) && met.insert(target) {
                open.push((target, snapshot.span(target).start));
            }
        }
    }
    order
}

fn plan(d: &Dialect, image: &MemoryImage, info: &TypeInfo, object: Option<Address>) -> Plan {
    let word = |offset| object.and_then(|at| image.u64_at(at.offset(offset)));
    let f = &d.flags;
    let everything_inline = f.int_subclass | f.long_subclass | f.tuple_subclass | f.string_subclass;
    let Some(flags) = word(d.type_object.tp_flags) else {
        return Plan::Inline;
    };
    let is = |which| d.types.singled_out(&info.name) == Some(which);
    match () {
        () if flags & d.flags.list_subclass != 0 => Plan::Pointer(d.list.ob_item),
        // A dict made in C may keep more than its table.
        () if flags & d.flags.dict_subclass != 0 => match word(d.type_object.tp_basicsize) {
            Some(basicsize) if basicsize > d.dict.bytes && !info.is_heap_type => scan(d, Some(basicsize)),
            _ => match d.dict_table {
                DictTable::Entries => Plan::Pointer(d.dict.ma_table),
                DictTable::CombinedKeys => Plan::Keys,
            },
        },
        () if flags & d.flags.unicode_subclass != 0 => match d.text {
            TextStorage::BytesAndWide => Plan::Pointer(d.unicode.str),
            // What stands there in other text is no address of a chunk.
            TextStorage::Compact => Plan::Pointers(d.unicode.compact.utf8, d.unicode.compact.data),
        },
        () if flags & d.flags.type_subclass != 0 && d.type_object.ht_cached_keys != 0 => {
            Plan::Pointers(d.type_object.tp_doc, d.type_object.ht_cached_keys)
        }
        () if flags & d.flags.type_subclass != 0 => Plan::Pointer(d.type_object.tp_doc),
        () if flags & everything_inline != 0 => Plan::Inline,
        () if info.is_heap_type => scan(d, word(d.type_object.tp_basicsize)),
        () if is(SingledOut::Code) && d.code.co_zombieframe != 0 => Plan::DeadObject(d.code.co_zombieframe),
        () if is(SingledOut::Set) => Plan::Pointer(d.set.table),
        () if d.types.without_storage.contains(&info.name.as_str()) => Plan::Inline,
        () => scan(d, word(d.type_object.tp_basicsize)),
    }
}

fn scan(d: &Dialect, basic_size: Option<u64>) -> Plan {
    Plan::Scan(basic_size.unwrap_or(0).saturating_sub(d.object.bytes).min(SCAN_BYTES_MAX))
}

/// The type of a dead object that is kept for reuse in the block (free lists of tuples, frames, dicts, …): it has no
/// references, and `type_of` knows its type.
pub(super) fn kept_for_reuse<T>(
    d: &Dialect,
    image: &MemoryImage,
    block: Address,
    type_of: impl Fn(Address) -> Option<T>,
) -> Option<T> {
    let header = d.header_bytes();
    [0, d.collector.head_bytes, header, header + d.collector.head_bytes].into_iter().find_map(|head| {
        let object = block.offset(head);
        let is_dead = image.u64_at(object.offset(d.object.ob_refcnt)) == Some(0);
        is_dead.then(|| type_of(image.pointer_at(object.offset(d.object.ob_type))?))?
    })
}
