//! Finds file-local variables of a stripped interpreter by the shape of what they point at.

use bloathound_memory::{Address, MemorySource, PAGE_BYTES, SymbolTable};

use crate::Interpreter;
use crate::dialect::{Dialect, DictTable, TextStorage};
use crate::objects::{KeysHead, Table, plausible_count, read_word};

/// Bytes of static data looked through at most; the interpreter's own are about 400 KiB.
const SEARCH_BYTES_MAX: u64 = 16 << 20;
/// Entries the dict of interned strings has at least: a bare interpreter has some thousand.
const INTERNED_ENTRIES_MIN: u64 = 200;
/// Interpreters in one process before we take the list for damage.
const STATES_MAX: usize = 1000;
/// Blocks of a chain that are looked at; a program can have a hundred thousand.
const BLOCKS_LOOKED_AT: usize = 16;
/// Entries that make a chain of number blocks credible.
const NUMBERS_EVIDENT: u32 = 10;

/// True when `state` is a `PyInterpreterState`: its thread list points back and its modules are a dict.
pub(crate) fn is_interpreter_state(d: &Dialect, source: &dyn MemorySource, state: Address, dict_type: Address) -> bool {
    let check = || -> Option<bool> {
        let thread = source.read_address(state.offset(d.interpreter_state.tstate_head)).ok()?;
        let back = source.read_address(thread.offset(d.thread_state.interp)).ok()?;
        let modules = source.read_address(state.offset(d.interpreter_state.modules)).ok()?;
        Some(back == state && source.read_address(modules.offset(d.object.ob_type)).ok()? == dict_type)
    };
    !state.is_null() && state.is_aligned(8) && check().unwrap_or(false)
}

/// Searches the static data of the interpreter's module for what symbols did not tell.
pub(crate) fn fill_missing(found: &mut Interpreter, source: &dyn MemorySource, symbols: &SymbolTable) {
    let d = found.dialect;
    let has_blocks = d.number_blocks.numbers > 0 && found.number_block_lists.is_empty();
    let numbers = number_types(d, symbols).filter(|_| has_blocks);
    let wants_state = found.interpreter_state.is_none();
    if !wants_state && found.interned.is_some() && numbers.is_none() {
        return;
    }
    let memory = HeapLike::new(source);
    let mut states: Vec<Address> = Vec::new();
    for (variable, value) in pointer_words(source, symbols) {
        if !memory.holds(value) {
            continue;
        }
        if wants_state && is_interpreter_state(d, source, value, found.dict_type) {
            states.push(value);
        } else if found.interned.is_none() && is_interned_dict(d, source, value, found.dict_type) {
            found.interned = Some(variable);
            found.known_by.insert("interned".into(), "by shape: a dict of interned strings to themselves".into());
        } else if numbers.is_some_and(|types| is_block_list(d, source, &memory, value, types)) {
            found.number_block_lists.push(variable);
            found.known_by.insert("number_block_lists".into(), "by shape: chained blocks of ints or floats".into());
        }
    }
    // Several interpreters are a list, the newest first: the one that leads to all others is its head.
    let head = states.iter().rev().copied().max_by_key(|state| chained_states(d, source, *state, found.dict_type));
    if let Some(state) = head {
        found.interpreter_state = Some(state);
        found.known_by.insert("interpreter_state".into(), "by shape: thread list points back".into());
    }
}

/// Interpreter states from `state` on.
fn chained_states(d: &Dialect, source: &dyn MemorySource, state: Address, dict_type: Address) -> usize {
    let mut next = Some(state);
    let mut count = 0;
    while let Some(at) = next.filter(|at| count < STATES_MAX && is_interpreter_state(d, source, *at, dict_type)) {
        count += 1;
        next = source.read_address(at.offset(d.interpreter_state.next)).ok();
    }
    count
}

/// Memory that a running program writes to: where pointers of interest lead.
struct HeapLike(Vec<(Address, Address)>);

impl HeapLike {
    fn new(source: &dyn MemorySource) -> Self {
        Self(source.regions().iter().filter(|r| r.is_private_writable()).map(|r| (r.start, r.end)).collect())
    }

    fn holds(&self, address: Address) -> bool {
        let after = self.0.partition_point(|(start, _)| *start <= address);
        after.checked_sub(1).and_then(|i| self.0.get(i)).is_some_and(|(_, end)| address < *end)
    }
}

/// `PyInt_Type` and `PyFloat_Type`.
fn number_types(d: &Dialect, symbols: &SymbolTable) -> Option<(Address, Address)> {
    Some((symbols.unique(d.symbols.int_type)?.address, symbols.unique(d.symbols.float_type)?.address))
}

/// True when `first` begins a chain of blocks of numbers: all entries of a block are live numbers of one type, or free and
/// linked, and enough of them say so.
fn is_block_list(
    d: &Dialect,
    source: &dyn MemorySource,
    memory: &HeapLike,
    first: Address,
    types: (Address, Address),
) -> bool {
    let mut block = first;
    let mut evidence = 0;
    for _ in 0..BLOCKS_LOOKED_AT {
        if block.is_null() {
            break;
        }
        let Some((next, found)) = number_block(d, source, memory, block, types) else {
            return false;
        };
        evidence += found;
        block = next;
    }
    evidence >= NUMBERS_EVIDENT
}

/// The link to the next block, and how many entries are certainly entries.
fn number_block(
    d: &Dialect,
    source: &dyn MemorySource,
    memory: &HeapLike,
    block: Address,
    (int, float): (Address, Address),
) -> Option<(Address, u32)> {
    let rules = &d.number_blocks;
    let mut bytes = vec![0; rules.block_bytes() as usize];
    source.read(block, &mut bytes).ok()?;
    let next = Address(read_word(&bytes, 0));
    let is_place = |address: Address| address.is_aligned(8) && memory.holds(address);
    if !next.is_null() && !is_place(next) {
        return None;
    }
    let (mut evident, mut kind) = (0, None);
    for entry in bytes.get(rules.header_bytes as usize..)?.chunks_exact(rules.number_bytes as usize) {
        let count = read_word(entry, d.object.ob_refcnt as usize);
        let type_or_link = Address(read_word(entry, d.object.ob_type as usize));
        if plausible_count(count) && (type_or_link == int || type_or_link == float) {
            if kind.is_some_and(|kind| kind != type_or_link) {
                return None;
            }
            kind = Some(type_or_link);
            evident += 1;
        } else if type_or_link == int || type_or_link == float || type_or_link.is_null() {
            // A freed entry of a block that was not swept, or the end of the free list.
        } else if !is_place(type_or_link) {
            return None;
        } else if (rules.header_bytes..rules.block_bytes()).contains(&type_or_link.since(block)) {
            if !(type_or_link.since(block) - rules.header_bytes).is_multiple_of(rules.number_bytes) {
                return None;
            }
            evident += 1;
        }
    }
    Some((next, evident))
}

/// Every aligned word of the module's static data with its address.
fn pointer_words(source: &dyn MemorySource, symbols: &SymbolTable) -> Vec<(Address, Address)> {
    let mut words = Vec::new();
    let mut budget = SEARCH_BYTES_MAX;
    for range in &symbols.data_ranges {
        let mut at = Address(range.start.0.next_multiple_of(8));
        while at < range.end && budget > 0 {
            // Page by page: one that is not there must not hide its neighbours.
            let in_page = PAGE_BYTES - at.0 % PAGE_BYTES;
            let len = range.end.since(at).min(in_page) & !7;
            if len == 0 {
                break;
            }
            let mut bytes = vec![0; len as usize];
            if source.read(at, &mut bytes).is_ok() {
                words.extend(bytes.chunks_exact(8).enumerate().filter_map(|(index, word)| {
                    let value = Address(u64::from_le_bytes(word.try_into().ok()?));
                    (value.0 >= 0x1000 && value.0 >> 47 == 0 && value.is_aligned(8))
                        .then(|| (at.offset(index as u64 * 8), value))
                }));
            }
            at = at.offset(len);
            budget = budget.saturating_sub(len);
        }
    }
    words
}

fn is_interned_text(d: &Dialect, source: &dyn MemorySource, text: Address) -> bool {
    let half = |offset: u64| source.read_u32(text.offset(offset)).unwrap_or(0);
    match d.text {
        TextStorage::BytesAndWide => matches!(half(d.string.ob_sstate), 1 | 2),
        TextStorage::Compact => {
            let (shift, mask) = d.unicode.compact.interned;
            matches!(half(d.unicode.compact.state) >> shift & mask, 1..=3)
        }
    }
}

fn is_interned_dict(d: &'static Dialect, source: &dyn MemorySource, value: Address, dict_type: Address) -> bool {
    let check = || -> Option<bool> {
        if source.read_address(value.offset(d.object.ob_type)).ok()? != dict_type {
            return None;
        }
        let word = |offset: u64| source.read_u64(value.offset(offset)).unwrap_or(0);
        let used = word(d.dict.ma_used);
        let table = match d.dict_table {
            DictTable::Entries => Table::of_dict(d, value, word).ok()?,
            DictTable::CombinedKeys => {
                let keys = Address(word(d.dict.keys.ma_keys));
                let mut head = vec![0; d.dict.keys.indices as usize];
                source.read(keys, &mut head).ok()?;
                Table::of_keys(d, keys, &KeysHead(&head), Address(word(d.dict.keys.ma_values)))
            }
        };
        if used < INTERNED_ENTRIES_MIN || table.slots() < used || table.slots() > 1 << 32 || !table.values.is_null() {
            return None;
        }
        let mut bytes = vec![0; 64 * table.entry_bytes];
        source.read(table.at, &mut bytes).ok()?;
        let mut seen = 0;
        for entry in bytes.chunks_exact(table.entry_bytes) {
            let entry = table.entry(entry);
            if entry.value.is_null() {
                continue;
            }
            if entry.key != entry.value || !is_interned_text(d, source, entry.key) {
                return Some(false);
            }
            seen += 1;
        }
        Some(seen > 8)
    };
    check().unwrap_or(false)
}
