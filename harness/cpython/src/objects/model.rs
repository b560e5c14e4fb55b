//! Reading objects out of a copy: types, text, items and tables, by the target's dialect.

use bloathound_memory::{Address, MemoryImage};

use super::budget::Budget;
use super::table::Table;
use super::words::read_word;
use crate::dialect::{Dialect, NotYetRead};

/// Length of an inheritance chain before we take it for damage.
pub(crate) const BASES_MAX: usize = 256;
/// A fixed part of an instance larger than this is damage.
pub(crate) const BASICSIZE_MAX: u64 = 1 << 20;
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
        Table::of_dict(self.d, at, |offset| self.word(at, offset))
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

    /// True for a `str` of exactly that content.
    pub(crate) fn string_is(&self, at: Address, text: &[u8]) -> bool {
        self.image.u64_at(at.offset(self.d.object.ob_size)) == Some(text.len() as u64)
            && self.image.bytes(at.offset(self.d.string.ob_sval), text.len()) == Some(text)
    }

    /// True for the key that a deleted slot of a set points at.
    #[inline]
    pub(crate) fn is_dummy(&self, key: Address) -> bool {
        self.string_is(key, self.d.types.dummy_key)
    }

    /// Where the characters of the `unicode` at `at` are, and how many.
    #[inline]
    pub(crate) fn characters(&self, at: Address) -> (Address, u64) {
        (Address(self.word(at, self.d.unicode.str)), self.word(at, self.d.unicode.length))
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
        bytes
            .chunks_exact(table.entry_bytes)
            .map(|entry| table.entry(entry))
            .find(|entry| !entry.value.is_null() && self.string_is(entry.key, key.as_bytes()))
            .map(|entry| entry.value)
    }

    /// `tp_flags` of the type at `at`.
    #[inline]
    pub(crate) fn flags(&self, type_at: Address) -> Option<u64> {
        self.image.u64_at(type_at.offset(self.d.type_object.tp_flags))
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
            if self.flags(current)? & self.d.flags.heaptype == 0 {
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
