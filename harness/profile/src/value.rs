//! Values of variables: what kind of thing, how long, which number; text only for people.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::frameworks::telling_path_bytes;
use crate::{ValueHash, exact};

/// Characters of a string that a [`Value::summary`] shows.
pub const QUOTED_CHARACTERS: u64 = 24;

/// What kind of thing a value is to a rule. The types of the interpreter themselves: what a class derives from one of them
/// may behave in its own way, and is an [`ValueKind::Instance`]. How a value is read is not told here: that is the
/// interpreter's (`ValueParts` of a dialect), and there such a class is read like what it derives from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ValueKind {
    /// `None`.
    None,
    /// `True` and `False`.
    Bool,
    /// `int`.
    Int,
    /// `long`.
    Long,
    /// `float`.
    Float,
    /// `str`: bytes.
    Str,
    /// `unicode`.
    Unicode,
    /// `list`.
    List,
    /// `tuple`.
    Tuple,
    /// `dict`.
    Dict,
    /// `set`.
    Set,
    /// `frozenset`.
    FrozenSet,
    /// An iterator of the interpreter's that keeps a position.
    Iterator,
    /// An iterator of `itertools`: what moves is what it draws from.
    Itertools,
    /// A generator: what moves is its frame.
    Generator,
    /// The place of a variable that functions share.
    Cell,
    /// A function written in Python.
    Function,
    /// A function written in C, or a method of an object written in C.
    Builtin,
    /// A method bound to an instance, or of a class.
    Method,
    /// A method of a type written in C, bound to nothing.
    MethodDescriptor,
    /// A class, of either sort.
    Class,
    /// A module.
    Module,
    /// An open `file`.
    File,
    /// An instance of a class, or of a C type that is none of the above.
    Instance,
    /// Anything else, and what is not known.
    #[default]
    Other,
}

impl ValueKind {
    /// True for what is seen whole: numbers, text, `None`.
    #[must_use]
    pub fn is_atom(self) -> bool {
        matches!(self, Self::None | Self::Bool | Self::Int | Self::Long | Self::Float | Self::Str | Self::Unicode)
    }

    /// True for text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Str | Self::Unicode)
    }

    /// True for containers that are false when they are empty.
    #[must_use]
    pub fn is_container(self) -> bool {
        matches!(self, Self::List | Self::Tuple | Self::Dict | Self::Set | Self::FrozenSet)
    }

    /// True for names of code, not data: nobody is surprised that they don't change.
    #[must_use]
    pub fn is_code(self) -> bool {
        matches!(
            self,
            Self::Function | Self::Builtin | Self::Method | Self::MethodDescriptor | Self::Class | Self::Module
        )
    }
}

/// What a variable held in one sample, by value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Value {
    /// Qualified type as the interpreter names it.
    pub type_name: Arc<str>,
    /// For people, never for rules: `17`, `'abc…' (40 characters)`, `list of 3`, `Row instance`.
    pub summary: String,
    /// Which object it is: its address. No evidence where objects are shared or made anew, as small integers are.
    pub identity: u64,
    /// By value, one level deep: atoms whole, containers with their atoms, instances with their attributes' atoms.
    pub shallow: ValueHash,
    /// By value, some levels deep. Equal to `shallow` where nobody asked for more.
    pub deep: ValueHash,
    /// The value where it is a number, or the position where it is an iterator with one.
    #[serde(with = "exact::option")]
    pub number: Option<f64>,
    /// Attributes of an instance, in the order of its dictionary.
    pub attributes: Vec<Attribute>,
    /// What kind of thing.
    #[serde(default)]
    pub kind: ValueKind,
    /// Characters of text, items of a container.
    #[serde(default)]
    pub length: Option<u64>,
    /// `summary` quotes what a string says: this one, or one that a cell holds.
    #[serde(default)]
    pub is_quote: bool,
    /// The function in C that this is, or that a cell holds: `time`, `socket.recv`.
    #[serde(default)]
    pub c_function: Option<Arc<str>>,
    /// Its class, where one type stands for the instances of all classes; empty where that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_name: Option<Arc<str>>,
    /// Methods of its class that an event loop calls on it when its descriptor is ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called_when_ready: Vec<FunctionName>,
    /// The hashes cover all of it: a container of nothing but atoms, each of which was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_whole: bool,
}

impl Value {
    /// Whether the value is true as a condition; `None` where that is not known.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self.kind {
            ValueKind::None => Some(false),
            ValueKind::Bool | ValueKind::Int | ValueKind::Long | ValueKind::Float => {
                self.number.map(|number| number != 0.0)
            }
            kind if kind.is_text() || kind.is_container() => self.length.map(|length| length != 0),
            _ => None,
        }
    }

    /// Name of its class without the module; `None` where that could not be read.
    #[must_use]
    pub fn class(&self) -> Option<&str> {
        let name = self.class_name.as_deref().or_else(|| self.type_name.rsplit('.').next())?;
        (!name.is_empty()).then_some(name)
    }

    /// Whether `summary` shows the beginning of a text only, and says how long all of it is.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_quote && self.length.is_some_and(|length| length > QUOTED_CHARACTERS)
    }

    /// Replaces what strings say, here and in attributes; lengths, hashes and names of code stay.
    pub fn redact(&mut self) {
        if self.is_quote {
            self.summary = blank(self.length);
        }
        for attribute in self.attributes.iter_mut().filter(|attribute| attribute.is_quote) {
            attribute.summary = blank(attribute.length);
        }
        for function in self.attributes.iter_mut().filter_map(|attribute| attribute.function.as_mut()) {
            let kept = function.file.len() - telling_path_bytes(&function.file).min(function.file.len());
            function.file = function.file.get(kept..).unwrap_or_default().into();
        }
    }
}

/// An attribute of an instance, by value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Attribute {
    /// Name.
    pub name: Arc<str>,
    /// For people, never for rules.
    pub summary: String,
    /// By value; for anything but an atom only type and length.
    pub hash: ValueHash,
    /// The value where it is a number.
    #[serde(with = "exact::option")]
    pub number: Option<f64>,
    /// Characters of text, items of a container.
    #[serde(default)]
    pub length: Option<u64>,
    /// `summary` quotes what a string says.
    #[serde(default)]
    pub is_quote: bool,
    /// What kind of thing.
    #[serde(default)]
    pub kind: ValueKind,
    /// The function that it is, where it is one that is kept to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionName>,
}

/// A function written in Python, or a method of an object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct FunctionName {
    /// Class of the object that it is a method of.
    pub class: Option<Arc<str>>,
    /// Its name.
    pub function: Arc<str>,
    /// Its source file.
    pub file: Arc<str>,
    /// Its first line.
    pub line: u32,
}

/// A named value of a frame.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Variable {
    /// Name of a local, a cell or a global, or a path of attributes from one: `row`, `self.done`.
    pub name: Arc<str>,
    /// What it held; `None` where it was unbound or could not be read.
    pub value: Option<Value>,
}

/// How a string of `length` characters is shown that begins with `shown`: `'abc'`, `'abc…' (40 characters)`.
#[must_use]
pub fn quote(shown: &str, length: u64) -> String {
    if length > QUOTED_CHARACTERS { format!("'{shown}…' ({length} characters)") } else { format!("'{shown}'") }
}

fn blank(length: Option<u64>) -> String {
    let length = length.unwrap_or(0);
    // Fits: it is a few dozen at most.
    quote(&"x".repeat(length.min(QUOTED_CHARACTERS) as usize), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ValueKind, length: Option<u64>, number: Option<f64>) -> Value {
        Value { kind, length, number, ..Value::default() }
    }

    #[test]
    fn truth_comes_from_kind_length_and_number() {
        assert_eq!(of(ValueKind::None, None, None).truth(), Some(false));
        assert_eq!(of(ValueKind::Bool, None, Some(1.0)).truth(), Some(true));
        assert_eq!(of(ValueKind::Str, Some(0), None).truth(), Some(false));
        assert_eq!(of(ValueKind::FrozenSet, Some(2), None).truth(), Some(true));
        // Unreadable, or a class that may say what it likes.
        assert_eq!(of(ValueKind::List, None, None).truth(), None);
        assert_eq!(of(ValueKind::Instance, Some(0), Some(0.0)).truth(), None);
    }

    #[test]
    fn a_class_is_its_own_name_or_its_types() {
        let of = |type_name: &str, class_name: Option<&str>| {
            let value =
                Value { type_name: type_name.into(), class_name: class_name.map(Into::into), ..Value::default() };
            value.class().map(str::to_owned)
        };
        assert_eq!(of("shop.Page", None).as_deref(), Some("Page"));
        assert_eq!(of("instance", Some("Page")).as_deref(), Some("Page"));
        assert_eq!(of("instance", Some("")), None);
    }

    #[test]
    fn redacted_text_keeps_its_length_and_nothing_else() {
        let quoted = |summary: &str, length| Attribute {
            summary: summary.to_owned(),
            length: Some(length),
            is_quote: true,
            ..Attribute::default()
        };
        let mut value = Value {
            summary: quote("it's", 4),
            length: Some(4),
            is_quote: true,
            attributes: vec![
                quoted("''", 0),
                quoted("'pässword is at the door…' (40 characters)", 40),
                Attribute { summary: "17".into(), ..Attribute::default() },
            ],
            ..Value::default()
        };
        value.redact();
        assert_eq!(value.summary, "'xxxx'");
        let told: Vec<&str> = value.attributes.iter().map(|attribute| attribute.summary.as_str()).collect();
        assert_eq!(told, ["''", "'xxxxxxxxxxxxxxxxxxxxxxxx…' (40 characters)", "17"]);
    }
}
