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

/// Numbers in a rule's code that decide nothing: what they are part of, by file.
const NO_LIMITS: [(&str, &str, &str); 13] = [
    ("series/mod.rs", "MiB", "bytes in words"),
    ("series/mod.rs", "KiB", "bytes in words"),
    ("growth/grade.rs", "minutes", "a time in words"),
    ("garbage/settings.rs", "hours", "a time in words"),
    ("hot/bare.rs", "[1.0, 1e3, 1e6, 1e9]", "seconds and their parts"),
    ("", " / 1e9", "nanoseconds as seconds"),
    ("", "100.0 * ", "a share in words"),
    ("growth/weak.rs", "gained(*shape) * 2 >= of_all", "most of something: at least half"),
    ("spin/callback.rs", "2 * self.timed > self.called", "most of something: more than half"),
    ("growth/counters.rs", "COUNT_NAMES_MAX * 2 {", "a dict refers to a key and a value for each name"),
    ("hot/work.rs", "one.number > 2)", "the standard streams are 0, 1 and 2"),
    ("hot/candidate.rs", "pivot + 2]", "what is below the one below"),
    ("hot/series.rs", "late.iter().rev().take(2)", "a step to and fro ends at either of two"),
];

/// Numbers that are no limit wherever they stand: 0 is whether there is any; 1 is one or several, and the next.
const NONE_AND_ONE: [&str; 2] = ["0", "1"];

/// Before a 2 that is none: each with the one after it; the middle of a series, or more than half of something. Any other
/// 2 is a row or one of [`NO_LIMITS`].
const PAIRS_AND_HALVES: [&str; 2] = ["windows(", " / "];

/// Numbers other than [`NONE_AND_ONE`], pairs and halves in a line of code; lengths of arrays and what stands in texts are none.
fn bare_numbers(line: &str) -> Vec<String> {
    let code: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    let code = code.split("//").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut before = ' ';
    let mut letters = code.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let is_part = before.is_alphanumeric() || before == '_' || before == '.' && !code[..at].ends_with("..");
        before = letter;
        if !letter.is_ascii_digit() || is_part {
            continue;
        }
        let rest = &code[at..];
        let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        let mut end = word(rest);
        if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
            end += 1 + word(&rest[end + 1..]);
        }
        let number = rest[..end].to_owned();
        let is_length = code[..at].ends_with("; ") && code[at + number.len()..].starts_with(']');
        while letters.next_if(|(next, _)| *next < at + number.len()).is_some() {}
        before = '0';
        let untyped = ["_usize", "_u64", "_u32", "_i64", "_f64"].iter().find_map(|of| number.strip_suffix(of));
        let value = untyped.unwrap_or(&number).trim_end_matches(".0");
        let is_pair = value == "2" && PAIRS_AND_HALVES.iter().any(|what| code[..at].ends_with(what));
        if !is_length && !is_pair && !NONE_AND_ONE.contains(&value) {
            found.push(number);
        }
    }
    found
}

#[test]
fn no_limit_stands_in_a_rules_own_code() {
    let mut folders = vec![here().join("src")];
    let (mut files, mut bare) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(here().join("src")).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "thresholds" {
                    folders.push(path);
                }
                continue;
            }
            if name.contains("tests") {
                continue;
            }
            files += 1;
            let text = fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (number, line) in product.lines().enumerate() {
                let told =
                    NO_LIMITS.iter().any(|(file, part, _)| (file.is_empty() || name == *file) && line.contains(part));
                if !told && !bare_numbers(line).is_empty() {
                    bare.push(format!("{name}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(files > 30, "only {files} files were read");
    assert!(bare.is_empty(), "make it a row of `src/thresholds`, with where it comes from:\n{}", bare.join("\n"));
}

#[test]
fn a_bare_limit_is_seen_however_it_is_written() {
    for line in [
        "if seen >= 3 {",
        "if seen >= 2 {",
        "x * 2.0",
        "most.saturating_mul(2)",
        "const MOST: u64 = 4096;",
        "x * 0.8",
        "0.25 <= y",
        "1 << 20",
        "a[17]",
        "(0..9)",
        "7_000u64",
    ] {
        assert!(!bare_numbers(line).is_empty(), "{line}");
    }
    for line in [
        "x / 2",
        "bend / 2.0",
        "values.windows(2)",
        "[&dyn Rule; 7]",
        "f64::from(x1)",
        "\"at 100 %\"",
        "// 100",
        "tuple.0.1",
        "(0..x)",
        "_ => 0,",
        "vec![0_u64; 1]",
    ] {
        assert_eq!(bare_numbers(line), [""; 0], "{line}");
    }
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
