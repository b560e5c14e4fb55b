//! Damage: whatever the bytes of an image are, decoding ends, gives what there is, and says what is wrong.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use bloathound_cpython::allocator::{MemoryLayout, locate_arenas};
use bloathound_cpython::{Interpreter, Needed, decode, decode_with};
use bloathound_heap::GcReplay;
use bloathound_memory::{MemoryImage, MemorySource, read_recording};

/// A sound image of this size takes a fraction of a second.
const LONGEST: Duration = Duration::from_secs(60);

/// Numbers that follow from a seed.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// The recorded image of a small process of that series.
fn recorded(series: &str) -> (MemoryImage, Interpreter) {
    let path = format!("{}/tests/python3/small-{series}.bhi", env!("CARGO_MANIFEST_DIR"));
    let recording = read_recording(Path::new(&path), 1 << 30).expect("a recording").recording;
    let interpreter = Interpreter::from_facts(&recording.manifest.interpreter).expect("facts");
    (recording.image, interpreter)
}

/// Everything that is made of an image.
fn all_of_it(image: &MemoryImage, interpreter: &Interpreter) -> usize {
    let (pools, problems) = locate_arenas(image, interpreter, &[]).unzip();
    let decoded = decode(image, interpreter, pools.as_ref());
    let together = decode_with(3, image, interpreter, pools.as_ref());
    assert_eq!(together.problems, decoded.problems);
    assert!(together.value == decoded.value, "by three it is another heap");
    let snapshot = decoded.value;
    let replay = GcReplay::run(&snapshot);
    let layout =
        pools.map(|pools| MemoryLayout::new(image, interpreter, &snapshot, pools, problems.unwrap_or_default()));
    if let Some(layout) = &layout {
        let judge = layout.judge(image, &snapshot, Some(&replay.awaiting_collection));
        let account = layout.rss(image, &snapshot, &judge);
        assert!(account.kernel_bytes > 0 || snapshot.is_empty());
    }
    let needed = Needed::of(image, interpreter, &snapshot, layout.as_ref(), &[]);
    assert!(needed.bytes() <= image.flat().len() as u64 + 8);
    snapshot.len()
}

crate::of_every_series!(damage_in_any_place_ends_and_is_told, a_recorded_image_decodes_to_what_it_was);

fn damage_in_any_place_ends_and_is_told(series: &str) {
    for seed in 1..=24_u64 {
        let (image, interpreter) = recorded(series);
        let (regions, runs) = (image.regions().to_vec(), image.runs().to_vec());
        let mut flat = image.into_flat();
        let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let words = flat.len() / 8;
        for _ in 0..4000 {
            let at = draw.below(words) * 8;
            let from = draw.below(words) * 8;
            // Numbers without a meaning, addresses of something else, lengths beyond all measure, single bits.
            let value = match draw.below(5) {
                0 => draw.next(),
                1 => u64::from_le_bytes(flat[from..from + 8].try_into().expect("eight bytes")),
                2 => u64::MAX >> draw.below(64),
                3 => 0,
                _ => u64::from_le_bytes(flat[at..at + 8].try_into().expect("eight bytes")) ^ 1 << draw.below(64),
            };
            flat[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let damaged = MemoryImage::new(regions, runs, flat);
        let (done, result) = mpsc::channel();
        std::thread::spawn(move || done.send(all_of_it(&damaged, &interpreter)).is_ok());
        result.recv_timeout(LONGEST).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

fn a_recorded_image_decodes_to_what_it_was(series: &str) {
    let (image, interpreter) = recorded(series);
    let (pools, problems) = locate_arenas(&image, &interpreter, &[]).expect("arenas");
    assert!(problems.is_empty(), "{problems:?}");
    let decoded = decode(&image, &interpreter, Some(&pools));
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let snapshot = decoded.value;
    let replay = GcReplay::run(&snapshot);
    assert_eq!((replay.surplus_references, replay.uncollectable.is_empty()), (0, true));
    // `tests/python3/small.py`: 300 cycles of three that wait, in ten of them a `__del__`.
    let count = |name: &str| snapshot.ids().filter(|id| snapshot.type_of(*id).name == name).count();
    assert_eq!((count("Knot"), count("Session"), count("Closing")), (300, 500, 10));
    let waiting =
        |name: &str| replay.awaiting_collection.iter().filter(|id| snapshot.type_of(*id).name == name).count();
    assert_eq!((waiting("Knot"), waiting("Session"), waiting("Closing")), (300, 0, 10));
    assert_eq!(replay.to_be_finalized.iter().filter(|id| snapshot.type_of(*id).name == "Closing").count(), 10);
}
