//! Everything that is built in may be given on: its licence is permissive, by `cargo metadata`, without a network.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// Licences that ask for no more than a notice.
const PERMISSIVE: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// libFuzzer's own, which asks for a notice as BSD does. It is in the fuzz targets only, and nobody is given those.
const FOR_FUZZING: [&str; 1] = ["NCSA"];

/// Whether somebody may choose permissive licences only: `OR` is a choice, `AND` is none. `/` is how `OR` used to be
/// written, and `or` is how some write it.
fn is_permissive(expression: &str, more: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" or ", " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    choice(&words, &mut at, more).is_some_and(|permissive| permissive && at == words.len())
}

/// `a OR b`, where `AND` binds closer; `None` for what is no expression.
fn choice(words: &[&str], at: &mut usize, more: &[&str]) -> Option<bool> {
    let mut permissive = all_of(words, at, more)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        permissive |= all_of(words, at, more)?;
    }
    Some(permissive)
}

fn all_of(words: &[&str], at: &mut usize, more: &[&str]) -> Option<bool> {
    let mut permissive = one(words, at, more)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        permissive &= one(words, at, more)?;
    }
    Some(permissive)
}

fn one(words: &[&str], at: &mut usize, more: &[&str]) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let permissive = choice(words, at, more)?;
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return closed.then_some(permissive);
    }
    let mut name = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1)?);
        *at += 2;
    }
    Some(PERMISSIVE.contains(&name.as_str()) || more.contains(&name.as_str()))
}

/// Each package as `name version`, with its licence where it names one.
fn packages(manifest: &Path) -> Result<Vec<(String, Option<String>)>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path"]).arg(manifest);
    // Only what is built here: other systems' packages need not be on this machine.
    command.args(["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let package = |package: &Value| {
        let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
        Some((name, text(&package["license"])))
    };
    Ok(metadata["packages"].as_array().into_iter().flatten().filter_map(package).collect())
}

fn refused(packages: &[(String, Option<String>)], more: &[&str]) -> Vec<String> {
    let bad =
        packages.iter().filter(|(_, licence)| !licence.as_deref().is_some_and(|licence| is_permissive(licence, more)));
    bad.map(|(name, licence)| format!("  {name}: {}", licence.as_deref().unwrap_or("names no licence"))).collect()
}

#[test]
fn everything_built_in_is_under_a_permissive_licence() {
    let packages = packages(&root().join("Cargo.toml")).unwrap_or_else(|error| panic!("cargo metadata: {error}"));
    assert!(packages.len() > 100, "only {} packages were read", packages.len());
    let refused = refused(&packages, &[]);
    assert!(refused.is_empty(), "not permissive, or not known to be:\n{}", refused.join("\n"));
}

/// Fuzzing has a lock of its own, whose packages need not be on this machine.
#[test]
fn so_is_what_fuzzing_is_built_with() {
    match packages(&root().join("fuzz/Cargo.toml")) {
        Ok(packages) => {
            let refused = refused(&packages, &FOR_FUZZING);
            assert!(refused.is_empty(), "not permissive, or not known to be:\n{}", refused.join("\n"));
        }
        Err(error) => {
            let absent =
                ["--offline", "no matching package", "failed to download"].iter().any(|words| error.contains(words));
            assert!(absent, "cargo metadata: {error}");
            bloathound_testkit::cannot(
                "the packages of fuzz/Cargo.lock are elsewhere (cargo fetch --manifest-path fuzz/Cargo.toml)",
            );
        }
    }
}

#[test]
fn an_expression_is_permissive_when_a_permissive_choice_is_there() {
    for good in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "GPL-2.0-only OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        "MIT OR MPL-2.0 AND GPL-3.0",
        "0BSD OR (GPL-2.0 AND MIT)",
    ] {
        assert!(is_permissive(good, &[]), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0-or-later",
        "LGPL-2.1 OR AGPL-3.0",
        "MIT AND MPL-2.0",
        "CDDL-1.0",
        "(MIT OR GPL-2.0) AND LGPL-3.0",
        "GPL-3.0 WITH Classpath-exception-2.0",
        "MIT OR",
        "(MIT",
        "MIT)",
        "MIT Apache-2.0",
        "Proprietary",
        "Apache-2.0 WITH Some-exception",
    ] {
        assert!(!is_permissive(bad, &[]), "{bad}");
    }
    let packages = [("good 1.0.0".to_owned(), Some("ISC".to_owned())), ("silent 1.0.0".to_owned(), None)];
    assert!(is_permissive("MIT AND NCSA", &FOR_FUZZING) && !is_permissive("MIT AND NCSA", &[]));
    assert_eq!(refused(&packages, &[]), ["  silent 1.0.0: names no licence"]);
}
