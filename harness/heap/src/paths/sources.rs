//! What the source says of objects: where they are written, what they are there to call, and what they look like.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use super::rules::CallWords;
use super::shapes::{Source, Written};
use crate::{FunctionFields, HeapSnapshot, NameId, Names, ObjectId, ReferenceKind, SeriesWords, Site, TypeRole};

/// Parts of an object that a sample tells.
const SAMPLE_MAX: usize = 6;

/// Who defines each function.
#[derive(Debug, Default)]
pub(super) struct Qualified {
    /// The class by its method's code.
    pub(super) classes: HashMap<ObjectId, String>,
    /// The function around a function, by their codes.
    pub(super) outer: HashMap<ObjectId, ObjectId>,
}

/// The fields that are looked up by their names.
fn fields_asked_for(words: &SeriesWords) -> impl Iterator<Item = &'static str> {
    let FunctionFields { closure, contents, function, receiver, called, generator_code, generator_frame, .. } =
        words.function;
    let wrapped = words.roles.iter().filter_map(|(_, role)| match role {
        TypeRole::Wrapper(field) => Some(*field),
        _ => None,
    });
    [closure, contents, function, receiver, called, generator_code, generator_frame]
        .into_iter()
        .chain([words.own_dict, words.class, words.class_name, words.code.name, words.code.constants])
        .chain(wrapped)
}

/// Looks up what the source says of objects of one snapshot.
pub(super) struct Sources<'n, 'a> {
    pub(super) names: &'n Names<'a>,
    pub(super) snapshot: &'a HeapSnapshot,
    pub(super) words: &'a SeriesWords,
    ids: HashMap<&'static str, NameId>,
    classes: RefCell<HashMap<ObjectId, Option<Site>>>,
    pub(super) qualified: OnceCell<Qualified>,
    /// Names that registrations are known by.
    pub(super) known: CallWords,
}

impl<'n, 'a> Sources<'n, 'a> {
    pub(super) fn new(names: &'n Names<'a>, known: CallWords) -> Self {
        let snapshot = names.snapshot();
        let words = snapshot.words();
        let attributes = known.called.iter().chain(known.in_turn).copied();
        let mut ids: HashMap<&'static str, Option<NameId>> = fields_asked_for(words)
            .chain(attributes)
            .filter(|word| !word.is_empty())
            .map(|word| (word, None))
            .collect();
        for (index, name) in snapshot.names().iter().enumerate() {
            if let Some(id) = ids.get_mut(&**name) {
                *id = Some(NameId(index as u32));
            }
        }
        let ids = ids.into_iter().filter_map(|(word, id)| Some((word, id?))).collect();
        Self { names, snapshot, words, ids, classes: RefCell::default(), qualified: OnceCell::new(), known }
    }

    pub(super) fn role(&self, id: ObjectId) -> TypeRole {
        self.snapshot.role(id)
    }

    /// What a field of a structure refers to.
    pub(super) fn field(&self, id: ObjectId, word: &str) -> Option<ObjectId> {
        self.names.field(id, Some(*self.ids.get(word)?))
    }

    /// An attribute of an instance, in its dict or in a slot.
    pub(super) fn attribute(&self, id: ObjectId, word: &str) -> Option<ObjectId> {
        let name = *self.ids.get(word)?;
        let mut slots = self.snapshot.references_of(id);
        let slot = slots.find(|(_, label)| label.kind() == ReferenceKind::Slot && label.name() == Some(name));
        slot.map(|(to, _)| to).or_else(|| {
            let dict = self.field(id, self.words.own_dict)?;
            let mut entries = self.snapshot.references_of(dict);
            let is_meant = |key: Option<ObjectId>| key.and_then(|key| self.snapshot.text_name(key)) == Some(name);
            entries.find(|(_, label)| is_meant(label.key())).map(|(to, _)| to)
        })
    }

    /// The items of a tuple or list.
    pub(super) fn items(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> + '_ {
        let references = self.snapshot.references_of(id);
        references.filter(|(_, label)| label.kind() == ReferenceKind::Item).map(|(to, _)| to)
    }

    pub(super) fn written(&self, site: Site) -> Written {
        Written { file: self.snapshot.name(site.file).into(), line: site.line }
    }

    /// Where the object is written: itself, or its class.
    pub(super) fn source_of(&self, id: ObjectId) -> Source {
        let fields = &self.words.function;
        let site = match self.role(id) {
            TypeRole::Module | TypeRole::Code | TypeRole::Frame => self.snapshot.site(id),
            TypeRole::Function => self.names.code_of(id).and_then(|code| self.snapshot.site(code)),
            TypeRole::Method => self.field(id, fields.function).and_then(|function| self.function_site(function)),
            TypeRole::Generator => self.field(id, fields.generator_code).and_then(|code| self.snapshot.site(code)),
            TypeRole::Class | TypeRole::OldClass => self.class_site(id),
            _ => self.class_of(id).and_then(|class| self.class_site(class)),
        };
        Source { written: site.map(|site| self.written(site)), ..Source::default() }
    }

    /// The class object of an instance that was made by a `class` statement.
    pub(super) fn class_of(&self, id: ObjectId) -> Option<ObjectId> {
        let info = self.snapshot.type_of(id);
        match info.object {
            Some(class) => Some(class).filter(|_| info.is_heap_type),
            None => self.field(id, self.words.class),
        }
    }

    fn function_site(&self, function: ObjectId) -> Option<Site> {
        self.snapshot.site(self.names.code_of(function)?)
    }

    /// The function that a value of a class's dict is or wraps.
    pub(super) fn function_in(&self, value: ObjectId) -> Option<ObjectId> {
        match self.role(value) {
            TypeRole::Function => Some(value),
            TypeRole::Wrapper(field) => self.field(value, field),
            _ => None,
        }
    }

    /// Where a class is written: at its first method.
    fn class_site(&self, class: ObjectId) -> Option<Site> {
        if let Some(known) = self.classes.borrow().get(&class) {
            return *known;
        }
        let sites = self.field(class, self.words.own_dict).into_iter().flat_map(|dict| {
            let values = self.snapshot.references_of(dict).filter(|(_, label)| label.kind() == ReferenceKind::Value);
            values.filter_map(|(value, _)| self.function_site(self.function_in(value)?))
        });
        let first = sites.min_by_key(|site| (site.line, self.snapshot.name(site.file)));
        self.classes.borrow_mut().insert(class, first);
        first
    }

    /// An object in a few words: `{'id': int, 'name': str}`, `[dict, dict]`, its type.
    pub(super) fn sample(&self, id: ObjectId) -> String {
        let type_name = self.snapshot.type_of(id).qualified_name();
        let short = |id: ObjectId| match self.snapshot.text(id) {
            Some(text) if text.len() <= 40 && self.role(id) == TypeRole::Text => {
                format!("'{}'", text.escape_default())
            }
            Some(text) if self.role(id) == TypeRole::Integer => text.to_owned(),
            _ => format!("<{}>", self.snapshot.type_of(id).qualified_name()),
        };
        let mut parts: Vec<String> = Vec::new();
        let is_part = |kind| matches!(kind, ReferenceKind::Item | ReferenceKind::Value | ReferenceKind::Member);
        let dict = self.field(id, self.words.own_dict).unwrap_or(id);
        let all = || self.snapshot.references_of(dict).filter(|(_, label)| is_part(label.kind()));
        let count = all().count();
        for (to, label) in all().take(SAMPLE_MAX) {
            parts.push(match label.key().filter(|key| key.index() < self.snapshot.len()) {
                Some(key) => format!("{}: {}", short(key), short(to)),
                None => short(to),
            });
        }
        if count > SAMPLE_MAX {
            parts.push(format!("{} more", count - SAMPLE_MAX));
        }
        let inside = parts.join(", ");
        match self.role(id) {
            TypeRole::Dict => format!("{{{inside}}}"),
            TypeRole::List => format!("[{inside}]"),
            TypeRole::Tuple => format!("({inside})"),
            _ if inside.is_empty() => short(id),
            _ => format!("{type_name}({inside})"),
        }
    }
}
