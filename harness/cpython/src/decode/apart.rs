//! What objects keep apart from their own structure: keys that dicts share, values behind an instance, chained entries, a
//! module's own state.

use bloathound_heap::{ReferenceKind, ReferenceLabel};
use bloathound_memory::Address;

use super::Decoder;
use super::source::KEYS_MAX;
use super::types::TypeLayout;
use crate::dialect::Chain;
use crate::objects::{MODULE_WORDS_MAX, Table};

impl Decoder<'_> {
    /// The keys that a class's instances share own what they name.
    pub(super) fn shared_keys(&mut self, class: Address) {
        let d = self.interpreter.dialect;
        if d.type_object.ht_cached_keys == 0 {
            return;
        }
        let keys = Address(self.word(class, d.type_object.ht_cached_keys));
        if keys.is_null() {
            return;
        }
        let table = self.objects().keys(keys, Address::NULL);
        let Some(bytes) = self.table_bytes(&table) else { return };
        let name = self.builder.name(d.types.shared_keys);
        for entry in bytes.chunks_exact(table.entry_bytes) {
            self.reference(table.entry(entry).key, ReferenceLabel::new(ReferenceKind::Field, name.0, false));
        }
    }

    /// A dict that shares its keys; where its values are an instance's, that tells them to the collector.
    pub(super) fn split_references(&mut self, at: Address, table: &Table) {
        let Some(bytes) = self.table_bytes(table) else { return };
        let values_at = Address(self.word(at, self.interpreter.dialect.dict.keys.ma_values));
        let is_embedded = self.objects().values_are_embedded(values_at);
        let tells_keys = self.word(at, self.interpreter.dialect.dict.ma_used) <= KEYS_MAX;
        // Those of an instance are counted once, as its own; this dict is a view of them.
        let (visited, is_view) = (!is_embedded, is_embedded);
        for (index, entry) in bytes.chunks_exact(table.entry_bytes).enumerate() {
            let value = self.objects().split_value(table, index as u64);
            if value.is_null() {
                continue;
            }
            let Some(id) = self.id_of(table.entry(entry).key) else {
                self.builder.quality_mut().unmapped_pointers += 1;
                continue;
            };
            if tells_keys {
                self.note_key(table.entry(entry).key, id);
            }
            if is_view {
                self.reference(value, ReferenceLabel::new(ReferenceKind::Weak, 0, false));
            } else {
                self.reference(value, ReferenceLabel::new(ReferenceKind::Value, id.0, visited));
            }
        }
    }

    /// Attributes that an instance has without a dict; false where they were moved to one.
    pub(super) fn value_references(&mut self, at: Address, layout: &TypeLayout) -> bool {
        let values = self.objects().instance_values(at, layout.address, layout.basicsize);
        let Some(values) = values.filter(|values| values.is_valid) else { return false };
        let Some(bytes) = self.table_bytes(&values.table) else { return true };
        for (index, entry) in bytes.chunks_exact(values.table.entry_bytes).take(values.capacity as usize).enumerate() {
            let value = self.objects().split_value(&values.table, index as u64);
            if value.is_null() {
                continue;
            }
            let key = values.table.entry(entry).key;
            let text = self.objects().name(key, 200).unwrap_or_default();
            let name = self.builder.name(&text);
            self.reference(value, ReferenceLabel::new(ReferenceKind::Slot, name.0, true));
        }
        true
    }

    /// What chained entries hold, which their owner tells in their place.
    pub(super) fn chain_references(&mut self, at: Address, chain: Chain) {
        let label = match chain.owned_as {
            Some(name) => ReferenceLabel::new(ReferenceKind::Field, self.builder.name(name).0, true),
            None => ReferenceLabel::new(ReferenceKind::Weak, 0, true),
        };
        let mut entry = Address(self.word(at, chain.first));
        while entry != at && !entry.is_null() && entry.is_aligned(8) && self.budget.take(chain.visited.len() as u64 + 1)
        {
            for offset in chain.visited {
                self.reference_at(entry.offset(*offset), label);
            }
            entry = Address(self.word(entry, chain.next));
        }
    }

    /// What a module in C keeps of its own: nobody told us its fields.
    pub(super) fn module_state(&mut self, at: Address) {
        let Some(m) = self.interpreter.dialect.module.state else { return };
        let (definition, state) = (Address(self.word(at, m.md_def)), Address(self.word(at, m.md_state)));
        if definition.is_null() || state.is_null() {
            return;
        }
        let visited = self.word(definition, m.m_traverse) != 0;
        let words = self.word(definition, m.m_size) / 8;
        if words > MODULE_WORDS_MAX || !self.budget.take(words) {
            return;
        }
        for index in 0..words {
            let value = Address(self.word(state, index * 8));
            if value.0 > 0x1000
                && value.is_aligned(8)
                && let Some(id) = self.id_of(value)
            {
                let label = ReferenceLabel::new(ReferenceKind::Conservative, (index * 8) as u32, visited);
                self.builder.add_reference(id, label);
            }
        }
    }
}
