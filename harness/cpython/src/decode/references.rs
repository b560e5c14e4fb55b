//! Second pass: the references of every object, with their names.

use bloathound_heap::{ObjectId, ReferenceKind, ReferenceLabel};
use bloathound_memory::Address;

use super::Decoder;
use super::source::KEYS_MAX;
use super::types::TypeLayout;
use crate::dialect::layout::BlockLayout;
use crate::dialect::{Attributes, Core, Frames, SingledOut, TextStorage};
use crate::objects::{Table, read_word};

impl<'a> Decoder<'a> {
    /// Adds all references of the object at `at`.
    pub(crate) fn add_references(&mut self, at: Address, layout: &TypeLayout) {
        let d = self.interpreter.dialect;
        for (offset, name, traversed) in &layout.fixed {
            let label = ReferenceLabel::new(ReferenceKind::Field, name.0, *traversed);
            self.reference_at(at.offset(*offset), label);
        }
        if layout.singled_out == Some(SingledOut::Code) {
            self.note_code(at);
        }
        match layout.core {
            Core::Plain | Core::Str | Core::Long | Core::ByteArray | Core::Array => {}
            Core::Unicode if d.text == TextStorage::Compact => {}
            Core::Unicode => self.field(at, d.unicode.defenc, "encoded", false),
            Core::Dict => self.dict_references(at),
            Core::List => {
                self.item_references(self.objects().list_at(at), self.word(at, d.object.ob_size));
            }
            Core::Tuple => self.item_references(
                at.offset(layout.items_at),
                self.word(at, d.object.ob_size).saturating_add(layout.hidden_items),
            ),
            Core::Set => self.set_references(at),
            Core::Type => self.type_references(at),
            Core::Frame => match d.frames {
                Frames::Objects => self.frame_references(at),
                Frames::InterpreterFrames { .. } => self.frame_object_references(at),
            },
            Core::Generator => self.generator_references(at),
            Core::Weakref => {
                self.field(at, d.weak_reference.wr_callback, "callback", true);
                let name = self.builder.name("referent");
                self.reference_at(
                    at.offset(d.weak_reference.wr_object),
                    ReferenceLabel::new(ReferenceKind::Weak, name.0, false),
                );
            }
            Core::Deque => self.deque_references(at),
            Core::TeeData => {
                let read = self.image.u32_at(at.offset(d.types.tee_data.count)).unwrap_or(0);
                self.item_references(
                    at.offset(d.types.tee_data.values),
                    u64::from(read.min(d.types.tee_data.values_max)),
                );
            }
        }
        if let Some((items, room)) = layout.items_behind {
            let items = self.image.pointer_at(at.offset(items)).unwrap_or_default();
            self.item_references(items, self.word(at, room));
        }
        if let Some(chain) = layout.chain {
            self.chain_references(at, chain);
        }
        if let Some((from, to)) = layout.conservative {
            self.conservative_references(at, layout, from, to);
        }
        let slots = if self.budget.take(layout.slots.len() as u64) { layout.slots.as_slice() } else { &[] };
        for (offset, name) in slots {
            self.reference_at(at.offset(*offset), ReferenceLabel::new(ReferenceKind::Slot, name.0, true));
        }
        let has_values = layout.has_values && self.value_references(at, layout);
        if let Some(offset) = layout.dict_offset {
            // A dict of the values that stand behind the object is not visited: they are.
            let visited = layout.is_gc && !has_values;
            let label = ReferenceLabel::new(ReferenceKind::Field, self.types.dict_name().0, visited);
            if let Some(variable) = self.dict_pointer(at, layout, offset, has_values) {
                self.reference_at(variable, label);
            }
        }
        if layout.singled_out == Some(SingledOut::Module) && d.module.state.is_some() {
            self.module_state(at);
        }
        if layout.is_heap {
            let type_at = layout.address;
            self.reference(type_at, ReferenceLabel::new(ReferenceKind::Type, 0, layout.type_is_visited));
        }
    }

    pub(super) fn word(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }

    pub(super) fn field(&mut self, at: Address, offset: u64, name: &str, traversed: bool) {
        let name = self.builder.name(name);
        self.reference_at(at.offset(offset), ReferenceLabel::new(ReferenceKind::Field, name.0, traversed));
    }

    /// The reference that the pointer at `variable` is.
    pub(super) fn reference_at(&mut self, variable: Address, label: ReferenceLabel) {
        match self.image.pointer_at(variable) {
            Some(target) => self.reference(target, label),
            None => self.builder.quality_mut().unmapped_pointers += 1,
        }
    }

    pub(super) fn reference(&mut self, target: Address, label: ReferenceLabel) {
        if target.is_null() {
            return;
        }
        match self.id_of(target) {
            Some(id) => self.builder.add_reference(id, label),
            None => self.builder.quality_mut().unmapped_pointers += 1,
        }
    }

    /// Where an instance's dict pointer is; a negative offset counts from the end of a variable-size object. `None` where the
    /// word is something else's.
    #[inline]
    fn dict_pointer(&self, at: Address, layout: &TypeLayout, offset: i64, has_values: bool) -> Option<Address> {
        match self.interpreter.dialect.attributes {
            Attributes::DictSlot => Some(self.dict_slot(at, layout, offset)),
            _ if !layout.has_managed_dict => Some(self.dict_slot(at, layout, offset)),
            Attributes::TaggedBefore { .. } if has_values => None,
            Attributes::TaggedBefore { word_back: back, .. }
            | Attributes::ValuesBefore { dict_back: back, .. }
            | Attributes::Inline { dict_back: back, .. } => Some(at.back(back.min(at.0))),
        }
    }

    #[inline]
    fn dict_slot(&self, at: Address, layout: &TypeLayout, offset: i64) -> Address {
        if offset >= 0 {
            return at.offset(offset.unsigned_abs());
        }
        let length = self.objects().length(at);
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

    /// The bytes of a table, where they were copied and may be read.
    pub(super) fn table_bytes(&mut self, table: &Table) -> Option<&'a [u8]> {
        let bytes = self.objects().table_bytes(table).filter(|bytes| self.budget.take(bytes.len() as u64 / 8));
        if bytes.is_none() {
            self.builder.quality_mut().unmapped_pointers += 1;
        }
        bytes
    }

    fn dict_references(&mut self, at: Address) {
        let table = match self.objects().dict(at) {
            Ok(table) => table,
            Err(refused) => return self.refuse(refused),
        };
        if !table.values.is_null() {
            return self.split_references(at, &table);
        }
        let Some(bytes) = self.table_bytes(&table) else { return };
        let tells_keys = self.word(at, self.interpreter.dialect.dict.ma_used) <= KEYS_MAX;
        // The dict of interned strings does not count its references: they own nothing.
        let weak = Some(at) == self.interned_dict;
        let keys_are_visited = table.keys_are_visited && table.lookup == self.general_lookup;
        for entry in bytes.chunks_exact(table.entry_bytes) {
            let entry = table.entry(entry);
            if entry.value.is_null() {
                continue;
            }
            let key_id = self.id_of(entry.key);
            if weak {
                if let Some(id) = key_id {
                    self.builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Weak, 0, false));
                }
                continue;
            }
            match key_id {
                Some(id) => {
                    if tells_keys {
                        self.note_key(entry.key, id);
                    }
                    self.builder.add_reference(id, ReferenceLabel::new(ReferenceKind::Key, id.0, keys_are_visited));
                    self.reference(entry.value, ReferenceLabel::new(ReferenceKind::Value, id.0, true));
                }
                None => {
                    self.builder.quality_mut().unmapped_pointers += 1;
                    self.reference(entry.value, ReferenceLabel::new(ReferenceKind::Value, u32::MAX, true));
                }
            }
        }
    }

    fn set_references(&mut self, at: Address) {
        let table = self.objects().set(at);
        let Some(bytes) = self.table_bytes(&table) else { return };
        for entry in bytes.chunks_exact(table.entry_bytes) {
            let key = table.entry(entry).key;
            if !key.is_null() && !self.objects().is_deleted(entry, key) {
                self.reference(key, ReferenceLabel::new(ReferenceKind::Member, 0, true));
            }
        }
    }

    fn type_references(&mut self, at: Address) {
        let d = self.interpreter.dialect;
        let heap_type = self.word(at, d.type_object.tp_flags) & d.flags.heaptype != 0;
        let row = self.types.static_types().row(at).copied();
        for (offset, name, traversed) in d.types.type_fields {
            let elsewhere = row.and_then(|row| match *offset {
                offset if offset == d.type_object.tp_dict => Some(row.dict),
                offset if offset == d.type_object.tp_subclasses => Some(row.subclasses),
                _ => None,
            });
            match elsewhere {
                None => self.field(at, *offset, name, *traversed && heap_type),
                Some(target) => {
                    let name = self.builder.name(name);
                    self.reference(target, ReferenceLabel::new(ReferenceKind::Field, name.0, false));
                }
            }
        }
        if heap_type {
            for (offset, name, traversed) in d.types.heap_type_fields {
                self.field(at, *offset, name, *traversed);
            }
            self.shared_keys(at);
        }
    }

    fn frame_references(&mut self, at: Address) {
        let d = self.interpreter.dialect;
        for (offset, name) in d.types.frame_fields {
            self.field(at, *offset, name, true);
        }
        let code_at = Address(self.word(at, d.frame.f_code));
        self.note_frame(at, code_at);
        let tuples = [d.code.co_varnames, d.code.co_cellvars, d.code.co_freevars];
        let items = |offset: u64| self.word(Address(self.word(code_at, offset)), d.object.ob_size).min(1 << 16);
        if !self.budget.take(tuples.into_iter().map(items).sum()) {
            return;
        }
        let objects = self.objects();
        let tuple = |offset| objects.tuple_items(Address(self.word(code_at, offset)));
        let mut names = tuple(d.code.co_varnames);
        names.truncate(self.image.u32_at(code_at.offset(d.code.co_nlocals)).unwrap_or(0) as usize);
        names.extend(tuple(d.code.co_cellvars));
        names.extend(tuple(d.code.co_freevars));
        for (index, name) in names.iter().enumerate() {
            let text = objects.name(*name, 200).unwrap_or_default();
            let name = self.builder.name(&text);
            let variable = at.offset(d.frame.f_localsplus + index as u64 * 8);
            self.reference_at(variable, ReferenceLabel::new(ReferenceKind::Local, name.0, true));
        }
        // A running frame has no stack top; what it holds shows as unaccounted references.
        let (bottom, depth) = objects.frame_stack(at);
        if self.budget.take(depth) {
            for index in 0..depth {
                let label = ReferenceLabel::new(ReferenceKind::Stack, index as u32, true);
                self.reference_at(bottom.offset(index * 8), label);
            }
        }
    }

    fn deque_references(&mut self, at: Address) {
        let d = self.interpreter.dialect;
        let left = Address(self.word(at, d.deque.leftblock));
        let right = Address(self.word(at, d.deque.rightblock));
        let len = self.word(at, d.deque.len);
        let agrees = |layout: BlockLayout| {
            left == right
                || self.image.pointer_at(left.offset(layout.right)).is_some_and(|next| {
                    !next.is_null() && self.image.pointer_at(next.offset(layout.left)) == Some(left)
                })
        };
        // One block only tells nothing by its links: its first link is null or garbage in either layout.
        let layout = if agrees(d.deque.data_first) { d.deque.data_first } else { d.deque.links_first };
        let mut block = left;
        let mut index = self.word(at, d.deque.leftindex);
        let bound = self.image.flat().len() as u64 / 8;
        if !self.budget.take(len.min(bound)) {
            return;
        }
        for item in 0..len.min(bound) {
            if index >= d.deque.block_items {
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
                    let named = layout.words.iter().find(|(word, _)| *word == offset);
                    let (kind, payload) = match named {
                        Some((_, name)) => (ReferenceKind::Field, name.0),
                        None => (ReferenceKind::Conservative, offset as u32),
                    };
                    self.builder.add_reference(id, ReferenceLabel::new(kind, payload, layout.is_gc));
                }
            }
            offset += 8;
        }
    }

    /// The id of the object at `target`; one that is met here for the first time becomes an object now.
    pub(crate) fn id_of(&mut self, target: Address) -> Option<ObjectId> {
        let flat = self.image.locate(target)?;
        if let Some(rank) = self.marked.marks.rank(flat) {
            return Some(ObjectId(rank));
        }
        if let Some(id) = self.late.get(target.0).or_else(|| self.calls_at.get(target.0)) {
            return Some(ObjectId(id));
        }
        self.adopt(target)
    }
}
