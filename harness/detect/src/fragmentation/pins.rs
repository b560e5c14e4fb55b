//! Who keeps the sparse arenas: their survivors, grouped by type and by the path of names that holds them.

use std::collections::{BTreeMap, HashMap};

use bloathound_heap::{HeapSnapshot, ObjectId, TypeId};

use crate::thresholds::PinLimits;
use crate::thresholds::fixed::SPARSE_ARENAS_ONE_IN;
use crate::{Label, Pin};

/// What of one arena stays after a full collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArenaLoad {
    /// Its own bytes.
    pub bytes: u64,
    /// Bytes of blocks that stay.
    pub held_bytes: u64,
}

/// A block that stays after a full collection and so pins its arena, with who is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PinningBlock {
    /// Position of its arena in the list of [`ArenaLoad`]s.
    pub arena: u32,
    /// Its length.
    pub bytes: u32,
    /// Who is in it.
    pub holder: Holder,
}

/// Who is in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// The object itself.
    Object(ObjectId),
    /// What an object keeps outside itself.
    StorageOf(ObjectId),
    /// A dead object that the interpreter keeps for reuse.
    KeptForReuse,
    /// No object we know.
    Unknown,
}

/// Survivors of one type, held along one path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinGroup {
    /// Qualified type; in brackets for what is no object: `(memory of C code)`, `(kept for reuse)`.
    pub type_name: String,
    /// Path of names to what holds them; empty where unknown.
    pub owner: Vec<Label>,
    /// How many are in sparse arenas.
    pub objects: u64,
    /// Their bytes there.
    pub bytes: u64,
    /// Sparse arenas with at least one of them.
    pub arenas: u64,
    /// Sparse arenas with nothing but them: moving this group alone would return these.
    pub arenas_alone: u64,
    /// Sparse arenas of which they hold more than half of what stays there.
    pub arenas_mostly: u64,
}

impl PinGroup {
    /// As evidence of a finding.
    #[must_use]
    pub fn to_pin(&self) -> Pin {
        Pin {
            type_name: self.type_name.clone(),
            owner: self.owner.clone(),
            objects: self.objects,
            bytes: self.bytes,
            arenas: self.arenas,
        }
    }
}

/// Who keeps the sparse arenas.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pins {
    /// Arenas of which little stays, but something.
    pub sparse_arenas: u64,
    /// Bytes of what stays in them.
    pub sparse_held_bytes: u64,
    /// Who that is; what pins most arenas first.
    pub groups: Vec<PinGroup>,
    /// Objects whose owner was not asked for because there were too many.
    pub owners_not_asked: u64,
}

/// Which arenas are sparse: something stays in each, and little.
#[must_use]
pub fn sparse(arenas: &[ArenaLoad], limits: &PinLimits) -> Vec<bool> {
    let limit = |arena: &ArenaLoad| (arena.bytes as f64 * limits.sparse_share_max) as u64;
    arenas.iter().map(|arena| arena.held_bytes > 0 && arena.held_bytes <= limit(arena)).collect()
}

/// Groups the survivors in sparse arenas; of others nobody has to give any. `owner_of` gives the path of names to an object,
/// root first.
pub fn group_pins(
    snapshot: &HeapSnapshot,
    arenas: &[ArenaLoad],
    held: impl Iterator<Item = PinningBlock>,
    limits: &PinLimits,
    mut owner_of: impl FnMut(ObjectId) -> Vec<Label>,
) -> Pins {
    let is_sparse = sparse(arenas, limits);
    let mut pins = Pins { sparse_arenas: is_sparse.iter().filter(|sparse| **sparse).count() as u64, ..Pins::default() };
    let mut table = Table::default();
    let mut names: Vec<Option<usize>> = vec![None; snapshot.types().len()];
    let mut asked = 0;
    for block in held {
        if !is_sparse.get(block.arena as usize).copied().unwrap_or(false) {
            continue;
        }
        pins.sparse_held_bytes += u64::from(block.bytes);
        let group = match block.holder {
            Holder::Unknown => {
                let name = table.name("(memory of C code)");
                table.group(name, Vec::new())
            }
            Holder::KeptForReuse => {
                let name = table.name("(kept for reuse)");
                table.group(name, Vec::new())
            }
            Holder::Object(id) | Holder::StorageOf(id) => {
                let name = type_name(snapshot, id, &mut names, &mut table);
                if asked < limits.owners_max {
                    asked += 1;
                    table.group(name, shorten(owner_of(id)))
                } else {
                    pins.owners_not_asked += 1;
                    table.most_common(name)
                }
            }
        };
        table.add(group, block);
    }
    pins.groups = table.finish(arenas, limits.groups_max);
    // What is in a few arenas only is everywhere in every process; it explains nothing.
    let arenas_min = pins.sparse_arenas.div_ceil(SPARSE_ARENAS_ONE_IN);
    pins.groups.retain(|group| group.arenas >= arenas_min);
    pins
}

/// Cuts a path behind its first `[x]`: what is inside an item of a collection is held by that collection.
pub(super) fn shorten(mut owner: Vec<Label>) -> Vec<Label> {
    // Any index or key: below it, paths differ from object to object.
    if let Some(at) = owner.iter().position(|label| matches!(label, Label::Index | Label::Key | Label::Member)) {
        owner.truncate(at + 1);
    }
    owner
}

/// The number of an object's type name; equal names of different types share one.
fn type_name(snapshot: &HeapSnapshot, id: ObjectId, names: &mut [Option<usize>], table: &mut Table) -> usize {
    let TypeId(type_id) = snapshot.object(id).type_id;
    match names.get_mut(type_id as usize) {
        Some(Some(name)) => *name,
        Some(slot) => *slot.insert(table.name(&snapshot.type_of(id).qualified_name())),
        None => table.name("?"),
    }
}

#[derive(Default)]
struct Group {
    name: usize,
    owner: Vec<Label>,
    objects: u64,
    /// Bytes by arena.
    arenas: BTreeMap<u32, u64>,
}

#[derive(Default)]
struct Table {
    names: Vec<String>,
    name_ids: HashMap<String, usize>,
    groups: Vec<Group>,
    by_key: HashMap<(usize, Vec<Label>), usize>,
    by_name: HashMap<usize, Vec<usize>>,
}

impl Table {
    fn name(&mut self, text: &str) -> usize {
        if let Some(name) = self.name_ids.get(text) {
            return *name;
        }
        self.names.push(text.to_owned());
        self.name_ids.insert(text.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    fn group(&mut self, name: usize, owner: Vec<Label>) -> usize {
        let key = (name, owner);
        if let Some(index) = self.by_key.get(&key) {
            return *index;
        }
        let index = self.groups.len();
        self.groups.push(Group { name, owner: key.1.clone(), ..Group::default() });
        self.by_name.entry(name).or_default().push(index);
        self.by_key.insert(key, index);
        index
    }

    fn most_common(&mut self, name: usize) -> usize {
        let objects = |index: &usize| self.groups.get(*index).map_or(0, |group| group.objects);
        let common = self.by_name.get(&name).and_then(|all| all.iter().copied().max_by_key(objects));
        match common {
            Some(index) => index,
            None => self.group(name, Vec::new()),
        }
    }

    fn add(&mut self, index: usize, block: PinningBlock) {
        if let Some(group) = self.groups.get_mut(index) {
            group.objects += u64::from(!matches!(block.holder, Holder::StorageOf(_)));
            *group.arenas.entry(block.arena).or_default() += u64::from(block.bytes);
        }
    }

    fn finish(self, arenas: &[ArenaLoad], groups_max: usize) -> Vec<PinGroup> {
        let held = |arena: u32| arenas.get(arena as usize).map_or(0, |a| a.held_bytes);
        let Self { names, groups, .. } = self;
        let mut groups: Vec<PinGroup> = groups
            .into_iter()
            .map(|group| PinGroup {
                objects: group.objects,
                bytes: group.arenas.values().sum(),
                arenas: group.arenas.len() as u64,
                arenas_alone: count(&group.arenas, |arena, bytes| bytes == held(arena)),
                arenas_mostly: count(&group.arenas, |arena, bytes| bytes > held(arena) / 2),
                type_name: names.get(group.name).cloned().unwrap_or_default(),
                owner: group.owner,
            })
            .collect();
        groups.sort_by(|a, b| {
            let key = |group: &PinGroup| std::cmp::Reverse((group.arenas, group.bytes));
            key(a).cmp(&key(b)).then_with(|| (&a.type_name, &a.owner).cmp(&(&b.type_name, &b.owner)))
        });
        groups.truncate(groups_max);
        groups
    }
}

fn count(arenas: &BTreeMap<u32, u64>, test: impl Fn(u32, u64) -> bool) -> u64 {
    arenas.iter().filter(|(arena, bytes)| test(**arena, **bytes)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_heap::{ObjectFlags, ObjectRecord, SeriesWords, SnapshotBuilder, Tracking, Trust, TypeInfo};

    fn heap(types: &[&str], objects: &[u32]) -> HeapSnapshot {
        let mut builder = SnapshotBuilder::new(SeriesWords::default());
        for name in types {
            builder.add_type(TypeInfo {
                name: (*name).into(),
                module: None,
                object: None,
                is_heap_type: false,
                has_finalizer: false,
                finalizer: None,
            });
        }
        for (address, type_id) in objects.iter().enumerate() {
            builder.add_object(ObjectRecord {
                address: address as u64 * 64,
                type_id: TypeId(*type_id),
                shallow_size: 48,
                refcount: 1,
                flags: ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool),
            });
        }
        builder.finish()
    }

    fn name(text: &str) -> Label {
        Label::Name(text.into())
    }

    fn module(text: &str) -> Label {
        Label::Root(crate::RootKind::Module, Some(text.into()))
    }

    const ARENA_BYTES: u64 = 256 << 10;

    fn arena(held_bytes: u64) -> ArenaLoad {
        ArenaLoad { bytes: ARENA_BYTES, held_bytes }
    }

    fn block(arena: u32, bytes: u32, id: u32) -> PinningBlock {
        PinningBlock { arena, bytes, holder: Holder::Object(ObjectId(id)) }
    }

    #[test]
    fn survivors_are_grouped_by_type_and_owner_and_full_arenas_do_not_count() {
        let snapshot = heap(&["str", "weakref"], &[0, 0, 1, 1, 0]);
        let arenas = [96, 144, ARENA_BYTES - 4096, 0].map(arena);
        let held = [
            block(0, 96, 2),
            block(1, 48, 0),
            PinningBlock { arena: 1, bytes: 48, holder: Holder::StorageOf(ObjectId(0)) },
            PinningBlock { arena: 1, bytes: 48, holder: Holder::Unknown },
            block(2, 48, 4),
        ];
        let owner = |id: ObjectId| match id.0 {
            2 | 3 => vec![module("m"), name("Base"), Label::Index, name("deep")],
            _ => vec![module("audit"), name("work"), Label::Index],
        };
        let pins = group_pins(&snapshot, &arenas, held.into_iter(), &PinLimits::default(), owner);
        assert_eq!((pins.sparse_arenas, pins.sparse_held_bytes), (2, 240));
        let told: Vec<_> = pins
            .groups
            .iter()
            .map(|g| (g.type_name.as_str(), Label::join(&g.owner, "."), g.objects, g.bytes, g.arenas, g.arenas_alone))
            .collect();
        assert_eq!(
            told,
            [
                ("str", "module audit.work.[x]".to_owned(), 1, 96, 1, 0),
                ("weakref", "module m.Base.[x]".to_owned(), 1, 96, 1, 1),
                ("(memory of C code)", String::new(), 1, 48, 1, 0),
            ]
        );
        assert_eq!(pins.groups[0].arenas_mostly, 1);
    }

    #[test]
    fn past_the_limit_objects_go_where_most_of_their_type_went() {
        let snapshot = heap(&["str"], &[0; 10]);
        let arenas = [arena(480)];
        let limits = PinLimits { owners_max: 3, ..PinLimits::default() };
        let held = (0..10).map(|id| block(0, 48, id));
        let pins =
            group_pins(&snapshot, &arenas, held, &limits, |id| vec![name(if id.0 == 0 { "rare" } else { "common" })]);
        assert_eq!(pins.owners_not_asked, 7);
        assert_eq!(pins.groups[0].owner, [name("common")]);
        assert_eq!((pins.groups[0].objects, pins.groups[1].objects), (9, 1));
    }
}
