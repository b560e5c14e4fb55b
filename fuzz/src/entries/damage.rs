//! Orders for damage to a good image: what to change, and what into. Values are what hurts: addresses of objects and of
//! the place itself, absurd sizes, flipped bits.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use bloathound_cpython::Interpreter;
use bloathound_cpython::dialect::{Dialect, FIRST};
use bloathound_memory::{Address, MemoryImage, MemorySource, Region, read_recording_from};
use bloathound_testkit::small_heap;

const PAGE: usize = 4096;
/// Bytes of an order: kind, place (2), what value, number (4).
const ORDER_BYTES: usize = 8;
/// Sizes and counts that programs trip over.
const EDGES: [u64; 16] = [
    0,
    1,
    7,
    8,
    0xff,
    0xffff,
    1 << 20,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    1 << 47,
    (1 << 47) - 8,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 7,
    u64::MAX,
];

/// A good image, and where in it damage matters.
#[derive(Debug)]
pub struct Base {
    regions: Vec<Region>,
    runs: Vec<(Address, u32)>,
    flat: Vec<u8>,
    facts: BTreeMap<String, String>,
    data_ranges: Vec<Range<Address>>,
    /// Places in the flat buffer of all words that are not zero.
    words: Vec<u32>,
    /// Words that are addresses in the image: each leads to an object or to storage.
    addresses: Vec<u64>,
}

/// Images of real interpreters that were made small, in the order in which orders count them.
const REAL: [&[u8]; 5] = [
    include_bytes!("../../seeds/image/real.bhi"),
    include_bytes!("../../../harness/cpython/tests/python3/small-3.11.bhi"),
    include_bytes!("../../../harness/cpython/tests/python3/small-3.12.bhi"),
    include_bytes!("../../../harness/cpython/tests/python3/small-3.13.bhi"),
    // The one that came last: orders count from the first.
    include_bytes!("../../../harness/cpython/tests/python3/small-3.10.bhi"),
];

/// What came of it.
pub(super) struct Damaged {
    pub(super) image: MemoryImage,
    pub(super) interpreter: Interpreter,
    pub(super) data_ranges: Vec<Range<Address>>,
}

impl Base {
    /// How many there are to choose from.
    pub const COUNT: u8 = 1 + REAL.len() as u8;

    /// A heap that was written by hand, or one of a real process made small: of 2.7, then of each series of 3.
    pub fn chosen(choice: u8) -> &'static Self {
        static BASES: [OnceLock<Base>; Base::COUNT as usize] = [const { OnceLock::new() }; Base::COUNT as usize];
        let index = usize::from(choice % Self::COUNT);
        BASES[index].get_or_init(|| {
            let file = index.checked_sub(1).and_then(|real| REAL.get(real));
            file.and_then(|file| Self::real(file)).unwrap_or_else(Self::made_up)
        })
    }

    /// The series of its interpreter.
    pub fn dialect(&self) -> &'static Dialect {
        Interpreter::from_facts(&self.facts).map_or(FIRST, |interpreter| interpreter.dialect)
    }

    fn made_up() -> Self {
        let heap = small_heap();
        let data = Address(heap.data.start)..Address(heap.data.end);
        let image = heap.memory.finish();
        Self::of(image, heap.facts, vec![data])
    }

    fn real(mut file: &[u8]) -> Option<Self> {
        let recording = read_recording_from(&mut file, Path::new("real.bhi"), 1 << 30).ok()?.recording;
        Some(Self::of(recording.image, recording.manifest.interpreter, recording.symbols.data_ranges))
    }

    fn of(image: MemoryImage, facts: BTreeMap<String, String>, data_ranges: Vec<Range<Address>>) -> Self {
        let (regions, runs) = (image.regions().to_vec(), image.runs().to_vec());
        let word =
            |at: usize| image.flat().get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        let words: Vec<u32> =
            (0..image.flat().len()).step_by(8).filter(|at| word(*at) != 0).map(|at| at as u32).collect();
        let mut addresses: Vec<u64> =
            words.iter().map(|at| word(*at as usize)).filter(|value| image.locate(Address(*value)).is_some()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        Self { regions, runs, facts, data_ranges, words, addresses, flat: image.into_flat() }
    }

    /// Address of a place in the flat buffer.
    fn address_of(&self, place: usize) -> u64 {
        let mut before = 0;
        for (start, pages) in &self.runs {
            let bytes = *pages as usize * PAGE;
            if place < before + bytes {
                return start.0 + (place - before) as u64;
            }
            before += bytes;
        }
        0
    }
}

/// Carries the orders out.
pub(super) fn apply(base: &'static Base, orders: &[u8]) -> Option<Damaged> {
    let mut flat = base.flat.clone();
    let mut runs = base.runs.clone();
    let mut facts = None;
    for order in orders.chunks_exact(ORDER_BYTES) {
        let &[kind, place_low, place_high, what, n0, n1, n2, n3] = order else { continue };
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        let place = usize::from(u16::from_le_bytes([place_low, place_high])) | usize::from(kind >> 4) << 16;
        let at = pick(&base.words, place).copied().unwrap_or_default() as usize;
        let old = word_at(&flat, at);
        let value = value(base, &flat, (at, old), what, number);
        match kind & 15 {
            0..=9 => put(&mut flat, at, &value.to_le_bytes()),
            10 | 11 => put(&mut flat, at, &(value as u32).to_le_bytes()),
            // Anywhere, zeroes too.
            12 => {
                let anywhere = (number as usize / 8 * 8) % flat.len().max(8);
                put(&mut flat, anywhere, &value.to_le_bytes());
            }
            13 => copy_page(&mut flat, place, number as usize),
            14 => drop_run(&mut runs, &mut flat, place),
            _ => {
                let facts = facts.get_or_insert_with(|| base.facts.clone());
                let name = facts.keys().nth(place % facts.len().max(1)).cloned().unwrap_or_default();
                facts.insert(name, format!("{value:x}"));
            }
        }
    }
    let interpreter = Interpreter::from_facts(facts.as_ref().unwrap_or(&base.facts))?;
    let image = MemoryImage::new(base.regions.clone(), runs, flat);
    Some(Damaged { image, interpreter, data_ranges: base.data_ranges.clone() })
}

fn value(base: &Base, flat: &[u8], (at, old): (usize, u64), what: u8, number: u32) -> u64 {
    match what % 9 {
        0 => u64::from(number),
        1 | 2 => pick(&base.addresses, number as usize).copied().unwrap_or_default(),
        3 => EDGES[number as usize % EDGES.len()],
        4 => old ^ 1 << (number % 64),
        5 => old.wrapping_add(i64::from(number as i32) as u64),
        6 => pick(&base.words, number as usize).map_or(0, |other| word_at(flat, *other as usize)),
        7 => base.address_of(at).wrapping_add((i64::from(number as i8) * 8) as u64),
        _ => base.address_of((number as usize / 8 * 8) % flat.len().max(8)),
    }
}

fn pick<T>(list: &[T], index: usize) -> Option<&T> {
    list.get(index % list.len().max(1))
}

fn word_at(flat: &[u8], at: usize) -> u64 {
    flat.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn put(flat: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = flat.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

fn copy_page(flat: &mut [u8], to: usize, from: usize) {
    let pages = (flat.len() / PAGE).max(1);
    let (to, from) = (to % pages * PAGE, from % pages * PAGE);
    if flat.len() >= to.max(from) + PAGE {
        flat.copy_within(from..from + PAGE, to);
    }
}

/// Leaves one page out: its run becomes two, or shorter.
fn drop_run(runs: &mut Vec<(Address, u32)>, flat: &mut Vec<u8>, page: usize) {
    let pages: usize = runs.iter().map(|(_, pages)| *pages as usize).sum();
    let gone = page % pages.max(1);
    let mut before = 0;
    let mut left = Vec::with_capacity(runs.len() + 1);
    for (start, count) in runs.iter().copied() {
        let inside = gone.checked_sub(before).filter(|inside| *inside < count as usize);
        match inside.map(|inside| inside as u32) {
            Some(inside) => {
                left.push((start, inside));
                left.push((start.offset((u64::from(inside) + 1) * PAGE as u64), count - inside - 1));
            }
            None => left.push((start, count)),
        }
        before += count as usize;
    }
    left.retain(|(_, count)| *count > 0);
    *runs = left;
    if flat.len() >= (gone + 1) * PAGE {
        flat.drain(gone * PAGE..(gone + 1) * PAGE);
    }
}
