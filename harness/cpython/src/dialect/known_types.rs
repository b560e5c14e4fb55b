//! What is known of built-in types by name: where they keep their references, and how their instances are read.
//!
//! A type is recognised by `tp_name` and `tp_basicsize` together; a type of that name with another size is read
//! conservatively instead.

use bloathound_profile::ValueKind;

/// A pointer field: offset, name, visited by `tp_traverse`. References that it does not visit still own their target, but
/// the collector does not see them.
pub type Field = (u64, &'static str, bool);

/// A type whose references are all in fixed fields: `tp_name`, `tp_basicsize`, fields.
pub type FixedType = (&'static str, u64, &'static [Field]);

/// A malloc buffer that a type's `__sizeof__` counts: `tp_name`, offset of the buffer's pointer, offset of its length,
/// and bytes of what the length counts.
pub type BufferType = (&'static str, u64, u64, u64);

/// A type that is read word by word, and what some of its words are called: `tp_name`, `tp_basicsize`, offsets and names.
pub type WordType = (&'static str, u64, &'static [(u64, &'static str)]);

/// A type whose values are read: `tp_name`, smallest and largest `tp_basicsize`, what is read.
pub type ValueType = (&'static str, u64, u64, ValueParts);

/// How the built-in part of an instance is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Core {
    /// No references in the built-in part beyond fixed fields.
    Plain,
    /// Bytes inline.
    Str,
    /// Characters outside, or inline, by the series.
    Unicode,
    /// Digits inline.
    Long,
    /// Bytes outside.
    ByteArray,
    /// Items of a C type outside.
    Array,
    /// A hash table of keys and values.
    Dict,
    /// Items outside.
    List,
    /// Items inline.
    Tuple,
    /// A hash table of keys.
    Set,
    /// A type object.
    Type,
    /// A frame object.
    Frame,
    /// A suspended call: its frame is a part of it.
    Generator,
    /// A weak reference.
    Weakref,
    /// Chained blocks of items.
    Deque,
    /// Values that `itertools.tee` has read ahead.
    TeeData,
}

/// A type that some place treats in a way of its own, whatever the series calls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SingledOut {
    /// Truth values: a word.
    Bool,
    /// Code objects.
    Code,
    /// A double.
    Float,
    /// Functions that are written in Python.
    Function,
    /// Suspended functions.
    Generator,
    /// A number of one word.
    Int,
    /// Modules.
    Module,
    /// The one value that says nothing.
    Nothing,
    /// The type of classes of the old sort, in a series that has these.
    OldClass,
    /// The one type of the instances of all such classes.
    OldInstance,
    /// Hash tables of keys.
    Set,
    /// Bytes that are text.
    Str,
    /// The type of types.
    Type,
    /// Text.
    Unicode,
}

/// What is read of an object to tell its value in a sample. Many types share one: `set` and `frozenset`, a class and the
/// built-in type it derives from. What rules are told is another question, answered for exact types only:
/// [`bloathound_profile::ValueKind`], by [`KnownTypes::told`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueParts {
    /// `None`.
    None,
    /// A machine word.
    Int,
    /// Digits.
    Long,
    /// A double.
    Float,
    /// Bytes.
    Str,
    /// Characters.
    Unicode,
    /// Items.
    List,
    /// Items inline.
    Tuple,
    /// Keys and values.
    Dict,
    /// Keys.
    Set,
    /// An instance of an old-style class.
    OldInstance,
    /// A bound method.
    Method,
    /// A function in C.
    Builtin,
    /// A function.
    Function,
    /// A method of a type in C.
    MethodDescriptor,
    /// A variable of a closure.
    Cell,
    /// A generator.
    Generator,
    /// A module.
    Module,
    /// A file.
    File,
    /// A type, a code object and whatever else nobody expects to change: its name says it all.
    Fixed,
    /// Keeps its position at this offset.
    Iterator(u64),
    /// An instance of a class, or of a C type.
    Other,
}

/// `itertools.tee_dataobject`: the iterator, the count of values read (an `int`), the next link, the values. Those not
/// read yet are not initialised.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TeeData {
    /// Its pointer fields.
    pub fields: &'static [Field],
    /// `numread`.
    pub count: u64,
    /// `values`.
    pub values: u64,
    /// Values there is room for (`LINKCELLS`).
    pub values_max: u32,
}

/// Entries that a type chains, and visits in their place: those of a cache, which are objects of their own, or the order of
/// a dict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The pointer to the first entry. The chain ends at null, or where it comes back to its owner.
    pub first: u64,
    /// The link to the next entry, in an entry.
    pub next: u64,
    /// What of an entry its owner visits.
    pub visited: &'static [u64],
    /// What the owner calls that where it owns it; `None` where the entries do.
    pub owned_as: Option<&'static str>,
}

/// By what it is known that a text is a name of the program's and not its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Naming {
    /// Keys of dicts under which such texts are kept.
    pub keys: &'static [&'static str],
    /// Fields that lead to such texts.
    pub fields: &'static [&'static str],
    /// The field that leads to the path of a source file.
    pub file: &'static str,
    /// Fields that lead to tuples of them.
    pub lists: &'static [&'static str],
    /// Fields that lead to dicts whose keys are names: of attributes and of variables.
    pub namespaces: &'static [&'static str],
}

/// Built-in types, by what has to be known of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownTypes {
    /// Types whose references are all in fixed fields.
    pub fixed: &'static [FixedType],
    /// Sizes of built-in types that are read in a way of their own: `tp_name`, `tp_basicsize`. With those of the fixed ones
    /// they tell whether an interpreter is laid out as the dialect has it.
    pub sizes: &'static [(&'static str, u64)],
    /// Names of words in types that are read word by word.
    pub words: &'static [WordType],
    /// Types that are read in a way of their own.
    pub cores: &'static [(&'static str, Core)],
    /// Types with a malloc buffer of their own.
    pub buffers: &'static [BufferType],
    /// Types that map memory of their own: place of its address, place of its length.
    pub mappings: &'static [(&'static str, u64, u64)],
    /// Types without any reference.
    pub atoms: &'static [&'static str],
    /// Atoms whose own fields are numbers and nothing else.
    pub numbers: &'static [&'static str],
    /// The first fields of all built-in exceptions.
    pub exception_fields: &'static [Field],
    /// `sizeof(PyBaseExceptionObject)`.
    pub exception_bytes: u64,
    /// Pointer fields of a type object.
    pub type_fields: &'static [Field],
    /// Pointer fields that only types made at run time have behind it.
    pub heap_type_fields: &'static [Field],
    /// Pointer fields of a frame object.
    pub frame_fields: &'static [(u64, &'static str)],
    /// Pointer fields of a generator that contains its frame.
    pub generator_fields: &'static [Field],
    /// What the keys that a class's instances share are called.
    pub shared_keys: &'static str,
    /// Types of items inline that begin elsewhere than those of a tuple.
    pub items_at: &'static [(&'static str, u64)],
    /// Types whose items stand in memory of their own, places without one are null: place of its address, place of how many
    /// there is room for.
    pub items_behind: &'static [(&'static str, u64, u64)],
    /// Pointer fields of types that are read in a way of their own.
    pub core_fields: &'static [(&'static str, &'static [Field])],
    /// Types that chain what they hold.
    pub chains: &'static [(&'static str, Chain)],
    /// What hands on what it is asked for by `await`: its type, and the offset of whom it asks.
    pub hand_on: &'static [(&'static str, u64)],
    /// What a call that is no object is called as one.
    pub call_name: &'static str,
    /// `itertools.tee_dataobject`.
    pub tee_data: TeeData,
    /// Built-in iterators: type and offset of the field that moves with every item.
    pub positions: &'static [(&'static str, u64)],
    /// What is read of values: type, smallest and largest `tp_basicsize`, parts.
    pub values: &'static [ValueType],
    /// What rules are told that the instances of exactly this type are, when they are read by these parts.
    pub told: &'static [(&'static str, ValueParts, ValueKind)],
    /// What the names of iterators begin with that draw from other iterators.
    pub drawing_iterators: &'static str,
    /// Types whose free lists the collector empties at the end of a full collection.
    pub cleared: &'static [&'static str],
    /// Types that keep nothing outside themselves and are too many to search.
    pub without_storage: &'static [&'static str],
    /// What the series calls the types that are singled out.
    pub singled_out: &'static [(&'static str, SingledOut)],
    /// Types made at run time in C whose `tp_traverse` leaves their instances' type out.
    pub type_not_visited: &'static [&'static str],
    /// The module of built-in types, which nobody writes in front of their names.
    pub builtin_module: &'static str,
    /// The type of compiled regular expressions, and the offset of its pattern's text.
    pub pattern: (&'static str, u64),
    /// What built-in containers have at their address, the collector's head included; the rest of their size is elsewhere.
    pub at_address: &'static [(&'static str, u64)],
    /// What names code and not data.
    pub naming: Naming,
    /// What stands before a quoted text of bytes, and of characters.
    pub text_marks: (&'static str, &'static str),
    /// What a deleted slot of a set points at: the text of a `str`.
    pub dummy_key: &'static [u8],
}

impl KnownTypes {
    /// Whether numbers of the type of this name are rows of digits.
    #[must_use]
    pub fn is_long(&self, name: &str) -> bool {
        self.cores.iter().any(|(known, core)| *known == name && *core == Core::Long)
    }

    /// Where an exception holds its traceback, in a series in which it does.
    #[must_use]
    pub fn traceback(&self) -> Option<u64> {
        self.exception_fields.iter().find(|(_, name, _)| *name == "__traceback__").map(|(offset, ..)| *offset)
    }

    /// Whether the type of this name is treated in a way of its own.
    #[must_use]
    pub fn singled_out(&self, name: &str) -> Option<SingledOut> {
        // Asked for every type: nearly all are told apart by their length and first letter.
        let first = name.bytes().next()?;
        let is_it =
            |known: &str| known.len() == name.len() && known.as_bytes().first() == Some(&first) && known == name;
        self.singled_out.iter().find(|(known, _)| is_it(known)).map(|(_, which)| *which)
    }
}
