//! Counts that a program keeps of its own work, `stats['requests']` or `Server.served`: the nearest there is to a load's
//! count where nobody counts the load. Processor time says less where requests cost now little and now much, and where a
//! timer burns it without any.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bloathound_heap::{HeapSnapshot, Names, ObjectId, ReferenceKind, ReferenceLabel, RootKind};

use super::limit::Values;
use super::work::Counter;
use crate::thresholds::{counting, fixed};

/// The counts of one look, by where they are kept: the address of the dict or object, and the name there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts(BTreeMap<(u64, Box<str>), (String, u64)>);

impl Counts {
    /// Of a heap: whole numbers that are named as a count of work, a few steps from a module or a running function.
    #[must_use]
    pub fn read(snapshot: &HeapSnapshot, values: &dyn Values) -> Self {
        let mut walk = Walk { snapshot, names: Names::new(snapshot), seen: BTreeSet::new(), pending: VecDeque::new() };
        for root in snapshot.roots() {
            let name = root.name.map(|name| snapshot.name(name)).unwrap_or_default();
            match root.kind {
                RootKind::Module if name == "__main__" => walk.push(root.object, String::new(), 0),
                RootKind::Module => walk.push(root.object, name.to_owned(), 0),
                RootKind::ThreadFrame => walk.push(root.object, format!("{name}()"), 0),
                _ => {}
            }
        }
        let mut counts = BTreeMap::new();
        while let Some((object, above, steps)) = walk.pending.pop_front() {
            for (at, name, target, expression) in walk.entries(object, &above) {
                if let Some(number) = values.number(target) {
                    if let Ok(number) = u64::try_from(number)
                        && counting::counts_work(&name)
                    {
                        counts.insert((at, name.into()), (expression, number));
                    }
                } else {
                    walk.push(target, expression, steps + 1);
                }
            }
        }
        Self(counts)
    }
}

/// From modules and running functions downwards.
struct Walk<'s> {
    snapshot: &'s HeapSnapshot,
    names: Names<'s>,
    seen: BTreeSet<ObjectId>,
    pending: VecDeque<(ObjectId, String, usize)>,
}

impl Walk<'_> {
    fn push(&mut self, object: ObjectId, expression: String, steps: usize) {
        let type_name = &self.snapshot.type_of(object).name;
        let is_code = counting::HOLDS_NO_COUNT.has(type_name) || (steps > 0 && &**type_name == "module");
        if !is_code
            && steps <= fixed::COUNT_STEPS_MAX
            && self.seen.len() < fixed::COUNT_HOLDERS_MAX
            && self.seen.insert(object)
        {
            self.pending.push_back((object, expression, steps));
        }
    }

    /// What an object holds by name: where that is kept, the name, the value, and how one types it.
    fn entries(&self, object: ObjectId, above: &str) -> Vec<(u64, String, ObjectId, String)> {
        let mut entries = Vec::new();
        let is_dict = self.snapshot.labels_of(object).iter().any(|label| label.kind() == ReferenceKind::Value);
        if is_dict {
            self.keys(object, &mut entries, |key| format!("{above}['{}']", key.escape_default()));
            return entries;
        }
        let attribute = |name: &str| match above {
            "" => name.to_owned(),
            above if above.ends_with("()") => format!("{above}'s local {name}"),
            above => format!("{above}.{name}"),
        };
        for (target, label) in self.snapshot.references_of(object) {
            if self.names.is_dict_field(label) {
                self.keys(target, &mut entries, attribute);
            } else if let Some(name) = self.named(label) {
                let expression = attribute(&name);
                entries.push((self.snapshot.object(object).address, name, target, expression));
            }
        }
        entries
    }

    fn named(&self, label: ReferenceLabel) -> Option<String> {
        let is_named = matches!(label.kind(), ReferenceKind::Slot | ReferenceKind::Local);
        is_named.then(|| label.name()).flatten().map(|name| self.snapshot.name(name).to_owned())
    }

    fn keys(
        &self,
        dict: ObjectId,
        entries: &mut Vec<(u64, String, ObjectId, String)>,
        expression: impl Fn(&str) -> String,
    ) {
        // A namespace has as many names as its source; with more of them, keys are data.
        if self.snapshot.labels_of(dict).len() > fixed::COUNT_NAMES_MAX * 2 {
            return;
        }
        let address = self.snapshot.object(dict).address;
        for (value, label) in self.snapshot.references_of(dict) {
            if label.kind() == ReferenceKind::Value
                && let Some(name) = label.key().and_then(|key| self.snapshot.text(key))
            {
                entries.push((address, name.to_owned(), value, expression(name)));
            }
        }
    }
}

/// The counts that every look has and that only rose, those that rose most first.
#[must_use]
pub fn rising(looks: &[Counts]) -> Vec<Counter> {
    let Some(last) = looks.last() else { return Vec::new() };
    let of_all = |(place, (expression, _)): (&(u64, Box<str>), &(String, u64))| {
        let values: Vec<u64> = looks.iter().map(|look| Some(look.0.get(place)?.1)).collect::<Option<_>>()?;
        let gained = values.last()?.checked_sub(*values.first()?)?;
        let rose = values.windows(2).all(|pair| pair[0] <= pair[1]);
        (rose && gained >= fixed::COUNTED_MIN).then(|| (gained, Counter { expression: expression.clone(), values }))
    };
    let mut rising: Vec<(u64, Counter)> = last.0.iter().filter_map(of_all).collect();
    rising.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.expression.cmp(&b.expression)));
    rising.into_iter().take(fixed::COUNTERS_MAX).map(|(_, counter)| counter).collect()
}
