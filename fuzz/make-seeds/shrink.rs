//! A real image made small: the pages of some objects near the roots, and of the interpreter's own data. The collector's
//! lists are linked anew over what is left.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bloathound_cpython::allocator::locate_arenas;
use bloathound_cpython::{Interpreter, decode};
use bloathound_heap::{HeapSnapshot, ObjectId, RootKind, Tracking};
use bloathound_memory::{Address, ImageBuilder, Manifest, MemoryImage, MemorySource, PAGE_BYTES, Recording};

/// Pages kept of objects.
const PAGES_MAX: usize = 120;
/// Storage longer than this is left out: the table of interned strings alone would be half of all.
const STORAGE_BYTES_MAX: u64 = 16 << 10;

/// Makes it small; the recording as it is, where it can't be decoded.
pub(crate) fn shrink(recording: Recording) -> Recording {
    let Some(interpreter) = Interpreter::from_facts(&recording.manifest.interpreter) else { return recording };
    let image = &recording.image;
    let pools = locate_arenas(image, &interpreter, &recording.symbols.data_ranges).map(|found| found.0);
    let heap = decode(image, &interpreter, pools.as_ref()).value;
    let mut keep = Keep { image, heap: &heap, pages: BTreeSet::new() };
    keep.interpreter(&interpreter);
    let kept = keep.objects();
    let mut pages: BTreeMap<u64, Vec<u8>> = keep
        .pages
        .iter()
        .filter_map(|page| Some((*page, image.bytes(Address(page * PAGE_BYTES), PAGE_BYTES as usize)?.to_vec())))
        .collect();
    relink(&mut pages, &heap, &kept, &interpreter);
    scrub(&mut pages);
    let mut builder = ImageBuilder::new();
    pages.keys().for_each(|page| builder.add_run(Address(page * PAGE_BYTES), 1));
    let flat = pages.into_values().flatten().collect();
    let regions = image.regions().to_vec();
    let small = MemoryImage::new(regions, builder.plan().0, flat);
    let manifest = Manifest { kernel: String::new(), pid: 1, ..recording.manifest };
    Recording { manifest, symbols: recording.symbols, image: small, page_runs: Vec::new() }
}

struct Keep<'a> {
    image: &'a MemoryImage,
    heap: &'a HeapSnapshot,
    pages: BTreeSet<u64>,
}

impl Keep<'_> {
    fn word(&self, at: u64) -> u64 {
        self.image.u64_at(Address(at)).unwrap_or(0)
    }

    fn range(&mut self, start: u64, bytes: u64) {
        self.pages.extend(start / PAGE_BYTES..=(start + bytes.max(1) - 1) / PAGE_BYTES);
    }

    /// Its variables, its state and its threads.
    fn interpreter(&mut self, interpreter: &Interpreter) {
        self.range(interpreter.generations.0, 144);
        let variables = [
            Some(interpreter.current_thread),
            interpreter.arenas,
            interpreter.maxarenas,
            interpreter.interned,
            interpreter.garbage,
            interpreter.collecting,
        ];
        variables.into_iter().flatten().for_each(|at| self.range(at.0, 8));
        for list in &interpreter.number_block_lists {
            self.range(list.0, 8);
            self.range(self.word(list.0), 1000);
        }
        if let Some(arenas) = interpreter.arenas {
            self.range(self.word(arenas.0), 16 * 48);
        }
        if let Some(state) = interpreter.interpreter_state {
            self.range(state.0, 80);
            let mut thread = self.word(state.0 + 8);
            for _ in 0..4 {
                self.range(thread, 200);
                thread = self.word(thread);
            }
        }
    }

    /// Objects from the roots on, those of `__main__` and of frames first, as long as there is room for their pages.
    fn objects(&mut self) -> Vec<ObjectId> {
        let rank = |kind: RootKind, name: Option<&str>| match (kind, name) {
            (RootKind::ThreadFrame, _) | (RootKind::Module, Some("__main__")) => 0,
            (RootKind::StaticType | RootKind::Interned, _) => 2,
            _ => 1,
        };
        let name = |root: &bloathound_heap::Root| root.name.map(|name| self.heap.name(name));
        let mut roots: Vec<_> =
            self.heap.roots().iter().map(|root| (rank(root.kind, name(root)), root.object)).collect();
        roots.sort_unstable();
        let mut queue: VecDeque<ObjectId> = roots.into_iter().filter(|(rank, _)| *rank < 2).map(|(_, id)| id).collect();
        let mut seen: BTreeSet<ObjectId> = queue.iter().copied().collect();
        let mut kept = Vec::new();
        while let Some(id) = queue.pop_front() {
            let before = self.pages.clone();
            self.object(id);
            if self.pages.len() > PAGES_MAX {
                self.pages = before;
                continue;
            }
            kept.push(id);
            let near = self.heap.type_of(id).object.into_iter().chain(self.heap.targets_of(id).iter().copied());
            queue.extend(near.filter(|id| seen.insert(*id)));
        }
        kept
    }

    /// An object with its head, and what it keeps outside itself.
    fn object(&mut self, id: ObjectId) {
        let at = self.heap.object(id).address;
        let info = self.heap.type_of(id);
        let inside = if info.name == "type" { 880 } else { 64 };
        self.range(at.saturating_sub(32), 32 + inside);
        let (pointer, bytes) = match info.name.as_str() {
            "dict" => (40, (self.word(at + 32).saturating_add(1)).saturating_mul(24)),
            "set" | "frozenset" => (40, (self.word(at + 32).saturating_add(1)).saturating_mul(16)),
            "list" => (24, self.word(at + 16).saturating_mul(8)),
            "unicode" => (24, self.word(at + 16).saturating_mul(4)),
            "type" => (24, 32),
            "tuple" => return self.range(at, 24 + self.word(at + 16).min(512) * 8),
            "str" => return self.range(at, 37 + self.word(at + 16).min(4096)),
            "frame" => return self.range(at, 600),
            _ => return,
        };
        if bytes <= STORAGE_BYTES_MAX {
            self.range(self.word(at + pointer), bytes);
        }
    }
}

fn put(pages: &mut BTreeMap<u64, Vec<u8>>, at: u64, value: u64) {
    let inside = (at % PAGE_BYTES) as usize;
    if let Some(place) = pages.get_mut(&(at / PAGE_BYTES)).and_then(|page| page.get_mut(inside..inside + 8)) {
        place.copy_from_slice(&value.to_le_bytes());
    }
}

/// The collector's lists over what is left of them.
fn relink(pages: &mut BTreeMap<u64, Vec<u8>>, heap: &HeapSnapshot, kept: &[ObjectId], interpreter: &Interpreter) {
    for generation in 0..3_u8 {
        let head = interpreter.generations.0 + u64::from(generation) * interpreter.generation_stride;
        let mut before = head;
        for id in kept {
            if heap.object(*id).flags.tracking() == Tracking::Tracked(generation) {
                let at = heap.object(*id).address - 32;
                put(pages, before, at);
                put(pages, at + 8, before);
                before = at;
            }
        }
        put(pages, before, head);
        put(pages, head + 8, before);
    }
}

/// Whatever looks like a path loses its letters: a seed is of no machine in particular.
fn scrub(pages: &mut BTreeMap<u64, Vec<u8>>) {
    for page in pages.values_mut() {
        for at in 0..page.len() - 1 {
            let follows = at > 0 && (page[at - 1].is_ascii_graphic());
            if page[at] == b'/' && page[at + 1].is_ascii_alphanumeric() && !follows {
                let path = page[at + 1..].iter_mut().take_while(|byte| byte.is_ascii_graphic());
                path.filter(|byte| byte.is_ascii_alphanumeric()).for_each(|byte| *byte = b'x');
            }
        }
    }
}
