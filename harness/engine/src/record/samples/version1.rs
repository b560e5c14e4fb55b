//! Samples of before: their values have a type and a text, and what rules go by is told from these, here and nowhere
//! else.

use bloathound_profile::{Value, ValueKind};

/// Gives a value what its version did not store.
pub(super) fn complete(value: &mut Value) {
    value.kind = kind(&value.type_name);
    value.is_quote = is_quote(&value.summary);
    value.length = length(&value.summary);
    value.c_function = value.summary.strip_prefix("builtin_function_or_method ").map(Into::into);
    for attribute in &mut value.attributes {
        attribute.is_quote = is_quote(&attribute.summary);
        attribute.length = length(&attribute.summary);
    }
}

/// Gives a value of whichever version its class, where it has none and its type doesn't say it.
pub(super) fn name_class(value: &mut Value) {
    if value.class_name.is_none() && &*value.type_name == "instance" {
        value.class_name = Some(value.summary.strip_suffix(" instance").unwrap_or_default().into());
    }
}

fn kind(type_name: &str) -> ValueKind {
    match type_name {
        "NoneType" => ValueKind::None,
        "bool" => ValueKind::Bool,
        "int" => ValueKind::Int,
        "long" => ValueKind::Long,
        "float" => ValueKind::Float,
        "str" => ValueKind::Str,
        "unicode" => ValueKind::Unicode,
        "list" => ValueKind::List,
        "tuple" => ValueKind::Tuple,
        "dict" => ValueKind::Dict,
        "set" => ValueKind::Set,
        "frozenset" => ValueKind::FrozenSet,
        "generator" => ValueKind::Generator,
        "cell" => ValueKind::Cell,
        "function" => ValueKind::Function,
        "builtin_function_or_method" => ValueKind::Builtin,
        "instancemethod" => ValueKind::Method,
        "method_descriptor" => ValueKind::MethodDescriptor,
        "type" | "classobj" => ValueKind::Class,
        "module" => ValueKind::Module,
        "file" => ValueKind::File,
        name if name.starts_with("itertools.") => ValueKind::Itertools,
        name if name.ends_with("iterator") => ValueKind::Iterator,
        _ => ValueKind::Instance,
    }
}

/// Texts are the only summaries that begin with a quote: `'text'`, or `'begin…' (40 characters)`.
fn is_quote(summary: &str) -> bool {
    summary.starts_with('\'')
}

/// Characters of a text, items of `list of 3`.
fn length(summary: &str) -> Option<u64> {
    let Some(text) = summary.strip_prefix('\'') else {
        return summary.rsplit_once(" of ")?.1.parse().ok();
    };
    let whole = text.strip_suffix(" characters)").and_then(|text| text.rsplit_once("…' (")?.1.parse().ok());
    whole.or_else(|| Some(text.strip_suffix('\'')?.chars().count() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_from_texts() {
        for (summary, expected) in [
            ("'hunter2'", Some(7)),
            ("''", Some(0)),
            ("'it's'", Some(4)),
            ("'pässword is at the door…' (40 characters)", Some(40)),
            ("list of 0", Some(0)),
            ("dict of 12", Some(12)),
            ("17", None),
            ("Page instance", None),
        ] {
            assert_eq!(length(summary), expected, "{summary}");
        }
    }

    #[test]
    fn a_value_of_the_first_version_is_completed() {
        let mut value = Value {
            type_name: "builtin_function_or_method".into(),
            summary: "builtin_function_or_method time".into(),
            ..Value::default()
        };
        complete(&mut value);
        assert_eq!((value.kind, value.c_function.as_deref()), (ValueKind::Builtin, Some("time")));
    }

    #[test]
    fn an_instance_without_a_class_of_its_own_is_given_the_one_that_its_text_has() {
        let named = |type_name: &str, summary: &str| {
            let mut value = Value { type_name: type_name.into(), summary: summary.into(), ..Value::default() };
            name_class(&mut value);
            value.class().map(str::to_owned)
        };
        assert_eq!(named("instance", "Tail instance").as_deref(), Some("Tail"));
        assert_eq!(named("instance", "instance"), None);
        assert_eq!(named("shop.Tail", "shop.Tail instance").as_deref(), Some("Tail"));
    }
}
