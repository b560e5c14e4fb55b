//! The sections of an inspection beyond the census: arenas, resident memory, strings, containers.

use std::collections::BTreeMap;

use bloathound_cpython::allocator::{ArenaCensus, RssAccount};
use bloathound_cpython::describe;
use bloathound_detect::fragmentation::{ArenaFacts, Pins};
use bloathound_heap::{Analysis, ObjectId};
use bloathound_memory::Address;
use bloathound_vocabulary::{
    ArenasRecord, ContainerRecord, DuplicateRecord, RetainedRecord, RssRecord, SizeClassRecord,
};

use crate::session::Session;
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

/// Equal byte strings that are there several times, with the beginning of each.
pub(super) fn duplicate_strings(session: &Session<'_>, examined: &Examined) -> Vec<DuplicateRecord> {
    let rows = session.duplicates().iter().map(|row| DuplicateRecord {
        text: describe(&examined.image, &examined.interpreter, Address(row.example), TEXT_MAX),
        copies: row.copies,
        wasted_bytes: row.wasted_bytes,
    });
    rows.collect()
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
