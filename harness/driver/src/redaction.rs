//! What a redacted recording leaves out: the contents of strings. Lengths, hashes and names of code stay, so that the
//! analysis gives the same paths and figures.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use bloathound_cpython::layouts::stringobject_h as string;
use bloathound_cpython::string_bytes;
use bloathound_heap::{HeapSnapshot, ObjectId, ReferenceKind};
use bloathound_memory::{Address, FlatOffset, MemorySource, PAGE_BYTES, RegionKind};

use crate::examine::Examined;

/// Longest text replaced in one piece; longer ones are replaced too, by the same pattern.
const SEED_BYTES_MAX: usize = 1 << 20;
/// Strings that name code and not data, by the key they are kept under.
const NAMING_KEYS: [&str; 3] = ["__module__", "__name__", "__package__"];

/// A piece of the flat buffer and what its new content is made of.
#[derive(Debug)]
struct Scrub {
    range: Range<FlatOffset>,
    /// Equal contents have equal seeds, so that duplicates stay duplicates; `None` writes zeros.
    seed: Option<u64>,
    /// Bytes of a character.
    unit: u8,
}

/// Ranges to replace, in order of their place.
#[derive(Debug, Default)]
pub(crate) struct Redaction {
    scrubs: Vec<Scrub>,
}

impl Redaction {
    /// Finds every string object whose content is data.
    pub(crate) fn plan(examined: &Examined) -> Self {
        let snapshot = &examined.snapshot;
        let image = &examined.image;
        let (names, paths) = names_of_code(snapshot);
        let kind_of: Vec<Option<TextKind>> = snapshot.types().iter().map(TextKind::of).collect();
        let mut scrubs = Vec::new();
        let mut add = |at: Address, len: usize, unit: u8| {
            let (Some(start), Some(bytes)) = (image.locate(at), image.bytes(at, len)) else { return };
            if len > 0 {
                let mut hasher = DefaultHasher::new();
                bytes.get(..len.min(SEED_BYTES_MAX)).hash(&mut hasher);
                len.hash(&mut hasher);
                scrubs.push(Scrub { range: start..start + len, seed: Some(hasher.finish()), unit });
            }
        };
        for id in snapshot.ids() {
            let record = snapshot.object(id);
            let at = Address(record.address);
            match kind_of.get(record.type_id.0 as usize).copied().flatten() {
                Some(TextKind::Bytes) if !names.contains(&id) => {
                    let interned = image.u32_at(at.offset(string::OB_SSTATE)).is_some_and(|state| state != 0);
                    let Some(bytes) = string_bytes(image, at).filter(|_| !interned) else { continue };
                    let kept = if paths.contains(&id) { file_name_bytes(bytes) } else { 0 };
                    add(at.offset(string::OB_SVAL), bytes.len() - kept, 1);
                }
                Some(TextKind::Unicode) => {
                    let width = examined.interpreter.unicode.bytes();
                    let length = image.u64_at(at.offset(string::UNICODE_LENGTH)).unwrap_or(0);
                    let data = image.pointer_at(at.offset(string::UNICODE_DATA)).unwrap_or_default();
                    let bytes = usize::try_from(length.saturating_mul(width)).unwrap_or(0);
                    add(data, bytes, width as u8);
                }
                _ => {}
            }
        }
        // The main thread's stack begins with the command line and the environment; nothing is decoded from it.
        for region in image.regions().iter().filter(|region| region.kind == RegionKind::Stack) {
            for (start, pages) in image.runs() {
                let end = start.offset(u64::from(*pages) * PAGE_BYTES);
                let (from, to) = ((*start).max(region.start), end.min(region.end));
                if let Some(place) = image.locate(from).filter(|_| from < to) {
                    scrubs.push(Scrub { range: place..place + to.since(from) as usize, seed: None, unit: 1 });
                }
            }
        }
        scrubs.sort_by_key(|scrub| scrub.range.start);
        Self { scrubs }
    }

    /// Replaces what of the ranges is in the piece `bytes` at `place` of the flat buffer.
    pub(crate) fn apply(&mut self, place: FlatOffset, bytes: &mut [u8]) {
        let end = place + bytes.len();
        // Those that end before the piece are gone already.
        let last = self.scrubs.partition_point(|scrub| scrub.range.start < end);
        for scrub in &self.scrubs[..last] {
            let (from, to) = (scrub.range.start.max(place), scrub.range.end.min(end));
            if from >= to {
                continue;
            }
            if let Some(piece) = bytes.get_mut(from - place..to - place) {
                for (at, byte) in (from - scrub.range.start..).zip(piece) {
                    *byte = scrub.byte(at);
                }
            }
        }
        self.scrubs.retain(|scrub| scrub.range.end > end);
    }
}

impl Scrub {
    /// A letter for each character; wide characters have it in their lowest byte.
    fn byte(&self, at: usize) -> u8 {
        let Some(seed) = self.seed else { return 0 };
        let unit = usize::from(self.unit.max(1));
        if !at.is_multiple_of(unit) {
            return 0;
        }
        b'a' + ((seed >> ((at / unit % 16) * 4)) & 15) as u8
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TextKind {
    Bytes,
    Unicode,
}

impl TextKind {
    fn of(info: &bloathound_heap::TypeInfo) -> Option<Self> {
        if info.is_heap_type || info.module.as_deref().is_some_and(|module| module != "__builtin__") {
            return None;
        }
        match info.name.as_str() {
            "str" => Some(Self::Bytes),
            "unicode" => Some(Self::Unicode),
            _ => None,
        }
    }
}

/// Strings that are names of code and stay; and paths of source files, of which the last part stays.
fn names_of_code(snapshot: &HeapSnapshot) -> (HashSet<ObjectId>, HashSet<ObjectId>) {
    let (mut names, mut paths) = (HashSet::new(), HashSet::new());
    let named: Vec<bool> = snapshot
        .types()
        .iter()
        .map(|info| matches!(info.name.as_str(), "code" | "type" | "classobj" | "function" | "module"))
        .collect();
    for id in snapshot.ids() {
        let by_field = named.get(snapshot.type_id(id).0 as usize).copied().unwrap_or(false);
        for (target, label) in snapshot.references_of(id) {
            match label.kind() {
                ReferenceKind::Field if by_field => {
                    let field = label.name().map_or("", |name| snapshot.name(name));
                    if field == "co_filename" {
                        paths.insert(target)
                    } else {
                        names.insert(target)
                    };
                }
                ReferenceKind::Value => {
                    let key = label.key().filter(|key| key.index() < snapshot.len());
                    // Paths begin with the keys of `sys.modules`, which need not be interned.
                    if snapshot.type_of(target).name == "module" {
                        names.extend(key);
                    }
                    if key.and_then(|key| snapshot.text(key)).is_some_and(|key| NAMING_KEYS.contains(&key)) {
                        names.insert(target);
                    }
                }
                _ => {}
            }
        }
    }
    (names, paths)
}

/// Length of the last part of a path, with the slash before it.
fn file_name_bytes(path: &[u8]) -> usize {
    path.iter().rposition(|byte| *byte == b'/').map_or(path.len(), |slash| path.len() - slash)
}
