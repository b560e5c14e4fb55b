//! The target's type objects, and from them how to read instances.

use std::rc::Rc;

use bloathound_heap::{NameId, SnapshotBuilder, TypeId, TypeInfo};
use bloathound_memory::{Address, MemoryImage, MemorySource};

use super::budget::Budget;
use super::marks::AddressMap;
use crate::layouts::object_h as object;
use crate::layouts::shapes::{self, Field};
use crate::layouts::{dictobject_h, stringobject_h};

/// Slots a class can have before we take it for damage.
const SLOTS_MAX: u64 = 4096;
/// Length of an inheritance chain before we take it for damage.
const BASES_MAX: usize = 256;
/// A fixed part of an instance larger than this is damage.
const BASICSIZE_MAX: u64 = 1 << 20;

/// How the built-in part of an instance is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Core {
    /// No references in the built-in part beyond [`TypeLayout::fixed`].
    Plain,
    Str,
    Unicode,
    Long,
    ByteArray,
    Array,
    Dict,
    List,
    Tuple,
    Set,
    Type,
    Frame,
    Weakref,
    Deque,
    TeeData,
}

/// How to read instances of one type.
#[derive(Clone, Debug)]
pub(crate) struct TypeLayout {
    pub(crate) address: Address,
    pub(crate) name: String,
    pub(crate) id: TypeId,
    pub(crate) core: Core,
    pub(crate) fixed: Vec<(u64, NameId, bool)>,
    /// Words to be taken for references where they are known objects' addresses.
    pub(crate) conservative: Option<(u64, u64)>,
    pub(crate) slots: Vec<(u64, NameId)>,
    /// `tp_dictoffset` where it is not already among `fixed`.
    pub(crate) dict_offset: Option<i64>,
    pub(crate) weaklist_offset: u64,
    pub(crate) is_gc: bool,
    pub(crate) is_heap: bool,
    /// A malloc buffer counted as the object's own: pointer, length, length counts characters.
    pub(crate) buffer: Option<(u64, u64, bool)>,
    pub(crate) is_generator: bool,
    pub(crate) is_old_instance: bool,
    pub(crate) basicsize: u64,
    pub(crate) itemsize: u64,
}

/// All types seen so far.
#[derive(Debug)]
pub(crate) struct TypeTable {
    layouts: Vec<Rc<TypeLayout>>,
    by_address: AddressMap,
    type_type: Address,
    dict_name: NameId,
    /// For names looked up in classes' dicts and for slots.
    budget: Budget,
}

impl TypeTable {
    pub(crate) fn new(type_type: Address, image_bytes: usize, builder: &mut SnapshotBuilder) -> Self {
        Self {
            layouts: Vec::new(),
            by_address: AddressMap::new(),
            type_type,
            dict_name: builder.name("__dict__"),
            budget: Budget::for_image(image_bytes),
        }
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    #[inline]
    pub(crate) fn known(&self, address: Address) -> Option<u32> {
        self.by_address.get(address.0)
    }

    #[inline]
    pub(crate) fn layout(&self, index: u32) -> &Rc<TypeLayout> {
        &self.layouts[index as usize]
    }

    pub(crate) fn all(&self) -> &[Rc<TypeLayout>] {
        &self.layouts
    }

    pub(crate) fn dict_name(&self) -> NameId {
        self.dict_name
    }

    /// The layout of the type at `address`, read on first sight; `None` when there is no type object.
    pub(crate) fn resolve(&mut self, image: &MemoryImage, builder: &mut SnapshotBuilder, at: Address) -> Option<u32> {
        if let Some(index) = self.by_address.get(at.0) {
            return Some(index);
        }
        if !is_type_object(image, at, self.type_type) {
            return None;
        }
        let layout = self.read(image, builder, at)?;
        let index = self.layouts.len() as u32;
        self.layouts.push(Rc::new(layout));
        self.by_address.insert(at.0, index);
        Some(index)
    }

    fn read(&self, image: &MemoryImage, builder: &mut SnapshotBuilder, at: Address) -> Option<TypeLayout> {
        let basicsize = image.u64_at(at.offset(object::TP_BASICSIZE))?;
        let itemsize = image.u64_at(at.offset(object::TP_ITEMSIZE))?;
        let flags = image.u64_at(at.offset(object::TP_FLAGS))?;
        if !(object::PYOBJECT_BYTES..=BASICSIZE_MAX).contains(&basicsize) || itemsize > BASICSIZE_MAX {
            return None;
        }
        // A core without the library's read-only pages has no names; its objects still count.
        let full_name = c_string_at(image, at.offset(object::TP_NAME), 256);
        let is_heap = flags & object::FLAG_HEAPTYPE != 0;
        let solid = solid_base(image, at)?;
        let mut fixed = Vec::new();
        let shape = BaseShape::of(image, solid, &mut |(offset, name, traversed): Field| {
            fixed.push((offset, builder.name(name), traversed));
        })?;
        let mut slots = Vec::new();
        self.collect_slots(image, builder, at, &mut slots);
        let dict_offset = image.u64_at(at.offset(object::TP_DICTOFFSET))? as i64;
        let dict_is_fixed = fixed.iter().any(|(offset, ..)| *offset as i64 == dict_offset);
        let info = TypeInfo {
            name: short_name(&full_name, is_heap),
            module: self.module_of(image, at, &full_name, is_heap),
            object: None,
            is_heap_type: is_heap,
            has_finalizer: shape.name != "generator" && image.u64_at(at.offset(object::TP_DEL))? != 0,
            finalizer: None,
        };
        Some(TypeLayout {
            address: at,
            id: builder.add_type(info),
            core: shape.core,
            fixed,
            conservative: shape.conservative,
            slots,
            dict_offset: (dict_offset != 0 && !dict_is_fixed && shape.core != Core::Type).then_some(dict_offset),
            weaklist_offset: image.u64_at(at.offset(object::TP_WEAKLISTOFFSET))?,
            is_gc: flags & object::FLAG_HAVE_GC != 0,
            is_heap,
            buffer: shapes::BUFFERS.iter().find(|b| b.0 == shape.name).map(|b| (b.1, b.2, b.3)),
            is_generator: shape.name == "generator",
            is_old_instance: shape.name == "instance",
            basicsize,
            itemsize,
            name: full_name,
        })
    }

    /// The `__slots__` of a class and its bases: `PyMemberDef`s behind each heap type object.
    fn collect_slots(
        &self,
        image: &MemoryImage,
        builder: &mut SnapshotBuilder,
        at: Address,
        slots: &mut Vec<(u64, NameId)>,
    ) {
        let mut current = at;
        for _ in 0..BASES_MAX {
            let Some(flags) = image.u64_at(current.offset(object::TP_FLAGS)) else { return };
            if flags & object::FLAG_HEAPTYPE == 0 {
                return;
            }
            let metatype = image.pointer_at(current.offset(object::OB_TYPE)).unwrap_or_default();
            let members = image.u64_at(metatype.offset(object::TP_BASICSIZE)).map(|size| current.offset(size));
            let count = image.u64_at(current.offset(object::OB_SIZE)).unwrap_or(0);
            if let (Some(members), 1..=SLOTS_MAX) = (members, count)
                && self.budget.take(count * object::MEMBERDEF_BYTES / 8)
            {
                for index in 0..count {
                    let member = members.offset(index * object::MEMBERDEF_BYTES);
                    let (Some(kind), Some(offset), Some(name)) = (
                        image.u32_at(member.offset(object::MEMBERDEF_TYPE)),
                        image.u64_at(member.offset(object::MEMBERDEF_OFFSET)),
                        image.pointer_at(member.offset(object::MEMBERDEF_NAME)),
                    ) else {
                        break;
                    };
                    if kind == object::T_OBJECT_EX && offset < BASICSIZE_MAX && slots.len() < SLOTS_MAX as usize {
                        let text = image.read_c_string(name, 128).unwrap_or_default();
                        slots.push((offset, builder.name(&text)));
                    }
                }
            }
            match image.pointer_at(current.offset(object::TP_BASE)) {
                Some(base) if !base.is_null() => current = base,
                _ => return,
            }
        }
    }

    fn module_of(&self, image: &MemoryImage, at: Address, full_name: &str, is_heap: bool) -> Option<String> {
        if is_heap {
            let namespace = image.pointer_at(at.offset(object::TP_DICT))?;
            let value = lookup(image, namespace, "__module__", &self.budget)?;
            return string_text(image, value, 200);
        }
        full_name.rsplit_once('.').map(|(module, _)| module.to_owned())
    }
}

/// True when `at` looks like a type object: readable, and its own type is `type` or derives from it.
pub(crate) fn is_type_object(image: &MemoryImage, at: Address, type_type: Address) -> bool {
    if !at.is_aligned(8) || image.bytes(at, object::PYTYPEOBJECT_BYTES as usize).is_none() {
        return false;
    }
    match image.pointer_at(at.offset(object::OB_TYPE)) {
        Some(metatype) if metatype == type_type => true,
        Some(metatype) if metatype.is_aligned(8) => {
            image.u64_at(metatype.offset(object::TP_FLAGS)).is_some_and(|f| f & object::FLAG_TYPE_SUBCLASS != 0)
                && image.pointer_at(metatype.offset(object::OB_TYPE)).is_some_and(|meta| {
                    meta == type_type
                        || image
                            .u64_at(meta.offset(object::TP_FLAGS))
                            .is_some_and(|f| f & object::FLAG_TYPE_SUBCLASS != 0)
                })
        }
        _ => false,
    }
}

/// The nearest base that was made in C: it decides what the fixed part of instances looks like.
fn solid_base(image: &MemoryImage, at: Address) -> Option<Address> {
    let mut current = at;
    for _ in 0..BASES_MAX {
        if image.u64_at(current.offset(object::TP_FLAGS))? & object::FLAG_HEAPTYPE == 0 {
            return Some(current);
        }
        current = image.pointer_at(current.offset(object::TP_BASE))?;
    }
    None
}

struct BaseShape {
    name: String,
    core: Core,
    conservative: Option<(u64, u64)>,
}

impl BaseShape {
    /// What is known of a type made in C: by itself, or by the nearest base that is known plus the words it adds.
    fn of(image: &MemoryImage, solid: Address, field: &mut dyn FnMut(Field)) -> Option<Self> {
        let own_size = image.u64_at(solid.offset(object::TP_BASICSIZE))?.min(BASICSIZE_MAX);
        let itemsize = image.u64_at(solid.offset(object::TP_ITEMSIZE))?;
        let head = if itemsize > 0 { object::OB_SIZE + 8 } else { object::PYOBJECT_BYTES };
        let mut current = solid;
        for _ in 0..BASES_MAX {
            let name = c_string_at(image, current.offset(object::TP_NAME), 128);
            let size = image.u64_at(current.offset(object::TP_BASICSIZE))?;
            let extra = (own_size > size).then_some((size, own_size));
            if let Some((_, _, fields)) = shapes::FIXED.iter().find(|(n, s, _)| *n == name && *s == size) {
                fields.iter().copied().for_each(&mut *field);
                return Some(Self { name, core: Core::Plain, conservative: extra });
            }
            if name == shapes::TEE_DATA {
                shapes::TEE_FIELDS.iter().copied().for_each(&mut *field);
            }
            if let Some(core) = core_of(&name) {
                return Some(Self { name, core, conservative: extra });
            }
            let flags = image.u64_at(current.offset(object::TP_FLAGS))?;
            if flags & object::FLAG_BASE_EXC_SUBCLASS != 0 {
                shapes::EXCEPTION_FIELDS.iter().copied().for_each(&mut *field);
                return Some(Self { name, core: Core::Plain, conservative: (own_size > 40).then_some((40, own_size)) });
            }
            if shapes::BUFFERS.iter().any(|b| b.0 == name) {
                return Some(Self { name, core: Core::Plain, conservative: Some((head, own_size)) });
            }
            if shapes::ATOMS.contains(&name.as_str()) {
                let conservative = if current == solid { None } else { Some((head, own_size)) };
                return Some(Self { name, core: Core::Plain, conservative });
            }
            current = image.pointer_at(current.offset(object::TP_BASE))?;
            if current.is_null() {
                break;
            }
        }
        Some(Self { name: String::new(), core: Core::Plain, conservative: Some((head, own_size)) })
    }
}

fn core_of(name: &str) -> Option<Core> {
    Some(match name {
        "str" => Core::Str,
        "unicode" => Core::Unicode,
        "long" => Core::Long,
        "bytearray" => Core::ByteArray,
        "array.array" => Core::Array,
        "dict" => Core::Dict,
        "list" => Core::List,
        "tuple" => Core::Tuple,
        "set" | "frozenset" => Core::Set,
        "type" => Core::Type,
        "frame" => Core::Frame,
        "weakref" | "weakproxy" | "weakcallableproxy" => Core::Weakref,
        "collections.deque" => Core::Deque,
        shapes::TEE_DATA => Core::TeeData,
        _ => return None,
    })
}

/// The C string that the pointer at `variable` leads to; empty where it can't be read.
fn c_string_at(image: &MemoryImage, variable: Address, max: usize) -> String {
    image.pointer_at(variable).and_then(|at| image.read_c_string(at, max).ok()).unwrap_or_default()
}

/// A built-in type's `tp_name` carries its module; a class's does not, and may hold dots of its own.
fn short_name(full: &str, is_heap: bool) -> String {
    if is_heap { full.to_owned() } else { full.rsplit('.').next().unwrap_or(full).to_owned() }
}

/// The value of a string key in a dict, by looking at every slot: for the few lookups decoding needs.
pub(crate) fn lookup(image: &MemoryImage, namespace: Address, key: &str, budget: &Budget) -> Option<Address> {
    let mask = image.u64_at(namespace.offset(dictobject_h::MA_MASK))?;
    let table = image.pointer_at(namespace.offset(dictobject_h::MA_TABLE))?;
    let slots = usize::try_from(mask).ok()?.checked_add(1)?;
    let bytes = image.bytes(table, slots.checked_mul(dictobject_h::ENTRY_BYTES)?)?;
    if !budget.take(bytes.len() as u64 / 8) {
        return None;
    }
    let word = |entry: &[u8], at: usize| Some(u64::from_le_bytes(entry.get(at..at + 8)?.try_into().ok()?));
    for entry in bytes.chunks_exact(dictobject_h::ENTRY_BYTES) {
        let value = word(entry, dictobject_h::ME_VALUE)?;
        if value != 0 && string_is(image, Address(word(entry, dictobject_h::ME_KEY)?), key) {
            return Some(Address(value));
        }
    }
    None
}

fn string_is(image: &MemoryImage, at: Address, text: &str) -> bool {
    image.u64_at(at.offset(object::OB_SIZE)) == Some(text.len() as u64)
        && image.bytes(at.offset(stringobject_h::OB_SVAL), text.len()) == Some(text.as_bytes())
}

/// The content of a `str`, where it is no longer than `max` bytes. The caller has checked that it is one.
pub(crate) fn string_text(image: &MemoryImage, at: Address, max: u64) -> Option<String> {
    let len = image.u64_at(at.offset(object::OB_SIZE))?;
    if len > max {
        return None;
    }
    let bytes = image.bytes(at.offset(stringobject_h::OB_SVAL), len as usize)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}
