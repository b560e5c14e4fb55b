//! What of the objects is needed, and of the items, tables and texts that they keep outside themselves.

use std::rc::Rc;

use bloathound_heap::{HeapSnapshot, SnapshotBuilder};
use bloathound_memory::{Address, MemoryImage, MemorySource};

use super::{Marker, WORD};
use crate::Interpreter;
use crate::decode::types::{Core, TypeLayout, TypeTable};
use crate::layouts::dictobject_h as dict;
use crate::layouts::frameobject_h as frame;
use crate::layouts::listobject_h as list;
use crate::layouts::object_h as object;
use crate::layouts::objimpl_h::GC_HEAD_BYTES;
use crate::layouts::setobject_h as set;
use crate::layouts::shapes;
use crate::layouts::stringobject_h as string;

/// Longest name of a type or slot that is read.
const NAME_BYTES_MAX: usize = 256;
/// What a deleted slot of a set points at.
const DUMMY_KEY: &[u8] = b"<dummy key>";
/// Types whose own fields are numbers and nothing else.
const NUMBERS: [&str; 7] = ["object", "int", "long", "bool", "float", "complex", "NoneType"];

/// The target's types, and what their objects keep outside themselves.
pub(super) struct Outside {
    types: TypeTable,
    builder: SnapshotBuilder,
}

impl Outside {
    pub(super) fn new(image: &MemoryImage, interpreter: &Interpreter) -> Self {
        let mut builder = SnapshotBuilder::new();
        Self { types: TypeTable::new(interpreter.type_type, image.flat().len(), &mut builder), builder }
    }

    /// True for the address of a type object.
    pub(super) fn is_type(&mut self, image: &MemoryImage, at: Address) -> bool {
        at.0 > 0x1000 && at.is_aligned(8) && self.types.resolve(image, &mut self.builder, at).is_some()
    }

    fn layout(&mut self, image: &MemoryImage, at: Address) -> Option<Rc<TypeLayout>> {
        let type_at = image.pointer_at(at.offset(object::OB_TYPE))?;
        let index = self.types.resolve(image, &mut self.builder, type_at)?;
        Some(Rc::clone(self.types.layout(index)))
    }

    /// True when all that the object at `at` keeps outside itself is items, table or text.
    pub(super) fn keeps_items(&mut self, image: &MemoryImage, at: Address) -> bool {
        let known = |layout: Rc<TypeLayout>| {
            matches!(layout.core, Core::Dict | Core::List | Core::Set | Core::Unicode | Core::Tuple | Core::Str)
        };
        self.layout(image, at).is_some_and(known)
    }
}

impl Marker<'_> {
    /// Everything that is read of the objects.
    pub(super) fn objects(&mut self, snapshot: &HeapSnapshot, interpreter: &Interpreter) {
        let mut outside = Outside::new(self.image, interpreter);
        for record in snapshot.records() {
            let at = Address(record.address);
            // Its type was read when it was found.
            let Some(layout) = outside.layout(self.image, at) else {
                self.keep(at, object::PYOBJECT_BYTES);
                continue;
            };
            if layout.is_gc {
                self.keep_telling(at.back(GC_HEAD_BYTES.min(at.0)), GC_HEAD_BYTES);
            }
            self.object(at, &layout, interpreter.unicode.bytes());
        }
    }

    /// What was taken for a type where no object is of it, such as one that is dead: not its name, which may be gone.
    pub(super) fn types_met(&mut self, met: &Outside) {
        for layout in met.types.all() {
            self.keep_telling(layout.address, object::PYTYPEOBJECT_BYTES);
            self.keep(layout.address.offset(object::TP_FLAGS), WORD as u64);
        }
    }

    fn word(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }

    fn object(&mut self, at: Address, layout: &TypeLayout, unicode_bytes: u64) {
        let length = match layout.itemsize {
            0 => 0,
            _ => (self.word(at, object::OB_SIZE) as i64).unsigned_abs(),
        };
        if layout.core == Core::Type {
            // Of one without objects too: dead ones are told by it.
            self.type_name(at);
        }
        let own = layout.basicsize.saturating_add(layout.itemsize.saturating_mul(length)).min(1 << 32);
        match layout.core {
            Core::Dict => {
                self.table(at, (dict::MA_TABLE, dict::MA_MASK), dict::ENTRY_BYTES as u64, 2);
                self.keep(at, dict::MA_SMALLTABLE);
                self.keep(at.offset(dict::PYDICTOBJECT_BYTES), own.saturating_sub(dict::PYDICTOBJECT_BYTES));
            }
            Core::Set => {
                self.table(at, (set::SET_TABLE, set::SET_MASK), set::ENTRY_BYTES as u64, 1);
                self.keep(at, set::SET_SMALLTABLE);
                let inline_table = set::SET_SMALLTABLE + 8 * set::ENTRY_BYTES as u64;
                self.keep(at.offset(inline_table), own.saturating_sub(inline_table));
            }
            Core::List => {
                self.keep(at, own);
                let items = Address(self.word(at, list::LIST_ITEMS));
                self.keep(items, self.word(at, object::OB_SIZE).saturating_mul(8));
            }
            Core::Unicode => {
                self.keep(at, own);
                let data = Address(self.word(at, string::UNICODE_DATA));
                self.keep(data, self.word(at, string::UNICODE_LENGTH).saturating_mul(unicode_bytes));
            }
            Core::Array => {
                self.keep(at, own);
                self.keep(Address(self.word(at, list::ARRAY_DESCR)), WORD as u64);
            }
            Core::Type if self.word(at, object::TP_FLAGS) & object::FLAG_HEAPTYPE == 0 => {
                // Static ones lack the part behind it.
                self.keep(at, object::PYTYPEOBJECT_BYTES);
            }
            Core::Frame => self.frame(at, own),
            Core::TeeData => {
                // Values not read yet are not initialised.
                let read = self.image.u32_at(at.offset(shapes::TEE_COUNT)).unwrap_or(0).min(shapes::TEE_VALUES_MAX);
                self.keep(at, shapes::TEE_VALUES + 8 * u64::from(read));
            }
            Core::Plain => self.plain(at, layout, own),
            _ => self.keep(at, own),
        }
    }

    /// A frame is made of memory as it was: of its block stack and its value stack only what is in use means anything.
    fn frame(&mut self, at: Address, own: u64) {
        let blocks = self.image.u32_at(at.offset(frame::F_IBLOCK)).unwrap_or(0).min(frame::BLOCKS_MAX);
        self.keep(at, frame::F_BLOCKSTACK + u64::from(blocks) * frame::TRYBLOCK_BYTES);
        let (variables, end) = (at.offset(frame::F_LOCALSPLUS), at.offset(own));
        let (bottom, top) = (self.word(at, frame::F_VALUESTACK), self.word(at, frame::F_STACKTOP));
        let used = Address(bottom.max(top).clamp(variables.0, end.0.max(variables.0)));
        self.keep(variables, used.since(variables));
        // A running frame does not say how far its stack reaches.
        self.keep_telling(used, end.since(used));
    }

    /// An object of a type whose fields may be unknown: they may hold text.
    fn plain(&mut self, at: Address, layout: &TypeLayout, own: u64) {
        let is_number = NUMBERS.contains(&layout.name.as_str());
        let unknown = match layout.conservative {
            Some((from, to)) => Some((from, to.min(own))),
            None if is_number || layout.is_heap || !shapes::ATOMS.contains(&layout.name.as_str()) => None,
            None => Some((if layout.itemsize > 0 { object::OB_SIZE + 8 } else { object::PYOBJECT_BYTES }, own)),
        };
        let Some((from, to)) = unknown else {
            self.keep(at, own);
            return;
        };
        self.keep(at, from);
        self.keep_telling(at.offset(from), to.saturating_sub(from));
        // What a class adds are attributes; items of a type made in C may be anything.
        let (rest, rest_bytes) = (at.offset(to), own.saturating_sub(to));
        match layout.is_heap {
            true => self.keep(rest, rest_bytes),
            false => self.keep_telling(rest, rest_bytes),
        }
        if let Some((_, length, _)) = layout.buffer {
            self.keep(at.offset(length), WORD as u64);
        }
    }

    /// The last `kept` words of each entry of a hash table: all but the hash.
    fn table(&mut self, at: Address, (table, mask): (u64, u64), entry_bytes: u64, kept: u64) {
        let table = Address(self.word(at, table));
        let slots = self.word(at, mask).saturating_add(1);
        // As when it was read: wholly or not at all.
        let bytes = slots.checked_mul(entry_bytes).and_then(|bytes| usize::try_from(bytes).ok());
        if bytes.is_none_or(|bytes| self.image.bytes(table, bytes).is_none()) {
            return;
        }
        let kept_bytes = kept * WORD as u64;
        for slot in 0..slots {
            self.dummy_key(Address(self.word(table, slot * entry_bytes + WORD as u64)));
            self.keep(table.offset(slot * entry_bytes + entry_bytes - kept_bytes), kept_bytes);
        }
    }

    /// Deleted slots are told by the text of their key, which need not be an object that was found.
    fn dummy_key(&mut self, key: Address) {
        let text = key.offset(string::OB_SVAL);
        if self.image.bytes(text, DUMMY_KEY.len()) == Some(DUMMY_KEY) {
            self.keep(key.offset(object::OB_SIZE), string::OB_SVAL - object::OB_SIZE + DUMMY_KEY.len() as u64);
        }
    }

    /// The C strings that a type is named by, and that its slots are.
    fn type_name(&mut self, type_at: Address) {
        self.c_string(Address(self.word(type_at, object::TP_NAME)));
        if self.word(type_at, object::TP_FLAGS) & object::FLAG_HEAPTYPE == 0 {
            return;
        }
        let metatype = Address(self.word(type_at, object::OB_TYPE));
        let members = type_at.offset(self.word(metatype, object::TP_BASICSIZE).min(1 << 20));
        for index in 0..self.word(type_at, object::OB_SIZE).min(4096) {
            self.c_string(Address(self.word(members.offset(index * object::MEMBERDEF_BYTES), object::MEMBERDEF_NAME)));
        }
    }

    fn c_string(&mut self, at: Address) {
        if let Ok(text) = self.image.read_c_string(at, NAME_BYTES_MAX) {
            self.keep(at, text.len() as u64 + 1);
        }
    }
}
