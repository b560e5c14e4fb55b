//! Writes a heap of CPython 2.7 object by object, from what `Include/*.h` and `Objects/*.c` say of their structures.
//! Nothing here is shared with the decoder: offsets stand as plain numbers on purpose.

use std::collections::BTreeMap;

use bloathound_memory::{Permissions, RegionKind};

use crate::{ArenaPlan, BlockFate, ChunkFate, MemoryWriter, PoolFate, write_arenas, write_heap};

/// Where the interpreter's module is: its headers, then its data.
pub(crate) const MODULE: u64 = 0x7f00_0000_0000;
/// `.data` and `.bss` of the module.
pub(crate) const DATA: u64 = MODULE + 0x4000;
const DATA_END: u64 = DATA + 0x8000;
const ARENA: u64 = MODULE + 0x10_0000;
const ARENA_POOLS_MAX: usize = 64;
const ARENA_BYTES: u64 = 256 << 10;
const MALLOC: u64 = MODULE + 0x20_0000;
const MALLOC_END: u64 = MALLOC + (132 << 10);
/// Of a heap without limits: where its arenas are, and where its C heap is.
const FAR_ARENAS: u64 = MODULE + 0x80_0000_0000;
const FAR_MALLOC: u64 = MODULE - 0x100_0000_0000;
/// Path that the module is mapped from.
pub(crate) const MODULE_PATH: &str = "/made/up/libpython2.7.so";

const HAVE_GC: u64 = 1 << 14;
const HEAPTYPE: u64 = 1 << 9;

/// A heap in the making: pymalloc's pools, malloc chunks, static data.
#[derive(Debug)]
pub struct HeapWriter {
    memory: MemoryWriter,
    types: BTreeMap<String, u64>,
    symbols: BTreeMap<&'static str, (u64, u64)>,
    facts: BTreeMap<String, String>,
    objects: Vec<u64>,
    tracked: Vec<(u64, usize)>,
    pools: Vec<(u32, Vec<BlockFate>)>,
    /// For each size of blocks the pool that has room.
    open_pools: BTreeMap<u32, usize>,
    chunks: Vec<(u64, ChunkFate)>,
    chunk_bytes: u64,
    room: Room,
    data_used: u64,
    generations: u64,
    array: u64,
}

/// Where objects go.
#[derive(Clone, Copy, Debug)]
struct Room {
    arenas: u64,
    arenas_max: u32,
    malloc: u64,
    /// `None`: as far as it is needed.
    malloc_end: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct HeapImage {
    /// The bytes.
    pub memory: MemoryWriter,
    /// The interpreter's data, as a recording's manifest has it.
    pub facts: BTreeMap<String, String>,
    /// The interpreter's data by the names of its symbols: address and size.
    pub symbols: BTreeMap<&'static str, (u64, u64)>,
    /// Where its static data is.
    pub data: std::ops::Range<u64>,
    /// Address of each object.
    pub objects: Vec<u64>,
}

impl HeapWriter {
    /// An interpreter with the type `type` and nothing else, and room for one arena and 132 KiB of C heap.
    #[must_use]
    pub fn new() -> Self {
        Self::within(Room { arenas: ARENA, arenas_max: 16, malloc: MALLOC, malloc_end: Some(MALLOC_END) })
    }

    /// The same with room for that many arenas of 256 KiB, and as much C heap as it takes.
    #[must_use]
    pub fn with_arenas(arenas_max: u32) -> Self {
        Self::within(Room { arenas: FAR_ARENAS, arenas_max, malloc: FAR_MALLOC, malloc_end: None })
    }

    fn within(room: Room) -> Self {
        let mut heap = Self {
            memory: MemoryWriter::new(),
            types: BTreeMap::new(),
            symbols: BTreeMap::new(),
            facts: BTreeMap::new(),
            objects: Vec::new(),
            tracked: Vec::new(),
            pools: Vec::new(),
            open_pools: BTreeMap::new(),
            chunks: vec![(0x290, ChunkFate::Held)],
            chunk_bytes: 0x290,
            room,
            data_used: 0,
            generations: 0,
            array: 0,
        };
        heap.memory.touch(DATA, DATA_END - DATA);
        heap.array = heap.chunk(u64::from(room.arenas_max) * 48);
        heap.generations = heap.variable("generations", 120);
        heap.fact("generations", heap.generations);
        heap.fact("generation_stride", 40);
        heap.fact("unicode_bytes", 4);
        heap.static_type("type", (872, 40), HAVE_GC | 1 << 31);
        heap
    }

    /// Remembers a fact of the interpreter.
    pub fn fact(&mut self, name: &str, value: u64) {
        self.facts.insert(name.to_owned(), format!("{value:x}"));
    }

    /// A variable in static data.
    pub fn variable(&mut self, name: &'static str, bytes: u64) -> u64 {
        let at = self.static_room(bytes);
        self.symbols.insert(name, (at, bytes));
        at
    }

    /// A variable that holds `value`, under its symbol's name.
    pub fn pointer_variable(&mut self, name: &'static str, value: u64) -> u64 {
        let at = self.variable(name, 8);
        self.put(at, 0, value);
        at
    }

    fn static_room(&mut self, bytes: u64) -> u64 {
        let at = DATA + self.data_used;
        self.data_used = (self.data_used + bytes).next_multiple_of(16);
        debug_assert!(DATA + self.data_used <= DATA_END, "static data is full");
        at
    }

    /// Memory over 512 bytes: a malloc chunk; returns what `malloc` would.
    pub fn chunk(&mut self, bytes: u64) -> u64 {
        let at = self.room.malloc + self.chunk_bytes + 16;
        let size = (bytes + 8).next_multiple_of(16).max(32);
        self.chunks.push((size, ChunkFate::Held));
        self.chunk_bytes += size;
        self.memory.touch(at, bytes);
        at
    }

    /// A block of pymalloc.
    pub fn block(&mut self, bytes: u64) -> u64 {
        if bytes > 512 {
            return self.chunk(bytes);
        }
        let size = (bytes as u32).next_multiple_of(16).max(16);
        let room = (4096 - 48) / size as usize;
        let found = self.open_pools.get(&size).copied().filter(|pool| self.pools[*pool].1.len() < room);
        let pool = found.unwrap_or_else(|| {
            let arenas = if self.room.malloc_end.is_some() { 1 } else { self.room.arenas_max as usize };
            debug_assert!(self.pools.len() < arenas * ARENA_POOLS_MAX, "the arenas are full");
            self.pools.push((size, Vec::new()));
            self.open_pools.insert(size, self.pools.len() - 1);
            self.pools.len() - 1
        });
        let index = self.pools[pool].1.len() as u64;
        self.pools[pool].1.push(BlockFate::Allocated);
        let at = self.room.arenas + pool as u64 * 4096 + 48 + index * u64::from(size);
        self.memory.touch(at, u64::from(size));
        at
    }

    /// Frees the last block of that size.
    pub fn free_last(&mut self, bytes: u64) {
        let size = (bytes as u32).next_multiple_of(16).max(16);
        if let Some((_, blocks)) = self.pools.iter_mut().rev().find(|(of, _)| *of == size)
            && let Some(last) = blocks.last_mut()
        {
            *last = BlockFate::Freed;
        }
    }

    /// Frees the block of that size at `at`.
    pub fn free(&mut self, at: u64, bytes: u64) {
        let size = u64::from((bytes as u32).next_multiple_of(16).max(16));
        let offset = at - self.room.arenas;
        let index = (offset % 4096).saturating_sub(48) / size;
        if let Some((_, blocks)) = self.pools.get_mut((offset / 4096) as usize)
            && let Some(block) = blocks.get_mut(index as usize)
        {
            *block = BlockFate::Freed;
        }
    }

    /// Writes a word into a structure.
    pub fn put(&mut self, at: u64, offset: u64, value: u64) {
        self.memory.put_u64(at + offset, value);
    }

    /// A word of a structure.
    #[must_use]
    pub fn pointer_at(&self, address: u64) -> u64 {
        self.memory.u64_at(address)
    }

    /// The heads of the collector's lists.
    #[must_use]
    pub fn generations(&self) -> u64 {
        self.generations
    }

    /// Gives what is there already a symbol: its address and its size.
    pub fn symbol(&mut self, name: &'static str, place: (u64, u64)) {
        self.symbols.insert(name, place);
    }

    /// Writes a half word into a structure.
    pub fn put_half(&mut self, at: u64, offset: u64, value: u32) {
        self.memory.put_u32(at + offset, value);
    }

    /// Writes bytes into a structure.
    pub fn put_bytes(&mut self, at: u64, offset: u64, bytes: &[u8]) {
        self.memory.put(at + offset, bytes);
    }

    /// Writes an owned reference and counts it.
    pub fn refer(&mut self, at: u64, offset: u64, target: u64) {
        self.put(at, offset, target);
        if target != 0 {
            let count = self.memory.u64_at(target);
            self.put(target, 0, count + 1);
        }
    }

    /// Address of the type of that name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> u64 {
        self.types.get(name).copied().unwrap_or_default()
    }

    /// A type in the interpreter's static data. Sizes are those of the fixed part and of an item.
    pub fn static_type(&mut self, name: &str, sizes: (u64, u64), flags: u64) -> u64 {
        let text = self.static_room(name.len() as u64 + 1);
        self.put_bytes(text, 0, name.as_bytes());
        let at = self.static_room(392);
        self.fill_type(at, text, sizes, flags);
        self.types.insert(name.to_owned(), at);
        at
    }

    /// A class; what it owns is for the caller to say.
    pub fn heap_type(&mut self, name: &str, sizes: (u64, u64), base: u64) -> u64 {
        let head = self.block(32 + 872 + 40);
        let at = head + 32;
        self.track(head, 2);
        let name_object = self.string(name.as_bytes());
        self.fill_type(at, name_object + 36, sizes, HAVE_GC | HEAPTYPE);
        self.refer(at, 256, base);
        self.refer(at, 856, name_object);
        let type_type = self.type_named("type");
        self.put(at, 8, type_type);
        self.types.insert(name.to_owned(), at);
        at
    }

    fn fill_type(&mut self, at: u64, name: u64, (basic, item): (u64, u64), flags: u64) {
        let meta = self.types.get("type").copied().unwrap_or(at);
        let base = self.type_named("object");
        for (offset, value) in [(0, 1), (8, meta), (24, name), (32, basic), (40, item), (168, flags | 1 << 12)] {
            self.put(at, offset, value);
        }
        self.put(at, 256, base);
        self.objects.push(at);
    }

    /// An object of `bytes` bytes, with the collector's head where its type has one; tracked then.
    pub fn object(&mut self, type_name: &str, bytes: u64) -> u64 {
        let of = self.type_named(type_name);
        let flags = self.memory.u64_at(of + 168);
        let at = if flags & HAVE_GC != 0 {
            let head = self.block(32 + bytes);
            self.track(head, self.tracked.len() % 3);
            head + 32
        } else {
            self.block(bytes)
        };
        if flags & HEAPTYPE == 0 {
            self.put(at, 8, of);
        } else {
            self.refer(at, 8, of);
        }
        self.objects.push(at);
        at
    }

    fn track(&mut self, head: u64, generation: usize) {
        self.put(head, 16, -3_i64 as u64);
        self.tracked.push((head, generation));
    }

    /// A `str`, interned.
    pub fn string(&mut self, bytes: &[u8]) -> u64 {
        let at = self.object("str", 37 + bytes.len() as u64);
        self.put(at, 16, bytes.len() as u64);
        self.put(at, 24, u64::MAX);
        self.put_half(at, 32, 1);
        self.put_bytes(at, 36, bytes);
        at
    }

    /// A tuple.
    pub fn tuple(&mut self, items: &[u64]) -> u64 {
        let at = self.object("tuple", 24 + 8 * items.len() as u64);
        self.put(at, 16, items.len() as u64);
        for (index, item) in (0..).zip(items) {
            self.refer(at, 24 + 8 * index, *item);
        }
        at
    }

    /// A list.
    pub fn list(&mut self, items: &[u64]) -> u64 {
        let at = self.object("list", 40);
        let storage = self.block(8 * items.len().max(1) as u64);
        self.put(at, 16, items.len() as u64);
        self.put(at, 24, storage);
        self.put(at, 32, items.len() as u64);
        for (index, item) in (0..).zip(items) {
            self.refer(storage, 8 * index, *item);
        }
        at
    }

    /// A dict: in its own small table up to five entries, else in one beside it.
    pub fn dict(&mut self, entries: &[(u64, u64)]) -> u64 {
        let at = self.object("dict", 248);
        let slots = if entries.len() <= 5 { 8 } else { (entries.len() as u64 * 2).next_power_of_two() };
        let table = if slots == 8 { at + 56 } else { self.block(slots * 24) };
        for (offset, value) in
            [(16, entries.len() as u64), (24, entries.len() as u64), (32, slots - 1), (40, table), (48, 0x1000)]
        {
            self.put(at, offset, value);
        }
        for (index, (key, value)) in (0..).zip(entries) {
            self.refer(table, 24 * index + 8, *key);
            self.refer(table, 24 * index + 16, *value);
        }
        at
    }

    /// A dict with names for keys.
    pub fn namespace(&mut self, entries: &[(&str, u64)]) -> u64 {
        let entries: Vec<(u64, u64)> =
            entries.iter().map(|(name, value)| (self.string(name.as_bytes()), *value)).collect();
        self.dict(&entries)
    }

    /// Links the collector's lists, writes the allocators' structures.
    #[must_use]
    pub fn finish(mut self) -> HeapImage {
        for generation in 0..3 {
            let head = self.generations + generation as u64 * 40;
            let members: Vec<u64> =
                self.tracked.iter().filter(|(_, of)| *of == generation).map(|(at, _)| *at).collect();
            let mut before = head;
            for at in members {
                self.put(before, 0, at);
                self.put(at, 8, before);
                before = at;
            }
            self.put(before, 0, head);
            self.put(head, 8, before);
        }
        let fate = |(size, blocks): (u32, Vec<BlockFate>)| PoolFate::InUse { block_bytes: size, blocks };
        let pools: Vec<PoolFate> = std::mem::take(&mut self.pools).into_iter().map(fate).collect();
        let Room { arenas: first, arenas_max, malloc, malloc_end } = self.room;
        let plans: Vec<ArenaPlan> = (0..)
            .zip(pools.chunks(ARENA_POOLS_MAX))
            .map(|(index, pools)| ArenaPlan { address: first + index * ARENA_BYTES, pools: pools.to_vec() })
            .collect();
        write_arenas(&mut self.memory, self.array, arenas_max, 16, &plans);
        let malloc_end = malloc_end.unwrap_or((malloc + self.chunk_bytes + (132 << 10)).next_multiple_of(4096));
        write_heap(&mut self.memory, malloc, malloc_end, &self.chunks);
        let [arenas, maxarenas] = [("arenas", self.array), ("maxarenas", u64::from(arenas_max))]
            .map(|(name, value)| self.pointer_variable(name, value));
        self.fact("arenas", arenas);
        self.fact("maxarenas", maxarenas);
        self.map(plans.len() as u64, malloc_end);
        HeapImage {
            memory: self.memory,
            facts: self.facts,
            symbols: self.symbols,
            data: DATA..DATA_END,
            objects: self.objects,
        }
    }

    fn map(&mut self, arenas: u64, malloc_end: u64) {
        let file = || RegionKind::File { path: MODULE_PATH.to_owned(), deleted: false };
        let code = Permissions { read: true, write: false, execute: true, shared: false };
        let data = Permissions { read: true, write: true, execute: false, shared: false };
        self.memory.map_with(MODULE, DATA, file(), code, 0);
        self.memory.map_with(DATA, DATA_END, file(), data, DATA - MODULE);
        let Room { arenas: first, malloc, .. } = self.room;
        self.memory.map(first, first + arenas.max(1) * ARENA_BYTES, RegionKind::Anonymous);
        self.memory.map(malloc, malloc_end, RegionKind::Heap);
    }
}

impl Default for HeapWriter {
    fn default() -> Self {
        Self::new()
    }
}
