//! From the bytes of an image to a heap snapshot: where objects begin ([`discover`](self)), then in two passes over them
//! their records and their references. Every walk is bounded by the image's size; damage gives problems, never a panic.

mod apart;
mod calls;
mod cost;
mod discover;
mod marks;
mod records;
mod references;
mod roots;
mod shelf;
mod sizes;
mod source;
mod stretches;
mod text;
pub(crate) mod types;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use bloathound_heap::{BitSet, HeapSnapshot, NameId, ObjectFlags, SnapshotBuilder, Tracking, Trust, TypeId};
use bloathound_memory::{Address, MemoryImage};

use crate::Interpreter;
use crate::allocator::PymallocMap;
use crate::dialect::layout::KeysForm;
use crate::dialect::{DictTable, NotYetRead};
use crate::objects::{Budget, Objects};
use calls::Call;
use marks::{AddressMap, ObjectMarks};
use stretches::{Aside, Marked, Pass};
use types::{TypeLayout, TypeTable};

pub use cost::analysis_bytes;
pub use text::{ObjectText, describe, string_bytes};

/// Problems listed at most; further ones are only counted by the snapshot's quality.
const PROBLEMS_MAX: usize = 100;
/// Interned strings longer than this get no text: they are no names.
const NAME_BYTES_MAX: u64 = 120;
/// What is known of an object that a sweep has met.
const FOUND_IN_POOL: ObjectFlags = ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool);

/// A value and what is wrong with it.
#[derive(Debug)]
pub struct Decoded<T> {
    /// The result, as far as it goes.
    pub value: T,
    /// What could not be read or does not agree, for people.
    pub problems: Vec<String>,
}

/// Decodes the heap of a CPython process from an image of its memory.
///
/// `pools` is the decoded pymalloc, if its arenas are known; without it only tracked objects and what they refer to
/// are found.
#[must_use]
pub fn decode(image: &MemoryImage, interpreter: &Interpreter, pools: Option<&PymallocMap>) -> Decoded<HeapSnapshot> {
    decode_with(1, image, interpreter, pools)
}

/// The same by so many threads: what comes out is the same, too.
#[must_use]
pub fn decode_with(
    workers: usize,
    image: &MemoryImage,
    interpreter: &Interpreter,
    pools: Option<&PymallocMap>,
) -> Decoded<HeapSnapshot> {
    decode_telling(None, workers, image, interpreter, pools)
}

/// The same; `counted` is told what objects there are as soon as they are known, before what they refer to: all but those
/// that only a reference leads to.
#[must_use]
pub fn decode_telling(
    counted: Option<&dyn Fn(&HeapSnapshot)>,
    workers: usize,
    image: &MemoryImage,
    interpreter: &Interpreter,
    pools: Option<&PymallocMap>,
) -> Decoded<HeapSnapshot> {
    let mut builder = SnapshotBuilder::new(interpreter.dialect.words);
    let types = TypeTable::new(interpreter, image, &mut builder);
    let mut decoder = Decoder {
        marks: ObjectMarks::new(image.flat().len()),
        interned_dict: interpreter.interned.and_then(|variable| image.pointer_at(variable)),
        budget: Budget::for_image(image.flat().len()),
        size_bytes_max: sizes::limit(image),
        ..Decoder::new(image, interpreter, types, builder)
    };
    let tracked = decoder.walk_gc_lists();
    decoder.walk_type_tree();
    match pools {
        Some(pools) => decoder.sweep_pools(pools),
        None => {
            let by_symbols = interpreter.known_by.get("collecting").is_some_and(|how| how == "symbol");
            let why = match by_symbols && interpreter.arenas.is_none() {
                true => "this interpreter was built without pymalloc",
                false => "pymalloc's arenas are unknown",
            };
            decoder.problem(format!("{why}: objects nothing refers to are missing"));
        }
    }
    decoder.sweep_number_blocks();
    decoder.add_records(tracked, workers);
    if let Some(counted) = counted {
        counted(decoder.builder.so_far());
    }
    decoder.add_calls();
    decoder.add_all_references(workers);
    decoder.name_finalizers();
    decoder.finish()
}

struct Decoder<'a> {
    image: &'a MemoryImage,
    interpreter: &'a Interpreter,
    types: TypeTable,
    builder: SnapshotBuilder,
    /// What is found while it is looked for; then it is in `marked`.
    marks: ObjectMarks,
    marked: Arc<Marked>,
    /// The objects that have a text before references are read.
    with_text: Arc<BitSet>,
    /// Objects met in the second pass only: large strings, static objects, big numbers.
    late: AddressMap,
    late_addresses: Vec<Address>,
    interned_dict: Option<Address>,
    /// The function that looks up in dicts whose keys are visited; 0 where that is told otherwise.
    general_lookup: u64,
    /// Allocated blocks with an object's remains: the interpreter's free lists.
    dead_blocks: u64,
    /// Objects that a running collection has not decided on.
    undecided: u64,
    /// For the references of all objects.
    budget: Budget,
    /// No object is larger.
    size_bytes_max: u64,
    /// Objects that claim to be.
    oversized: u64,
    /// Objects that claim memory which is not there, and how much of it.
    unbacked: (u64, u64),
    problems: Vec<String>,
    /// Keys that were given a text.
    key_texts: usize,
    /// Old-style classes as types of their own, by the class object's address.
    classes: BTreeMap<u64, TypeId>,
    /// Calls that run, as objects of their own: where this series has none for them.
    calls: Vec<Call>,
    calls_at: AddressMap,
    /// A type of its own for generators whose cycles the collector won't touch.
    generator_finalizing: Option<TypeId>,
    /// Where this is a helper: what it notes of the stretch that it reads.
    aside: Option<Aside>,
}

impl<'a> Decoder<'a> {
    /// One that has found nothing yet, and may read nothing yet.
    fn new(image: &'a MemoryImage, interpreter: &'a Interpreter, types: TypeTable, builder: SnapshotBuilder) -> Self {
        Self {
            image,
            interpreter,
            types,
            builder,
            marks: ObjectMarks::default(),
            marked: Arc::default(),
            with_text: Arc::default(),
            late: AddressMap::new(),
            late_addresses: Vec::new(),
            interned_dict: None,
            general_lookup: general_lookup(image, interpreter),
            dead_blocks: 0,
            undecided: 0,
            budget: Budget::of(0),
            size_bytes_max: 0,
            oversized: 0,
            unbacked: (0, 0),
            problems: Vec::new(),
            key_texts: 0,
            classes: BTreeMap::new(),
            calls: Vec::new(),
            calls_at: AddressMap::new(),
            generator_finalizing: None,
            aside: None,
        }
    }

    /// The object model of this copy.
    #[inline]
    fn objects(&self) -> Objects<'a> {
        Objects::new(self.image, self.interpreter.dialect)
    }

    fn problem(&mut self, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(message);
        }
    }

    /// Tells once what is not read.
    #[cold]
    fn refuse(&mut self, refused: NotYetRead) {
        let message = refused.to_string();
        if !self.problems.contains(&message) {
            self.problem(message);
        }
    }

    fn resolve(&mut self, type_at: Address) -> Option<u32> {
        if self.aside.is_none() {
            return self.types.resolve(self.image, &mut self.builder, type_at);
        }
        // Types get their ids in order, too.
        let known = self.types.known(type_at);
        if known.is_none() && self.objects().is_type_object(type_at, self.types.type_type()) {
            self.leave();
        }
        known
    }

    /// The layout of a type that is known already or turns out to be one.
    fn known_type(&mut self, type_at: Address) -> Option<Rc<TypeLayout>> {
        let index = match self.types.known(type_at) {
            Some(index) => index,
            None if type_at.is_aligned(8) && type_at.0 > 0x1000 => self.resolve(type_at)?,
            None => return None,
        };
        Some(Rc::clone(self.types.layout(index)))
    }

    fn add_all_references(&mut self, workers: usize) {
        let mut with_text = BitSet::with_len(self.builder.len());
        self.builder.with_text().for_each(|id| _ = with_text.insert(id));
        self.with_text = Arc::new(with_text);
        self.pass(Pass::References, workers);
        // Calls, and what only references led to: these lead to more.
        let ranked = self.marked.marks.len();
        let mut next = ranked;
        while next < self.builder.len() {
            if let Some(call) = self.calls.iter().find(|call| call.id.index() == next).copied() {
                self.call_references(call);
            } else if let Some(at) = self.late_addresses.get(next - ranked).copied() {
                self.add_references_of(at);
            }
            self.builder.finish_references();
            next += 1;
        }
    }

    /// Adds all references of the object at `at`, if it is one.
    #[inline]
    fn add_references_of(&mut self, at: Address) {
        let type_at = self.image.pointer_at(at.offset(self.interpreter.dialect.object.ob_type)).unwrap_or_default();
        if let Some(layout) = self.known_type(type_at) {
            self.add_references(at, &layout);
        }
    }

    fn finish(mut self) -> Decoded<HeapSnapshot> {
        self.add_roots();
        let refused = self.budget.refused() + self.types.budget().refused();
        if refused > 0 {
            self.problem(format!("memory is claimed by many objects at once; {refused} of them were not read"));
        }
        if self.unbacked.0 > 0 {
            let (count, bytes) = self.unbacked;
            self.problem(format!(
                "{count} objects claim {bytes} bytes that no memory is behind; only what is there counts"
            ));
        }
        let mut snapshot = self.builder.finish();
        let surplus = roots::add_unaccounted_roots(&mut snapshot);
        let quality = snapshot.quality();
        // In a look that is torn, an object that is half made claims anything: that the look is torn is said already.
        let is_torn = surplus > 0 || quality.broken_links > 0 || quality.collection_in_progress;
        if self.oversized > 0 && !is_torn {
            let (count, most) = (self.oversized, self.size_bytes_max);
            self.problems
                .push(format!("{count} objects claim more than {most} bytes, which is more than there can be"));
        }
        if surplus > 0 {
            self.problems.push(format!("{surplus} objects have more references than their count allows"));
        }
        Decoded { value: snapshot, problems: self.problems }
    }

    fn name_of(&mut self, at: Address) -> Option<NameId> {
        self.objects().name(at, NAME_BYTES_MAX).map(|text| self.builder.name(&text))
    }
}

/// By what function keys are looked up that are not all text: those of the subclasses of `object` are numbers, in every
/// series in which it tells anything.
fn general_lookup(image: &MemoryImage, interpreter: &Interpreter) -> u64 {
    let d = interpreter.dialect;
    let KeysForm::Sized { lookup, .. } = d.dict.keys.form else { return 0 };
    let read = || {
        let subclasses = image.pointer_at(interpreter.object_type.offset(d.type_object.tp_subclasses))?;
        let keys = image.pointer_at(subclasses.offset(d.dict.keys.ma_keys))?;
        image.u64_at(keys.offset(lookup))
    };
    match d.dict_table {
        DictTable::Entries => 0,
        DictTable::CombinedKeys => read().unwrap_or(0),
    }
}
