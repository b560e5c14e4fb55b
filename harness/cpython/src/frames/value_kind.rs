//! What the values of rules call what this interpreter calls by its types.

use bloathound_profile::ValueKind;

use super::types::{Kind, TypeInfo};

/// The kind of the instances of a type. By the type itself, not by what it is derived from: a class may behave in its
/// own way.
pub(super) fn value_kind(info: &TypeInfo) -> ValueKind {
    match (info.kind, &*info.name) {
        (Kind::None, _) => ValueKind::None,
        (Kind::Int, "bool") => ValueKind::Bool,
        (Kind::Int, "int") => ValueKind::Int,
        (Kind::Long, "long") => ValueKind::Long,
        (Kind::Float, _) => ValueKind::Float,
        (Kind::Str, "str") => ValueKind::Str,
        (Kind::Unicode, "unicode") => ValueKind::Unicode,
        (Kind::List, "list") => ValueKind::List,
        (Kind::Tuple, "tuple") => ValueKind::Tuple,
        (Kind::Dict, "dict") => ValueKind::Dict,
        (Kind::Set, "set") => ValueKind::Set,
        (Kind::Set, "frozenset") => ValueKind::FrozenSet,
        (Kind::Iterator(_), _) => ValueKind::Iterator,
        (Kind::Generator, _) => ValueKind::Generator,
        (Kind::Cell, _) => ValueKind::Cell,
        (Kind::Function, _) => ValueKind::Function,
        (Kind::Builtin, _) => ValueKind::Builtin,
        (Kind::Method, _) => ValueKind::Method,
        (Kind::MethodDescriptor, "method_descriptor") => ValueKind::MethodDescriptor,
        (Kind::Fixed, "type" | "classobj") => ValueKind::Class,
        (Kind::Module, _) => ValueKind::Module,
        (Kind::File, _) => ValueKind::File,
        (Kind::Other, name) if name.starts_with("itertools.") => ValueKind::Itertools,
        (Kind::MethodDescriptor | Kind::Fixed, _) => ValueKind::Other,
        _ => ValueKind::Instance,
    }
}
