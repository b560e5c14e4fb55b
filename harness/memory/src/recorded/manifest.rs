//! The manifest as JSON. Only this file knows how it is spelled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Manifest, RecordProblem};
use crate::{Address, PAGE_BYTES, PageRun, PageState, Permissions, Region, RegionKind, Symbol, SymbolTable};

/// End of the user half of the address space.
const ADDRESS_END: u64 = 1 << 47;

#[derive(Serialize, Deserialize)]
pub(super) struct RawManifest {
    tool: String,
    kernel: String,
    executable: String,
    pid: u32,
    redacted: bool,
    interpreter: BTreeMap<String, String>,
    facts: BTreeMap<String, String>,
    regions: Vec<RawRegion>,
    /// Start address and page count.
    runs: Vec<(u64, u32)>,
    /// Start address, page count, state letter.
    pages: Vec<(u64, u32, char)>,
    symbols: RawSymbols,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    base: Option<BaseName>,
}

/// The image that one builds on.
#[derive(Serialize, Deserialize)]
pub(super) struct BaseName {
    /// Its name in the same folder.
    pub(super) file: String,
    /// CRC-32 of its memory.
    pub(super) crc: u32,
}

#[derive(Serialize, Deserialize)]
struct RawRegion {
    start: u64,
    end: u64,
    /// As in `/proc/PID/maps`: `rw-p`.
    permissions: String,
    offset: u64,
    kind: RawKind,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rss: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Heap,
    Stack,
    Anonymous,
    File(String),
    Deleted(String),
    Special(String),
}

#[derive(Serialize, Deserialize, Default)]
struct RawSymbols {
    path: String,
    build_id: Option<String>,
    version: Option<String>,
    load_bias: u64,
    has_local_symbols: bool,
    data_ranges: Vec<(u64, u64)>,
    /// Name to address and size.
    symbols: BTreeMap<String, Vec<(u64, u64)>>,
}

/// What a manifest says, checked.
pub(super) struct Contents {
    pub(super) manifest: Manifest,
    pub(super) symbols: SymbolTable,
    pub(super) regions: Vec<Region>,
    pub(super) runs: Vec<(Address, u32)>,
    pub(super) page_runs: Vec<PageRun>,
    pub(super) base: Option<BaseName>,
}

impl RawManifest {
    pub(super) fn new(
        manifest: &Manifest,
        symbols: &SymbolTable,
        regions: &[Region],
        runs: &[(Address, u32)],
        page_runs: &[PageRun],
        base: Option<(&str, u32)>,
    ) -> Self {
        Self {
            tool: manifest.tool.clone(),
            kernel: manifest.kernel.clone(),
            executable: manifest.executable.clone(),
            pid: manifest.pid,
            redacted: manifest.redacted,
            interpreter: manifest.interpreter.clone(),
            facts: manifest.facts.clone(),
            regions: regions.iter().map(RawRegion::new).collect(),
            runs: runs.iter().map(|(start, pages)| (start.0, *pages)).collect(),
            pages: page_runs.iter().map(|run| (run.start.0, run.pages, letter(run.state))).collect(),
            symbols: RawSymbols::new(symbols),
            base: base.map(|(file, crc)| BaseName { file: file.to_owned(), crc }),
        }
    }

    /// Takes what makes sense and counts the rest.
    pub(super) fn check(self, problems: &mut Vec<RecordProblem>) -> Contents {
        let mut note = |list, count: usize| {
            if count > 0 {
                problems.push(RecordProblem::BadEntries { list, count: count as u64 });
            }
        };
        let (regions, bad) =
            ascending(self.regions.into_iter().map(RawRegion::check), |region: &Region| (region.start, region.end));
        note("regions", bad);
        let (page_runs, bad) =
            ascending(self.pages.into_iter().map(check_page_run), |run: &PageRun| (run.start, run.end()));
        note("page runs", bad);
        // A run with a wrong address still has its place in the flat buffer, so none may be left out: what comes after
        // would be somewhere else. The bad one and all after it go.
        let given = self.runs.len();
        let mut runs: Vec<(Address, u32)> = Vec::new();
        for (start, pages) in self.runs {
            let after = runs.last().map_or(0, |(last, count)| last.0 + u64::from(*count) * PAGE_BYTES);
            let end = start.saturating_add(u64::from(pages) * PAGE_BYTES);
            if start < after || end > ADDRESS_END || pages == 0 || !Address(start).is_aligned(PAGE_BYTES) {
                break;
            }
            runs.push((Address(start), pages));
        }
        note("runs", given - runs.len());
        let manifest = Manifest {
            tool: self.tool,
            kernel: self.kernel,
            executable: self.executable,
            pid: self.pid,
            redacted: self.redacted,
            interpreter: self.interpreter,
            facts: self.facts,
        };
        Contents { manifest, symbols: self.symbols.check(), regions, runs, page_runs, base: self.base }
    }
}

/// The entries that make sense, ascend and do not overlap, and how many do not.
fn ascending<T>(
    entries: impl Iterator<Item = Option<T>>,
    bounds: impl Fn(&T) -> (Address, Address),
) -> (Vec<T>, usize) {
    let (mut good, mut bad) = (Vec::new(), 0);
    let mut after = Address::NULL;
    for entry in entries {
        match entry {
            Some(entry) if bounds(&entry).0 >= after => {
                after = bounds(&entry).1;
                good.push(entry);
            }
            _ => bad += 1,
        }
    }
    (good, bad)
}

fn check_page_run((start, pages, state): (u64, u32, char)) -> Option<PageRun> {
    let state = match state {
        'p' => PageState::Private,
        'f' => PageState::FileBacked,
        's' => PageState::Swapped,
        'a' => PageState::Absent,
        _ => return None,
    };
    let end = start.checked_add(u64::from(pages) * PAGE_BYTES)?;
    let sensible = end <= ADDRESS_END && pages > 0 && Address(start).is_aligned(PAGE_BYTES);
    sensible.then_some(PageRun { start: Address(start), pages, state })
}

fn letter(state: PageState) -> char {
    match state {
        PageState::Private => 'p',
        PageState::FileBacked => 'f',
        PageState::Swapped => 's',
        PageState::Absent => 'a',
    }
}

impl RawRegion {
    fn new(region: &Region) -> Self {
        let permissions = region.permissions;
        let flag = |set: bool, yes: char, no: char| if set { yes } else { no };
        Self {
            start: region.start.0,
            end: region.end.0,
            permissions: [
                flag(permissions.read, 'r', '-'),
                flag(permissions.write, 'w', '-'),
                flag(permissions.execute, 'x', '-'),
                flag(permissions.shared, 's', 'p'),
            ]
            .iter()
            .collect(),
            offset: region.file_offset,
            kind: match &region.kind {
                RegionKind::Heap => RawKind::Heap,
                RegionKind::Stack => RawKind::Stack,
                RegionKind::Anonymous => RawKind::Anonymous,
                RegionKind::File { path, deleted: false } => RawKind::File(path.clone()),
                RegionKind::File { path, deleted: true } => RawKind::Deleted(path.clone()),
                RegionKind::Special(name) => RawKind::Special(name.clone()),
            },
            rss: region.rss_bytes,
        }
    }

    fn check(self) -> Option<Region> {
        if self.start >= self.end {
            return None;
        }
        Some(Region {
            start: Address(self.start),
            end: Address(self.end),
            permissions: Permissions {
                read: self.permissions.contains('r'),
                write: self.permissions.contains('w'),
                execute: self.permissions.contains('x'),
                shared: self.permissions.contains('s'),
            },
            file_offset: self.offset,
            kind: match self.kind {
                RawKind::Heap => RegionKind::Heap,
                RawKind::Stack => RegionKind::Stack,
                RawKind::Anonymous => RegionKind::Anonymous,
                RawKind::File(path) => RegionKind::File { path, deleted: false },
                RawKind::Deleted(path) => RegionKind::File { path, deleted: true },
                RawKind::Special(name) => RegionKind::Special(name),
            },
            // More than all of it can't be there.
            rss_bytes: self.rss.map(|bytes| bytes.min(self.end - self.start)),
        })
    }
}

impl RawSymbols {
    fn new(table: &SymbolTable) -> Self {
        let placed = |list: &Vec<Symbol>| list.iter().map(|symbol| (symbol.address.0, symbol.size_bytes)).collect();
        Self {
            path: table.path.clone(),
            build_id: table.build_id.clone(),
            version: table.version.clone(),
            load_bias: table.load_bias,
            has_local_symbols: table.has_local_symbols,
            data_ranges: table.data_ranges.iter().map(|range| (range.start.0, range.end.0)).collect(),
            symbols: table.symbols.iter().map(|(name, list)| (name.clone(), placed(list))).collect(),
        }
    }

    fn check(self) -> SymbolTable {
        let placed = |(address, size_bytes)| Symbol { address: Address(address), size_bytes };
        SymbolTable {
            path: self.path,
            build_id: self.build_id,
            version: self.version,
            load_bias: self.load_bias,
            has_local_symbols: self.has_local_symbols,
            data_ranges: self
                .data_ranges
                .into_iter()
                .filter(|(start, end)| start < end)
                .map(|(start, end)| Address(start)..Address(end))
                .collect(),
            symbols: self
                .symbols
                .into_iter()
                .map(|(name, list)| (name, list.into_iter().map(placed).collect()))
                .collect(),
            // Needed to find facts only; a recording has them.
            entry_code: BTreeMap::new(),
        }
    }
}
