//! What a process tells of itself: a memory dump, as a heap like any other.

use std::path::Path;
use std::time::{Duration, Instant};

use bloathound_cpython::dialect::{Dialect, FIRST};
use bloathound_heap::HeapSnapshot;
use bloathound_kit::Dump;
use bloathound_vocabulary::{TargetKind, TargetRecord};

use super::error::SourceError;

/// A heap as the process itself told it.
#[derive(Debug)]
pub struct Inside {
    /// The heap.
    pub snapshot: HeapSnapshot,
    /// What is missing in it.
    pub problems: Vec<String>,
    /// Reading and decoding it.
    pub took: Duration,
}

/// What a process can't tell of itself by `gc` and `sys`.
const NOT_SEEN: [&str; 5] = [
    "resident memory, arenas and the C heap, so no fragmentation",
    "stacks",
    "what only C code refers to",
    "names of fields of C types (`(tuple)` is a reference to a tuple)",
    "texts of strings, unless the dump was asked for `reprs`",
];

/// Reads a dump's file; reading and analysing it may take `limit` bytes of memory.
pub(super) fn open(target: &str, limit: u64) -> Result<(Inside, TargetRecord), SourceError> {
    let started = Instant::now();
    let dump = Dump::open(Path::new(target), limit)?;
    inside(target, TargetKind::Dump, None, &dump, started)
}

/// A dump as a heap. `pid` where something better than the dump's own word is known.
pub(super) fn inside(
    target: &str,
    kind: TargetKind,
    pid: Option<u32>,
    dump: &Dump,
    started: Instant,
) -> Result<(Inside, TargetRecord), SourceError> {
    if dump.is_empty() {
        return Err(SourceError::EmptyDump { target: target.to_owned() });
    }
    let mut problems = Vec::new();
    if dump.torn {
        problems.push(
            "the dump is torn: its last line is missing, because the process ended or the disk was full; what came \
             before is taken for the whole"
                .to_owned(),
        );
    }
    let record = TargetRecord {
        kind,
        pid: pid.or(u32::try_from(dump.facts.pid).ok()),
        file: Some(target.to_owned()),
        command: Some(dump.facts.service.clone()).filter(|name| !name.is_empty()),
        python: dump.facts.python.clone(),
        unicode: None,
        build_id: None,
        children: Vec::new(),
        not_seen: NOT_SEEN.map(str::to_owned).to_vec(),
    };
    // Who wrote it says of which series it is; a dump of a time before that was of the first.
    let series = dump.facts.python.as_deref().and_then(Dialect::of_version).unwrap_or(FIRST);
    let snapshot = dump.snapshot(series.words);
    Ok((Inside { snapshot, problems, took: started.elapsed() }, record))
}
