//! Tells the program which commit it was built from, where that is known.

use std::path::Path;
use std::process::Command;

fn main() {
    let said = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|text| !text.is_empty())
    };
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=BLOATHOUND_COMMIT");
    // What HEAD names, and where that name leads: a commit changes one of them, or packs both away.
    let names =
        ["HEAD".to_owned()].into_iter().chain(said(&["symbolic-ref", "-q", "HEAD"])).chain(["packed-refs".into()]);
    let paths = names.filter_map(|name| said(&["rev-parse", "--git-path", &name]));
    for path in paths.filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
    // A tree that was unpacked inside of somebody else's checkout is not of that commit.
    let ours = said(&["ls-files", "--error-unmatch", "build.rs"]).is_some();
    let commit =
        std::env::var("BLOATHOUND_COMMIT").ok().or_else(|| said(&["rev-parse", "--short=12", "HEAD"]).filter(|_| ours));
    let version = env!("CARGO_PKG_VERSION");
    let version = commit.map_or_else(|| version.to_owned(), |commit| format!("{version} ({commit})"));
    println!("cargo::rustc-env=BLOATHOUND_VERSION={version}");
}
