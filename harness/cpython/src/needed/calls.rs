//! What is needed of objects that keep their attributes, their keys or their call elsewhere than 2.7 does.

use bloathound_memory::{Address, MemorySource};

use super::{Marker, WORD};
use crate::Interpreter;
use crate::decode::types::TypeLayout;
use crate::dialect::layout::DictValues;
use crate::dialect::{Attributes, Frames};
use crate::objects::{MODULE_WORDS_MAX, StaticTypes, Table};

/// Calls of a thread before we take the chain for damage.
const CALLS_MAX: usize = 100_000;

impl Marker<'_> {
    /// The keys of the dict at `at`, and its values where these stand apart.
    pub(super) fn keys(&mut self, at: Address, table: &Table) {
        let k = self.d.dict.keys;
        self.keys_object(Address(self.word_at(at, k.ma_keys)), table);
        let values = Address(self.word_at(at, k.ma_values));
        if !values.is_null() {
            self.values(values);
            self.keep(table.values, table.slots().min(1 << 16) * WORD as u64);
        }
    }

    /// Head and entries of keys: all but their table of indices, and the hashes.
    pub(super) fn keys_object(&mut self, keys: Address, table: &Table) {
        self.keep(keys, self.d.dict.keys.indices);
        if self.objects_of().table_bytes(table).is_none() {
            return;
        }
        let (entry_bytes, kept) = (table.entry_bytes as u64, 2 * WORD as u64);
        for slot in 0..table.slots() {
            self.keep(table.at.offset(slot * entry_bytes + entry_bytes - kept), kept);
        }
    }

    /// Keys of a set, and of its deleted entries the hash that tells them.
    pub(super) fn members(&mut self, table: &Table) {
        if self.objects_of().table_bytes(table).is_none() {
            return;
        }
        let set = self.d.set;
        for slot in 0..table.slots() {
            let at = table.at.offset(slot * table.entry_bytes as u64);
            let Some(entry) = self.image.bytes(at, table.entry_bytes) else { continue };
            let key = table.entry(entry).key;
            self.keep(at.offset(set.entry_key as u64), WORD as u64);
            if !key.is_null() && self.objects_of().is_deleted(entry, key) {
                self.keep(at.offset(set.entry_hash as u64), WORD as u64);
            }
        }
    }

    /// What a row of values tells of itself.
    fn values(&mut self, values: Address) {
        match self.d.dict.keys.values {
            DictValues::Bare => {}
            DictValues::BehindLength => self.keep(values.back(1), 1),
            DictValues::Headed { first, .. } => self.keep(values, first),
        }
    }

    /// Words in front of an instance, and its attributes behind it or apart from it.
    pub(super) fn attributes(&mut self, at: Address, layout: &TypeLayout) {
        let words = match self.d.attributes {
            Attributes::DictSlot => return,
            Attributes::ValuesBefore { values_back, dict_back, .. } => [values_back, dict_back],
            Attributes::TaggedBefore { word_back: back, .. } | Attributes::Inline { dict_back: back, .. } => [back; 2],
        };
        for back in words {
            self.keep(at.back(back.min(at.0)), WORD as u64);
        }
        if let Some(values) = self.objects_of().instance_values(at, layout.address, layout.basicsize) {
            self.values(values.at);
            self.keep(values.table.values, values.capacity * WORD as u64);
        }
    }

    /// A generator with the call that it contains.
    pub(super) fn generator(&mut self, at: Address) {
        self.keep(at, self.d.generator.gi_frame);
        self.call(at.offset(self.d.generator.gi_frame));
    }

    /// A frame object, and its call where that is inside it.
    pub(super) fn frame_object(&mut self, at: Address) {
        self.keep(at, self.d.frame.f_localsplus);
        self.call(Address(self.word_at(at, self.d.frame.f_code)));
    }

    /// The head of a call and its variables; of its stack what it says is in use.
    fn call(&mut self, at: Address) {
        let f = self.d.interpreter_frame;
        self.keep(at, f.variables);
        let code = Address(self.word_at(at, f.executable));
        let half = |at: Address| self.image.u32_at(at).unwrap_or(0);
        let count = u64::from(half(code.offset(self.d.code.variables.count))).min(1 << 16);
        let top = u64::try_from(half(at.offset(f.stacktop)).cast_signed()).unwrap_or(0).min(1 << 16);
        self.keep(at.offset(f.variables), count.max(top) * WORD as u64);
    }

    /// What a module in C keeps of its own, where it is telling, and the words of its definition that say how much.
    pub(super) fn module_state(&mut self, at: Address) {
        let Some(m) = self.d.module.state else { return };
        let definition = Address(self.word_at(at, m.md_def));
        self.keep(definition.offset(m.m_size), WORD as u64);
        self.keep(definition.offset(m.m_traverse), WORD as u64);
        let words = self.word_at(definition, m.m_size) / 8;
        if words <= MODULE_WORDS_MAX {
            self.keep_telling(Address(self.word_at(at, m.md_state)), words * WORD as u64);
        }
    }

    /// What the interpreter at `state` keeps of static types and of pymalloc, and the calls of the thread at `thread`.
    pub(super) fn interpreter_tables(&mut self, interpreter: &Interpreter, state: Address) {
        let Some(r) = self.d.runtime else { return };
        self.keep(state.offset(r.gil), WORD as u64);
        if let Some(interned) = r.interned {
            self.keep(state.offset(interned), WORD as u64);
        }
        self.keep(state.offset(r.gc), r.long_lived.1 + WORD as u64);
        let cache = r.type_cache;
        for index in 0..cache.entries {
            self.keep(state.offset(cache.at + index * cache.entry_bytes + cache.name), WORD as u64);
        }
        for (first, count) in r.static_types {
            self.keep(state.offset(first), count * r.static_type.bytes);
        }
        for row in StaticTypes::read(self.d, self.image, interpreter.interpreter_state).rows() {
            self.keep(row.type_at, self.d.type_object.bytes);
        }
        if let Some(runtime) = interpreter.runtime {
            self.keep(runtime.offset(r.main), WORD as u64);
            self.keep(runtime.offset(r.head), WORD as u64);
        }
    }

    /// The calls of the thread at `thread`.
    pub(super) fn calls(&mut self, thread: Address) {
        match self.d.frames {
            // They are kept as the objects that they are.
            Frames::Objects => return,
            Frames::InterpreterFrames { .. } => {}
        }
        let Some(variable) = self.objects_of().innermost_call_at(thread) else { return };
        self.keep(variable, WORD as u64);
        let mut at = self.objects_of().innermost_call(thread);
        for _ in 0..CALLS_MAX {
            if at.is_null() || self.image.read_u64(at).is_err() {
                return;
            }
            self.call(at);
            at = Address(self.word_at(at, self.d.interpreter_frame.previous));
        }
    }

    fn word_at(&self, at: Address, offset: u64) -> u64 {
        self.image.u64_at(at.offset(offset)).unwrap_or(0)
    }
}
