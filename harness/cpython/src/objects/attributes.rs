//! Attributes of instances that keep them in front of the object or behind it, and where such an object's memory begins.

use bloathound_memory::Address;

use super::Objects;
use super::model::values_bytes;
use super::table::Table;

/// Attributes that stand behind an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InlineValues {
    /// Their names, and where the values are.
    pub(crate) table: Table,
    /// Values there is room for.
    pub(crate) capacity: u64,
    /// Bytes of all of it.
    pub(crate) bytes: u64,
    /// The values are these; else they were moved to a dict.
    pub(crate) is_valid: bool,
}

impl Objects<'_> {
    /// Bytes in front of the collector's head of objects of the type with these flags.
    #[inline]
    pub(crate) fn header_bytes(&self, flags: u64) -> u64 {
        let has_any = flags & (self.d.flags.managed_dict | self.d.flags.managed_weakref) != 0;
        if has_any { self.d.header_bytes() } else { 0 }
    }

    /// The attributes that stand behind the object at `at`, which is of the type at `type_at`; `None` where its type says
    /// that there are none.
    pub(crate) fn inline_values(&self, at: Address, type_at: Address, basicsize: u64) -> Option<InlineValues> {
        if self.d.flags.inline_values == 0 || self.flags(type_at)? & self.d.flags.inline_values == 0 {
            return None;
        }
        let k = &self.d.dict.keys;
        let values = at.offset(basicsize);
        let head = self.image.bytes(values, k.values_first as usize)?;
        let byte = |offset: u64| head.get(offset as usize).copied().unwrap_or(0);
        let keys = self.image.pointer_at(type_at.offset(self.d.type_object.ht_cached_keys))?;
        Some(InlineValues {
            table: self.keys(keys, values),
            capacity: u64::from(byte(k.values_capacity)),
            bytes: values_bytes(byte(k.values_capacity)),
            is_valid: byte(k.values_valid) != 0,
        })
    }
}
