//! Types of the target, as far as the values of variables need them.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::ValueKind;

use super::memory::{HEAD_BYTES_MAX, Memory};
pub(super) use crate::dialect::ValueParts as Kind;
use crate::dialect::{Dialect, TypesOfC};
use crate::objects::{BASES_MAX, BASICSIZE_MAX, half_at, word_at};

/// A type.
#[derive(Debug)]
pub(super) struct TypeInfo {
    pub name: Arc<str>,
    pub kind: Kind,
    /// What rules are told that instances are.
    pub told: ValueKind,
    /// Bytes of the structure that C code knows: of the type itself, or of the C type a class is derived from.
    pub c_bytes: u64,
    /// Where instances keep their `__dict__`.
    pub dict_offset: Option<u64>,
    /// Instances have a dict, or room for the pointer to one, in front of them.
    pub has_managed_dict: bool,
    /// Where instances keep the values of their attributes behind their own structure.
    pub inline_values_at: Option<u64>,
    /// The type itself.
    pub at: Address,
    /// `__slots__`: names and offsets.
    pub slots: Vec<(Arc<str>, u64)>,
    pub mro: Address,
    /// It is a class written in Python.
    pub is_class: bool,
}

impl TypeInfo {
    /// True for the iterators whose state is understood.
    pub(super) fn is_iterator(&self) -> bool {
        matches!(self.told, ValueKind::Iterator | ValueKind::Itertools)
    }
}

/// Bytes of a type object that are read at most.
const TYPE_BYTES_MAX: usize = 4096;
const SLOTS_MAX: u64 = 64;
const TYPES_MAX: usize = 50_000;

/// All types met so far.
#[derive(Debug, Default)]
pub(super) struct Types {
    known: HashMap<Address, Option<Arc<TypeInfo>>>,
}

impl Types {
    /// The type at `address`; `None` when there is none.
    pub(super) fn get(&mut self, memory: &Memory<'_>, address: Address) -> Option<Arc<TypeInfo>> {
        if let Some(known) = self.known.get(&address) {
            return known.clone();
        }
        if self.known.len() >= TYPES_MAX {
            return None;
        }
        let info = read(memory, address).map(Arc::new);
        self.known.insert(address, info.clone());
        info
    }
}

fn read(memory: &Memory<'_>, address: Address) -> Option<TypeInfo> {
    let d = memory.d;
    if !address.is_aligned(8) || !memory.is_mapped(address) {
        return None;
    }
    let bytes = memory.bytes(address, d.type_object.bytes, TYPE_BYTES_MAX)?;
    let word = |offset| word_at(&bytes, offset);
    // The type of a type is a type: its flags say so.
    let meta = Address(word(d.object.ob_type));
    if memory.word(meta.offset(d.type_object.tp_flags))? & d.flags.type_subclass == 0 {
        return None;
    }
    let flags = word(d.type_object.tp_flags);
    let name = memory.c_string(Address(word(d.type_object.tp_name)))?;
    let basic_bytes = word(d.type_object.tp_basicsize);
    if basic_bytes > BASICSIZE_MAX {
        return None;
    }
    let is_class = is_class(memory, address, &bytes);
    let kind = kind(d, &name, flags, is_class, basic_bytes);
    let dict_offset = word(d.type_object.tp_dictoffset);
    let plain = matches!(kind, Kind::Other | Kind::Dict | Kind::List | Kind::Set);
    Some(TypeInfo {
        told: told(d, &name, kind),
        name: name.into(),
        kind,
        has_managed_dict: flags & d.flags.managed_dict != 0,
        inline_values_at: (flags & d.flags.inline_values != 0).then_some(basic_bytes),
        at: address,
        c_bytes: if is_class { c_base_bytes(memory, &bytes) } else { basic_bytes },
        dict_offset: (plain && (d.object.bytes..basic_bytes).contains(&dict_offset)).then_some(dict_offset),
        slots: if is_class && kind == Kind::Other { slots(memory, address) } else { Vec::new() },
        mro: Address(word(d.type_object.tp_mro)),
        is_class,
    })
}

/// `tp_basicsize` of the nearest base that is no class written in Python. A walk of its own: what runs is read word by word,
/// and a base may be gone between two of them, where the decoder has a copy.
fn c_base_bytes(memory: &Memory<'_>, class: &[u8]) -> u64 {
    let d = memory.d;
    let mut base = Address(word_at(class, d.type_object.tp_base));
    for _ in 0..BASES_MAX {
        let Some(head) = memory.bytes(base, d.type_object.bytes, TYPE_BYTES_MAX) else {
            return 0;
        };
        if !is_class(memory, base, &head) {
            let bytes = memory.word(base.offset(d.type_object.tp_basicsize)).unwrap_or(0);
            return if bytes > BASICSIZE_MAX { 0 } else { bytes };
        }
        let Some(next) = memory.pointer(base.offset(d.type_object.tp_base)) else {
            return 0;
        };
        base = next;
    }
    0
}

/// True for a type that was made by a `class` statement: one in C that is made at run time has a name of its own, and not
/// the text that it was given.
fn is_class(memory: &Memory<'_>, address: Address, bytes: &[u8]) -> bool {
    let d = memory.d;
    let is_of_heap = word_at(bytes, d.type_object.tp_flags) & d.flags.heaptype != 0;
    match d.types_of_c {
        TypesOfC::Static => is_of_heap,
        TypesOfC::StaticAndHeap => is_of_heap && is_named_by_text(memory, address, bytes).unwrap_or(false),
    }
}

fn is_named_by_text(memory: &Memory<'_>, address: Address, bytes: &[u8]) -> Option<bool> {
    let d = memory.d;
    let name = Address(word_at(bytes, d.type_object.tp_name));
    let text_at = memory.pointer(address.offset(d.type_object.ht_name))?;
    let c = &d.unicode.compact;
    let head: [u8; HEAD_BYTES_MAX] = memory.head(text_at, c.ascii_bytes)?;
    if name == memory.stored(text_at, &head)?.at {
        return Some(true);
    }
    Some(memory.pointer(text_at.offset(c.utf8)) == Some(name))
}

fn kind(d: &Dialect, name: &str, flags: u64, is_class: bool, basic_bytes: u64) -> Kind {
    let by_flag = [
        (d.flags.int_subclass, Kind::Int),
        (d.flags.long_subclass, Kind::Long),
        (d.flags.list_subclass, Kind::List),
        (d.flags.tuple_subclass, Kind::Tuple),
        (d.flags.string_subclass, Kind::Str),
        (d.flags.unicode_subclass, Kind::Unicode),
        (d.flags.dict_subclass, Kind::Dict),
        (d.flags.type_subclass, Kind::Fixed),
    ];
    if let Some((_, kind)) = by_flag.iter().find(|(flag, _)| flags & flag != 0) {
        return *kind;
    }
    if is_class {
        return Kind::Other;
    }
    if let Some((_, offset)) = d.types.positions.iter().find(|(known, _)| *known == name) {
        return Kind::Iterator(*offset);
    }
    let fits =
        |(known, least, most, _): &&(&str, u64, u64, Kind)| *known == name && (*least..=*most).contains(&basic_bytes);
    d.types.values.iter().find(fits).map_or(Kind::Other, |(.., kind)| *kind)
}

/// By the type itself, not by what it is derived from: a class may behave in its own way.
fn told(d: &Dialect, name: &str, kind: Kind) -> ValueKind {
    if let Some((.., told)) = d.types.told.iter().find(|(known, parts, _)| *known == name && *parts == kind) {
        return *told;
    }
    match kind {
        Kind::Iterator(_) => ValueKind::Iterator,
        Kind::Other if name.starts_with(d.types.drawing_iterators) => ValueKind::Itertools,
        Kind::MethodDescriptor | Kind::Fixed => ValueKind::Other,
        _ => ValueKind::Instance,
    }
}

/// `__slots__` of the class at `address`.
fn slots(memory: &Memory<'_>, address: Address) -> Vec<(Arc<str>, u64)> {
    let d = memory.d;
    let count = memory.word(address.offset(d.object.ob_size)).unwrap_or(0);
    let meta_bytes = memory
        .pointer(address.offset(d.object.ob_type))
        .and_then(|meta| memory.word(meta.offset(d.type_object.tp_basicsize)));
    if count == 0 || count > SLOTS_MAX || meta_bytes != Some(d.type_object.heap_bytes) {
        return Vec::new();
    }
    let table = address.offset(d.type_object.heap_bytes);
    let Some(bytes) = memory.bytes(table, count * d.member_def.bytes, 4096) else {
        return Vec::new();
    };
    bytes
        .chunks_exact(d.member_def.bytes as usize)
        .filter_map(|member| {
            let is_slot = half_at(member, d.member_def.kind) == d.member_def.object_ex;
            if !is_slot && d.types_of_c == TypesOfC::StaticAndHeap {
                return None;
            }
            let name = memory.c_string(Address(word_at(member, d.member_def.name)))?;
            Some((name.into(), word_at(member, d.member_def.offset)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_do_not_decide() {
        let d = &crate::dialect::CPYTHON_2_7;
        assert_eq!(kind(d, "float", 0, false, 24), Kind::Float);
        assert_eq!(kind(d, "float", 0, false, 32), Kind::Other);
        assert_eq!(kind(d, "float", d.flags.heaptype, true, 24), Kind::Other);
        assert_eq!(kind(d, "bool", d.flags.int_subclass, false, 24), Kind::Int);
        assert_eq!(kind(d, "listiterator", 0, false, 32), Kind::Iterator(16));
    }

    #[test]
    fn rules_are_told_of_exact_types_only() {
        let d = &crate::dialect::CPYTHON_2_7;
        assert_eq!(told(d, "bool", Kind::Int), ValueKind::Bool);
        assert_eq!(told(d, "frozenset", Kind::Set), ValueKind::FrozenSet);
        assert_eq!(told(d, "classobj", Kind::Fixed), ValueKind::Class);
        assert_eq!(told(d, "wrapper_descriptor", Kind::MethodDescriptor), ValueKind::Other);
        assert_eq!(told(d, "enumerate", Kind::Iterator(16)), ValueKind::Iterator);
        assert_eq!(told(d, "itertools.chain", Kind::Other), ValueKind::Itertools);
        // A class of the program's that derives from a built-in one, or only shares its name.
        assert_eq!(told(d, "Percentage", Kind::Int), ValueKind::Instance);
        assert_eq!(told(d, "float", Kind::Other), ValueKind::Instance);
    }
}
