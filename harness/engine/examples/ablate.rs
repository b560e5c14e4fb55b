//! Ablation: which recorded cases hang on which limit. Judges every watch and every run (folders) and every file of samples
//! (`.bhs`) in a folder once as the rules are, then once for each limit, word list, predicate and keeper with that one taken away,
//! and writes a table of the cases whose findings are others then.
//!
//! `cargo run --release -p bloathound-engine --example ablate -- FOLDER [NAME…]`: of these rows only, where names are given.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bloathound_detect::thresholds::Setting;
use bloathound_detect::thresholds::keepers::KEEPERS;
use bloathound_detect::{Finding, Seen, Thresholds, judge};
use bloathound_engine::looks::{KeptRun, KeptWatch};
use bloathound_engine::record::{MANIFEST, open_samples};
use bloathound_profile::Profile;

enum Case {
    Run(Box<KeptRun>),
    Watch(Box<KeptWatch>),
    Samples(Box<Profile>),
}

impl Case {
    fn open(path: &Path) -> Option<Self> {
        if path.join(MANIFEST).is_file() {
            return KeptRun::open(path).map(|run| Self::Run(Box::new(run))).map_err(|e| eprintln!("{e}")).ok();
        }
        if path.is_dir() {
            return KeptWatch::open(path).map(|watch| Self::Watch(Box::new(watch))).map_err(|e| eprintln!("{e}")).ok();
        }
        let samples = open_samples(path).map_err(|error| eprintln!("{error}")).ok()?;
        Some(Self::Samples(Box::new(samples.profile)))
    }

    fn found(&self, thresholds: &Thresholds) -> BTreeSet<String> {
        let findings: Vec<Finding> = match self {
            Self::Run(run) => run.judge(thresholds),
            Self::Watch(watch) => watch.judge(thresholds),
            Self::Samples(profile) => {
                judge(&Seen { profile: Some(profile), ..Seen::default() }, &[], thresholds).findings
            }
        };
        findings.iter().map(|finding| format!("{} {}", finding.verdict, finding.fingerprint)).collect()
    }
}

/// Something that rules go by, taken away.
struct Ablation {
    rule: &'static str,
    name: String,
    /// By what it was replaced.
    away: String,
    thresholds: Thresholds,
}

/// The limits that can be set, with the value that takes each away: 0 for what must be passed, very much for what may
/// not. Word lists and predicates are asked no more, and what is known of each keeper is forgotten.
fn ablations() -> Vec<Ablation> {
    let mut all = Vec::new();
    for row in Thresholds::default().rows() {
        let mut thresholds = Thresholds::default();
        let value = if row.name.ends_with("_max") { 1e18 } else { 0.0 };
        let away = match row.value {
            Setting::Words(_) | Setting::Asked => thresholds.take_away(row.name).then(|| "not asked".to_owned()),
            _ => thresholds.set(row.name, value).then(|| value.to_string()),
        };
        all.extend(away.map(|away| Ablation { rule: row.rule, name: row.name.to_owned(), away, thresholds }));
    }
    for keeper in KEEPERS {
        let mut thresholds = Thresholds::default();
        thresholds.take_away_keeper(keeper.module, keeper.attribute);
        let name = format!("KEEPERS {}.{}", keeper.module, keeper.attribute);
        all.push(Ablation { rule: "growth", name, away: "not known".to_owned(), thresholds });
    }
    all
}

fn main() {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: ablate FOLDER [NAME…]");
        return;
    };
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("{}: no folder that can be read", folder.display());
        return;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let names: Vec<String> = std::env::args().skip(2).collect();
    let mut ablations = ablations();
    ablations.retain(|ablation| names.is_empty() || names.contains(&ablation.name));
    let mut flips: Vec<Vec<String>> = vec![Vec::new(); ablations.len()];
    let mut cases = 0;
    for path in &paths {
        // One at a time: all of them together need more memory than a small machine has.
        let Some(case) = Case::open(path) else { continue };
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let as_it_is = case.found(&Thresholds::default());
        for (ablation, flips) in ablations.iter().zip(&mut flips) {
            if case.found(&ablation.thresholds) != as_it_is {
                flips.push(format!("`{name}`"));
            }
        }
        cases += 1;
    }
    println!("{cases} recorded cases; what is taken away, and the cases whose findings are others then.\n");
    println!("| rule | what | taken away as | cases that flip |\n|---|---|---|---|");
    for (Ablation { rule, name, away, .. }, flips) in ablations.iter().zip(&flips) {
        let none = if flips.is_empty() { "none" } else { "" };
        println!("| {rule} | `{name}` | {away} | {none}{} |", flips.join(", "));
    }
}
