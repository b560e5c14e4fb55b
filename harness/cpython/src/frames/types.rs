//! Types of the target, as far as the values of variables need them.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;

use super::memory::{Memory, word_at};
use crate::layouts::iterators;
use crate::layouts::object_h as object;

/// How the value of an object is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    None,
    Int,
    Long,
    Float,
    Str,
    Unicode,
    List,
    Tuple,
    Dict,
    Set,
    OldInstance,
    Method,
    Builtin,
    Function,
    MethodDescriptor,
    Cell,
    Generator,
    Module,
    File,
    /// A type, a code object and whatever else nobody expects to change: its name says it all.
    Fixed,
    /// Keeps its position at this offset.
    Iterator(u64),
    /// An instance of a class, or of a C type.
    Other,
}

/// A type.
#[derive(Debug)]
pub(super) struct TypeInfo {
    pub name: Arc<str>,
    pub kind: Kind,
    /// Bytes of the structure that C code knows: of the type itself, or of the C type a class is derived from.
    pub c_bytes: u64,
    /// Where instances keep their `__dict__`.
    pub dict_offset: Option<u64>,
    /// `__slots__`: names and offsets.
    pub slots: Vec<(Arc<str>, u64)>,
    pub mro: Address,
}

impl TypeInfo {
    /// True for the iterators whose state is understood.
    pub(super) fn is_iterator(&self) -> bool {
        matches!(self.kind, Kind::Iterator(_)) || self.name.starts_with("itertools.")
    }
}

/// `sizeof(PyHeapTypeObject)`: the slots of a class written in Python follow it.
const HEAP_TYPE_BYTES: u64 = 872;
const SLOTS_MAX: u64 = 64;
/// Bases looked through for one written in C.
const BASES_MAX: usize = 64;
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
    if !address.is_aligned(8) || !memory.is_mapped(address) {
        return None;
    }
    let bytes: [u8; object::PYTYPEOBJECT_BYTES as usize] = memory.block(address)?;
    let word = |offset| word_at(&bytes, offset);
    // The type of a type is a type: its flags say so.
    let meta = Address(word(object::OB_TYPE));
    if memory.word(meta.offset(object::TP_FLAGS))? & object::FLAG_TYPE_SUBCLASS == 0 {
        return None;
    }
    let flags = word(object::TP_FLAGS);
    let name = memory.c_string(Address(word(object::TP_NAME)))?;
    let basic_bytes = word(object::TP_BASICSIZE);
    if basic_bytes > 1 << 24 {
        return None;
    }
    let kind = kind(&name, flags, basic_bytes);
    let dict_offset = word(object::TP_DICTOFFSET);
    let is_class = flags & object::FLAG_HEAPTYPE != 0;
    let plain = matches!(kind, Kind::Other | Kind::Dict | Kind::List | Kind::Set);
    Some(TypeInfo {
        name: name.into(),
        kind,
        c_bytes: if is_class { c_base_bytes(memory, &bytes) } else { basic_bytes },
        dict_offset: (plain && (16..basic_bytes).contains(&dict_offset)).then_some(dict_offset),
        slots: if is_class && kind == Kind::Other { slots(memory, address) } else { Vec::new() },
        mro: Address(word(object::TP_MRO)),
    })
}

/// `tp_basicsize` of the nearest base that is no class written in Python.
fn c_base_bytes(memory: &Memory<'_>, class: &[u8]) -> u64 {
    let mut base = Address(word_at(class, object::TP_BASE));
    for _ in 0..BASES_MAX {
        let Some(flags) = memory.word(base.offset(object::TP_FLAGS)) else {
            return 0;
        };
        if flags & object::FLAG_HEAPTYPE == 0 {
            let bytes = memory.word(base.offset(object::TP_BASICSIZE)).unwrap_or(0);
            return if bytes > 1 << 24 { 0 } else { bytes };
        }
        let Some(next) = memory.pointer(base.offset(object::TP_BASE)) else {
            return 0;
        };
        base = next;
    }
    0
}

fn kind(name: &str, flags: u64, basic_bytes: u64) -> Kind {
    let by_flag = [
        (object::FLAG_INT_SUBCLASS, Kind::Int),
        (object::FLAG_LONG_SUBCLASS, Kind::Long),
        (object::FLAG_LIST_SUBCLASS, Kind::List),
        (object::FLAG_TUPLE_SUBCLASS, Kind::Tuple),
        (object::FLAG_STRING_SUBCLASS, Kind::Str),
        (object::FLAG_UNICODE_SUBCLASS, Kind::Unicode),
        (object::FLAG_DICT_SUBCLASS, Kind::Dict),
        (object::FLAG_TYPE_SUBCLASS, Kind::Fixed),
    ];
    if let Some((_, kind)) = by_flag.iter().find(|(flag, _)| flags & flag != 0) {
        return *kind;
    }
    if flags & object::FLAG_HEAPTYPE != 0 {
        return Kind::Other;
    }
    if let Some((_, offset)) = iterators::POSITIONS.iter().find(|(known, _)| *known == name) {
        return Kind::Iterator(*offset);
    }
    match (name, basic_bytes) {
        ("NoneType", _) => Kind::None,
        ("float", 24) => Kind::Float,
        ("set" | "frozenset", 200) => Kind::Set,
        ("instance", 40) => Kind::OldInstance,
        ("instancemethod", 48) => Kind::Method,
        ("builtin_function_or_method", 40) => Kind::Builtin,
        ("function", 88) => Kind::Function,
        ("method_descriptor" | "wrapper_descriptor", _) => Kind::MethodDescriptor,
        ("cell", 24) => Kind::Cell,
        ("generator", 48) => Kind::Generator,
        ("module", 24) => Kind::Module,
        ("file", 136..) => Kind::File,
        (
            "classobj" | "code" | "frame" | "property" | "staticmethod" | "classmethod" | "ellipsis"
            | "NotImplementedType" | "getset_descriptor" | "member_descriptor",
            _,
        ) => Kind::Fixed,
        _ => Kind::Other,
    }
}

/// `__slots__` of the class at `address`.
fn slots(memory: &Memory<'_>, address: Address) -> Vec<(Arc<str>, u64)> {
    let count = memory.word(address.offset(object::OB_SIZE)).unwrap_or(0);
    let meta_bytes =
        memory.pointer(address.offset(object::OB_TYPE)).and_then(|meta| memory.word(meta.offset(object::TP_BASICSIZE)));
    if count == 0 || count > SLOTS_MAX || meta_bytes != Some(HEAP_TYPE_BYTES) {
        return Vec::new();
    }
    let table = address.offset(HEAP_TYPE_BYTES);
    let Some(bytes) = memory.bytes(table, count * object::MEMBERDEF_BYTES, 4096) else {
        return Vec::new();
    };
    bytes
        .chunks_exact(object::MEMBERDEF_BYTES as usize)
        .filter_map(|member| {
            let name = memory.c_string(Address(word_at(member, object::MEMBERDEF_NAME)))?;
            Some((name.into(), word_at(member, object::MEMBERDEF_OFFSET)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_do_not_decide() {
        assert_eq!(kind("float", 0, 24), Kind::Float);
        assert_eq!(kind("float", 0, 32), Kind::Other);
        assert_eq!(kind("float", object::FLAG_HEAPTYPE, 24), Kind::Other);
        assert_eq!(kind("bool", object::FLAG_INT_SUBCLASS, 24), Kind::Int);
        assert_eq!(kind("listiterator", 0, 32), Kind::Iterator(16));
    }
}
