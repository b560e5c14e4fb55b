//! The scenario files of the repository: the good ones are accepted, each bad one is refused with the
//! message that stands beside it, and the schema in the tree is the one the types give.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use bloathound_scenario::{
    FindingClass, OptionValue, ScenarioErrors, Variant, load_dir, load_file, parse, parse_recorded, schema, select,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of services with `leak` and its fix, and `idle` without one: what is refused here must not
/// depend on which services exist in the tree.
fn services() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("leak/fix")).unwrap();
    fs::create_dir_all(dir.path().join("idle")).unwrap();
    fs::create_dir_all(dir.path().join("common")).unwrap();
    fs::write(dir.path().join("leak/service.py"), "").unwrap();
    fs::write(dir.path().join("idle/service.py"), "").unwrap();
    dir
}

/// The messages with the files named as they are called in the folder.
fn shown(errors: &ScenarioErrors, folder: &Path) -> String {
    let prefix = format!("{}/", folder.display());
    format!("{errors}\n").replace(&prefix, "")
}

#[test]
fn every_invalid_file_is_refused_with_the_message_beside_it() {
    let folder = root().join("scenarios/invalid");
    let services = services();
    let rewrite = std::env::var_os("BLOATHOUND_UPDATE").is_some();
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    files.sort();
    for file in files {
        count += 1;
        let Err(errors) = load_file(&file, services.path()) else {
            wrong.push(format!("{} was accepted", file.display()));
            continue;
        };
        let found = shown(&errors, &folder);
        let beside = file.with_extension("expected");
        if rewrite {
            fs::write(&beside, &found).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!("expected:\n{expected}found:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 12, "only {count} invalid files");
}

#[test]
fn every_message_names_a_line() {
    let folder = root().join("scenarios/invalid");
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "expected") {
            continue;
        }
        let yaml = path.with_extension("yaml");
        assert!(yaml.is_file(), "{} has no scenario beside it", path.display());
        let name = yaml.file_name().unwrap().to_string_lossy().into_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let place = line.strip_prefix(&format!("{name}:")).unwrap_or_default();
            let mut numbers = place.split(':').map(str::parse::<usize>);
            let (number, column) = (numbers.next(), numbers.next());
            assert!(matches!((number, column), (Some(Ok(1..)), Some(Ok(1..)))), "no place in: {line}");
        }
    }
}

#[test]
fn every_scenario_of_the_repository_is_valid() {
    let scenarios = load_dir(&root().join("scenarios"), &root().join("reference-services"));
    let scenarios = scenarios.unwrap_or_else(|errors| panic!("{errors}"));
    assert!(scenarios.iter().any(|scenario| scenario.name == "leak"));
    let field = load_dir(&root().join("scenarios/field"), &root().join("reference-services"));
    let field = field.unwrap_or_else(|errors| panic!("{errors}"));
    assert!(field.iter().all(|scenario| scenario.upstream.is_some()), "each names its report");
}

#[test]
fn the_schema_in_the_tree_is_the_one_the_types_give() {
    let file = root().join("scenarios/schema.json");
    let made = schema();
    if std::env::var_os("BLOATHOUND_UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == made,
        "scenarios/schema.json is out of date; BLOATHOUND_UPDATE=1 cargo test -p bloathound-scenario writes it"
    );
}

const GOOD: &str = "
name: good
title: A good one
service: leak
options: {audit-ticks: 5, loop: counting, quick: true, slow: false}
warm_up: 3
load: {path: /attendees, requests: 4, concurrency: 2}
observe: {growth: {rounds: 5}, inspect: {baseline: true}}
buggy:
  expect:
    - class: leak
      evidence: {objects_per_request: 1000}
  ledger: {requests: 23}
fixed:
  expect: []
  ledger: {requests: 23}
";

#[test]
fn a_good_scenario_is_read_as_it_is_meant() {
    let services = services();
    let scenario = parse(GOOD, Path::new("good.yaml"), services.path()).unwrap();
    assert_eq!(scenario.seed, 1);
    let a_round = scenario.load.as_ref().map_or(0, |load| load.requests);
    assert_eq!(scenario.warm_up + a_round * scenario.observe.rounds(), 23);
    assert_eq!(scenario.options["quick"], OptionValue::Flag(true));
    assert_eq!(scenario.option_arguments(), ["--audit-ticks", "5", "--loop", "counting", "--quick"]);
    assert_eq!(scenario.service_dir, services.path().join("leak"));
    // The looks of the rounds, and the one look after the load.
    let of_growth = [FindingClass::Leak, FindingClass::Growth, FindingClass::Garbage, FindingClass::NativeMemory];
    let of_inspect = [FindingClass::Cycle, FindingClass::Fragmentation];
    for class in FindingClass::ALL {
        let expected = of_growth.contains(&class) || of_inspect.contains(&class);
        assert_eq!(scenario.observe.covers(class), expected, "{class}");
        assert_eq!(scenario.observe.classes().contains(&class), expected, "{class}");
    }
    let variants: Vec<Variant> = scenario.variants.keys().copied().collect();
    assert_eq!(variants, Variant::ALL);
}

#[test]
fn a_twin_needs_a_fix_and_a_negative_does_not() {
    let services = services();
    let of_idle = GOOD.replace("service: leak", "service: idle");
    let errors = parse(&of_idle, Path::new("good.yaml"), services.path()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "good.yaml:15:3: fixed: found a fixed twin of `idle`, and no folder idle/fix with the fix; \
         meant a service with a fix, packages of its own, or a scenario with one variant only"
    );
    let negative = {
        let start = of_idle.find("buggy:").unwrap();
        let end = of_idle.find("fixed:").unwrap();
        format!("{}{}", &of_idle[..start], &of_idle[end..])
    };
    let scenario = parse(&negative, Path::new("good.yaml"), services.path()).unwrap();
    let variants: Vec<Variant> = scenario.variants.keys().copied().collect();
    assert_eq!(variants, [Variant::Fixed]);
}

#[test]
fn a_service_may_lie_beside_its_scenario() {
    let services = services();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("shop/fix")).unwrap();
    fs::write(folder.path().join("shop/service.py"), "").unwrap();
    let file = folder.path().join("good.yaml");
    let of = |service: &str| {
        let yaml = GOOD.replace("service: leak", &format!("service: {service}"));
        parse(&yaml, &file, services.path()).map_err(|errors| shown(&errors, folder.path()))
    };
    let beside = of("./shop").unwrap();
    assert_eq!((beside.service.as_str(), beside.service_dir), ("shop", folder.path().join("shop")));
    // Each place has its own services.
    assert_eq!(of("leak").unwrap().service_dir, services.path().join("leak"));
    assert_eq!(of("./shoe").unwrap_err(), "good.yaml:4:10: service: found `./shoe`; meant `./shop`?\n");
    assert!(of("./leak").unwrap_err().ends_with("found `./leak`; meant one of `./shop`\n"));
    assert!(of("shop").is_err());
    for outside in ["./../shop", "././shop", "./", "./shop/fix", "/shop"] {
        let refused = of(outside).unwrap_err();
        assert!(refused.contains("meant a folder's name"), "{outside}: {refused}");
    }
}

#[test]
fn packages_make_a_twin_too_and_are_files_below_the_scenario() {
    let services = services();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("shop")).unwrap();
    for file in ["service.py", "buggy.lock", "fixed.lock", "notes.txt"] {
        fs::write(folder.path().join("shop").join(file), "").unwrap();
    }
    let file = folder.path().join("good.yaml");
    let of = |buggy: &str, fixed: &str| {
        let yaml = GOOD.replace("service: leak", "service: ./shop\nupstream: a report");
        let yaml = yaml.replace("buggy:", &format!("buggy:\n  packages: {buggy}"));
        let yaml = yaml.replace("fixed:", &format!("fixed:\n  packages: {fixed}"));
        parse(&yaml, &file, services.path()).map_err(|errors| shown(&errors, folder.path()))
    };
    let good = of("shop/buggy.lock", "shop/fixed.lock").unwrap();
    assert_eq!(good.variants[&Variant::Fixed].packages, Some(folder.path().join("shop/fixed.lock")));
    assert_eq!(good.upstream.as_deref(), Some("a report"));
    let same = of("shop/buggy.lock", "shop/buggy.lock").unwrap_err();
    assert!(same.contains("17:13: fixed.packages: found the packages of the buggy variant; meant"), "{same}");
    let missing = of("shop/buggy.lock", "shop/fix.lock").unwrap_err();
    assert!(missing.contains("found the packages `shop/fix.lock`, a file that isn't there"), "{missing}");
    for outside in ["../shop/fixed.lock", "/shop/fixed.lock", "shop/notes.txt", "''", "shop/../shop/fixed.lock"] {
        let refused = of("shop/buggy.lock", outside).unwrap_err();
        assert!(refused.contains("meant a lock file below this file's folder"), "{outside}: {refused}");
    }
}

#[test]
fn to_be_judged_again_nothing_that_a_scenario_names_has_to_be_there() {
    let nowhere = Path::new("good.yaml");
    let ours = GOOD.replace("service: leak", "service: ./shop");
    let ours = ours.replace("buggy:", "buggy:\n  packages: shop/buggy.lock");
    let ours = ours.replace("fixed:", "fixed:\n  packages: shop/fixed.lock");
    let own = "name: good\ntitle: Of somebody\ncommand: [app, '{port}']\ncwd: app\npython: venv\nload:\n  requests: 1\n  \
               path: /\nobserve:\n  growth:\n    rounds: 3\nexpect: []\n";
    for (yaml, lacks) in [(ours.as_str(), 3), (own, 2)] {
        let refused = parse(yaml, nowhere, Path::new("/nowhere")).unwrap_err();
        assert_eq!(refused.0.len(), lacks, "{}", shown(&refused, Path::new("")));
        let read = parse_recorded(yaml, nowhere).map_err(|errors| shown(&errors, Path::new("")));
        assert!(read.is_ok(), "{}", read.unwrap_err());
    }
    // All else is looked at as ever.
    let refused = parse_recorded(&ours.replace("shop/fixed.lock", "../fixed.lock"), nowhere).unwrap_err();
    assert!(shown(&refused, Path::new("")).contains("meant a lock file below this file's folder"));
    assert!(parse_recorded("name: x\nnothing: 1\n", nowhere).is_err());
}

#[test]
fn what_must_be_told_is_a_word_of_the_rounds() {
    let services = services();
    let of = |told: &str| {
        let yaml = GOOD.replace("buggy:", &format!("buggy:\n  told: [{told}]"));
        parse(&yaml, Path::new("good.yaml"), services.path()).map_err(|errors| errors.to_string())
    };
    let told = &of("{class: bounded, evidence: {limit: 20}}").unwrap().variants[&Variant::Buggy].told;
    assert_eq!((told.len(), told[0].class.as_str(), told[0].evidence.len()), (1, "bounded", 1));
    let wrong = of("{class: bounde}").unwrap_err();
    assert!(wrong.contains("buggy.told[0].class: found `bounde`; meant `bounded`?"), "{wrong}");
    assert!(of("{class: bounded, evidence: {limit: {min: 2, max: 1}}}").unwrap_err().contains("min 2 above max 1"));
}

#[test]
fn a_missing_file_and_an_empty_folder_are_errors() {
    let services = services();
    let folder = tempfile::tempdir().unwrap();
    let errors = load_file(&folder.path().join("none.yaml"), services.path()).unwrap_err();
    assert!(errors.to_string().contains("none.yaml: cannot be read"), "{errors}");
    let errors = load_dir(folder.path(), services.path()).unwrap_err();
    assert!(errors.to_string().contains("no scenario in this folder"), "{errors}");
}

#[test]
fn names_are_selected_in_order_and_a_typo_is_answered() {
    let services = services();
    let scenario = parse(GOOD, Path::new("good.yaml"), services.path()).unwrap();
    let scenarios = [scenario];
    let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(select(&scenarios, &[]).unwrap().len(), 1);
    assert_eq!(select(&scenarios, &names(&["good", "good"])).unwrap().len(), 1);
    let unknown = select(&scenarios, &names(&["god"])).unwrap_err();
    assert_eq!(unknown.to_string(), "no scenario `god`, did you mean `good`?; there are: good");
}
