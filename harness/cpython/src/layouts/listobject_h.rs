//! `Include/listobject.h`, `Include/tupleobject.h`, `Include/bytearrayobject.h`, `Modules/arraymodule.c`.

/// List: `ob_item`.
pub const LIST_ITEMS: u64 = 24;
/// List: `allocated`.
pub const LIST_ALLOCATED: u64 = 32;
/// Tuple: `ob_item` is inline.
pub const TUPLE_ITEMS: u64 = 24;
/// Byte array: `ob_alloc`.
pub const BYTEARRAY_ALLOC: u64 = 32;
/// `array.array`: `allocated`.
pub const ARRAY_ALLOCATED: u64 = 32;
/// `array.array`: `ob_descr`, whose `itemsize` is an `int` at offset 4.
pub const ARRAY_DESCR: u64 = 40;
/// `struct arraydescr.itemsize`.
pub const ARRAYDESCR_ITEMSIZE: u64 = 4;
