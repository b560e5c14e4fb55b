//! Memory of the interpreter's own that is neither an object nor of an allocator: its state, where that is one structure,
//! and the chunks that calls stand in, where these are no objects.

use std::collections::HashSet;
use std::ops::Range;

use bloathound_memory::{Address, MemoryImage, PAGE_BYTES};

use super::RssCategory;
use crate::Interpreter;

/// Longest chunk that is believed.
const CHUNK_BYTES_MAX: u64 = 1 << 30;

/// Ranges and what they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OwnMemory(pub(super) Vec<(Range<Address>, RssCategory)>);

impl OwnMemory {
    /// Finds it; none in a series that has none of it.
    #[must_use]
    pub fn find(image: &MemoryImage, interpreter: &Interpreter) -> Self {
        let d = interpreter.dialect;
        let (Some(runtime), Some(at)) = (d.runtime, interpreter.runtime) else { return Self::default() };
        let page = |at: Address| Address(at.0 & !(PAGE_BYTES - 1));
        // Whole pages: the first one may begin with something else of the module's.
        let from = page(at.offset(PAGE_BYTES - 1));
        // One that is smaller than a page is a part of its module's data, and what hangs on it is allocated.
        let whole = Some(from..page(at.offset(runtime.bytes))).filter(|range| range.start < range.end);
        let mut found: Vec<_> = whole.map(|range| (range, RssCategory::InterpreterState)).into_iter().collect();
        if d.thread_state.data_chunk == 0 {
            return Self(found);
        }
        let mut seen = HashSet::new();
        let mut state = interpreter.interpreter_state.unwrap_or_default();
        while !state.is_null() && seen.insert(state) {
            let mut thread = image.pointer_at(state.offset(d.interpreter_state.tstate_head)).unwrap_or_default();
            while !thread.is_null() && seen.insert(thread) {
                let mut chunk = image.pointer_at(thread.offset(d.thread_state.data_chunk)).unwrap_or_default();
                while !chunk.is_null() && seen.insert(chunk) {
                    let (previous, size) = d.thread_state.chunk;
                    let bytes = image.u64_at(chunk.offset(size)).unwrap_or(0).min(CHUNK_BYTES_MAX);
                    found.push((page(chunk)..page(chunk.offset(bytes)), RssCategory::DataStacks));
                    chunk = image.pointer_at(chunk.offset(previous)).unwrap_or_default();
                }
                thread = image.pointer_at(thread.offset(d.thread_state.next)).unwrap_or_default();
            }
            state = image.pointer_at(state.offset(d.interpreter_state.next)).unwrap_or_default();
        }
        // What overlaps is counted once.
        found.sort_by_key(|(range, _)| range.start);
        found.dedup_by(|next, before| next.0.start < before.0.end);
        Self(found)
    }
}
