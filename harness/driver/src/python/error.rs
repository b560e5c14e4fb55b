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
        "pip could not install the packages of {}; its last lines:\n{}{}",
        lock_file.display(), indented(last_lines), advice(last_lines)
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

/// What to do about it, where pip's own words tell which of the known causes it is.
fn advice(lines: &[String]) -> String {
    let said = |words: &[&str]| lines.iter().any(|line| words.iter().any(|word| line.contains(word)));
    let advice = if said(&["No matching distribution", "Could not find a version"]) {
        "the package index that pip is set up with lacks that release; `pip config list` names it"
    } else if said(&["DO NOT MATCH THE HASHES"]) {
        "the file on the index is not the one that was pinned; nothing was installed"
    } else if said(&["unable to execute", "command 'gcc' failed", "command 'cc' failed", "Python.h"]) {
        "a package is built from source: apt-get install gcc libc6-dev, and a Python 2.7 with its headers"
    } else if said(&["Temporary failure", "Connection", "timed out", "Max retries"]) {
        "the package index does not answer; once installed, packages are kept and need no network"
    } else {
        return String::new();
    };
    format!("\n{advice}")
}

fn indented(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
