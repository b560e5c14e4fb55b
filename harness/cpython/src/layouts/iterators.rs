//! Where built-in iterators keep their position: `Objects/{list,tuple,range,enum,dict,set,iter}object.c`.

/// Type and offset of the field that moves with every item.
pub const POSITIONS: &[(&str, u64)] = &[
    ("listiterator", 16),
    ("listreverseiterator", 16),
    ("tupleiterator", 16),
    ("rangeiterator", 16),
    ("iterator", 16),
    ("enumerate", 16),
    ("reversed", 16),
    ("dictionary-keyiterator", 32),
    ("dictionary-valueiterator", 32),
    ("dictionary-itemiterator", 32),
    ("setiterator", 32),
];
