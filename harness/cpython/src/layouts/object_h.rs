//! `Include/object.h`: `PyObject`, `PyVarObject`, `PyTypeObject`, `PyHeapTypeObject`; `Include/structmember.h`.

/// `ob_refcnt`.
pub const OB_REFCNT: u64 = 0;
/// `ob_type`.
pub const OB_TYPE: u64 = 8;
/// `ob_size` of variable-size objects.
pub const OB_SIZE: u64 = 16;
/// `sizeof(PyObject)`.
pub const PYOBJECT_BYTES: u64 = 16;

/// `tp_name`.
pub const TP_NAME: u64 = 24;
/// `tp_basicsize`.
pub const TP_BASICSIZE: u64 = 32;
/// `tp_itemsize`.
pub const TP_ITEMSIZE: u64 = 40;
/// `tp_flags`.
pub const TP_FLAGS: u64 = 168;
/// `tp_traverse`.
pub const TP_TRAVERSE: u64 = 184;
/// `tp_weaklistoffset`.
pub const TP_WEAKLISTOFFSET: u64 = 208;
/// `tp_base`.
pub const TP_BASE: u64 = 256;
/// `tp_dict`.
pub const TP_DICT: u64 = 264;
/// `tp_dictoffset`.
pub const TP_DICTOFFSET: u64 = 288;
/// `tp_is_gc`.
pub const TP_IS_GC: u64 = 328;
/// `tp_bases`.
pub const TP_BASES: u64 = 336;
/// `tp_mro`.
pub const TP_MRO: u64 = 344;
/// `tp_cache`.
pub const TP_CACHE: u64 = 352;
/// `tp_subclasses`.
pub const TP_SUBCLASSES: u64 = 360;
/// `tp_del`.
pub const TP_DEL: u64 = 376;
/// `sizeof(PyTypeObject)`.
pub const PYTYPEOBJECT_BYTES: u64 = 392;
/// `PyHeapTypeObject.ht_name`.
pub const HT_NAME: u64 = 856;
/// `PyHeapTypeObject.ht_slots`.
pub const HT_SLOTS: u64 = 864;

/// `Py_TPFLAGS_HEAPTYPE`.
pub const FLAG_HEAPTYPE: u64 = 1 << 9;
/// `Py_TPFLAGS_HAVE_GC`.
pub const FLAG_HAVE_GC: u64 = 1 << 14;
/// `Py_TPFLAGS_READY`.
pub const FLAG_READY: u64 = 1 << 12;
/// `Py_TPFLAGS_INT_SUBCLASS`.
pub const FLAG_INT_SUBCLASS: u64 = 1 << 23;
/// `Py_TPFLAGS_LONG_SUBCLASS`.
pub const FLAG_LONG_SUBCLASS: u64 = 1 << 24;
/// `Py_TPFLAGS_LIST_SUBCLASS`.
pub const FLAG_LIST_SUBCLASS: u64 = 1 << 25;
/// `Py_TPFLAGS_TUPLE_SUBCLASS`.
pub const FLAG_TUPLE_SUBCLASS: u64 = 1 << 26;
/// `Py_TPFLAGS_STRING_SUBCLASS`.
pub const FLAG_STRING_SUBCLASS: u64 = 1 << 27;
/// `Py_TPFLAGS_UNICODE_SUBCLASS`.
pub const FLAG_UNICODE_SUBCLASS: u64 = 1 << 28;
/// `Py_TPFLAGS_DICT_SUBCLASS`.
pub const FLAG_DICT_SUBCLASS: u64 = 1 << 29;
/// `Py_TPFLAGS_BASE_EXC_SUBCLASS`.
pub const FLAG_BASE_EXC_SUBCLASS: u64 = 1 << 30;
/// `Py_TPFLAGS_TYPE_SUBCLASS`.
pub const FLAG_TYPE_SUBCLASS: u64 = 1 << 31;

/// `sizeof(PyMemberDef)`: the slots of a heap type stand behind it as an array of these.
pub const MEMBERDEF_BYTES: u64 = 40;
/// `PyMemberDef.name`.
pub const MEMBERDEF_NAME: u64 = 0;
/// `PyMemberDef.type`, an `int`.
pub const MEMBERDEF_TYPE: u64 = 8;
/// `PyMemberDef.offset`.
pub const MEMBERDEF_OFFSET: u64 = 16;
/// `T_OBJECT_EX`: what `__slots__` entries are.
pub const T_OBJECT_EX: u32 = 16;
