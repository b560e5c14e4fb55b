//! Where numbers and text are in their objects.

use crate::dialect::DigitCount;

/// `PyIntObject` and `PyFloatObject` (`Include/intobject.h`, `Include/floatobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberObject {
    /// `PyIntObject.ob_ival` and `PyFloatObject.ob_fval`.
    pub value: u64,
    /// `sizeof(PyIntObject)` and `sizeof(PyFloatObject)`.
    pub bytes: u64,
}

/// `PyLongObject` (`Include/longintrepr.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LongObject {
    /// `ob_digit`: as many digits as `ob_size` says; its sign is the number's.
    pub ob_digit: u64,
    /// `sizeof(digit)`.
    pub digit_bytes: u64,
    /// `PyLong_SHIFT`: bits of a digit; 15 in some builds, whose digits are not read.
    pub digit_bits: u32,
    /// How many digits there are.
    pub count: DigitCount,
    /// Where that stands: `ob_size` or `lv_tag`.
    pub count_at: u64,
    /// Digits that even zero has room for.
    pub digits_min: u64,
}

/// `PyStringObject` (`Include/stringobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StringObject {
    /// `ob_sstate`, an `int`: 0 not interned, 1 mortal, 2 immortal.
    pub ob_sstate: u64,
    /// `ob_sval`: the bytes, inline.
    pub ob_sval: u64,
    /// `offsetof(PyStringObject, ob_sval) + 1`: what `str.__sizeof__` adds the length to.
    pub base_bytes: u64,
    /// `ob_shash`: -1 while not computed.
    pub ob_shash: u64,
}

/// `PyUnicodeObject` (`Include/unicodeobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnicodeObject {
    /// `PyUnicodeObject.length`.
    pub length: u64,
    /// `PyUnicodeObject.str`.
    pub str: u64,
    /// `PyUnicodeObject.defenc`: the cached encoded form, a `str`.
    pub defenc: u64,
    /// `sizeof(PyUnicodeObject)`.
    pub bytes: u64,
    /// Text that stands behind its object.
    pub compact: CompactText,
}

/// `PyASCIIObject`, `PyCompactUnicodeObject` and the bits of `state` (`Include/cpython/unicodeobject.h`); all 0 where text
/// is stored otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CompactText {
    /// `state`, 32 bits.
    pub state: u64,
    /// How far `state.kind` is shifted, and its mask: bytes of a character.
    pub kind: (u32, u32),
    /// How far `state.interned` is shifted, and its mask: not 0 for a name.
    pub interned: (u32, u32),
    /// `state.compact`.
    pub is_compact: u32,
    /// `state.ascii`.
    pub is_ascii: u32,
    /// `sizeof(PyASCIIObject)`.
    pub ascii_bytes: u64,
    /// `sizeof(PyCompactUnicodeObject)`.
    pub wide_bytes: u64,
    /// `PyCompactUnicodeObject.utf8_length`.
    pub utf8_length: u64,
    /// `PyCompactUnicodeObject.utf8`: a buffer with the encoded form, if somebody asked for it.
    pub utf8: u64,
    /// `PyUnicodeObject.data.any`, where the text is not compact.
    pub data: u64,
}

impl CompactText {
    /// Of a series that has none.
    pub const NONE: Self = Self {
        state: 0,
        kind: (0, 0),
        interned: (0, 0),
        is_compact: 0,
        is_ascii: 0,
        ascii_bytes: 0,
        wide_bytes: 0,
        utf8_length: 0,
        utf8: 0,
        data: 0,
    };
}

/// `PyByteArrayObject` (`Include/bytearrayobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ByteArrayObject {
    /// Byte array: `ob_alloc`.
    pub ob_alloc: u64,
    /// `ob_bytes`.
    pub ob_bytes: u64,
}

/// `arrayobject` and `struct arraydescr` (`Modules/arraymodule.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayObject {
    /// `array.array`: `ob_item`.
    pub ob_item: u64,
    /// `array.array`: `allocated`.
    pub allocated: u64,
    /// `array.array`: `ob_descr`, whose `itemsize` is an `int` at offset 4.
    pub ob_descr: u64,
    /// `struct arraydescr.itemsize`.
    pub descr_itemsize: u64,
}
