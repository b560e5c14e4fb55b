//! What was there at one look, so that what is new at the next one can be told.

use std::collections::HashMap;

use crate::{BitSet, HeapSnapshot, ObjectId, RootKind};

/// Modules at the same address in both, out of those in both, that make two looks one run.
pub const SAME_MODULES_MIN: usize = 5;
/// Of these, at most one in so many may be at another address.
pub const MOVED_MODULES_ONE_IN: usize = 10;

/// What a snapshot had, so that a later one of the same process tells what is new: 16 bytes an object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inventory {
    /// Address and number of the type's name, in order.
    entries: Vec<(u64, u32)>,
    type_names: HashMap<String, u32>,
    modules: HashMap<String, u64>,
}

impl Inventory {
    /// Notes every object's address and type.
    #[must_use]
    pub fn take(snapshot: &HeapSnapshot) -> Self {
        let mut type_names: HashMap<String, u32> = HashMap::new();
        let numbers: Vec<u32> = snapshot
            .types()
            .iter()
            .map(|info| {
                let next = type_names.len() as u32;
                *type_names.entry(info.qualified_name()).or_insert(next)
            })
            .collect();
        let mut entries: Vec<(u64, u32)> =
            snapshot.ids().map(|id| (snapshot.object(id).address, numbers[snapshot.type_id(id).0 as usize])).collect();
        entries.sort_unstable();
        Self { entries, type_names, modules: modules(snapshot) }
    }

    /// True when `later` is a look at the same run of the same process: modules stay where they are, and in another
    /// run they are elsewhere.
    #[must_use]
    pub fn is_same_run(&self, later: &HeapSnapshot) -> bool {
        let pairs = modules(later).into_iter().filter_map(|(name, at)| Some((*self.modules.get(&name)?, at)));
        let (mut same, mut all) = (0, 0);
        for (before, after) in pairs {
            all += 1;
            same += usize::from(before == after);
        }
        same >= SAME_MODULES_MIN.min(self.modules.len().max(1)) && (all - same) * MOVED_MODULES_ONE_IN <= all
    }

    /// Objects of `later` that were not there: nothing of their type stood at their address. Where an object was freed
    /// and another of its type put into its place, that one is missing.
    #[must_use]
    pub fn new_in(&self, later: &HeapSnapshot) -> BitSet {
        let numbers: Vec<Option<u32>> =
            later.types().iter().map(|info| self.type_names.get(&info.qualified_name()).copied()).collect();
        let was_there = |id: ObjectId| {
            let number = numbers[later.type_id(id).0 as usize];
            number.is_some_and(|number| self.entries.binary_search(&(later.object(id).address, number)).is_ok())
        };
        let mut new = BitSet::with_len(later.len());
        for id in later.ids().filter(|id| !was_there(*id)) {
            new.insert(id);
        }
        new
    }
}

fn modules(snapshot: &HeapSnapshot) -> HashMap<String, u64> {
    let named = snapshot.roots().iter().filter(|root| root.kind == RootKind::Module);
    named
        .filter_map(|root| Some((snapshot.name(root.name?).to_owned(), snapshot.object(root.object).address)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, model_heap_in, model_heap_of};

    #[test]
    fn what_was_added_is_new_and_nothing_else() {
        let (before, _) = model_heap_of(3, 4);
        let (after, ids) = model_heap_of(3, 6);
        let inventory = Inventory::take(&before);
        assert_eq!(inventory.new_in(&before).iter().count(), 0);
        assert!(inventory.is_same_run(&after));
        let new = inventory.new_in(&after);
        assert!(new.contains(ids["node_5"]) && !new.contains(ids["node_class"]));
    }

    #[test]
    fn another_run_has_its_modules_elsewhere() {
        let inventory = Inventory::take(&model_heap_of(3, 4).0);
        assert!(!inventory.is_same_run(&model_heap_in(Scene::at(1 << 20), 3, 4).0));
        assert!(!inventory.is_same_run(&HeapSnapshot::default()));
    }
}
