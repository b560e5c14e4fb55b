//! The table of promises names files and tests that are there.

use crate::tree::{read, root, rust_files};

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Files and tests of a row's cells that are not there; a test is a function, and what is a file has a folder.
fn missing<'r>(row: &'r str, is_file: &dyn Fn(&str) -> bool, is_test: &dyn Fn(&str) -> bool) -> Vec<&'r str> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
    let (Some(how), Some(test)) = (cells.get(1), cells.last()) else { return vec![row] };
    let files = quoted(how).filter(|name| name.contains('/') && (name.ends_with(".rs") || name.ends_with(".py")));
    let files = files.filter(|name| !is_file(name));
    files.chain(quoted(test).filter(|name| if name.contains('/') { !is_file(name) } else { !is_test(name) })).collect()
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let sources = rust_files();
    let is_file = |name: &str| root().join("harness").join(name).exists() || root().join(name).exists();
    let is_test = |name: &str| sources.iter().any(|file| file.text.contains(&format!("fn {name}(")));
    let text = read(&root().join("harness/ARCHITECTURE.md"));
    let table = text.split("\n## ").find_map(|part| part.strip_prefix("Promises\n")).unwrap_or_default();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 30, "only {} promises were found", rows.len());
    let lost: Vec<&str> = rows.iter().flat_map(|row| missing(row, &is_file, &is_test)).collect();
    assert!(lost.is_empty(), "not there: {lost:?}");
    let untested: Vec<&&str> =
        rows.iter().filter(|row| quoted(row.rsplit(" | ").next().unwrap_or_default()).next().is_none()).collect();
    assert!(untested.is_empty(), "no test: {untested:?}");
    // And the rule would notice.
    let row = "| a promise | kept by `a/b.rs` | `c/d.rs`: `no_such_test` |";
    assert_eq!(missing(row, &|_| false, &|_| false), ["a/b.rs", "c/d.rs", "no_such_test"]);
}
