//! One function a fuzz target: bytes in, nothing out. A panic, a hang or unbounded memory is what is looked for.

#[allow(dead_code, reason = "what makes the seeds uses the other half")]
mod container;
mod damage;
mod stacks;

use std::fs::File;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use bloathound_cpython::dialect::FIRST;
use bloathound_engine::source::{Examined, examine_image, open_core_with, reopen};
use bloathound_kit::Dump;
use bloathound_live::Mapping;
use bloathound_memory::{MemorySource, PageRun, PageState, read_recording_from};

pub use damage::Base;
pub use stacks::frames;

/// Most bytes of memory that a file may hold.
const MEMORY_MAX: u64 = 64 << 20;

/// A recorded image. What does not begin as one is taken for a manifest and pages, and put into a container whose
/// checksums are right, so that damage gets past the reader.
pub fn image(input: &[u8]) {
    let wrapped = container::wrap(input);
    let file = wrapped.as_deref().unwrap_or(input);
    let path = Path::new("image.bhi");
    let Ok(read) = read_recording_from(&mut &*file, path, MEMORY_MAX) else { return };
    if let Ok(reopened) = reopen(read, path) {
        look_at(&reopened.examined, input);
    }
}

/// An ELF core. The files that it says were mapped are not there, but for one that is the core itself.
pub fn core(input: &[u8]) {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).ok());
    let Some(folder) = folder else { return };
    // One file for each thread that gets here.
    let path = folder.path().join(format!("{:?}", std::thread::current().id()));
    if std::fs::write(&path, input).is_err() {
        return;
    }
    let mut open = |mapped: &str| {
        if mapped.ends_with("/self") { File::open(&path) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    };
    for exported_only in [false, true] {
        if let Ok(core) = open_core_with(&path, MEMORY_MAX, exported_only, &mut open) {
            look_at(&core.examined, input);
            break;
        }
    }
}

/// Damage done to the memory of a good image: no checksum stands before the decoder.
pub fn decode(input: &[u8]) {
    let Some((&choice, orders)) = input.split_first() else { return };
    let Some(target) = damage::apply(Base::chosen(choice), orders) else { return };
    let image = target.image;
    let mappings = image.regions().iter().cloned().map(Mapping::new).collect();
    let runs = image.runs().iter();
    let page_runs = runs.map(|(start, pages)| PageRun { start: *start, pages: *pages, state: PageState::Private });
    let page_runs = page_runs.collect();
    let mut examined = examine_image(image, target.interpreter, &target.data_ranges);
    examined.mappings = mappings;
    examined.page_runs = page_runs;
    look_at(&examined, input);
}

/// A memory dump that was written from inside a process.
pub fn dump(input: &[u8]) {
    let Ok(dump) = Dump::read(input, Path::new("dump.jsonl"), MEMORY_MAX) else { return };
    black_box(dump.pointers().count());
    let snapshot = dump.snapshot(FIRST.words);
    let analysis = bloathound_heap::Analysis::run(&snapshot);
    black_box(analysis.census());
    black_box(analysis.dominators().top_retained(20));
    for id in snapshot.ids().take(20) {
        black_box(analysis.finder().labels_to(id));
        black_box(analysis.finder().expression_to(id));
    }
    let thresholds = bloathound_detect::Thresholds::default();
    black_box(bloathound_detect::find_cycles(&snapshot, analysis.replay(), &thresholds));
}

/// Writing and drawing cost more than all the rest: every eighth input gets it.
fn look_at(examined: &Examined, input: &[u8]) {
    black_box(bloathound_cli::inspected(examined));
    if crc32fast::hash(input).is_multiple_of(8) {
        black_box(bloathound_cli::drawn(examined));
    }
}
