//! The corpus of real bugs: its page and its files say the same, and what a run of it found is what `snapshots/field/` says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bloathound_report::snapshot::{self, Policy};
use bloathound_scenario::{FindingClass, Scenario, Variant, load_dir};
use bloathound_score::read_results;
use bloathound_vocabulary::{Baseline, ObservationRecord, Outcome, RunRecord};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn corpus() -> Vec<Scenario> {
    let found = load_dir(&root().join("scenarios/field"), &root().join("reference-services"));
    found.unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is pinned in a lock file: name and version of each package, and how many hashes it has.
fn pinned(lock: &Path) -> Vec<(String, String, usize)> {
    let mut packages: Vec<(String, String, usize)> = Vec::new();
    for line in fs::read_to_string(lock).unwrap().lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if let Some((name, version)) = word.split_once("==") {
            packages.push((name.to_owned(), version.to_owned(), 0));
        }
        if let Some(last) = packages.last_mut() {
            last.2 += line.matches("--hash=sha256:").count();
        }
    }
    packages
}

/// The package that the pair is about: the one whose releases differ.
fn releases(scenario: &Scenario) -> (String, String, String) {
    let of = |variant: Variant| pinned(scenario.variants[&variant].packages.as_ref().unwrap());
    let (buggy, fixed) = (of(Variant::Buggy), of(Variant::Fixed));
    let differs = buggy.iter().find_map(|(name, version, _)| {
        let other = fixed.iter().find(|(other, ..)| other == name)?;
        (other.1 != *version).then(|| (name.clone(), version.clone(), other.1.clone()))
    });
    differs.unwrap_or_else(|| panic!("{}: both variants have the same packages", scenario.name))
}

/// The class as the page has it: of what must be found, else what must be told.
fn class_of(scenario: &Scenario) -> String {
    let buggy = &scenario.variants[&Variant::Buggy];
    let found = buggy.expected.first().map(|wanted| wanted.class.as_str().to_owned());
    found.unwrap_or_else(|| format!("told: {}", buggy.told[0].class))
}

fn table() -> String {
    let mut rows: Vec<(String, String)> = corpus()
        .iter()
        .map(|scenario| {
            let (package, buggy, fixed) = releases(scenario);
            let (name, class) = (&scenario.name, class_of(scenario));
            let upstream = scenario.upstream.as_deref().unwrap_or_default();
            let row = format!(
                "| {class} | [{name}]({name}.yaml) | {package} | {buggy} | {fixed} | {upstream} | {} |\n",
                scenario.title
            );
            (class.clone(), row)
        })
        .collect();
    rows.sort();
    let head = "| class | pair | package | bug | fix | upstream | what |\n|---|---|---|---|---|---|---|\n";
    head.to_owned() + &rows.into_iter().map(|(_, row)| row).collect::<String>()
}

#[test]
fn the_page_and_the_files_say_the_same() {
    const BEGIN: &str = "<!-- made from the files: BLOATHOUND_UPDATE=1 cargo test -p bloathound-cli --test field -->\n";
    const END: &str = "<!-- end -->";
    let page = root().join("scenarios/field/README.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let made = format!("\n{}\n", table());
    if std::env::var_os("BLOATHOUND_UPDATE").is_some() {
        fs::write(&page, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    } else {
        assert!(
            written == made,
            "the table of scenarios/field/README.md is not that of the files: BLOATHOUND_UPDATE=1"
        );
    }
}

#[test]
fn there_are_enough_of_each_kind_and_each_is_pinned() {
    let corpus = corpus();
    assert!(corpus.len() >= 30, "only {} pairs", corpus.len());
    let of = |classes: &[FindingClass]| {
        let has = |scenario: &&Scenario| {
            scenario.variants[&Variant::Buggy].expected.iter().any(|wanted| classes.contains(&wanted.class))
        };
        corpus.iter().filter(has).count()
    };
    for classes in [
        &[FindingClass::Leak][..],
        &[FindingClass::Cycle, FindingClass::Garbage],
        &[FindingClass::HotLoop, FindingClass::Spin],
        &[FindingClass::NativeMemory],
    ] {
        assert!(of(classes) >= 5, "only {} of {classes:?}", of(classes));
    }
    for scenario in &corpus {
        assert_eq!(scenario.variants.len(), 2, "{}", scenario.name);
        assert_eq!(
            scenario.variants[&Variant::Fixed].expected,
            [],
            "{}: the fix leaves nothing to find",
            scenario.name
        );
        for plan in scenario.variants.values() {
            let lock = plan.packages.as_ref().unwrap();
            let packages = pinned(lock);
            assert!(!packages.is_empty() && packages.iter().all(|one| one.2 > 0), "{}", lock.display());
            let text = fs::read_to_string(lock).unwrap();
            assert!(!text.contains("://") && !text.contains("index-url"), "{} names a host", lock.display());
        }
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_pair() {
    let names: BTreeSet<String> = corpus().into_iter().map(|scenario| scenario.name).collect();
    for folder in ["scenarios/field", "snapshots/field"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            assert!(!entry.path().is_dir() || names.contains(&name), "{folder}/{name} belongs to no pair");
        }
    }
    for name in names {
        for variant in ["buggy", "fixed"] {
            let snapshot = root().join(format!("snapshots/field/{name}/{variant}.snap"));
            assert!(snapshot.is_file(), "{} is not there: ci/field", snapshot.display());
        }
    }
}

/// Recall and alarms of a run of the corpus, by the class that has to be found, beside the baselines on the same looks.
fn scores(runs: &[RunRecord]) -> String {
    let mut classes: BTreeMap<String, Vec<(&RunRecord, &RunRecord)>> = BTreeMap::new();
    for scenario in corpus() {
        let of = |variant: Variant| {
            let is_it = |run: &&RunRecord| run.scenario == scenario.name && run.variant == variant;
            runs.iter().find(is_it).unwrap_or_else(|| panic!("{} {variant} is not in the results", scenario.name))
        };
        classes.entry(class_of(&scenario)).or_default().push((of(Variant::Buggy), of(Variant::Fixed)));
    }
    let baselines = Baseline::ALL.map(|baseline| format!("{} alarms", baseline.as_str())).join(" | ");
    let mut text = format!("| class | as its row says | fixed release silent | not so | {baselines} |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    let mut all: Vec<(&RunRecord, &RunRecord)> = Vec::new();
    for (class, pairs) in &classes {
        text.push_str(&score_row(class, pairs));
        all.extend(pairs);
    }
    text + &score_row("all", &all)
}

fn score_row(class: &str, pairs: &[(&RunRecord, &RunRecord)]) -> String {
    let passed =
        |runs: &mut dyn Iterator<Item = &RunRecord>| runs.filter(|run| run.outcome == Outcome::Pass).count() as u64;
    let share = |of: u64| {
        let all = pairs.len() as u64;
        bloathound_score::wilson(of, all)
            .map_or(String::new(), |(low, high)| format!("{of} of {all} ({low:.2} to {high:.2})"))
    };
    let found = passed(&mut pairs.iter().map(|pair| pair.0));
    let silent = passed(&mut pairs.iter().map(|pair| pair.1));
    let not_so: Vec<&str> = pairs
        .iter()
        .flat_map(|(buggy, fixed)| [buggy, fixed])
        .filter(|run| run.outcome != Outcome::Pass)
        .map(|run| run.scenario.as_str())
        .collect();
    let alarms = Baseline::ALL.map(|baseline| {
        let alarm = |run: &&RunRecord| run.baselines.iter().any(|said| said.baseline == baseline && said.alarm);
        let judged = |run: &&RunRecord| run.baselines.iter().any(|said| said.baseline == baseline);
        let of = |runs: Vec<&RunRecord>| {
            let judged = runs.iter().filter(|run| judged(run)).count();
            (judged > 0).then(|| format!("{} of {judged}", runs.iter().filter(|run| alarm(run)).count()))
        };
        let buggy = of(pairs.iter().map(|pair| pair.0).collect());
        let fixed = of(pairs.iter().map(|pair| pair.1).collect());
        buggy.zip(fixed).map_or("can't judge".to_owned(), |(buggy, fixed)| format!("bug {buggy}, fix {fixed}"))
    });
    let (found, silent) = (share(found), share(silent));
    format!("| {class} | {found} | {silent} | {} | {} |\n", not_so.join(", "), alarms.join(" | "))
}

/// The scores on the page are those of a whole run: `BLOATHOUND_UPDATE=1 ci/field`.
#[test]
#[ignore = "needs the results of `ci/field`"]
fn scores_of_a_run_are_written_on_the_page() {
    const BEGIN: &str = "<!-- made by a run: BLOATHOUND_UPDATE=1 ci/field -->\n";
    const END: &str = "<!-- end of scores -->";
    let file = std::env::var("BLOATHOUND_FIELD_RESULTS").unwrap();
    let results = read_results(&file, &fs::read_to_string(&file).unwrap()).unwrap();
    let page = root().join("scenarios/field/README.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    fs::write(&page, format!("{before}{BEGIN}\n{}\n{END}{after}", scores(&results.runs))).unwrap();
}

/// What `ci/field` found; sixty services take longer than a test may.
#[test]
#[ignore = "needs the results of `ci/field`"]
fn findings_are_those_of_the_snapshots() {
    let file = std::env::var("BLOATHOUND_FIELD_RESULTS").unwrap();
    let results = read_results(&file, &fs::read_to_string(&file).unwrap()).unwrap();
    let mut differ = Vec::new();
    for run in &results.runs {
        let told: Vec<&ObservationRecord> =
            run.told.iter().filter_map(|told| run.observations.get(told.observation?)).collect();
        let mut text = snapshot::yaml(&run.findings, &Policy::from_expected(&run.expected)).unwrap();
        // Where the checkout is does not matter.
        text = text.replace(&format!("{}/", root().display()), "");
        for observation in told {
            text.push_str(&format!("\ntold {}: {}\n", observation.class, observation.evidence["limit"]));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("snapshots/field").join(&run.scenario));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let compared = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            settings.bind(|| insta::assert_snapshot!(run.variant.as_str(), text));
        }));
        if compared.is_err() {
            differ.push(format!("{} {}", run.scenario, run.variant));
        }
    }
    assert!(differ.is_empty(), "other findings than in snapshots/field: {}", differ.join(", "));
}
