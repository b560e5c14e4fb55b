//! Dictionaries: looking up one key, and walking a few entries. `Objects/dictobject.c`.

use bloathound_memory::Address;

use super::memory::{HEAD_BYTES_MAX, Memory};
use super::types::TypeInfo;
use crate::dialect::layout::DictValues;
use crate::dialect::{Attributes, DictTable};
use crate::objects::{KeysHead, Table, read_word, word_at};

/// Probes of a lookup before the key counts as absent.
const PROBES_MAX: u32 = 24;
/// Bytes of an entry at most.
const ENTRY_BYTES_MAX: usize = 32;
/// No table has that many places.
const PLACES_MAX: u64 = 1 << 40;

/// The head of a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dict {
    pub used: u64,
    table: Table,
    index: Index,
}

/// How an entry is found by its key's hash.
#[derive(Clone, Copy, Debug)]
enum Index {
    /// The table itself is one of places.
    Itself,
    /// A table of places stands before the entries.
    Before {
        at: Address,
        places: u64,
        /// Bytes of a place.
        width: u64,
    },
}

impl Dict {
    /// The dictionary at `address`; `None` for what can't be one.
    pub(super) fn read(memory: &Memory<'_>, address: Address) -> Option<Self> {
        let d = memory.d;
        match d.dict_table {
            DictTable::Entries => {}
            DictTable::CombinedKeys => return Self::of_keys(memory, address),
        }
        let head: [u8; HEAD_BYTES_MAX] = memory.head(address, d.dict.ma_table + 8)?;
        let table = Table::of_dict(d, address, |offset| word_at(&head, offset)).ok()?;
        let (mask, used) = (table.mask(), word_at(&head, d.dict.ma_used));
        let plausible = mask < PLACES_MAX && mask & mask.wrapping_add(1) == 0 && mask >= 7 && used <= mask;
        plausible.then_some(Self { used, table, index: Index::Itself })
    }

    fn of_keys(memory: &Memory<'_>, address: Address) -> Option<Self> {
        let d = memory.d;
        let k = &d.dict.keys;
        let head: [u8; HEAD_BYTES_MAX] = memory.head(address, d.dict.bytes)?;
        let values = Address(word_at(&head, k.ma_values));
        let values = match k.values {
            DictValues::Headed { first, .. } if !values.is_null() => values.offset(first),
            DictValues::Headed { .. } | DictValues::BehindLength | DictValues::Bare => values,
        };
        let used = word_at(&head, d.dict.ma_used);
        let dict = Self::with_keys(memory, Address(word_at(&head, k.ma_keys)), values)?;
        (used <= dict.table.slots()).then_some(Self { used, ..dict })
    }

    /// Of keys that stand apart, and of values that do where `values` is not null.
    fn with_keys(memory: &Memory<'_>, keys: Address, values: Address) -> Option<Self> {
        let d = memory.d;
        let k = &d.dict.keys;
        let head: [u8; HEAD_BYTES_MAX] = memory.head(keys, k.indices).filter(|_| keys.is_aligned(8))?;
        let head = KeysHead(head.get(..k.indices as usize)?);
        let (places, index_bytes) = (head.places(d), head.index_bytes(d));
        let width = index_bytes.checked_div(places)?;
        if places >= PLACES_MAX || !places.is_power_of_two() || !matches!(width, 1 | 2 | 4 | 8) {
            return None;
        }
        let table = Table::of_keys(d, keys, &head, values);
        let index = Index::Before { at: keys.offset(k.indices), places, width };
        Some(Self { used: table.slots(), table, index })
    }

    /// What the instance at `address` keeps its own attributes in, whether that is a dictionary or not.
    pub(super) fn of_attributes(memory: &Memory<'_>, address: Address, info: &TypeInfo) -> Option<Self> {
        let d = memory.d;
        if let Some(offset) = info.dict_offset {
            return Self::read(memory, memory.pointer(address.offset(offset)).filter(|at| !at.is_null())?);
        }
        let back = |bytes: u64| address.0.checked_sub(bytes).filter(|_| info.has_managed_dict).map(Address);
        let dict_back = match d.attributes {
            Attributes::DictSlot => return None,
            Attributes::Inline { dict_back, .. } => dict_back,
            Attributes::ValuesBefore { values_back, dict_back, .. } => {
                let values = memory.pointer(back(values_back)?)?;
                if !values.is_null() {
                    return Self::of_values_apart(memory, values, info);
                }
                dict_back
            }
            Attributes::TaggedBefore { word_back, .. } => {
                let word = memory.word(back(word_back)?)?;
                if word & 1 == 1 {
                    return Self::of_values_apart(memory, Address(word.checked_add(1)?), info);
                }
                word_back
            }
        };
        let k = &d.dict.keys;
        if let (Some(bytes), DictValues::Headed { capacity, valid, first, .. }) = (info.inline_values_at, k.values) {
            let values = address.offset(bytes);
            let head = memory.word(values)?.to_le_bytes();
            if head.get(valid as usize).is_some_and(|valid| *valid != 0) {
                let keys = memory.pointer(info.at.offset(d.type_object.ht_cached_keys))?;
                let room = head.get(capacity as usize).copied().map_or(0, u64::from);
                let dict = Self::with_keys(memory, keys, values.offset(first))?;
                return Some(Self { used: dict.used.min(room), ..dict });
            }
        }
        Self::read(memory, memory.pointer(back(dict_back)?).filter(|at| !at.is_null())?)
    }

    /// The attributes whose values are in memory of their own, at `values`: the byte in front of them says how much room
    /// there is in front, a byte for each and two more, in whole words.
    fn of_values_apart(memory: &Memory<'_>, values: Address, info: &TypeInfo) -> Option<Self> {
        let keys = memory.pointer(info.at.offset(memory.d.type_object.ht_cached_keys))?;
        let [in_front] = memory.block::<1>(values.back(1.min(values.0)))?;
        let dict = Self::with_keys(memory, keys, values)?;
        Some(Self { used: dict.used.min(u64::from(in_front).saturating_sub(2)), ..dict })
    }

    /// The value under the string object `key`. Names are interned, so the key in the table is the same object.
    pub(super) fn lookup(&self, memory: &Memory<'_>, key: Address) -> Option<Address> {
        let hash = memory.word(key.offset(memory.d.string.ob_shash))?;
        let Index::Before { at, places, width } = self.index else { return self.lookup_in_places(memory, key, hash) };
        let (mut perturb, mut place) = (hash, hash & (places - 1));
        for _ in 0..PROBES_MAX {
            let mut entry = [0; 8];
            let bytes = entry.get_mut(..width as usize)?;
            if !memory.fill(at.offset(place.checked_mul(width)?), bytes) {
                return None;
            }
            let number = signed(u64::from_le_bytes(entry), width);
            // Never used, or deleted.
            if number == -1 {
                return None;
            }
            if let Ok(number) = u64::try_from(number)
                && number < self.table.slots()
            {
                let at = self.table.at.offset(number * self.table.entry_bytes as u64);
                let bytes = memory.bytes(at, self.table.entry_bytes as u64, ENTRY_BYTES_MAX)?;
                let found = self.table.entry(&bytes);
                if found.key == key {
                    let value = match self.table.values.is_null() {
                        true => found.value,
                        false => memory.pointer(self.table.values.offset(8 * number))?,
                    };
                    return (!value.is_null()).then_some(value);
                }
            }
            perturb >>= memory.d.dict.perturb_shift;
            place = place.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & (places - 1);
        }
        None
    }

    fn lookup_in_places(&self, memory: &Memory<'_>, key: Address, hash: u64) -> Option<Address> {
        let table = &self.table;
        let mut perturb = hash;
        let mut slot = hash;
        for _ in 0..PROBES_MAX {
            let mut entry = [0; ENTRY_BYTES_MAX];
            let entry = entry.get_mut(..table.entry_bytes)?;
            if !memory.fill(table.at.offset((slot & table.mask()) * table.entry_bytes as u64), entry) {
                return None;
            }
            let found = table.entry(entry);
            if found.key == key {
                return (!found.value.is_null()).then_some(found.value);
            }
            if found.key.is_null() {
                return None;
            }
            slot = slot.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1);
            perturb >>= memory.d.dict.perturb_shift;
        }
        None
    }

    /// The first `max` entries in the order of the table: keys and values.
    pub(super) fn entries(&self, memory: &Memory<'_>, max: usize) -> Vec<(Address, Address)> {
        let table = &self.table;
        // Twice as many slots as entries at least, so this finds `max` entries in any but a sparse table.
        let slots = table.slots().min(4 * max as u64);
        let apart = !table.values.is_null();
        // Fewer than there are names for, where an instance has room for fewer.
        let slots = if apart { slots.min(self.used) } else { slots };
        let Some(bytes) = memory.bytes(table.at, slots * table.entry_bytes as u64, 1 << 16) else {
            return Vec::new();
        };
        let values =
            if apart { memory.bytes(table.values, slots * 8, 1 << 16).unwrap_or_default() } else { Vec::new() };
        let value = |index: usize, own: Address| if apart { Address(read_word(&values, 8 * index)) } else { own };
        bytes
            .chunks_exact(table.entry_bytes)
            .map(|entry| table.entry(entry))
            .enumerate()
            .map(|(index, entry)| (entry.key, value(index, entry.value)))
            .filter(|(key, value)| !key.is_null() && !value.is_null())
            .take(max)
            .collect()
    }
}

/// A place of `width` bytes as the number that it is: below zero for none.
fn signed(bits: u64, width: u64) -> i64 {
    let unused = 64 - 8 * width.clamp(1, 8);
    (bits << unused).cast_signed() >> unused
}
