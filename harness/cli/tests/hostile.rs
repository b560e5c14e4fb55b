//! The seeds of the fuzz targets, and what fuzzing found, through the same entry functions. `fuzz/README.md` says how to
//! run the real thing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../../fuzz/src/entries/mod.rs"]
mod entries;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// Longest time for one input, hardly optimised and on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut names: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|found| found.unwrap().path()).collect();
    names.sort();
    assert!(!names.is_empty(), "{} is empty", folder.display());
    for name in names {
        let mut input = fs::read(&name).unwrap();
        if name.extension().is_some_and(|ending| ending == "zst") {
            input = zstd::bulk::decompress(&input, 1 << 20).unwrap();
        }
        // The same input cut off at a few places, too.
        for part in 1..=8 {
            let piece = input[..input.len() * part / 8].to_vec();
            let (done, result) = mpsc::channel();
            std::thread::spawn(move || {
                entry(&piece);
                done.send(())
            });
            let ended = result.recv_timeout(LONGEST);
            assert_eq!(ended, Ok(()), "{}, {part} eighths of it: a panic or a hang", name.display());
        }
    }
}

#[test]
fn images() {
    replay("image", entries::image);
}

#[test]
fn cores() {
    replay("core", entries::core);
}

#[test]
fn damaged_memory() {
    replay("decode", entries::decode);
}

#[test]
fn stacks() {
    replay("frames", entries::frames);
}

#[test]
fn dumps() {
    replay("dump", entries::dump);
}
