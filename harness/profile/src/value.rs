use std::sync::Arc;

use crate::ValueHash;

/// What a variable held in one sample, by value.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    /// Qualified type as the interpreter names it.
    pub type_name: Arc<str>,
    /// Short text: `17`, `'abc…' (40 bytes)`, `list of 3`, `Row instance`.
    pub summary: String,
    /// Which object it is: its address. No evidence where objects are shared or made anew, as small integers are.
    pub identity: u64,
    /// By value, one level deep: atoms whole, containers with their atoms, instances with their attributes' atoms.
    pub shallow: ValueHash,
    /// By value, some levels deep. Equal to `shallow` where nobody asked for more.
    pub deep: ValueHash,
    /// The value where it is a number, or the position where it is an iterator with one.
    pub number: Option<f64>,
    /// Attributes of an instance, in the order of its dictionary.
    pub attributes: Vec<Attribute>,
}

impl Value {
    /// Whether the value is true as a condition; `None` where that is not known.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match (&*self.type_name, self.number) {
            ("NoneType", _) => Some(false),
            ("int" | "bool" | "long" | "float", Some(number)) => Some(number != 0.0),
            ("str" | "unicode", _) => Some(self.summary != "''"),
            ("list" | "tuple" | "dict" | "set", _) => Some(!self.summary.ends_with(" of 0")),
            _ => None,
        }
    }
}

/// An attribute of an instance, by value.
#[derive(Clone, PartialEq, Debug)]
pub struct Attribute {
    /// Name.
    pub name: Arc<str>,
    /// Short text.
    pub summary: String,
    /// By value; for anything but an atom only type and length.
    pub hash: ValueHash,
    /// The value where it is a number.
    pub number: Option<f64>,
}

/// A named value of a frame.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    /// Name of a local, a cell or a global, or a path of attributes from one: `row`, `self.done`.
    pub name: Arc<str>,
    /// What it held; `None` where it was unbound or could not be read.
    pub value: Option<Value>,
}
