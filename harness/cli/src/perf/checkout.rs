//! The checkout that is measured: its folder, its commit, and the programs that are called in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::CliError;

/// A source tree with our benchmarks.
#[derive(Debug)]
pub(crate) struct Checkout {
    /// Its root.
    pub(crate) root: PathBuf,
}

impl Checkout {
    /// The one that the working directory is in.
    ///
    /// # Errors
    /// There is none: what to type instead.
    pub(crate) fn here() -> Result<Self, CliError> {
        let here = std::env::current_dir().map_err(|error| CliError::NotHere(error.to_string()))?;
        let found = here.ancestors().find(|folder| folder.join("harness/perf/Cargo.toml").is_file());
        found.map(|root| Self { root: root.to_owned() }).ok_or_else(|| {
            CliError::NotHere(
                "measuring calls `cargo bench` in a checkout of bloathound, and here is none\n  cd to one; \
                 `perf compare` and `perf history` need none"
                    .into(),
            )
        })
    }

    /// A program in it.
    pub(crate) fn run(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// What a command prints, trimmed; `None` where it can't be run or fails.
    pub(crate) fn said(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.run(program).args(arguments).env("TZ", "UTC").stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The commit, with `+` where files differ from it.
    pub(crate) fn commit(&self) -> Result<String, CliError> {
        let commit = self
            .said("git", &["rev-parse", "--short=10", "HEAD"])
            .ok_or_else(|| CliError::NotHere("git names no commit here: what is measured has to have one".into()))?;
        let changed =
            self.said("git", &["status", "--porcelain", "--untracked-files=no", "--", "harness", "Cargo.lock"]);
        Ok(if changed.is_some_and(|files| files.is_empty()) { commit } else { format!("{commit}+") })
    }

    /// When the commit was made; now, where it is not known.
    pub(crate) fn date(&self, commit: &str) -> String {
        let format = "--date=format-local:%Y-%m-%dT%H:%M:%SZ";
        let commit = commit.trim_end_matches('+');
        self.said("git", &["log", "-1", format, "--format=%cd", commit])
            .or_else(|| self.said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]))
            .unwrap_or_default()
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        self.root.join(named.unwrap_or_else(|| Path::new("target").to_owned()))
    }
}
