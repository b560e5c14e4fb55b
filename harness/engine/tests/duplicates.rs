//! Strings that are there several times: the same rows as by comparing all with all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't read its recording has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use bloathound_cpython::string_bytes;
use bloathound_engine::session::{Duplicates, Session};
use bloathound_engine::source::{ExamineOptions, Source};
use bloathound_memory::Address;

#[test]
fn the_filter_leaves_nothing_out() {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../snapshots/recorded/leak-buggy/round-00.bhi");
    let source = Source::open(image.to_str().expect("a path"), &ExamineOptions::default()).unwrap();
    let session = Session::from(&source);
    let examined = session.heap().memory.expect("a copy");
    let snapshot = session.snapshot();
    let mut all: BTreeMap<&[u8], (u64, u64, u64)> = BTreeMap::new();
    for id in snapshot.ids().filter(|id| snapshot.type_of(*id).qualified_name() == "str") {
        let record = snapshot.object(id);
        if let Some(bytes) = string_bytes(&examined.image, &examined.interpreter, Address(record.address)) {
            let entry = all.entry(bytes).or_insert((0, 0, record.address));
            *entry = (entry.0 + 1, entry.1 + record.shallow_size, entry.2.min(record.address));
        }
    }
    let several = all.into_values().filter(|(copies, ..)| *copies > 1);
    let mut rows: Vec<Duplicates> = several
        .map(|(copies, bytes, example)| Duplicates { example, copies, wasted_bytes: bytes - bytes / copies })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.wasted_bytes), row.example));
    rows.truncate(20);
    assert_eq!(rows.len(), 20);
    assert_eq!(session.duplicates(), rows);
}
