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
    /// Keys that stand in an object of their own.
    pub keys: DictKeys,
}

/// `PyDictKeysObject`, its entries and `PyDictValues` (`Include/internal/pycore_dict.h`); all 0 where dicts are built
/// otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DictKeys {
    /// `PyDictObject.ma_keys`.
    pub ma_keys: u64,
    /// `PyDictObject.ma_values`: null where the values stand beside the keys.
    pub ma_values: u64,
    /// `dk_refcnt`: dicts that share them; not 1 where another pays for them.
    pub refcount: u64,
    /// How the head tells how many places there are and what the entries are.
    pub form: KeysForm,
    /// `dk_usable`: entries that there is still room for.
    pub usable: u64,
    /// `dk_nentries`.
    pub entries: u64,
    /// `dk_indices`: the table of indices, behind which the entries stand.
    pub indices: u64,
    /// `sizeof(PyDictKeyEntry)`.
    pub general_entry: EntryLayout,
    /// `sizeof(PyDictUnicodeEntry)`.
    pub text_entry: EntryLayout,
    /// Values that stand in a row of their own.
    pub values: DictValues,
}

impl DictKeys {
    /// Of a series that has none.
    pub const NONE: Self = Self {
        ma_keys: 0,
        ma_values: 0,
        refcount: 0,
        form: KeysForm::Sized { places: 0, lookup: 0 },
        usable: 0,
        entries: 0,
        indices: 0,
        general_entry: EntryLayout { bytes: 0, key: 0, value: 0 },
        text_entry: EntryLayout { bytes: 0, key: 0, value: 0 },
        values: DictValues::Bare,
    };
}

/// How keys tell how many places their table of indices has, and what their entries are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeysForm {
    /// How many they are, of which follows how wide a place is. Entries are all alike; whether the keys are visited is told
    /// by the function that looks one up. Up to 3.10.
    Sized {
        /// `dk_size`.
        places: u64,
        /// `dk_lookup`.
        lookup: u64,
    },
    /// Powers of two, and which sort of entries. A byte each. From 3.11.
    Logarithms {
        /// `dk_log2_size`.
        places: u64,
        /// `dk_log2_index_bytes`.
        index_bytes: u64,
        /// `dk_kind`.
        kind: u64,
        /// `DICT_KEYS_GENERAL`: entries have a hash, and keys are visited.
        general: u8,
    },
}

/// `PyDictValues`: how a row of values tells of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DictValues {
    /// It does not: pointers alone, as many as the keys have room for. Up to 3.10.
    Bare,
    /// The byte in front of the first value says how far in front of it the row's memory begins. 3.11 and 3.12.
    BehindLength,
    /// It has a head. Places of a byte each. From 3.13.
    Headed {
        /// `capacity`.
        capacity: u64,
        /// `embedded`: they stand in the instance.
        embedded: u64,
        /// `valid`: 0 once they were moved to a dict.
        valid: u64,
        /// The first of the values.
        first: u64,
    },
}

/// An entry of a dict's keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryLayout {
    /// `sizeof`.
    pub bytes: usize,
    /// `me_key`.
    pub key: usize,
    /// `me_value`.
    pub value: usize,
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
    /// `setentry.hash`.
    pub entry_hash: usize,
    /// The hash of a deleted entry; `None` where its key's text tells it.
    pub deleted_hash: Option<i64>,
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
