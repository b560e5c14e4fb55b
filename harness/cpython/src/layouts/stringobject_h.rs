//! `Include/stringobject.h`, `Include/unicodeobject.h`, `Include/intobject.h`.

/// `ob_sstate`, an `int`: 0 not interned, 1 mortal, 2 immortal.
pub const OB_SSTATE: u64 = 32;
/// `ob_sval`: the bytes, inline.
pub const OB_SVAL: u64 = 36;
/// `offsetof(PyStringObject, ob_sval) + 1`: what `str.__sizeof__` adds the length to.
pub const STRING_BASE_BYTES: u64 = 37;
/// `PyUnicodeObject.length`.
pub const UNICODE_LENGTH: u64 = 16;
/// `PyUnicodeObject.str`.
pub const UNICODE_DATA: u64 = 24;
/// `PyUnicodeObject.defenc`: the cached encoded form, a `str`.
pub const UNICODE_DEFENC: u64 = 40;
/// `sizeof(PyUnicodeObject)`.
pub const PYUNICODEOBJECT_BYTES: u64 = 48;
/// `PyIntObject.ob_ival` and `PyFloatObject.ob_fval`.
pub const NUMBER_VALUE: u64 = 16;
/// `sizeof(PyIntObject)` and `sizeof(PyFloatObject)`.
pub const NUMBER_BYTES: u64 = 24;
