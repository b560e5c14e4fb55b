//! A copy of a process's memory, decoded, wherever the copy came from.

use std::time::{Duration, Instant};

use bloathound_bounds::Room;
use bloathound_cpython::allocator::{MallocMap, MemoryLayout, PymallocMap, locate_arenas};
use bloathound_cpython::{Interpreter, analysis_bytes, decode_telling};
use bloathound_heap::{GcReplay, HeapSnapshot};
use bloathound_live::{CaptureTimings, Mapping, Stillness, TornInfo};
use bloathound_memory::{MemoryImage, PageRun};
use bloathound_vocabulary::TypeRow;

use crate::census::census;
use crate::workers::{decoders, side_by_side};

/// Where the time went, and how the copy was come by.
#[derive(Clone, Debug, Default)]
pub struct ExamineTimings {
    /// Of the copy; all zero for a recorded image.
    pub capture: CaptureTimings,
    /// Decoding.
    pub decode: Duration,
    /// Bytes copied.
    pub copied_bytes: u64,
}

/// A decoded copy of a process.
#[derive(Debug)]
pub struct Examined {
    /// The copied memory.
    pub image: MemoryImage,
    /// Where the interpreter's own data is.
    pub interpreter: Interpreter,
    /// Mappings with their resident bytes, of the moment of the copy.
    pub mappings: Vec<Mapping>,
    /// Which pages were there.
    pub page_runs: Vec<PageRun>,
    /// pymalloc, where its arenas were found.
    pub pools: Option<PymallocMap>,
    /// Both allocators, and who holds what they handed out; without arenas where these were not found.
    pub layout: MemoryLayout,
    /// The heap, with the memory of C code that belongs to its objects.
    pub snapshot: HeapSnapshot,
    /// What the collector would do with it.
    pub replay: GcReplay,
    /// What could not be read or does not agree.
    pub problems: Vec<String>,
    /// What its strings say was replaced.
    pub is_redacted: bool,
    /// How still the target stood; `None` for a recorded image.
    pub stillness: Option<Stillness>,
    /// What may be torn.
    pub torn: TornInfo,
    /// Where the time went.
    pub timings: ExamineTimings,
    /// Path of the executable.
    pub executable: String,
    /// Build id of the interpreter's module.
    pub build_id: Option<String>,
}

/// Decodes an image, wherever it came from. `data_ranges` is where to search for what symbols did not tell.
#[must_use]
pub fn examine_image(
    image: MemoryImage,
    interpreter: Interpreter,
    data_ranges: &[std::ops::Range<bloathound_memory::Address>],
) -> Examined {
    examine_telling(image, interpreter, data_ranges, None)
}

/// Who is told what a heap consists of as soon as that is known: its objects by type, most bytes first, all but those that
/// only a reference leads to.
pub type CountedTold = fn(&[TypeRow]);

/// The same, and tells.
pub(super) fn examine_telling(
    image: MemoryImage,
    interpreter: Interpreter,
    data_ranges: &[std::ops::Range<bloathound_memory::Address>],
    told: Option<CountedTold>,
) -> Examined {
    let started = Instant::now();
    let mut problems = Vec::new();
    let pools = find_pools(&image, &interpreter, data_ranges, &mut problems);
    let arenas = pools.clone().unwrap_or_else(|| PymallocMap::empty(&interpreter.dialect.obmalloc));
    // The C heap's chunks need no objects, nor the objects them.
    let workers = decoders(image.flat().len());
    let tell = told.map(|told| move |found: &HeapSnapshot| told(&census(found, |_| true)));
    let counted = tell.as_ref().map(|tell| tell as &dyn Fn(&HeapSnapshot));
    let (decoded, malloc) = side_by_side(
        || decode_telling(counted, workers, &image, &interpreter, pools.as_ref()),
        || MallocMap::decode(&image, &arenas),
    );
    problems.extend(decoded.problems);
    let mut snapshot = decoded.value;
    // Who is in which block, and what the collector would do: neither needs the other.
    let ((layout, native), replay) = side_by_side(
        || {
            let layout = MemoryLayout::with_malloc(&image, &interpreter, &snapshot, (arenas, malloc), Vec::new());
            let native = layout.native_bytes(&image, &snapshot);
            (layout, native)
        },
        || GcReplay::run(&snapshot),
    );
    snapshot.set_native_bytes(native);
    Examined {
        image,
        interpreter,
        mappings: Vec::new(),
        page_runs: Vec::new(),
        pools,
        layout,
        snapshot,
        replay,
        problems,
        is_redacted: false,
        stillness: None,
        torn: TornInfo::default(),
        timings: ExamineTimings { decode: started.elapsed(), ..ExamineTimings::default() },
        executable: String::new(),
        build_id: None,
    }
}

fn find_pools(
    image: &MemoryImage,
    interpreter: &Interpreter,
    data_ranges: &[std::ops::Range<bloathound_memory::Address>],
    problems: &mut Vec<String>,
) -> Option<PymallocMap> {
    let (pools, found) = locate_arenas(image, interpreter, data_ranges)?;
    problems.extend(found.iter().map(ToString::to_string));
    Some(pools)
}

/// Refuses what can't be analysed with the memory there is: how much it takes, and what there is.
pub(super) fn room_to_analyse(image: &MemoryImage, interpreter: &Interpreter) -> Result<(), (u64, Room)> {
    let needed = analysis_bytes(image, interpreter, decoders(image.flat().len()));
    let room = Room::now();
    if needed > room.usable() { Err((needed, room)) } else { Ok(()) }
}
