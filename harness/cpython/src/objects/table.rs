//! Hash tables of dicts and sets: where one is, how large, and what an entry holds.

use bloathound_memory::Address;

use super::words::read_word;
use crate::dialect::{Dialect, DictTable, NotYetRead};

/// The table of a dict or of a set, as the object's head describes it. Nothing of it is read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// First entry.
    pub(crate) at: Address,
    /// Slots minus one.
    pub(crate) mask: u64,
    /// `sizeof` an entry.
    pub(crate) entry_bytes: usize,
    /// The table is inside the object.
    is_inline: bool,
    key: usize,
    value: usize,
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
            mask: word(dict.ma_mask),
            entry_bytes: dict.entry_bytes,
            is_inline: at == owner.offset(dict.ma_smalltable),
            key: dict.me_key,
            value: dict.me_value,
        })
    }

    /// Of the set at `owner`.
    #[inline]
    pub(crate) fn of_set(d: &'static Dialect, owner: Address, word: impl Fn(u64) -> u64) -> Self {
        let set = &d.set;
        let at = Address(word(set.table));
        Self {
            at,
            mask: word(set.mask),
            entry_bytes: set.entry_bytes,
            is_inline: at == owner.offset(set.smalltable),
            key: set.entry_key,
            value: set.entry_key,
        }
    }

    /// Length of the whole table; `None` for one that can't be.
    #[inline]
    pub(crate) fn bytes(&self) -> Option<usize> {
        usize::try_from(self.mask).ok()?.checked_add(1)?.checked_mul(self.entry_bytes)
    }

    /// Slots, however absurd.
    pub(crate) fn slots(&self) -> u64 {
        self.mask.saturating_add(1)
    }

    /// Bytes it takes outside the object.
    #[inline]
    pub(crate) fn bytes_outside(&self) -> u64 {
        if self.is_inline { 0 } else { self.slots().saturating_mul(self.entry_bytes as u64) }
    }

    /// What one entry's bytes say.
    #[inline]
    pub(crate) fn entry(&self, bytes: &[u8]) -> Entry {
        Entry { key: Address(read_word(bytes, self.key)), value: Address(read_word(bytes, self.value)) }
    }
}
