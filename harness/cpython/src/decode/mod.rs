//! From the bytes of an image to a heap snapshot, in two passes: where objects begin ([`discover`](self)), then
//! their references. Every walk is bounded by the image's size; damage gives problems, never a panic.

mod apart;
mod calls;
mod cost;
mod discover;
mod marks;
mod references;
mod roots;
mod sizes;
mod source;
mod text;
pub(crate) mod types;

use std::collections::BTreeMap;
use std::rc::Rc;

use bloathound_heap::{
    HeapSnapshot, NameId, ObjectFlags, ObjectId, ObjectRecord, SnapshotBuilder, Tracking, Trust, TypeId, TypeInfo,
};
use bloathound_memory::{Address, MemoryImage};

use crate::Interpreter;
use crate::allocator::PymallocMap;
use crate::dialect::{Collection, Core, NotYetRead, ReferenceCounts, SingledOut, TextStorage};
use crate::objects::{Budget, Objects, plausible_count};
use calls::Call;
use discover::{FINALIZED, TrackedAt};
use marks::{AddressMap, ObjectMarks};
use types::{TypeLayout, TypeTable};

pub use cost::analysis_bytes;
pub use text::{ObjectText, describe, string_bytes};

/// Problems listed at most; further ones are only counted by the snapshot's quality.
const PROBLEMS_MAX: usize = 100;
/// Interned strings longer than this get no text: they are no names.
const NAME_BYTES_MAX: u64 = 120;

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
    let mut builder = SnapshotBuilder::new(interpreter.dialect.words);
    let types = TypeTable::new(interpreter, image, &mut builder);
    let mut decoder = Decoder {
        image,
        interpreter,
        types,
        builder,
        marks: ObjectMarks::new(image.flat().len()),
        late: AddressMap::new(),
        late_addresses: Vec::new(),
        interned_dict: interpreter.interned.and_then(|variable| image.pointer_at(variable)),
        dead_blocks: 0,
        undecided: 0,
        budget: Budget::for_image(image.flat().len()),
        size_bytes_max: sizes::limit(image),
        oversized: 0,
        unbacked: (0, 0),
        problems: Vec::new(),
        key_texts: 0,
        classes: BTreeMap::new(),
        calls: Vec::new(),
        generator_finalizing: None,
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
    decoder.add_records(&tracked);
    decoder.add_calls();
    decoder.add_all_references();
    decoder.name_finalizers();
    decoder.finish()
}

struct Decoder<'a> {
    image: &'a MemoryImage,
    interpreter: &'a Interpreter,
    types: TypeTable,
    builder: SnapshotBuilder,
    marks: ObjectMarks,
    /// Objects met in the second pass only: large strings, static objects, big numbers.
    late: AddressMap,
    late_addresses: Vec<Address>,
    interned_dict: Option<Address>,
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
    /// A type of its own for generators whose cycles the collector won't touch.
    generator_finalizing: Option<TypeId>,
}

impl<'a> Decoder<'a> {
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
        self.types.resolve(self.image, &mut self.builder, type_at)
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

    fn add_records(&mut self, tracked: &[TrackedAt]) {
        self.marks.seal();
        let mut flags = vec![ObjectFlags::new(Tracking::Untracked, Trust::FoundInPool); self.marks.len()];
        let frozen = self.interpreter.dialect.collector.generations;
        for (grain, bits) in tracked {
            let generation = bits & !FINALIZED;
            if let Some(rank) = self.marks.rank(*grain as usize * 8) {
                let tracking = if generation == frozen { Tracking::Frozen } else { Tracking::Tracked(generation) };
                let on_list = ObjectFlags::new(tracking, Trust::OnGcList);
                // Whether its type has a finalizer at all is asked when its record is made.
                let may_finalize = bits & FINALIZED == 0 && self.has_finalizers();
                flags[rank as usize] = if may_finalize { on_list.with_finalizer_to_run() } else { on_list };
            }
        }
        let marks = std::mem::take(&mut self.marks);
        let mut runs = self.image.runs().iter();
        let mut run = runs.next().copied().unwrap_or_default();
        let mut run_start = 0_usize;
        for (flat, flags) in marks.iter().zip(flags) {
            while flat >= run_start + run.1 as usize * 4096 {
                run_start += run.1 as usize * 4096;
                run = match runs.next() {
                    Some(next) => *next,
                    None => break,
                };
            }
            self.add_record(run.0.offset((flat - run_start) as u64), flags);
        }
        self.marks = marks;
    }

    fn add_record(&mut self, at: Address, flags: ObjectFlags) -> ObjectId {
        let d = self.interpreter.dialect;
        let type_at = self.image.pointer_at(at.offset(d.object.ob_type)).unwrap_or_default();
        let Some(layout) = self.known_type(type_at) else {
            // Marked objects have a type; a record must follow all the same so that ids stay ranks.
            let unknown = self.unknown_type();
            return self.push_record(at, unknown, 0, flags, false);
        };
        let claimed = sizes::shallow_size(self.objects(), &layout, self.interpreter.unicode, at);
        self.oversized += u64::from(claimed > self.size_bytes_max);
        let claimed = claimed.min(self.size_bytes_max);
        let size = sizes::backed_size(self.objects(), &layout, at, claimed, self.interpreter.unicode);
        let flags = if flags.has_finalizer_to_run() { self.finalizer_flags(&layout, at, flags) } else { flags };
        if size < claimed {
            self.unbacked = (self.unbacked.0 + 1, self.unbacked.1.saturating_add(claimed - size));
        }
        let type_id = if layout.singled_out == Some(SingledOut::OldInstance) {
            self.old_instance_type(at).unwrap_or(layout.id)
        } else if layout.singled_out == Some(SingledOut::Generator) && self.generator_needs_finalizing(at) {
            self.finalizing_generator_type(&layout)
        } else {
            layout.id
        };
        let is_singleton = matches!(layout.singled_out, Some(SingledOut::Bool | SingledOut::Nothing));
        let id = self.push_record(at, type_id, size, flags, is_singleton);
        if layout.core == Core::Type
            && let Some(index) = self.types.known(at).or_else(|| self.resolve(at))
        {
            let described = self.types.layout(index).id;
            if let Some(info) = self.builder.type_mut(described) {
                info.object = Some(id);
            }
        }
        if layout.core == Core::Str
            && d.text == TextStorage::BytesAndWide
            && self.image.u32_at(at.offset(d.string.ob_sstate)).is_some_and(|state| state != 0)
            && let Some(text) = self.objects().string_text(at, NAME_BYTES_MAX)
        {
            self.builder.set_text(id, &text);
        }
        if layout.core == Core::Unicode
            && d.text == TextStorage::Compact
            && self.objects().compact(at).is_some_and(|text| text.is_interned)
            && let Some(text) = self.objects().name(at, NAME_BYTES_MAX)
        {
            self.builder.set_text(id, &text);
        }
        id
    }

    /// True where this series has finalizers that run once.
    fn has_finalizers(&self) -> bool {
        self.interpreter.dialect.collection == Collection::RunsFinalizers
    }

    /// An object's flags, where its finalizer did not run: whether it has one at all.
    fn finalizer_flags(&self, layout: &TypeLayout, at: Address, flags: ObjectFlags) -> ObjectFlags {
        // A call that is over has nothing to do; of one that did not begin, the series tells.
        let runs = layout.finalizes && (layout.core != Core::Generator || self.is_to_be_ended(at));
        if runs { flags } else { ObjectFlags::new(flags.tracking(), flags.trust()) }
    }

    fn push_record(
        &mut self,
        at: Address,
        type_id: TypeId,
        shallow_size: u64,
        flags: ObjectFlags,
        is_singleton: bool,
    ) -> ObjectId {
        let d = self.interpreter.dialect;
        let count = self.image.u64_at(at.offset(d.object.ob_refcnt)).unwrap_or(0);
        let refcount = match d.reference_counts {
            ReferenceCounts::SingletonsUncounted if is_singleton => u32::MAX,
            ReferenceCounts::Plain | ReferenceCounts::SingletonsUncounted => u32::try_from(count).unwrap_or(u32::MAX),
            // One that lives for ever is not counted.
            ReferenceCounts::Immortal if (count as u32).cast_signed() < 0 => u32::MAX,
            ReferenceCounts::Immortal => u32::try_from(count).unwrap_or(u32::MAX),
        };
        self.builder.add_object(ObjectRecord { address: at.0, type_id, shallow_size, refcount, flags })
    }

    fn unknown_type(&mut self) -> TypeId {
        let info = TypeInfo {
            name: "?".into(),
            module: None,
            object: None,
            is_heap_type: false,
            has_finalizer: false,
            finalizer: None,
        };
        *self.classes.entry(0).or_insert_with(|| self.builder.add_type(info))
    }

    /// Makes an object of what a reference leads to, if it looks like one.
    fn adopt(&mut self, at: Address) -> Option<ObjectId> {
        let d = self.interpreter.dialect;
        if !at.is_aligned(8) {
            return None;
        }
        let type_at = self.image.pointer_at(at.offset(d.object.ob_type))?;
        let count = self.image.u64_at(at)?;
        if !plausible_count(count) {
            return None;
        }
        let layout = self.known_type(type_at)?;
        self.image.bytes(at, layout.basicsize.min(1 << 16) as usize)?;
        let id = self.add_record(at, ObjectFlags::new(Tracking::Untracked, Trust::Referenced));
        self.late.insert(at.0, id.0);
        self.late_addresses.push(at);
        Some(id)
    }

    fn add_all_references(&mut self) {
        let d = self.interpreter.dialect;
        let ranked = self.marks.len();
        let mut next = 0;
        while next < self.builder.len() {
            let at = match next.checked_sub(ranked) {
                None => self.builder.record(ObjectId(next as u32)).map(|r| Address(r.address)),
                Some(late) => self.late_addresses.get(late).copied(),
            };
            if next >= ranked
                && let Some(call) = self.calls.iter().find(|call| call.id.index() == next).copied()
            {
                self.call_references(call);
                self.builder.finish_references();
                next += 1;
                continue;
            }
            if let Some(at) = at {
                let type_at = self.image.pointer_at(at.offset(d.object.ob_type)).unwrap_or_default();
                if let Some(layout) = self.known_type(type_at) {
                    self.add_references(at, &layout);
                }
            }
            self.builder.finish_references();
            next += 1;
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
