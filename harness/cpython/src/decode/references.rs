//! Second pass: the references of every object, with their names.

use bloathound_heap::{ObjectId, ReferenceKind, ReferenceLabel};
use bloathound_memory::Address;

use super::Decoder;
use super::discover::{WR_OBJECT, read_word};
use super::types::{Core, TypeLayout};
use crate::layouts::collections::{self as deque, BlockLayout};
use crate::layouts::dictobject_h as dict;
use crate::layouts::listobject_h as list;
use crate::layouts::object_h as object;
use crate::layouts::setobject_h as set;
use crate::layouts::shapes;
use crate::layouts::stringobject_h as string;
use crate::layouts::{code_h as code, frameobject_h as frame};

/// `wr_callback` (`Include/weakrefobject.h`).
const WR_CALLBACK: u64 = 24;
/// What a deleted slot of a set points at.
const DUMMY_KEY: &[u8] = b"<dummy key>";

/// Pointer fields of `PyTypeObject`: offset, name, visited by `type_traverse`.
const TYPE_FIELDS: &[(u64, &str, bool)] = &[
    (object::TP_DICT, "__dict__", true),
    (object::TP_CACHE, "tp_cache", true),
    (object::TP_MRO, "__mro__", true),
    (object::TP_BASES, "__bases__", true),
    (object::TP_BASE, "__base__", true),
    (object::TP_SUBCLASSES, "__subclasses__", false),
];

/// Pointer fields of `PyFrameObject`.
const FRAME_FIELDS: &[(u64, &str)] = &[
    (frame::F_BACK, "f_back"),
    (frame::F_CODE, "f_code"),
    (frame::F_BUILTINS, "f_builtins"),
    (frame::F_GLOBALS, "f_globals"),
    (frame::F_LOCALS, "f_locals"),
    (frame::F_TRACE, "f_trace"),
    (frame::F_EXC_TYPE, "f_exc_type"),
    (frame::F_EXC_VALUE, "f_exc_value"),
    (frame::F_EXC_TRACEBACK, "f_exc_traceback"),
];

impl Decoder<'_> {
    /// Adds all references of the object at `at`.
    pub(crate) fn add_references(&mut self, at: Address, layout: &TypeLayout) {
        for (offset, name, traversed) in &layout.fixed {
            let label = ReferenceLabel::new(ReferenceKind::Field, name.0, *traversed);
            self.reference_at(at.offset(*offset), label);
        }
        match layout.core {
            Core::Plain | Core::Str | Core::Long | Core::ByteArray | Core::Array => {}
            Core::Unicode => self.field(at, string::UNICODE_DEFENC, "encoded", false),
            Core::Dict => self.dict_references(at),
            Core::List => {
                let items = self.image.pointer_at(at.offset(list::LIST_ITEMS)).unwrap_or_default();
                self.item_references(items, self.word(at, object::OB_SIZE));
            }
            Core::Tuple => self.item_references(at.offset(list::TUPLE_ITEMS), self.word(at, object::OB_SIZE)),
            Core::Set => self.set_references(at),
            Core::Type => self.type_references(at),
            Core::Frame => self.frame_references(at),
            Core::Weakref => {
                self.field(at, WR_CALLBACK, "callback", true);
                let name = self.builder.name("referent");
                self.reference_at(at.offset(WR_OBJECT), ReferenceLabel::new(ReferenceKind::Weak, name.0, false));
            }
            Core::Deque => self.deque_references(at),
            Core::TeeData => {
                let read = self.image.u32_at(at.offset(shapes::TEE_COUNT)).unwrap_or(0);
                self.item_references(at.offset(shapes::TEE_VALUES), u64::from(read.min(shapes::TEE_VALUES_MAX)));
            }
        }
        if let Some((from, to)) = layout.conservative {
            self.conservative_references(at, layout, from, to);
        }
        let slots = if self.budget.take(layout.slots.len() as u64) { layout.slots.as_slice() } else { &[] };
        for (offset, name) in slots {
            self.reference_at(at.offset(*offset), ReferenceLabel::new(ReferenceKind::Slot, name.0, true));
        }
        if let Some(offset) = layout.dict_offset {
            let label = ReferenceLabel::new(ReferenceKind::Field, self.types.dict_name().0, layout.is_gc);
            self.reference_at(self.dict_pointer(at, layout, offset), label);
        }
        if layout.is_heap {
            let type_at = layout.address;
            self.reference(type_at, ReferenceLabel::new(ReferenceKind::Type, 0, layout.is_gc));
        }
    }

    fn word(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }

    fn field(&mut self, at: Address, offset: u64, name: &str, traversed: bool) {
        let name = self.builder.name(name);
        self.reference_at(at.offset(offset), ReferenceLabel::new(ReferenceKind::Field, name.0, traversed));
    }

    /// The reference that the pointer at `variable` is.
    fn reference_at(&mut self, variable: Address, label: ReferenceLabel) {
        match self.image.pointer_at(variable) {
            Some(target) => self.reference(target, label),
            None => self.builder.quality_mut().unmapped_pointers += 1,
        }
    }

    fn reference(&mut self, target: Address, label: ReferenceLabel) {
        if target.is_null() {
            return;
        }
        match self.id_of(target) {
            Some(id) => self.builder.add_reference(id, label),
            None => self.builder.quality_mut().unmapped_pointers += 1,
        }
    }

    /// Where an instance's dict pointer is; a negative offset counts from the end of a variable-size object.
    pub(crate) fn dict_pointer(&self, at: Address, layout: &TypeLayout, offset: i64) -> Address {
        if offset >= 0 {
            return at.offset(offset.unsigned_abs());
        }
        let length = (self.word(at, object::OB_SIZE) as i64).unsigned_abs();
        let size = layout.basicsize.wrapping_add(length.wrapping_mul(layout.itemsize));
        at.offset((size.wrapping_add(7) & !7).wrapping_sub(offset.unsigned_abs()))
    }

    fn item_references(&mut self, items: Address, count: u64) {
        let image = self.image;
        let bytes = usize::try_from(count).ok().and_then(|n| n.checked_mul(8)).and_then(|n| image.bytes(items, n));
        let Some(bytes) = bytes.filter(|_| self.budget.take(count)) else {
            if count > 0 {
                self.builder.quality_mut().unmapped_pointers += 1;
            }
            return;
        };
        for (index, word) in bytes.chunks_exact(8).enumerate() {
            let label = ReferenceLabel::new(ReferenceKind::Item, index as u32, true);
            self.reference(Address(read_word(word, 0)), label);
        }
    }

    fn dict_references(&mut self, at: Address) {
        let image = self.image;
        let table = Address(self.word(at, dict::MA_TABLE));
        let slots = usize::try_from(self.word(at, dict::MA_MASK)).ok().and_then(|mask| mask.checked_add(1));
        let bytes = slots.and_then(|n| n.checked_mul(dict::ENTRY_BYTES)).and_then(|n| image.bytes(table, n));
        let Some(bytes) = bytes.filter(|bytes| self.budget.take(bytes.len() as u64 / 8)) else {
            self.builder.quality_mut().unmapped_pointers += 1;
            return;
        };
        // The dict of interned strings does not count its references: they own nothing.
        let weak = Some(at) == self.interned_dict;
        for entry in bytes.chunks_exact(dict::ENTRY_BYTES) {
            let value = Address(read_word(entry, dict::ME_VALUE));
            if value.is_null() {
                continue;
            }
            let key = Address(read_word(entry, dict::ME_KEY));
            let key_id = self.id_of(key);
            if weak {
                if let Some(id) = key_id {
                    self.builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Weak, 0, false));
                }
                continue;
            }
            match key_id {
                Some(id) => {
                    self.builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Key, id.0, true));
                    self.reference(value, ReferenceLabel::new(ReferenceKind::Value, id.0, true));
                }
                None => {
                    self.builder.quality_mut().unmapped_pointers += 1;
                    self.reference(value, ReferenceLabel::new(ReferenceKind::Value, u32::MAX, true));
                }
            }
        }
    }

    fn set_references(&mut self, at: Address) {
        let image = self.image;
        let table = Address(self.word(at, set::SET_TABLE));
        let slots = usize::try_from(self.word(at, set::SET_MASK)).ok().and_then(|mask| mask.checked_add(1));
        let bytes = slots.and_then(|n| n.checked_mul(set::ENTRY_BYTES)).and_then(|n| image.bytes(table, n));
        let Some(bytes) = bytes.filter(|bytes| self.budget.take(bytes.len() as u64 / 8)) else {
            self.builder.quality_mut().unmapped_pointers += 1;
            return;
        };
        for entry in bytes.chunks_exact(set::ENTRY_BYTES) {
            let key = Address(read_word(entry, set::ENTRY_KEY));
            if !key.is_null() && !self.is_dummy(key) {
                self.reference(key, ReferenceLabel::new(ReferenceKind::Member, 0, true));
            }
        }
    }

    fn is_dummy(&self, key: Address) -> bool {
        self.word(key, object::OB_SIZE) == DUMMY_KEY.len() as u64
            && self.image.bytes(key.offset(string::OB_SVAL), DUMMY_KEY.len()) == Some(DUMMY_KEY)
    }

    fn type_references(&mut self, at: Address) {
        let heap_type = self.word(at, object::TP_FLAGS) & object::FLAG_HEAPTYPE != 0;
        for (offset, name, traversed) in TYPE_FIELDS {
            self.field(at, *offset, name, *traversed && heap_type);
        }
        if heap_type {
            self.field(at, object::HT_NAME, "__name__", false);
            self.field(at, object::HT_SLOTS, "__slots__", false);
        }
    }

    fn frame_references(&mut self, at: Address) {
        for (offset, name) in FRAME_FIELDS {
            self.field(at, *offset, name, true);
        }
        let code_at = Address(self.word(at, frame::F_CODE));
        let tuples = [code::CO_VARNAMES, code::CO_CELLVARS, code::CO_FREEVARS];
        let items = |offset: u64| self.word(Address(self.word(code_at, offset)), object::OB_SIZE).min(1 << 16);
        if !self.budget.take(tuples.into_iter().map(items).sum()) {
            return;
        }
        let tuple = |offset| self.tuple_items(Address(self.word(code_at, offset)));
        let mut names = tuple(code::CO_VARNAMES);
        names.truncate(self.image.u32_at(code_at.offset(code::CO_NLOCALS)).unwrap_or(0) as usize);
        names.extend(tuple(code::CO_CELLVARS));
        names.extend(tuple(code::CO_FREEVARS));
        for (index, name) in names.iter().enumerate() {
            let text = super::types::string_text(self.image, *name, 200).unwrap_or_default();
            let name = self.builder.name(&text);
            let variable = at.offset(frame::F_LOCALSPLUS + index as u64 * 8);
            self.reference_at(variable, ReferenceLabel::new(ReferenceKind::Local, name.0, true));
        }
        // A running frame has no stack top; what it holds shows as unaccounted references.
        let (bottom, top) = (self.word(at, frame::F_VALUESTACK), self.word(at, frame::F_STACKTOP));
        if top > bottom && (top - bottom) / 8 <= 1 << 16 && self.budget.take((top - bottom) / 8) {
            for depth in 0..(top - bottom) / 8 {
                let label = ReferenceLabel::new(ReferenceKind::Stack, depth as u32, true);
                self.reference_at(Address(bottom).offset(depth * 8), label);
            }
        }
    }

    /// Items of a tuple of names; empty when it is none.
    pub(crate) fn tuple_items(&self, at: Address) -> Vec<Address> {
        let count = self.word(at, object::OB_SIZE).min(1 << 16) as usize;
        let bytes = self.image.bytes(at.offset(list::TUPLE_ITEMS), count * 8).unwrap_or_default();
        bytes.chunks_exact(8).map(|word| Address(read_word(word, 0))).collect()
    }

    fn deque_references(&mut self, at: Address) {
        let left = Address(self.word(at, deque::DEQUE_LEFTBLOCK));
        let right = Address(self.word(at, deque::DEQUE_RIGHTBLOCK));
        let len = self.word(at, deque::DEQUE_LEN);
        let agrees = |layout: BlockLayout| {
            left == right
                || self.image.pointer_at(left.offset(layout.right)).is_some_and(|next| {
                    !next.is_null() && self.image.pointer_at(next.offset(layout.left)) == Some(left)
                })
        };
        // One block only tells nothing by its links: its first link is null or garbage in either layout.
        let layout = if agrees(deque::DATA_FIRST) { deque::DATA_FIRST } else { deque::LINKS_FIRST };
        let mut block = left;
        let mut index = self.word(at, deque::DEQUE_LEFTINDEX);
        let bound = self.image.flat().len() as u64 / 8;
        if !self.budget.take(len.min(bound)) {
            return;
        }
        for item in 0..len.min(bound) {
            if index >= deque::BLOCK_ITEMS {
                index = 0;
                block = self.image.pointer_at(block.offset(layout.right)).unwrap_or_default();
                if block.is_null() {
                    self.builder.quality_mut().unmapped_pointers += 1;
                    return;
                }
            }
            let label = ReferenceLabel::new(ReferenceKind::Item, item as u32, true);
            self.reference_at(block.offset(layout.data + index * 8), label);
            index += 1;
        }
    }

    /// Words that are known objects' addresses, in a structure nobody described to us.
    fn conservative_references(&mut self, at: Address, layout: &TypeLayout, from: u64, to: u64) {
        self.builder.quality_mut().conservative_objects += 1;
        if !self.budget.take(to.saturating_sub(from) / 8) {
            return;
        }
        let mut offset = from;
        while offset + 8 <= to {
            let is_weak_list = layout.weaklist_offset == offset;
            let is_slot = layout.slots.iter().any(|(slot, _)| *slot == offset);
            let is_dict = layout.dict_offset == Some(offset as i64);
            if !is_weak_list && !is_slot && !is_dict {
                let value = Address(self.word(at, offset));
                if value.0 > 0x1000
                    && value.is_aligned(8)
                    && let Some(id) = self.id_of(value)
                {
                    let label = ReferenceLabel::new(ReferenceKind::Conservative, offset as u32, layout.is_gc);
                    self.builder.add_reference(id, label);
                }
            }
            offset += 8;
        }
    }

    /// The id of the object at `target`; one that is met here for the first time becomes an object now.
    pub(crate) fn id_of(&mut self, target: Address) -> Option<ObjectId> {
        let flat = self.image.locate(target)?;
        if let Some(rank) = self.marks.rank(flat) {
            return Some(ObjectId(rank));
        }
        if let Some(id) = self.late.get(target.0) {
            return Some(ObjectId(id));
        }
        self.adopt(target)
    }
}
