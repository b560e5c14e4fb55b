//! Dictionaries: looking up one key, and walking a few entries. `Objects/dictobject.c`.

use bloathound_memory::Address;

use super::memory::{HEAD_BYTES_MAX, Memory};
use crate::objects::{Table, word_at};

/// Probes of a lookup before the key counts as absent.
const PROBES_MAX: u32 = 24;
/// Bytes of an entry at most.
const ENTRY_BYTES_MAX: usize = 32;

/// The head of a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dict {
    pub used: u64,
    table: Table,
}

impl Dict {
    /// The dictionary at `address`; `None` for what can't be one.
    pub(super) fn read(memory: &Memory<'_>, address: Address) -> Option<Self> {
        let d = memory.d;
        let head: [u8; HEAD_BYTES_MAX] = memory.head(address, d.dict.ma_table + 8)?;
        let table = Table::of_dict(d, address, |offset| word_at(&head, offset)).ok()?;
        let (mask, used) = (table.mask(), word_at(&head, d.dict.ma_used));
        let plausible = mask < 1 << 40 && mask & mask.wrapping_add(1) == 0 && mask >= 7 && used <= mask;
        plausible.then_some(Self { used, table })
    }

    /// The value under the string object `key`. Names are interned, so the key in the table is the same object.
    pub(super) fn lookup(&self, memory: &Memory<'_>, key: Address) -> Option<Address> {
        let hash = memory.word(key.offset(memory.d.string.ob_shash))?;
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
        let Some(bytes) = memory.bytes(table.at, slots * table.entry_bytes as u64, 1 << 16) else {
            return Vec::new();
        };
        bytes
            .chunks_exact(table.entry_bytes)
            .map(|entry| table.entry(entry))
            .filter(|entry| !entry.key.is_null() && !entry.value.is_null())
            .map(|entry| (entry.key, entry.value))
            .take(max)
            .collect()
    }
}
