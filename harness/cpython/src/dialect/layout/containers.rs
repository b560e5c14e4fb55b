//! Where containers keep their items.

/// `PyListObject` (`Include/listobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListObject {
    /// List: `ob_item`.
    pub ob_item: u64,
    /// List: `allocated`.
    pub allocated: u64,
}

/// `PyTupleObject` (`Include/tupleobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TupleObject {
    /// Tuple: `ob_item` is inline.
    pub ob_item: u64,
}

/// `PyDictObject` and `PyDictEntry` (`Include/dictobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DictObject {
    /// `ma_fill`: slots in use, dummies included.
    pub ma_fill: u64,
    /// `ma_used`: live entries.
    pub ma_used: u64,
    /// `ma_mask`: slots minus one.
    pub ma_mask: u64,
    /// `ma_table`: may point at `ma_smalltable`.
    pub ma_table: u64,
    /// `ma_smalltable`.
    pub ma_smalltable: u64,
    /// `sizeof(PyDictObject)`.
    pub bytes: u64,
    /// `sizeof(PyDictEntry)`.
    pub entry_bytes: usize,
    /// `me_key`.
    pub me_key: usize,
    /// `me_value`: null where the key is a dummy or null.
    pub me_value: usize,
    /// `PERTURB_SHIFT`: bits of the hash that each further probe uses up.
    pub perturb_shift: u32,
}

/// `PySetObject` and `setentry` (`Include/setobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetObject {
    /// `used`.
    pub used: u64,
    /// `mask`: slots minus one.
    pub mask: u64,
    /// `table`: may point at `smalltable`.
    pub table: u64,
    /// `smalltable`.
    pub smalltable: u64,
    /// `sizeof(setentry)`.
    pub entry_bytes: usize,
    /// `setentry.key`.
    pub entry_key: usize,
}

/// `dequeobject` (`Modules/_collectionsmodule.c`), which no header declares. The order of a block's links differs between releases, so a walk tries both and keeps the one whose links agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DequeObject {
    /// `leftblock`.
    pub leftblock: u64,
    /// `rightblock`.
    pub rightblock: u64,
    /// `leftindex`.
    pub leftindex: u64,
    /// `len`.
    pub len: u64,
    /// `maxlen`; below zero for none.
    pub maxlen: u64,
    /// Items a block holds (`BLOCKLEN`).
    pub block_items: u64,
    /// `sizeof(block)`.
    pub block_bytes: u64,
    /// Data first (2.7.9 and later): `data`, `rightlink`, `leftlink`.
    pub data_first: BlockLayout,
    /// Links first (older): `leftlink`, `rightlink`, `data`.
    pub links_first: BlockLayout,
}

/// `PyWeakReference` (`Include/weakrefobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WeakReferenceObject {
    /// `wr_object`.
    pub wr_object: u64,
    /// `wr_callback`.
    pub wr_callback: u64,
}

/// Offsets in a deque's block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockLayout {
    /// First item.
    pub data: u64,
    /// Link to the right.
    pub right: u64,
    /// Link to the left.
    pub left: u64,
}
