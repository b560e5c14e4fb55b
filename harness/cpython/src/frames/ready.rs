//! What an event loop calls on an object whose descriptor is ready: methods of its class, by names that the event loop's
//! authors gave. An object's own attributes do not show them, and a call that does little is seldom seen to run.

use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::FunctionName;
use bloathound_profile::frameworks::CALLED_WHEN_READY;

use super::dicts::Dict;
use super::memory::Memory;
use super::values::Values;

/// Bases of a class that are looked at, and names in each.
const BASES_MAX: usize = 16;
const NAMES_MAX: usize = 256;

/// Those of one class, in the order in which it has them.
pub(super) type Ready = Arc<[FunctionName]>;

/// Methods of the class at `class`, of the new style or (`is_old`) of the old, that are called when a descriptor is ready;
/// of each name the one that an instance has.
pub(super) fn methods(values: &mut Values, memory: &Memory<'_>, class: Address, is_old: bool) -> Ready {
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
