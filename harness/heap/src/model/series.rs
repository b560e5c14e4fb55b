//! What a series of the interpreter calls the types and fields that paths and sources are told by: a table that whoever
//! decodes a heap brings along, so that nothing here names a type or a field of one series.

/// What a type is to whoever tells of its objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TypeRole {
    /// Nothing is known of it: most often a class of the program's.
    #[default]
    Other,
    /// A value that keeps nothing, such as a number that is no [`TypeRole::Integer`].
    Plain,
    /// Text, quoted where it is told.
    Text,
    /// Whole numbers that may be keys by which data are told.
    Integer,
    /// Keys and values.
    Dict,
    /// Items, of which there may be more later.
    List,
    /// Items as they were.
    Tuple,
    /// A module.
    Module,
    /// A class.
    Class,
    /// A class of a sort whose instances share one type, so that its methods are found by itself.
    OldClass,
    /// A function.
    Function,
    /// A function with the object that it is called on.
    Method,
    /// A callable with some of its arguments.
    Partial,
    /// A call that was begun and waits.
    Generator,
    /// What a variable of a closure is kept in.
    Cell,
    /// What a function runs.
    Code,
    /// A call that runs.
    Frame,
    /// Wraps a function of a class, which is in this field.
    Wrapper(&'static str),
}

/// What becomes of unreachable cycles whose objects have finalizers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Finalizing {
    /// They stay: [`crate::TypeInfo::has_finalizer`] is a `__del__`.
    #[default]
    KeepsCycles,
    /// A finalizer runs once, and its cycle goes unless that brought it back (PEP 442). What
    /// [`crate::TypeInfo::has_finalizer`] tells is a `tp_del` in C, the only one that still keeps a cycle.
    RunsOnce,
}

/// In which order the traversal of a built-in type tells what its objects refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Traversal {
    /// Key, value, key, value.
    Pairs,
    /// Items, the last one first.
    Backwards,
    /// Items, the first one first.
    Forwards,
    /// Items without an order.
    Members,
    /// These fields, then others, which only the types of what they lead to tell.
    Fields(&'static [&'static str]),
    /// These fields, where all of them are there; with fewer nobody knows which.
    AllFields(&'static [&'static str]),
    /// These fields, then others, of which a dict is the object's own.
    Namespace(&'static [&'static str]),
    /// A class, by [`ClassFields`].
    Class,
}

/// What the fields of a class are called, as far as the types of what they lead to tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClassFields {
    /// A dict that does not come first.
    pub cache: &'static str,
    /// The first tuple: the order in which classes are searched for an attribute.
    pub order: &'static str,
    /// Another tuple: what it derives from.
    pub bases: &'static str,
    /// Anything else: the one it derives its layout from.
    pub base: &'static str,
}

/// What fields of functions, and of what lies between them and their variables, are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FunctionFields {
    /// From a function to its code.
    pub code: &'static str,
    /// From a function to the tuple of the cells of its closure.
    pub closure: &'static str,
    /// From a function to the tuple of its arguments' default values.
    pub defaults: &'static str,
    /// From a cell to the variable's value.
    pub contents: &'static str,
    /// From a method to its function.
    pub function: &'static str,
    /// From a method to the object that it is called on.
    pub receiver: &'static str,
    /// From a [`TypeRole::Partial`] to what it calls.
    pub called: &'static str,
    /// From a generator to its code.
    pub generator_code: &'static str,
    /// From a generator to the frame in which it waits.
    pub generator_frame: &'static str,
    /// From a frame to its code.
    pub frame_code: &'static str,
    /// From a call to its caller.
    pub caller: &'static str,
}

/// What fields of code are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeFields {
    /// To its name.
    pub name: &'static str,
    /// To the tuple of its constants: the code of functions in it is there.
    pub constants: &'static str,
    /// To the tuple of the names of its closure's variables.
    pub free_variables: &'static str,
    /// To the tuple of the names of its variables, arguments first.
    pub variables: &'static str,
    /// The name of a module's own code.
    pub of_module: &'static str,
}

/// What a series calls the types and fields that paths and sources are told by. Without a word (`""`, an empty list) there
/// is no such field; [`SeriesWords::default`] knows of none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SeriesWords {
    /// What types are, by their names without a module; all others are [`TypeRole::Other`].
    pub roles: &'static [(&'static str, TypeRole)],
    /// From an object to the dict of its attributes.
    pub own_dict: &'static str,
    /// From an object to its class, where its type does not say it.
    pub class: &'static str,
    /// From a class of the old sort to its name.
    pub class_name: &'static str,
    /// From a thread local to the dict that has a dict of attributes for each thread.
    pub thread_dicts: &'static str,
    /// From a frame to its variables, in the way that an expression is written.
    pub locals: &'static str,
    /// Functions and what is around them.
    pub function: FunctionFields,
    /// Code.
    pub code: CodeFields,
    /// Fields that lead everywhere and explain nothing: a path is not told by them while there is another.
    pub bookkeeping: &'static [&'static str],
    /// The module of built-in types, which nobody writes in front of their names.
    pub builtin_module: &'static str,
    /// How built-in types tell their references to who asks the collector: module, type, order.
    pub traversals: &'static [(&'static str, &'static str, Traversal)],
    /// Fields of a class.
    pub class_fields: ClassFields,
    /// What finalizers do to cycles.
    pub finalizing: Finalizing,
}

impl SeriesWords {
    /// What the type of that name is.
    #[must_use]
    pub fn role(&self, type_name: &str) -> TypeRole {
        self.roles.iter().find(|(name, _)| *name == type_name).map_or(TypeRole::Other, |(_, role)| *role)
    }

    /// How the built-in type of that name tells its references; `None` for one that nobody knows.
    #[must_use]
    pub fn traversal(&self, module: &str, type_name: &str) -> Option<Traversal> {
        let is_meant = |row: &&(&str, &str, Traversal)| row.0 == module && row.1 == type_name;
        self.traversals.iter().find(is_meant).map(|(.., traversal)| *traversal)
    }
}
