//! The two passes over the objects that were found, stretch by stretch of the image, on several processors where there are.
//!
//! One thread reads in the order of ids, into the snapshot itself. Helpers read stretches ahead into parts, with ids of their
//! own for what is new there (names, types, objects that only a reference leads to), and each part is joined when its turn
//! comes: what is new gets its id in the order in which one alone would have met it, so that the snapshot is the same
//! however many read. What a helper can't do by itself (a type that nobody met yet, damage, a table of millions of entries)
//! it leaves to whoever reads in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bloathound_heap::{BitSet, ObjectFlags, ObjectId, PartPlaces, PartStart, SnapshotBuilder, TypeId};
use bloathound_memory::{Address, MemoryImage};

use super::marks::{AddressMap, ObjectMarks};
use super::shelf::{Closing, Shelf};
use super::source::KEY_TEXTS_MAX;
use super::types::{CopiedTypes, TypeTable};
use super::{Decoder, FOUND_IN_POOL};
use crate::Interpreter;
use crate::objects::Budget;

/// Words of tables that a part may hold: a megabyte, and as much of references.
const PART_WORDS: u64 = 1 << 17;
/// What a part takes at most: two words of references for each of a table's, and records of as many objects as a stretch has.
const PART_BYTES: u64 = 2 << 20;
/// Ids of parts have to fit labels, with room for what they are moved by.
const OBJECTS_MAX: usize = 1 << 26;

/// The objects that were found, by their ranks.
#[derive(Debug, Default)]
pub(super) struct Marked {
    pub(super) marks: ObjectMarks,
    /// What is known of each before it is read.
    pub(super) flags: Vec<ObjectFlags>,
    /// Where runs of pages begin, in the image and in the target.
    runs: Vec<(usize, Address)>,
}

impl Marked {
    pub(super) fn new(marks: ObjectMarks, flags: Vec<ObjectFlags>, image: &MemoryImage) -> Self {
        let mut start = 0;
        let runs = image.runs().iter().map(|(address, pages)| {
            let run = (start, *address);
            start += *pages as usize * bloathound_memory::PAGE_BYTES as usize;
            run
        });
        Self { runs: runs.collect(), marks, flags }
    }

    /// Rank and address of each object of a stretch.
    pub(super) fn in_stretch(&self, stretch: usize) -> impl Iterator<Item = (usize, Address)> + '_ {
        let first = self.marks.first_of(stretch) as usize;
        let mut run = None;
        self.marks.in_stretch(stretch).enumerate().filter_map(move |(index, flat)| {
            let mut at = run.unwrap_or_else(|| self.runs.partition_point(|run| run.0 <= flat).saturating_sub(1));
            while self.runs.get(at + 1).is_some_and(|next| next.0 <= flat) {
                at += 1;
            }
            run = Some(at);
            let (start, address) = self.runs.get(at)?;
            Some((first + index, address.offset((flat - start) as u64)))
        })
    }
}

/// What is asked of each object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    Records,
    References,
}

/// What a helper notes beside its part.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// It met what it can't decide by itself.
    pub(super) is_left: bool,
    /// Objects that have a type of their own, each the first of that type.
    pub(super) own_types: Vec<Address>,
    /// Type objects, by the type that they describe.
    pub(super) described: Vec<(TypeId, ObjectId)>,
    /// Keys that were given a text.
    pub(super) keys: Vec<ObjectId>,
}

/// A stretch that a helper has read.
#[derive(Debug, Default)]
struct Part {
    builder: SnapshotBuilder,
    start: PartStart,
    aside: Aside,
    /// What only references led to.
    late: Vec<Address>,
    words: u64,
    oversized: u64,
    unbacked: (u64, u64),
}

/// What a helper begins with.
struct Beginning<'a> {
    image: &'a MemoryImage,
    interpreter: &'a Interpreter,
    types: CopiedTypes,
    marked: Arc<Marked>,
    with_text: Arc<BitSet>,
    calls_at: AddressMap,
    interned_dict: Option<Address>,
    size_bytes_max: u64,
    start: PartStart,
}

/// What `workers` take together beside the snapshot of an image of so many bytes, at most.
pub(super) fn bytes_beside(workers: usize, image_bytes: usize) -> u64 {
    match workers.saturating_sub(1) {
        0 => 0,
        helpers => Shelf::<()>::parts_max(ObjectMarks::stretches_of(image_bytes), helpers) as u64 * PART_BYTES,
    }
}

impl<'a> Decoder<'a> {
    /// Reads all stretches, with helpers where `workers` is more than one.
    pub(super) fn pass(&mut self, pass: Pass, workers: usize) {
        let stretches = self.marked.marks.stretches();
        let helpers = if self.marked.marks.len() < OBJECTS_MAX { workers.saturating_sub(1) } else { 0 };
        if helpers == 0 {
            (0..stretches).for_each(|stretch| self.read_stretch(stretch, pass));
            return;
        }
        let shelf = Shelf::new(stretches, helpers);
        let no_more_texts = AtomicBool::new(false);
        thread::scope(|scope| {
            let _closing = Closing(&shelf);
            for _ in 0..helpers {
                let (beginning, shelf, no_more_texts) = (self.beginning(), &shelf, &no_more_texts);
                let help = move || help(beginning, shelf, pass, no_more_texts);
                // Where there is no thread to be had, nobody helps. What a helper that failed had begun is given back.
                drop(thread::Builder::new().name("decode".to_owned()).spawn_scoped(scope, help));
            }
            for stretch in 0..stretches {
                match shelf.take(stretch) {
                    Some(part) => {
                        let was_joined = self.join(&part, pass);
                        shelf.give_back(part, was_joined);
                        if !was_joined {
                            self.read_stretch(stretch, pass);
                        }
                    }
                    None => self.read_stretch(stretch, pass),
                }
                no_more_texts.store(self.key_texts >= KEY_TEXTS_MAX, Ordering::Relaxed);
            }
        });
    }

    fn read_stretch(&mut self, stretch: usize, pass: Pass) {
        let marked = Arc::clone(&self.marked);
        for (rank, at) in marked.in_stretch(stretch) {
            match pass {
                Pass::Records => {
                    let flags = marked.flags.get(rank).copied().unwrap_or(FOUND_IN_POOL);
                    self.add_record(at, flags);
                }
                Pass::References => {
                    self.add_references_of(at);
                    self.builder.finish_references();
                }
            }
        }
    }

    fn beginning(&self) -> Beginning<'a> {
        Beginning {
            image: self.image,
            interpreter: self.interpreter,
            types: self.types.copied(),
            marked: Arc::clone(&self.marked),
            with_text: Arc::clone(&self.with_text),
            calls_at: self.calls_at.clone(),
            interned_dict: self.interned_dict,
            size_bytes_max: self.size_bytes_max,
            start: self.builder.counts(),
        }
    }

    /// Adds what a helper read; false, and nothing is added, where it has to be read again.
    fn join(&mut self, part: &Part, pass: Pass) -> bool {
        let aside = &part.aside;
        if aside.is_left {
            return false;
        }
        match pass {
            Pass::Records => {
                let names = self.builder.take_names(&part.builder);
                let types = aside.own_types.iter().map(|at| self.own_type_at(*at)).collect();
                let places = PartPlaces { names, types, ..PartPlaces::default() };
                self.builder.append_objects(&part.builder, &places);
                self.builder.take_known(&part.builder, &places);
                aside.described.iter().for_each(|(described, id)| self.tell_object(*described, *id));
                self.oversized += part.oversized;
                self.unbacked = (self.unbacked.0 + part.unbacked.0, self.unbacked.1.saturating_add(part.unbacked.1));
                true
            }
            Pass::References => self.join_references(part),
        }
    }

    fn join_references(&mut self, part: &Part) -> bool {
        let aside = &part.aside;
        let is_new = |decoder: &Self, id: ObjectId| !decoder.builder.has_text(id);
        let new = aside.keys.iter().filter(|id| id.0 >= part.start.objects || is_new(self, **id)).count();
        // The last texts that keys may have go to those that come first.
        if self.key_texts + new > KEY_TEXTS_MAX || !self.builder.has_room_for(&part.builder) {
            return false;
        }
        if !self.budget.take_read(part.words) {
            return false;
        }
        let names = self.builder.take_names(&part.builder);
        let objects = part.late.iter().map(|at| self.id_of(*at).unwrap_or(ObjectId(u32::MAX))).collect();
        let places = PartPlaces { names, objects, ..PartPlaces::default() };
        let keys = aside.keys.iter().map(|id| places.of_object(part.start, *id));
        self.key_texts += keys.filter(|id| is_new(self, *id)).count();
        self.builder.append_references(&part.builder, &places);
        self.builder.take_known(&part.builder, &places);
        true
    }

    /// As a helper, notes the first object of a type of its own.
    pub(super) fn note_own_type(&mut self, at: Address) {
        if let Some(aside) = &mut self.aside {
            aside.own_types.push(at);
        }
    }

    /// As a helper, leaves what is being read to whoever reads in order.
    pub(super) fn leave(&mut self) {
        if let Some(aside) = &mut self.aside {
            aside.is_left = true;
        }
    }

    /// Reads a stretch into a part.
    fn read_part(&mut self, stretch: usize, pass: Pass, start: PartStart, spare: Option<Part>) -> Part {
        let mut part = spare.unwrap_or_default();
        let first = self.marked.marks.first_of(stretch);
        let start = match pass {
            Pass::Records => PartStart { objects: first, ..start },
            Pass::References => PartStart { finished: first, ..start },
        };
        part.start = start;
        let Part { builder, late, aside, .. } = &mut part;
        (self.builder, self.late_addresses) = (std::mem::take(builder), std::mem::take(late));
        self.builder.begin_part(start);
        self.late_addresses.clear();
        self.late.clear();
        self.classes.clear();
        self.generator_finalizing = None;
        self.budget = Budget::of(PART_WORDS);
        (self.oversized, self.unbacked) = (0, (0, 0));
        aside.is_left = false;
        aside.own_types.clear();
        aside.described.clear();
        aside.keys.clear();
        self.aside = Some(std::mem::take(aside));
        self.read_stretch(stretch, pass);
        part.builder = std::mem::take(&mut self.builder);
        part.late = std::mem::take(&mut self.late_addresses);
        part.aside = self.aside.take().unwrap_or_default();
        part.words = PART_WORDS - self.budget.left();
        (part.oversized, part.unbacked) = (self.oversized, self.unbacked);
        let is_damaged = !self.problems.is_empty() || self.types.budget().refused() > 0;
        part.aside.is_left |= is_damaged || self.budget.refused() > 0;
        self.problems.clear();
        part
    }
}

/// What a helper does until there is no more to do.
fn help(beginning: Beginning<'_>, shelf: &Shelf<Part>, pass: Pass, no_more_texts: &AtomicBool) {
    let start = beginning.start;
    let mut decoder = Decoder::from(beginning);
    while let Some(mut claim) = shelf.claim() {
        let spare = claim.spare.take();
        decoder.key_texts = if no_more_texts.load(Ordering::Relaxed) { KEY_TEXTS_MAX } else { 0 };
        let part = decoder.read_part(claim.place, pass, start, spare);
        claim.fill(part);
    }
}

impl<'a> From<Beginning<'a>> for Decoder<'a> {
    fn from(beginning: Beginning<'a>) -> Self {
        let types = TypeTable::from(beginning.types);
        Self {
            marked: beginning.marked,
            with_text: beginning.with_text,
            calls_at: beginning.calls_at,
            interned_dict: beginning.interned_dict,
            size_bytes_max: beginning.size_bytes_max,
            ..Self::new(beginning.image, beginning.interpreter, types, SnapshotBuilder::default())
        }
    }
}
