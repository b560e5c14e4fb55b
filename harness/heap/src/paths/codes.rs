//! Labels and roots as numbers, within one snapshot.

use crate::{GenericLabel, HeapSnapshot, Label, NameId};

/// A label or a root as a number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Code(pub(super) u32);

/// Codes after those of names.
const INDEX: u32 = 0;
const KEY: u32 = 1;
const MEMBER: u32 = 2;
const STACK: u32 = 3;
const TYPE: u32 = 4;
const OVERFLOW: u32 = 5;
const UNKNOWN: u32 = 6;
/// Whatever follows these, in turn: types, variables of closures, arguments, keys that are text, keys that are numbers,
/// roots.
const PLAIN: u32 = 8;

/// Which codes mean what, in one snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranges {
    names: u32,
    types: u32,
}

impl Ranges {
    /// The first code of the families behind the plain ones: closures, arguments, text keys, number keys, roots.
    const fn family(self, number: u32) -> u32 {
        self.names + PLAIN + self.types + number * self.names
    }

    pub(super) const fn index(self) -> Code {
        Code(self.names + INDEX)
    }

    pub(super) const fn overflow(self) -> Code {
        Code(self.names + OVERFLOW)
    }

    pub(super) const fn root(self, rank: u32) -> Code {
        Code(self.family(4) + rank)
    }

    const fn named(self, name: NameId, first: u32) -> Code {
        if name.0 < self.names { Code(first + name.0) } else { Code(self.names + UNKNOWN) }
    }

    pub(super) fn of(self, label: GenericLabel) -> Code {
        let plain = |code| Code(self.names + code);
        match label {
            GenericLabel::Name(name) => self.named(name, 0),
            GenericLabel::Index => plain(INDEX),
            GenericLabel::Key => plain(KEY),
            GenericLabel::Member => plain(MEMBER),
            GenericLabel::Stack => plain(STACK),
            GenericLabel::Type => plain(TYPE),
            GenericLabel::Closure(name) => self.named(name, self.family(0)),
            GenericLabel::Default(name) => self.named(name, self.family(1)),
            GenericLabel::To(type_id) if type_id.0 < self.types => Code(self.names + PLAIN + type_id.0),
            GenericLabel::To(_) | GenericLabel::Weak => plain(UNKNOWN),
        }
    }

    /// The value under a key whose text this is.
    pub(super) const fn entry(self, key: NameId, is_number: bool) -> Code {
        self.named(key, self.family(if is_number { 3 } else { 2 }))
    }

    pub(super) const fn is_entry(self, code: Code) -> bool {
        code.0 >= self.family(2) && code.0 < self.family(4)
    }

    /// True for an attribute, an argument and a variable.
    pub(super) const fn is_variable(self, code: Code) -> bool {
        code.0 < self.names || (code.0 >= self.family(0) && code.0 < self.family(2))
    }
}

/// The labels that codes of one snapshot mean.
#[derive(Debug)]
pub(super) struct Codes<'a> {
    snapshot: &'a HeapSnapshot,
    pub(super) ranges: Ranges,
    /// What the codes of roots mean.
    pub(super) roots: Vec<Label>,
}

impl<'a> Codes<'a> {
    pub(super) fn new(snapshot: &'a HeapSnapshot) -> Self {
        let ranges = Ranges { names: snapshot.names().len() as u32, types: snapshot.types().len() as u32 };
        Self { snapshot, ranges, roots: Vec::new() }
    }

    pub(super) fn label(&self, code: Code) -> Label {
        let name = |number: u32| self.snapshot.name(NameId(number));
        let Ranges { names, .. } = self.ranges;
        if code.0 < names {
            return Label::Name(name(code.0).into());
        }
        if let Some(rank) = code.0.checked_sub(self.ranges.family(4)) {
            return self.roots.get(rank as usize).cloned().unwrap_or(Label::Unknown);
        }
        if let Some(number) = code.0.checked_sub(self.ranges.family(0)) {
            let text = name(number % names.max(1));
            return match number / names.max(1) {
                0 => Label::Closure(text.into()),
                1 => Label::Default(text.into()),
                2 => Label::Entry(format!("'{}'", text.escape_default()).into()),
                _ => Label::Entry(text.into()),
            };
        }
        match code.0 - names {
            INDEX => Label::Index,
            KEY => Label::Key,
            MEMBER => Label::Member,
            STACK => Label::Stack,
            TYPE => Label::Type,
            OVERFLOW => Label::Beyond,
            UNKNOWN..PLAIN => Label::Unknown,
            other => {
                let info = self.snapshot.types().get((other - PLAIN) as usize);
                info.map_or(Label::Unknown, |info| Label::To(info.qualified_name().into()))
            }
        }
    }
}
