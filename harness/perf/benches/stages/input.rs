//! What is measured on: heaps written from a seed, without Python, and recorded images of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use bloathound_memory::{
    Address, Effort, Manifest, PageRun, PageState, Recording, SymbolTable, WriteOptions, write_recording,
};
use bloathound_testkit::service_heap;

/// The heaps are the same for the same seed.
const SEED: u64 = 20_260_727;

/// Where inputs are made.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("perf");
    fs::create_dir_all(&folder).expect("a folder for inputs");
    folder
}

/// The image of that name; a generated one is written when it is first asked for.
pub fn path(name: &str) -> PathBuf {
    let objects = match name {
        "generated 10k" => 10_000,
        "generated 100k" => 100_000,
        "generated 1m" => 1_000_000,
        "generated 5m" => 5_000_000,
        recorded => return Path::new(env!("CARGO_MANIFEST_DIR")).join("../../snapshots/recorded").join(recorded),
    };
    let file = folder().join(format!("{}-{SEED}.bhi", name.replace(' ', "-")));
    if !file.exists() {
        // Whole or not at all: another benchmark may ask for it at the same time.
        let part = file.with_extension(format!("{}.part", std::process::id()));
        write(&part, objects);
        fs::rename(&part, &file).expect("the same folder");
    }
    file
}

fn write(path: &Path, objects: u32) {
    let heap = service_heap(objects, SEED);
    let data = Address(heap.data.start)..Address(heap.data.end);
    let mut facts = heap.facts;
    facts.insert("version".into(), "2.7.18".into());
    let image = heap.memory.finish();
    let page_runs =
        image.runs().iter().map(|(start, pages)| PageRun { start: *start, pages: *pages, state: PageState::Private });
    let recording = Recording {
        manifest: Manifest {
            tool: "bloathound".into(),
            executable: "/made/up/python2.7".into(),
            pid: 1,
            interpreter: facts,
            ..Manifest::default()
        },
        symbols: SymbolTable { data_ranges: vec![data], version: Some("2.7.18".into()), ..SymbolTable::default() },
        page_runs: page_runs.collect(),
        image,
    };
    write_recording(path, &recording, WriteOptions { effort: Effort::Quick, ..WriteOptions::default() })
        .expect("an image can be written");
}
