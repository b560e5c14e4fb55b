//! Own bytes of an object, as `sys.getsizeof` counts them: the type's `__sizeof__` plus the collector's head.

use bloathound_memory::{Address, MemoryImage};

use super::types::{Core, TypeLayout};
use crate::UnicodeWidth;
use crate::layouts::collections as deque;
use crate::layouts::dictobject_h as dict;
use crate::layouts::listobject_h as list;
use crate::layouts::object_h as object;
use crate::layouts::objimpl_h::GC_HEAD_BYTES;
use crate::layouts::setobject_h as set;
use crate::layouts::stringobject_h as string;

/// `sizeof(PyFrameObject)` with one local, and what its variable part counts from.
const FRAME_BASE_BYTES: u64 = 384 - 8;

/// What no object of this image can exceed. What it keeps outside itself may not have been copied, so there is room.
pub(crate) fn limit(image: &MemoryImage) -> u64 {
    (image.flat().len() as u64).saturating_mul(16).max(1 << 32)
}

/// Bytes of the object at `at`; absurd lengths in damaged memory give large numbers, never an error.
pub(crate) fn shallow_size(image: &MemoryImage, layout: &TypeLayout, unicode: UnicodeWidth, at: Address) -> u64 {
    let word = |offset: u64| image.u64_at(at.offset(offset)).unwrap_or(0);
    let length = || (word(object::OB_SIZE) as i64).unsigned_abs();
    let bytes = match layout.core {
        Core::Str => string::STRING_BASE_BYTES.saturating_add(length()),
        Core::Unicode => {
            let characters = word(string::UNICODE_LENGTH).saturating_add(1);
            string::PYUNICODEOBJECT_BYTES.saturating_add(unicode.bytes().saturating_mul(characters))
        }
        Core::ByteArray => layout.basicsize.saturating_add(word(list::BYTEARRAY_ALLOC)),
        Core::Array => {
            let descr = Address(word(list::ARRAY_DESCR));
            let itemsize = image.u32_at(descr.offset(list::ARRAYDESCR_ITEMSIZE)).unwrap_or(1);
            layout.basicsize.saturating_add(word(list::ARRAY_ALLOCATED).saturating_mul(u64::from(itemsize)))
        }
        Core::Dict => {
            layout.basicsize.saturating_add(table_bytes(at, word(dict::MA_TABLE), word(dict::MA_MASK), DICT_TABLE))
        }
        Core::Set => {
            layout.basicsize.saturating_add(table_bytes(at, word(set::SET_TABLE), word(set::SET_MASK), SET_TABLE))
        }
        Core::List => layout.basicsize.saturating_add(word(list::LIST_ALLOCATED).saturating_mul(8)),
        Core::Frame => frame_bytes(image, at),
        Core::Deque => {
            let used = word(deque::DEQUE_LEFTINDEX).saturating_add(word(deque::DEQUE_LEN));
            let blocks = used.saturating_add(deque::BLOCK_ITEMS - 1) / deque::BLOCK_ITEMS;
            layout.basicsize.saturating_add(blocks.saturating_mul(deque::BLOCK_BYTES))
        }
        Core::Plain | Core::Long | Core::Tuple | Core::Type | Core::Weakref | Core::TeeData => {
            let variable = if layout.itemsize > 0 { length().saturating_mul(layout.itemsize) } else { 0 };
            let buffer = layout.buffer.filter(|(pointer, ..)| word(*pointer) != 0).map_or(0, |(_, length, is_text)| {
                word(length).saturating_mul(if is_text { unicode.bytes() } else { 1 })
            });
            layout.basicsize.saturating_add(variable).saturating_add(buffer)
        }
    };
    if has_gc_head(image, layout, at) { bytes.saturating_add(GC_HEAD_BYTES) } else { bytes }
}

/// True when a collector's head stands before the object: `PyObject_IS_GC`.
pub(crate) fn has_gc_head(image: &MemoryImage, layout: &TypeLayout, at: Address) -> bool {
    layout.is_gc
        && (layout.core != Core::Type
            || image.u64_at(at.offset(object::TP_FLAGS)).is_some_and(|f| f & object::FLAG_HEAPTYPE != 0))
}

struct Table {
    inline_at: u64,
    entry_bytes: u64,
}

const DICT_TABLE: Table = Table { inline_at: dict::MA_SMALLTABLE, entry_bytes: dict::ENTRY_BYTES as u64 };
const SET_TABLE: Table = Table { inline_at: set::SET_SMALLTABLE, entry_bytes: set::ENTRY_BYTES as u64 };

fn table_bytes(at: Address, table: u64, mask: u64, kind: Table) -> u64 {
    if table == at.offset(kind.inline_at).0 { 0 } else { mask.saturating_add(1).saturating_mul(kind.entry_bytes) }
}

fn frame_bytes(image: &MemoryImage, at: Address) -> u64 {
    use crate::layouts::{code_h as code, frameobject_h as frame};
    let Some(code_at) = image.pointer_at(at.offset(frame::F_CODE)) else { return FRAME_BASE_BYTES };
    let tuple_len = |offset: u64| {
        let tuple = image.pointer_at(code_at.offset(offset)).unwrap_or_default();
        image.u64_at(tuple.offset(object::OB_SIZE)).unwrap_or(0).min(1 << 16)
    };
    let int = |offset: u64| u64::from(image.u32_at(code_at.offset(offset)).unwrap_or(0)).min(1 << 16);
    let extras =
        int(code::CO_STACKSIZE) + int(code::CO_NLOCALS) + tuple_len(code::CO_CELLVARS) + tuple_len(code::CO_FREEVARS);
    FRAME_BASE_BYTES + extras * 8
}
