//! `THRESHOLDS.md` says what the code says, and the tests it names exist.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use std::fs;
use std::path::Path;

use bloathound_detect::Thresholds;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_table_for_people_is_the_codes() {
    let path = here().join("THRESHOLDS.md");
    let table = Thresholds::default().table();
    if std::env::var_os("BLOATHOUND_BLESS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == table,
        "{} is not what the code says; BLOATHOUND_BLESS=1 cargo test -p bloathound-detect --test thresholds writes it",
        path.display()
    );
}

#[test]
fn every_threshold_says_where_it_comes_from_and_names_a_test_that_is_there() {
    for row in Thresholds::default().rows() {
        assert!(!row.what.is_empty() && !row.measured.is_empty() && !row.unit.is_empty(), "{row:?}");
        let (file, test) = row.needed_by.split_once("::").unwrap_or_else(|| panic!("{row:?}"));
        let path = here().join("..").join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("fn {test}(")), "{file} has no test {test}");
    }
}
