//! Equal byte strings that are there several times.

use std::collections::HashMap;

use bloathound_cpython::string_bytes;
use bloathound_heap::{BitSet, ObjectId};
use bloathound_memory::Address;

use crate::source::Examined;

/// Rows that are kept.
const ROWS_MAX: usize = 20;
/// Places of the filter for each string: with eight of them, one in eight single strings is taken for a double and looked
/// at closely.
const PLACES_A_STRING: usize = 8;

/// One text that is there several times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Duplicates {
    /// The lowest address that has it.
    pub example: u64,
    /// How many there are.
    pub copies: u64,
    /// What all but one of them take.
    pub wasted_bytes: u64,
}

/// Strings with the same bytes, most wasted bytes first.
pub(super) fn find(examined: &Examined) -> Vec<Duplicates> {
    let snapshot = &examined.snapshot;
    let is_str: Vec<bool> = snapshot.types().iter().map(|info| info.name == "str" && info.module.is_none()).collect();
    let bytes_of =
        |id: ObjectId| string_bytes(&examined.image, &examined.interpreter, Address(snapshot.object(id).address));
    // Strings don't overlap; where damage makes them, reading all of each would not end.
    let mut left = examined.image.flat().len();
    let mut strings: Vec<(ObjectId, u32)> = Vec::new();
    for id in snapshot.ids().filter(|id| is_str.get(snapshot.type_id(*id).0 as usize).copied().unwrap_or(false)) {
        if let Some(bytes) = bytes_of(id)
            && let Some(rest) = left.checked_sub(bytes.len())
        {
            left = rest;
            strings.push((id, crc32fast::hash(bytes)));
        }
    }
    // Most are there once: only those whose sum is there twice are compared byte by byte.
    let places = (strings.len() * PLACES_A_STRING).next_power_of_two();
    let mask = u32::try_from(places - 1).unwrap_or(u32::MAX);
    let place = |sum: u32| ObjectId(sum & mask);
    let (mut once, mut twice) = (BitSet::with_len(places), BitSet::with_len(places));
    for (_, sum) in &strings {
        if !once.insert(place(*sum)) {
            twice.insert(place(*sum));
        }
    }
    let mut seen: HashMap<&[u8], (u64, u64, u64)> = HashMap::new();
    for (id, _) in strings.iter().filter(|(_, sum)| twice.contains(place(*sum))) {
        let record = snapshot.object(*id);
        if let Some(bytes) = bytes_of(*id) {
            let entry = seen.entry(bytes).or_insert((0, 0, record.address));
            *entry = (entry.0 + 1, entry.1 + record.shallow_size, entry.2.min(record.address));
        }
    }
    let several = seen.into_values().filter(|(copies, ..)| *copies > 1);
    let mut rows: Vec<Duplicates> = several
        .map(|(copies, bytes, example)| Duplicates { example, copies, wasted_bytes: bytes - bytes / copies })
        .collect();
    rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.wasted_bytes), row.example));
    rows.truncate(ROWS_MAX);
    rows
}
