//! The labels of a path: by what references the way leads from a root to an object. Typed to the end, so that an
//! attribute of somebody's that is called `key` or `stack` stays a name; they are text where they are shown or written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What keeps an object alive from outside the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum RootKind {
    /// An entry of `sys.modules`; the name is the module's.
    Module,
    /// The builtins dict, sys dict or codec registries of the interpreter state.
    Interpreter,
    /// A frame on a thread's stack; the name is the function's.
    ThreadFrame,
    /// The frame of a call that waits on a stack of its own, as a greenlet's does: no thread runs it now, and only that
    /// stack holds it. The name is the function's.
    SuspendedFrame,
    /// Something else that a thread state holds (current exception, thread-state dict, trace function).
    ThreadState,
    /// A type object in a library's data.
    StaticType,
    /// `gc.garbage`, where the collector parks what it will not free.
    GcGarbage,
    /// The interned-strings dict.
    Interned,
    /// The cache of what was found of attributes of types, which owns their names.
    TypeCache,
    /// More reference counts than references found: something in C holds it.
    Unaccounted,
}

/// One label of a path, without what varies from one object to the next.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Label {
    /// What holds the first object, and what it is called: `module model`, `gc.garbage`.
    Root(RootKind, Option<Box<str>>),
    /// A field, slot, local variable or attribute.
    Name(Box<str>),
    /// An item of a sequence, or a value of a dict whose keys are data: `[x]`.
    Index,
    /// A key of a dict.
    Key,
    /// A member of a set.
    Member,
    /// A value on a frame's evaluation stack.
    Stack,
    /// The object's type.
    Type,
    /// The value of a dict under a key that is the same in every look, as it is written: `['order.paid']`.
    Entry(Box<str>),
    /// A variable of a function's closure: `<closure>.cache`.
    Closure(Box<str>),
    /// The default value of an argument: `(seen=…)`.
    Default(Box<str>),
    /// A word of a structure nobody described, by the type of what it points to: `<dict>`.
    To(Box<str>),
    /// A weak reference.
    Weak,
    /// All that lies beyond a limit: `…`.
    Beyond,
    /// A reference whose name can't be read: `?`.
    Unknown,
    /// A reference and the class of who refers, as in a cycle: `Attendee.address`, `list[x]`.
    Of(Box<str>, Box<Label>),
    /// Read back from a document, where only the text of a label is kept. Nothing may be decided by it.
    Text(Box<str>),
}

impl Label {
    /// The name, where it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The name of whatever has one in the source: an attribute, a variable of a closure, an argument.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Name(name) | Self::Closure(name) | Self::Default(name) => Some(name),
            _ => None,
        }
    }

    /// The module's name, where it is the root of one.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Root(RootKind::Module, name) => name.as_deref(),
            _ => None,
        }
    }

    /// Labels as one text, `separator` between them.
    #[must_use]
    pub fn join<'l>(labels: impl IntoIterator<Item = &'l Self>, separator: &str) -> String {
        let texts: Vec<String> = labels.into_iter().map(Self::to_string).collect();
        texts.join(separator)
    }
}

// By their texts, so that lists come in the order that a person sees.
impl Ord for Label {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let tie = || format!("{self:?}").cmp(&format!("{other:?}"));
        self.to_string().cmp(&other.to_string()).then_with(tie)
    }
}

impl PartialOrd for Label {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(RootKind::GcGarbage, _) => f.write_str("gc.garbage"),
            Self::Root(RootKind::Interned, _) => f.write_str("interned strings"),
            Self::Root(RootKind::TypeCache, _) => f.write_str("attribute cache of types"),
            Self::Root(RootKind::Unaccounted, _) => f.write_str("held from C"),
            Self::Root(kind, name) => {
                f.write_str(match kind {
                    RootKind::Module => "module",
                    RootKind::Interpreter => "interpreter",
                    RootKind::ThreadFrame => "frame",
                    RootKind::SuspendedFrame => "suspended call",
                    RootKind::ThreadState => "thread",
                    _ => "type",
                })?;
                name.iter().try_for_each(|name| write!(f, " {name}"))
            }
            Self::Name(name) | Self::Text(name) => f.write_str(name),
            Self::Index => f.write_str("[x]"),
            Self::Key => f.write_str("key"),
            Self::Member => f.write_str("member"),
            Self::Stack => f.write_str("stack"),
            Self::Type => f.write_str("type"),
            Self::Entry(key) => write!(f, "[{key}]"),
            Self::Closure(name) => write!(f, "<closure>.{name}"),
            Self::Default(name) => write!(f, "({name}=…)"),
            Self::To(type_name) => write!(f, "<{type_name}>"),
            Self::Weak => f.write_str("weak"),
            Self::Beyond => f.write_str("…"),
            Self::Unknown => f.write_str("?"),
            Self::Of(class, label) => match &**label {
                Self::Index => write!(f, "{class}{label}"),
                label => write!(f, "{class}.{label}"),
            },
        }
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::Text(text.into()))
    }
}

impl JsonSchema for Label {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Label".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_as_a_person_would() {
        let name = |text: &str| Label::Name(text.into());
        for (label, text) in [
            (Label::Root(RootKind::Module, Some("model".into())), "module model"),
            (Label::Root(RootKind::ThreadState, None), "thread"),
            (Label::Root(RootKind::GcGarbage, Some("list".into())), "gc.garbage"),
            (Label::Entry("'order.paid'".into()), "['order.paid']"),
            (Label::Closure("cache".into()), "<closure>.cache"),
            (Label::Default("seen".into()), "(seen=…)"),
            (Label::To("dict".into()), "<dict>"),
            (Label::Of("Attendee".into(), Box::new(name("address"))), "Attendee.address"),
            (Label::Of("list".into(), Box::new(Label::Index)), "list[x]"),
        ] {
            assert_eq!(label.to_string(), text);
        }
        assert_eq!(Label::join(&[name("a"), Label::Key], ">"), "a>key");
    }

    #[test]
    fn an_attribute_called_key_is_no_key() {
        assert_ne!(Label::Name("key".into()), Label::Key);
        assert_eq!((Label::Name("key".into()).name(), Label::Key.name()), (Some("key"), None));
    }
}
