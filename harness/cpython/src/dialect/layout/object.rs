//! Where the fields of objects and of types are.

/// `PyObject` and `PyVarObject` (`Include/object.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Object {
    /// `ob_refcnt`.
    pub ob_refcnt: u64,
    /// `ob_type`.
    pub ob_type: u64,
    /// `ob_size` of variable-size objects.
    pub ob_size: u64,
    /// `sizeof(PyObject)`.
    pub bytes: u64,
}

/// `PyTypeObject` and `PyHeapTypeObject` (`Include/object.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeObject {
    /// `tp_name`.
    pub tp_name: u64,
    /// `tp_basicsize`.
    pub tp_basicsize: u64,
    /// `tp_itemsize`.
    pub tp_itemsize: u64,
    /// `tp_flags`.
    pub tp_flags: u64,
    /// `tp_traverse`.
    pub tp_traverse: u64,
    /// `tp_weaklistoffset`.
    pub tp_weaklistoffset: u64,
    /// `tp_base`.
    pub tp_base: u64,
    /// `tp_dict`.
    pub tp_dict: u64,
    /// `tp_dictoffset`.
    pub tp_dictoffset: u64,
    /// `tp_is_gc`.
    pub tp_is_gc: u64,
    /// `tp_bases`.
    pub tp_bases: u64,
    /// `tp_mro`.
    pub tp_mro: u64,
    /// `tp_cache`.
    pub tp_cache: u64,
    /// `tp_subclasses`.
    pub tp_subclasses: u64,
    /// `tp_del`.
    pub tp_del: u64,
    /// `tp_finalize`; 0 where the series has none.
    pub tp_finalize: u64,
    /// `sizeof(PyTypeObject)`.
    pub bytes: u64,
    /// `PyHeapTypeObject.ht_name`.
    pub ht_name: u64,
    /// `PyHeapTypeObject.ht_slots`.
    pub ht_slots: u64,
    /// `ht_cached_keys`: the keys that its instances' attributes share; 0 where the series has none.
    pub ht_cached_keys: u64,
    /// `tp_doc`; a heap type owns a copy.
    pub tp_doc: u64,
    /// `sizeof(PyHeapTypeObject)`: the slots of a class written in Python follow it.
    pub heap_bytes: u64,
}

/// Bits of `tp_flags` (`Include/object.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeFlags {
    /// `Py_TPFLAGS_HEAPTYPE`.
    pub heaptype: u64,
    /// `Py_TPFLAGS_HAVE_GC`.
    pub have_gc: u64,
    /// `Py_TPFLAGS_READY`.
    pub ready: u64,
    /// `Py_TPFLAGS_INT_SUBCLASS`.
    pub int_subclass: u64,
    /// `Py_TPFLAGS_LONG_SUBCLASS`.
    pub long_subclass: u64,
    /// `Py_TPFLAGS_LIST_SUBCLASS`.
    pub list_subclass: u64,
    /// `Py_TPFLAGS_TUPLE_SUBCLASS`.
    pub tuple_subclass: u64,
    /// `Py_TPFLAGS_STRING_SUBCLASS`.
    pub string_subclass: u64,
    /// `Py_TPFLAGS_UNICODE_SUBCLASS`.
    pub unicode_subclass: u64,
    /// `Py_TPFLAGS_DICT_SUBCLASS`.
    pub dict_subclass: u64,
    /// `Py_TPFLAGS_BASE_EXC_SUBCLASS`.
    pub base_exc_subclass: u64,
    /// `Py_TPFLAGS_TYPE_SUBCLASS`.
    pub type_subclass: u64,
    /// `Py_TPFLAGS_INLINE_VALUES`; 0 where the series has none.
    pub inline_values: u64,
    /// `Py_TPFLAGS_MANAGED_WEAKREF`; 0 where the series has none.
    pub managed_weakref: u64,
    /// `Py_TPFLAGS_MANAGED_DICT`; 0 where the series has none.
    pub managed_dict: u64,
    /// `_Py_TPFLAGS_STATIC_BUILTIN`; 0 where the series has none.
    pub static_builtin: u64,
}

/// `PyMemberDef` (`Include/structmember.h`): the slots of a heap type stand behind it as an array of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemberDef {
    /// `sizeof(PyMemberDef)`: the slots of a heap type stand behind it as an array of these.
    pub bytes: u64,
    /// `PyMemberDef.name`.
    pub name: u64,
    /// `PyMemberDef.type`, an `int`.
    pub kind: u64,
    /// `PyMemberDef.offset`.
    pub offset: u64,
    /// `T_OBJECT_EX`: what `__slots__` entries are.
    pub object_ex: u32,
}
