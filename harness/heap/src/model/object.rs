//! Objects, their types and what keeps them alive.

use bloathound_vocabulary::RootKind;

/// Dense index of an object in one snapshot. Means nothing in another snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// Index into [`crate::HeapSnapshot::types`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// Index into the snapshot's table of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct NameId(pub u32);

impl ObjectId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How we know of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// It is on a list of the collector.
    OnGcList,
    /// A reference from a known object leads to it.
    Referenced,
    /// Found in an allocated pool block, by its type pointer.
    FoundInPool,
}

/// What the collector knows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tracking {
    /// On the list of this generation (0 to 2).
    Tracked(u8),
    /// On the list of what was frozen: no collection looks at it.
    Frozen,
    /// Not on any list: no collector support, or a dict or tuple of atoms.
    Untracked,
}

const FROZEN: u8 = 1 << 4;
const TO_FINALIZE: u8 = 1 << 5;

/// [`Trust`] and [`Tracking`] in a byte, and whether a finalizer has yet to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectFlags(u8);

impl ObjectFlags {
    /// Packs both.
    #[must_use]
    pub const fn new(tracking: Tracking, trust: Trust) -> Self {
        let tracking = match tracking {
            Tracking::Untracked => 3,
            Tracking::Frozen => 3 | FROZEN,
            Tracking::Tracked(generation @ 0..2) => generation,
            Tracking::Tracked(_) => 2,
        };
        Self(tracking | ((trust as u8) << 2))
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & 63)
    }

    /// What the collector knows of it.
    #[must_use]
    pub fn tracking(self) -> Tracking {
        match self.0 & (3 | FROZEN) {
            bits if bits & FROZEN != 0 => Tracking::Frozen,
            3 => Tracking::Untracked,
            generation => Tracking::Tracked(generation),
        }
    }

    /// The same of an object with a finalizer that did not run yet, and runs before the object goes.
    #[must_use]
    pub const fn with_finalizer_to_run(self) -> Self {
        Self(self.0 | TO_FINALIZE)
    }

    /// True when it has a finalizer that did not run yet: that may bring the object back.
    #[must_use]
    pub fn has_finalizer_to_run(self) -> bool {
        self.0 & TO_FINALIZE != 0
    }

    /// True when it is on a list of the collector that collections look at.
    #[must_use]
    pub fn is_tracked(self) -> bool {
        self.0 & 3 != 3
    }

    /// How we know of it.
    #[must_use]
    pub fn trust(self) -> Trust {
        match self.0 >> 2 & 3 {
            0 => Trust::OnGcList,
            1 => Trust::Referenced,
            _ => Trust::FoundInPool,
        }
    }
}

/// A type of the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeInfo {
    /// Name without the module: `DBModel`, `dict`.
    pub name: String,
    /// `__module__`, where there is one; `None` for built-in types.
    pub module: Option<String>,
    /// The type object itself.
    pub object: Option<ObjectId>,
    /// Made at run time (`class` statement), not in C.
    pub is_heap_type: bool,
    /// Instances have a finalizer (`__del__`) that keeps the collector from touching their cycles.
    pub has_finalizer: bool,
    /// Where `__del__` is written: function name, file and first line.
    pub finalizer: Option<FinalizerSite>,
}

impl TypeInfo {
    /// `module.Name`, or `Name` for built-in types.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        match &self.module {
            Some(module) => format!("{module}.{}", self.name),
            _ => self.name.clone(),
        }
    }

    /// True when both have the same qualified name.
    #[must_use]
    pub fn is_called_as(&self, other: &Self) -> bool {
        self.name == other.name && self.module == other.module
    }
}

/// Where a `__del__` method is written.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct FinalizerSite {
    /// Class that defines the method.
    pub class: String,
    /// File as the code object names it.
    pub file: String,
    /// First line of the method.
    pub line: u32,
}

/// Where something is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Site {
    /// The file's name, as code names it.
    pub file: NameId,
    /// First line of a code object, the line that a frame is at; 0 for a module.
    pub line: u32,
    /// `co_argcount` of a code object.
    pub arguments: u16,
}

/// An object that is kept alive from outside the heap, and by what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// The object held.
    pub object: ObjectId,
    /// What holds it.
    pub kind: RootKind,
    /// A name for people: the module's, the function's, the field's.
    pub name: Option<NameId>,
}

/// How much of everything was there before a part was begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PartStart {
    /// Objects.
    pub objects: u32,
    /// Types.
    pub types: u32,
    /// Names.
    pub names: u32,
    /// Objects whose references are finished, or will be by then.
    pub finished: u32,
}

/// How far a snapshot can be trusted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Quality {
    /// A collection was in progress: lists are incomplete.
    pub collection_in_progress: bool,
    /// Links of the collector's lists whose neighbour did not point back.
    pub broken_links: u64,
    /// Pointers that led to memory that was not copied.
    pub unmapped_pointers: u64,
    /// Objects with more references found than their count allows: torn reads or decoding faults.
    pub surplus_references: u64,
    /// Allocated pool blocks that are no object we know (raw buffers of C code among them).
    pub unidentified_blocks: u64,
    /// Objects of extension types, read conservatively.
    pub conservative_objects: u64,
}

impl From<&Quality> for bloathound_vocabulary::QualityRecord {
    fn from(quality: &Quality) -> Self {
        Self {
            collection_in_progress: quality.collection_in_progress,
            broken_links: quality.broken_links,
            unmapped_pointers: quality.unmapped_pointers,
            surplus_references: quality.surplus_references,
            unidentified_blocks: quality.unidentified_blocks,
            conservative_objects: quality.conservative_objects,
            layout_checks: Vec::new(),
        }
    }
}

/// One object as the decoder hands it over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectRecord {
    /// Address of the `PyObject` (not of its GC head).
    pub address: u64,
    /// Its type.
    pub type_id: TypeId,
    /// As `sys.getsizeof`: own bytes, GC head included.
    pub shallow_size: u64,
    /// `ob_refcnt`; saturated.
    pub refcount: u32,
    /// Tracking and trust.
    pub flags: ObjectFlags,
}
