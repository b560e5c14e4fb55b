//! What registrations are there to call: timed calls, observers, callbacks of Deferreds, hooks, bound methods.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{CALL_ASKED_IN_VAIN_MAX, CALL_ASKED_MAX, CALL_STEPS_MAX, CallWords, QUALIFIED_PARTS_MAX};
use super::shapes::{Callee, Source};
use super::sources::{Qualified, Sources};
use crate::{HeapSnapshot, Names, ObjectId, ReferenceKind, ShapeColumn, ShapeNode, TypeRole};

/// Whether objects of such types are asked nothing: they are no registrations, and many.
const fn is_asked_nothing(role: TypeRole) -> bool {
    use TypeRole::{Class, Code, Dict, Frame, Integer, Module, Plain, Text};
    matches!(role, Plain | Text | Integer | Dict | Class | Module | Frame | Code)
}

/// What objects of one shape answered.
#[derive(Clone, Default)]
struct Asked {
    count: u32,
    found: BTreeMap<Callee, u32>,
    in_vain: Vec<ObjectId>,
}

/// Whether two objects are of the same type, by its name: classes may be made anew for each request.
fn is_of(snapshot: &HeapSnapshot, id: ObjectId, other: ObjectId) -> bool {
    let same_name = || snapshot.type_of(id).qualified_name() == snapshot.type_of(other).qualified_name();
    snapshot.type_id(id) == snapshot.type_id(other) || (snapshot.role(id) == snapshot.role(other) && same_name())
}

/// Puts with every shape what the source says of its objects.
pub(super) fn add_sources(nodes: &mut [ShapeNode], column: &ShapeColumn, names: &Names<'_>, known: CallWords) {
    let sources = Sources::new(names, known);
    let mut asked: Vec<Asked> = vec![Asked::default(); nodes.len()];
    let mut arguments: BTreeSet<ObjectId> = BTreeSet::new();
    for id in names.snapshot().ids() {
        let Some(shape) = column.shape_of(id) else { continue };
        // What lies between an owner and its variable has the owner's shape, and is no registration: a closure's cells.
        if !is_of(names.snapshot(), id, nodes[shape].example) {
            continue;
        }
        let asked = &mut asked[shape];
        let most = if asked.found.is_empty() { CALL_ASKED_IN_VAIN_MAX } else { CALL_ASKED_MAX };
        if asked.count >= most || is_asked_nothing(sources.role(id)) {
            continue;
        }
        asked.count += 1;
        match sources.callee(id, CALL_STEPS_MAX) {
            Some(callee) => {
                *asked.found.entry(callee).or_default() += 1;
                sources.add_tuples_below(id, CALL_STEPS_MAX, &mut arguments);
            }
            None => asked.in_vain.push(id),
        }
    }
    for (node, asked) in nodes.iter_mut().zip(asked).skip(1) {
        let is_unaccounted = node.depth == 1;
        // Tuples of arguments in the tuple of a call have the same shape as that, and call nothing.
        let count = asked.count - asked.in_vain.iter().filter(|id| arguments.contains(id)).count() as u32;
        let most = asked.found.into_iter().max_by_key(|(callee, times)| (*times, std::cmp::Reverse(callee.clone())));
        let callee = most.filter(|(_, times)| times * 2 > count).map(|(callee, _)| callee);
        let sample = is_unaccounted.then(|| sources.sample(node.example).into());
        let source = Source { callee, sample, ..sources.source_of(node.example) };
        if source != Source::default() {
            node.source = Some(Box::new(source));
        }
    }
}

impl Sources<'_, '_> {
    /// Tuples in a tuple, and tuples in these.
    fn add_tuples_below(&self, id: ObjectId, steps: u32, found: &mut BTreeSet<ObjectId>) {
        let Some(steps) = steps.checked_sub(1) else { return };
        for item in self.items(id).filter(|item| self.role(*item) == TypeRole::Tuple) {
            if found.insert(item) {
                self.add_tuples_below(item, steps, found);
            }
        }
    }

    /// What an object is there to call; `None` for one that is no registration.
    fn callee(&self, id: ObjectId, steps: u32) -> Option<Callee> {
        let steps = steps.checked_sub(1)?;
        let fields = &self.words.function;
        match self.role(id) {
            TypeRole::Function => Some(self.handed_on(id, steps).unwrap_or_else(|| self.function(id))),
            TypeRole::Method => {
                let kept = self.field(id, fields.receiver).filter(|kept| self.hands_on(*kept));
                let inner = kept.and_then(|kept| self.kept(kept, steps));
                inner.or_else(|| self.field(id, fields.function).map(|function| self.function(function)))
            }
            TypeRole::Partial => self.callee(self.field(id, fields.called)?, steps),
            TypeRole::Generator => self.generator(id),
            TypeRole::Tuple => self.items(id).take(2).find_map(|item| self.callee(item, steps)),
            role if is_asked_nothing(role) || role == TypeRole::List => None,
            _ => self.kept(id, steps),
        }
    }

    /// What an instance keeps in order to call it.
    fn kept(&self, id: ObjectId, steps: u32) -> Option<Callee> {
        let steps = steps.checked_sub(1)?;
        let called = self
            .known
            .called
            .iter()
            .filter_map(|word| self.attribute(id, word))
            .find_map(|kept| self.callee(kept, steps));
        let mut in_turn = self.known.in_turn.iter().filter_map(|word| self.attribute(id, word));
        called.or_else(|| in_turn.find_map(|chain| self.items(chain).find_map(|entry| self.callee(entry, steps))))
    }

    /// Of a function that only hands on, what it calls: a generator or a callback in its closure.
    fn handed_on(&self, function: ObjectId, steps: u32) -> Option<Callee> {
        let fields = &self.words.function;
        let closure = self.field(function, fields.closure)?;
        let contents: Vec<ObjectId> =
            self.items(closure).filter_map(|cell| self.field(cell, fields.contents)).collect();
        let generator = contents.iter().find(|id| self.role(**id) == TypeRole::Generator);
        if let Some(found) = generator.and_then(|generator| self.generator(*generator)) {
            return Some(found);
        }
        let code = self.names.code_of(function)?;
        let file = self.snapshot.site(code).map(|site| self.snapshot.name(site.file))?;
        let is_framework = self.known.hands_on.iter().any(|package| file.contains(&format!("/{package}/")));
        contents.into_iter().filter(|_| is_framework).find_map(|kept| self.callee(kept, steps))
    }

    fn hands_on(&self, id: ObjectId) -> bool {
        let module = self.snapshot.type_of(id).module.as_deref();
        let package = module.map(|module| module.split('.').next().unwrap_or(module));
        package.is_some_and(|package| self.known.hands_on.contains(&package))
    }

    fn function(&self, function: ObjectId) -> Callee {
        let code = self.names.code_of(function);
        let site = code.and_then(|code| self.snapshot.site(code));
        Callee {
            name: code.map_or_else(|| "?".into(), |code| self.qualified_name(code).into()),
            written: site.map(|site| self.written(site)),
        }
    }

    /// A generator, and the line at which it waits.
    fn generator(&self, id: ObjectId) -> Option<Callee> {
        let fields = &self.words.function;
        let code = self.field(id, fields.generator_code)?;
        let frame = self.field(id, fields.generator_frame).and_then(|frame| self.snapshot.site(frame));
        let site = frame.or_else(|| self.snapshot.site(code))?;
        Some(Callee { name: self.qualified_name(code).into(), written: Some(self.written(site)) })
    }

    /// `Class.method`, `outer.inner`.
    fn qualified_name(&self, code: ObjectId) -> String {
        let qualified = self.qualified.get_or_init(|| self.qualify());
        let mut parts = Vec::new();
        let mut at = Some(code);
        while let Some(code) = at.filter(|_| parts.len() < QUALIFIED_PARTS_MAX) {
            let name = self.field(code, self.words.code.name).and_then(|name| self.snapshot.text(name));
            parts.push(name.unwrap_or("?").to_owned());
            parts.extend(qualified.classes.get(&code).cloned());
            at = qualified.outer.get(&code).copied().filter(|_| !qualified.classes.contains_key(&code));
        }
        parts.reverse();
        parts.join(".")
    }

    fn qualify(&self) -> Qualified {
        let mut qualified = Qualified::default();
        for id in self.snapshot.ids() {
            match self.role(id) {
                TypeRole::Code => {
                    let constants = self.field(id, self.words.code.constants);
                    let inner = constants.into_iter().flat_map(|constants| self.items(constants));
                    let inner: Vec<ObjectId> = inner.filter(|inner| self.role(*inner) == TypeRole::Code).collect();
                    // A module's functions need no prefix.
                    let name = self.field(id, self.words.code.name).and_then(|name| self.snapshot.text(name));
                    if name != Some(self.words.code.of_module) {
                        qualified.outer.extend(inner.into_iter().map(|inner| (inner, id)));
                    }
                }
                TypeRole::OldClass => {
                    let name =
                        self.field(id, self.words.class_name).and_then(|name| self.snapshot.text(name)).unwrap_or("?");
                    self.add_methods(&mut qualified, id, name);
                }
                _ => {}
            }
        }
        for info in self.snapshot.types().iter().filter(|info| info.is_heap_type) {
            if let Some(class) = info.object {
                self.add_methods(&mut qualified, class, &info.name);
            }
        }
        qualified
    }

    fn add_methods(&self, qualified: &mut Qualified, class: ObjectId, name: &str) {
        let Some(dict) = self.field(class, self.words.own_dict) else { return };
        for (value, label) in self.snapshot.references_of(dict) {
            if label.kind() == ReferenceKind::Value
                && let Some(code) = self.function_in(value).and_then(|function| self.names.code_of(function))
            {
                qualified.classes.entry(code).or_insert_with(|| name.to_owned());
            }
        }
    }
}
