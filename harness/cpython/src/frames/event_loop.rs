//! How long the event loop has been away, from its own overdue timers.

use bloathound_memory::Address;

use super::memory::Memory;
use super::values::Values;
use crate::objects::{word_at, words};

/// Timers looked at.
const TIMERS_MAX: usize = 4096;
/// Overdue for longer than that is no overdue timer but another clock.
const OVERDUE_SECONDS_MAX: f64 = 366.0 * 86_400.0;

/// Seconds by which the most overdue of Twisted's timed calls is late, given the reactor (`self` of its main loop).
///
/// `twisted.internet.base.ReactorBase` keeps its `DelayedCall`s in the lists `_pendingTimedCalls` and `_newTimedCalls`;
/// a call's `time` is when it is due, in seconds since 1970. A call that is due runs as soon as the main loop comes
/// round, so the main loop has not come round for at least as long.
pub(super) fn twisted_overdue_seconds(
    memory: &Memory<'_>,
    values: &mut Values,
    reactor: Address,
    now_seconds: f64,
) -> Option<f64> {
    let d = memory.d;
    let mut earliest = f64::INFINITY;
    for name in ["_pendingTimedCalls", "_newTimedCalls"] {
        let Some(calls) = values.attribute_named(memory, reactor, name) else {
            continue;
        };
        let count = memory.word(calls.offset(d.object.ob_size))?.min(TIMERS_MAX as u64);
        let items = memory.pointer(calls.offset(d.list.ob_item))?;
        let items = memory.bytes(items, 8 * count, 8 * TIMERS_MAX)?;
        for call in words(&items) {
            let flag = |values: &mut Values, name| {
                let at = values.attribute_named(memory, Address(call), name)?;
                memory.word(at.offset(d.number.value))
            };
            let is_over = flag(values, "cancelled") != Some(0) || flag(values, "called") != Some(0);
            // A call put off: its `time` is when it would have been due, `delayed_time` how much later it is now.
            let delayed = values.float_attribute(memory, Address(call), "delayed_time").unwrap_or(0.0);
            if let (false, Some(due)) = (is_over, values.float_attribute(memory, Address(call), "time")) {
                earliest = earliest.min(due + delayed);
            }
        }
    }
    let overdue = now_seconds - earliest;
    (0.0..OVERDUE_SECONDS_MAX).contains(&overdue).then_some(overdue)
}

impl Values {
    /// An attribute in an instance's own dictionary, by its text.
    fn attribute_named(&mut self, memory: &Memory<'_>, at: Address, name: &str) -> Option<Address> {
        let d = memory.d;
        let type_at = memory.pointer(at.offset(d.object.ob_type))?;
        let info = self.types.get(memory, type_at)?;
        let offset = info.dict_offset.or((&*info.name == "instance").then_some(d.instance.in_dict))?;
        let dict = super::dicts::Dict::read(memory, memory.pointer(at.offset(offset))?)?;
        let entries = dict.entries(memory, 256);
        entries.into_iter().find(|(key, _)| memory.text(*key, 64).as_deref() == Some(name)).map(|(_, value)| value)
    }

    fn float_attribute(&mut self, memory: &Memory<'_>, at: Address, name: &str) -> Option<f64> {
        let d = memory.d;
        let value = self.attribute_named(memory, at, name)?;
        let head: [u8; 24] = memory.block(value)?;
        let info = self.types.get(memory, Address(word_at(&head, d.object.ob_type)))?;
        let bits = word_at(&head, d.number.value);
        match &*info.name {
            "float" => Some(f64::from_bits(bits)),
            "int" => Some(bits.cast_signed() as f64),
            _ => None,
        }
    }
}
