//! Words for references, roots and paths, without what varies from one object to the next.

use super::fields::Fields;
use crate::{
    BitSet, GenericLabel, HeapSnapshot, Label, NameId, ObjectId, Path, ReferenceKind, ReferenceLabel, Root, RootKind,
    Step, TypeRole,
};

/// Words for references, roots and paths of one snapshot.
#[derive(Debug)]
pub struct Names<'a> {
    snapshot: &'a HeapSnapshot,
    dict_name: Option<NameId>,
    /// Objects that are the `__dict__` of something: the keys are attribute names.
    attribute_dicts: BitSet,
    pub(super) fields: Fields,
}

impl<'a> Names<'a> {
    /// Looks through all references for the dicts that hold attributes.
    #[must_use]
    pub fn new(snapshot: &'a HeapSnapshot) -> Self {
        let dict_name = snapshot.find_name(snapshot.words().own_dict);
        let attribute_dicts = BitSet::with_len(snapshot.len());
        let mut names = Self { snapshot, dict_name, attribute_dicts, fields: Fields::of(snapshot) };
        for (target, label) in snapshot.targets().iter().zip(snapshot.labels()) {
            if names.is_dict_field(*label) {
                names.attribute_dicts.insert(*target);
            }
            names.fields.add_thread_dicts(snapshot, (*target, *label), &mut names.attribute_dicts);
        }
        names
    }

    /// The snapshot they are of.
    #[must_use]
    pub fn snapshot(&self) -> &'a HeapSnapshot {
        self.snapshot
    }

    /// True for a reference from an object, class or module to its `__dict__`.
    #[inline]
    #[must_use]
    pub fn is_dict_field(&self, label: ReferenceLabel) -> bool {
        label.kind() == ReferenceKind::Field && label.name() == self.dict_name && self.dict_name.is_some()
    }

    /// True when `id` is the `__dict__` of something, so that its keys are attribute names.
    #[inline]
    #[must_use]
    pub fn is_attribute_dict(&self, id: ObjectId) -> bool {
        self.attribute_dicts.contains(id)
    }

    /// The attribute that the reference `label` of `from` is, where `from` is the `__dict__` of something.
    fn attribute(&self, from: ObjectId, label: ReferenceLabel) -> Option<NameId> {
        let key = label.key().filter(|_| self.is_attribute_dict(from))?;
        self.snapshot.text_name(key)
    }

    /// The generic label of a reference from `from` to `to`.
    #[must_use]
    pub fn generic(&self, from: ObjectId, to: ObjectId, label: ReferenceLabel) -> GenericLabel {
        match label.kind() {
            ReferenceKind::Field | ReferenceKind::Slot | ReferenceKind::Local => {
                GenericLabel::Name(NameId(label.payload()))
            }
            ReferenceKind::Value => self.attribute(from, label).map_or(GenericLabel::Index, GenericLabel::Name),
            ReferenceKind::Item => GenericLabel::Index,
            ReferenceKind::Key => GenericLabel::Key,
            ReferenceKind::Member => GenericLabel::Member,
            ReferenceKind::Stack => GenericLabel::Stack,
            ReferenceKind::Type => GenericLabel::Type,
            ReferenceKind::Conservative => GenericLabel::To(self.snapshot.type_id(to)),
            ReferenceKind::Weak => GenericLabel::Weak,
        }
    }

    /// A generic label with its name written out: `_field_cache`, `[x]`, `key`.
    #[must_use]
    pub fn label(&self, label: GenericLabel) -> Label {
        match label {
            GenericLabel::Name(name) => Label::Name(self.snapshot.name(name).into()),
            GenericLabel::Index => Label::Index,
            GenericLabel::Key => Label::Key,
            GenericLabel::Member => Label::Member,
            GenericLabel::Stack => Label::Stack,
            GenericLabel::Type => Label::Type,
            GenericLabel::Closure(name) => Label::Closure(self.snapshot.name(name).into()),
            GenericLabel::Default(name) => Label::Default(self.snapshot.name(name).into()),
            GenericLabel::To(type_id) => {
                let info = self.snapshot.types().get(type_id.0 as usize);
                Label::To(info.map_or_else(|| "?".into(), |info| info.qualified_name().into()))
            }
            GenericLabel::Weak => Label::Weak,
        }
    }

    /// A root with its name written out: `module model`, `frame main`, `gc.garbage`.
    #[must_use]
    pub fn root(&self, root: &Root) -> Label {
        // There is one of each of these; what is said of it besides is no part of what it is called.
        let is_one =
            matches!(root.kind, RootKind::GcGarbage | RootKind::Interned | RootKind::TypeCache | RootKind::Unaccounted);
        let name = root.name.filter(|_| !is_one);
        Label::Root(root.kind, name.map(|name| self.snapshot.name(name).into()))
    }

    /// The path as a Python expression, as far as there is one: `modules['model'].DBModel._field_cache.keys()[1999]`.
    /// Of a step that repeats many times only the first are written out, and how many more there are.
    #[must_use]
    pub fn expression(&self, path: &Path) -> String {
        let root = &path.root;
        let name = root.name.map_or("?", |name| self.snapshot.name(name));
        let mut text = match root.kind {
            RootKind::Module => format!("modules['{name}']"),
            RootKind::StaticType | RootKind::Interpreter => name.to_owned(),
            RootKind::GcGarbage => "gc.garbage".to_owned(),
            _ => format!("<{}>", self.root(root)),
        };
        let mut last = String::new();
        let mut repeats = 0;
        for (index, step) in path.steps.iter().enumerate() {
            let next = path.steps.get(index + 1);
            let attribute_next = next.is_some_and(|next| self.attribute(next.from, next.label).is_some());
            if self.is_dict_field(step.label) && attribute_next {
                continue;
            }
            let words = self.step(step, index > 0);
            repeats = if words == last { repeats + 1 } else { 0 };
            if repeats == 0 {
                last = words;
            }
            if repeats < REPEATS_MAX {
                if step.label.kind() == ReferenceKind::Member {
                    text = format!("list({text})");
                }
                text.push_str(&last);
            } else if next.is_none_or(|_| !self.repeats_after(path, index, &last)) {
                text.push_str(&format!(".<{} more>", repeats + 1 - REPEATS_MAX));
            }
        }
        text
    }

    /// True when the step after `index`, not counting the one into a `__dict__`, reads `words` too.
    fn repeats_after(&self, path: &Path, index: usize, words: &str) -> bool {
        let mut after = path.steps.iter().skip(index + 1);
        let Some(mut step) = after.next() else { return false };
        if self.is_dict_field(step.label)
            && let Some(next) = after.next()
            && self.attribute(next.from, next.label).is_some()
        {
            step = next;
        }
        self.step(step, true) == words
    }

    /// One step of an expression. A value of a `__dict__` is an attribute only when the path came through its owner.
    fn step(&self, step: &Step, through_owner: bool) -> String {
        let payload = step.label.payload();
        let rank = || {
            let same = |other: &ReferenceLabel| other.kind() == step.label.kind();
            let all = self.snapshot.references_of(step.from).filter(|(_, label)| same(label));
            all.take_while(|found| *found != (step.to, step.label)).count()
        };
        match step.label.kind() {
            ReferenceKind::Field | ReferenceKind::Slot => format!(".{}", self.snapshot.name(NameId(payload))),
            ReferenceKind::Local => {
                format!(".{}['{}']", self.snapshot.words().locals, self.snapshot.name(NameId(payload)))
            }
            ReferenceKind::Item => format!("[{payload}]"),
            ReferenceKind::Key => format!(".keys()[{}]", rank()),
            ReferenceKind::Value => match self.attribute(step.from, step.label).map(|name| self.snapshot.name(name)) {
                Some(name) if through_owner && is_identifier(name) => format!(".{name}"),
                Some(name) if through_owner => {
                    format!(".{}['{}']", self.snapshot.words().own_dict, name.escape_default())
                }
                _ => match step.label.key().and_then(|key| self.key_text(key)) {
                    Some(key) => format!("[{key}]"),
                    None => format!(".values()[{}]", rank()),
                },
            },
            ReferenceKind::Member => format!("[{}]", rank()),
            ReferenceKind::Stack => format!(".<stack {payload}>"),
            ReferenceKind::Type => format!(".{}", self.snapshot.words().class),
            ReferenceKind::Conservative => format!(".<word {payload:#x}>"),
            ReferenceKind::Weak => "()".into(),
        }
    }

    /// A key as it is written: strings quoted, numbers bare.
    fn key_text(&self, key: ObjectId) -> Option<String> {
        let text = self.snapshot.text(key)?;
        let quoted = self.snapshot.role(key) == TypeRole::Text;
        Some(if quoted { format!("'{}'", text.escape_default()) } else { text.to_owned() })
    }
}

/// How often a step is written out before the rest is counted.
const REPEATS_MAX: usize = 8;

fn is_identifier(text: &str) -> bool {
    let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.chars().all(word) && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use crate::testing::model_heap;
    use crate::{Label, PathFinder, PathTree};

    #[test]
    fn the_talks_leak_is_named_as_a_person_would() {
        let (heap, ids) = model_heap();
        let finder = PathFinder::new(&heap);
        let labels = |id| Label::join(&finder.labels_to(id).unwrap(), " → ");
        let expression = |id| finder.expression_to(id).unwrap();
        assert_eq!(labels(ids["row_class_7"]), "module model → DBModel → _field_cache → key");
        assert_eq!(expression(ids["row_class_7"]), "modules['model'].DBModel._field_cache.keys()[7]");
        assert_eq!(labels(ids["info_7"]), "module model → DBModel → _field_cache → [x]");
        assert_eq!(expression(ids["info_7"]), "modules['model'].DBModel._field_cache.values()[7]");
        assert_eq!(labels(ids["module_dict"]), "module model → its_dict");
        assert_eq!(expression(ids["module_dict"]), "modules['model'].its_dict");
        assert_eq!(labels(ids["entry"]), "module model → table → [x]");
        assert_eq!(expression(ids["entry"]), "modules['model'].table['day one']");
        assert_eq!(expression(ids["odd"]), "modules['model'].its_dict['not a name']");
        assert_eq!(expression(ids["node_3"]), "modules['model'].head.next.next.next");
        assert_eq!(labels(ids["node_3"]), "module model → head → next");
    }

    #[test]
    fn a_long_list_is_counted_not_written_out() {
        let (heap, ids) = crate::testing::model_heap_of(1, 500);
        let finder = PathFinder::new(&heap);
        let expression = |id| finder.expression_to(id).unwrap();
        let eight = ".next".repeat(8);
        assert_eq!(expression(ids["node_8"]), format!("modules['model'].head{eight}"));
        assert_eq!(expression(ids["node_499"]), format!("modules['model'].head{eight}.<491 more>"));
        let dict = format!("dict of {}", ids["node_400"].0);
        assert_eq!(expression(ids[&dict]), format!("modules['model'].head{eight}.<392 more>.its_dict"));
        assert_eq!(Label::join(&finder.labels_to(ids["node_499"]).unwrap(), " → "), "module model → head → next");
    }

    #[test]
    fn a_type_pointer_is_a_detour_not_a_way() {
        let (heap, ids) = model_heap();
        let finder = PathFinder::new(&heap);
        // `DBModel` is also the type of `early`, a shorter way by count of references.
        assert_eq!(finder.expression_to(ids["model_class"]).unwrap(), "modules['model'].DBModel");
        assert_eq!(finder.expression_to(ids["node_class"]).unwrap(), "modules['model'].head.its_class");
    }

    #[test]
    fn what_is_excluded_is_no_way() {
        let (heap, ids) = model_heap();
        let exclude = [ids["node_1"]].into_iter().collect();
        let finder = PathFinder::with_tree(&heap, PathTree::build(&heap, Some(&exclude)));
        assert!(finder.path_to(ids["node_0"]).is_some());
        assert!(finder.path_to(ids["node_1"]).is_none());
        assert!(finder.path_to(ids["node_3"]).is_none());
    }
}
