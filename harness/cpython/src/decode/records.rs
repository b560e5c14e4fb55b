//! First pass over the objects that were found: what each is, how large, and how often it is counted. And what only a
//! reference leads to, when the second pass meets it.

use std::sync::Arc;

use bloathound_heap::{ObjectFlags, ObjectId, ObjectRecord, Tracking, Trust, TypeId, TypeInfo};
use bloathound_memory::Address;

use super::discover::{FINALIZED, TrackedAt};
use super::stretches::{Marked, Pass};
use super::types::TypeLayout;
use super::{Decoder, FOUND_IN_POOL, NAME_BYTES_MAX, sizes};
use crate::dialect::{Collection, Core, ReferenceCounts, SingledOut, TextStorage};
use crate::objects::plausible_count;

impl Decoder<'_> {
    /// Seals what was found and makes a record of each: an object's id is its rank.
    pub(super) fn add_records(&mut self, tracked: Vec<TrackedAt>, workers: usize) {
        let mut marks = std::mem::take(&mut self.marks);
        marks.seal();
        let mut flags = vec![FOUND_IN_POOL; marks.len()];
        let frozen = self.interpreter.dialect.collector.generations;
        for (grain, bits) in tracked {
            let generation = bits & !FINALIZED;
            if let Some(rank) = marks.rank(grain as usize * 8) {
                let tracking = if generation == frozen { Tracking::Frozen } else { Tracking::Tracked(generation) };
                let on_list = ObjectFlags::new(tracking, Trust::OnGcList);
                // Whether its type has a finalizer at all is asked when its record is made.
                let may_finalize = bits & FINALIZED == 0 && self.has_finalizers();
                flags[rank as usize] = if may_finalize { on_list.with_finalizer_to_run() } else { on_list };
            }
        }
        self.builder.reserve_objects(marks.len());
        self.marked = Arc::new(Marked::new(marks, flags, self.image));
        self.pass(Pass::Records, workers);
    }

    pub(super) fn add_record(&mut self, at: Address, flags: ObjectFlags) -> ObjectId {
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
        let type_id = self.told_type(at, &layout);
        let is_singleton = matches!(layout.singled_out, Some(SingledOut::Bool | SingledOut::Nothing));
        let id = self.push_record(at, type_id, size, flags, is_singleton);
        if layout.core == Core::Type
            && let Some(index) = self.types.known(at).or_else(|| self.resolve(at))
        {
            let described = self.types.layout(index).id;
            self.tell_object(described, id);
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

    /// The type that an object is told by: where its C type says nothing of it, one of its own.
    #[inline]
    fn told_type(&mut self, at: Address, layout: &TypeLayout) -> TypeId {
        match layout.singled_out {
            Some(SingledOut::OldInstance) => self.old_instance_type(at).unwrap_or_else(|| {
                self.leave();
                layout.id
            }),
            Some(SingledOut::Generator) if self.generator_needs_finalizing(at) => {
                self.finalizing_generator_type(at, layout)
            }
            _ => layout.id,
        }
    }

    /// The same of an object whose type is one of those.
    pub(super) fn own_type_at(&mut self, at: Address) -> TypeId {
        let type_at = self.image.pointer_at(at.offset(self.interpreter.dialect.object.ob_type)).unwrap_or_default();
        match self.known_type(type_at) {
            Some(layout) => self.told_type(at, &layout),
            None => self.unknown_type(),
        }
    }

    /// A type that is an object, too.
    pub(super) fn tell_object(&mut self, described: TypeId, id: ObjectId) {
        match &mut self.aside {
            Some(aside) => aside.described.push((described, id)),
            None => {
                if let Some(info) = self.builder.type_mut(described) {
                    info.object = Some(id);
                }
            }
        }
    }

    /// True where this series has finalizers that run once.
    fn has_finalizers(&self) -> bool {
        self.interpreter.dialect.collection == Collection::RunsFinalizers
    }

    /// An object's flags, where its finalizer did not run: whether it has one at all.
    fn finalizer_flags(&self, layout: &TypeLayout, at: Address, flags: ObjectFlags) -> ObjectFlags {
        // A call that is over has nothing to do; of one that did not begin, the series tells.
        let runs = layout.finalizes && (layout.singled_out != Some(SingledOut::Generator) || self.is_to_be_ended(at));
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
        self.leave();
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
    pub(super) fn adopt(&mut self, at: Address) -> Option<ObjectId> {
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
}
