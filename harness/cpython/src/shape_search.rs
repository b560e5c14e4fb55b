//! Finds file-local variables of a stripped interpreter by the shape of what they point at.

use bloathound_memory::{Address, MemorySource, SymbolTable};

use crate::Interpreter;
use crate::layouts::dictobject_h as dict;
use crate::layouts::object_h as object;
use crate::layouts::pystate_h::{INTERP_MODULES, INTERP_TSTATE_HEAD, TSTATE_INTERP};
use crate::layouts::stringobject_h as string;

/// Bytes of static data looked through at most; the interpreter's own are about 400 KiB.
const SEARCH_BYTES_MAX: u64 = 16 << 20;
/// Bytes read at once.
const CHUNK_BYTES: u64 = 64 << 10;
/// Entries the dict of interned strings has at least: a bare interpreter has some thousand.
const INTERNED_ENTRIES_MIN: u64 = 200;

/// True when `state` is a `PyInterpreterState`: its thread list points back and its modules are a dict.
pub(crate) fn is_interpreter_state(source: &dyn MemorySource, state: Address, dict_type: Address) -> bool {
    let check = || -> Option<bool> {
        let thread = source.read_address(state.offset(INTERP_TSTATE_HEAD)).ok()?;
        let back = source.read_address(thread.offset(TSTATE_INTERP)).ok()?;
        let modules = source.read_address(state.offset(INTERP_MODULES)).ok()?;
        Some(back == state && source.read_address(modules.offset(object::OB_TYPE)).ok()? == dict_type)
    };
    !state.is_null() && state.is_aligned(8) && check().unwrap_or(false)
}

/// Searches the static data of the interpreter's module for what symbols did not tell.
pub(crate) fn fill_missing(found: &mut Interpreter, source: &dyn MemorySource, symbols: &SymbolTable) {
    if found.interpreter_state.is_some() && found.interned.is_some() {
        return;
    }
    let heap_like: Vec<(Address, Address)> =
        source.regions().iter().filter(|r| r.is_private_writable()).map(|r| (r.start, r.end)).collect();
    let is_heap_like = |address: Address| {
        let after = heap_like.partition_point(|(start, _)| *start <= address);
        after.checked_sub(1).and_then(|i| heap_like.get(i)).is_some_and(|(_, end)| address < *end)
    };
    for (variable, value) in pointer_words(source, symbols) {
        if !is_heap_like(value) {
            continue;
        }
        if found.interpreter_state.is_none() && is_interpreter_state(source, value, found.dict_type) {
            found.interpreter_state = Some(value);
            found.known_by.insert("interpreter_state".into(), "by shape: thread list points back".into());
        } else if found.interned.is_none() && is_interned_dict(source, value, found.dict_type) {
            found.interned = Some(variable);
            found.known_by.insert("interned".into(), "by shape: a dict of interned strings to themselves".into());
        }
        if found.interpreter_state.is_some() && found.interned.is_some() {
            return;
        }
    }
}

/// Every aligned word of the module's static data with its address.
fn pointer_words(source: &dyn MemorySource, symbols: &SymbolTable) -> Vec<(Address, Address)> {
    let mut words = Vec::new();
    let mut budget = SEARCH_BYTES_MAX;
    for range in &symbols.data_ranges {
        let mut at = Address(range.start.0.next_multiple_of(8));
        while at < range.end && budget > 0 {
            let len = range.end.since(at).min(CHUNK_BYTES) & !7;
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

fn is_interned_dict(source: &dyn MemorySource, value: Address, dict_type: Address) -> bool {
    let check = || -> Option<bool> {
        if source.read_address(value.offset(object::OB_TYPE)).ok()? != dict_type {
            return None;
        }
        let used = source.read_u64(value.offset(dict::MA_USED)).ok()?;
        let mask = source.read_u64(value.offset(dict::MA_MASK)).ok()?;
        if used < INTERNED_ENTRIES_MIN || mask < used || mask > 1 << 32 {
            return None;
        }
        let table = source.read_address(value.offset(dict::MA_TABLE)).ok()?;
        let mut bytes = vec![0; 64 * dict::ENTRY_BYTES];
        source.read(table, &mut bytes).ok()?;
        let mut seen = 0;
        for entry in bytes.chunks_exact(dict::ENTRY_BYTES) {
            let key = u64::from_le_bytes(entry[dict::ME_KEY..dict::ME_KEY + 8].try_into().ok()?);
            let val = u64::from_le_bytes(entry[dict::ME_VALUE..dict::ME_VALUE + 8].try_into().ok()?);
            if val == 0 {
                continue;
            }
            if key != val || !matches!(source.read_u32(Address(key).offset(string::OB_SSTATE)), Ok(1 | 2)) {
                return Some(false);
            }
            seen += 1;
        }
        Some(seen > 8)
    };
    check().unwrap_or(false)
}
