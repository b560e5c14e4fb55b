//! Own bytes of an object, as `sys.getsizeof` counts them: the type's `__sizeof__` plus the collector's head.

use bloathound_memory::{Address, MemoryImage};

use super::types::TypeLayout;
use crate::UnicodeWidth;
use crate::dialect::Core;
use crate::objects::Objects;

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
        Core::Str => d.string.base_bytes.saturating_add(length()),
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
        Core::Dict => layout.basicsize.saturating_add(objects.dict(at).map_or(0, |table| table.bytes_outside())),
        Core::Set => layout.basicsize.saturating_add(objects.set(at).bytes_outside()),
        Core::List => layout.basicsize.saturating_add(word(d.list.allocated).saturating_mul(8)),
        Core::Frame => frame_bytes(objects, at),
        Core::Deque => {
            let used = word(d.deque.leftindex).saturating_add(word(d.deque.len));
            let blocks = used.saturating_add(d.deque.block_items - 1) / d.deque.block_items;
            layout.basicsize.saturating_add(blocks.saturating_mul(d.deque.block_bytes))
        }
        Core::Plain | Core::Long | Core::Tuple | Core::Type | Core::Weakref | Core::TeeData => {
            let variable = if layout.itemsize > 0 { length().saturating_mul(layout.itemsize) } else { 0 };
            let buffer = layout.buffer.filter(|(pointer, ..)| word(*pointer) != 0).map_or(0, |(_, length, is_text)| {
                word(length).saturating_mul(if is_text { unicode.bytes() } else { 1 })
            });
            layout.basicsize.saturating_add(variable).saturating_add(buffer)
        }
    };
    if has_gc_head(objects, layout, at) { bytes.saturating_add(d.collector.head_bytes) } else { bytes }
}

/// Claims below this are believed.
const CLAIM_MIN: u64 = 1 << 20;

/// What of an object's `claimed` bytes is there. What was reserved for more to come is often not there yet, so a claim is
/// believed where half of it is; any other counts as what is.
pub(crate) fn backed_size(objects: Objects<'_>, layout: &TypeLayout, at: Address, claimed: u64) -> u64 {
    if claimed < CLAIM_MIN {
        return claimed;
    }
    let Objects { image, d } = objects;
    let pointer = |offset: u64| image.pointer_at(at.offset(offset)).unwrap_or_default();
    // Where the bulk of it is.
    let bulk = match layout.core {
        Core::Unicode => pointer(d.unicode.str),
        Core::ByteArray => pointer(d.byte_array.ob_bytes),
        Core::Array => pointer(d.array.ob_item),
        Core::List => pointer(d.list.ob_item),
        Core::Dict => objects.dict(at).map_or(Address::NULL, |table| table.at),
        Core::Set => objects.set(at).at,
        // Blocks here and there.
        Core::Deque => return claimed,
        _ => layout.buffer.map(|(place, ..)| pointer(place)).filter(|buffer| !buffer.is_null()).unwrap_or(at),
    };
    let there = image.present_bytes(bulk, claimed);
    if there >= claimed / 2 { claimed } else { there.saturating_add(layout.basicsize).min(claimed) }
}

/// True when a collector's head stands before the object: `PyObject_IS_GC`.
pub(crate) fn has_gc_head(objects: Objects<'_>, layout: &TypeLayout, at: Address) -> bool {
    layout.is_gc && (layout.core != Core::Type || objects.is_heap_type(at))
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
