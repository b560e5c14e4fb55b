//! References: their kinds and names, packed into four bytes.

use crate::{NameId, ObjectId, TypeId};

/// What a reference is, without its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReferenceKind {
    /// A field of the object's C structure with a name of its own (`__dict__`, `func_globals`, `tb_frame`, …).
    Field = 0,
    /// The key of a dict entry; the payload is the key itself.
    Key = 1,
    /// The value of a dict entry; the payload is the key object.
    Value = 2,
    /// An item of a list, tuple, deque or other sequence; the payload is the index.
    Item = 3,
    /// A member of a set.
    Member = 4,
    /// A `__slots__` attribute; the payload is its name.
    Slot = 5,
    /// A local variable of a frame; the payload is its name.
    Local = 6,
    /// A value on a frame's evaluation stack; the payload is the depth.
    Stack = 7,
    /// The object's type.
    Type = 8,
    /// A word of an extension type's structure that is a known object's address; the payload is the offset.
    Conservative = 9,
    /// A weak reference; never counts as ownership.
    Weak = 10,
}

/// A reference and its name, packed into a word: millions of them are held at once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReferenceLabel(u32);

const KIND_SHIFT: u32 = 28;
const TRAVERSED: u32 = 1 << 27;
const PAYLOAD: u32 = TRAVERSED - 1;

impl ReferenceLabel {
    /// A label of `kind`; payloads above 2^27 - 1 are cut to that (an index nobody reads by eye).
    /// `traversed` says that the collector follows this reference (`tp_traverse` visits it).
    #[must_use]
    pub fn new(kind: ReferenceKind, payload: u32, traversed: bool) -> Self {
        let bit = if traversed { TRAVERSED } else { 0 };
        Self(((kind as u32) << KIND_SHIFT) | bit | payload.min(PAYLOAD))
    }

    /// What kind of reference this is.
    #[must_use]
    pub fn kind(self) -> ReferenceKind {
        match self.0 >> KIND_SHIFT {
            0 => ReferenceKind::Field,
            1 => ReferenceKind::Key,
            2 => ReferenceKind::Value,
            3 => ReferenceKind::Item,
            4 => ReferenceKind::Member,
            5 => ReferenceKind::Slot,
            6 => ReferenceKind::Local,
            7 => ReferenceKind::Stack,
            8 => ReferenceKind::Type,
            9 => ReferenceKind::Conservative,
            _ => ReferenceKind::Weak,
        }
    }

    /// The index, offset, name or key, by kind.
    #[must_use]
    pub fn payload(self) -> u32 {
        self.0 & PAYLOAD
    }

    /// True when the collector follows this reference.
    #[must_use]
    pub fn is_traversed(self) -> bool {
        self.0 & TRAVERSED != 0
    }

    /// True for everything that keeps its target alive.
    #[must_use]
    pub fn is_strong(self) -> bool {
        self.0 >> KIND_SHIFT < ReferenceKind::Weak as u32
    }

    /// The same with another payload, where it has one that is told whole.
    pub(crate) fn with_payload(self, change: impl FnOnce(u32) -> u32) -> Self {
        match self.payload() {
            PAYLOAD => self,
            payload => Self(self.0 & !PAYLOAD | change(payload).min(PAYLOAD)),
        }
    }

    /// The name, for kinds whose payload is one.
    #[must_use]
    pub fn name(self) -> Option<NameId> {
        match self.kind() {
            ReferenceKind::Field | ReferenceKind::Slot | ReferenceKind::Local => {
                (self.payload() < PAYLOAD).then(|| NameId(self.payload()))
            }
            _ => None,
        }
    }

    /// The key object of a dict value; `None` for other kinds and where the key did not fit or is not known.
    #[must_use]
    pub fn key(self) -> Option<ObjectId> {
        (self.kind() == ReferenceKind::Value && self.payload() < PAYLOAD).then(|| ObjectId(self.payload()))
    }
}

impl std::fmt::Debug for ReferenceLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({})", self.kind(), self.payload())
    }
}

/// A reference's name without what varies from one object to the next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum GenericLabel {
    /// A field, slot, local variable or attribute.
    Name(NameId),
    /// An item of a sequence, or a value of a dict whose keys are data.
    Index,
    /// A key of a dict.
    Key,
    /// A member of a set.
    Member,
    /// A value on a frame's evaluation stack.
    Stack,
    /// The object's type.
    Type,
    /// A variable of a function's closure.
    Closure(NameId),
    /// The default value of an argument.
    Default(NameId),
    /// A word of a structure nobody described, by the type of what it points to.
    To(TypeId),
    /// A weak reference.
    Weak,
}
