//! Values that live in the structures of C types: numbers nobody named, what an iterator draws from, a stream's position.

use bloathound_memory::Address;
use bloathound_profile::{Value, ValueKind};

use super::look::Look;
use super::memory::Memory;
use super::types::Kind;
use super::values::{Object, Values};
use crate::dialect::TextStorage;
use crate::objects::{word_at, words};

/// `_IO_read_ptr` to `_IO_write_ptr` of glibc's `FILE` (`bits/types/struct_FILE.h`): offset and bytes.
const STREAM_POINTERS: (u64, u64) = (8, 40);
/// `_offset` of glibc's `FILE`: where the buffer begins in the file.
const STREAM_OFFSET: u64 = 144;
/// Characters of a pattern that are told.
const PATTERN_CHARACTERS: u64 = 120;
/// Bytes of a C type's structure that are read.
const C_BYTES_MAX: u64 = 256;

impl Values {
    /// Numbers in the structure of a C type nobody knows the fields of, or that a class inherits from one: words that
    /// are no addresses.
    pub(super) fn scalars(&self, memory: &Memory<'_>, look: &mut Look, object: &Object) {
        for word in self.c_words(memory, object) {
            let is_pointer = word > 0xffff && memory.is_mapped(Address(word));
            look.hash = look.hash.number(if is_pointer { 1 } else { word });
        }
    }

    /// The words of an object's C structure behind `PyObject_HEAD`; the first ones and the last of a long one.
    fn c_words(&self, memory: &Memory<'_>, object: &Object) -> Vec<u64> {
        let d = memory.d;
        let start = object.address.offset(d.object.bytes);
        let len = object.info.c_bytes.saturating_sub(d.object.bytes) & !7;
        let head = memory.bytes(start, len.min(C_BYTES_MAX), C_BYTES_MAX as usize).unwrap_or_default();
        // State machines keep their position behind their table: `_random.Random` its `index`.
        let last = (len > C_BYTES_MAX).then(|| memory.bytes(start.offset(len - 8), 8, 8)).flatten().unwrap_or_default();
        words(&head).chain(words(&last)).collect()
    }

    /// What an iterator of `itertools` draws from: the objects it refers to.
    pub(super) fn sources(
        &mut self,
        memory: &Memory<'_>,
        look: &mut Look,
        object: &Object,
        levels: u8,
        budget: &mut u32,
    ) {
        for word in self.c_words(memory, object) {
            if word <= 0xffff || !memory.is_mapped(Address(word)) {
                continue;
            }
            // Iterators over iterators are looked through to the last one; the budget ends what goes round.
            let is_iterator = self.object(memory, Address(word)).is_some_and(|source| source.info.is_iterator());
            let below = if is_iterator { levels } else { levels - 1 };
            if let Some(seen) = self.look(memory, Address(word), below, budget) {
                look.hash = look.hash.number(seen.hash.0);
            }
        }
    }

    /// A function in C, with what it is bound to: `random.random` is a method of a hidden generator.
    pub(super) fn builtin(
        &mut self,
        memory: &Memory<'_>,
        look: &mut Look,
        object: &Object,
        levels: u8,
        budget: &mut u32,
    ) {
        let d = memory.d;
        if let Some(name) = self.name_of(memory, object) {
            look.hash = look.hash.text(&name);
            look.summary = format!("{} {name}", look.type_name);
            look.c_function = Some(name.into());
        }
        let of = Address(word_at(&object.head, d.c_function.m_self));
        if let Some(below) = levels.checked_sub(1)
            && !of.is_null()
            && let Some(seen) = self.look(memory, of, below, budget)
        {
            look.hash = look.hash.number(seen.hash.0);
        }
    }

    /// What the method in C at `address` is a method of: `receiver` where it is bound to nothing.
    pub(super) fn bound_to(
        &mut self,
        memory: &Memory<'_>,
        address: Address,
        receiver: Option<Address>,
    ) -> Option<Address> {
        let method = self.object(memory, address)?;
        match method.info.kind {
            Kind::Builtin => Some(Address(word_at(&method.head, memory.d.c_function.m_self))),
            Kind::MethodDescriptor => receiver,
            _ => None,
        }
    }

    /// The pattern of the regular expression whose method is at `address`, called on `receiver` where it is bound to nothing.
    pub(super) fn pattern(
        &mut self,
        memory: &Memory<'_>,
        address: Address,
        receiver: Option<Address>,
    ) -> Option<Value> {
        let d = memory.d;
        let of = self.bound_to(memory, address, receiver)?;
        let of = self.object(memory, of)?;
        let (of_type, pattern_at) = d.types.pattern;
        if &*of.info.name != of_type {
            return None;
        }
        let at = memory.pointer(of.address.offset(pattern_at))?;
        let mut pattern = self.shallow(memory, at).filter(|pattern| pattern.kind.is_text())?;
        // The whole of it where it is no longer than a person reads; all that text shows of another is its beginning.
        if (pattern.kind == ValueKind::Str || d.text == TextStorage::Compact)
            && let Some(length) = pattern.length.filter(|length| *length <= PATTERN_CHARACTERS)
            && let Some(text) = memory.text(at, PATTERN_CHARACTERS as usize)
        {
            pattern.summary = format!("'{text}'");
            pattern.length = Some(length);
        }
        Some(pattern)
    }

    /// A file: how far its stream has been read and written, by the pointers into its buffer.
    pub(super) fn file(&self, memory: &Memory<'_>, look: &mut Look, object: &Object) {
        let d = memory.d;
        look.summary = "file".to_owned();
        let stream = Address(word_at(&object.head, d.file.f_fp));
        for (at, bytes) in [(stream.offset(STREAM_POINTERS.0), STREAM_POINTERS.1), (stream.offset(STREAM_OFFSET), 8)] {
            for word in words(&memory.bytes(at, bytes, 64).unwrap_or_default()) {
                look.hash = look.hash.number(word);
            }
        }
    }
}
