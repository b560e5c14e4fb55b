//! The lines of a dump, checked one by one; what the file may cost us in memory is bounded.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use serde::Deserialize;

use crate::error::KitError;

/// One line: an object's record holds all its referents, so a list of ten million items is a long line.
const LINE_BYTES_MAX: u64 = 1 << 30;
/// Any other line: names of files and classes.
const SHORT_LINE_BYTES_MAX: usize = 1 << 20;
/// Addresses of user space (`Documentation/arch/x86/x86_64/mm.rst`); sizes of all objects together stay below that too.
const ADDRESS_END: u64 = 1 << 56;

/// Bytes that reading and analysing takes for each record, a generous estimate.
mod cost {
    pub(super) const OBJECT: u64 = 250;
    pub(super) const REFERENCE: u64 = 24;
    pub(super) const NAMED: u64 = 400;
}

/// What the first line tells of the process.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub struct DumpFacts {
    /// Its id.
    pub pid: i32,
    /// The service's name.
    #[serde(default)]
    pub service: String,
    /// When the dump began, seconds since 1970.
    #[serde(default)]
    pub at: u64,
    /// The interpreter's version.
    #[serde(default)]
    pub python: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct DumpedType {
    pub(super) name: String,
    pub(super) module: Option<String>,
    pub(super) heap: bool,
    pub(super) finalizer: Option<DumpedFinalizer>,
}

#[derive(Clone, Debug)]
pub(super) struct DumpedFinalizer {
    pub(super) class: String,
    pub(super) site: Option<(String, u32)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DumpedObject {
    pub(super) address: u64,
    pub(super) type_address: u64,
    pub(super) size: u64,
    pub(super) refcount: i64,
    pub(super) tracked: bool,
    /// One past its last referent in [`Dump::referents`]; the first is where the previous object's end.
    pub(super) referents_end: usize,
}

/// A memory dump that was written from inside a process; the format stands in
/// `reference-services/diagnostics/collector.py`.
#[derive(Debug, Default)]
pub struct Dump {
    /// The process.
    pub facts: DumpFacts,
    /// The last line is missing: the process ended, or the disk was full.
    pub torn: bool,
    pub(super) objects: Vec<DumpedObject>,
    pub(super) referents: Vec<u64>,
    pub(super) by_address: HashMap<u64, u32>,
    pub(super) types: HashMap<u64, DumpedType>,
    pub(super) old_classes: HashMap<u64, DumpedType>,
    pub(super) texts: HashMap<u64, String>,
    pub(super) modules: Vec<(u64, String)>,
    pub(super) frames: Vec<(u64, String)>,
    pub(super) garbage: Vec<u64>,
    bytes: u64,
    cost: u64,
}

type Site = Option<(String, Option<String>, Option<u32>)>;

impl Dump {
    /// Reads a dump file. A symbolic link in its place is not followed. `memory_bytes` is how much of ours it and its
    /// analysis may take.
    pub fn open(path: &Path, memory_bytes: u64) -> Result<Self, KitError> {
        let file = fs::OpenOptions::new()
            .read(true)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(path)
            .map_err(|source| KitError::io(format!("opening {}", path.display()), source))?;
        if !file.metadata().is_ok_and(|state| state.is_file()) {
            return Err(KitError::unsafe_path(path, "not a plain file"));
        }
        Self::read(BufReader::with_capacity(1 << 20, file), path, memory_bytes)
    }

    /// Reads a dump from anywhere; `path` is for messages.
    pub fn read(mut from: impl BufRead, path: &Path, memory_bytes: u64) -> Result<Self, KitError> {
        let mut dump = Self { torn: true, ..Self::default() };
        let mut line = Vec::new();
        let mut number = 0;
        // The numbers of a line take up to four times its bytes.
        let longest = LINE_BYTES_MAX.min(memory_bytes / 8);
        loop {
            line.clear();
            let most = if number == 0 { SHORT_LINE_BYTES_MAX as u64 } else { longest };
            let length = (&mut from)
                .take(most)
                .read_until(b'\n', &mut line)
                .map_err(|source| KitError::io(format!("reading {}", path.display()), source))?;
            if length == 0 && number > 0 {
                return Ok(dump);
            }
            number += 1;
            let bad = |reason: String| KitError::BadDump { path: path.to_owned(), line: number, reason };
            if line.last() != Some(&b'\n') && number > 1 {
                if length as u64 == most {
                    return Err(bad(format!("longer than {most} bytes")));
                }
                // A dump that stops in the middle of a line is torn; what came before it is good.
                return Ok(dump);
            }
            if number == 1 {
                dump.facts = opening(&line).map_err(bad)?;
            } else if dump.take(&line).map_err(bad)? {
                dump.torn = false;
                return Ok(dump);
            }
            if dump.cost > memory_bytes {
                return Err(KitError::DumpTooLarge { path: path.to_owned(), line: number, memory_bytes });
            }
        }
    }

    /// Objects in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True when it holds no object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Address and size of each object: what a heat map of the address space is made of.
    pub fn pointers(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.objects.iter().map(|object| (object.address, object.size))
    }

    pub(super) fn referents_of(&self, index: usize) -> &[u64] {
        let begin = index.checked_sub(1).map_or(0, |previous| self.objects[previous].referents_end);
        &self.referents[begin..self.objects[index].referents_end]
    }

    /// Takes one line; true when it is the last.
    fn take(&mut self, line: &[u8]) -> Result<bool, String> {
        let kind = line.get(2).copied();
        if kind == Some(b'o') {
            self.take_object(line)?;
            return Ok(false);
        }
        if line.len() > SHORT_LINE_BYTES_MAX {
            return Err(format!("longer than {SHORT_LINE_BYTES_MAX} bytes"));
        }
        self.cost += cost::NAMED + 2 * line.len() as u64;
        match kind {
            Some(b't') => {
                let (_, address, name, module, heap, site): (&str, u64, String, Option<String>, u8, Site) =
                    parse(line)?;
                self.types.entry(address).or_insert(DumpedType {
                    name,
                    module,
                    heap: heap != 0,
                    finalizer: finalizer(site),
                });
            }
            Some(b'c') => {
                let (_, address, name, module, site): (&str, u64, String, Option<String>, Site) = parse(line)?;
                let class = DumpedType { name, module, heap: true, finalizer: finalizer(site) };
                self.old_classes.entry(address).or_insert(class);
            }
            // A name says more than a repr, so it is the one that stays.
            Some(b'n') => {
                let (_, address, text): (&str, u64, String) = parse(line)?;
                self.texts.insert(address, text);
            }
            Some(b'r') => {
                let (_, address, text): (&str, u64, String) = parse(line)?;
                self.texts.entry(address).or_insert_with(|| content(text));
            }
            Some(b'm') => {
                let (_, address, name): (&str, u64, String) = parse(line)?;
                self.modules.push((address, name));
            }
            Some(b'f') => {
                let (_, address, _, function): (&str, u64, u64, String) = parse(line)?;
                self.frames.push((address, function));
            }
            Some(b'g') => self.garbage.push(parse::<(&str, u64)>(line)?.1),
            Some(b'x') => {
                let (_, reason): (&str, String) = parse(line)?;
                return Err(format!("given up by the process: {reason}"));
            }
            Some(b'e') => {
                parse::<(&str, u64, u64)>(line)?;
                return Ok(true);
            }
            _ => return Err("a kind of line that version 1 doesn't have".into()),
        }
        Ok(false)
    }

    fn take_object(&mut self, line: &[u8]) -> Result<(), String> {
        let (_, address, type_address, size, refcount, tracked, referents): (&str, u64, u64, u64, i64, u8, Vec<u64>) =
            parse(line)?;
        let Ok(index) = u32::try_from(self.objects.len()) else { return Err("more than 2^32 objects".into()) };
        if address == 0 || address >= ADDRESS_END {
            return Err(format!("no object can be at {address:#x}"));
        }
        // An object that no list of the collector has may be written twice; the first record stands.
        if self.by_address.contains_key(&address) {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes >= ADDRESS_END {
            return Err("the objects are larger than memory can be".into());
        }
        self.cost += cost::OBJECT + cost::REFERENCE * referents.len() as u64;
        self.by_address.insert(address, index);
        self.referents.extend(referents);
        let referents_end = self.referents.len();
        self.objects.push(DumpedObject { address, type_address, size, refcount, tracked: tracked != 0, referents_end });
        Ok(())
    }
}

fn opening(line: &[u8]) -> Result<DumpFacts, String> {
    let not_one = "not a memory dump of diagnostics/collector.py";
    let (magic, version, facts): (String, u32, serde_json::Value) = parse(line).map_err(|_| not_one)?;
    if magic != "bloathound-dump" {
        return Err(not_one.into());
    }
    if version != 1 {
        return Err(format!("version {version}; this engine reads version 1"));
    }
    serde_json::from_value(facts).map_err(|error| error.to_string())
}

fn finalizer(site: Site) -> Option<DumpedFinalizer> {
    site.map(|(class, file, line)| DumpedFinalizer { class, site: file.zip(line) })
}

/// What a repr is of: a string's content without its quotes, a function's name, a number.
fn content(text: String) -> String {
    let bare = text.strip_prefix('u').unwrap_or(&text);
    let Some(quote) = bare.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
        return text.strip_prefix("function ").map_or_else(|| text.clone(), str::to_owned);
    };
    let inner = &bare[1..];
    // Without its end it was cut.
    inner.strip_suffix(quote).map_or_else(|| format!("{inner}…"), str::to_owned)
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use bloathound_heap::SeriesWords;

    use super::*;
    use proptest::prelude::*;

    const OPENING: &str = "[\"bloathound-dump\", 1, {\"pid\": 7, \"service\": \"leak\", \"at\": 5}]\n";

    fn read(text: &str) -> Result<Dump, KitError> {
        Dump::read(text.as_bytes(), Path::new("x.jsonl"), 1 << 30)
    }

    #[test]
    fn records_are_read_and_duplicates_dropped() {
        let text = format!(
            "{OPENING}[\"t\", 10, \"dict\", \"__builtin__\", 0, null]\n[\"o\", 100, 10, 280, 1, 1, [200, 300]]\n\
             [\"o\", 200, 11, 40, 2, 0, []]\n[\"o\", 200, 11, 40, 2, 0, []]\n[\"n\", 200, \"key\"]\n[\"end\", 3, 2]\n"
        );
        let dump = read(&text).unwrap();
        assert!(!dump.torn);
        assert_eq!(dump.facts, DumpFacts { pid: 7, service: "leak".into(), at: 5, python: None });
        assert_eq!(dump.len(), 2);
        assert_eq!(dump.referents_of(0), [200, 300]);
        assert_eq!(dump.referents_of(1), [0_u64; 0]);
        assert_eq!(dump.pointers().collect::<Vec<_>>(), [(100, 280), (200, 40)]);
    }

    #[test]
    fn a_torn_dump_gives_what_it_has() {
        let whole = format!("{OPENING}[\"o\", 1, 2, 3, 4, 1, []]\n[\"o\", 5, 2, 3, 4, 1, [1]]\n[\"end\", 2, 1]\n");
        for length in OPENING.len()..whole.len() {
            let dump = read(&whole[..length]).unwrap();
            assert!(dump.torn && dump.len() <= 2, "{length}");
        }
        assert!(!read(&whole).unwrap().torn);
    }

    #[test]
    fn what_is_no_dump_is_refused_with_its_line() {
        for (text, at) in [
            ("", 1),
            ("hello\n", 1),
            ("[\"other\", 1, {}]\n", 1),
            ("[\"bloathound-dump\", 2, {\"pid\": 1}]\n", 1),
            (&format!("{OPENING}[\"o\", 1]\n"), 2),
            (&format!("{OPENING}[\"o\", -1, 2, 3, 4, 1, []]\n"), 2),
            (&format!("{OPENING}[\"z\", 1]\n"), 2),
            (&format!("{OPENING}\n"), 2),
            (&format!("{OPENING}[\"o\", 0, 2, 3, 4, 1, []]\n"), 2),
            (&format!("{OPENING}[\"o\", 18446744073709551615, 2, 3, 4, 1, []]\n"), 2),
            (&format!("{OPENING}[\"o\", 8, 2, 18446744073709551615, 4, 1, []]\n"), 2),
            (&format!("{OPENING}[\"o\", 8, 2, 3, 4, 1, []]\n[\"x\", \"disk full\"]\n"), 3),
            (&format!("{OPENING}[\"n\", 8, \"{}\"]\n", "x".repeat(SHORT_LINE_BYTES_MAX)), 2),
            (&format!("{OPENING}{}\n", "[".repeat(100_000)), 2),
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, KitError::BadDump { line, .. } if line == at), "{text:?}: {error}");
        }
    }
    #[test]
    fn a_dump_takes_no_more_memory_than_it_may() {
        let object = |at: u64| format!("[\"o\", {at}, 2, 3, 4, 1, []]\n");
        let text: String = std::iter::once(OPENING.to_owned()).chain((1..2000).map(object)).collect();
        let read = |memory| Dump::read(text.as_bytes(), Path::new("x.jsonl"), memory);
        assert!(matches!(read(100_000), Err(KitError::DumpTooLarge { line: 100..1000, .. })));
        assert_eq!(read(1 << 20).unwrap().len(), 1999);
        let long = format!("{OPENING}[\"o\", 8, 2, 3, 4, 1, [{}1]]\n", "1, ".repeat(50_000));
        let refused = Dump::read(long.as_bytes(), Path::new("x.jsonl"), 100_000);
        assert!(matches!(refused, Err(KitError::BadDump { line: 2, .. })), "{refused:?}");
    }

    #[test]
    fn a_repr_gives_the_text_it_is_of() {
        for (repr, text) in [
            ("'day one'", "day one"),
            ("u\"it's\"", "it's"),
            ("'cut", "cut…"),
            ("function fields", "fields"),
            ("17", "17"),
            ("", ""),
        ] {
            assert_eq!(content(repr.into()), text);
        }
    }

    /// A dump of a few objects with every kind of line.
    const WHOLE: &str = r#"["bloathound-dump", 1, {"pid": 7, "service": "leak"}]
["m", 100, "model"]
["t", 1, "module", "__builtin__", 0, null]
["t", 2, "dict", "__builtin__", 0, null]
["t", 3, "type", "__builtin__", 0, null]
["t", 4, "Row", "model", 1, ["Row", "model.py", 3]]
["t", 5, "instancemethod", "__builtin__", 0, null]
["o", 100, 1, 56, 2, 1, [110]]
["o", 110, 2, 280, 1, 1, [120, 130, 121, 140]]
["n", 120, "Row"]
["r", 121, "'one'"]
["o", 120, 6, 40, 1, 0, []]
["o", 130, 3, 904, 2, 1, [110, 2, 150, 151, 3]]
["o", 140, 4, 64, 1, 1, [130, 140, 110]]
["o", 150, 5, 80, 1, 1, [1, 140, 130]]
["c", 160, "Old", "model", null]
["f", 170, 1, "main"]
["g", 180]
["end", 6, 20]
"#;

    proptest! {
        #[test]
        fn whatever_is_read_can_be_analysed(
            changes in prop::collection::vec((0..WHOLE.len(), any::<u8>()), 0..6),
            cut in 0..WHOLE.len() * 3,
        ) {
            let mut bytes = WHOLE.as_bytes().to_vec();
            for (at, byte) in changes {
                // Digits more often than not: what is still JSON goes further.
                bytes[at] = if byte < 160 && bytes[at].is_ascii_digit() { b'0' + byte % 10 } else { byte };
            }
            bytes.truncate(cut);
            if let Ok(dump) = Dump::read(bytes.as_slice(), Path::new("x.jsonl"), 1 << 20) {
                let snapshot = dump.snapshot(SeriesWords::default());
                let analysis = bloathound_heap::Analysis::run(&snapshot);
                for id in snapshot.ids() {
                    let _ = (analysis.finder().labels_to(id), analysis.finder().expression_to(id));
                }
                let bytes: u64 = snapshot.records().iter().map(|record| record.shallow_size).sum();
                prop_assert!(bytes < ADDRESS_END);
            }
        }
    }
}
