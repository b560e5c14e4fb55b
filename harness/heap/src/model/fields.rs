//! The fields that lie between an owner and its variable, as a snapshot calls them.

use crate::{BitSet, HeapSnapshot, NameId, ObjectId, ReferenceKind, ReferenceLabel};

/// The names of the fields in between, where a snapshot has them.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) closure: Option<NameId>,
    pub(super) defaults: Option<NameId>,
    pub(super) contents: Option<NameId>,
    pub(super) threads: Option<NameId>,
    pub(super) code: Option<NameId>,
    pub(super) free_variables: Option<NameId>,
    pub(super) variables: Option<NameId>,
}

impl Fields {
    pub(super) fn of(snapshot: &HeapSnapshot) -> Self {
        let words = snapshot.words();
        let name = |text| snapshot.find_name(text);
        Self {
            closure: name(words.function.closure),
            defaults: name(words.function.defaults),
            contents: name(words.function.contents),
            threads: name(words.thread_dicts),
            code: name(words.function.code),
            free_variables: name(words.code.free_variables),
            variables: name(words.code.variables),
        }
    }

    /// Adds the dicts that `target` has for each thread, where `label` leads from a thread local to it.
    pub(super) fn add_thread_dicts(
        &self,
        snapshot: &HeapSnapshot,
        (target, label): (ObjectId, ReferenceLabel),
        dicts: &mut BitSet,
    ) {
        if self.is(label, self.threads) {
            let values = snapshot.references_of(target).filter(|(_, label)| label.kind() == ReferenceKind::Value);
            values.for_each(|(dict, _)| {
                dicts.insert(dict);
            });
        }
    }

    /// True for the field of that name.
    pub(super) fn is(&self, label: ReferenceLabel, name: Option<NameId>) -> bool {
        name.is_some() && label.kind() == ReferenceKind::Field && label.name() == name
    }
}
