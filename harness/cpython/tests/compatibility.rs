//! The table of what is read, in the README, as the dialects have it.

#![allow(clippy::expect_used, reason = "a test says what it lacks and stops")]

use bloathound_cpython::dialect::{Dialect, refused};
use bloathound_cpython::frames::can_be_read;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const BEGIN: &str =
    "<!-- what is read: `BLOATHOUND_UPDATE=1 cargo test -p bloathound-cpython --test compatibility` -->\n";
const END: &str = "<!-- end of what is read -->\n";
/// One release of each kind that is told apart.
const RELEASES: [(&str, &str); 10] = [
    ("2.7", "2.7.18"),
    ("3.0 to 3.9", "3.9.18"),
    ("3.10", "3.10.13"),
    ("3.11", "3.11.7"),
    ("3.12", "3.12.1"),
    ("3.13", "3.13.0"),
    ("3.14.0 to 3.14.4", "3.14.4"),
    ("3.14.5 and later", "3.14.5"),
    ("3.15", "3.15.2"),
    ("free-threaded and debug builds", ""),
];

fn row((name, release): (&str, &str)) -> String {
    let (heap, stacks) = match (Dialect::of_version(release), refused(release)) {
        (Some(dialect), _) => ("yes".to_owned(), if can_be_read(dialect).is_ok() { "yes" } else { "not read yet" }),
        (None, Some(why)) => (why.why().to_owned(), ""),
        (None, None) => ("refused by name".to_owned(), ""),
    };
    format!("| {name} | {heap} | {stacks} |\n")
}

#[test]
fn the_readme_says_what_is_read() {
    let rows: String = RELEASES.into_iter().map(row).collect();
    let table = format!(
        "| CPython | `inspect`, `why`, `watch`, `diff`, `capture`, cores and images | `hot` |\n|---|---|---|\n{rows}"
    );
    let text = std::fs::read_to_string(README).expect("the README");
    let (before, rest) = text.split_once(BEGIN).expect("the table's beginning");
    let (there, after) = rest.split_once(END).expect("the table's end");
    if std::env::var_os("BLOATHOUND_UPDATE").is_some() {
        std::fs::write(README, format!("{before}{BEGIN}{table}{END}{after}")).expect("written");
        return;
    }
    assert_eq!(there, table, "run it with BLOATHOUND_UPDATE=1");
}
