//! Hash tables of dicts and sets: where one is, how large, and what an entry holds.

use bloathound_memory::Address;

use super::words::read_word;
use crate::dialect::layout::{EntryLayout, KeysForm};
use crate::dialect::{Dialect, DictTable, NotYetRead};

/// A power of two that no table reaches.
const LOG2_MAX: u8 = 48;

/// The table of a dict or of a set, as the object's head describes it. Nothing of it is read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// First entry.
    pub(crate) at: Address,
    /// Entries there are, empty ones included.
    slots: u64,
    /// `sizeof` an entry.
    pub(crate) entry_bytes: usize,
    /// Values that stand in a row of their own, beside keys that dicts share; null where entries hold theirs.
    pub(crate) values: Address,
    /// The collector sees the keys, too: those that are looked up by [`Table::lookup`], where that is told.
    pub(crate) keys_are_visited: bool,
    /// The function that looks up keys; 0 where nothing follows from it.
    pub(crate) lookup: u64,
    /// Bytes it takes outside the object; `None` for those of all its slots.
    outside: Option<u64>,
    key: usize,
    value: usize,
}

/// What the head of a dict's keys says (`PyDictKeysObject`), as bytes of a copy.
pub(crate) struct KeysHead<'a>(pub(crate) &'a [u8]);

impl KeysHead<'_> {
    fn byte(&self, at: u64) -> u8 {
        self.0.get(at as usize).copied().unwrap_or(0)
    }

    fn entry_layout(&self, d: &Dialect) -> (EntryLayout, bool) {
        let k = &d.dict.keys;
        match k.form {
            KeysForm::Sized { .. } => (k.general_entry, true),
            KeysForm::Logarithms { kind, general, .. } => {
                let is_general = self.byte(kind) == general;
                (if is_general { k.general_entry } else { k.text_entry }, is_general)
            }
        }
    }

    /// Places of the table of indices.
    pub(crate) fn places(&self, d: &Dialect) -> u64 {
        match d.dict.keys.form {
            KeysForm::Sized { places, .. } => read_word(self.0, places as usize).min(1 << LOG2_MAX),
            KeysForm::Logarithms { places, .. } => 1 << self.log2(places),
        }
    }

    /// Bytes of that table.
    pub(crate) fn index_bytes(&self, d: &Dialect) -> u64 {
        match d.dict.keys.form {
            // `DK_IXSIZE`: as wide as the largest index needs.
            KeysForm::Sized { .. } => match self.places(d) {
                places @ ..=0xff => places,
                places @ ..=0xffff => places * 2,
                places @ ..=0xffff_ffff => places * 4,
                places => places * 8,
            },
            KeysForm::Logarithms { index_bytes, .. } => 1 << self.log2(index_bytes),
        }
    }

    /// The function that looks up in them, where that tells whether they are visited; else 0.
    fn lookup(&self, d: &Dialect) -> u64 {
        match d.dict.keys.form {
            KeysForm::Sized { lookup, .. } => read_word(self.0, lookup as usize),
            KeysForm::Logarithms { .. } => 0,
        }
    }

    /// `USABLE_FRACTION`: entries there is room for.
    pub(crate) fn usable(&self, d: &Dialect) -> u64 {
        2 * self.places(d) / 3
    }

    /// Bytes of the keys.
    pub(crate) fn bytes(&self, d: &Dialect) -> u64 {
        let entries = self.usable(d).saturating_mul(self.entry_layout(d).0.bytes as u64);
        d.dict.keys.indices.saturating_add(self.index_bytes(d)).saturating_add(entries)
    }

    fn log2(&self, at: u64) -> u32 {
        u32::from(self.byte(at).min(LOG2_MAX))
    }
}

/// An entry's key and value; of a set, the key twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Null where the slot was never used.
    pub(crate) key: Address,
    /// Null where there is no entry (any more).
    pub(crate) value: Address,
}

impl Table {
    /// Of the dict at `owner`; `word` gives the words of its head.
    ///
    /// # Errors
    /// [`NotYetRead`] where dicts of this series are no single table.
    #[inline]
    pub(crate) fn of_dict(d: &'static Dialect, owner: Address, word: impl Fn(u64) -> u64) -> Result<Self, NotYetRead> {
        match d.dict_table {
            DictTable::Entries => {}
            DictTable::CombinedKeys => return Err(d.not_yet_read("dicts")),
        }
        let dict = &d.dict;
        let at = Address(word(dict.ma_table));
        Ok(Self {
            at,
            slots: word(dict.ma_mask).saturating_add(1),
            entry_bytes: dict.entry_bytes,
            values: Address::NULL,
            keys_are_visited: true,
            lookup: 0,
            outside: (at == owner.offset(dict.ma_smalltable)).then_some(0),
            key: dict.me_key,
            value: dict.me_value,
        })
    }

    /// Of a dict whose keys, at `keys`, have the head `head`; its values stand at `values` where that is not null.
    pub(crate) fn of_keys(d: &'static Dialect, keys: Address, head: &KeysHead<'_>, values: Address) -> Self {
        let k = &d.dict.keys;
        let (EntryLayout { bytes, key, value }, is_general) = head.entry_layout(d);
        let is_shared = read_word(head.0, k.refcount as usize) != 1;
        Self {
            at: keys.offset(k.indices).offset(head.index_bytes(d)),
            slots: read_word(head.0, k.entries as usize).min(head.usable(d)),
            entry_bytes: bytes,
            values,
            keys_are_visited: is_general,
            lookup: head.lookup(d),
            outside: Some(if is_shared { 0 } else { head.bytes(d) }),
            key,
            value,
        }
    }

    /// The same with so many more bytes outside the object.
    pub(crate) fn with_outside(self, bytes: u64) -> Self {
        Self { outside: self.outside.map(|own| own.saturating_add(bytes)), ..self }
    }

    /// Of the set at `owner`.
    #[inline]
    pub(crate) fn of_set(d: &'static Dialect, owner: Address, word: impl Fn(u64) -> u64) -> Self {
        let set = &d.set;
        let at = Address(word(set.table));
        Self {
            at,
            slots: word(set.mask).saturating_add(1),
            entry_bytes: set.entry_bytes,
            values: Address::NULL,
            keys_are_visited: true,
            lookup: 0,
            outside: (at == owner.offset(set.smalltable)).then_some(0),
            key: set.entry_key,
            value: set.entry_key,
        }
    }

    /// Length of the whole table; `None` for one that can't be.
    #[inline]
    pub(crate) fn bytes(&self) -> Option<usize> {
        usize::try_from(self.slots).ok()?.checked_mul(self.entry_bytes)
    }

    /// Slots, however absurd.
    pub(crate) fn slots(&self) -> u64 {
        self.slots
    }

    /// Slots minus one, of a table that has a power of two of them.
    pub(crate) fn mask(&self) -> u64 {
        self.slots.saturating_sub(1)
    }

    /// Bytes it takes outside the object.
    #[inline]
    pub(crate) fn bytes_outside(&self) -> u64 {
        self.outside.unwrap_or_else(|| self.slots.saturating_mul(self.entry_bytes as u64))
    }

    /// What one entry's bytes say.
    #[inline]
    pub(crate) fn entry(&self, bytes: &[u8]) -> Entry {
        Entry { key: Address(read_word(bytes, self.key)), value: Address(read_word(bytes, self.value)) }
    }
}
