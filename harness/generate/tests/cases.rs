//! Whatever a seed makes is a valid scenario of valid Python, and the same bytes each time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use bloathound_generate::{Case, CaseClass, CaseId, Generator};
use bloathound_scenario::{FindingClass, Variant, parse};
use bloathound_testkit::python27;

/// Seeds that are tried; those of 900 000 and more are kept for measuring.
const SEEDS: u64 = 200;

fn cases() -> impl Iterator<Item = Case> {
    let generator = Generator::new().unwrap_or_else(|error| panic!("{error}"));
    (1..=SEEDS).flat_map(move |seed| {
        let one = |class| {
            generator.case(CaseId { class, seed, number: (seed % 7) as u32 }).unwrap_or_else(|error| panic!("{error}"))
        };
        CaseClass::ALL.map(one)
    })
}

fn written(case: &Case, folder: &Path) {
    for file in &case.files {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.text).unwrap();
    }
}

#[test]
fn every_case_is_a_valid_scenario() {
    let mut shapes: BTreeMap<CaseClass, BTreeSet<String>> = BTreeMap::new();
    for case in cases() {
        let folder = tempfile::tempdir().unwrap();
        written(&case, folder.path());
        let file = folder.path().join(format!("{}.yaml", case.name));
        let yaml = fs::read_to_string(&file).unwrap();
        let scenario = parse(&yaml, &file, Path::new("/nowhere")).unwrap_or_else(|errors| panic!("{errors}\n{yaml}"));
        let buggy = scenario.variants.get(&Variant::Buggy);
        assert_eq!(buggy.is_none(), case.class == CaseClass::Negative, "{yaml}");
        let wanted = match case.class {
            CaseClass::Leak => FindingClass::Leak,
            CaseClass::Cycles => FindingClass::Cycle,
            CaseClass::Fragmentation => FindingClass::Fragmentation,
            CaseClass::Hot => FindingClass::HotLoop,
            CaseClass::Spin => FindingClass::Spin,
            CaseClass::Garbage => FindingClass::Garbage,
            CaseClass::Native | CaseClass::Negative => FindingClass::NativeMemory,
        };
        for expected in buggy.iter().flat_map(|plan| &plan.expected) {
            assert_eq!(expected.class, wanted, "{yaml}");
        }
        assert!(scenario.variants[&Variant::Fixed].expected.is_empty(), "{yaml}");
        // A twin differs from its service, or it is none.
        let fixes: Vec<_> = case.files.iter().filter(|file| file.path.contains("/fix/")).collect();
        for fix in fixes.iter().filter(|fix| !fix.text.is_empty()) {
            let buggy = case.files.iter().find(|file| file.path == fix.path.replace("/fix/", "/")).unwrap();
            assert_ne!(buggy.text, fix.text, "{} of {}", fix.path, case.shape);
        }
        shapes.entry(case.class).or_default().insert(case.shape);
    }
    let generator = Generator::new().unwrap();
    for class in CaseClass::ALL {
        let every: BTreeSet<String> = generator.shapes(class).map(str::to_owned).collect();
        assert_eq!(shapes[&class], every, "shapes that no seed of these took, or none: {class:?}");
    }
}

#[test]
fn every_case_is_valid_python() {
    let Some(python) = python27() else { return };
    let folder = tempfile::tempdir().unwrap();
    cases().for_each(|case| written(&case, folder.path()));
    // One interpreter for all of them: a syntax error names its file.
    let program = "
import os, sys
count = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in sorted(names):
        if name.endswith('.py'):
            path = os.path.join(folder, name)
            compile(open(path).read(), path, 'exec')
            count += 1
print(count)
";
    let output = Command::new(python).args(["-c", program]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let count: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(count > 8 * SEEDS, "only {count} files");
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let generator = Generator::new().unwrap();
    for class in CaseClass::ALL {
        let of = |seed, number| generator.case(CaseId { class, seed, number }).unwrap();
        let again = Generator::new().unwrap().case(CaseId { class, seed: 11, number: 0 });
        assert_eq!(of(11, 0), again.unwrap());
        assert_ne!(of(11, 0).files, of(12, 0).files);
        assert_ne!(of(11, 0).files, of(11, 1).files);
        let mut text = String::new();
        for file in of(11, 0).files {
            let _ = write!(text, "==> {} <==\n{}", file.path, file.text);
        }
        // Committed: a change of these is a change of every seed's meaning.
        insta::assert_snapshot!(format!("{}", class.as_str()), text);
    }
}

#[test]
fn a_name_says_which_case_it_is() {
    for class in CaseClass::ALL {
        let id = CaseId { class, seed: 900_017, number: 7 };
        assert_eq!(CaseId::of_name(&id.to_string()), Some(id));
    }
    for other in
        ["leak", "gen-leak", "gen-leak-1", "gen-leak-1-7", "gen-dust-1-007", "gen-leak-01-007", "gen-leak-1-007-2"]
    {
        assert_eq!(CaseId::of_name(other), None, "{other}");
    }
}
