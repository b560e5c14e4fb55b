//! What of the objects is needed, and of the items, tables and texts that they keep outside themselves.

use std::rc::Rc;

use bloathound_heap::{HeapSnapshot, SnapshotBuilder};
use bloathound_memory::{Address, MemoryImage, MemorySource};

use super::{Marker, WORD};
use crate::Interpreter;
use crate::decode::types::{TypeLayout, TypeTable};
use crate::dialect::{Core, Dialect, DictTable, Frames, SingledOut};
use crate::objects::{Table, Width};

/// Longest name of a type or slot that is read.
const NAME_BYTES_MAX: usize = 256;

/// The target's types, and what their objects keep outside themselves.
pub(super) struct Outside {
    d: &'static Dialect,
    types: TypeTable,
    builder: SnapshotBuilder,
}

impl Outside {
    pub(super) fn new(image: &MemoryImage, interpreter: &Interpreter) -> Self {
        let mut builder = SnapshotBuilder::new(interpreter.dialect.words);
        let types = TypeTable::new(interpreter, image, &mut builder);
        Self { d: interpreter.dialect, types, builder }
    }

    /// True for the address of a type object.
    pub(super) fn is_type(&mut self, image: &MemoryImage, at: Address) -> bool {
        at.0 > 0x1000 && at.is_aligned(8) && self.types.resolve(image, &mut self.builder, at).is_some()
    }

    fn layout(&mut self, image: &MemoryImage, at: Address) -> Option<Rc<TypeLayout>> {
        let d = self.d;
        let type_at = image.pointer_at(at.offset(d.object.ob_type))?;
        let index = self.types.resolve(image, &mut self.builder, type_at)?;
        Some(Rc::clone(self.types.layout(index)))
    }

    /// True when all that the object at `at` keeps outside itself is items, table or text.
    pub(super) fn keeps_items(&mut self, image: &MemoryImage, at: Address) -> bool {
        let known = |layout: Rc<TypeLayout>| {
            matches!(
                layout.core,
                Core::Dict | Core::List | Core::Set | Core::Unicode | Core::Tuple | Core::Str | Core::Generator
            )
        };
        self.layout(image, at).is_some_and(known)
    }
}

impl Marker<'_> {
    /// Everything that is read of the objects.
    pub(super) fn objects(&mut self, snapshot: &HeapSnapshot, interpreter: &Interpreter) {
        let d = self.d;
        let mut outside = Outside::new(self.image, interpreter);
        for record in snapshot.records() {
            let at = Address(record.address);
            // Its type was read when it was found.
            let Some(layout) = outside.layout(self.image, at) else {
                self.keep(at, d.object.bytes);
                continue;
            };
            if layout.is_gc {
                let head = d.collector.head_bytes + layout.header_bytes;
                self.keep_telling(at.back(head.min(at.0)), head);
            }
            self.object(at, &layout, interpreter.unicode.into());
        }
    }

    /// What was taken for a type where no object is of it, such as one that is dead: not its name, which may be gone.
    pub(super) fn types_met(&mut self, met: &Outside) {
        let d = self.d;
        for layout in met.types.all() {
            self.keep_telling(layout.address, d.type_object.bytes);
            self.keep(layout.address.offset(d.type_object.tp_flags), WORD as u64);
        }
    }

    fn word(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }

    fn object(&mut self, at: Address, layout: &TypeLayout, wide: Width) {
        let d = self.d;
        if layout.core == Core::Type {
            // Of one without objects too: dead ones are told by it.
            self.type_name(at);
        }
        let objects = self.objects_of();
        let own = objects.own_bytes(at, layout.basicsize, layout.itemsize).min(1 << 32);
        match layout.core {
            Core::Dict => {
                if let Ok(table) = objects.dict(at) {
                    match d.dict_table {
                        DictTable::Entries => self.table(&table, 2),
                        DictTable::CombinedKeys => self.keys(at, &table),
                    }
                }
                self.keep(at, d.dict.ma_smalltable);
                self.keep(at.offset(d.dict.bytes), own.saturating_sub(d.dict.bytes));
            }
            Core::Set => {
                match d.set.deleted_hash {
                    None => self.table(&objects.set(at), 1),
                    Some(_) => self.members(&objects.set(at)),
                }
                self.keep(at, d.set.smalltable);
                let inline_table = d.set.smalltable + 8 * d.set.entry_bytes as u64;
                self.keep(at.offset(inline_table), own.saturating_sub(inline_table));
            }
            Core::List => {
                self.keep(at, own);
                self.keep(objects.list_at(at), self.word(at, d.object.ob_size).saturating_mul(8));
            }
            Core::Unicode => {
                self.keep(at, own);
                if let Some(text) = objects.characters(at, wide) {
                    self.keep(text.at, text.length.saturating_mul(text.width.bytes()));
                }
            }
            Core::Array => {
                self.keep(at, own);
                self.keep(Address(self.word(at, d.array.ob_descr)), WORD as u64);
            }
            Core::Type if self.word(at, d.type_object.tp_flags) & d.flags.heaptype == 0 => {
                // Static ones lack the part behind it.
                self.keep(at, d.type_object.bytes);
            }
            Core::Frame if d.frames == Frames::Objects => self.frame(at, own),
            Core::Frame => self.frame_object(at),
            Core::Generator => self.generator(at),
            Core::Long => self.keep(at, d.long.ob_digit + objects.digits(at).0.min(1 << 24) * d.long.digit_bytes),
            Core::TeeData => {
                // Values not read yet are not initialised.
                let read =
                    self.image.u32_at(at.offset(d.types.tee_data.count)).unwrap_or(0).min(d.types.tee_data.values_max);
                self.keep(at, d.types.tee_data.values + 8 * u64::from(read));
            }
            Core::Tuple => self.keep(at, own + layout.hidden_items * 8),
            Core::Plain => self.plain(at, layout, own),
            _ => self.keep(at, own),
        }
        if let Some((items, room)) = layout.items_behind {
            self.keep(Address(self.word(at, items)), self.word(at, room).saturating_mul(WORD as u64));
            self.keep(at.offset(room), WORD as u64);
        }
        if layout.header_bytes > 0 {
            self.attributes(at, layout);
        }
        if layout.core == Core::Type && d.type_object.ht_cached_keys != 0 && objects.is_heap_type(at) {
            let keys = Address(self.word(at, d.type_object.ht_cached_keys));
            self.keys_object(keys, &objects.keys(keys, Address::NULL));
        }
        if layout.singled_out == Some(SingledOut::Module) {
            self.module_state(at);
        }
    }

    /// A frame is made of memory as it was: of its block stack and its value stack only what is in use means anything.
    fn frame(&mut self, at: Address, own: u64) {
        let d = self.d;
        let blocks = self.image.u32_at(at.offset(d.frame.f_iblock)).unwrap_or(0).min(d.frame.blocks_max);
        self.keep(at, d.frame.f_blockstack + u64::from(blocks) * d.frame.try_block_bytes);
        let (variables, end) = (at.offset(d.frame.f_localsplus), at.offset(own));
        let (bottom, depth) = self.objects_of().frame_stack(at);
        let used = Address(bottom.offset(depth * 8).0.clamp(variables.0, end.0.max(variables.0)));
        self.keep(variables, used.since(variables));
        // A running frame does not say how far its stack reaches.
        self.keep_telling(used, end.since(used));
    }

    /// An object of a type whose fields may be unknown: they may hold text.
    fn plain(&mut self, at: Address, layout: &TypeLayout, own: u64) {
        let d = self.d;
        let is_number = d.types.numbers.contains(&layout.name.as_str());
        let unknown = match layout.conservative {
            Some((from, to)) => Some((from, to.min(own))),
            None if is_number || layout.is_class || !d.types.atoms.contains(&layout.name.as_str()) => None,
            None => Some((if layout.itemsize > 0 { d.object.ob_size + 8 } else { d.object.bytes }, own)),
        };
        let Some((from, to)) = unknown else {
            self.keep(at, own);
            return;
        };
        self.keep(at, from);
        self.keep_telling(at.offset(from), to.saturating_sub(from));
        // What a class adds are attributes; items of a type made in C may be anything.
        let (rest, rest_bytes) = (at.offset(to), own.saturating_sub(to));
        match layout.is_class {
            true => self.keep(rest, rest_bytes),
            false => self.keep_telling(rest, rest_bytes),
        }
        for (_, length, _) in &layout.buffers {
            self.keep(at.offset(*length), WORD as u64);
        }
    }

    /// The last `kept` words of each entry of a hash table: all but the hash.
    fn table(&mut self, table: &Table, kept: u64) {
        // As when it was read: wholly or not at all.
        if self.objects_of().table_bytes(table).is_none() {
            return;
        }
        let (entry_bytes, kept_bytes) = (table.entry_bytes as u64, kept * WORD as u64);
        for slot in 0..table.slots() {
            let at = table.at.offset(slot * entry_bytes);
            if let Some(entry) = self.image.bytes(at, table.entry_bytes) {
                self.dummy_key(table.entry(entry).key);
            }
            self.keep(at.offset(entry_bytes - kept_bytes), kept_bytes);
        }
    }

    /// Deleted slots are told by the text of their key, which need not be an object that was found.
    fn dummy_key(&mut self, key: Address) {
        let d = self.d;
        let text = key.offset(d.string.ob_sval);
        let dummy_key = d.types.dummy_key;
        if self.image.bytes(text, dummy_key.len()) == Some(dummy_key) {
            self.keep(key.offset(d.object.ob_size), d.string.ob_sval - d.object.ob_size + dummy_key.len() as u64);
        }
    }

    /// The C strings that a type is named by, and that its slots are.
    fn type_name(&mut self, type_at: Address) {
        let d = self.d;
        self.c_string(Address(self.word(type_at, d.type_object.tp_name)));
        if !self.objects_of().is_class(type_at) {
            return;
        }
        let Some((members, count)) = self.objects_of().member_defs(type_at) else { return };
        for index in 0..count.min(4096) {
            self.c_string(Address(self.word(members.offset(index * d.member_def.bytes), d.member_def.name)));
        }
    }

    fn c_string(&mut self, at: Address) {
        if let Ok(text) = self.image.read_c_string(at, NAME_BYTES_MAX) {
            self.keep(at, text.len() as u64 + 1);
        }
    }
}
