//! Every stage of a look as something that can be called: what it needs is made beforehand, what it gives is handed back,
//! so that neither making the one nor dropping the other is measured.
#![allow(dead_code, reason = "each program uses a part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark that can't begin has failed")]

pub mod input;
pub mod planted;

use std::any::Any;
use std::path::{Path, PathBuf};

use bloathound_cpython::Interpreter;
use bloathound_cpython::allocator::{MemoryLayout, locate_arenas};
use bloathound_cpython::decode;
use bloathound_detect::thresholds::shape_limits;
use bloathound_engine::looks::judge_look;
use bloathound_engine::session::Session;
use bloathound_engine::source::{Examined, reopen};
use bloathound_heap::{BitSet, Dominators, GcReplay, Names, PathTree, ReferenceLabel, ShapeTree, strongly_connected};
use bloathound_memory::{
    ImageBuilder, MemoryImage, MemorySource, PAGE_BYTES, Recording, WriteOptions, read_recording, write_recording,
};

/// Bytes of memory that an image may have.
const LIMIT: u64 = 16 << 30;

/// What a stage works on. It is kept until the program ends.
pub struct Prepared {
    pub stage: &'static str,
    path: PathBuf,
    work: Work,
}

#[allow(
    clippy::large_enum_variant,
    reason = "one of them lives at a time, and a box would be an allocation of the benchmark's own"
)]
enum Work {
    Read,
    Copy(MemoryImage),
    Write(Recording, PathBuf),
    Decode(&'static Examined),
    Heap(&'static Examined),
    Collected(&'static Examined, GcReplay),
    Shapes(&'static Examined, Names<'static>, PathTree, Dominators),
    Session(&'static Examined, Session<'static>),
}

fn examined(path: &Path) -> &'static Examined {
    let reopened = reopen(read_recording(path, LIMIT).expect("an image"), path).expect("an interpreter");
    Box::leak(Box::new(reopened.examined))
}

/// How many objects an image has.
pub fn objects(path: &Path) -> u64 {
    examined(path).snapshot.len() as u64
}

/// Does whatever comes before a stage.
pub fn prepare(input: &str, stage: &'static str) -> Prepared {
    let path = input::path(input);
    let recording = || read_recording(&path, LIMIT).expect("an image").recording;
    let work = match stage {
        "read" => Work::Read,
        "copy" => Work::Copy(recording().image),
        "write" => Work::Write(recording(), input::folder().join(format!("written-{}.bhi", std::process::id()))),
        "decode" => Work::Decode(examined(&path)),
        "collector" | "components" => Work::Heap(examined(&path)),
        "paths" | "dominators" => {
            let examined = examined(&path);
            Work::Collected(examined, GcReplay::run(&examined.snapshot))
        }
        "shapes" => {
            let examined = examined(&path);
            let replay = GcReplay::run(&examined.snapshot);
            let exclude = Some(&replay.awaiting_collection);
            let paths = PathTree::build(&examined.snapshot, exclude);
            let dominators = Dominators::build(&examined.snapshot, exclude);
            Work::Shapes(examined, Names::new(&examined.snapshot), paths, dominators)
        }
        "arenas" | "judging" => {
            let examined = examined(&path);
            let session = Session::from(examined);
            // The collector's part is measured elsewhere; the rules ask for paths that exist by then.
            let _ = session.replay();
            if stage == "judging" {
                let _ = (session.analysis(), session.pins());
            }
            Work::Session(examined, session)
        }
        other => panic!("{other} is no stage"),
    };
    Prepared { stage, path, work }
}

/// The stage itself.
#[inline(never)]
pub fn run(prepared: &Prepared) -> Box<dyn Any> {
    let product: Box<dyn Any> = match &prepared.work {
        Work::Read => Box::new(read_recording(&prepared.path, LIMIT).expect("an image")),
        Work::Copy(image) => Box::new(copied(image)),
        Work::Write(recording, to) => {
            Box::new(write_recording(to, recording, WriteOptions::default()).expect("a place to write"))
        }
        Work::Decode(examined) => Box::new(decoded(examined)),
        Work::Heap(examined) if prepared.stage == "collector" => Box::new(GcReplay::run(&examined.snapshot)),
        Work::Heap(Examined { snapshot, .. }) => {
            Box::new(strongly_connected(snapshot, &BitSet::full(snapshot.len()), ReferenceLabel::is_traversed))
        }
        Work::Collected(examined, replay) => {
            let exclude = Some(&replay.awaiting_collection);
            if prepared.stage == "paths" {
                Box::new(PathTree::build(&examined.snapshot, exclude))
            } else {
                Box::new(Dominators::build(&examined.snapshot, exclude))
            }
        }
        Work::Shapes(_, names, paths, dominators) => {
            Box::new(ShapeTree::build(names, paths, Some(dominators), shape_limits()))
        }
        Work::Session(examined, session) if prepared.stage == "arenas" => Box::new(arenas(examined, session)),
        Work::Session(_, session) => Box::new(judge_look(session)),
    };
    planted::work(prepared.stage);
    product
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Work::Write(_, path) = &self.work {
            // Where it was never written there is nothing to remove.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// As a look at a process copies: run by run into one buffer, then the page table.
fn copied(image: &MemoryImage) -> MemoryImage {
    let mut builder = ImageBuilder::new();
    for (start, pages) in image.runs() {
        builder.add_run(*start, *pages);
    }
    let (runs, bytes) = builder.plan();
    let mut flat = vec![0; bytes];
    let mut at = 0;
    for (start, pages) in &runs {
        let len = *pages as usize * PAGE_BYTES as usize;
        image.read(*start, &mut flat[at..at + len]).expect("memory that is there");
        at += len;
    }
    MemoryImage::new(image.regions().to_vec(), runs, flat)
}

fn decoded(examined: &Examined) -> impl Any {
    let interpreter: &Interpreter = &examined.interpreter;
    let pools = locate_arenas(&examined.image, interpreter, &[]).map(|(pools, _)| pools);
    let decoded = decode(&examined.image, interpreter, pools.as_ref());
    (pools, decoded)
}

fn arenas(examined: &'static Examined, warm: &Session<'static>) -> impl Any {
    let pools = examined.pools.clone().expect("arenas");
    let layout = MemoryLayout::new(&examined.image, &examined.interpreter, &examined.snapshot, pools, Vec::new());
    let native = layout.native_bytes(&examined.image, &examined.snapshot);
    let judge = layout.judge(&examined.image, &examined.snapshot, Some(&warm.replay().awaiting_collection));
    let census = layout.census(&judge);
    let rss = layout.rss(&examined.image, &examined.snapshot, &judge);
    drop(judge);
    (layout, native, census, rss)
}
