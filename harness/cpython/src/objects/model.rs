//! Reading objects out of a copy: types, text, items and tables, by the target's dialect.

use bloathound_memory::{Address, MemoryImage};

use super::budget::Budget;
use super::table::{KeysHead, Table};
use super::words::read_word;
use crate::dialect::{Dialect, DictTable, DigitCount, NotYetRead, TextStorage, TypesOfC};

/// Length of an inheritance chain before we take it for damage.
pub(crate) const BASES_MAX: usize = 256;
/// A fixed part of an instance larger than this is damage.
pub(crate) const BASICSIZE_MAX: u64 = 1 << 20;
/// Words of a call before we take its code for damage.
const CALL_WORDS_MAX: u64 = 1 << 16;
/// Items of a tuple of names or bases that are read.
const TUPLE_ITEMS_MAX: u64 = 1 << 16;

/// A copy and the dialect its objects are laid out by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a> {
    pub(crate) image: &'a MemoryImage,
    pub(crate) d: &'static Dialect,
}

impl<'a> Objects<'a> {
    pub(crate) fn new(image: &'a MemoryImage, d: &'static Dialect) -> Self {
        Self { image, d }
    }

    /// A word of the object at `at`; 0 where it was not copied.
    #[inline]
    pub(crate) fn word(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }

    /// `ob_type`.
    #[inline]
    pub(crate) fn type_of(&self, at: Address) -> Option<Address> {
        self.image.pointer_at(at.offset(self.d.object.ob_type))
    }

    /// `ob_size` of a variable-size object: a count, whatever sign a number keeps in it.
    #[inline]
    pub(crate) fn length(&self, at: Address) -> u64 {
        (self.word(at, self.d.object.ob_size) as i64).unsigned_abs()
    }

    /// Bytes of the type's own part of an object of `basicsize` with as many items as `ob_size` says.
    #[inline]
    pub(crate) fn own_bytes(&self, at: Address, basicsize: u64, itemsize: u64) -> u64 {
        match itemsize {
            0 => basicsize,
            _ => basicsize.saturating_add(itemsize.saturating_mul(self.length(at))),
        }
    }

    /// The table of the dict at `at`.
    #[inline]
    pub(crate) fn dict(&self, at: Address) -> Result<Table, NotYetRead> {
        match self.d.dict_table {
            DictTable::Entries => Table::of_dict(self.d, at, |offset| self.word(at, offset)),
            DictTable::CombinedKeys => Ok(self.dict_of_keys(at)),
        }
    }

    /// The table of the dict at `at`, whose keys are an object of their own.
    fn dict_of_keys(&self, at: Address) -> Table {
        let k = &self.d.dict.keys;
        let keys = Address(self.word(at, k.ma_keys));
        let values = Address(self.word(at, k.ma_values));
        let table = self.keys(keys, values);
        if values.is_null() {
            return table;
        }
        // Values in an instance are a part of that.
        let is_embedded = self.values_are_embedded(values);
        let bytes = || self.values_bytes(self.values_capacity(values, keys));
        table.with_outside(if is_embedded { 0 } else { bytes() })
    }

    /// The table of the keys at `keys`, with their values where these stand apart.
    pub(crate) fn keys(&self, keys: Address, values: Address) -> Table {
        let head = self.image.bytes(keys, self.d.dict.keys.indices as usize).unwrap_or_default();
        Table::of_keys(self.d, keys, &KeysHead(head), if values.is_null() { values } else { self.first_value(values) })
    }

    /// Entries that the keys at `keys` have room for.
    pub(crate) fn keys_room(&self, keys: Address) -> u64 {
        let head = self.image.bytes(keys, self.d.dict.keys.indices as usize).unwrap_or_default();
        KeysHead(head).usable(self.d)
    }

    /// Bytes of the keys at `keys`, whoever shares them.
    pub(crate) fn keys_bytes(&self, keys: Address) -> u64 {
        let head = self.image.bytes(keys, self.d.dict.keys.indices as usize).unwrap_or_default();
        KeysHead(head).bytes(self.d)
    }

    /// The digits of the number at `at`, and whether it is below zero.
    #[inline]
    pub(crate) fn digits(&self, at: Address) -> (u64, bool) {
        let word = self.word(at, self.d.long.count_at);
        match self.d.long.count {
            DigitCount::SignedSize => ((word as i64).unsigned_abs(), (word as i64) < 0),
            DigitCount::Tag { shift, sign_mask, negative } => (word >> shift, word & sign_mask == negative),
        }
    }

    /// The table of the set at `at`.
    #[inline]
    pub(crate) fn set(&self, at: Address) -> Table {
        Table::of_set(self.d, at, |offset| self.word(at, offset))
    }

    /// All bytes of a table, where they were copied: wholly or not at all.
    #[inline]
    pub(crate) fn table_bytes(&self, table: &Table) -> Option<&'a [u8]> {
        self.image.bytes(table.at, table.bytes()?)
    }

    /// The number at `at`, where it has no more digits than a machine word and is no fraction.
    pub(crate) fn long_value(&self, at: Address) -> Option<i128> {
        let (count, is_negative) = self.digits(at);
        let bytes = self.image.bytes(at.offset(self.d.long.ob_digit), usize::try_from(count.checked_mul(4)?).ok()?)?;
        if count > 4 {
            return None;
        }
        let sum = bytes
            .chunks_exact(4)
            .rev()
            .fold(0_i128, |sum, digit| (sum << self.d.long.digit_bits) | i128::from(super::words::half_at(digit, 0)));
        Some(if is_negative { -sum } else { sum })
    }

    /// The bytes of the `str` at `at`; the caller knows that it is one. `None` where they were not copied.
    pub(crate) fn string_bytes(&self, at: Address) -> Option<&'a [u8]> {
        let len = usize::try_from(self.image.u64_at(at.offset(self.d.object.ob_size))?).ok()?;
        self.image.bytes(at.offset(self.d.string.ob_sval), len)
    }

    /// The content of a `str`, where it is no longer than `max` bytes. The caller has checked that it is one.
    pub(crate) fn string_text(&self, at: Address, max: u64) -> Option<String> {
        if self.image.u64_at(at.offset(self.d.object.ob_size))? > max {
            return None;
        }
        self.string_bytes(at).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// What a name says: whatever names are made of in this series, and where it is no longer than `max` bytes.
    pub(crate) fn name(&self, at: Address, max: u64) -> Option<String> {
        match self.d.text {
            TextStorage::BytesAndWide => self.string_text(at, max),
            TextStorage::Compact => self.compact(at).filter(|text| text.length <= max)?.read(self.image, max),
        }
    }

    /// True for a name of exactly that content.
    pub(crate) fn name_is(&self, at: Address, text: &[u8]) -> bool {
        match self.d.text {
            TextStorage::BytesAndWide => self.string_is(at, text),
            TextStorage::Compact => {
                let found = self.compact(at).filter(|found| found.length == text.len() as u64);
                found.and_then(|found| found.bytes(self.image)) == Some(text)
            }
        }
    }

    /// True for a `str` of exactly that content.
    pub(crate) fn string_is(&self, at: Address, text: &[u8]) -> bool {
        self.image.u64_at(at.offset(self.d.object.ob_size)) == Some(text.len() as u64)
            && self.image.bytes(at.offset(self.d.string.ob_sval), text.len()) == Some(text)
    }

    /// True for an entry of a set that was deleted: by what its key points at, or by its hash.
    #[inline]
    pub(crate) fn is_deleted(&self, entry: &[u8], key: Address) -> bool {
        match self.d.set.deleted_hash {
            None => self.string_is(key, self.d.types.dummy_key),
            Some(hash) => read_word(entry, self.d.set.entry_hash) as i64 == hash,
        }
    }

    /// Where the items of the list at `at` are.
    #[inline]
    pub(crate) fn list_at(&self, at: Address) -> Address {
        Address(self.word(at, self.d.list.ob_item))
    }

    /// The items of a list or nothing.
    pub(crate) fn list_items(&self, at: Address) -> Vec<Address> {
        let read = || -> Option<Vec<Address>> {
            let len = usize::try_from(self.image.u64_at(at.offset(self.d.object.ob_size))?).ok()?;
            let items = self.image.bytes(self.list_at(at), len.checked_mul(8)?)?;
            Some(items.chunks_exact(8).map(|word| Address(read_word(word, 0))).collect())
        };
        if at.is_null() { Vec::new() } else { read().unwrap_or_default() }
    }

    /// Items of a tuple of names or bases; empty when it is none.
    pub(crate) fn tuple_items(&self, at: Address) -> Vec<Address> {
        let count = self.word(at, self.d.object.ob_size).min(TUPLE_ITEMS_MAX) as usize;
        let bytes = self.image.bytes(at.offset(self.d.tuple.ob_item), count * 8).unwrap_or_default();
        bytes.chunks_exact(8).map(|word| Address(read_word(word, 0))).collect()
    }

    /// The value of a string key in a dict, by looking at every slot: for the few lookups decoding needs.
    pub(crate) fn lookup(&self, namespace: Address, key: &str, budget: &Budget) -> Option<Address> {
        let table = self.dict(namespace).ok()?;
        let bytes = self.table_bytes(&table)?;
        if !budget.take(bytes.len() as u64 / 8) {
            return None;
        }
        let position = bytes.chunks_exact(table.entry_bytes).position(|entry| {
            let entry = table.entry(entry);
            (!entry.value.is_null() || !table.values.is_null()) && self.name_is(entry.key, key.as_bytes())
        })?;
        let entry = table.entry(bytes.get(position * table.entry_bytes..)?);
        let value = if table.values.is_null() { entry.value } else { self.split_value(&table, position as u64) };
        (!value.is_null()).then_some(value)
    }

    /// The value of the entry at `position` of a table whose values stand in a row of their own.
    pub(crate) fn split_value(&self, table: &Table, position: u64) -> Address {
        self.image.pointer_at(table.values.offset(position * 8)).unwrap_or_default()
    }

    /// The innermost call that the thread with the state at `thread` runs; null where it runs none.
    pub(crate) fn innermost_call(&self, thread: Address) -> Address {
        self.innermost_call_at(thread).and_then(|variable| self.image.pointer_at(variable)).unwrap_or_default()
    }

    /// Where the pointer to it is.
    pub(crate) fn innermost_call_at(&self, thread: Address) -> Option<Address> {
        let variable = thread.offset(self.d.thread_state.frame);
        match self.d.thread_state.frame_behind {
            None => Some(variable),
            Some(behind) => Some(self.image.pointer_at(variable)?.offset(behind)),
        }
    }

    /// The value stack of the frame object at `at`: where it begins and how many of its words are in use, as far as it tells.
    /// One that runs does not.
    pub(crate) fn frame_stack(&self, at: Address) -> (Address, u64) {
        let f = &self.d.frame;
        let bottom = Address(self.word(at, f.f_valuestack));
        let depth = match f.f_stackdepth {
            0 => self.word(at, f.f_stacktop).saturating_sub(bottom.0) / 8,
            offset => {
                let depth = self.image.u32_at(at.offset(offset)).unwrap_or(0).cast_signed();
                u64::try_from(depth).unwrap_or(0)
            }
        };
        (bottom, if depth <= CALL_WORDS_MAX { depth } else { 0 })
    }

    /// Bytes of the call of the code at `code`: its head, its variables and its stack.
    pub(crate) fn call_bytes(&self, code: Address) -> u64 {
        let half = |offset: u64| u64::from(self.image.u32_at(code.offset(offset)).unwrap_or(0)).min(CALL_WORDS_MAX);
        let (v, head) = (&self.d.code.variables, self.d.interpreter_frame.variables);
        match v.frame_words {
            0 => head + (half(v.count) + half(self.d.code.co_stacksize)) * 8,
            words => (half(words) * 8).max(head),
        }
    }

    /// `tp_flags` of the type at `at`.
    #[inline]
    pub(crate) fn flags(&self, type_at: Address) -> Option<u64> {
        self.image.u64_at(type_at.offset(self.d.type_object.tp_flags))
    }

    /// True for a type that was made by a `class` statement: instances have what C code knows nothing of.
    pub(crate) fn is_class(&self, type_at: Address) -> bool {
        self.is_heap_type(type_at)
            && match self.d.types_of_c {
                TypesOfC::Static => true,
                TypesOfC::StaticAndHeap => self.is_named_by_text(type_at),
            }
    }

    /// True where `tp_name` is the text of `ht_name`, or its encoded form: a type in C has a name of its own.
    fn is_named_by_text(&self, type_at: Address) -> bool {
        let name = Address(self.word(type_at, self.d.type_object.tp_name));
        let text_at = Address(self.word(type_at, self.d.type_object.ht_name));
        self.compact(text_at).is_some_and(|text| name == text.at || text.encoded == Some(name))
    }

    /// True for a type that was made at run time.
    pub(crate) fn is_heap_type(&self, type_at: Address) -> bool {
        self.flags(type_at).is_some_and(|flags| flags & self.d.flags.heaptype != 0)
    }

    /// True when `at` looks like a type object: readable, and its own type is `type` or derives from it.
    pub(crate) fn is_type_object(&self, at: Address, type_type: Address) -> bool {
        if !at.is_aligned(8) || self.image.bytes(at, self.d.type_object.bytes as usize).is_none() {
            return false;
        }
        let makes_types = |meta: Address| self.flags(meta).is_some_and(|f| f & self.d.flags.type_subclass != 0);
        match self.type_of(at) {
            Some(metatype) if metatype == type_type => true,
            Some(metatype) if metatype.is_aligned(8) => {
                makes_types(metatype)
                    && self.type_of(metatype).is_some_and(|meta| meta == type_type || makes_types(meta))
            }
            _ => false,
        }
    }

    /// The nearest base that was made in C: it decides what the fixed part of instances looks like.
    pub(crate) fn solid_base(&self, at: Address) -> Option<Address> {
        let mut current = at;
        for _ in 0..BASES_MAX {
            self.flags(current)?;
            if !self.is_class(current) {
                return Some(current);
            }
            current = self.image.pointer_at(current.offset(self.d.type_object.tp_base))?;
        }
        None
    }

    /// Where the `PyMemberDef`s of a class's own `__slots__` are, and how many: behind its type object, whose length the
    /// metatype tells.
    pub(crate) fn member_defs(&self, class: Address) -> Option<(Address, u64)> {
        let metatype = self.type_of(class)?;
        let size = self.image.u64_at(metatype.offset(self.d.type_object.tp_basicsize))?;
        Some((class.offset(size), self.word(class, self.d.object.ob_size)))
    }
}
