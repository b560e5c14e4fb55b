//! The sections of an inspection beyond the census: arenas, resident memory, strings, containers.

use std::collections::{BTreeMap, HashMap};

use bloathound_cpython::allocator::{ArenaCensus, RssAccount};
use bloathound_cpython::{describe, string_bytes};
use bloathound_detect::fragmentation::{ArenaFacts, Pins};
use bloathound_heap::{Analysis, ObjectId};
use bloathound_memory::Address;
use bloathound_vocabulary::{
    ArenasRecord, ContainerRecord, DuplicateRecord, RetainedRecord, RssRecord, SizeClassRecord,
};

use crate::source::Examined;

/// Rows of the sections that list objects.
const ROWS_MAX: usize = 20;
/// Characters of a string that are shown.
const TEXT_MAX: usize = 40;

pub(super) fn arenas(census: &ArenaCensus, facts: &ArenaFacts, pins: Option<&Pins>) -> ArenasRecord {
    let bytes = facts.arena_bytes();
    ArenasRecord {
        count: facts.arenas,
        bytes,
        live_bytes: facts.held_bytes,
        garbage_bytes: Some(facts.garbage_bytes),
        utilisation: (bytes > 0).then(|| facts.utilisation()),
        free_pool_bytes: Some(facts.free_pool_bytes),
        free_block_bytes: Some(census.total.free_blocks + census.total.untouched_blocks),
        stranded_bytes: Some(facts.stranded_bytes()),
        sparse_arenas: pins.map(|pins| pins.sparse_arenas),
        size_classes: census
            .size_classes
            .iter()
            .map(|class| SizeClassRecord {
                block_bytes: u64::from(class.block_bytes),
                pools: class.pools,
                blocks_used: class.held_blocks + class.garbage_blocks,
                blocks_free: class.free_blocks,
            })
            .collect(),
        pinned_by: pins.map(|pins| pins.groups.iter().map(|group| group.to_pin()).collect()).unwrap_or_default(),
    }
}

pub(super) fn rss(account: &RssAccount) -> RssRecord {
    let categories: BTreeMap<String, u64> = account
        .rows()
        .filter(|(_, bytes)| *bytes > 0)
        .map(|(category, bytes)| (category.name().to_owned(), bytes))
        .collect();
    RssRecord::new(account.kernel_bytes, categories)
}

/// What keeps most alive.
pub(super) fn top_retained(analysis: &Analysis<'_>) -> Vec<RetainedRecord> {
    let snapshot = analysis.snapshot();
    analysis
        .dominators()
        .top_retained(ROWS_MAX)
        .into_iter()
        .map(|id| RetainedRecord {
            type_name: snapshot.type_of(id).qualified_name(),
            path: analysis.finder().labels_to(id).unwrap_or_default(),
            shallow_bytes: snapshot.object(id).shallow_size,
            retained_bytes: analysis.dominators().retained_size(id),
            address: Some(format!("{:#x}", snapshot.object(id).address)),
        })
        .collect()
}

/// Equal byte strings that are there several times.
pub(super) fn duplicate_strings(examined: &Examined) -> Vec<DuplicateRecord> {
    let snapshot = &examined.snapshot;
    let is_str: Vec<bool> = snapshot.types().iter().map(|info| info.name == "str" && info.module.is_none()).collect();
    let mut seen: HashMap<&[u8], (u64, u64, u64)> = HashMap::new();
    // Strings don't overlap; where damage makes them, reading all of each would not end.
    let mut left = examined.image.flat().len();
    for id in snapshot.ids() {
        let record = snapshot.object(id);
        if !is_str.get(record.type_id.0 as usize).copied().unwrap_or(false) {
            continue;
        }
        if let Some(bytes) = string_bytes(&examined.image, &examined.interpreter, Address(record.address))
            && let Some(rest) = left.checked_sub(bytes.len())
        {
            left = rest;
            let entry = seen.entry(bytes).or_insert((0, 0, record.address));
            *entry = (entry.0 + 1, entry.1 + record.shallow_size, entry.2.min(record.address));
        }
    }
    let mut rows: Vec<(u64, u64, u64)> = seen
        .into_values()
        .filter(|(copies, ..)| *copies > 1)
        .map(|(copies, bytes, example)| (bytes - bytes / copies, copies, example))
        .collect();
    rows.sort_unstable_by_key(|(wasted, _, example)| (std::cmp::Reverse(*wasted), *example));
    rows.into_iter()
        .take(ROWS_MAX)
        .map(|(wasted_bytes, copies, example)| DuplicateRecord {
            text: describe(&examined.image, &examined.interpreter, Address(example), TEXT_MAX),
            copies,
            wasted_bytes,
        })
        .collect()
}

/// Items from which on a container is worth a row; no verdict hangs on it.
const LENGTH_MIN: u64 = 100;

/// Dicts, lists and other containers with most items.
pub(super) fn largest_containers(analysis: &Analysis<'_>) -> Vec<ContainerRecord> {
    const CONTAINERS: [&str; 7] = ["dict", "list", "tuple", "set", "frozenset", "deque", "defaultdict"];
    let snapshot = analysis.snapshot();
    let is_container: Vec<bool> =
        snapshot.types().iter().map(|info| CONTAINERS.contains(&info.name.as_str())).collect();
    let is_dict: Vec<bool> = snapshot.types().iter().map(|info| info.name.ends_with("dict")).collect();
    // A dict refers to keys and values.
    let length = |id: ObjectId| {
        let references = snapshot.targets_of(id).len() as u64;
        if is_dict[snapshot.object(id).type_id.0 as usize] { references / 2 } else { references }
    };
    let mut found: Vec<(u64, ObjectId)> = snapshot
        .ids()
        .filter(|id| is_container[snapshot.object(*id).type_id.0 as usize])
        .map(|id| (length(id), id))
        .filter(|(length, _)| *length >= LENGTH_MIN)
        .collect();
    found.sort_unstable_by_key(|(length, id)| (std::cmp::Reverse(*length), *id));
    found
        .into_iter()
        .take(ROWS_MAX)
        .map(|(length, id)| ContainerRecord {
            type_name: snapshot.type_of(id).qualified_name(),
            length,
            bytes: snapshot.object(id).shallow_size,
            path: analysis.finder().labels_to(id).unwrap_or_default(),
        })
        .collect()
}
