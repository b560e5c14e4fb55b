//! What CPython 2.7 calls the types and fields that paths and sources are told by.

use bloathound_heap::{ClassFields, CodeFields, Finalizing, FunctionFields, SeriesWords, Traversal, TypeRole};

/// See the head of this file.
pub(super) const WORDS: SeriesWords = SeriesWords {
    roles: &[
        ("str", TypeRole::Text),
        ("unicode", TypeRole::Text),
        ("int", TypeRole::Integer),
        ("long", TypeRole::Plain),
        ("float", TypeRole::Plain),
        ("bool", TypeRole::Plain),
        ("NoneType", TypeRole::Plain),
        ("dict", TypeRole::Dict),
        ("list", TypeRole::List),
        ("tuple", TypeRole::Tuple),
        ("module", TypeRole::Module),
        ("type", TypeRole::Class),
        ("classobj", TypeRole::OldClass),
        ("function", TypeRole::Function),
        ("instancemethod", TypeRole::Method),
        ("partial", TypeRole::Partial),
        ("generator", TypeRole::Generator),
        ("cell", TypeRole::Cell),
        ("code", TypeRole::Code),
        ("frame", TypeRole::Frame),
        ("staticmethod", TypeRole::Wrapper("__func__")),
        ("classmethod", TypeRole::Wrapper("__func__")),
        ("property", TypeRole::Wrapper("fget")),
    ],
    own_dict: "__dict__",
    class: "__class__",
    class_name: "__name__",
    thread_dicts: "dummies",
    locals: "f_locals",
    function: FunctionFields {
        code: "func_code",
        closure: "func_closure",
        defaults: "func_defaults",
        contents: "cell_contents",
        function: "im_func",
        receiver: "im_self",
        called: "func",
        generator_code: "gi_code",
        generator_frame: "gi_frame",
        frame_code: "f_code",
        caller: "f_back",
    },
    code: CodeFields {
        name: "co_name",
        constants: "co_consts",
        free_variables: "co_freevars",
        variables: "co_varnames",
        of_module: "<module>",
    },
    bookkeeping: &[
        "__base__",
        "__bases__",
        "__class__",
        "__mro__",
        "__objclass__",
        "__self_class__",
        "__subclasses__",
        "__thisclass__",
        "callback",
        "f_back",
        "f_builtins",
        "f_globals",
        "func_globals",
        "im_class",
        "tb_frame",
        "tp_cache",
    ],
    builtin_module: super::types::TYPES.builtin_module,
    // `tp_traverse` in `Objects/*.c` and `Modules/_collectionsmodule.c`.
    traversals: &[
        ("__builtin__", "dict", Traversal::Pairs),
        ("__builtin__", "list", Traversal::Backwards),
        ("__builtin__", "tuple", Traversal::Backwards),
        ("collections", "deque", Traversal::Forwards),
        ("__builtin__", "set", Traversal::Members),
        ("__builtin__", "frozenset", Traversal::Members),
        ("__builtin__", "instance", Traversal::Namespace(&["__class__"])),
        ("__builtin__", "type", Traversal::Class),
        ("__builtin__", "module", Traversal::Namespace(&[])),
        ("__builtin__", "classobj", Traversal::Namespace(&[])),
        ("__builtin__", "function", Traversal::Fields(&["func_code", "func_globals"])),
        ("__builtin__", "instancemethod", Traversal::AllFields(&["im_func", "im_self", "im_class"])),
        ("__builtin__", "cell", Traversal::Fields(&["cell_contents"])),
    ],
    class_fields: ClassFields { cache: "tp_cache", order: "__mro__", bases: "__bases__", base: "__base__" },
    finalizing: Finalizing::KeepsCycles,
};

#[cfg(test)]
mod tests {
    use super::super::types::TYPES;
    use super::*;

    /// What is told by a field that nobody reads would never be told.
    #[test]
    fn the_words_are_names_of_fields_that_are_read() {
        let has = |name: &str, field: &str| {
            let mut of_type = TYPES.fixed.iter().filter(|(known, ..)| *known == name);
            of_type.any(|(.., fields)| fields.iter().any(|(_, known, _)| *known == field))
        };
        let FunctionFields { code, closure, defaults, contents, function, receiver, called, .. } = WORDS.function;
        let of_functions = [code, closure, defaults].map(|field| ("function", field));
        let of_methods = [function, receiver].map(|field| ("instancemethod", field));
        let of_generators =
            [WORDS.function.generator_code, WORDS.function.generator_frame].map(|field| ("generator", field));
        let CodeFields { name, constants, free_variables, variables, .. } = WORDS.code;
        let of_code = [name, constants, free_variables, variables].map(|field| ("code", field));
        let others = [
            ("cell", contents),
            ("functools.partial", called),
            ("instance", WORDS.class),
            ("instance", WORDS.own_dict),
            ("classobj", WORDS.class_name),
            ("thread._local", WORDS.thread_dicts),
        ];
        for (name, field) in
            of_functions.into_iter().chain(of_methods).chain(of_generators).chain(of_code).chain(others)
        {
            assert!(has(name, field), "{name} has no {field}");
        }
        for (name, role) in WORDS.roles {
            if let TypeRole::Wrapper(field) = role {
                assert!(has(name, field), "{name} has no {field}");
            }
        }
        for (_, name, traversal) in WORDS.traversals {
            if let Traversal::Fields(fields) | Traversal::AllFields(fields) | Traversal::Namespace(fields) = traversal {
                assert!(fields.iter().all(|field| has(name, field)), "{name} has not {fields:?}");
            }
        }
        let class = WORDS.class_fields;
        for field in [class.cache, class.order, class.bases, class.base, WORDS.own_dict] {
            assert!(TYPES.type_fields.iter().any(|(_, known, _)| *known == field), "classes have no {field}");
        }
        assert!(TYPES.frame_fields.iter().any(|(_, known)| *known == WORDS.locals));
    }
}
