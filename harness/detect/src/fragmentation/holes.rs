//! Who keeps the holes of the C heap: its end can't be lowered below a chunk that is held, so what is free below stays.

use std::collections::HashMap;

use bloathound_heap::{HeapSnapshot, ObjectId};

use super::pins::{Holder, shorten};
use crate::series::bytes_text;
use crate::thresholds::PinLimits;
use crate::{Label, Location};

/// A held chunk with free ones right below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeldChunk {
    /// Its length.
    pub bytes: u64,
    /// Free bytes between it and the held chunk before.
    pub free_below: u64,
    /// Who is in it.
    pub holder: Holder,
}

/// Chunks above holes, of one type and held in one place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HolePin {
    /// Qualified type of who is in them.
    pub type_name: String,
    /// Owner path by names.
    pub owner: Vec<Label>,
    /// How many chunks.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Free bytes right below them.
    pub free_below: u64,
}

impl HolePin {
    /// In words.
    #[must_use]
    pub fn sentence(&self) -> String {
        let owner =
            if self.owner.is_empty() { String::new() } else { format!(" at {}", Label::join(&self.owner, " → ")) };
        format!(
            "{} chunks of {}{owner} ({}) keep {} free right below them",
            self.chunks,
            self.type_name,
            bytes_text(self.bytes),
            bytes_text(self.free_below)
        )
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> Location {
        Location {
            module: self.owner.first().and_then(Label::module).map(str::to_owned),
            attribute: self.owner.iter().skip(1).rev().find_map(Label::name).map(str::to_owned),
            path: self.owner.clone(),
            ..Location::default()
        }
    }
}

/// Groups chunks by who is in them, most free bytes first. `owner_of` names an object's owner; it is asked about the
/// chunks above the largest holes only, as often as `limits` allow.
#[must_use]
pub fn group_holes(
    snapshot: &HeapSnapshot,
    mut held: Vec<HeldChunk>,
    limits: &PinLimits,
    mut owner_of: impl FnMut(ObjectId) -> Vec<Label>,
) -> Vec<HolePin> {
    held.sort_by_key(|chunk| std::cmp::Reverse(chunk.free_below));
    held.truncate(limits.owners_max);
    let mut groups: Vec<HolePin> = Vec::new();
    let mut by_key: HashMap<(String, Vec<Label>), usize> = HashMap::new();
    for chunk in held {
        let (type_name, owner) = match chunk.holder {
            Holder::Object(id) | Holder::StorageOf(id) => {
                (snapshot.type_of(id).qualified_name(), shorten(owner_of(id)))
            }
            Holder::KeptForReuse => ("(kept for reuse)".to_owned(), Vec::new()),
            Holder::Unknown => ("(memory of C code)".to_owned(), Vec::new()),
        };
        let index = *by_key.entry((type_name, owner)).or_insert_with_key(|(type_name, owner)| {
            groups.push(HolePin { type_name: type_name.clone(), owner: owner.clone(), ..HolePin::default() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(index) {
            group.chunks += 1;
            group.bytes += chunk.bytes;
            group.free_below += chunk.free_below;
        }
    }
    groups.sort_by(|one, other| {
        let key = |group: &HolePin| std::cmp::Reverse((group.free_below, group.chunks));
        key(one).cmp(&key(other)).then_with(|| (&one.type_name, &one.owner).cmp(&(&other.type_name, &other.owner)))
    });
    groups.truncate(limits.groups_max);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_heap::{ObjectFlags, ObjectRecord, SeriesWords, SnapshotBuilder, Tracking, Trust, TypeInfo};

    #[test]
    fn chunks_above_holes_are_grouped_by_type_and_owner() {
        let mut builder = SnapshotBuilder::new(SeriesWords::default());
        let str_type = builder.add_type(TypeInfo {
            name: "str".into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        });
        for address in 0..3 {
            let flags = ObjectFlags::new(Tracking::Untracked, Trust::Referenced);
            let record = ObjectRecord { address, type_id: str_type, shallow_size: 737, refcount: 1, flags };
            builder.add_object(record);
        }
        let snapshot = builder.finish();
        let owner = vec![
            Label::Root(crate::RootKind::Module, Some("shop".into())),
            Label::Name("carts".into()),
            Label::Index,
            Label::Name("deep".into()),
        ];
        let chunk = |free_below, holder| HeldChunk { bytes: 752, free_below, holder };
        let held = vec![
            chunk(60_000, Holder::Object(ObjectId(0))),
            chunk(9000, Holder::Unknown),
            chunk(58_000, Holder::Object(ObjectId(1))),
            chunk(10, Holder::StorageOf(ObjectId(2))),
        ];
        let groups = group_holes(&snapshot, held, &PinLimits::default(), |_| owner.clone());
        let told: Vec<_> = groups.iter().map(|one| (one.type_name.as_str(), one.chunks, one.free_below)).collect();
        assert_eq!(told, [("str", 3, 118_010), ("(memory of C code)", 1, 9000)]);
        let sentence = groups[0].sentence();
        assert!(sentence.contains("3 chunks of str at module shop → carts → [x] ("), "{sentence}");
        assert_eq!(groups[0].location().attribute.as_deref(), Some("carts"));
    }
}
