//! Attributes of instances that keep them in front of the object, behind it or apart from it, and where such an object's
//! memory begins.

use bloathound_memory::Address;

use super::Objects;
use super::table::Table;
use crate::dialect::Attributes;
use crate::dialect::layout::DictValues;

/// Attributes that an instance has without a dict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstanceValues {
    /// Where a pointer to them leads.
    pub(crate) at: Address,
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

    /// True where objects of the type with these flags have attributes without a dict.
    #[inline]
    pub(crate) fn has_values(&self, flags: u64) -> bool {
        match self.d.attributes {
            Attributes::DictSlot => false,
            Attributes::ValuesBefore { .. } | Attributes::TaggedBefore { .. } => flags & self.d.flags.managed_dict != 0,
            Attributes::Inline { .. } => flags & self.d.flags.inline_values != 0,
        }
    }

    /// The attributes that the object at `at`, which is of the type at `type_at`, has without a dict; `None` where its type
    /// says that there are none, and where the object itself has them in a dict alone.
    pub(crate) fn instance_values(&self, at: Address, type_at: Address, basicsize: u64) -> Option<InstanceValues> {
        if !self.has_values(self.flags(type_at)?) {
            return None;
        }
        let values = match self.d.attributes {
            Attributes::Inline { .. } => at.offset(basicsize),
            _ => self.values_apart(at)?,
        };
        let keys = self.image.pointer_at(type_at.offset(self.d.type_object.ht_cached_keys))?;
        let table = self.keys(keys, values);
        let capacity = self.values_capacity(values, keys);
        Some(InstanceValues {
            at: values,
            table,
            capacity,
            bytes: self.values_bytes(capacity),
            is_valid: self.values_are_valid(values),
        })
    }

    /// True where objects of the type at `type_at` keep such attributes in memory of their own.
    pub(crate) fn keeps_values_apart(&self, type_at: Address) -> bool {
        match self.d.attributes {
            Attributes::DictSlot | Attributes::Inline { .. } => false,
            Attributes::ValuesBefore { .. } | Attributes::TaggedBefore { .. } => {
                self.flags(type_at).is_some_and(|flags| self.has_values(flags))
            }
        }
    }

    /// Where the values of the object at `at`, whose type keeps them apart, are; `None` where it has none.
    pub(crate) fn values_apart(&self, at: Address) -> Option<Address> {
        match self.d.attributes {
            Attributes::DictSlot | Attributes::Inline { .. } => None,
            Attributes::ValuesBefore { values_back, .. } => {
                self.image.pointer_at(at.back(values_back.min(at.0))).filter(|values| !values.is_null())
            }
            Attributes::TaggedBefore { word_back, .. } => {
                let word = self.image.u64_at(at.back(word_back.min(at.0)))?;
                (word & 1 == 1).then(|| Address(word.wrapping_add(1)))
            }
        }
    }

    /// The first of the values at `values`.
    pub(crate) fn first_value(&self, values: Address) -> Address {
        match self.d.dict.keys.values {
            DictValues::Bare | DictValues::BehindLength => values,
            DictValues::Headed { first, .. } => values.offset(first),
        }
    }

    /// Where the memory of the values at `values` begins.
    pub(crate) fn values_memory(&self, values: Address) -> Address {
        match self.d.dict.keys.values {
            DictValues::BehindLength => values.back(self.bytes_in_front(values)),
            DictValues::Bare | DictValues::Headed { .. } => values,
        }
    }

    /// How many values there is room for at `values`, whose names are in the keys at `keys`.
    pub(crate) fn values_capacity(&self, values: Address, keys: Address) -> u64 {
        match self.d.dict.keys.values {
            DictValues::Bare => self.keys_room(keys),
            DictValues::BehindLength => {
                // In front of them is a byte for each and two more, in whole words.
                let in_front = self.bytes_in_front(values);
                let k = &self.d.dict.keys;
                let most_now = self.word(keys, k.entries).saturating_add(self.word(keys, k.usable));
                most_now.clamp(in_front.saturating_sub(9), in_front.saturating_sub(2))
            }
            DictValues::Headed { capacity, .. } => u64::from(self.byte(values.offset(capacity))),
        }
    }

    /// Bytes of values for so many attributes: their row, and beside it the order in which they came.
    pub(crate) fn values_bytes(&self, capacity: u64) -> u64 {
        let order = match self.d.dict.keys.values {
            DictValues::Bare => 0,
            DictValues::BehindLength => (capacity + 2).next_multiple_of(8),
            DictValues::Headed { first, .. } => first + capacity.next_multiple_of(8),
        };
        order.saturating_add(capacity.saturating_mul(8))
    }

    /// True for values that stand in their instance.
    pub(crate) fn values_are_embedded(&self, values: Address) -> bool {
        match self.d.dict.keys.values {
            DictValues::Bare | DictValues::BehindLength => false,
            DictValues::Headed { embedded, .. } => self.byte(values.offset(embedded)) != 0,
        }
    }

    fn values_are_valid(&self, values: Address) -> bool {
        match self.d.dict.keys.values {
            DictValues::Bare | DictValues::BehindLength => true,
            DictValues::Headed { valid, .. } => self.byte(values.offset(valid)) != 0,
        }
    }

    fn bytes_in_front(&self, values: Address) -> u64 {
        self.byte(values.back(1)).into()
    }

    fn byte(&self, at: Address) -> u8 {
        self.image.bytes(at, 1).and_then(|bytes| bytes.first().copied()).unwrap_or(0)
    }
}
