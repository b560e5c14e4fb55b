//! How long the event loop has been away, from its own overdue timers.

use bloathound_memory::Address;
use bloathound_profile::ValueKind;
use bloathound_profile::frameworks::Timers;

use super::dicts::Dict;
use super::memory::Memory;
use super::values::Values;
use crate::dialect::SingledOut;
use crate::objects::words;

/// Seconds by which the most overdue timed call of an event loop is late, given where it keeps them and the event loop
/// (`self` of its main loop).
///
/// A call that is due runs as soon as the main loop comes round, so the main loop has not come round for at least as
/// long. Twisted's `twisted.internet.base.ReactorBase` is the one known so far.
pub(super) fn overdue_seconds(
    memory: &Memory<'_>,
    values: &mut Values,
    timers: &Timers,
    event_loop: Address,
    now_seconds: f64,
) -> Option<f64> {
    let d = memory.d;
    let mut earliest = f64::INFINITY;
    for name in timers.lists {
        let Some(calls) = values.attribute_named(memory, event_loop, name) else {
            continue;
        };
        let count = memory.word(calls.offset(d.object.ob_size))?.min(timers.calls_max as u64);
        let items = memory.pointer(calls.offset(d.list.ob_item))?;
        let items = memory.bytes(items, 8 * count, 8 * timers.calls_max)?;
        for call in words(&items) {
            let flag = |values: &mut Values, name| {
                let at = values.attribute_named(memory, Address(call), name)?;
                values.shallow(memory, at)?.number
            };
            let is_over = timers.is_over.iter().any(|name| flag(values, name) != Some(0.0));
            // A call put off: how much later than it would have been due it is now.
            let delayed = values.float_attribute(memory, Address(call), timers.delayed).unwrap_or(0.0);
            if let (false, Some(due)) = (is_over, values.float_attribute(memory, Address(call), timers.due)) {
                earliest = earliest.min(due + delayed);
            }
        }
    }
    let overdue = now_seconds - earliest;
    (0.0..timers.overdue_seconds_max).contains(&overdue).then_some(overdue)
}

impl Values {
    /// An attribute in an instance's own dictionary, by its text.
    pub(super) fn attribute_named(&mut self, memory: &Memory<'_>, at: Address, name: &str) -> Option<Address> {
        let d = memory.d;
        let type_at = memory.pointer(at.offset(d.object.ob_type))?;
        let info = self.types.get(memory, type_at)?;
        let is_old = d.types.singled_out(&info.name) == Some(SingledOut::OldInstance);
        let dict = match info.dict_offset.or(is_old.then_some(d.instance.in_dict)) {
            Some(offset) => Dict::read(memory, memory.pointer(at.offset(offset))?)?,
            None => Dict::of_attributes(memory, at, &info)?,
        };
        let entries = dict.entries(memory, 256);
        entries.into_iter().find(|(key, _)| memory.text(*key, 64).as_deref() == Some(name)).map(|(_, value)| value)
    }

    fn float_attribute(&mut self, memory: &Memory<'_>, at: Address, name: &str) -> Option<f64> {
        let value = self.attribute_named(memory, at, name)?;
        let value = self.shallow(memory, value)?;
        value.number.filter(|_| matches!(value.kind, ValueKind::Float | ValueKind::Int))
    }
}
