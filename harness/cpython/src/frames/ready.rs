//! What an event loop calls on an object whose descriptor is ready: methods of its class, by names that the event loop's
//! authors gave. An object's own attributes do not show them, and a call that does little is seldom seen to run.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::FunctionName;
use bloathound_profile::frameworks::CALLED_WHEN_READY;

use super::dicts::Dict;
use super::look::Look;
use super::memory::Memory;
use super::types::Kind;
use super::values::{Object, Values};
use crate::objects::word_at;

/// Bases of a class that are looked at, and names in each.
const BASES_MAX: usize = 16;
const NAMES_MAX: usize = 256;

/// Classes whose methods are kept.
const CLASSES_MAX: usize = 4096;

impl Values {
    /// The methods that an event loop calls on this instance: they are its class's, and never change.
    pub(super) fn called_when_ready(&mut self, memory: &Memory<'_>, look: &mut Look, object: &Object) {
        let d = memory.d;
        let is_old = object.info.kind == Kind::OldInstance;
        if !is_old && (object.info.kind != Kind::Other || !object.info.is_class) {
            return;
        }
        let class = Address(word_at(&object.head, if is_old { d.instance.in_class } else { d.object.ob_type }));
        let known = self.ready.get(&class).cloned();
        let ready = known.unwrap_or_else(|| methods(self, memory, class, is_old));
        // Half of a class is not the class: another sample has more to spend.
        if self.ready.len() < CLASSES_MAX && !memory.is_exhausted() {
            self.ready.insert(class, Arc::clone(&ready));
        }
        let class = look.class_name.clone().or_else(|| object.info.name.rsplit('.').next().map(Arc::from));
        let whose = |function: &FunctionName| FunctionName { class: class.clone(), ..function.clone() };
        look.called_when_ready = ready.iter().map(whose).collect();
    }
}

/// Methods of the class at `class`, of the new style or (`is_old`) of the old, that are called when a descriptor is ready;
/// of each name the one that an instance has.
fn methods(values: &mut Values, memory: &Memory<'_>, class: Address, is_old: bool) -> Arc<[FunctionName]> {
    let d = memory.d;
    let order = if is_old { old_bases(memory, class) } else { mro(memory, class) };
    let mut found: Vec<(Arc<str>, FunctionName)> = Vec::new();
    for base in order {
        let dict_at = base.offset(if is_old { d.class.cl_dict } else { d.type_object.tp_dict });
        let Some(dict) = memory.pointer(dict_at).and_then(|at| Dict::read(memory, at)) else {
            continue;
        };
        for (key, value) in dict.entries(memory, NAMES_MAX) {
            let Some(name) = values.key(memory, key).filter(|name| CALLED_WHEN_READY.contains(&&**name)) else {
                continue;
            };
            if found.iter().all(|(known, _)| *known != name)
                && let Some(function) = values.function_name(memory, value)
            {
                found.push((name, function));
            }
        }
    }
    found.into_iter().map(|(_, function)| function).collect()
}

fn mro(memory: &Memory<'_>, class: Address) -> Vec<Address> {
    let order = memory.pointer(class.offset(memory.d.type_object.tp_mro));
    order.and_then(|order| memory.tuple(order, BASES_MAX)).unwrap_or_default()
}

/// Depth first, from the left: as old-style classes look a name up.
fn old_bases(memory: &Memory<'_>, class: Address) -> Vec<Address> {
    let mut order = Vec::new();
    let mut open = vec![class];
    while let Some(class) = open.pop().filter(|_| order.len() < BASES_MAX) {
        order.push(class);
        let bases = memory.pointer(class.offset(memory.d.class.cl_bases));
        open.extend(bases.and_then(|bases| memory.tuple(bases, BASES_MAX)).unwrap_or_default().into_iter().rev());
    }
    order
}
