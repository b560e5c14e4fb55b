//! `seeds FOLDER [IMAGE]`: writes the corpus that fuzzing starts from into FOLDER, one folder a target. With IMAGE, a
//! recorded image of a real process, also makes that small and writes it as `real.bhi` into the working directory.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use bloathound_memory::{
    Address, Manifest, MemoryImage, MemorySource, Recording, SymbolTable, WriteOptions, read_recording, write_recording,
};
use bloathound_testkit::{CorePiece, HeapImage, small_heap, write_core, write_module};

#[path = "../src/entries/container.rs"]
#[allow(dead_code, reason = "the targets use the other half")]
mod container;
mod shrink;

/// Good images that `decode` chooses from.
const BASES: u8 = 6;

type Done = Result<(), Box<dyn Error>>;

/// What is written in full into the repository; the rest is made of it.
const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds");

/// Recorded images of small processes of CPython 3, which tests of its readers use too.
const SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../cpython/tests/python3/small");

fn main() -> Done {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, rest @ ..] = arguments.as_slice() else { return Err("usage: seeds FOLDER [IMAGE]".into()) };
    if let [image] = rest {
        let small = shrink::shrink(read_recording(image, 4 << 30)?.recording);
        write_recording(Path::new("real.bhi"), &small, WriteOptions::default())?;
    }
    for target in ["image", "core", "decode", "frames", "dump"] {
        fs::create_dir_all(folder.join(target))?;
        let committed = Path::new(SEEDS).join(target);
        for entry in committed.read_dir().into_iter().flatten() {
            let entry = entry?;
            // What is packed is made anew below.
            if entry.path().extension().is_some_and(|ending| ending == "zst") {
                continue;
            }
            fs::copy(entry.path(), folder.join(target).join(entry.file_name()))?;
        }
    }
    images(&folder.join("image"))?;
    cores(&folder.join("core"))?;
    orders(folder)?;
    Ok(())
}

/// The image that was written by hand, as a file and taken out of its container; the real one taken out, too.
fn images(folder: &Path) -> Done {
    let heap = small_heap();
    let symbols =
        SymbolTable { data_ranges: vec![Address(heap.data.start)..Address(heap.data.end)], ..SymbolTable::default() };
    let manifest = Manifest { interpreter: heap.facts, ..Manifest::default() };
    let recording = Recording { manifest, symbols, page_runs: Vec::new(), image: heap.memory.finish() };
    let file = folder.join("made-up.bhi");
    write_recording(&file, &recording, WriteOptions::default())?;
    for series in ["3.10", "3.11", "3.12", "3.13"] {
        fs::copy(format!("{SMALL}-{series}.bhi"), folder.join(format!("small-{series}.bhi")))?;
    }
    for name in ["made-up", "real"] {
        let bytes = fs::read(folder.join(format!("{name}.bhi"))).unwrap_or_default();
        if let Some(unwrapped) = container::unwrap(&bytes) {
            fs::write(folder.join(format!("{name}.unwrapped")), unwrapped)?;
        }
    }
    Ok(())
}

fn cores(folder: &Path) -> Done {
    let mut heap = small_heap();
    write_module(&mut heap);
    fs::write(folder.join("made-up.core"), core_of(heap))?;
    Ok(())
}

fn core_of(heap: HeapImage) -> Vec<u8> {
    let data_end = heap.data.end;
    let image: MemoryImage = heap.memory.finish();
    let pieces: Vec<CorePiece> = image
        .regions()
        .iter()
        .map(|region| {
            let page = |n: u64| image.bytes(region.start.offset(n * 4096), 4096);
            // A segment is there from its start on; what is missing inside is zeroes.
            let there = (0..region.len_bytes() / 4096).rev().find(|n| page(*n).is_some()).map_or(0, |last| last + 1);
            let bytes = (0..there).flat_map(|n| page(n).map_or_else(|| vec![0; 4096], <[u8]>::to_vec)).collect();
            let permissions = region.permissions;
            let flag = |set: bool, flag: u32| if set { flag } else { 0 };
            let flags = flag(permissions.execute, 1) | flag(permissions.write, 2) | flag(permissions.read, 4);
            CorePiece { address: region.start.0, bytes, memory_bytes: region.len_bytes(), flags }
        })
        .collect();
    write_core(&pieces, data_end)
}

/// Orders for damage: none, and one of each kind.
fn orders(folder: &Path) -> Done {
    for base in 0..BASES {
        let mut every = vec![base];
        for kind in 0..16_u8 {
            every.extend([kind, kind.wrapping_mul(37), kind, kind, 5, kind, 0, 0]);
        }
        fs::write(folder.join(format!("decode/base-{base}")), [base])?;
        fs::write(folder.join(format!("decode/every-order-{base}")), every)?;
    }
    let spin: &[u8] = &[
        100, 1, 0, 125, 1, 0, 120, 20, 0, 124, 0, 0, 115, 28, 0, 124, 1, 0, 100, 2, 0, 55, 125, 1, 0, 113, 9, 0, 87,
        100, 0, 0, 83,
    ];
    let mut frames = (spin.len() as u16).to_le_bytes().to_vec();
    frames.extend(spin);
    frames.extend([4, 0, 6, 1, 6, 1]);
    fs::write(folder.join("frames/spin"), &frames)?;
    frames.extend([0, 40, 0, 1, 9, 0, 0, 0]);
    fs::write(folder.join("frames/spin-damaged"), frames)?;
    Ok(())
}
