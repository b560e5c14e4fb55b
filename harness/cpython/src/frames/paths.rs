//! Looking up what a loop depends on: a name, then attributes from there.

use bloathound_memory::Address;
use bloathound_profile::LoopInput;

use super::call::CallLayout;
use super::code::CodeEntry;
use super::dicts::Dict;
use super::memory::{HEAD_BYTES_MAX, Memory};
use super::types::Kind;
use super::values::Values;
use crate::objects::word_at;

/// Classes looked through for an attribute.
const MRO_MAX: usize = 24;

/// A frame's own storage, freshly read.
pub(super) struct Storage<'a> {
    /// All that stands in front of the variables.
    pub head: &'a [u8],
    /// Locals, cells, free variables, value stack.
    pub slots: &'a [Address],
}

impl Storage<'_> {
    /// The object a name is bound to in this frame, as the interpreter would find it.
    pub(super) fn name(
        &self,
        memory: &Memory<'_>,
        values: &mut Values,
        code: &CodeEntry,
        name: &std::sync::Arc<str>,
        is_global: bool,
    ) -> Option<Address> {
        let d = memory.d;
        let pointer = |offset| Address(word_at(self.head, offset));
        if !is_global {
            // An argument that a nested function uses is in both lists; its cell is the one that counts.
            if let Some(index) = code.names.cells.iter().position(|cell| cell == name) {
                let cell = self.slots.get(code.local_count + index)?;
                return memory.pointer(cell.offset(d.cell.ob_ref)).filter(|at| !at.is_null());
            }
            if let Some(index) = code.names.locals.iter().position(|local| local == name) {
                let at = self.slots.get(index).copied().filter(|at| !at.is_null())?;
                // Where all variables stand in one row, some of its places are shared.
                let cell = code.names.cells.is_empty().then(|| values.object(memory, at)).flatten();
                return match cell.filter(|object| object.info.kind == Kind::Cell) {
                    Some(cell) => Some(Address(word_at(&cell.head, d.cell.ob_ref))).filter(|at| !at.is_null()),
                    None => Some(at),
                };
            }
        }
        let key = *code.name_objects.get(name)?;
        let layout = CallLayout::of(d);
        let dictionaries = [
            (!is_global).then(|| pointer(layout.locals)),
            Some(pointer(layout.globals)),
            Some(pointer(layout.builtins)),
        ];
        dictionaries
            .into_iter()
            .flatten()
            .filter(|at| !at.is_null())
            .find_map(|at| Dict::read(memory, at)?.lookup(memory, key))
    }

    /// Where `input` is now: the object at the end of its path. Where an attribute is computed or the path leads into a
    /// C type, the object it was asked from instead.
    pub(super) fn locate(
        &self,
        memory: &Memory<'_>,
        values: &mut Values,
        code: &CodeEntry,
        input: &LoopInput,
    ) -> Option<Address> {
        let mut at = self.name(memory, values, code, &input.name, input.is_global)?;
        for attribute in &input.attributes {
            let key = *code.name_objects.get(attribute)?;
            match values.attribute(memory, at, key) {
                Some(found) => at = found,
                None => break,
            }
        }
        Some(at)
    }
}

impl Values {
    /// The attribute under the string object `key`, where it is plain data of the instance, its class or a module.
    fn attribute(&mut self, memory: &Memory<'_>, at: Address, key: Address) -> Option<Address> {
        let d = memory.d;
        let head: [u8; HEAD_BYTES_MAX] = memory.head(at, (d.instance.in_dict + 8).max(d.object.bytes))?;
        let info = self.types.get(memory, Address(word_at(&head, d.object.ob_type)))?;
        let own_dict = match info.kind {
            Kind::OldInstance => Some(d.instance.in_dict),
            Kind::Module => Some(d.module.md_dict),
            _ => info.dict_offset,
        };
        let own = match own_dict {
            Some(offset) => memory
                .pointer(at.offset(offset))
                .filter(|dict| !dict.is_null())
                .and_then(|dict| Dict::read(memory, dict)?.lookup(memory, key)),
            None => Dict::of_attributes(memory, at, &info).and_then(|own| own.lookup(memory, key)),
        };
        if own.is_some() {
            return own;
        }
        let text = memory.text(key, 256)?;
        if let Some((_, offset)) = info.slots.iter().find(|(name, _)| **name == *text) {
            return memory.pointer(at.offset(*offset)).filter(|value| !value.is_null());
        }
        let found = if info.kind == Kind::OldInstance {
            self.old_class_attribute(memory, Address(word_at(&head, d.instance.in_class)), key, MRO_MAX)
        } else {
            let classes = memory.tuple(info.mro, MRO_MAX)?;
            classes.into_iter().find_map(|class| {
                let dict = memory.pointer(class.offset(d.type_object.tp_dict))?;
                Dict::read(memory, dict)?.lookup(memory, key)
            })
        }?;
        // A method, a property or another descriptor computes: from what, only the object itself can tell.
        let head: [u8; HEAD_BYTES_MAX] = memory.head(found, d.object.bytes)?;
        let info = self.types.get(memory, Address(word_at(&head, d.object.ob_type)))?;
        let plain = matches!(
            info.kind,
            Kind::None
                | Kind::Int
                | Kind::Long
                | Kind::Float
                | Kind::Str
                | Kind::Unicode
                | Kind::List
                | Kind::Tuple
                | Kind::Dict
                | Kind::Set
        );
        plain.then_some(found)
    }

    fn old_class_attribute(
        &mut self,
        memory: &Memory<'_>,
        class: Address,
        key: Address,
        depth_left: usize,
    ) -> Option<Address> {
        let d = memory.d;
        let depth_left = depth_left.checked_sub(1)?;
        let dict = memory.pointer(class.offset(d.class.cl_dict))?;
        if let Some(found) = Dict::read(memory, dict).and_then(|dict| dict.lookup(memory, key)) {
            return Some(found);
        }
        let bases = memory.tuple(memory.pointer(class.offset(d.class.cl_bases))?, 8)?;
        let base = *bases.first()?;
        self.old_class_attribute(memory, base, key, depth_left)
    }
}
