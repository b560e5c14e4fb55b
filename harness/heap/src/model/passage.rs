//! How a path passes from an owner to its variable: what lies between them says nothing to a person.
//!
//! A variable of a closure is kept in a cell, in a tuple, of a function; an argument's default value in a tuple; an
//! attribute of a thread local in one of several dicts. Each is one step by the variable's name.

use crate::{GenericLabel, Label, NameId, Names, ObjectId, Path, ReferenceKind, ReferenceLabel, TypeId, TypeRole};

/// What lies between an owner and its variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// The tuple of the cells of this function.
    Cells(ObjectId),
    /// The tuple of the default values of this function.
    Defaults(ObjectId),
    /// A cell with the variable that is called so.
    Cell(GenericLabel),
    /// The dict of a thread local with a dict for each thread.
    Threads,
    /// One of these, whose keys are attributes.
    Attributes,
}

/// What a reference is on the way from an owner to its variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// It leads to what lies between.
    Carried(Carrier),
    /// It leads to a value, by this label.
    Labelled(GenericLabel),
}

impl Names<'_> {
    /// The path for people: the root, then one generic label a step. The step into a `__dict__` says nothing and is
    /// left out, except at the end; data that nests in itself (`next`, `next`, …) says its turn once, as in
    /// [`crate::ShapeTree`].
    #[must_use]
    pub fn labels(&self, path: &Path) -> Vec<Label> {
        let mut said: Vec<(GenericLabel, TypeId)> = Vec::new();
        let mut carrier = None;
        for (index, step) in path.steps.iter().enumerate() {
            let is_last = index + 1 == path.steps.len();
            if self.is_dict_field(step.label) && !is_last {
                continue;
            }
            let label = match self.passage(carrier.take(), step.from, step.to, step.label) {
                Passage::Carried(between) if !is_last => {
                    carrier = Some(between);
                    continue;
                }
                Passage::Carried(_) => self.generic(step.from, step.to, step.label),
                Passage::Labelled(label) => label,
            };
            let now = (label, self.snapshot().type_id(step.to));
            if said.len() > 1 && said[said.len() - 2] == now {
                said.pop();
            } else if said.last() != Some(&now) {
                said.push(now);
            }
        }
        let labels = said.into_iter().map(|(label, _)| self.label(label));
        std::iter::once(self.root(&path.root)).chain(labels).collect()
    }

    /// What the reference `label` from `from` to `to` is, where `carrier` says what `from` is if it is no value.
    #[must_use]
    pub fn passage(&self, carrier: Option<Carrier>, from: ObjectId, to: ObjectId, label: ReferenceLabel) -> Passage {
        let carried = match (label.kind(), carrier) {
            (ReferenceKind::Field, carrier) => self.field_passage(carrier, from, label),
            (ReferenceKind::Local, _) if self.is_cell(to) => {
                Some(Passage::Carried(Carrier::Cell(self.generic(from, to, label))))
            }
            (ReferenceKind::Item, Some(Carrier::Cells(function))) if self.is_cell(to) => self
                .free_variable(function, label.payload())
                .map(|name| Passage::Carried(Carrier::Cell(GenericLabel::Closure(name)))),
            (ReferenceKind::Item, Some(Carrier::Defaults(function))) => {
                self.argument(function, label.payload()).map(|name| Passage::Labelled(GenericLabel::Default(name)))
            }
            (ReferenceKind::Value, Some(Carrier::Threads)) => Some(Passage::Carried(Carrier::Attributes)),
            _ => None,
        };
        carried.unwrap_or_else(|| Passage::Labelled(self.generic(from, to, label)))
    }

    fn field_passage(&self, carrier: Option<Carrier>, from: ObjectId, label: ReferenceLabel) -> Option<Passage> {
        let fields = &self.fields;
        if fields.is(label, fields.closure) {
            return Some(Passage::Carried(Carrier::Cells(from)));
        }
        if fields.is(label, fields.defaults) {
            return Some(Passage::Carried(Carrier::Defaults(from)));
        }
        if fields.is(label, fields.threads) {
            return Some(Passage::Carried(Carrier::Threads));
        }
        match carrier {
            Some(Carrier::Cell(variable)) if fields.is(label, fields.contents) => Some(Passage::Labelled(variable)),
            _ => None,
        }
    }

    fn is_cell(&self, id: ObjectId) -> bool {
        self.snapshot().role(id) == TypeRole::Cell
    }

    /// What the field `name` of `id` refers to.
    pub(crate) fn field(&self, id: ObjectId, name: Option<NameId>) -> Option<ObjectId> {
        self.snapshot().field(id, name)
    }

    /// The code of a function.
    pub(crate) fn code_of(&self, function: ObjectId) -> Option<ObjectId> {
        self.field(function, self.fields.code)
    }

    fn item_name(&self, tuple: ObjectId, index: u32) -> Option<NameId> {
        let mut items = self.snapshot().references_of(tuple);
        let is_meant = |label: &ReferenceLabel| label.kind() == ReferenceKind::Item && label.payload() == index;
        self.snapshot().text_name(items.find(|(_, label)| is_meant(label))?.0)
    }

    /// The variable that the cell at `index` of a function's closure keeps.
    fn free_variable(&self, function: ObjectId, index: u32) -> Option<NameId> {
        let names = self.field(self.code_of(function)?, self.fields.free_variables)?;
        // The names of a closure's variables are the last ones of the tuple, or all of it.
        let cells = self.snapshot().span(self.field(function, self.fields.closure)?).len() as u32;
        let before = (self.snapshot().span(names).len() as u32).checked_sub(cells)?;
        self.item_name(names, before.checked_add(index)?)
    }

    /// The argument whose default value stands at `index`: the last arguments have one.
    fn argument(&self, function: ObjectId, index: u32) -> Option<NameId> {
        let code = self.code_of(function)?;
        let defaults = self.snapshot().span(self.field(function, self.fields.defaults)?).len() as u32;
        let arguments = u32::from(self.snapshot().site(code)?.arguments);
        let position = arguments.checked_sub(defaults)?.checked_add(index)?;
        self.item_name(self.field(code, self.fields.variables)?, position)
    }
}
