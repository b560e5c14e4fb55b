//! Which words of a copy decoding and analysis read: what a recorded image has to keep. All else may become zero, and
//! decodes to the same heap, the same allocators and the same account of memory.
//!
//! Needed as they are: the objects that were found (what a type keeps in fields of its own, items, tables, texts), the
//! headers of pools and chunks, links of free blocks, the interpreter's variables and states, names of types.
//! In memory that nobody described to us (blocks and chunks of C code, storage of extension types, static data, stacks
//! of threads) only words that can mean something to a reader are: addresses of mapped memory and small numbers, see
//! `is_telling`. Freed blocks, free pools, free chunks, the main thread's stack and the read-only data of libraries are
//! not needed at all.

mod allocators;
mod calls;
mod objects;

use std::ops::Range;

use bloathound_heap::HeapSnapshot;
use bloathound_memory::{Address, FlatOffset, MemoryImage, MemorySource, PAGE_BYTES, Region, RegionKind};

use crate::Interpreter;
use crate::allocator::{MemoryLayout, find_arena_array};
use crate::dialect::Dialect;
use crate::objects::Objects;

const WORD: usize = 8;
/// Numbers of unknown memory nearer to zero than this are kept: too short to say anything.
const SMALL_NUMBER_MAX: u64 = 1 << 16;
/// Around a variable found by its shape: where its neighbour `maxarenas` may stand.
const NEIGHBOURHOOD_BYTES: u64 = 256 + 8;
/// Interpreter and thread states before we take a list for damage.
const STATES_MAX: usize = 10_000;

/// The words of an image's flat buffer that are needed.
#[derive(Debug)]
pub struct Needed {
    /// A bit a word.
    words: Vec<u64>,
}

/// True for a word of unknown memory that a reader may want: an address of mapped memory, a small number of either sign,
/// or control characters only (packed counts). Text of three letters and more is none of these.
fn is_telling(image: &MemoryImage, word: u64) -> bool {
    word.cast_signed().unsigned_abs() < SMALL_NUMBER_MAX
        || image.locate(Address(word)).is_some()
        || image.region_of(Address(word)).is_some()
        || word.to_le_bytes().iter().all(|byte| *byte < b' ')
}

impl Needed {
    /// Finds them. Without `layout` (pymalloc's arenas are unknown) all writable memory counts as unknown.
    #[must_use]
    pub fn of(
        image: &MemoryImage,
        interpreter: &Interpreter,
        snapshot: &HeapSnapshot,
        layout: Option<&MemoryLayout>,
        data_ranges: &[Range<Address>],
    ) -> Self {
        let words = vec![0; image.flat().len().div_ceil(WORD * 64)];
        let mut marker = Marker { image, d: interpreter.dialect, needed: Self { words } };
        marker.unmanaged_memory(layout);
        if let Some(layout) = layout {
            marker.arenas(snapshot, interpreter, layout);
            marker.chunks(snapshot, interpreter, layout);
        }
        marker.objects(snapshot, interpreter);
        marker.interpreter(interpreter, data_ranges);
        marker.needed
    }

    /// True when the word at `place` is needed.
    #[must_use]
    pub fn contains(&self, place: FlatOffset) -> bool {
        let word = place / WORD;
        self.words.get(word / 64).is_some_and(|bits| bits >> (word % 64) & 1 == 1)
    }

    /// Bytes needed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.words.iter().map(|bits| u64::from(bits.count_ones())).sum::<u64>() * WORD as u64
    }

    /// Zeroes what of `bytes`, which stand at `place` of the flat buffer, is not needed.
    pub fn clear_rest(&self, place: FlatOffset, bytes: &mut [u8]) {
        for (index, word) in bytes.chunks_mut(WORD).enumerate() {
            if !self.contains(place + index * WORD) {
                word.fill(0);
            }
        }
    }

    fn insert(&mut self, words: Range<usize>) {
        for word in words {
            if let Some(bits) = self.words.get_mut(word / 64) {
                *bits |= 1 << (word % 64);
            }
        }
    }
}

struct Marker<'a> {
    image: &'a MemoryImage,
    d: &'static Dialect,
    needed: Needed,
}

impl<'a> Marker<'a> {
    /// The object model of the copy.
    fn objects_of(&self) -> Objects<'a> {
        Objects::new(self.image, self.d)
    }

    /// Keeps `len` bytes at `at` as they are, where they were copied.
    fn keep(&mut self, at: Address, len: u64) {
        self.each_piece(at, len, |needed, _, place| needed.insert(place.start / WORD..place.end.div_ceil(WORD)));
    }

    /// Keeps the telling words of `len` bytes at `at`.
    fn keep_telling(&mut self, at: Address, len: u64) {
        let from = at.0.next_multiple_of(WORD as u64);
        let len = at.0.saturating_add(len).saturating_sub(from) & !(WORD as u64 - 1);
        self.each_piece(Address(from), len, |needed, image, place| {
            let words = image.flat().get(place.clone()).unwrap_or_default().chunks_exact(WORD);
            for (index, word) in (place.start / WORD..).zip(words) {
                let value = word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                if value != 0 && is_telling(image, value) {
                    needed.insert(index..index + 1);
                }
            }
        });
    }

    /// The copied parts of a range, page by page, as places in the flat buffer.
    fn each_piece(
        &mut self,
        at: Address,
        len: u64,
        mut take: impl FnMut(&mut Needed, &MemoryImage, Range<FlatOffset>),
    ) {
        let end = at.0.saturating_add(len);
        // By what was copied: a range that is claimed may be longer than all memory.
        let runs = self.image.runs();
        let first =
            runs.partition_point(|(start, pages)| start.0.saturating_add(u64::from(*pages) * PAGE_BYTES) <= at.0);
        for (start, pages) in runs.iter().skip(first).take_while(|(start, _)| start.0 < end) {
            let mut from = start.0.max(at.0);
            let to_end = start.0.saturating_add(u64::from(*pages) * PAGE_BYTES).min(end);
            while from < to_end {
                let to = (from / PAGE_BYTES + 1).saturating_mul(PAGE_BYTES).min(to_end);
                if let Some(place) = self.image.locate(Address(from)) {
                    take(&mut self.needed, self.image, place..place + (to - from) as usize);
                }
                from = to;
            }
        }
    }

    /// Writable memory that neither allocator manages.
    fn unmanaged_memory(&mut self, layout: Option<&MemoryLayout>) {
        let managed = layout.map(allocators::managed_ranges).unwrap_or_default();
        for region in self.image.regions().iter().filter(|region| may_tell(region)) {
            let mut from = region.start;
            let first = managed.partition_point(|range| range.end <= region.start);
            for range in managed.iter().skip(first).take_while(|range| range.start < region.end) {
                self.keep_telling(from, range.start.since(from));
                from = from.max(range.end);
            }
            self.keep_telling(from, region.end.since(from));
        }
    }

    /// The interpreter's variables, its states and its threads'.
    fn interpreter(&mut self, interpreter: &Interpreter, data_ranges: &[Range<Address>]) {
        let d = self.d;
        self.keep(interpreter.generations, interpreter.generation_stride * u64::from(d.collector.generations));
        if let Some(permanent) = d.collector.permanent {
            self.keep(interpreter.generations.offset(permanent), 2 * WORD as u64);
        }
        let variables = [interpreter.arenas, interpreter.maxarenas, interpreter.interned, interpreter.garbage];
        for variable in variables.into_iter().flatten().chain(interpreter.collecting).chain(interpreter.enabled) {
            self.keep(variable, WORD as u64);
        }
        self.keep(interpreter.current_thread, WORD as u64);
        for variable in &interpreter.number_block_lists {
            self.keep(*variable, WORD as u64);
        }
        self.arena_array(interpreter, data_ranges);
        let mut state = interpreter.interpreter_state.unwrap_or_default();
        for _ in 0..STATES_MAX {
            if state.is_null() {
                break;
            }
            self.keep(state, d.interpreter_state.read_bytes);
            self.interpreter_tables(interpreter, state);
            let mut thread = self.image.pointer_at(state.offset(d.interpreter_state.tstate_head)).unwrap_or_default();
            for _ in 0..STATES_MAX {
                if thread.is_null() {
                    break;
                }
                self.keep(thread, d.thread_state.read_bytes);
                self.calls(thread);
                thread = self.image.pointer_at(thread.offset(d.thread_state.next)).unwrap_or_default();
            }
            state = self.image.pointer_at(state.offset(d.interpreter_state.next)).unwrap_or_default();
        }
    }

    fn arena_array(&mut self, interpreter: &Interpreter, data_ranges: &[Range<Address>]) {
        let by_symbol = interpreter.arenas.zip(interpreter.maxarenas);
        let read = by_symbol
            .and_then(|(arenas, count)| Some((self.image.pointer_at(arenas)?, self.image.u32_at(count)?)))
            .filter(|(entries, _)| !entries.is_null());
        let (entries, count) = match read {
            Some(found) => found,
            None => {
                let Some(found) = find_arena_array(&self.d.obmalloc, self.image, data_ranges) else { return };
                let from = found.variable.back(NEIGHBOURHOOD_BYTES.min(found.variable.0));
                self.keep(from, 2 * NEIGHBOURHOOD_BYTES);
                (found.entries, found.max_arenas)
            }
        };
        for index in 0..u64::from(count) {
            let entry = entries.offset(index * self.d.obmalloc.arena_object.bytes);
            match self.image.u64_at(entry) {
                // Beyond its address an unused entry is not initialised.
                Some(0) => {}
                Some(_) => self.keep(entry, self.d.obmalloc.arena_object.bytes),
                None => break,
            }
        }
    }
}

/// True for memory that may hold what a reader wants outside the allocators: static data, stacks of threads, mappings of
/// C code. Not for the main thread's stack, which begins with the environment, and not for read-only data of files.
fn may_tell(region: &Region) -> bool {
    let is_file = matches!(region.kind, RegionKind::File { .. });
    region.permissions.read && region.kind != RegionKind::Stack && (region.permissions.write || !is_file)
}
