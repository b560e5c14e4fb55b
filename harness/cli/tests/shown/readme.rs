//! What the README shows is what the tool says: each block with a command is held against what that command prints now, word
//! for word, times, ids, addresses and figures of speed aside. Options that it names exist.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use regex::Regex;
use tempfile::TempDir;

use super::screen::Screen;
use super::served::Served;
use super::support::{bloathound, live, packages, root, stat, wait_until};

/// As wide as the terminal was that the README's outputs are from.
const COLUMNS: usize = 80;
/// The first command.
const ALL: &str = "cargo run --release -- run";
/// Stands for what is left out.
const GAP: &str = "…";
const WITHIN: Duration = Duration::from_secs(60);

/// What stands between two fences.
struct Block {
    /// What was typed.
    command: Option<String>,
    text: String,
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn blocks() -> Vec<Block> {
    let text = readme();
    let inside = text.split("\n```").skip(1).step_by(2);
    let block = |inside: &str| {
        let (_language, body) = inside.split_once('\n').unwrap();
        match body.strip_prefix("$ ").map(|typed| typed.split_once('\n').unwrap_or((typed, ""))) {
            Some((command, text)) => Block { command: Some(command.to_owned()), text: text.to_owned() },
            None => Block { command: None, text: body.to_owned() },
        }
    };
    inside.map(block).collect()
}

/// The block of a command that begins so; of `run` alone where nothing is named.
fn block(command: &str) -> String {
    let is_it = |typed: &str| typed == command || (command != ALL && typed.starts_with(command));
    let found: Vec<Block> = blocks().into_iter().filter(|block| block.command.as_deref().is_some_and(is_it)).collect();
    let [block] = found.as_slice() else { panic!("{} blocks of `{command}`", found.len()) };
    block.text.clone()
}

/// What is of the moment, and what stands for it.
type Masks = [(&'static str, &'static str)];

fn words(text: &str, masks: &Masks) -> Vec<String> {
    let masked = masks.iter().fold(text.to_owned(), |text, (mask, instead)| {
        Regex::new(mask).unwrap().replace_all(&text, *instead).into_owned()
    });
    masked.split_whitespace().map(str::to_owned).collect()
}

/// Whether the words of a block are those of an output, in their order; where a block has an ellipsis by itself, an output may
/// have more. How lines are broken counts for nothing, as figures of other lengths break them elsewhere.
fn is_shown(block: &[String], output: &[String]) -> Result<(), String> {
    let pieces: Vec<&[String]> = block.split(|word| word == GAP).collect();
    let mut at = 0;
    for (number, piece) in pieces.iter().enumerate() {
        if piece.is_empty() {
            continue;
        }
        let is_there = |from: &usize| output[*from..].starts_with(piece);
        let places = if number == 0 { 0..=0 } else { at..=output.len() };
        let mut places = places.filter(is_there);
        // What nothing follows stands at the end.
        let found = if number + 1 == pieces.len() { places.next_back() } else { places.next() };
        let Some(place) = found.filter(|place| number + 1 < pieces.len() || place + piece.len() == output.len()) else {
            return Err(format!("not said:\n{}\nsaid from there on:\n{}", piece.join(" "), output[at..].join(" ")));
        };
        at = place + piece.len();
    }
    Ok(())
}

fn holds(block: &str, output: &str, masks: &Masks) {
    let compared = is_shown(&words(block, masks), &words(output, masks));
    compared.unwrap_or_else(|otherwise| panic!("{otherwise}\n\n{output}"));
}

/// What a terminal shows of a command.
fn shows(folder: &TempDir, code: i32, line: &str) -> Option<String> {
    let screen = Screen { columns: COLUMNS, kind: "dumb", folder: folder.path(), variables: &[] };
    let (ended, shown) = screen.ends(line)?;
    assert_eq!(ended, Some(code), "{shown}");
    Some(shown)
}

#[test]
fn a_changed_word_is_noticed() {
    let text = block("cargo run --release -- run leak");
    let block = words(&text, &[]);
    let mut output = block.clone();
    output.extend(["and".to_owned(), "more".to_owned()]);
    is_shown(&block, &output).unwrap();
    assert_eq!(block.last().map(String::as_str), Some(GAP), "{text}");
    assert!(is_shown(&block[..block.len() - 1], &output).is_err(), "nothing is left out at its end");
    for at in (0..block.len()).filter(|at| block[*at] != GAP) {
        let mut changed = block.clone();
        changed[at].push('s');
        assert!(is_shown(&changed, &output).is_err(), "{:?}", changed[at]);
    }
}

/// Every block is one that a test looks at; who adds one says how its output is made.
#[test]
fn no_block_is_looked_at_by_nobody() {
    let shown = ["cargo run --release -- run", "bloathound run --floors", "bloathound inspect", "bloathound hot"];
    let is_ours = |line: &str| ["bloathound ", "cargo ", "ci/"].iter().any(|begin| line.starts_with(begin));
    for block in blocks() {
        if let Some(command) = &block.command {
            assert!(shown.iter().any(|begin| command.starts_with(begin)), "{command}");
        } else if !block.text.starts_with("scenarios/leak.yaml ") && !block.text.starts_with("below its floor") {
            assert!(block.text.lines().all(|line| line.is_empty() || is_ours(line)), "{}", block.text);
        }
    }
}

/// How long a run took, and what depends on how fast the machine is.
const OF_A_RUN: &Masks = &[
    (r"\d+\.\d+ s\b", "N s"),
    (r", p99 off [\d.]+, on [\d.]+, off again [\d.]+ ms", ""),
    (r"fragmentation +\d+\.\d MiB", "fragmentation N MiB"),
];

/// Lines of the first block that tell of a run: its scenario, its twin, what was found.
fn rows(text: &str) -> Vec<(String, String, String)> {
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().filter(|status| *status == "ok")?;
        let name = words.next()?;
        // Of a run on CPython 3 the series stands between.
        let twin = words.find(|word| !word.starts_with("3."))?;
        Some((name.to_owned(), twin.to_owned(), words.collect::<Vec<_>>().join(" ")))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_first_table_has_every_run() {
    let run = bloathound().args(["list", "--json", "-"]).assert().success();
    let list: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let mut all = Vec::new();
    for scenario in list["scenarios"].as_array().unwrap() {
        for twin in scenario["variants"].as_array().unwrap() {
            all.push((scenario["name"].as_str().unwrap().to_owned(), twin.as_str().unwrap().to_owned()));
        }
    }
    let text = block(ALL);
    let shown: Vec<(String, String)> = rows(&text).into_iter().map(|(name, twin, _)| (name, twin)).collect();
    assert_eq!(shown, all);
    assert!(text.contains(&format!("{} runs: {} ok, 0 failed, 0 invalid", all.len(), all.len())), "{text}");
}

/// Of the four bugs and their twins, by running them.
#[test]
fn the_first_table_is_what_is_found() {
    if !live() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let names = ["cycles", "fragmentation", "leak", "tightloop"];
    let Some(shown) = shows(&folder, 0, &format!("run {} -q", names.join(" "))) else { return };
    let all = block(ALL);
    let is_of = |line: &&str| rows(line).first().is_none_or(|(name, ..)| names.contains(&name.as_str()));
    let kept: String = all.lines().filter(is_of).flat_map(|line| [line, "\n"]).collect();
    // There are fewer of a class.
    let fewer: &Masks = &[
        (r"(?m)^(  [a-z-]+ +)(\d+ of \d+ +\d\.\d\d to \d\.\d\d +\d+ of \d+|- +- +-) ", "$1 N "),
        (r"\d+ runs: \d+ ok", "N ok"),
    ];
    holds(&kept, &shown, &[OF_A_RUN, fewer].concat());
}

/// Of all of them, where somebody has run them all and kept what was printed.
#[test]
#[ignore = "by ci/check, which runs them all: BLOATHOUND_README_RUN names what that printed"]
fn the_first_table_is_what_the_whole_run_printed() {
    let path = std::env::var_os("BLOATHOUND_README_RUN").expect("BLOATHOUND_README_RUN");
    let printed = fs::read_to_string(path).unwrap();
    let found = |text: &str| -> Vec<Vec<String>> {
        // In a pipe there are times behind.
        let row = |(name, twin, found): &(String, String, String)| words(&format!("{name} {twin} {found}"), OF_A_RUN);
        rows(text).iter().map(row).collect()
    };
    let (shown, made) = (found(&block(ALL)), found(&printed));
    assert_eq!(shown.len(), made.len(), "{printed}");
    for (shown, made) in shown.iter().zip(&made) {
        let is_time = |word: &String| word.chars().all(|c| c.is_ascii_digit() || "/-".contains(c));
        let more = made.strip_prefix(shown.as_slice()).unwrap_or_else(|| panic!("{shown:?}\n{made:?}"));
        assert!(more.iter().all(is_time), "{shown:?}\n{made:?}");
    }
}

#[test]
fn a_detector_that_is_off_and_a_floor_that_is_missed() {
    if !live() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let command = "run leak --variant buggy --without growth";
    let Some(shown) = shows(&folder, 1, &format!("{command} -q")) else { return };
    holds(&block(&format!("cargo run --release -- {command}")), &shown, OF_A_RUN);

    let floors = root().join("ci/floors.yaml").display().to_string();
    let gate = format!("{command} --floors {floors} --annotate --record kept --only-failed -q");
    let Some(shown) = shows(&folder, 1, &gate) else { return };
    let below = blocks().into_iter().find(|block| block.text.starts_with("below its floor")).unwrap();
    let said = words(&shown, &[]);
    for line in below.text.lines() {
        // Others are below theirs as well: of the classes that this run has nothing of.
        let line = words(&format!("{GAP} {line} {GAP}"), &[]);
        is_shown(&line, &said).unwrap_or_else(|otherwise| panic!("{otherwise}\n{shown}"));
    }
}

/// Figures of a heap and of a look: all but those of versions.
const OF_A_LOOK: &Masks =
    &[(r"process \d+", "process N"), (r"[▇▁-█]+", ""), (r"(^|[ (<])\d[\d ]*(\.\d+)?( [KMG]iB| B)?\b", "${1}N")];

#[test]
fn a_look_at_a_service_that_leaks() {
    if packages().is_none() {
        return;
    }
    let served = Served::start(Command::new(env!("CARGO_BIN_EXE_bloathound")).args(["serve", "leak"]));
    for _ in 0..20 {
        served.answer("/attendees");
    }
    let folder = TempDir::new().unwrap();
    let Some(shown) = shows(&folder, 0, &format!("inspect {} -q", served.pid())) else { return };
    holds(&block("bloathound inspect"), &shown, OF_A_LOOK);
}

/// Samples, times and shares of them; lines of the loop and offsets in its code stay.
const OF_SAMPLES: &Masks = &[
    (r"process \d+|hot \d+", "N"),
    (r"\d+ (samples|voluntary)", "N $1"),
    (r"\d+ %", "N %"),
    (r"\d+\.\d+ s\b", "N s"),
    (r"(?m)^ +\d+ +(\d+  )", "N $1"),
    (r"(?m)^ +(\d+  )", "N $1"),
];

#[test]
fn a_service_that_goes_round() {
    if packages().is_none() {
        return;
    }
    let options = ["serve", "tightloop", "--variant", "buggy"];
    let served = Served::start(Command::new(env!("CARGO_BIN_EXE_bloathound")).args(options));
    let _stuck = served.asked("/attendees?stuck=1");
    wait_until("the loop", WITHIN, || (stat(served.pid())?[0] == "R").then_some(()));
    let folder = TempDir::new().unwrap();
    let Some(shown) = shows(&folder, 0, &format!("hot {} --seconds 3 -q", served.pid())) else { return };
    let shown = shown.replace(&format!("{}/", root().display()), "");
    holds(&block("bloathound hot"), &shown, OF_SAMPLES);
}

/// Options that stand in the README are those of a command of ours, or of a program that the line names.
#[test]
fn what_is_to_be_typed_exists() {
    let help = |words: &[&str]| {
        let run = bloathound().env("COLUMNS", "200").args(words).arg("--help").assert().success();
        String::from_utf8_lossy(&run.get_output().stdout).into_owned()
    };
    let commands = |text: &str| -> Vec<String> {
        let listed = text.split_once("Commands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
        let name =
            |line: &str| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()).map(str::to_owned);
        listed.lines().filter_map(name).collect()
    };
    let top = help(&[]);
    let mut all = top.clone();
    for name in commands(&top).iter().filter(|name| *name != "help") {
        let text = help(&[name]);
        for below in commands(&text).iter().filter(|below| *below != "help") {
            all.push_str(&help(&[name, below]));
        }
        all.push_str(&text);
    }
    let option = Regex::new(r"--[a-z][a-z-]+").unwrap();
    let ours: BTreeSet<&str> = option.find_iter(&all).map(|found| found.as_str()).collect();
    assert!(ours.len() > 60, "{ours:?}");
    let others =
        Regex::new(r"cargo|docker|kubectl|setcap|--cap-|capabilities|pyenv|--user UID|ci/peers|ci/screenshots")
            .unwrap();
    let text = readme();
    let unknown: Vec<&str> = text
        .lines()
        .filter(|line| !others.is_match(line))
        .flat_map(|line| option.find_iter(line).map(|found| found.as_str()))
        .filter(|option| !ours.contains(option))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
