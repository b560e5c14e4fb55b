//! The target's type objects, and from them how to read instances.

use std::rc::Rc;

use bloathound_heap::{NameId, SnapshotBuilder, TypeId, TypeInfo};
use bloathound_memory::{Address, MemoryImage, MemorySource};

use super::marks::AddressMap;
use crate::Interpreter;
use crate::dialect::{Chain, Core, Dialect, Field, SingledOut, TextStorage};
use crate::objects::{BASES_MAX, BASICSIZE_MAX, Budget, Objects, StaticTypes};

/// Slots a class can have before we take it for damage.
const SLOTS_MAX: u64 = 4096;

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
    /// What some of these words are called.
    pub(crate) words: Vec<(u64, NameId)>,
    pub(crate) slots: Vec<(u64, NameId)>,
    /// `tp_dictoffset` where it is not already among `fixed`.
    pub(crate) dict_offset: Option<i64>,
    pub(crate) weaklist_offset: u64,
    pub(crate) is_gc: bool,
    /// Made at run time: instances own a reference to it.
    pub(crate) is_heap: bool,
    /// Made by a `class` statement.
    pub(crate) is_class: bool,
    /// The collector sees the instances' references to it.
    pub(crate) type_is_visited: bool,
    /// `tp_dictoffset` says that the dict is in front of the object.
    pub(crate) has_managed_dict: bool,
    /// Objects have attributes without a dict.
    pub(crate) has_values: bool,
    /// Bytes in front of the collector's head.
    pub(crate) header_bytes: u64,
    /// Items behind those that `ob_size` counts.
    pub(crate) hidden_items: u64,
    /// What it chains.
    pub(crate) chain: Option<Chain>,
    /// Where items inline begin.
    pub(crate) items_at: u64,
    /// Items in memory of their own: place of its address, place of how many there is room for.
    pub(crate) items_behind: Option<(u64, u64)>,
    /// Instances have a `__del__`, or something like it, that runs once before they go.
    pub(crate) finalizes: bool,
    /// Nothing beside its fixed part, its items and its table counts.
    pub(crate) is_sized_simply: bool,
    /// Malloc buffers counted as the object's own: pointer, length, bytes of what the length counts.
    pub(crate) buffers: Vec<(u64, u64, u64)>,
    /// Whether the type, or the built-in type it derives from, is treated in a way of its own.
    pub(crate) singled_out: Option<SingledOut>,
    pub(crate) basicsize: u64,
    pub(crate) itemsize: u64,
}

/// All types seen so far.
#[derive(Debug)]
pub(crate) struct TypeTable {
    layouts: Vec<Rc<TypeLayout>>,
    by_address: AddressMap,
    type_type: Address,
    d: &'static Dialect,
    dict_name: NameId,
    /// For names looked up in classes' dicts and for slots.
    budget: Budget,
    static_types: StaticTypes,
}

impl TypeTable {
    pub(crate) fn new(interpreter: &Interpreter, image: &MemoryImage, builder: &mut SnapshotBuilder) -> Self {
        Self {
            layouts: Vec::new(),
            by_address: AddressMap::new(),
            type_type: interpreter.type_type,
            d: interpreter.dialect,
            dict_name: builder.name(interpreter.dialect.words.own_dict),
            budget: Budget::for_image(image.flat().len()),
            static_types: StaticTypes::read(interpreter.dialect, image, interpreter.interpreter_state),
        }
    }

    /// What another thread begins with: all types known by now. Layouts are counted by whoever reads objects, for each of
    /// them, and counters that processors share would be what they wait for.
    pub(crate) fn copied(&self) -> CopiedTypes {
        CopiedTypes {
            layouts: self.layouts.iter().map(|layout| TypeLayout::clone(layout)).collect(),
            by_address: self.by_address.clone(),
            type_type: self.type_type,
            d: self.d,
            dict_name: self.dict_name,
            words: self.budget.left(),
            static_types: self.static_types.clone(),
        }
    }

    pub(crate) fn type_type(&self) -> Address {
        self.type_type
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

    /// What the interpreter keeps of static types.
    pub(crate) fn static_types(&self) -> &StaticTypes {
        &self.static_types
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
        if !Objects::new(image, self.d).is_type_object(at, self.type_type) {
            return None;
        }
        let layout = self.read(image, builder, at)?;
        let index = self.layouts.len() as u32;
        self.layouts.push(Rc::new(layout));
        self.by_address.insert(at.0, index);
        Some(index)
    }

    fn read(&self, image: &MemoryImage, builder: &mut SnapshotBuilder, at: Address) -> Option<TypeLayout> {
        let d = self.d;
        let basicsize = image.u64_at(at.offset(d.type_object.tp_basicsize))?;
        let itemsize = image.u64_at(at.offset(d.type_object.tp_itemsize))?;
        let flags = image.u64_at(at.offset(d.type_object.tp_flags))?;
        if !(d.object.bytes..=BASICSIZE_MAX).contains(&basicsize) || itemsize > BASICSIZE_MAX {
            return None;
        }
        // A core without the library's read-only pages has no names; its objects still count.
        let full_name = c_string_at(image, at.offset(d.type_object.tp_name), 256);
        let is_heap = flags & d.flags.heaptype != 0;
        let objects = Objects::new(image, d);
        let is_class = objects.is_class(at);
        let solid = objects.solid_base(at)?;
        let mut fixed = Vec::new();
        let shape = BaseShape::of(objects, solid, &mut |(offset, name, traversed): Field| {
            fixed.push((offset, builder.name(name), traversed));
        })?;
        let singled_out = d.types.singled_out(&shape.name);
        let mut slots = Vec::new();
        self.collect_slots(image, builder, at, &mut slots);
        let dict_offset = image.u64_at(at.offset(d.type_object.tp_dictoffset))? as i64;
        let dict_is_fixed = fixed.iter().any(|(offset, ..)| *offset as i64 == dict_offset);
        let info = TypeInfo {
            name: short_name(&full_name, is_class),
            module: self.module_of(image, at, &full_name, is_class).filter(|module| module != d.types.builtin_module),
            object: None,
            is_heap_type: is_class,
            has_finalizer: singled_out != Some(SingledOut::Generator)
                && image.u64_at(at.offset(d.type_object.tp_del))? != 0,
            finalizer: None,
        };
        let buffers: Vec<(u64, u64, u64)> =
            d.types.buffers.iter().filter(|b| b.0 == shape.name).map(|b| (b.1, b.2, b.3)).collect();
        let is_rounded = d.text == TextStorage::Compact && singled_out == Some(SingledOut::Code);
        let has_keys = shape.core == Core::Type && d.type_object.ht_cached_keys != 0;
        Some(TypeLayout {
            address: at,
            id: builder.add_type(info),
            core: shape.core,
            fixed,
            words: if shape.conservative.is_some() { named_words(objects, builder, solid) } else { Vec::new() },
            conservative: shape.conservative,
            slots,
            dict_offset: (dict_offset != 0 && !dict_is_fixed && shape.core != Core::Type).then_some(dict_offset),
            weaklist_offset: image.u64_at(at.offset(d.type_object.tp_weaklistoffset))?,
            is_gc: flags & d.flags.have_gc != 0,
            is_heap,
            is_class,
            type_is_visited: flags & d.flags.have_gc != 0
                && (is_class || !d.types.type_not_visited.contains(&full_name.as_str())),
            has_managed_dict: flags & d.flags.managed_dict != 0,
            has_values: objects.has_values(flags),
            header_bytes: objects.header_bytes(flags),
            hidden_items: match shape.counts_its_items {
                true => self.unnamed_items(objects, solid),
                false => shape.hidden_items,
            },
            chain: d.types.chains.iter().find(|(name, _)| *name == shape.name).map(|row| row.1),
            items_at: d
                .types
                .items_at
                .iter()
                .find(|(name, _)| *name == shape.name)
                .map_or(d.tuple.ob_item, |row| row.1),
            items_behind: d.types.items_behind.iter().find(|row| row.0 == full_name).map(|row| (row.1, row.2)),
            finalizes: d.type_object.tp_finalize != 0
                && image.u64_at(at.offset(d.type_object.tp_finalize)).is_some_and(|finalize| finalize != 0),
            is_sized_simply: buffers.is_empty() && !objects.has_values(flags) && !is_rounded && !has_keys,
            buffers,
            singled_out,
            basicsize,
            itemsize,
            name: full_name,
        })
    }

    /// Items without a name behind those that have one, of a row with names: by what its type says.
    fn unnamed_items(&self, objects: Objects<'_>, at: Address) -> u64 {
        let own = || objects.image.pointer_at(at.offset(self.d.type_object.tp_dict)).unwrap_or_default();
        let namespace = self.static_types.row(at).map_or_else(own, |row| row.dict);
        let count = |name| objects.long_value(objects.lookup(namespace, name, &self.budget)?);
        let unnamed = |(all, named): (i128, i128)| u64::try_from(all - named).ok().filter(|count| *count <= SLOTS_MAX);
        count("n_fields").zip(count("n_sequence_fields")).and_then(unnamed).unwrap_or(0)
    }

    /// The `__slots__` of a class and its bases: `PyMemberDef`s behind each heap type object.
    fn collect_slots(
        &self,
        image: &MemoryImage,
        builder: &mut SnapshotBuilder,
        at: Address,
        slots: &mut Vec<(u64, NameId)>,
    ) {
        let d = self.d;
        let mut current = at;
        for _ in 0..BASES_MAX {
            if !Objects::new(image, d).is_class(current) {
                return;
            }
            if let Some((members, count @ 1..=SLOTS_MAX)) = Objects::new(image, d).member_defs(current)
                && self.budget.take(count * d.member_def.bytes / 8)
            {
                for index in 0..count {
                    let member = members.offset(index * d.member_def.bytes);
                    let (Some(kind), Some(offset), Some(name)) = (
                        image.u32_at(member.offset(d.member_def.kind)),
                        image.u64_at(member.offset(d.member_def.offset)),
                        image.pointer_at(member.offset(d.member_def.name)),
                    ) else {
                        break;
                    };
                    if kind == d.member_def.object_ex && offset < BASICSIZE_MAX && slots.len() < SLOTS_MAX as usize {
                        let text = image.read_c_string(name, 128).unwrap_or_default();
                        slots.push((offset, builder.name(&text)));
                    }
                }
            }
            match image.pointer_at(current.offset(d.type_object.tp_base)) {
                Some(base) if !base.is_null() => current = base,
                _ => return,
            }
        }
    }

    fn module_of(&self, image: &MemoryImage, at: Address, full_name: &str, is_class: bool) -> Option<String> {
        let d = self.d;
        if is_class {
            let namespace = image.pointer_at(at.offset(d.type_object.tp_dict))?;
            let objects = Objects::new(image, d);
            let value = objects.lookup(namespace, "__module__", &self.budget)?;
            return objects.name(value, 200);
        }
        full_name.rsplit_once('.').map(|(module, _)| module.to_owned())
    }
}

/// A table on its way to another thread.
#[derive(Clone, Debug)]
pub(crate) struct CopiedTypes {
    layouts: Vec<TypeLayout>,
    by_address: AddressMap,
    type_type: Address,
    d: &'static Dialect,
    dict_name: NameId,
    words: u64,
    static_types: StaticTypes,
}

impl From<CopiedTypes> for TypeTable {
    fn from(copied: CopiedTypes) -> Self {
        Self {
            layouts: copied.layouts.into_iter().map(Rc::new).collect(),
            by_address: copied.by_address,
            type_type: copied.type_type,
            d: copied.d,
            dict_name: copied.dict_name,
            budget: Budget::of(copied.words),
            static_types: copied.static_types,
        }
    }
}

struct BaseShape {
    name: String,
    core: Core,
    conservative: Option<(u64, u64)>,
    hidden_items: u64,
    /// A row of items with names, which its size leaves out: its dict tells how many there are.
    counts_its_items: bool,
}

impl BaseShape {
    /// What is known of a type made in C: by itself, or by the nearest base that is known plus the words it adds.
    fn of(objects: Objects<'_>, solid: Address, field: &mut dyn FnMut(Field)) -> Option<Self> {
        let Objects { image, d } = objects;
        let own_size = image.u64_at(solid.offset(d.type_object.tp_basicsize))?.min(BASICSIZE_MAX);
        let itemsize = image.u64_at(solid.offset(d.type_object.tp_itemsize))?;
        let head = if itemsize > 0 { d.object.ob_size + 8 } else { d.object.bytes };
        let mut current = solid;
        for _ in 0..BASES_MAX {
            let name = c_string_at(image, current.offset(d.type_object.tp_name), 128);
            let size = image.u64_at(current.offset(d.type_object.tp_basicsize))?;
            let extra = (own_size > size).then_some((size, own_size));
            if let Some((_, _, fields)) = d.types.fixed.iter().find(|(n, s, _)| *n == name && *s == size) {
                fields.iter().copied().for_each(&mut *field);
                return Some(Self {
                    name,
                    core: Core::Plain,
                    conservative: extra,
                    hidden_items: 0,
                    counts_its_items: false,
                });
            }
            if let Some((_, core)) = d.types.cores.iter().find(|(known, _)| *known == name) {
                if *core == Core::TeeData {
                    d.types.tee_data.fields.iter().copied().for_each(&mut *field);
                }
                let more = d.types.core_fields.iter().filter(|(known, _)| *known == name);
                more.flat_map(|(_, fields)| *fields).copied().for_each(&mut *field);
                // A row of items with names: those without a name stand behind the others.
                let hidden_items = if *core == Core::Tuple && d.types.items_at.iter().all(|(known, _)| *known != name) {
                    extra.map_or(0, |(from, to)| (to - from) / 8)
                } else {
                    0
                };
                let conservative = extra.filter(|_| hidden_items == 0);
                let counts_its_items = *core == Core::Tuple && current != solid && extra.is_none();
                return Some(Self { name, core: *core, conservative, hidden_items, counts_its_items });
            }
            let flags = image.u64_at(current.offset(d.type_object.tp_flags))?;
            if flags & d.flags.base_exc_subclass != 0 {
                d.types.exception_fields.iter().copied().for_each(&mut *field);
                return Some(Self {
                    name,
                    core: Core::Plain,
                    conservative: (own_size > d.types.exception_bytes).then_some((d.types.exception_bytes, own_size)),
                    hidden_items: 0,
                    counts_its_items: false,
                });
            }
            if d.types.buffers.iter().any(|b| b.0 == name) {
                return Some(Self {
                    name,
                    core: Core::Plain,
                    conservative: Some((head, own_size)),
                    hidden_items: 0,
                    counts_its_items: false,
                });
            }
            if d.types.atoms.contains(&name.as_str()) {
                let conservative = if current == solid { None } else { Some((head, own_size)) };
                return Some(Self { name, core: Core::Plain, conservative, hidden_items: 0, counts_its_items: false });
            }
            current = image.pointer_at(current.offset(d.type_object.tp_base))?;
            if current.is_null() {
                break;
            }
        }
        Some(Self {
            name: String::new(),
            core: Core::Plain,
            conservative: Some((head, own_size)),
            hidden_items: 0,
            counts_its_items: false,
        })
    }
}

/// What the words of a type made in C are called, and those of its bases.
fn named_words(objects: Objects<'_>, builder: &mut SnapshotBuilder, solid: Address) -> Vec<(u64, NameId)> {
    let Objects { image, d } = objects;
    let mut found: Vec<(u64, NameId)> = Vec::new();
    let mut current = solid;
    for _ in 0..BASES_MAX {
        let name = c_string_at(image, current.offset(d.type_object.tp_name), 128);
        let size = image.u64_at(current.offset(d.type_object.tp_basicsize));
        if let Some((.., words)) = d.types.words.iter().find(|(n, s, _)| *n == name && Some(*s) == size) {
            for (offset, word) in *words {
                if found.iter().all(|(known, _)| known != offset) {
                    found.push((*offset, builder.name(word)));
                }
            }
        }
        match image.pointer_at(current.offset(d.type_object.tp_base)) {
            Some(base) if !base.is_null() => current = base,
            _ => break,
        }
    }
    found
}

/// The C string that the pointer at `variable` leads to; empty where it can't be read.
fn c_string_at(image: &MemoryImage, variable: Address, max: usize) -> String {
    image.pointer_at(variable).and_then(|at| image.read_c_string(at, max).ok()).unwrap_or_default()
}

/// A built-in type's `tp_name` carries its module; a class's does not, and may hold dots of its own.
fn short_name(full: &str, is_class: bool) -> String {
    if is_class { full.to_owned() } else { full.rsplit('.').next().unwrap_or(full).to_owned() }
}
