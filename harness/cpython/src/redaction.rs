//! What a redacted recording leaves out: what strings say. Lengths, hashes and names of code stay, so that the analysis
//! gives the same figures, and paths by the same names.

use std::collections::HashSet;
use std::ops::Range;

use bloathound_heap::{HeapSnapshot, ObjectId, ReferenceKind, ReferenceLabel, TypeInfo, TypeRole};
use bloathound_memory::{Address, FlatOffset, MemoryImage};
use bloathound_profile::ValueHash;
use bloathound_profile::frameworks::telling_path_bytes;

use crate::Interpreter;
use crate::dialect::{Naming, TextStorage};
use crate::objects::{Characters, Objects, Width};

/// Longest text replaced in one piece; longer ones are replaced too, by the same pattern.
const SEED_BYTES_MAX: usize = 1 << 20;
/// What stands for the folders of a path.
pub const FOLDER_FILL: u8 = b'x';

/// A piece of the flat buffer and what its new content is made of.
#[derive(Debug)]
struct Scrub {
    range: Range<FlatOffset>,
    fill: Fill,
}

#[derive(Clone, Copy, Debug)]
enum Fill {
    Zeros,
    Folders,
    /// Letters; equal contents have equal seeds, so that duplicates stay duplicates. Bytes of a character.
    Letters(u64, u8),
}

/// Ranges to replace, in order of their place.
#[derive(Debug, Default)]
pub struct Redaction {
    scrubs: Vec<Scrub>,
}

impl Redaction {
    /// Finds every string object whose content is data. Of a path of source code its end stays: what the table of
    /// frameworks tells places apart by.
    #[must_use]
    pub fn plan(image: &MemoryImage, interpreter: &Interpreter, snapshot: &HeapSnapshot) -> Self {
        let objects = Objects::new(image, interpreter.dialect);
        let kind_of: Vec<Option<TextKind>> =
            snapshot.types().iter().map(|info| TextKind::of(objects, snapshot, info)).collect();
        let names = Names::of(objects, snapshot, &kind_of);
        let mut plan = Self::default();
        for id in snapshot.ids() {
            let record = snapshot.object(id);
            let at = Address(record.address);
            match kind_of.get(record.type_id.0 as usize).copied().flatten() {
                Some(TextKind::Bytes) => plan.bytes(objects, id, at, &names),
                Some(TextKind::Unicode) => {
                    if let Some(text) = objects.characters(at, interpreter.unicode.into()) {
                        plan.text(objects, id, text, &names);
                    }
                }
                None => {}
            }
        }
        plan.scrubs.sort_by_key(|scrub| scrub.range.start);
        plan
    }

    fn bytes(&mut self, objects: Objects<'_>, id: ObjectId, at: Address, names: &Names) {
        let Some(bytes) = objects.string_bytes(at) else { return };
        let Objects { image, d } = objects;
        let text = at.offset(d.string.ob_sval);
        if names.paths.contains(&id) {
            let kept = std::str::from_utf8(bytes).map_or(0, telling_path_bytes).min(bytes.len());
            self.add(image, text, bytes.len() - kept, Fill::Folders);
        } else if !names.names.contains(&id) && bytes != d.types.dummy_key {
            self.letters(image, text, bytes.len(), 1);
        }
        // What is left of the last word: nothing is read there, and it may be of something else.
        let end = text.offset(bytes.len() as u64);
        self.add(image, end, (8 - end.0 % 8) as usize, Fill::Zeros);
    }

    /// Text, which is what names are made of in some series.
    fn text(&mut self, objects: Objects<'_>, id: ObjectId, text: Characters, names: &Names) {
        let Objects { image, .. } = objects;
        let bytes = usize::try_from(text.length.saturating_mul(text.width.bytes())).unwrap_or(0);
        if names.paths.contains(&id) && text.width == Width::One {
            let content = image.bytes(text.at, bytes).unwrap_or_default();
            let kept = std::str::from_utf8(content).map_or(0, telling_path_bytes).min(bytes);
            self.add(image, text.at, bytes - kept, Fill::Folders);
        } else if !names.names.contains(&id) {
            self.letters(image, text.at, bytes, text.width.bytes() as u8);
        }
        if text.is_inline {
            // What is left of the last word.
            let end = text.at.offset(bytes as u64);
            self.add(image, end, (8 - end.0 % 8) as usize, Fill::Zeros);
        }
        if let Some(encoded) = text.encoded {
            self.letters(image, encoded, usize::try_from(text.encoded_bytes).unwrap_or(0), 1);
        }
    }

    fn letters(&mut self, image: &MemoryImage, at: Address, len: usize, unit: u8) {
        let Some(bytes) = image.bytes(at, len) else { return };
        let seed = ValueHash::default().number(len as u64).bytes(bytes.get(..SEED_BYTES_MAX).unwrap_or(bytes));
        self.add(image, at, len, Fill::Letters(seed.0, unit));
    }

    fn add(&mut self, image: &MemoryImage, at: Address, len: usize, fill: Fill) {
        if let Some(start) = image.locate(at).filter(|_| len > 0 && image.bytes(at, len).is_some()) {
            self.scrubs.push(Scrub { range: start..start + len, fill });
        }
    }

    /// Replaces what of the ranges is in the piece `bytes` at `place` of the flat buffer.
    pub fn apply(&mut self, place: FlatOffset, bytes: &mut [u8]) {
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
        match self.fill {
            Fill::Zeros => 0,
            Fill::Folders => FOLDER_FILL,
            Fill::Letters(seed, unit) => {
                let unit = usize::from(unit.max(1));
                if !at.is_multiple_of(unit) {
                    return 0;
                }
                // Eight letters tell contents apart; more would make the file larger.
                b'a' + ((seed >> ((at / unit % 8) * 8)) & 15) as u8
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum TextKind {
    Bytes,
    Unicode,
}

impl TextKind {
    fn of(objects: Objects<'_>, snapshot: &HeapSnapshot, info: &TypeInfo) -> Option<Self> {
        let flags = info.object.and_then(|id| objects.flags(Address(snapshot.object(id).address))).unwrap_or(0);
        match () {
            () if flags & objects.d.flags.string_subclass != 0 => Some(Self::Bytes),
            () if flags & objects.d.flags.unicode_subclass != 0 => Some(Self::Unicode),
            () => None,
        }
    }
}

/// Strings that are names of code and stay; and paths of source files, of which the end stays.
#[derive(Default)]
struct Names {
    names: HashSet<ObjectId>,
    paths: HashSet<ObjectId>,
    /// The strings that are [`Naming::keys`]; not all of them are interned.
    keys: HashSet<ObjectId>,
}

impl Names {
    fn of(objects: Objects<'_>, snapshot: &HeapSnapshot, kind_of: &[Option<TextKind>]) -> Self {
        let naming = &objects.d.types.naming;
        let is_naming_key = |id: &ObjectId| {
            let record = snapshot.object(*id);
            let at = Address(record.address);
            let made_of = match objects.d.text {
                TextStorage::BytesAndWide => TextKind::Bytes,
                TextStorage::Compact => TextKind::Unicode,
            };
            kind_of.get(record.type_id.0 as usize) == Some(&Some(made_of))
                && naming.keys.iter().any(|key| objects.name_is(at, key.as_bytes()))
        };
        let mut found = Self { keys: snapshot.ids().filter(is_naming_key).collect(), ..Self::default() };
        for id in snapshot.ids() {
            for (target, label) in snapshot.references_of(id) {
                match label.kind() {
                    ReferenceKind::Field => {
                        let field = label.name().map_or("", |name| snapshot.name(name));
                        found.field(naming, snapshot, field, target);
                    }
                    ReferenceKind::Value => found.value(snapshot, target, label),
                    _ => {}
                }
            }
        }
        found
    }

    fn field(&mut self, naming: &Naming, snapshot: &HeapSnapshot, field: &str, target: ObjectId) {
        match field {
            _ if field == naming.file => {
                self.paths.insert(target);
            }
            _ if naming.fields.contains(&field) => {
                self.names.insert(target);
            }
            _ if naming.namespaces.contains(&field) => {
                let is_key = |label: ReferenceLabel| label.kind() == ReferenceKind::Key;
                self.names.extend(snapshot.references_of(target).filter(|(_, l)| is_key(*l)).map(|(key, _)| key));
            }
            _ if naming.lists.contains(&field) => {
                let is_item = |label: ReferenceLabel| label.kind() == ReferenceKind::Item;
                self.names.insert(target);
                self.names.extend(snapshot.references_of(target).filter(|(_, l)| is_item(*l)).map(|(item, _)| item));
            }
            _ => {}
        }
    }

    fn value(&mut self, snapshot: &HeapSnapshot, target: ObjectId, label: ReferenceLabel) {
        let key = label.key().filter(|key| key.index() < snapshot.len());
        // Paths begin with the keys of `sys.modules`.
        if snapshot.role(target) == TypeRole::Module {
            self.names.extend(key);
        }
        if key.is_some_and(|key| self.keys.contains(&key)) {
            self.names.insert(target);
        }
    }
}
