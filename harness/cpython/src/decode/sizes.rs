//! Own bytes of an object, as `sys.getsizeof` counts them: the type's `__sizeof__` plus the collector's head.

use bloathound_memory::{Address, MemoryImage};

use super::types::TypeLayout;
use crate::UnicodeWidth;
use crate::dialect::layout::CodeCaches;
use crate::dialect::{Core, DictTable, Frames, SingledOut, TextStorage};
use crate::objects::{Objects, Table};

/// What no object of this image can exceed. What it keeps outside itself may not have been copied, so there is room.
pub(crate) fn limit(image: &MemoryImage) -> u64 {
    (image.flat().len() as u64).saturating_mul(16).max(1 << 32)
}

/// Bytes of the object at `at`; absurd lengths in damaged memory give large numbers, never an error.
pub(crate) fn shallow_size(objects: Objects<'_>, layout: &TypeLayout, unicode: UnicodeWidth, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let word = |offset: u64| image.u64_at(at.offset(offset)).unwrap_or(0);
    let length = || objects.length(at);
    let bytes = match layout.core {
        // Later ones count what a class adds, too.
        Core::Str if d.text == TextStorage::Compact => layout.basicsize.saturating_add(length()),
        Core::Str => d.string.base_bytes.saturating_add(length()),
        Core::Generator => generator_bytes(objects, at),
        Core::Long if d.text == TextStorage::Compact => {
            let digits = objects.digits(at).0.max(d.long.digits_min);
            // Truth values have room for a digit in their fixed part up to 3.11.
            let is_bool = layout.singled_out == Some(SingledOut::Bool);
            let fixed = if is_bool { d.long.ob_digit } else { layout.basicsize };
            fixed.saturating_add(digits.saturating_mul(d.long.digit_bytes))
        }
        Core::Unicode if d.text == TextStorage::Compact => {
            let Some(text) = objects.compact(at) else { return layout.basicsize };
            let head = match (text.is_inline, text.is_ascii) {
                (true, true) => d.unicode.compact.ascii_bytes,
                (true, false) => d.unicode.compact.wide_bytes,
                (false, _) => d.unicode.bytes,
            };
            // What a class adds stands behind text that is not inline.
            let added = layout.basicsize.saturating_sub(d.unicode.bytes);
            let characters = text.width.bytes().saturating_mul(text.length.saturating_add(1));
            head.saturating_add(added).saturating_add(characters).saturating_add(text.encoded_bytes)
        }
        Core::Unicode => {
            let characters = word(d.unicode.length).saturating_add(1);
            d.unicode.bytes.saturating_add(unicode.bytes().saturating_mul(characters))
        }
        Core::ByteArray => layout.basicsize.saturating_add(word(d.byte_array.ob_alloc)),
        Core::Array => {
            let descr = Address(word(d.array.ob_descr));
            let itemsize = image.u32_at(descr.offset(d.array.descr_itemsize)).unwrap_or(1);
            layout.basicsize.saturating_add(word(d.array.allocated).saturating_mul(u64::from(itemsize)))
        }
        Core::Dict => {
            let table = match d.dict_table {
                DictTable::Entries => Table::of_dict(d, at, word).map_or(0, |table| table.bytes_outside()),
                DictTable::CombinedKeys => objects.dict(at).map_or(0, |table| table.bytes_outside()),
            };
            let more = if layout.is_sized_simply { 0 } else { beside(objects, layout, unicode, at) };
            layout.basicsize.saturating_add(table).saturating_add(more)
        }
        Core::Set => layout.basicsize.saturating_add(objects.set(at).bytes_outside()),
        Core::List => layout.basicsize.saturating_add(word(d.list.allocated).saturating_mul(8)),
        Core::Frame => match d.frames {
            Frames::Objects => frame_bytes(objects, at),
            Frames::InterpreterFrames { .. } => frame_object_bytes(objects, at),
        },
        Core::Deque => {
            let used = word(d.deque.leftindex).saturating_add(word(d.deque.len));
            let blocks = used.saturating_add(d.deque.block_items - 1) / d.deque.block_items;
            layout.basicsize.saturating_add(blocks.saturating_mul(d.deque.block_bytes))
        }
        Core::Type if d.type_object.ht_cached_keys != 0 && !objects.is_heap_type(at) => d.type_object.bytes,
        Core::Plain | Core::Long | Core::Tuple | Core::Type | Core::Weakref | Core::TeeData => {
            let variable = if layout.itemsize > 0 { length().saturating_mul(layout.itemsize) } else { 0 };
            let more = if layout.is_sized_simply { 0 } else { beside(objects, layout, unicode, at) };
            layout.basicsize.saturating_add(variable).saturating_add(more)
        }
    };
    let bytes = bytes.saturating_add(layout.header_bytes);
    if has_gc_head(objects, layout, at) { bytes.saturating_add(d.collector.head_bytes) } else { bytes }
}

/// Of a malloc buffer: place of its pointer, place of its length, bytes of what that counts.
fn buffer_bytes(word: &impl Fn(u64) -> u64, (pointer, length, unit): (u64, u64, u64), unicode: UnicodeWidth) -> u64 {
    let unit = if unit == 0 { unicode.bytes() } else { unit };
    if word(pointer) == 0 { 0 } else { word(length).saturating_mul(unit) }
}

/// Malloc buffers, attributes behind an instance, the keys that a class's instances share, and what code is rounded up to:
/// of the types that have any of it ([`TypeLayout::is_sized_simply`]).
#[inline(never)]
fn beside(objects: Objects<'_>, layout: &TypeLayout, unicode: UnicodeWidth, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let word = |offset: u64| image.u64_at(at.offset(offset)).unwrap_or(0);
    let buffers: u64 = layout.buffers.iter().map(|buffer| buffer_bytes(&word, *buffer, unicode)).sum();
    if layout.has_values {
        let values = objects.instance_values(at, layout.address, layout.basicsize).map_or(0, |values| values.bytes);
        return buffers.saturating_add(values);
    }
    match layout.core {
        Core::Type if d.type_object.ht_cached_keys != 0 && objects.is_heap_type(at) => {
            let keys = image.pointer_at(at.offset(d.type_object.ht_cached_keys)).unwrap_or_default();
            if keys.is_null() { 0 } else { objects.keys_bytes(keys) }
        }
        Core::Plain if layout.singled_out == Some(SingledOut::Code) && layout.itemsize > 0 => {
            let bytes = layout.itemsize.saturating_mul(objects.length(at));
            bytes.checked_next_multiple_of(8).unwrap_or(bytes) - bytes
        }
        Core::Plain if layout.singled_out == Some(SingledOut::Code) => code_caches(objects, at),
        _ => buffers,
    }
}

/// What a code object keeps outside itself: which variables are arguments, and what its instructions remember.
fn code_caches(objects: Objects<'_>, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let c = &d.code.caches;
    if *c == CodeCaches::NONE {
        return 0;
    }
    let word = |offset: u64| objects.word(at, offset);
    let length = |tuple: u64| if tuple == 0 { 0 } else { objects.length(Address(tuple)) };
    let arguments = if word(c.arguments) == 0 { 0 } else { length(word(d.code.co_cellvars)).saturating_mul(8) };
    let count = image.bytes(at.offset(c.count), 1).and_then(|byte| byte.first().copied()).unwrap_or(0);
    let remembered = match word(c.entries) {
        0 => 0,
        _ => (length(word(d.code.co_code)) / 2).saturating_add(u64::from(count) * c.entry_bytes),
    };
    arguments.saturating_add(remembered)
}

/// Claims below this are believed.
const CLAIM_MIN: u64 = 1 << 20;

/// What of an object's `claimed` bytes is there. What was reserved for more to come is often not there yet, so a claim is
/// believed where half of it is; any other counts as what is.
pub(crate) fn backed_size(
    objects: Objects<'_>,
    layout: &TypeLayout,
    at: Address,
    claimed: u64,
    unicode: UnicodeWidth,
) -> u64 {
    if claimed < CLAIM_MIN {
        return claimed;
    }
    let Objects { image, d } = objects;
    let pointer = |offset: u64| image.pointer_at(at.offset(offset)).unwrap_or_default();
    // Where the bulk of it is.
    let bulk = match layout.core {
        Core::Unicode => objects.characters(at, unicode.into()).map_or(at, |text| text.at),
        Core::ByteArray => pointer(d.byte_array.ob_bytes),
        Core::Array => pointer(d.array.ob_item),
        Core::List => pointer(d.list.ob_item),
        Core::Dict => objects.dict(at).map_or(Address::NULL, |table| table.at),
        Core::Set => objects.set(at).at,
        // Blocks here and there.
        Core::Deque => return claimed,
        _ => layout.buffers.first().map(|(place, ..)| pointer(*place)).filter(|buffer| !buffer.is_null()).unwrap_or(at),
    };
    let there = image.present_bytes(bulk, claimed);
    if there >= claimed / 2 { claimed } else { there.saturating_add(layout.basicsize).min(claimed) }
}

/// True when a collector's head stands before the object: `PyObject_IS_GC`.
pub(crate) fn has_gc_head(objects: Objects<'_>, layout: &TypeLayout, at: Address) -> bool {
    layout.is_gc && (layout.core != Core::Type || objects.is_heap_type(at))
}

/// A frame object has room for its call.
fn frame_object_bytes(objects: Objects<'_>, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let frame = image.pointer_at(at.offset(d.frame.f_code)).unwrap_or_default();
    let code = image.pointer_at(frame.offset(d.interpreter_frame.executable)).unwrap_or_default();
    d.frame.f_localsplus + objects.call_bytes(code)
}

/// A generator contains its call.
fn generator_bytes(objects: Objects<'_>, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let code = image.pointer_at(at.offset(d.generator.gi_code)).unwrap_or_default();
    d.generator.gi_frame + objects.call_bytes(code)
}

fn frame_bytes(objects: Objects<'_>, at: Address) -> u64 {
    let Objects { image, d } = objects;
    let Some(code_at) = image.pointer_at(at.offset(d.frame.f_code)) else { return d.frame.f_localsplus };
    let tuple_len = |offset: u64| {
        let tuple = image.pointer_at(code_at.offset(offset)).unwrap_or_default();
        image.u64_at(tuple.offset(d.object.ob_size)).unwrap_or(0).min(1 << 16)
    };
    let int = |offset: u64| u64::from(image.u32_at(code_at.offset(offset)).unwrap_or(0)).min(1 << 16);
    let extras = int(d.code.co_stacksize)
        + int(d.code.co_nlocals)
        + tuple_len(d.code.co_cellvars)
        + tuple_len(d.code.co_freevars);
    d.frame.f_localsplus + extras * 8
}
