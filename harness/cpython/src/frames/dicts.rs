//! Dictionaries: looking up one key, and walking a few entries. `Objects/dictobject.c`.

use bloathound_memory::Address;

use super::memory::{Memory, word_at};
use crate::layouts::dictobject_h as dict;

/// Probes of a lookup before the key counts as absent.
const PROBES_MAX: u32 = 24;
/// `PERTURB_SHIFT`.
const PERTURB_SHIFT: u32 = 5;
/// `PyStringObject.ob_shash`: -1 while not computed.
const OB_SHASH: u64 = 24;

/// The head of a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dict {
    pub used: u64,
    mask: u64,
    table: Address,
}

impl Dict {
    /// The dictionary at `address`; `None` for what can't be one.
    pub(super) fn read(memory: &Memory<'_>, address: Address) -> Option<Self> {
        let head: [u8; 48] = memory.block(address)?;
        let mask = word_at(&head, dict::MA_MASK);
        let used = word_at(&head, dict::MA_USED);
        let plausible = mask < 1 << 40 && mask & mask.wrapping_add(1) == 0 && mask >= 7 && used <= mask;
        plausible.then_some(Self { used, mask, table: Address(word_at(&head, dict::MA_TABLE)) })
    }

    /// The value under the string object `key`. Names are interned, so the key in the table is the same object.
    pub(super) fn lookup(&self, memory: &Memory<'_>, key: Address) -> Option<Address> {
        let hash = memory.word(key.offset(OB_SHASH))?;
        let mut perturb = hash;
        let mut slot = hash;
        for _ in 0..PROBES_MAX {
            let at = self.table.offset((slot & self.mask) * dict::ENTRY_BYTES as u64);
            let entry: [u8; dict::ENTRY_BYTES] = memory.block(at)?;
            let found = Address(word_at(&entry, dict::ME_KEY as u64));
            if found == key {
                let value = Address(word_at(&entry, dict::ME_VALUE as u64));
                return (!value.is_null()).then_some(value);
            }
            if found.is_null() {
                return None;
            }
            slot = slot.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1);
            perturb >>= PERTURB_SHIFT;
        }
        None
    }

    /// The first `max` entries in the order of the table: keys and values.
    pub(super) fn entries(&self, memory: &Memory<'_>, max: usize) -> Vec<(Address, Address)> {
        // Twice as many slots as entries at least, so this finds `max` entries in any but a sparse table.
        let slots = (self.mask + 1).min(4 * max as u64);
        let Some(bytes) = memory.bytes(self.table, slots * dict::ENTRY_BYTES as u64, 1 << 16) else {
            return Vec::new();
        };
        bytes
            .chunks_exact(dict::ENTRY_BYTES)
            .map(|entry| {
                let word = |offset| Address(word_at(entry, offset as u64));
                (word(dict::ME_KEY), word(dict::ME_VALUE))
            })
            .filter(|(key, value)| !key.is_null() && !value.is_null())
            .take(max)
            .collect()
    }
}
