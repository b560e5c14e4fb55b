//! Finds pymalloc's arena array by its shape, for interpreters whose file-local symbols were stripped.

use std::ops::Range;

use bloathound_memory::{Address, MemorySource};

use super::decode::parse_arena_object;
use crate::dialect::Obmalloc;
use crate::objects::{half_at, read_word};

/// Arenas beyond this many (16 TiB of them) are not believed.
const ENTRIES_MAX: u32 = 1 << 26;
/// Bytes of one data range that are searched; no interpreter's `.data` and `.bss` come near it.
const RANGE_BYTES_MAX: u64 = 16 << 20;
/// Entries looked at in one search, over all candidates: hostile data can't make it long.
const CHECKS_MAX: u32 = 4 << 20;
/// How far from the variable `arenas` its length `maxarenas` may stand.
const NEIGHBOURHOOD_BYTES: usize = 256;

/// An arena array recognised by its entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArenaArray {
    /// Address of the variable `arenas`.
    pub variable: Address,
    /// First entry: the variable's value.
    pub entries: Address,
    /// Entries it has room for, as `maxarenas`, or as far as entries are consistent.
    pub max_arenas: u32,
    /// Arenas that agree with the pools they hold.
    pub arenas: u32,
}

/// Searches `ranges` (the interpreter's `.data` and `.bss`) for the pointer to the arena array: each of its entries is
/// a consistent arena whose first pool states that very entry's index. The candidate with the most arenas wins.
#[must_use]
pub fn find_arena_array(
    rules: &'static Obmalloc,
    source: &dyn MemorySource,
    ranges: &[Range<Address>],
) -> Option<ArenaArray> {
    let mut best: Option<ArenaArray> = None;
    let mut checks_left = CHECKS_MAX;
    for range in ranges {
        let len = range.end.since(range.start).min(RANGE_BYTES_MAX) as usize;
        let data = read_what_is_there(source, range.start, len);
        for offset in (0..data.len().saturating_sub(7)).step_by(8) {
            let entries = Address(read_word(&data, offset));
            if entries.is_null() || !entries.is_aligned(8) || entries.0 >> 47 != 0 {
                continue;
            }
            let Some(first) = check_entry(rules, source, entries, 0) else {
                continue;
            };
            let stated = stated_lengths(rules, &data, offset);
            let Some((max_arenas, arenas)) = measure(rules, source, entries, stated, first, &mut checks_left) else {
                continue;
            };
            if best.is_none_or(|b| arenas > b.arenas) {
                best = Some(ArenaArray { variable: range.start.offset(offset as u64), entries, max_arenas, arenas });
            }
        }
    }
    best
}

/// Bytes of a range page by page; pages that can't be read are zero.
fn read_what_is_there(source: &dyn MemorySource, start: Address, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    let mut done = 0;
    while done < len {
        let address = start.offset(done as u64);
        let in_page = (bloathound_memory::PAGE_BYTES - address.0 % bloathound_memory::PAGE_BYTES) as usize;
        let end = (done + in_page).min(len);
        if let Some(part) = data.get_mut(done..end)
            && source.read(address, part).is_err()
        {
            part.fill(0);
        }
        done = end;
    }
    data
}

/// What an entry is: an arena that its first pool confirms, or one that can't be confirmed (unused, or untouched).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Confirmed,
    Unconfirmed,
}

fn check_entry(rules: &'static Obmalloc, source: &dyn MemorySource, entries: Address, index: u32) -> Option<Entry> {
    let mut bytes = vec![0; rules.arena_object.bytes as usize];
    let address = entries.offset(u64::from(index) * rules.arena_object.bytes);
    source.read(address, &mut bytes).ok()?;
    let Some(arena) = parse_arena_object(rules, &bytes, index).ok()? else {
        return Some(Entry::Unconfirmed);
    };
    let free_list = Address(read_word(&bytes, rules.arena_object.freepools));
    if !free_list.is_null() && !arena.contains(free_list) {
        return None;
    }
    if arena.untouched_pools == arena.total_pools {
        return Some(Entry::Unconfirmed);
    }
    let mut header = vec![0; rules.pool_header_bytes as usize];
    source.read(arena.first_pool, &mut header).ok()?;
    (half_at(&header, rules.pool_header.arenaindex as u64) == index).then_some(Entry::Confirmed)
}

/// Length of the array and number of confirmed arenas in it; `None` when nothing is confirmed.
fn measure(
    rules: &'static Obmalloc,
    source: &dyn MemorySource,
    entries: Address,
    stated: Vec<u32>,
    first: Entry,
    checks_left: &mut u32,
) -> Option<(u32, u32)> {
    let limit = stated.iter().copied().max().unwrap_or(rules.arenas_initial);
    let mut confirmed = u32::from(first == Entry::Confirmed);
    let mut consistent = 1;
    // A candidate without a single arena in its first entries is a stretch of zeros.
    while consistent < limit && (confirmed > 0 || consistent < rules.arenas_initial) {
        *checks_left = checks_left.checked_sub(1)?;
        match check_entry(rules, source, entries, consistent) {
            Some(Entry::Confirmed) => confirmed += 1,
            Some(Entry::Unconfirmed) => {}
            None => break,
        }
        consistent += 1;
    }
    if confirmed == 0 {
        return None;
    }
    let length = stated.into_iter().filter(|length| *length <= consistent).max().unwrap_or(consistent);
    Some((length, confirmed))
}

/// Numbers near the variable that can be `maxarenas`: 16 doubled any number of times.
fn stated_lengths(rules: &Obmalloc, data: &[u8], offset: usize) -> Vec<u32> {
    let from = offset.saturating_sub(NEIGHBOURHOOD_BYTES);
    let to = (offset + NEIGHBOURHOOD_BYTES).min(data.len());
    (from..to)
        .step_by(4)
        .map(|at| half_at(data, at as u64))
        .filter(|n| n.is_power_of_two() && (rules.arenas_initial..=ENTRIES_MAX).contains(n))
        .collect()
}
