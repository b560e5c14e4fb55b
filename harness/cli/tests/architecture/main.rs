//! The rules of `harness/ARCHITECTURE.md` that a compiler does not hold: dependencies point one way, and the pure
//! rooms do no input or output of their own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that can't read the tree has failed, and a skipped one tells so"
)]

mod circles;
mod described;
mod licences;
mod names;
mod promises;
mod serialised;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tree::{read, root, rust_files};

/// Which rooms a room may build on. A new dependency belongs here first, with a reason in
/// `harness/ARCHITECTURE.md`.
const MAY_USE: [(&str, &[&str]); 19] = [
    ("vocabulary", &[]),
    ("bounds", &[]),
    ("memory", &["bounds"]),
    ("heap", &["vocabulary"]),
    ("profile", &[]),
    ("scenario", &["bounds", "vocabulary"]),
    ("live", &["bounds", "memory", "profile"]),
    ("testkit", &["memory"]),
    ("cpython", &["vocabulary", "memory", "heap", "profile"]),
    ("detect", &["vocabulary", "heap", "profile"]),
    ("score", &["vocabulary", "scenario"]),
    ("generate", &["scenario"]),
    ("perf", &["vocabulary"]),
    ("lab", &["bounds", "scenario"]),
    ("report", &["vocabulary", "heap", "profile"]),
    ("kit", &["heap", "detect"]),
    ("engine", &["vocabulary", "bounds", "memory", "heap", "profile", "live", "cpython", "detect", "kit"]),
    ("driver", &["bounds", "scenario", "live", "engine", "kit"]),
    (
        "cli",
        &[
            "vocabulary",
            "bounds",
            "memory",
            "heap",
            "profile",
            "scenario",
            "live",
            "detect",
            "score",
            "generate",
            "perf",
            "lab",
            "report",
            "engine",
            "kit",
            "driver",
        ],
    ),
];

/// Rooms that take values and give values back.
const PURE: [&str; 8] = ["vocabulary", "heap", "profile", "detect", "score", "generate", "perf", "report"];

/// Rooms that decode or judge: whatever they have to say goes into their results.
const ENGINE: [&str; 11] =
    ["vocabulary", "bounds", "memory", "live", "cpython", "heap", "profile", "detect", "score", "report", "scenario"];

/// `bloathound-*` under `[dependencies]` of a manifest, without the prefix. Development dependencies are exempt.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = read(manifest);
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]"
            && let Some(rest) = line.strip_prefix("bloathound-")
        {
            let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            found.insert(name);
        }
    }
    found
}

fn manifests() -> BTreeMap<String, PathBuf> {
    let harness = root().join("harness");
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&harness).expect("harness can be listed") {
        let folder = entry.expect("an entry").path();
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() {
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            found.insert(name, manifest);
        }
    }
    found
}

/// Rust files of a room, tests and benchmarks left out: whole files by their names, test modules by their attribute.
fn product_sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("harness").join(room).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.contains("tests") {
                let text = read(&path);
                let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((path, product));
            }
        }
    }
    assert!(!found.is_empty(), "{room} has no sources");
    found
}

/// Lines of code with this text in them; comments don't count.
fn lines_with(rooms: &[&str], needles: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for (path, text) in rooms.iter().flat_map(|room| product_sources(room)) {
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if !code.starts_with("//") && needles.iter().any(|needle| code.contains(needle)) {
                let file = path.strip_prefix(root()).unwrap_or(&path);
                hits.push(format!("{}:{}: {code}", file.display(), number + 1));
            }
        }
    }
    hits
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let manifests = manifests();
    let rooms: BTreeSet<&str> = manifests.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = allowed.keys().copied().collect();
    assert_eq!(rooms, listed, "a room without a rule, or a rule without a room");
    let mut seen = 0;
    for (room, manifest) in &manifests {
        for dependency in dependencies(manifest) {
            seen += 1;
            assert!(
                allowed[room.as_str()].contains(&dependency.as_str()),
                "{room} may not build on {dependency}; it may on {:?}",
                allowed[room.as_str()]
            );
        }
    }
    assert!(seen > 15, "only {seen} dependencies were read: are the manifests written another way?");
}

/// Rooms that `live` is in, or that build on it: those need Linux.
fn above_the_live_room() -> BTreeSet<&'static str> {
    let mut above = BTreeSet::from(["live"]);
    loop {
        let before = above.len();
        let uses = |uses: &&[&str]| uses.iter().any(|one| above.contains(one));
        let more: Vec<&str> = MAY_USE.iter().filter(|(_, used)| uses(used)).map(|(room, _)| *room).collect();
        above.extend(more);
        if above.len() == before {
            return above;
        }
    }
}

/// What decodes and judges a recording is built on any system: only the live room and what builds on it need Linux, and `kit`,
/// which asks the kernel who is at the other end. `ci/elsewhere` builds the others for a system that is none.
#[test]
fn rooms_below_the_live_one_need_no_linux() {
    let above = above_the_live_room();
    assert_eq!(above, BTreeSet::from(["live", "engine", "driver", "cli"]));
    let below: Vec<&str> =
        MAY_USE.iter().map(|(room, _)| *room).filter(|room| !above.contains(room) && *room != "kit").collect();
    assert!(below.len() > 13 && below.contains(&"cpython") && below.contains(&"lab"), "{below:?}");
    let needles = ["std::os::linux", "nix::sys::ptrace", "process_vm_readv", "PeerCredentials", "sys::epoll", "prctl"];
    assert!(!lines_with(&["live", "kit"], &needles).is_empty(), "the rule sees what it is about");
    let hits = lines_with(&below, &needles);
    assert!(hits.is_empty(), "{}", hits.join("\n"));
    let conditional = lines_with(&below, &["target_os"]);
    assert!(conditional.is_empty(), "one source for all systems: {conditional:?}");
    let script = read(&root().join("ci/elsewhere"));
    for room in below.iter().filter(|room| **room != "testkit") {
        assert!(script.contains(&format!("-p bloathound-{room}")), "ci/elsewhere leaves {room} out");
    }
}

#[test]
fn the_rules_themselves_have_no_cycle() {
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    while settled.len() < MAY_USE.len() {
        let ready: Vec<&str> = MAY_USE
            .into_iter()
            .filter(|(room, uses)| !settled.contains(room) && uses.iter().all(|one| settled.contains(one)))
            .map(|(room, _)| room)
            .collect();
        assert!(!ready.is_empty(), "these build on each other: {:?}", MAY_USE.map(|(room, _)| room));
        settled.extend(ready);
    }
}

#[test]
fn pure_rooms_do_no_input_or_output() {
    // Whole files of tests may: they keep committed schemas and samples up to date.
    let hits = lines_with(&PURE, &["std::fs", "std::net", "std::process", "File::", "TcpStream", "std::env::"]);
    assert!(hits.is_empty(), "{}", hits.join("\n"));
}

#[test]
fn engine_rooms_print_nothing() {
    let hits = lines_with(&ENGINE, &["println!(", "eprintln!(", "print!(", "dbg!("]);
    assert!(hits.is_empty(), "{}", hits.join("\n"));
}

#[test]
fn every_room_takes_the_workspace_lints() {
    for (room, manifest) in manifests() {
        let text = read(&manifest);
        assert!(text.contains("[lints]\nworkspace = true"), "{room} leaves the workspace's lints out");
    }
}

#[test]
fn unsafe_code_is_where_it_is_known_to_be() {
    let every: Vec<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    let hits = lines_with(&every, &["unsafe {", "unsafe fn", "unsafe impl"]);
    let files: BTreeSet<&str> = hits.iter().filter_map(|hit| hit.split(':').next()).collect();
    assert_eq!(files, BTreeSet::from(["harness/driver/src/death_signal.rs"]), "{}", hits.join("\n"));
}

/// One finder of Python and one rule for "must be live", in testkit: whoever asks the environment itself differs some day.
#[test]
fn tests_find_python_and_their_duty_to_run_in_one_way() {
    let asks = |text: &str| {
        let variables = ["\"BLOATHOUND_REQUIRE_LIVE\"", "\"BLOATHOUND_PYTHON", "\"BLOATHOUND_TWISTED"];
        text.lines().any(|line| {
            ["var(", "var_os("].iter().any(|call| line.contains(call))
                && variables.iter().any(|name| line.contains(name))
        })
    };
    let ours = |path: &str| {
        let tests = ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder));
        tests && !path.ends_with("architecture/main.rs")
    };
    let files = rust_files();
    let hits: Vec<&str> = files
        .iter()
        .filter(|file| ours(&file.path) && (asks(&file.text) || file.text.contains("Search::from_env()")))
        .map(|file| file.path.as_str())
        .collect();
    assert!(hits.is_empty(), "use bloathound_testkit::{{python27, skip}}:\n{}", hits.join("\n"));
}

/// A test that skips itself does so by testkit, which fails where nothing may be skipped.
#[test]
fn nothing_is_skipped_but_by_testkit() {
    let files = rust_files();
    let skips = |text: &str| {
        // The rule itself is not to be found by it.
        let words = ["\"skip", "ped"].concat();
        text.lines().any(|line| line.contains("print") && line.contains(&words))
            || text.contains("print!(\n") && text.contains(&words)
    };
    assert!(skips(&["    eprintln!(\"skip", "ped: no gdb\");"].concat()), "the rule sees what it is about");
    let hits: Vec<&str> = files
        .iter()
        .filter(|file| !file.path.starts_with("harness/testkit/") && skips(&file.text))
        .map(|file| file.path.as_str())
        .collect();
    assert!(hits.is_empty(), "use bloathound_testkit::{{skip, cannot}}:\n{}", hits.join("\n"));
}

#[test]
fn files_stay_readable() {
    let every: Vec<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    let long: Vec<String> = every
        .iter()
        .flat_map(|room| product_sources(room))
        .filter(|(_, text)| text.lines().count() > 500)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// A command's file parses, calls what does the work, and prints.
#[test]
fn a_command_is_a_short_file() {
    let files = rust_files();
    let commands = files.iter().filter(|file| file.path.starts_with("harness/cli/src/commands/"));
    let lines: Vec<(usize, &str)> = commands.map(|file| (file.text.lines().count(), file.path.as_str())).collect();
    assert!(lines.len() > 8, "{lines:?}");
    let long: Vec<&(usize, &str)> = lines.iter().filter(|(count, _)| *count >= 80).collect();
    assert!(long.is_empty(), "what a command does is a look of `engine`: {long:?}");
}

#[test]
fn the_workflow_that_runs_is_the_one_in_ci() {
    let [kept, used] =
        ["ci/github-actions.yml", ".github/workflows/bloathound.yml"].map(|file| read(&root().join(file)));
    assert!(kept == used, "copy ci/github-actions.yml over .github/workflows/bloathound.yml");
}

/// What a value says to people is no evidence: rules have its kind, length, number and class.
#[test]
fn no_rule_parses_what_is_written_for_people() {
    let ways =
        ["strip_", "trim", "contains(", "starts_with(", "ends_with(", "split", "rsplit", "find(", "parse", "chars("];
    let needles: Vec<String> = ways.iter().map(|way| format!("summary.{way}")).collect();
    let needles: Vec<&str> = needles.iter().map(String::as_str).chain(["summary ==", "summary !="]).collect();
    let elsewhere = lines_with(&["engine"], &needles);
    assert!(elsewhere.iter().any(|line| line.contains("version1.rs")), "the rule sees what it is about");
    let hits = lines_with(&["detect", "score"], &needles);
    assert!(hits.is_empty(), "a value has a kind, a length, a number and a class:\n{}", hits.join("\n"));
}

/// A second series is to be data of `dialect` and nothing else: no other file names a symbol of the interpreter's or asks
/// for a series by its number.
#[test]
fn what_a_series_of_cpython_names_is_data_of_its_dialect() {
    let rooms = ["memory", "live", "heap", "profile", "cpython", "detect", "kit", "engine", "score", "report"];
    let is_name = |text: &str| {
        let symbol = text.trim_start_matches('_').starts_with("Py") && text.contains('_') && !text.contains(' ');
        symbol || ["2.7", "2.7.", "python2.7", "/lib/python2.7/"].contains(&text)
    };
    let mut named = lines_with(&rooms, &["\"Py", "\"_Py", "\"2.7", "python2.7"]);
    assert!(named.iter().any(|line| line.contains("_PyGC_generation0")), "the rule sees what it is about");
    named.retain(|line| !line.contains("cpython/src/dialect/") && line.split('"').skip(1).step_by(2).any(is_name));
    assert!(named.is_empty(), "{named:#?}");
}

/// Places that may: the dialect; words of rules, each with its row; samples of before, whose values had a type's name only.
const MAY_NAME_A_SERIES: [&str; 3] =
    ["harness/cpython/src/dialect/", "harness/detect/src/thresholds/", "harness/engine/src/record/samples/version1.rs"];

/// Whether a text names a type or a field as only some series have it.
fn is_of_a_series(text: &str) -> bool {
    let whole = [
        "__builtin__",
        "cell_contents",
        "classobj",
        "instance",
        "instancemethod",
        "method_descriptor",
        "builtin_function_or_method",
        "f_builtins",
        "f_globals",
        "f_locals",
        "f_back",
        "f_code",
    ];
    let is_word = text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let begins = ["func_", "co_", "im_", "gi_", "tp_", "ob_", "_Thread__"].iter().any(|start| text.starts_with(start));
    is_word && (begins || whole.contains(&text))
}

#[test]
fn types_and_fields_of_one_series_are_named_in_its_dialect() {
    let rooms = ["memory", "live", "heap", "profile", "cpython", "detect", "kit", "engine", "score", "report"];
    let lines = lines_with(&rooms, &["\""]);
    let names = |line: &&String| line.split('"').skip(1).step_by(2).any(is_of_a_series);
    let offenders: BTreeMap<String, String> = lines
        .iter()
        .filter(names)
        .filter_map(|line| {
            let (file, rest) = line.split_once(':')?;
            (!MAY_NAME_A_SERIES.iter().any(|place| file.starts_with(place))).then(|| (file.to_owned(), rest.to_owned()))
        })
        .collect();
    let offenders: Vec<(String, String)> = offenders.into_iter().collect();
    let rule = "what only some series have is named in `cpython/src/dialect`";
    tree::nobody_but(rule, &[], &offenders);
}

/// Where a type is read in a way of its own, the dialect says what it is called, and code asks by `SingledOut`.
#[test]
fn no_type_is_known_by_a_name_that_is_written_in_code() {
    let table = read(&root().join("harness/cpython/src/dialect/cpython_2_7/types.rs"));
    let rows = table.split_once("singled_out: &[").and_then(|(_, rest)| rest.split_once("],")).expect("the table").0;
    let names: BTreeSet<&str> = rows.split('"').skip(1).step_by(2).collect();
    let asks = |line: &str| {
        names.iter().any(|name| {
            ["== \"NAME\"", "!= \"NAME\"", "\"NAME\" =>", "\"NAME\" |"]
                .iter()
                .any(|way| line.contains(&way.replace("NAME", name)))
        })
    };
    assert!(names.len() > 10 && asks("if info.name == \"module\" {"), "the rule sees what it is about: {names:?}");
    let mut named = lines_with(&["cpython"], &["\""]);
    named.retain(|line| !line.contains("cpython/src/dialect/") && asks(line));
    assert!(named.is_empty(), "a row of `singled_out` says what it is called:\n{}", named.join("\n"));
}

/// What the dialect's table of words holds, the heap and what is told from inside a process get from it, `__dict__` included.
#[test]
fn what_the_words_of_a_series_are_is_said_by_its_table_only() {
    let table = read(&root().join("harness/cpython/src/dialect/cpython_2_7/told.rs"));
    let product = table.split("#[cfg(test)]").next().unwrap_or_default();
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<String>>();
    let words: BTreeSet<String> = product.lines().flat_map(quoted).collect();
    assert!(words.len() > 60 && words.contains("__dict__"), "the rule sees what it is about: {words:?}");
    let mut named = lines_with(&["heap", "kit"], &["\""]);
    named.retain(|line| {
        !line.starts_with("harness/heap/src/testing.rs:") && quoted(line).iter().any(|text| words.contains(text))
    });
    assert!(named.is_empty(), "these come with the snapshot, as `SeriesWords`:\n{}", named.join("\n"));
}
