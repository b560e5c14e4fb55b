//! In what a series of CPython differs by more than a number: a handful of choices that reading branches on.
//!
//! Each is matched on where reading would branch, with every variant named: what nobody wrote a reader for is refused
//! as [`NotYetRead`] there, and never read as if it were 2.7's.

/// A structure of a series that nobody wrote a reader for yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} of CPython {series} can't be read yet")]
pub struct NotYetRead {
    /// What is not read, such as `running calls`.
    pub what: &'static str,
    /// Of which series.
    pub series: &'static str,
}

/// Where an instance keeps its attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attributes {
    /// A pointer to a dict at `tp_dictoffset`; names of `__slots__` at fixed offsets. Up to 3.10.
    DictSlot,
    /// Values and dict in words in front of the object. 3.11.
    ValuesBefore {
        /// Bytes from the object back to the pointer to its values.
        values_back: u64,
        /// Bytes from the object back to the pointer to its dict.
        dict_back: u64,
        /// Bytes that stand in front of the collector's head of an object whose type has these words.
        header_bytes: u64,
    },
    /// One word in front of the object that is a dict, or values where it is odd. 3.12.
    TaggedBefore {
        /// Bytes from the object back to that word.
        word_back: u64,
        /// Bytes that stand in front of the collector's head of an object whose type has any of these words.
        header_bytes: u64,
    },
    /// Values behind the object's fixed part, the dict in front of it. From 3.13.
    Inline {
        /// Bytes from the object back to the pointer to its dict.
        dict_back: u64,
        /// Bytes that stand in front of the collector's head of an object whose type has any of these words.
        header_bytes: u64,
    },
}

/// What a running call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frames {
    /// An object with a collector's head, chained by `f_back`. Up to 3.10.
    Objects,
    /// `_PyInterpreterFrame`s in chunks of a thread's data stack. From 3.11.
    InterpreterFrames {
        /// `prev_instr` (the last one begun) up to 3.12, `instr_ptr` (the next one) from 3.13.
        holds_next_instruction: bool,
    },
}

/// Where pymalloc keeps its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AllocatorState {
    /// In file-local variables. Up to 3.11.
    Symbols,
    /// Inside the interpreter's state. 3.12.
    Embedded {
        /// Offset in `PyInterpreterState`.
        offset: u64,
    },
    /// In memory of its own that the interpreter's state points at. From 3.13.
    Pointer {
        /// Offset of the pointer in `PyInterpreterState`.
        offset: u64,
    },
}

/// What a reference count may say beside a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReferenceCounts {
    /// Nothing. Up to 3.10.
    Plain,
    /// Nothing; but constants of modules that are built in refer to truth values and `None` without counting. 3.11.
    SingletonsUncounted,
    /// An object whose low half is negative lives for ever and is not counted. From 3.12.
    Immortal,
}

/// Which unreachable cycles the collector leaves alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Collection {
    /// Those with a `__del__` (`tp_del`, or an old-style class's method), and generators suspended inside `try`: they go to
    /// `gc.garbage`. Up to 3.3.
    LeavesFinalizers,
    /// Those with a `tp_del` written in C only: a `__del__` runs and its cycle goes (PEP 442). From 3.4.
    RunsFinalizers,
}

/// How a code object tells the line of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineTableKind {
    /// `co_lnotab`: pairs of increments, lines never go back. 2.7.
    Increments,
    /// `co_lnotab` with signed line increments. Up to 3.9.
    SignedIncrements,
    /// `co_linetable` of PEP 626. 3.10.
    Ranges,
    /// `co_linetable` with columns (PEP 657). From 3.11.
    Locations,
}

/// How a dict keeps its entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DictTable {
    /// One table of hashes, keys and values, with `ma_mask + 1` places. Up to 3.5.
    Entries,
    /// An object of keys, which dicts may share, with a table of indices and entries in the order in which they came
    /// (`PyDictKeysObject`). From 3.6.
    CombinedKeys,
}

/// How instructions stand in a code object, and what handles exceptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstructionEncoding {
    /// A byte, and two more where there is an argument; a handler begins with what was raised as three values. Up to 3.5.
    OneOrThreeBytes,
    /// Two bytes each. Up to 3.10.
    Words,
    /// Two bytes each with caches behind some, and a table of exceptions beside them. From 3.11.
    WordsWithCaches,
}

/// What the heads of the collector's lists say beside their links.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CollectorHeads {
    /// A count of its own, which is a special number while no collection runs. Up to 3.6.
    Counted,
    /// Flags in the lowest bits of the links, which are no part of the address. From 3.7.
    Flagged {
        /// Bits of a link that belong to no address.
        mask: u64,
        /// In the link back: the finalizer ran.
        finalized: u64,
        /// In the link back: a collection is deciding on it.
        collecting: u64,
    },
}

impl InstructionEncoding {
    /// Bytes that each step of `f_lasti` is, where calls are objects.
    #[must_use]
    pub const fn lasti_bytes(self) -> u32 {
        match self {
            Self::OneOrThreeBytes => 1,
            Self::Words | Self::WordsWithCaches => 2,
        }
    }
}

impl CollectorHeads {
    /// What of a link is an address.
    #[must_use]
    pub const fn link_mask(self) -> u64 {
        match self {
            Self::Counted => u64::MAX,
            Self::Flagged { mask, .. } => !mask,
        }
    }
}

/// What text is, and what names of code are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextStorage {
    /// Names are strings of bytes; text of wide characters stands outside its object. 2.7.
    BytesAndWide,
    /// One sort, one, two or four bytes a character, most often behind its object; names are such. From 3.3.
    Compact,
}

/// Where a number tells how many digits it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DigitCount {
    /// In `ob_size`, whose sign is the number's. Up to 3.11.
    SignedSize,
    /// In a word whose lowest bits tell the sign. From 3.12.
    Tag {
        /// How far the count is shifted.
        shift: u32,
        /// The bits of the sign.
        sign_mask: u64,
        /// Their value below zero.
        negative: u64,
    },
}

/// Where the dict and the subclasses of a type made in C are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StaticTypeState {
    /// In the type itself; subclasses are a list. Up to 3.3.
    InType,
    /// The same with a dict of subclasses. Up to 3.11.
    InTypeByDict,
    /// In the interpreter, at the index that stands in place of the subclasses; these are a dict. From 3.12.
    InInterpreter,
}

/// Which types are made in C.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypesOfC {
    /// All that were not made at run time.
    Static,
    /// Those made at run time too, unless their name is the text that a class was given. From 3.5.
    StaticAndHeap,
}
