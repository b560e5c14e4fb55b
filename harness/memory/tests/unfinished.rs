//! A process that is ended in the middle of its work leaves no file that is not whole. A test of its own: what is removed is
//! whatever the process has begun.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;

use bloathound_memory::output::{Output, Readers};
use bloathound_memory::{remove_unfinished, temporary_folder};

#[test]
fn what_is_begun_and_not_finished_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    let whole = Output::create(&path, Readers::AsBefore).unwrap();
    (&whole).write_all(b"whole").unwrap();
    whole.finish().unwrap();
    let begun = Output::create(&path, Readers::AsBefore).unwrap();
    (&begun).write_all(b"hal").unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "a file and its successor");
    let scratch = temporary_folder().unwrap();
    fs::write(scratch.path().join("ledger"), "x").unwrap();
    drop(remove_unfinished());
    assert!(!scratch.path().exists());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["results.json"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
}
