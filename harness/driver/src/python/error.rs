//! Why there is no environment, and what to type about it.

use std::io;
use std::path::PathBuf;

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The lock file can't be read.
    #[error("can't read the list of packages {}: {source}", lock_file.display())]
    LockFile {
        /// The file.
        lock_file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No variable says where a cache may be.
    #[error(
        "no place for the cache: none of BLOATHOUND_CACHE, XDG_CACHE_HOME and HOME is set; export BLOATHOUND_CACHE=/a/folder/of/yours"
    )]
    NoCacheDir,
    /// The cache can't be written.
    #[error("can't write the cache at {}: {source}; export BLOATHOUND_CACHE=/a/folder/of/yours chooses another place", path.display())]
    Cache {
        /// What couldn't be written.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else could put other code into the cache.
    #[error(
        "the cache is not safe to run code from: {}: {why}; `chmod go-w` it where it is yours, or choose another place: \
         export BLOATHOUND_CACHE=/a/folder/of/yours", path.display()
    )]
    Untrusted {
        /// The folder, or one above it.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The interpreter has neither pip nor the wheel that `ensurepip` carries.
    #[error("{} has no pip, and no ensurepip to get one from; install pip for it, for instance with `{} -m ensurepip`", interpreter.display(), interpreter.display())]
    NoPip {
        /// The interpreter.
        interpreter: PathBuf,
    },
    /// pip failed.
    #[error(
        "pip could not get the packages of {}{}",
        lock_file.display(), told(last_lines)
    )]
    Pip {
        /// The list of packages.
        lock_file: PathBuf,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// pip was content, and yet the packages can't be imported.
    #[error("the packages were installed and can't be imported; the last lines:\n{}", indented(last_lines))]
    Import {
        /// The end of what Python said.
        last_lines: Vec<String>,
    },
}

/// Lines of pip's that are shown where its cause is known.
const LINES_OF_A_KNOWN_CAUSE: usize = 3;

/// What to do about it, and then what pip said last: little where we know what it means, else all that was kept.
fn told(lines: &[String]) -> String {
    match advice(lines) {
        Some(advice) => {
            let last = lines.get(lines.len().saturating_sub(LINES_OF_A_KNOWN_CAUSE)..).unwrap_or_default();
            format!(": {advice}\nits last lines:\n{}", indented(last))
        }
        None => format!("; its last lines:\n{}", indented(lines)),
    }
}

/// What to type where no index can be reached.
const WITHOUT_NETWORK: &str = "on a machine that has a network: bloathound prepare --to DIR; then here, with that folder: \
    bloathound prepare --from DIR";

/// What to do about it, where pip's own words tell which of the known causes it is.
fn advice(lines: &[String]) -> Option<String> {
    let said = |words: &[&str]| lines.iter().any(|line| words.iter().any(|word| line.contains(word)));
    // An index that does not answer makes pip say in the end that there is no such release.
    if said(&["Temporary failure", "Connection", "timed out", "Max retries"]) {
        Some(format!("the package index does not answer; {WITHOUT_NETWORK}"))
    } else if said(&["DO NOT MATCH THE HASHES"]) {
        Some("a file is not the one that was pinned; nothing was installed".to_owned())
    } else if said(&["No matching distribution", "Could not find a version"]) {
        Some(format!(
            "what pip was shown lacks that release (`pip config list` names its index). If it has no network, \
            {WITHOUT_NETWORK}"
        ))
    } else if said(&["unable to execute", "command 'gcc' failed", "command 'cc' failed", "Python.h"]) {
        Some(
            "a package is built from source: apt-get install gcc libc6-dev, and a Python 2.7 with its headers"
                .to_owned(),
        )
    } else {
        None
    }
}

fn indented(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
